//! What several workers may use again: objects under names that say what made them, not what is in them.
//!
//! Nothing in a database names them, and they can be lost without harm; `cache/` may have a rule of the bucket that removes old ones.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt};
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};

use crate::{AssetError, Assets};

/// Where they are.
const FOLDER: &str = "cache";

impl Assets {
    /// What was kept under that name.
    pub async fn cached(&self, name: &str) -> Result<Option<Bytes>, AssetError> {
        let key = key(name)?;
        let failed = |source| AssetError::store("reading", &key, source);
        match self.objects.get(&self.at(&key)).await {
            Ok(found) => found.bytes().await.map(Some).map_err(failed),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(source) => Err(failed(source)),
        }
    }

    /// Keeps bytes under a name of letters, digits, dots and hyphens.
    pub async fn keep_cached(&self, name: &str, bytes: Bytes) -> Result<(), AssetError> {
        let key = key(name)?;
        let put = self.objects.put(&self.at(&key), PutPayload::from_bytes(bytes)).await;
        put.map(|_| ()).map_err(|source| AssetError::store("writing", &key, source))
    }
}

impl Assets {
    /// Removes what was kept before that time; answers how many that were.
    pub async fn forget_cached(&self, before: DateTime<Utc>) -> Result<u64, AssetError> {
        let failed = |source| AssetError::store("tidying", FOLDER, source);
        let old = self.objects.list(Some(&self.at(FOLDER))).try_filter_map(move |found| {
            let old = (found.last_modified < before).then_some(found.location);
            futures::future::ready(Ok(old))
        });
        let removed = self.objects.delete_stream(old.boxed()).try_fold(0, async |count, _| Ok(count + 1));
        removed.await.map_err(failed)
    }
}

fn key(name: &str) -> Result<String, AssetError> {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
    if plain && !name.is_empty() && !name.starts_with('.') {
        Ok(format!("{FOLDER}/{name}"))
    } else {
        Err(AssetError::NotFound(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_kept_is_found_under_its_name_only() {
        let assets = Assets::memory();
        assets.keep_cached("segment-01.cached", Bytes::from_static(b"frames")).await.expect("keeps");
        assert_eq!(assets.cached("segment-01.cached").await.expect("reads").as_deref(), Some(&b"frames"[..]));
        assert_eq!(assets.cached("segment-02.cached").await.expect("reads"), None);
        let long_ago = DateTime::from_timestamp(1_000_000_000, 0).expect("a time");
        assert_eq!(assets.forget_cached(long_ago).await.expect("looks"), 0);
        let far_ahead = DateTime::from_timestamp(10_000_000_000, 0).expect("a time");
        assert_eq!(assets.forget_cached(far_ahead).await.expect("removes"), 1);
        assert_eq!(assets.cached("segment-01.cached").await.expect("reads"), None);
        for name in ["", "../renders/a.mp4", "a/b", ".hidden"] {
            assert!(assets.keep_cached(name, Bytes::new()).await.is_err(), "{name}");
        }
    }
}
