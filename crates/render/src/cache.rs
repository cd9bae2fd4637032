//! The cache: encoded segments, finished sound and facts about input files in a folder, each under the hash of its recipe,
//! which is everything that shapes it.
//!
//! Several processes may share a folder: entries appear by rename, and one that is damaged counts as not there.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
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

/// What several machines share of their caches, such as in a bucket: encoded segments and finished sound. It is called from the
/// renderer's threads, which wait for the answer.
pub trait SharedCache: Send + Sync + std::fmt::Debug {
    /// What was kept under that name; `None` also when it can't be had just now.
    fn get(&self, name: &str) -> Option<Vec<u8>>;
    /// Keeps bytes under that name, also later. What can't be kept is only made again.
    fn put(&self, name: &str, bytes: Vec<u8>);
}

/// Kinds of entries that take longer to make than to fetch from afar.
const SHARED: [&str; 3] = ["segment", "sound", "loudness"];

/// A folder of things that need not be made twice.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    folder: PathBuf,
    most_bytes: u64,
    shared: Option<Arc<dyn SharedCache>>,
}

impl Cache {
    /// The cache that the options name, if they do.
    pub(crate) fn of(options: &RenderOptions) -> Result<Option<Self>, RenderError> {
        let Some(folder) = &options.cache else { return Ok(None) };
        let opened = Self::open(folder, options.cache_bytes);
        let cache = opened.map_err(|error| RenderError::file("can't use the cache", folder, &error))?;
        Ok(Some(Self { shared: options.shared.clone(), ..cache }))
    }

    /// Opens (and makes) the folder.
    pub(crate) fn open(folder: &Path, most_bytes: u64) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        leftover::sweep_files(folder, NEW);
        Ok(Self { folder: folder.to_owned(), most_bytes, shared: None })
    }

    fn entry(&self, recipe: &str) -> PathBuf {
        self.folder.join(name(recipe))
    }

    /// What was kept under a recipe, if it is here (or in the shared cache) and whole.
    pub(crate) fn get(&self, recipe: &str) -> Option<Vec<u8>> {
        let path = self.entry(recipe);
        let Ok(bytes) = std::fs::read(&path) else { return self.get_shared(recipe) };
        let Some(content) = content(bytes) else {
            // It is made anew and replaced; if it can't be removed now, that is no harm.
            let _ = std::fs::remove_file(&path);
            return self.get_shared(recipe);
        };
        touch(&path);
        Some(content)
    }

    fn get_shared(&self, recipe: &str) -> Option<Vec<u8>> {
        let shared = self.shared_for(recipe)?;
        let content = content(shared.get(&name(recipe))?)?;
        // The next render finds it here; if not, it asks again.
        let _ = self.put_here(recipe, &entry_of(&content));
        Some(content)
    }

    fn shared_for(&self, recipe: &str) -> Option<&dyn SharedCache> {
        self.shared.as_deref().filter(|_| SHARED.contains(&kind(recipe)))
    }

    /// Keeps bytes under a recipe.
    pub(crate) fn put(&self, recipe: &str, bytes: &[u8]) -> io::Result<()> {
        let entry = entry_of(bytes);
        self.put_here(recipe, &entry)?;
        if let Some(shared) = self.shared_for(recipe) {
            shared.put(&name(recipe), entry);
        }
        Ok(())
    }

    fn put_here(&self, recipe: &str, entry: &[u8]) -> io::Result<()> {
        use io::Write;
        let mut file = tempfile::Builder::new().prefix(NEW).tempfile_in(&self.folder)?;
        leftover::hold(file.as_file());
        file.write_all(entry)?;
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

/// A recipe begins with what it is for.
fn kind(recipe: &str) -> &str {
    recipe.split(' ').next().unwrap_or_default()
}

/// An entry's name; its kind stands in front, so that people can tell the files apart.
fn name(recipe: &str) -> String {
    format!("{}-{}.cached", kind(recipe), hex(&Sha256::digest(recipe.as_bytes())))
}

fn entry_of(content: &[u8]) -> Vec<u8> {
    [&MARK[..], &Sha256::digest(content), content].concat()
}

/// What is in an entry, if it is whole.
fn content(mut entry: Vec<u8>) -> Option<Vec<u8>> {
    let whole = entry.len() >= HEAD && entry.starts_with(MARK) && entry[MARK.len()..HEAD] == Sha256::digest(&entry[HEAD..])[..];
    whole.then(|| {
        entry.drain(..HEAD);
        entry
    })
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

    /// A bucket.
    #[derive(Debug, Default)]
    struct Bucket(std::sync::Mutex<std::collections::BTreeMap<String, Vec<u8>>>);

    impl SharedCache for Bucket {
        fn get(&self, name: &str) -> Option<Vec<u8>> {
            self.0.lock().expect("no panic").get(name).cloned()
        }

        fn put(&self, name: &str, bytes: Vec<u8>) {
            self.0.lock().expect("no panic").insert(name.to_owned(), bytes);
        }
    }

    #[test]
    fn what_one_machine_has_made_another_one_finds() {
        let bucket = Arc::new(Bucket::default());
        let machine = |folder: &tempfile::TempDir| {
            let options =
                RenderOptions { cache: Some(folder.path().to_owned()), shared: Some(bucket.clone()), ..RenderOptions::default() };
            Cache::of(&options).expect("opens").expect("there is a folder")
        };
        let folders = [(); 3].map(|()| tempfile::tempdir().expect("a temporary folder"));
        let [one, two, three] = folders.each_ref().map(machine);
        one.put("segment 1", b"frames").expect("keeps");
        one.put("facts 1", b"cheap").expect("keeps");
        assert_eq!(two.get("segment 1").as_deref(), Some(&b"frames"[..]));
        assert_eq!((two.get("facts 1"), two.get("segment 2")), (None, None));
        bucket.0.lock().expect("no panic").values_mut().for_each(|bytes| *bytes.last_mut().expect("not empty") ^= 1);
        assert_eq!(two.get("segment 1").as_deref(), Some(&b"frames"[..]), "it is in its own folder now");
        assert_eq!(three.get("segment 1"), None, "what is damaged is not there");
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
