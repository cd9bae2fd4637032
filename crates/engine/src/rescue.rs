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
        loop {
            let file = File::create(&path)?;
            file.lock()?;
            // Another process may have taken the new file for a dead one's before it was locked, and removed it.
            if path.exists() {
                return Ok(Self { _file: file, path });
            }
        }
    }

    /// Removes the locks of dead workers from `folder`, and from `work` every folder that is named like a worker that is not
    /// alive: half-made files of processes that were killed. To be called after [`Self::free_dead_workers`].
    ///
    /// Only tidiness: what can't be removed is left for the next time.
    pub fn sweep(folder: &Path, work: &Path) {
        for lock in entries(folder).filter(|path| is_dead(path)) {
            let _ = std::fs::remove_file(lock);
        }
        for left in entries(work) {
            let worker = left.file_name().unwrap_or_default().to_string_lossy();
            if !lock_path(folder, &worker).exists() {
                let _ = std::fs::remove_dir_all(&left);
            }
        }
    }

    /// How many processes that work on `folder` are alive.
    pub fn alive(folder: &Path) -> usize {
        entries(folder).filter(|path| path.extension().is_some_and(|ending| ending == "lock") && !is_dead(path)).count()
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

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

fn is_dead(path: &Path) -> bool {
    let Ok(file) = File::open(path) else { return false };
    match file.try_lock_shared() {
        Ok(()) => true,
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => false,
    }
}
