//! Processes of the program.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, bail};

pub const SECRET: &str = "a secret of nobody but this benchmark";

/// A process that listens; killed when dropped.
pub struct Process {
    child: Child,
    pub url: String,
}

/// The program with a data folder, and nothing of the environment that it would read.
pub fn program(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shortsai"));
    for name in ["DATABASE_URL", "R2_ACCOUNT_ID", "S3_ENDPOINT", "WORKER_URL", "CLOUD_RUN_URL", "GOOGLE_CLIENT_ID", "AUTH_URL"] {
        command.env_remove(name);
    }
    command.env("SHORTSAI_DATA_DIR", data).env("WORKER_SECRET", SECRET).stdin(Stdio::null());
    command
}

impl Process {
    /// Starts it and reads where it listens.
    pub fn start(command: &mut Command) -> anyhow::Result<Self> {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().context("the program can't be started")?;
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().context("a pipe")?).read_line(&mut line)?;
        let Some((_, url)) = line.trim().split_once(" listens on ") else { bail!("it does not say where it listens") };
        Ok(Self { url: url.to_owned(), child })
    }

    /// A worker with its own cache and the objects of `objects`.
    pub fn worker(data: &Path, objects: &Path, processors: usize) -> anyhow::Result<Self> {
        std::fs::create_dir_all(data)?;
        std::os::unix::fs::symlink(objects, data.join("objects"))?;
        Self::start(program(data).args([
            "worker",
            "--listen",
            "127.0.0.1:0",
            "--jobs",
            "1",
            "--processors",
            &processors.to_string(),
        ]))
    }

    /// The most memory that it has had, in MB.
    pub fn peak_mb(&self) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no such figure")?;
        Ok(line.trim().trim_end_matches("kB").trim().parse::<f64>()? / 1024.0)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
