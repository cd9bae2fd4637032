//! Temporary files of processes that were killed: each is locked by its process for as long as it lives, so that whoever comes
//! later can tell what is left over. Only tidiness: nothing here fails, and file systems without locks keep their leftovers.

use std::fs::File;
use std::path::{Path, PathBuf};

/// The lock of a temporary folder is a file of this name in it.
const LOCK: &str = "lock";

/// Locks a temporary file until it is closed.
pub fn hold(file: &File) {
    // Elsewhere a lock would keep our own children from writing to the file.
    if cfg!(unix) {
        let _ = file.lock();
    }
}

/// Removes the files in `folder` whose names begin with `prefix` and that no living process holds.
pub fn sweep_files(folder: &Path, prefix: &str) {
    for path in named(folder, prefix).filter(|path| path.is_file() && is_dead(path)) {
        let _ = std::fs::remove_file(path);
    }
}

/// Marks a temporary folder as in use until the answer is dropped.
pub(crate) fn hold_folder(folder: &Path) -> Option<File> {
    let lock = File::create(folder.join(LOCK)).ok()?;
    hold(&lock);
    Some(lock)
}

/// Removes the folders in `place` whose names begin with `prefix` and that no living process holds.
pub(crate) fn sweep_folders(place: &Path, prefix: &str) {
    for path in named(place, prefix).filter(|path| is_dead(&path.join(LOCK))) {
        let _ = std::fs::remove_dir_all(path);
    }
}

fn named<'a>(folder: &Path, prefix: &'a str) -> impl Iterator<Item = PathBuf> + use<'a> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter(move |entry| entry.file_name().to_string_lossy().starts_with(prefix)).map(|entry| entry.path())
}

fn is_dead(path: &Path) -> bool {
    cfg!(unix) && File::open(path).is_ok_and(|file| file.try_lock().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_holds_is_swept() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = |name: &str| folder.path().join(name);
        let held = File::create(path(".new-held")).expect("creates");
        hold(&held);
        for name in [".new-dead", "other"] {
            std::fs::write(path(name), "half").expect("writes");
        }
        for name in ["work-held", "work-dead", "work-unmarked"] {
            std::fs::create_dir(path(name)).expect("creates");
        }
        let lock = hold_folder(&path("work-held"));
        drop(hold_folder(&path("work-dead")));
        sweep_files(folder.path(), ".new-");
        sweep_folders(folder.path(), "work-");
        let left = [".new-held", ".new-dead", "other", "work-held", "work-dead", "work-unmarked"].map(|name| path(name).exists());
        assert_eq!(left, [true, cfg!(not(unix)), true, true, cfg!(not(unix)), true]);
        drop((held, lock));
        sweep_files(folder.path(), ".new-");
        sweep_folders(folder.path(), "work-");
        assert_eq!([path(".new-held").exists(), path("work-held").exists()], [cfg!(not(unix)); 2]);
    }
}
