//! All that the simulator remembers while it runs.

use std::net::SocketAddr;

use super::Options;
use super::fault::Faults;
use super::file::Files;
use super::job::Jobs;
use super::ledger::Ledger;
use super::media::Sounds;

/// One simulator's memory. Every part locks itself.
#[derive(Debug)]
pub(super) struct World {
    address: SocketAddr,
    pub(super) options: Options,
    pub(super) ledger: Ledger,
    pub(super) faults: Faults,
    pub(super) files: Files,
    pub(super) jobs: Jobs,
    pub(super) sounds: Sounds,
}

impl World {
    pub(super) fn new(address: SocketAddr, options: Options) -> Self {
        Self {
            address,
            options,
            ledger: Ledger::default(),
            faults: Faults::default(),
            files: Files::default(),
            jobs: Jobs::new(format!("{address} {}", std::process::id())),
            sounds: Sounds::default(),
        }
    }

    /// The address of `path`, which begins with a slash, on this simulator.
    pub(super) fn link(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}
