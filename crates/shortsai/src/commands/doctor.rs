//! `shortsai doctor`: what works here, what is missing, and how to get it.
//!
//! How this machine is looked at is in `machine`, how vendors are asked in `vendors`, how old their prices are in `prices`.

mod machine;
mod prices;
mod vendors;

use std::process::ExitCode;

use serde::Serialize;

use crate::cli;
use crate::data_dir::DataDir;
use crate::fail::sentence;
use crate::wiring::{House, this_month};

/// How something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// It works.
    Ok,
    /// It is not set up, and nobody needs it.
    Off,
    /// It works, and somebody should look after it.
    Old,
    /// It should work and does not.
    Missing,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Finding {
    name: String,
    state: State,
    /// What was found, or what to do.
    detail: String,
}

/// What is answered to programs.
#[derive(Serialize)]
struct Answer<'a> {
    healthy: bool,
    findings: &'a [Finding],
}

pub fn doctor(arguments: &cli::Doctor) -> anyhow::Result<ExitCode> {
    let mut findings = machine::programs();
    let runtime = tokio::runtime::Runtime::new()?;
    findings.extend(runtime.block_on(house(arguments)));
    let healthy = findings.iter().all(|finding| finding.state != State::Missing);
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&Answer { healthy, findings: &findings })?);
    } else {
        print(&findings, healthy);
    }
    Ok(if healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The data folder with all that is in it, and the vendors that its configuration names.
async fn house(arguments: &cli::Doctor) -> Vec<Finding> {
    let data = match DataDir::open(&arguments.data) {
        Ok(data) => data,
        Err(error) => return vec![Finding::missing("data folder", sentence(&error))],
    };
    let mut findings = vec![machine::disk(data.root())];
    match House::open(&data).await {
        Ok(house) => {
            findings.push(Finding::ok("database", data.other_database().unwrap_or_else(|| "in the data folder".to_owned())));
            findings.push(machine::objects(&house.assets).await);
            findings.extend(workers(&house, arguments.offline).await);
            findings.push(prices::look(&house.prices, this_month()));
            findings.extend(vendors::ask(&house, arguments.offline).await);
        }
        Err(error) => findings.push(Finding::missing("data folder", sentence(&error))),
    }
    findings
}

/// The render workers that are configured.
async fn workers(house: &House, offline: bool) -> Vec<Finding> {
    if offline {
        return Vec::new();
    }
    let said = house.renderers.look(&house.assets).await;
    let finding = |(url, said)| match said {
        Ok(detail) => Finding::ok("render worker", format!("{url}: {detail}")),
        Err(problem) => Finding::missing("render worker", format!("{url}: {problem}")),
    };
    said.into_iter().map(finding).collect()
}

impl Finding {
    fn ok(name: &str, detail: impl Into<String>) -> Self {
        Self { name: name.to_owned(), state: State::Ok, detail: detail.into() }
    }

    fn off(name: &str, detail: impl Into<String>) -> Self {
        Self { name: name.to_owned(), state: State::Off, detail: detail.into() }
    }

    fn old(name: &str, detail: impl Into<String>) -> Self {
        Self { name: name.to_owned(), state: State::Old, detail: detail.into() }
    }

    fn missing(name: &str, detail: impl Into<String>) -> Self {
        Self { name: name.to_owned(), state: State::Missing, detail: detail.into() }
    }

    fn of(name: &str, found: anyhow::Result<String>) -> Self {
        match found {
            Ok(detail) => Self::ok(name, detail),
            Err(error) => Self::missing(name, sentence(&error)),
        }
    }
}

fn print(findings: &[Finding], healthy: bool) {
    for Finding { name, state, detail } in findings {
        let word = match state {
            State::Ok => "ok",
            State::Off => "-",
            State::Old => "old",
            State::Missing => "missing",
        };
        println!("{word:<8} {name:<16} {detail}");
    }
    println!(
        "{}",
        if healthy { "Everything is there: shortsai make examples/moon-landing.md" } else { "Something is missing; see above." }
    );
}
