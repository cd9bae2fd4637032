//! Leases of processes that died on this machine are freed at once instead of when they run out.
//!
//! Each process holds a file lock for as long as it lives; the operating system drops it even on a kill.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use store::{Store, StoreError};

/// Proof that the process of that worker name is alive.
#[derive(Debug)]
pub struct WorkerLock {
    _file: File,
    path: PathBuf,
}

impl WorkerLock {
    /// Takes the lock of a worker name in `folder`, which all processes of this machine that share a database share.
    pub fn take(folder: &Path, worker: &str) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let path = lock_path(folder, worker);
        let file = File::create(&path)?;
        file.lock()?;
        Ok(Self { _file: file, path })
    }

    /// Frees the tasks of every worker whose lock file is in `folder` and is held by nobody; answers how many.
    ///
    /// Workers without a lock file belong to other machines: their leases run out by themselves.
    pub async fn free_dead_workers(folder: &Path, store: &Store, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let mut freed = 0;
        for worker in store.running_workers().await? {
            let path = lock_path(folder, &worker);
            if is_dead(&path) {
                freed += store.release_worker(&worker, now).await?;
                // Only tidiness: a lock file that stays is looked at again and does no harm.
                let _ = std::fs::remove_file(&path);
            }
        }
        Ok(freed)
    }
}

impl Drop for WorkerLock {
    fn drop(&mut self) {
        // Only tidiness, as above.
        let _ = std::fs::remove_file(&self.path);
    }
}

fn lock_path(folder: &Path, worker: &str) -> PathBuf {
    let safe: String = worker.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    folder.join(format!("{safe}.lock"))
}

fn is_dead(path: &Path) -> bool {
    let Ok(file) = File::open(path) else { return false };
    match file.try_lock_shared() {
        Ok(()) => true,
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => false,
    }
}
