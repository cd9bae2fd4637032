//! Backups of the database: made, looked through, tried, restored and thinned out. What is SQL about them is in `store`; how
//! buckets keep them, in `assets`. Pictures, sounds and videos are no part of them.

pub mod create;
mod keys;
mod manifest;
pub mod place;
mod postgres;
pub mod prune;
pub mod restore;
pub mod schedule;
mod sealing;
mod sqlite;
pub mod verify;

pub use keys::{Keys, Lock, identities, recipients};
pub use manifest::{Encryption, Manifest};

use std::path::Path;

use anyhow::Context;

#[cfg(test)]
mod tests;

/// A folder for what is half made, which nobody else can read. It goes with what is answered.
fn workshop(beside: &Path) -> anyhow::Result<tempfile::TempDir> {
    let made = tempfile::Builder::new().prefix(".backup-").tempdir_in(beside);
    made.with_context(|| format!("no folder for temporary files can be made in {}", beside.display()))
}
