//! A part of a file as a stream, in large pieces: the next one is read while the last one is sent.

use std::fs::File;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryFutureExt};
use rustix::buffer::spare_capacity;

use crate::AssetError;

/// Large enough that a piece costs little beside its copying, small enough for many downloads at a time.
const PIECE: u64 = 256 << 10;
/// Pieces that are read ahead.
const AHEAD: usize = 2;

/// The bytes of that range.
pub(crate) fn stream(file: File, path: PathBuf, range: Range<u64>) -> BoxStream<'static, Result<Bytes, AssetError>> {
    let (file, path, end) = (Arc::new(file), Arc::new(path), range.end);
    let starts = stream::iter(range.step_by(PIECE as usize));
    let piece = move |start: u64| {
        let (file, path) = (file.clone(), path.clone());
        let failed = path.clone();
        let read = tokio::task::spawn_blocking(move || {
            let read = read(&file, start..(start + PIECE).min(end));
            read.map_err(|error| AssetError::file(&path, &error))
        });
        read.unwrap_or_else(move |_| Err(AssetError::file(&failed, &std::io::Error::other("the reading thread died"))))
    };
    starts.map(piece).buffered(AHEAD).boxed()
}

fn read(file: &File, range: Range<u64>) -> std::io::Result<Bytes> {
    let length = (range.end - range.start) as usize;
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        let at = range.start + bytes.len() as u64;
        match rustix::io::pread(file, spare_capacity(&mut bytes), at) {
            Ok(0) => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    // The allocator may have given more room than was asked for.
    bytes.truncate(length);
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt;

    use super::*;

    async fn check(length: u64, range: Range<u64>) {
        let content: Vec<u8> = (0..length).map(|index| (index * 7 % 251) as u8).collect();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("file");
        std::fs::write(&path, &content).expect("writes");
        let pieces = stream(File::open(&path).expect("opens"), path.clone(), range.clone());
        let pieces: Vec<Bytes> = pieces.try_collect().await.expect("reads");
        assert!(pieces.concat() == content[range.start as usize..range.end as usize], "{range:?} of {length}");
    }

    #[tokio::test]
    async fn every_byte_comes_once_and_in_order() {
        check(10, 0..10).await;
        check(10, 3..7).await;
        check(10, 4..4).await;
        check(3 * PIECE + 5, 0..3 * PIECE + 5).await;
        check(3 * PIECE, PIECE - 1..2 * PIECE + 1).await;
    }

    #[tokio::test]
    async fn a_file_that_has_become_shorter_is_an_error() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("file");
        std::fs::write(&path, [1; 100]).expect("writes");
        let pieces: Result<Vec<Bytes>, _> = stream(File::open(&path).expect("opens"), path, 0..200).try_collect().await;
        assert!(pieces.is_err());
    }
}
