//! Exit codes: 1 for a failure, 2 for a command that can't be carried out as it is written, 130 for Ctrl-C.

use std::process::ExitCode;

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
