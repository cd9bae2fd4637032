//! The commands that go on until they are stopped, and the one that says what they are set to.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};

use super::{DataDir, Encoder};
use crate::environment;

/// Where a server listens when nothing is said.
pub const USUAL_ADDRESS: &str = "127.0.0.1:3333";

#[derive(Debug, Args)]
pub struct Serve {
    /// Where to listen; only loopback addresses until sign-in with Google is configured
    #[arg(long, value_name = "ADDRESS:PORT", default_value = USUAL_ADDRESS, env = environment::SHORTSAI_LISTEN.name())]
    pub listen: SocketAddr,
    /// Serve the web app in this folder too, such as ShortsAI Studio's dist
    #[arg(long, value_name = "FOLDER", env = environment::SHORTSAI_WEB_ROOT.name())]
    pub web_root: Option<PathBuf>,
    /// Only answer requests: tasks are carried out, webhooks told and backups taken by `shortsai engine`, or by other servers
    #[arg(long, value_parser = BoolishValueParser::new(), env = environment::SHORTSAI_WITHOUT_ENGINE.name())]
    pub without_engine: bool,
    #[command(flatten)]
    pub process: Process,
}

#[derive(Debug, Args)]
pub struct Engine {
    #[command(flatten)]
    pub process: Process,
}

#[derive(Debug, Args)]
pub struct Worker {
    /// Where to listen; callers must know WORKER_SECRET [default: 0.0.0.0 and the port in PORT, or 8080]
    #[arg(long, value_name = "ADDRESS:PORT", env = environment::SHORTSAI_WORKER_LISTEN.name())]
    pub listen: Option<SocketAddr>,
    /// Renders at a time [default: one for each processor]
    #[arg(long, value_name = "COUNT", env = environment::SHORTSAI_WORKER_JOBS.name())]
    pub jobs: Option<std::num::NonZeroUsize>,
    /// Processors that all renders share [default: all of this machine]
    #[arg(long, value_name = "COUNT", env = environment::SHORTSAI_WORKER_PROCESSORS.name())]
    pub processors: Option<std::num::NonZeroUsize>,
    /// Renders that may wait; beyond them callers are asked to come again
    #[arg(long, value_name = "COUNT", default_value_t = 4, env = environment::SHORTSAI_WORKER_WAITING.name())]
    pub waiting: usize,
    #[command(flatten)]
    pub process: Process,
}

/// What all take that go on until they are stopped.
#[derive(Debug, Clone, Args)]
pub struct Process {
    /// Let Prometheus read metrics at this address, under /metrics; others than loopback need SHORTSAI_METRICS_TOKEN
    #[arg(long, value_name = "ADDRESS:PORT", env = environment::SHORTSAI_METRICS.name())]
    pub metrics: Option<SocketAddr>,
    #[command(flatten)]
    pub encoder: Encoder,
    #[command(flatten)]
    pub data: DataDir,
}

#[derive(Debug, Args)]
pub struct Config {
    /// Answer JSON, for programs
    #[arg(long)]
    pub json: bool,
    /// End with 2 if a process of that kind would refuse to start
    #[arg(long)]
    pub check: bool,
    /// Whose problems are looked for
    #[arg(long = "for", value_name = "COMMAND", value_enum, default_value_t = Role::Serve)]
    pub role: Role,
    #[command(flatten)]
    pub serve: Serve,
}

/// The commands that go on until they are stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    Serve,
    Engine,
    Worker,
}

impl Role {
    pub fn name(self) -> &'static str {
        match self {
            Self::Serve => "serve",
            Self::Engine => "engine",
            Self::Worker => "worker",
        }
    }
}
