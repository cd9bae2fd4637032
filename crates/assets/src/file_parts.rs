//! A part of a file as a stream, in large pieces. What the system holds in memory is taken at once, by the thread that sends it; only
//! what must come from the disk is waited for by another one.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{self, BoxStream};

use crate::AssetError;

/// Large enough that a piece costs little beside its copying, small enough for a processor's cache and for many downloads at a time.
const PIECE: u64 = 256 << 10;
/// Buffers that a stream keeps for its next pieces: the server sends one or two at a time.
const KEPT: usize = 2;

/// The bytes of that range.
pub(crate) fn stream(file: File, path: PathBuf, range: Range<u64>) -> BoxStream<'static, Result<Bytes, AssetError>> {
    let (file, path, buffers, end) = (Arc::new(file), Arc::new(path), Arc::new(Buffers::default()), range.end);
    let piece = move |start: u64| {
        let (file, path, buffers) = (file.clone(), path.clone(), buffers.clone());
        async move {
            let piece = read(&file, start..(start + PIECE).min(end), buffers).await;
            piece.map(Bytes::from_owner).map_err(|error| AssetError::file(&path, &error))
        }
    };
    stream::iter(range.step_by(PIECE as usize)).then(piece).boxed()
}

async fn read(file: &Arc<File>, range: Range<u64>, buffers: Arc<Buffers>) -> io::Result<Piece> {
    let mut piece = Piece { bytes: buffers.take(), length: (range.end - range.start) as usize, buffers };
    let there = read_held(file, piece.room(), range.start);
    if there < piece.length { read_rest(file.clone(), range.start, piece, there).await } else { Ok(piece) }
}

/// Reads what of the piece at that place is not `there` yet, from the disk if it must be.
async fn read_rest(file: Arc<File>, start: u64, mut piece: Piece, there: usize) -> io::Result<Piece> {
    let rest = move || {
        file.read_exact_at(&mut piece.room()[there..], start + there as u64)?;
        Ok(piece)
    };
    tokio::task::spawn_blocking(rest).await.map_err(io::Error::other)?
}

/// Reads what is in memory; none of it where that can't be told.
#[cfg(target_os = "linux")]
fn read_held(file: &File, room: &mut [u8], at: u64) -> usize {
    let flags = rustix::io::ReadWriteFlags::NOWAIT;
    // An error is met again by who reads the rest.
    rustix::io::preadv2(file, &mut [io::IoSliceMut::new(room)], at, flags).unwrap_or(0)
}

#[cfg(not(target_os = "linux"))]
fn read_held(_: &File, _: &mut [u8], _: u64) -> usize {
    0
}

/// A buffer with some bytes of a file, which goes back when they are sent.
struct Piece {
    bytes: Box<[u8]>,
    length: usize,
    buffers: Arc<Buffers>,
}

impl Piece {
    fn room(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.length]
    }
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.buffers.keep(std::mem::take(&mut self.bytes));
    }
}

/// Those that are free. New ones would cost more than the copying: the allocator gives memory of that size back to the system, which
/// has to clear it each time.
#[derive(Default)]
struct Buffers(Mutex<Vec<Box<[u8]>>>);

impl Buffers {
    fn take(&self) -> Box<[u8]> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        kept.unwrap_or_else(|| vec![0; PIECE as usize].into())
    }

    fn keep(&self, buffer: Box<[u8]>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT {
            kept.push(buffer);
        }
    }
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
    async fn buffers_are_used_again_and_never_while_they_are_being_sent() {
        let content: Vec<u8> = (0..4 * PIECE).map(|index| (index / PIECE) as u8).collect();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("file");
        std::fs::write(&path, content).expect("writes");
        let mut pieces = stream(File::open(&path).expect("opens"), path, 0..4 * PIECE);
        let first = pieces.next().await.expect("a piece").expect("reads");
        let place = first.as_ptr();
        let second = pieces.next().await.expect("a piece").expect("reads");
        assert_eq!((first[0], second[0]), (0, 1));
        drop(first);
        let third = pieces.next().await.expect("a piece").expect("reads");
        assert_eq!((third.as_ptr(), third[0], second[0]), (place, 2, 1));
    }

    #[tokio::test]
    async fn what_is_not_in_memory_follows_behind_what_is() {
        let mut file = tempfile::tempfile().expect("a file");
        std::io::Write::write_all(&mut file, b"0123456789").expect("writes");
        let buffers = Arc::new(Buffers::default());
        let mut piece = Piece { bytes: buffers.take(), length: 6, buffers };
        piece.room()[..2].copy_from_slice(b"ab");
        let piece = read_rest(Arc::new(file), 3, piece, 2).await.expect("reads");
        assert_eq!(piece.as_ref(), b"ab5678");
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
