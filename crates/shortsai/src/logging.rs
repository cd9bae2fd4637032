//! Logs go to standard error, as text or (`SHORTSAI_LOG=json`) as JSON; `RUST_LOG` overrules what is logged. Prompts are in them
//! only where `SHORTSAI_LOG_PROMPTS` asks for it.

mod json;

use std::io::IsTerminal;

use tracing_subscriber::filter::Directive;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::environment::{SHORTSAI_LOG, SHORTSAI_LOG_PROMPTS, variable};
use crate::telemetry::Traces;

/// Starts it. What is said of each request (`access`) is for machines: people would find nothing else any more.
pub fn start(level: &str, traces: Option<&Traces>) {
    let json = is_json();
    let filter = filter(level, json);
    let logs = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let logs = if json {
        logs.fmt_fields(JsonFields::new()).event_format(json::Json).with_filter(filter).boxed()
    } else {
        logs.with_ansi(std::io::stderr().is_terminal()).with_target(false).with_filter(filter).boxed()
    };
    tracing_subscriber::registry().with(traces.map(Traces::layer)).with(logs).init();
}

/// Whether each line is an object, for programs.
pub fn is_json() -> bool {
    variable(SHORTSAI_LOG).is_some_and(|form| form.trim().eq_ignore_ascii_case("json"))
}

fn filter(level: &str, json: bool) -> EnvFilter {
    let access = if json { "info" } else { "warn" };
    // The libraries below are only worth reading when something is wrong with them.
    let default = format!(
        "warn,access={access},shortsai={level},api={level},engine={level},worker={level},render={level},providers={level},store={level},assets={level}"
    );
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let asked = variable(SHORTSAI_LOG_PROMPTS)
        .is_some_and(|value| ["1", "true", "yes"].contains(&value.trim().to_ascii_lowercase().as_str()));
    // Last, so that no wish for more of everything brings prompts.
    filter.add_directive(prompts(asked))
}

fn prompts(asked: bool) -> Directive {
    let directive = if asked { "prompts=info" } else { "prompts=off" };
    directive.parse().expect("a target and a level")
}
