//! The program under test, as a process of its own.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::client::Connection;

/// A running server; stopped when dropped.
pub struct Server {
    /// Host and port.
    pub address: String,
    /// From the start of the process to the first answer.
    pub started_in: Duration,
    child: Child,
}

impl Server {
    pub async fn start(folder: &Path, database: Option<&str>) -> anyhow::Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let mut command = Command::new(env!("CARGO_BIN_EXE_shortsai"));
        command.args(["serve", "--listen", &address, "--data-dir"]).arg(folder).env_remove("DATABASE_URL");
        if let Some(database) = database {
            command.env("DATABASE_URL", database);
        }
        let begun = Instant::now();
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().context("the program can't be started")?;
        let mut server = Self { address, started_in: Duration::ZERO, child };
        while begun.elapsed() < Duration::from_secs(20) {
            if let Ok(mut connection) = Connection::open(&server.address).await
                && let Ok(answer) = connection.get("/health", "").await
                && answer.status == 200
            {
                server.started_in = begun.elapsed();
                return Ok(server);
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        bail!("the server did not answer within 20 seconds");
    }

    /// A figure of the process's memory, in kB: `VmRSS` now, `VmHWM` at most.
    pub fn memory(&self, what: &str) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix(':')).context("no such figure")?;
        line.trim().trim_end_matches("kB").trim().parse().context("a number of kB")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It is stored what it has promised; nothing else of it is needed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Each stream is an open file, here and in the server, which inherits this limit.
pub fn allow_many_files() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both calls only read and write the structure that is given to them.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) == 0 {
            limit.rlim_cur = limit.rlim_max.min(65_536);
            libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit);
        }
    }
}
