//! Objects: pictures, sounds and videos in a folder, in any bucket that speaks S3, or in memory for tests, addressed by the
//! hash of their content; and the one fetcher of addresses that users give.
//!
//! No SQL and no vendors. Media types come from the content, never from what somebody says they are.

mod address;
mod adopted;
mod backups;
mod bucket;
mod cached;
mod discarded;
mod error;
mod fetcher;
#[cfg(unix)]
mod file_parts;
mod key;
mod links;
mod picture;
mod sniff;
mod transfer;

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::aws::AmazonS3;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path as ObjectPath;
use object_store::{
    Attribute, Attributes, GetOptions, GetResult, ObjectMeta, ObjectStore, ObjectStoreExt, PutOptions, PutPayload,
};
use sha2::{Digest, Sha256};

use crate::links::Links;

pub use address::{AllowList, is_public_address};
pub use bucket::S3Settings;
pub use discarded::Listed;
pub use error::AssetError;
pub use fetcher::{FetchError, FetchSettings, Fetcher, Posted, Resolver, is_address};
pub use key::{Place, check_key, media_type_of_key, names_content, place_of_key};
pub use links::LinkTo;
pub use picture::check_picture;
pub use sniff::{Kind, MediaType, sniff};
pub use transfer::Taking;

/// The object store. Cheap to clone.
#[derive(Clone)]
pub struct Assets {
    objects: Arc<dyn ObjectStore>,
    home: Home,
    /// Stands before every key: empty, or ends in a slash.
    prefix: String,
    /// What signs addresses of this server.
    links: Option<Arc<Links>>,
    /// Where the bucket's objects are public, if they are: addresses that begin so are ours.
    public: Vec<String>,
}

impl fmt::Debug for Assets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Assets").field(&self.whereabouts()).finish()
    }
}

/// Where the objects are.
#[derive(Clone)]
enum Home {
    /// Plain files below this folder.
    Folder(PathBuf),
    Memory,
    /// The same store as `objects`, which can also sign, and its name for people.
    Bucket(Arc<AmazonS3>, String),
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

impl Assets {
    /// Objects as files in that folder, which is made if it is not there.
    pub fn folder(root: &Path) -> Result<Self, AssetError> {
        let failed = |source: std::io::Error| AssetError::folder(root, &source);
        std::fs::create_dir_all(root).map_err(failed)?;
        let root = root.canonicalize().map_err(failed)?;
        let objects =
            LocalFileSystem::new_with_prefix(&root).map_err(|source| AssetError::store("opening", "the folder", source))?;
        Ok(Self::of(Arc::new(objects), Home::Folder(root), String::new()))
    }

    /// Objects in memory, gone with the process: for tests.
    pub fn memory() -> Self {
        Self::of(Arc::new(InMemory::new()), Home::Memory, String::new())
    }

    /// Objects in a bucket. Nothing is asked yet: whether the bucket can be used shows when it is.
    ///
    /// # Errors
    /// [`AssetError::Settings`] with what is wrong.
    pub fn s3(settings: &S3Settings) -> Result<Self, AssetError> {
        let bucket = Arc::new(settings.open()?);
        Ok(Self::of(bucket.clone(), Home::Bucket(bucket, settings.whereabouts()), settings.key_prefix()?))
    }

    fn of(objects: Arc<dyn ObjectStore>, home: Home, prefix: String) -> Self {
        Self { objects, home, prefix, links: None, public: Vec::new() }
    }

    /// Where the objects are, for people.
    pub fn whereabouts(&self) -> String {
        match &self.home {
            Home::Folder(_) => "in the data folder".to_owned(),
            Home::Memory => "in memory".to_owned(),
            Home::Bucket(_, name) => name.clone(),
        }
    }

    /// Whether they are in a bucket.
    pub fn is_remote(&self) -> bool {
        matches!(self.home, Home::Bucket(..))
    }

