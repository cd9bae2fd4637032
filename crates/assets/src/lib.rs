//! Objects: pictures, sounds and videos in a folder (or in memory for tests), addressed by the hash of their content.
//!
//! No SQL and no vendors. Media types come from the content, never from what somebody says they are.

mod adopted;
mod cached;
mod error;
mod key;
mod links;
mod picture;
mod sniff;

use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, WriteMultipart};
use sha2::{Digest, Sha256};

pub use error::AssetError;
pub use key::{Place, check_key, media_type_of_key, place_of_key};
pub use picture::check_picture;
pub use sniff::{Kind, MediaType, sniff};

/// The object store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Assets {
    objects: Arc<dyn ObjectStore>,
    /// Set when objects are plain files.
    root: Option<PathBuf>,
}

/// A stored object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Such as `scenes/images/0123….jpg`.
    pub key: String,
    /// By content.
    pub media_type: &'static str,
    /// Size in bytes.
    pub bytes: u64,
}

/// What is known of an object without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Size in bytes.
    pub bytes: u64,
    /// From the key's ending, which was chosen by content.
    pub media_type: &'static str,
    /// Strong entity tag with its quotes: keys name content, so the key's hash is enough.
    pub etag: String,
}

/// Bytes read before the media type is decided.
const SNIFF_BYTES: usize = 4096;
/// Bytes read at a time when a file is copied.
const CHUNK: usize = 1 << 20;

impl Assets {
    /// Objects as files in that folder, which is made if it is not there.
    pub fn folder(root: &Path) -> Result<Self, AssetError> {
        let failed = |source: std::io::Error| AssetError::folder(root, &source);
        std::fs::create_dir_all(root).map_err(failed)?;
        let root = root.canonicalize().map_err(failed)?;
        let objects =
            LocalFileSystem::new_with_prefix(&root).map_err(|source| AssetError::store("opening", "the folder", source))?;
        Ok(Self { objects: Arc::new(objects), root: Some(root) })
    }

    /// Objects in memory, gone with the process: for tests.
    pub fn memory() -> Self {
        Self { objects: Arc::new(InMemory::new()), root: None }
    }

    /// Stores bytes; the same bytes in the same place have the same key and are stored once.
    pub async fn put(&self, place: Place, bytes: Bytes) -> Result<Stored, AssetError> {
        let media_type = media_type_of(&bytes)?;
        self.put_as(place, media_type, bytes).await
    }

    /// What [`Self::put`] would answer, without storing anything.
    pub fn stored_as(place: Place, bytes: &Bytes) -> Result<Stored, AssetError> {
        let media_type = media_type_of(bytes)?;
        Ok(named(place, media_type, bytes))
    }

    /// Stores captions, whose content does not tell what they are.
    pub async fn put_text(&self, place: Place, media_type: MediaType, text: String) -> Result<Stored, AssetError> {
        self.put_as(place, media_type, Bytes::from(text)).await
    }

    async fn put_as(&self, place: Place, media_type: MediaType, bytes: Bytes) -> Result<Stored, AssetError> {
        let stored = named(place, media_type, &bytes);
        if self.head(&stored.key).await.is_ok_and(|head| head.bytes == stored.bytes) {
            return Ok(stored);
        }
        let payload = PutPayload::from_bytes(bytes);
        self.objects
            .put(&ObjectPath::from(stored.key.as_str()), payload)
            .await
            .map_err(|source| AssetError::store("writing", &stored.key, source))?;
        Ok(stored)
    }

    /// Stores a file of any size without holding it in memory.
    pub async fn put_file(&self, place: Place, path: &Path) -> Result<Stored, AssetError> {
        let owned = path.to_owned();
        let (digest, media_type, bytes) = tokio::task::spawn_blocking(move || examine(&owned))
            .await
            .map_err(|_| AssetError::file(path, &std::io::Error::other("the reading thread died")))??;
        let key = key::of_content(place, &digest, media_type);
        let stored = Stored { key, media_type: media_type.mime, bytes };
        if self.head(&stored.key).await.is_ok_and(|head| head.bytes == bytes) {
            return Ok(stored);
        }
        self.copy_in(path, &stored.key).await?;
        Ok(stored)
    }

