//! The SQLite file in the data folder, and how another takes its place.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// What SQLite keeps beside a file.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

fn with(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Puts the file `new` in the place of `current`, which lies under the name `aside` afterwards, with all that belongs to it.
/// Whenever this breaks off, one of the two names has all that was there. Nobody may have the database open.
pub fn exchange(new: &Path, current: &Path, aside: &Path) -> io::Result<()> {
    for ending in BESIDE.into_iter().chain([""]) {
        match copy_or_link(&with(current, ending), &with(aside, ending)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    // They belong to the old file only, and would spoil the new one.
    for ending in BESIDE {
        match fs::remove_file(with(current, ending)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    fs::rename(new, current)
}

/// A second name for a file, or a copy where the file system has no such thing.
fn copy_or_link(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Err(error) if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::AlreadyExists) => fs::copy(from, to).map(drop),
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_file_keeps_what_belongs_to_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        let write = |name: &str| fs::write(path(name), name).expect("written");
        for name in ["new", "db", "db-wal"] {
            write(name);
        }
        exchange(&path("new"), &path("db"), &path("db.before")).expect("exchanged");
        let read = |name: &str| fs::read_to_string(path(name)).ok();
        assert_eq!(read("db").as_deref(), Some("new"));
        assert_eq!((read("db-wal"), read("new")), (None, None));
        assert_eq!((read("db.before").as_deref(), read("db.before-wal").as_deref()), (Some("db"), Some("db-wal")));
        write("newer");
        fs::remove_file(path("db")).expect("removed");
        exchange(&path("newer"), &path("db"), &path("db.gone")).expect("there need not be an old one");
        assert_eq!((read("db").as_deref(), read("db.gone")), (Some("newer"), None));
    }
}