    /// Whether the store answers, and may be read.
    pub async fn answers(&self) -> Result<(), AssetError> {
        match self.meta("health").await {
            Ok(_) | Err(AssetError::NotFound(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The same, knowing under which addresses the bucket's objects are public, or were: what begins so is an object of ours.
    #[must_use]
    pub fn with_public_urls(self, urls: impl IntoIterator<Item = String>) -> Self {
        let public = urls.into_iter().map(|url| format!("{}/{}", url.trim().trim_end_matches('/'), self.prefix)).collect();
        Self { public, ..self }
    }

    /// The address of an object for everybody, if there is one.
    pub fn public_url_of(&self, key: &str) -> Option<String> {
        self.public.first().map(|front| format!("{front}{key}"))
    }

    /// The key of an object under one of those addresses.
    pub fn key_of_public_url(&self, url: &str) -> Option<String> {
        let path = url.split(['?', '#']).next().unwrap_or_default();
        let keys = self.public.iter().filter_map(|front| path.strip_prefix(front.as_str()));
        keys.into_iter().find(|key| check_key(key)).map(str::to_owned)
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
        if !self.has(&stored).await {
            self.write(&stored, bytes).await?;
        }
        Ok(stored)
    }

    /// Whether this very object is there. Whoever can't be asked is asked to take it, and says then what is wrong.
    async fn has(&self, stored: &Stored) -> bool {
        self.meta(&stored.key).await.is_ok_and(|meta| meta.size == stored.bytes)
    }

    async fn write(&self, stored: &Stored, bytes: Bytes) -> Result<(), AssetError> {
        let options = PutOptions { attributes: self.attributes(stored.media_type), ..PutOptions::default() };
        let done = self.objects.put_opts(&self.at(&stored.key), PutPayload::from_bytes(bytes), options).await;
        done.map(drop).map_err(|source| AssetError::store("writing", &stored.key, source))
    }

    /// What a bucket says of an object to whoever asks it directly. Files have nothing of the kind.
    fn attributes(&self, media_type: &'static str) -> Attributes {
        match self.home {
            Home::Bucket(..) => Attributes::from_iter([
                (Attribute::ContentType, media_type),
                // A key names its content: what is there never changes.
                (Attribute::CacheControl, "public, max-age=31536000, immutable"),
            ]),
            Home::Folder(_) | Home::Memory => Attributes::new(),
        }
    }

    /// The whole object.
    pub async fn get(&self, key: &str) -> Result<Bytes, AssetError> {
        let failed = |source| AssetError::store("reading", key, source);
        self.opened(key, GetOptions::default()).await?.bytes().await.map_err(failed)
    }

    async fn opened(&self, key: &str, options: GetOptions) -> Result<GetResult, AssetError> {
        let path = self.path(key)?;
        let failed = |source| AssetError::store("reading", key, source);
        match self.objects.get_opts(&path, options.clone()).await.map_err(failed) {
            Err(AssetError::NotFound(_)) if self.put_back(key).await? => {
                self.objects.get_opts(&path, options).await.map_err(failed)
            }
            found => found,
        }
    }

    /// Size and type.
    pub async fn head(&self, key: &str) -> Result<Head, AssetError> {
        self.path(key)?;
        let meta = match self.meta(key).await {
            Err(AssetError::NotFound(_)) if self.put_back(key).await? => self.meta(key).await?,
            found => found?,
        };
        let media_type = media_type_of_key(key).ok_or_else(|| AssetError::NotFound(key.to_owned()))?;
        Ok(Head { bytes: meta.size, media_type, etag: format!("\"{}\"", key::hash_of(key)) })
    }

    async fn meta(&self, key: &str) -> Result<ObjectMeta, AssetError> {
        self.objects.head(&self.at(key)).await.map_err(|source| AssetError::store("reading", key, source))
    }

    /// A part of the object, as it is read.
    pub async fn stream(
        &self,
        key: &str,
        range: Range<u64>,
    ) -> Result<BoxStream<'static, Result<Bytes, AssetError>>, AssetError> {
        #[cfg(unix)]
        if let Home::Folder(root) = &self.home
            && check_key(key)
        {
            let path = root.join(key);
            let opening = path.clone();
            let opened = tokio::task::spawn_blocking(move || std::fs::File::open(opening)).await;
            if let Ok(Ok(file)) = opened {
                return Ok(file_parts::stream(file, path, range));
            }
            // It may lie aside, or be gone: the store says so.
        }
        let name = key.to_owned();
        let result = self.opened(key, GetOptions { range: Some(range.into()), ..GetOptions::default() }).await?;
        let stream = result.into_stream();
        Ok(stream.map(move |part| part.map_err(|source| AssetError::store("reading", &name, source))).boxed())
    }

    /// Removes an object; one that is not there is fine.
    pub async fn delete(&self, key: &str) -> Result<(), AssetError> {
        match self.objects.delete(&self.path(key)?).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(source) => Err(AssetError::store("deleting", key, source)),
        }
    }

    /// A key of ours as a path; anything else, such as a traversal, does not exist.
    fn path(&self, key: &str) -> Result<ObjectPath, AssetError> {
        match check_key(key) {
            true => Ok(self.at(key)),
            false => Err(AssetError::NotFound(key.to_owned())),
        }
    }

    /// The same for what is known to be a key, or a name of this crate's own.
    fn at(&self, name: &str) -> ObjectPath {
        ObjectPath::from(format!("{}{name}", self.prefix))
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

#[cfg(test)]
mod tests;
