//! Logs go to standard error; `RUST_LOG` overrides the level.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

pub fn start(level: &str) {
    // The libraries below are only worth reading when something is wrong with them.
    let default = format!(
        "warn,shortsai={level},api={level},engine={level},worker={level},render={level},providers={level},store={level},assets={level}"
    );
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours).with_target(false).init();
}
