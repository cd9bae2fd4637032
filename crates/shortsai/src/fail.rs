//! Exit codes: 1 for a failure, 2 for a command that can't be carried out as it is written, 130 for Ctrl-C. And errors as the
//! one sentence that the user reads.

use std::io;
use std::process::ExitCode;

use store::{ApplyError, StoreError};

/// The command can't be carried out as it is written or configured.
#[derive(Debug)]
pub struct Unusable(pub String);

impl std::fmt::Display for Unusable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unusable {}

/// What the shell is told after a Ctrl-C.
pub const INTERRUPTED: u8 = 130;

pub fn exit_code(error: &anyhow::Error) -> ExitCode {
    if error.is::<Unusable>() { ExitCode::from(2) } else { ExitCode::FAILURE }
}

/// The error and its causes on one line, without what is for logs only or is said already.
pub fn sentence(error: &anyhow::Error) -> String {
    let mut sentence = String::new();
    for cause in error.chain() {
        let words = cause.downcast_ref::<io::Error>().map_or_else(|| cause.to_string(), reason);
        if !sentence.contains(&words) {
            let colon = if sentence.is_empty() { "" } else { ": " };
            sentence = format!("{sentence}{colon}{words}");
        }
        // These say it all; below them are SQL and the driver.
        if cause.is::<StoreError>() || cause.is::<ApplyError>() {
            break;
        }
    }
    sentence
}

/// The system's reason in plain words.
pub fn reason(error: &io::Error) -> String {
    let plain = match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder",
        io::ErrorKind::PermissionDenied => "you have no permission",
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => "a part of the path is a file, not a folder",
        io::ErrorKind::IsADirectory => "it is a folder, not a file",
        io::ErrorKind::ReadOnlyFilesystem => "the disk can only be read",
        io::ErrorKind::StorageFull => "the disk is full; free some space",
        io::ErrorKind::InvalidFilename => "the name is too long or has characters that can't be used",
        _ => return error.to_string(),
    };
    plain.to_owned()
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn an_error_is_one_sentence() {
        let check = |error: anyhow::Error, expected: &str| assert_eq!(sentence(&error), expected);
        let io = |kind: io::ErrorKind| Err::<(), _>(io::Error::from(kind));
        check(
            io(io::ErrorKind::StorageFull).context("x can't be written").expect_err("fails"),
            "x can't be written: the disk is full; free some space",
        );
        check(anyhow::anyhow!("a: b").context("a: b"), "a: b");
    }
}
