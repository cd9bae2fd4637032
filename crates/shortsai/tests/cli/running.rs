//! A process of ours that goes on until it is stopped.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout};

use crate::desk::signal;

/// Killed when a test fails.
pub struct Running {
    child: Child,
    /// Whoever writes to a pipe that nobody holds any more dies of it.
    said: BufReader<ChildStdout>,
}

impl Running {
    /// A child whose standard output is a pipe.
    pub fn of(mut child: Child) -> Self {
        let said = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { child, said }
    }

    /// What stands after these words in the next line that begins with them.
    #[track_caller]
    pub fn says(&mut self, front: &str) -> String {
        let mut lines = self.said.by_ref().lines().map_while(Result::ok);
        let found = lines.find_map(|line| line.trim().strip_prefix(front).map(|rest| rest.trim().to_owned()));
        found.unwrap_or_else(|| panic!("it does not say {front:?}"))
    }

    /// As a power cut would.
    pub fn kill(&mut self) {
        self.child.kill().expect("it was alive");
    }

    /// Asks it to end, as systemd and container engines do.
    pub fn ask_to_end(&self) {
        signal(&self.child, libc::SIGTERM);
    }

    /// How it has ended.
    pub fn code(&mut self) -> Option<i32> {
        self.child.wait().expect("it ends").code()
    }

    /// The two together.
    pub fn stop(mut self) -> Option<i32> {
        self.ask_to_end();
        self.code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already, unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