    async fn copy_in(&self, path: &Path, key: &str) -> Result<(), AssetError> {
        use tokio::io::AsyncReadExt;
        let failed = |source| AssetError::store("writing", key, source);
        let mut file = tokio::fs::File::open(path).await.map_err(|error| AssetError::file(path, &error))?;
        let upload = self.objects.put_multipart(&ObjectPath::from(key)).await.map_err(failed)?;
        let mut upload = WriteMultipart::new(upload);
        let mut chunk = vec![0; CHUNK];
        loop {
            match file.read(&mut chunk).await {
                Ok(0) => break,
                Ok(length) => upload.write(&chunk[..length]),
                Err(error) => {
                    // The unfinished upload must not stay behind; the reading error is the one to report.
                    let _ = upload.abort().await;
                    return Err(AssetError::file(path, &error));
                }
            }
        }
        upload.finish().await.map_err(failed)?;
        Ok(())
    }

    /// The whole object.
    pub async fn get(&self, key: &str) -> Result<Bytes, AssetError> {
        let failed = |source| AssetError::store("reading", key, source);
        self.objects.get(&object_path(key)?).await.map_err(failed)?.bytes().await.map_err(failed)
    }

    /// Size and type.
    pub async fn head(&self, key: &str) -> Result<Head, AssetError> {
        let path = object_path(key)?;
        let meta = self.objects.head(&path).await.map_err(|source| AssetError::store("reading", key, source))?;
        let media_type = media_type_of_key(key).ok_or_else(|| AssetError::NotFound(key.to_owned()))?;
        Ok(Head { bytes: meta.size, media_type, etag: format!("\"{}\"", key::hash_of(key)) })
    }

    /// A part of the object, as it is read.
    pub async fn stream(
        &self,
        key: &str,
        range: Range<u64>,
    ) -> Result<BoxStream<'static, Result<Bytes, AssetError>>, AssetError> {
        let options = object_store::GetOptions { range: Some(range.into()), ..Default::default() };
        let name = key.to_owned();
        let result = self
            .objects
            .get_opts(&object_path(key)?, options)
            .await
            .map_err(|source| AssetError::store("reading", key, source))?;
        let stream = result.into_stream();
        Ok(stream.map(move |part| part.map_err(|source| AssetError::store("reading", &name, source))).boxed())
    }

    /// The object as a local file: itself if objects are files, else a copy in `temp`.
    pub async fn local_path(&self, key: &str, temp: &Path) -> Result<PathBuf, AssetError> {
        self.head(key).await?;
        if let Some(root) = &self.root {
            return Ok(root.join(key));
        }
        let copy = temp.join(key.replace('/', "-"));
        let bytes = self.get(key).await?;
        tokio::fs::write(&copy, bytes).await.map_err(|error| AssetError::file(&copy, &error))?;
        Ok(copy)
    }

    /// Removes an object; one that is not there is fine.
    pub async fn delete(&self, key: &str) -> Result<(), AssetError> {
        match self.objects.delete(&object_path(key)?).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(source) => Err(AssetError::store("deleting", key, source)),
        }
    }
}

fn media_type_of(bytes: &Bytes) -> Result<MediaType, AssetError> {
    if bytes.is_empty() {
        return Err(AssetError::Empty);
    }
    sniff(bytes).ok_or(AssetError::UnknownMedia)
}

fn named(place: Place, media_type: MediaType, bytes: &Bytes) -> Stored {
    let key = key::of_content(place, &Sha256::digest(bytes), media_type);
    Stored { key, media_type: media_type.mime, bytes: bytes.len() as u64 }
}

/// A key of ours as a path; anything else, such as a traversal, does not exist.
fn object_path(key: &str) -> Result<ObjectPath, AssetError> {
    match check_key(key) {
        true => Ok(ObjectPath::from(key)),
        false => Err(AssetError::NotFound(key.to_owned())),
    }
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

#[cfg(test)]
mod tests;
