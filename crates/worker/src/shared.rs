//! The cache that workers share, in their bucket.
//!
//! The renderer's threads wait for what they ask for, but not until what they have made is stored: that goes on beside them and is
//! waited for at the end of a job.

use std::sync::{Arc, Mutex, PoisonError};

use assets::Assets;
use bytes::Bytes;
use render::SharedCache;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Uploads at a time.
const AT_ONCE: usize = 4;

/// Segments and sound in the object store. For one job.
#[derive(Debug)]
pub(crate) struct BucketCache {
    assets: Assets,
    runtime: Handle,
    uploads: Mutex<JoinSet<()>>,
    turn: Arc<Semaphore>,
}

impl BucketCache {
    pub(crate) fn new(assets: &Assets) -> Arc<Self> {
        let (uploads, turn) = (Mutex::default(), Arc::new(Semaphore::new(AT_ONCE)));
        Arc::new(Self { assets: assets.clone(), runtime: Handle::current(), uploads, turn })
    }

    /// Returns when all is stored that was put.
    pub(crate) async fn flush(&self) {
        let mut uploads = std::mem::take(&mut *self.uploads.lock().unwrap_or_else(PoisonError::into_inner));
        while uploads.join_next().await.is_some() {}
    }
}

impl SharedCache for BucketCache {
    fn get(&self, name: &str) -> Option<Vec<u8>> {
        match self.runtime.block_on(self.assets.cached(name)) {
            Ok(found) => found.map(Vec::from),
            Err(error) => {
                tracing::warn!(%error, "the shared cache can't be read; this part is made again");
                None
            }
        }
    }

    fn put(&self, name: &str, bytes: Vec<u8>) {
        let (assets, name, turn) = (self.assets.clone(), name.to_owned(), self.turn.clone());
        let upload = async move {
            // The semaphore is never closed.
            let _turn = turn.acquire().await;
            if let Err(error) = assets.keep_cached(&name, Bytes::from(bytes)).await {
                tracing::warn!(%error, "not kept in the shared cache; another render makes it again");
            }
        };
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner).spawn_on(upload, &self.runtime);
    }
}
