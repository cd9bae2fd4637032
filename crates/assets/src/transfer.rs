//! Large objects on their way in and out: files and streams, in parts, so that memory stays flat whatever the size.

use std::io::Read;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures::StreamExt;
use object_store::{ObjectStore, PutMultipartOptions, WriteMultipart};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};

use crate::{AssetError, Assets, Home, Kind, MediaType, Place, Stored, key, sniff};

/// Bytes read before the media type is decided.
pub(crate) const SNIFF_BYTES: usize = 4096;
/// Bytes read at a time when a file is copied.
const CHUNK: usize = 1 << 20;
/// What is larger is sent in parts of this size. Buckets take 10,000 parts, the last may be smaller.
pub(crate) const PART: usize = 8 << 20;
/// Parts on their way at once.
const PARTS_AT_ONCE: usize = 2;

/// What is taken from a stream.
#[derive(Debug, Clone, Copy)]
pub struct Taking<'a> {
    /// The most bytes.
    pub most: u64,
    /// These kinds only.
    pub kinds: &'a [Kind],
}

/// Content that has come in, and lies in a temporary file.
pub(crate) struct Content {
    pub(crate) file: tempfile::NamedTempFile,
    pub(crate) digest: sha2::digest::Output<Sha256>,
    /// By its first bytes.
    pub(crate) media_type: Option<MediaType>,
    pub(crate) bytes: u64,
}

impl Assets {
    /// Stores a file of any size without holding it in memory.
    pub async fn put_file(&self, place: Place, path: &Path) -> Result<Stored, AssetError> {
        let owned = path.to_owned();
        let (digest, media_type, bytes) = tokio::task::spawn_blocking(move || examine(&owned))
            .await
            .map_err(|_| AssetError::file(path, &std::io::Error::other("the reading thread died")))??;
        let stored = Stored { key: key::of_content(place, &digest, media_type), media_type: media_type.mime, bytes };
        self.put_file_as(&stored, path, &digest).await?;
        Ok(stored)
    }

    /// Stores what comes out of a stream. It goes to a temporary file first, because the key is the hash of all of it.
    ///
    /// # Errors
    /// [`AssetError::Reading`] when the stream breaks, [`AssetError::TooLarge`], [`AssetError::UnknownMedia`] and
    /// [`AssetError::WrongMedia`] as soon as they show.
    pub async fn put_stream(
        &self,
        place: Place,
        reader: &mut (impl AsyncRead + Unpin + ?Sized),
        taking: Taking<'_>,
    ) -> Result<Stored, AssetError> {
        let content = take_in(reader, taking.most, |media_type| match media_type {
            None => Err(AssetError::UnknownMedia),
            Some(found) if !taking.kinds.contains(&found.kind) => Err(AssetError::WrongMedia(found.mime)),
            Some(_) => Ok(()),
        })
        .await?;
        let media_type = content.media_type.ok_or(AssetError::UnknownMedia)?;
        let key = key::of_content(place, &content.digest, media_type);
        let stored = Stored { key, media_type: media_type.mime, bytes: content.bytes };
        self.put_file_as(&stored, content.file.path(), &content.digest).await?;
        Ok(stored)
    }

    /// Stores a file whose content is known, unless it is there.
    pub(crate) async fn put_file_as(
        &self,
        stored: &Stored,
        path: &Path,
        digest: &sha2::digest::Output<Sha256>,
    ) -> Result<(), AssetError> {
        if self.has(stored).await {
            return Ok(());
        }
        if stored.bytes <= PART as u64 {
            let bytes = tokio::fs::read(path).await.map_err(|error| AssetError::file(path, &error))?;
            if Sha256::digest(&bytes) != *digest {
                return Err(changed(path));
            }
            return self.write(stored, Bytes::from(bytes)).await;
        }
        self.write_in_parts(stored, path, digest).await
    }

