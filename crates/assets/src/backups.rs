//! Files with backups of the database, beside the objects: under names of their own, which no database has and no collector sees.
//!
//! What is in them is not known here. They are sent and fetched in parts.

use std::path::Path;

use futures::{StreamExt, TryStreamExt};
use object_store::{Attribute, Attributes, ObjectStore, ObjectStoreExt, PutMultipartOptions, WriteMultipart};
use tokio::io::AsyncWriteExt;

use crate::transfer::{Broken, PART, copy_parts};
use crate::{AssetError, Assets, Home};

/// Where they are.
const FOLDER: &str = "backups";

impl Assets {
    /// Whether anybody can read objects by their names alone: a bucket of which a public address is known.
    pub fn is_public(&self) -> bool {
        !self.public.is_empty()
    }

    /// Stores a file under a name of letters, digits, dots and hyphens.
    pub async fn put_backup(&self, name: &str, path: &Path) -> Result<(), AssetError> {
        let key = key(name)?;
        let failed = |source| AssetError::store("writing", &key, source);
        let mut file = tokio::fs::File::open(path).await.map_err(|error| AssetError::file(path, &error))?;
        let attributes = match self.home {
            Home::Bucket(..) => Attributes::from_iter([
                (Attribute::ContentType, "application/octet-stream"),
                (Attribute::CacheControl, "private, no-store"),
            ]),
            Home::Folder(_) | Home::Memory => Attributes::new(),
        };
        let options = PutMultipartOptions { attributes, ..Default::default() };
        let upload = self.objects.put_multipart_opts(&self.at(&key), options).await.map_err(failed)?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, PART);
        // An unfinished upload must not stay behind; whatever went wrong first is the one to report.
        match copy_parts(&mut file, &mut upload, path).await {
            Ok(_) => upload.finish().await.map(drop).map_err(failed),
            Err(broken) => {
                let _ = upload.abort().await;
                Err(match broken {
                    Broken::Reading(error) => error,
                    Broken::Writing(source) => failed(source),
                })
            }
        }
    }

    /// Fetches what was stored under that name into a new file.
    pub async fn fetch_backup(&self, name: &str, to: &Path) -> Result<(), AssetError> {
        let key = key(name)?;
        let failed = |source| AssetError::store("reading", &key, source);
        let broken = |error: std::io::Error| AssetError::file(to, &error);
        let mut stream = self.objects.get(&self.at(&key)).await.map_err(failed)?.into_stream();
        let mut file = tokio::fs::File::create_new(to).await.map_err(broken)?;
        while let Some(part) = stream.next().await {
            file.write_all(&part.map_err(failed)?).await.map_err(broken)?;
        }
        file.flush().await.map_err(broken)
    }

    /// Names and sizes in bytes of all, sorted by name.
    pub async fn list_backups(&self) -> Result<Vec<(String, u64)>, AssetError> {
        let front = format!("{}{FOLDER}/", self.prefix);
        let found = self.objects.list(Some(&self.at(FOLDER))).try_filter_map(|found| {
            let name = found.location.as_ref().strip_prefix(&front).filter(|name| key(name).is_ok());
            futures::future::ready(Ok(name.map(|name| (name.to_owned(), found.size))))
        });
        let mut found: Vec<_> =
            found.try_collect().await.map_err(|source| AssetError::store("listing", "the backups", source))?;
        found.sort();
        Ok(found)
    }

    /// Removes what was stored under that name; one that is not there is fine.
    pub async fn delete_backup(&self, name: &str) -> Result<(), AssetError> {
        let key = key(name)?;
        match self.objects.delete(&self.at(&key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(source) => Err(AssetError::store("deleting", &key, source)),
        }
    }
}

fn key(name: &str) -> Result<String, AssetError> {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
    match plain && !name.is_empty() && !name.starts_with('.') {
        true => Ok(format!("{FOLDER}/{name}")),
        false => Err(AssetError::NotFound(name.to_owned())),
    }
}
