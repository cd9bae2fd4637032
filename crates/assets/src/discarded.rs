//! What is there, and what has been put aside: objects that nobody names are moved away first and removed later.
//!
//! Whoever asks for an object that was put aside gets it back. So nothing is lost when somebody begins to name an object, or
//! stores it again, at the very moment at which it is put aside: a key names its content, and whatever lies aside under it is
//! the same.

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt};
use object_store::{Error, ObjectMeta, ObjectStore, ObjectStoreExt};

use crate::{AssetError, Assets, Home, check_key};

/// Stands before the keys of what was put aside.
const ASIDE: &str = "trash/";
/// Objects that are moved at once.
const AT_ONCE: usize = 8;

/// An object in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// Its size.
    pub bytes: u64,
    /// When it was written, or put aside, by the store's own clock.
    pub since: DateTime<Utc>,
}

impl Assets {
    /// All objects, as the store tells of them; whatever else is in the folder or bucket is left out.
    pub fn list(&self) -> BoxStream<'static, Result<Listed, AssetError>> {
        self.listed("")
    }

    /// All that were put aside; `since` says when.
    pub fn list_aside(&self) -> BoxStream<'static, Result<Listed, AssetError>> {
        self.listed(ASIDE)
    }

    fn listed(&self, below: &str) -> BoxStream<'static, Result<Listed, AssetError>> {
        let front = format!("{}{below}", self.prefix);
        let start = (!front.is_empty()).then(|| self.at(below));
        let key_of = move |ObjectMeta { location, size, last_modified, .. }: ObjectMeta| {
            let key = location.as_ref().strip_prefix(&front).filter(|key| check_key(key))?;
            Some(Listed { key: key.to_owned(), bytes: size, since: last_modified })
        };
        let all = self.objects.list(start.as_ref());
        all.filter_map(move |found| {
            let found = found.map(&key_of).map_err(|source| AssetError::store("listing", "the objects", source));
            futures::future::ready(found.transpose())
        })
        .boxed()
    }

    /// Puts objects aside. Only one process may do so at a time; anybody may read, store and restore meanwhile.
    pub async fn put_aside(&self, keys: &[String], now: DateTime<Utc>) -> Result<(), AssetError> {
        let moves: Vec<BoxFuture<'_, _>> = keys.iter().map(|key| self.copy_aside(key, now).boxed()).collect();
        let mut moved = stream::iter(moves).buffer_unordered(AT_ONCE);
        while let Some(done) = moved.next().await {
            done?;
        }
        // What can't be copied any more must stay: nothing is removed before all copies are there.
        self.remove(keys, "").await
    }

    async fn copy_aside(&self, key: &str, now: DateTime<Utc>) -> Result<(), AssetError> {
        let (from, to) = (self.path(key)?, format!("{ASIDE}{key}"));
        match self.objects.copy(&from, &self.at(&to)).await {
            Ok(()) => {}
            // Somebody else has removed it.
            Err(Error::NotFound { .. }) => return Ok(()),
            Err(source) => return Err(AssetError::store("putting aside", key, source)),
        }
        // In a folder the copy is the same file under a second name, with the time of the first.
        if let Home::Folder(root) = &self.home {
            let path = root.join(&to);
            let touched = std::fs::File::options().write(true).open(&path).and_then(|file| file.set_modified(now.into()));
            touched.map_err(|error| AssetError::file(&path, &error))?;
        }
        Ok(())
    }

    /// Puts an object back, if it is not there and lies aside; answers whether it is there now. What lies aside stays there.
    pub async fn put_back(&self, key: &str) -> Result<bool, AssetError> {
        if self.meta(key).await.is_ok() {
            return Ok(true);
        }
        match self.objects.copy(&self.at(&format!("{ASIDE}{key}")), &self.path(key)?).await {
            Ok(()) => {
                tracing::info!(key, "an object that was put aside is needed again");
                Ok(true)
            }
            Err(Error::NotFound { .. }) => Ok(false),
            Err(source) => Err(AssetError::store("putting back", key, source)),
        }
    }

    /// Removes what lies aside, for ever.
    pub async fn remove_aside(&self, keys: &[String]) -> Result<(), AssetError> {
        self.remove(keys, ASIDE).await
    }

    async fn remove(&self, keys: &[String], below: &str) -> Result<(), AssetError> {
        let paths: Vec<_> = keys.iter().filter(|key| check_key(key)).map(|key| Ok(self.at(&format!("{below}{key}")))).collect();
        let mut removed = self.objects.delete_stream(stream::iter(paths).boxed());
        while let Some(done) = removed.next().await {
            match done {
                Ok(_) | Err(Error::NotFound { .. }) => {}
                Err(source) => return Err(AssetError::store("removing", "objects", source)),
            }
        }
        Ok(())
    }
}
