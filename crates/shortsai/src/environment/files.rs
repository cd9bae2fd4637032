//! `NAME_FILE`: the value of a variable in a file, as secrets of Docker and Kubernetes are.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;

use super::{ALL, Variable};
use crate::fail::{Unusable, reason};

/// What comes behind a variable's name.
pub const SUFFIX: &str = "_FILE";
/// Larger files are a mistake.
const MOST_BYTES: u64 = 1 << 20;

/// Files by the names of their variables.
type Files = BTreeMap<&'static str, PathBuf>;

static FILES: OnceLock<Files> = OnceLock::new();

/// The file that the variable's value was read from, if it was.
pub fn of(variable: Variable) -> Option<PathBuf> {
    FILES.get()?.get(variable.name).cloned()
}

/// A change of the environment: a value, or none.
type Change = (String, Option<String>);

/// Puts values that stand in files in their variables' places, for this process and those that it starts (PostgreSQL's
/// programs read PGPASSWORD). A variable that is set to nothing is one that was left out, as Compose files do it.
///
/// # Safety
///
/// No other thread may run yet.
pub unsafe fn take() -> anyhow::Result<()> {
    let given = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    let (changes, files) = read(given).map_err(|problems| Unusable(problems.join("\n  ")))?;
    for (name, value) in changes {
        match value {
            // SAFETY: the caller's promise.
            Some(value) => unsafe { std::env::set_var(name, value) },
            // SAFETY: the caller's promise.
            None => unsafe { std::env::remove_var(name) },
        }
    }
    // It is only done once.
    let _ = FILES.set(files);
    Ok(())
}

fn read(given: impl Fn(&str) -> Option<String>) -> Result<(Vec<Change>, Files), Vec<String>> {
    let (mut changes, mut files, mut problems) = (Vec::new(), BTreeMap::new(), Vec::new());
    for variable in ALL {
        let name = variable.name;
        let pointer = format!("{name}{SUFFIX}");
        let value = given(name);
        let is_set = value.as_ref().is_some_and(|value| !value.trim().is_empty());
        if value.is_some() && !is_set {
            changes.push((name.to_owned(), None));
        }
        let Some(path) = given(&pointer) else { continue };
        changes.push((pointer.clone(), None));
        if path.trim().is_empty() {
            continue;
        }
        if is_set {
            problems.push(format!("{name} and {pointer} are both set; remove one of them"));
            continue;
        }
        match content(&path) {
            Ok(text) => {
                // As if the variable were set to nothing.
                changes.push((name.to_owned(), Some(text).filter(|text| !text.trim().is_empty())));
                files.insert(name, path.into());
            }
            Err(why) => problems.push(format!("{pointer} names {path}, which can't be read: {why}")),
        }
    }
    if problems.is_empty() { Ok((changes, files)) } else { Err(problems) }
}

/// The file's text without the newline at its end.
fn content(path: &str) -> Result<String, String> {
    let size = std::fs::metadata(path).map_err(|error| reason(&error))?.len();
    if size > MOST_BYTES {
        return Err("it is too large for a value".to_owned());
    }
    let text = std::fs::read_to_string(path).map_err(|error| reason(&error))?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.contains('\0') {
        return Err("it is no text".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(pairs: &[(&str, &str)]) -> Result<Vec<Change>, Vec<String>> {
        let given = |name: &str| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        read(given).map(|(changes, _)| changes)
    }

    #[test]
    fn values_come_out_of_files() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("written");
            path.to_str().expect("UTF-8").to_owned()
        };
        let check = |text: &str, expected: Option<&str>| {
            let path = file("it", text);
            let changes = change(&[("AUTH_SECRET", ""), ("AUTH_SECRET_FILE", &path)]).expect("good");
            assert_eq!(changes.last(), Some(&("AUTH_SECRET".to_owned(), expected.map(str::to_owned))), "{text:?}");
            assert!(changes.contains(&("AUTH_SECRET_FILE".to_owned(), None)), "the pointer goes");
        };
        check("secret", Some("secret"));
        check("secret\n", Some("secret"));
        check("secret\r\n", Some("secret"));
        check(" two\nlines\n\n", Some(" two\nlines\n"));
        check("\n", None);
        assert_eq!(change(&[("AUTH_SECRET_FILE", " ")]), Ok(vec![("AUTH_SECRET_FILE".to_owned(), None)]));
        assert_eq!(change(&[("S3_ENDPOINT", "")]), Ok(vec![("S3_ENDPOINT".to_owned(), None)]));
        assert_eq!(change(&[("NOT_OURS_FILE", "/nowhere"), ("S3_ENDPOINT", "http://s3")]), Ok(vec![]));
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let pairs = [("AUTH_SECRET", "x"), ("AUTH_SECRET_FILE", "/x"), ("WORKER_SECRET_FILE", "/nowhere/it")];
        let problems = change(&pairs).expect_err("both are wrong");
        let expected = [
            "AUTH_SECRET and AUTH_SECRET_FILE are both set; remove one of them",
            "WORKER_SECRET_FILE names /nowhere/it, which can't be read: there is no such file or folder",
        ];
        assert_eq!(problems, expected);
    }
}
