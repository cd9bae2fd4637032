//! The cache: encoded segments, finished sound and facts about input files in a folder, each under the hash of its recipe,
//! which is everything that shapes it.
//!
//! Several processes may share a folder: entries appear by rename, and one that is damaged counts as not there.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use crate::error::RenderError;
use crate::leftover;
use crate::media::hex;
use crate::options::RenderOptions;

/// An entry is this mark, the SHA-256 of the rest, and the rest.
const MARK: &[u8; 8] = b"shortsai";
const HEAD: usize = MARK.len() + 32;
/// How the names of entries begin that are being written.
const NEW: &str = ".new-";

/// A folder of things that need not be made twice.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    folder: PathBuf,
    most_bytes: u64,
}

impl Cache {
    /// The cache that the options name, if they do.
    pub(crate) fn of(options: &RenderOptions) -> Result<Option<Self>, RenderError> {
        let Some(folder) = &options.cache else { return Ok(None) };
        let opened = Self::open(folder, options.cache_bytes);
        opened.map(Some).map_err(|error| RenderError::file("can't use the cache", folder, &error))
    }

    /// Opens (and makes) the folder.
    pub(crate) fn open(folder: &Path, most_bytes: u64) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        leftover::sweep_files(folder, NEW);
        Ok(Self { folder: folder.to_owned(), most_bytes })
    }

    fn entry(&self, recipe: &str) -> PathBuf {
        // A recipe begins with what it is for, so that people can tell the files apart.
        let kind = recipe.split(' ').next().unwrap_or_default();
        self.folder.join(format!("{kind}-{}.cached", hex(&Sha256::digest(recipe.as_bytes()))))
    }

    /// What was kept under a recipe, if it is here and whole.
    pub(crate) fn get(&self, recipe: &str) -> Option<Vec<u8>> {
        let path = self.entry(recipe);
        let mut bytes = std::fs::read(&path).ok()?;
        let whole =
            bytes.len() >= HEAD && bytes.starts_with(MARK) && bytes[MARK.len()..HEAD] == Sha256::digest(&bytes[HEAD..])[..];
        if !whole {
            // It is made anew and replaced; if it can't be removed now, that is no harm.
            let _ = std::fs::remove_file(&path);
            return None;
        }
        touch(&path);
        bytes.drain(..HEAD);
        Some(bytes)
    }

    /// Keeps bytes under a recipe.
    pub(crate) fn put(&self, recipe: &str, bytes: &[u8]) -> io::Result<()> {
        use io::Write;
        let mut file = tempfile::Builder::new().prefix(NEW).tempfile_in(&self.folder)?;
        leftover::hold(file.as_file());
        file.write_all(MARK)?;
        file.write_all(&Sha256::digest(bytes))?;
        file.write_all(bytes)?;
        file.persist(self.entry(recipe)).map_err(|error| error.error)?;
        Ok(())
    }

    /// Copies what was kept under a recipe to the file `target`, if it is here and whole; answers whether it was.
    pub(crate) fn fetch(&self, recipe: &str, target: &Path) -> io::Result<bool> {
        match self.get(recipe) {
            Some(bytes) => std::fs::write(target, bytes).map(|()| true),
            None => Ok(false),
        }
    }

    /// Keeps a copy of the file `source` under a recipe.
    pub(crate) fn keep(&self, recipe: &str, source: &Path) -> io::Result<()> {
        self.put(recipe, &std::fs::read(source)?)
    }

    /// Removes what was used least recently until the folder is within its bound.
    pub(crate) fn prune(&self) -> io::Result<()> {
        let mut entries: Vec<(SystemTime, u64, PathBuf)> = std::fs::read_dir(&self.folder)?
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let metadata = entry.metadata().ok()?;
                let ours = entry.path().extension().is_some_and(|extension| extension == "cached" || extension == "segment");
                ours.then_some((metadata.modified().ok()?, metadata.len(), entry.path()))
            })
            .collect();
        entries.sort();
        let mut total: u64 = entries.iter().map(|(_, bytes, _)| bytes).sum();
        for (_, bytes, path) in entries {
            if total <= self.most_bytes {
                break;
            }
            // Another process may have removed it already.
            let _ = std::fs::remove_file(path);
            total -= bytes;
        }
        Ok(())
    }
}

/// Notes that an entry was used: the time of the last use decides what goes first when room is needed. The system's own
/// clock does it; a failure only makes the entry look older.
fn touch(path: &Path) {
    #[cfg(unix)]
    if let Ok(file) = std::fs::File::options().append(true).open(path) {
        use std::os::fd::AsRawFd;
        // SAFETY: the descriptor is open; a null pointer means "now".
        unsafe { libc::futimens(file.as_raw_fd(), std::ptr::null()) };
    }
    #[cfg(not(unix))]
    let _ = path;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn entries_come_back_whole_or_not_at_all() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cache = Cache::open(folder.path(), 1000).expect("opens");
        let (source, target) = (folder.path().join("in"), folder.path().join("out"));
        std::fs::write(&source, b"some frames").expect("writes");
        assert!(!cache.fetch("a", &target).expect("reads"));
        cache.keep("a", &source).expect("keeps");
        assert!(cache.fetch("a", &target).expect("reads"));
        assert_eq!(std::fs::read(&target).expect("reads"), b"some frames");

        let entry = cache.entry("a");
        let mut damaged = std::fs::read(&entry).expect("reads");
        *damaged.last_mut().expect("not empty") ^= 1;
        std::fs::write(&entry, damaged).expect("writes");
        assert!(!cache.fetch("a", &target).expect("reads"));
        assert!(!entry.exists());
    }

    #[test]
    fn what_was_used_least_recently_goes_first() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cache = Cache::open(folder.path(), 2 * (HEAD as u64 + 100)).expect("opens");
        let source = folder.path().join("in");
        std::fs::write(&source, [7; 100]).expect("writes");
        for (age, recipe) in [(30, "old"), (20, "older but used"), (10, "new")] {
            cache.keep(recipe, &source).expect("keeps");
            let file = std::fs::File::options().append(true).open(cache.entry(recipe)).expect("opens");
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 - age)).expect("sets the time");
        }
        cache.prune().expect("prunes");
        let there = ["old", "older but used", "new"].map(|recipe| cache.entry(recipe).exists());
        assert_eq!(there, [false, true, true]);
    }
}