    async fn write_in_parts(
        &self,
        stored: &Stored,
        path: &Path,
        digest: &sha2::digest::Output<Sha256>,
    ) -> Result<(), AssetError> {
        let failed = |source| AssetError::store("writing", &stored.key, source);
        let mut file = tokio::fs::File::open(path).await.map_err(|error| AssetError::file(path, &error))?;
        let options = PutMultipartOptions { attributes: self.attributes(stored.media_type), ..Default::default() };
        let upload = self.objects.put_multipart_opts(&self.at(&stored.key), options).await.map_err(failed)?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, PART);
        // An unfinished upload must not stay behind; whatever went wrong first is the one to report.
        match copy_parts(&mut file, &mut upload, path).await {
            Ok(found) if found == *digest => upload.finish().await.map(drop).map_err(failed),
            Ok(_) => {
                let _ = upload.abort().await;
                Err(changed(path))
            }
            Err(Broken::Reading(error)) => {
                let _ = upload.abort().await;
                Err(error)
            }
            Err(Broken::Writing(source)) => {
                let _ = upload.abort().await;
                Err(failed(source))
            }
        }
    }

    /// The object as a local file: itself if objects are files, else a copy in `temp`.
    pub async fn local_path(&self, key: &str, temp: &Path) -> Result<PathBuf, AssetError> {
        let head = self.head(key).await?;
        if let Home::Folder(root) = &self.home {
            return Ok(root.join(key));
        }
        let copy = temp.join(key.replace('/', "-"));
        let failed = |error: std::io::Error| AssetError::file(&copy, &error);
        // Whoever is interrupted leaves nothing, least of all under the name that counts.
        let part = tempfile::Builder::new().prefix("part-").tempfile_in(temp).map_err(failed)?;
        let mut file = tokio::fs::File::from_std(part.reopen().map_err(failed)?);
        let mut stream = self.stream(key, 0..head.bytes).await?;
        let mut bytes = 0;
        while let Some(chunk) = stream.next().await {
            let chunk = chunk?;
            bytes += chunk.len() as u64;
            file.write_all(&chunk).await.map_err(failed)?;
        }
        if bytes != head.bytes {
            return Err(failed(std::io::Error::other(format!("{bytes} of {} bytes came", head.bytes))));
        }
        file.flush().await.map_err(failed)?;
        part.persist(&copy).map_err(|error| failed(error.error))?;
        Ok(copy)
    }
}

pub(crate) enum Broken {
    Reading(AssetError),
    Writing(object_store::Error),
}

pub(crate) async fn copy_parts(
    file: &mut tokio::fs::File,
    upload: &mut WriteMultipart,
    path: &Path,
) -> Result<sha2::digest::Output<Sha256>, Broken> {
    let mut hash = Sha256::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        match file.read(&mut chunk).await {
            Ok(0) => return Ok(hash.finalize()),
            Ok(length) => {
                hash.update(&chunk[..length]);
                // Without waiting, a quick disk would fill the memory while a slow line sends.
                upload.wait_for_capacity(PARTS_AT_ONCE).await.map_err(Broken::Writing)?;
                upload.write(&chunk[..length]);
            }
            Err(error) => return Err(Broken::Reading(AssetError::file(path, &error))),
        }
    }
}

/// Reads a stream into a temporary file, and its hash on the way. `check` sees what it is as soon as its first bytes are there.
pub(crate) async fn take_in(
    reader: &mut (impl AsyncRead + Unpin + ?Sized),
    most: u64,
    check: impl Fn(Option<MediaType>) -> Result<(), AssetError>,
) -> Result<Content, AssetError> {
    let failed = |error: std::io::Error| AssetError::file(&std::env::temp_dir(), &error);
    let file = tempfile::Builder::new().prefix("shortsai-").tempfile().map_err(failed)?;
    let mut out = tokio::fs::File::from_std(file.reopen().map_err(failed)?);
    let mut hash = Sha256::new();
    let mut head = Vec::with_capacity(SNIFF_BYTES);
    let (mut chunk, mut bytes, mut checked) = (vec![0; CHUNK], 0, false);
    loop {
        let length = reader.read(&mut chunk).await.map_err(|error| AssetError::Reading(error.to_string()))?;
        bytes += length as u64;
        if bytes > most {
            return Err(AssetError::TooLarge(most));
        }
        let wanted = SNIFF_BYTES.saturating_sub(head.len()).min(length);
        head.extend_from_slice(&chunk[..wanted]);
        if !checked && (length == 0 || head.len() == SNIFF_BYTES) {
            if head.is_empty() {
                return Err(AssetError::Empty);
            }
            check(sniff(&head))?;
            checked = true;
        }
        if length == 0 {
            break;
        }
        hash.update(&chunk[..length]);
        out.write_all(&chunk[..length]).await.map_err(failed)?;
    }
    out.flush().await.map_err(failed)?;
    Ok(Content { file, digest: hash.finalize(), media_type: sniff(&head), bytes })
}

fn changed(path: &Path) -> AssetError {
    AssetError::file(path, &std::io::Error::other("it was changed while it was being read; try again when it is finished"))
}

/// Hash, media type and size of a file, read in one pass.
fn examine(path: &Path) -> Result<(sha2::digest::Output<Sha256>, MediaType, u64), AssetError> {
    let failed = |error: std::io::Error| AssetError::file(path, &error);
    let mut file = std::fs::File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.is_dir() {
        return Err(failed(std::io::Error::from(std::io::ErrorKind::IsADirectory)));
    }
    let mut hash = Sha256::new();
    let mut head = Vec::with_capacity(SNIFF_BYTES);
    let (mut chunk, mut bytes) = (vec![0; CHUNK], 0);
    loop {
        let length = file.read(&mut chunk).map_err(failed)?;
        if length == 0 {
            break;
        }
        let wanted = SNIFF_BYTES.saturating_sub(head.len()).min(length);
        head.extend_from_slice(&chunk[..wanted]);
        hash.update(&chunk[..length]);
        bytes += length as u64;
    }
    if bytes == 0 {
        return Err(AssetError::Empty);
    }
    Ok((hash.finalize(), sniff(&head).ok_or(AssetError::UnknownMedia)?, bytes))
}
