//! The vendors' own book: one line for each call that reached them, whatever became of whoever called.

use std::path::{Path, PathBuf};

use crate::order::append;

/// The book that all fake vendors of all processes write.
#[derive(Clone)]
pub struct Ledger {
    path: PathBuf,
    caller: String,
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Which process called.
    pub caller: String,
    /// Ability and request, such as `speak Words 3.`.
    pub what: String,
    /// The idempotency key.
    pub key: String,
}

impl Ledger {
    pub fn new(folder: &Path, caller: &str) -> Self {
        Self { path: folder.join("ledger"), caller: caller.to_owned() }
    }

    pub fn write(&self, what: &str, key: &str) {
        append(&self.path, &format!("{}\t{what}\t{key}", self.caller));
    }

    pub fn calls(&self) -> Vec<Call> {
        let text = std::fs::read_to_string(&self.path).unwrap_or_default();
        let call = |line: &str| {
            let fields: Vec<&str> = line.split('\t').collect();
            let [caller, what, key] = fields[..] else { panic!("the ledger has a line {line:?}") };
            Call { caller: caller.to_owned(), what: what.to_owned(), key: key.to_owned() }
        };
        text.lines().map(call).collect()
    }
}
