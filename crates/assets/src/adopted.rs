//! Videos that others have put into the bucket under names of their own.

use std::path::Path;

use futures::StreamExt;
use object_store::ObjectStoreExt;
use object_store::path::Path as ObjectPath;
use tokio::io::AsyncWriteExt;

use crate::{AssetError, Assets, Place, Stored};

impl Assets {
    /// Copies such an object to the file `target` and stores it under the name of its content. What others called it is removed
    /// then: nobody else knows it.
    pub async fn adopt(&self, place: Place, foreign: &str, target: &Path) -> Result<Stored, AssetError> {
        let plain = foreign.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte));
        let path = ObjectPath::parse(foreign).ok().filter(|_| plain).ok_or_else(|| AssetError::NotFound(foreign.to_owned()))?;
        let failed = |source| AssetError::store("reading", foreign, source);
        let written = |error: std::io::Error| AssetError::file(target, &error);
        let mut parts = self.objects.get(&path).await.map_err(failed)?.into_stream();
        let mut file = tokio::fs::File::create(target).await.map_err(written)?;
        while let Some(part) = parts.next().await {
            file.write_all(&part.map_err(failed)?).await.map_err(written)?;
        }
        file.flush().await.map_err(written)?;
        let stored = self.put_file(place, target).await?;
        if stored.key != foreign {
            match self.objects.delete(&path).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                // It is only left over.
                Err(error) => tracing::warn!(%error, foreign, "a worker's video is there twice"),
            }
        }
        Ok(stored)
    }
}
