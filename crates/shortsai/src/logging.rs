//! Logs go to standard error, as text or (`SHORTSAI_LOG=json`) as JSON; `RUST_LOG` overrules what is logged.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::environment::{SHORTSAI_LOG, variable};

/// Starts it. What is said of each request (`access`) is for machines: people would find nothing else any more.
pub fn start(level: &str) {
    let json = variable(SHORTSAI_LOG).is_some_and(|form| form.trim().eq_ignore_ascii_case("json"));
    let access = if json { "info" } else { "warn" };
    // The libraries below are only worth reading when something is wrong with them.
    let default = format!(
        "warn,access={access},shortsai={level},api={level},engine={level},worker={level},render={level},providers={level},store={level},assets={level}"
    );
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if json {
        logs.json().flatten_event(true).with_current_span(true).with_span_list(false).init();
    } else {
        logs.with_ansi(std::io::stderr().is_terminal()).with_target(false).init();
    }
}
