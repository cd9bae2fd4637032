//! Measures the server as a client sees it: polling, live streams, memory and start, on both databases.
//!
//! ```text
//! scripts/with-postgres.sh cargo bench --package shortsai --bench api -- [RESULTS.json]
//! ```
//!
//! The real program runs beside this load generator, on the same processors. The figures are put into the results file under
//! their names, those of SQLite with `_sqlite` behind them; what else is in the file stays.

#![expect(clippy::print_stdout, reason = "a benchmark tells what it measures")]

mod client;
mod server;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use serde_json::{Map, Value, json};

use crate::client::{Connection, Load};
use crate::server::Server;

/// Open connections of the load.
const CONNECTIONS: usize = 64;
/// How long each load lasts, after a shorter one to warm up.
const LASTS: Duration = Duration::from_secs(8);
/// Open event streams.
const STREAMS: usize = 2_000;
/// Projects in the database while it is measured.
const PROJECTS: usize = 10_000;
/// Projects that are polled in turn, of ten scenes each. A multiple of the connections.
const POLLED: usize = 512;
/// Starts, of which the middle one counts.
const STARTS: usize = 5;

fn main() -> anyhow::Result<()> {
    let results = std::env::args().skip(1).find(|argument| !argument.starts_with("--")).map(PathBuf::from);
    server::allow_many_files();
    let runtime = tokio::runtime::Runtime::new()?;
    let mut figures = Map::new();
    if let Ok(url) = std::env::var("SHORTSAI_TEST_POSTGRES_URL") {
        runtime.block_on(measure(Some(&url), "", &mut figures))?;
    } else {
        println!("SHORTSAI_TEST_POSTGRES_URL names no server: only SQLite is measured");
    }
    runtime.block_on(measure(None, "_sqlite", &mut figures))?;
    if let Some(results) = results {
        merge(&results, figures)?;
    }
    Ok(())
}

async fn measure(database: Option<&str>, suffix: &str, figures: &mut Map<String, Value>) -> anyhow::Result<()> {
    println!("{}:", if database.is_some() { "PostgreSQL" } else { "SQLite" });
    let mut note = |name: &str, value: f64| {
        println!("  {name}{suffix}: {value}");
        figures.insert(format!("{name}{suffix}"), json!(value));
    };
    let folder = tempfile::tempdir()?;
    // The first one makes the tables.
    drop(Server::start(folder.path(), database).await?);
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        starts.push(Server::start(folder.path(), database).await?.started_in.as_secs_f64() * 1e3);
    }
    starts.sort_by(f64::total_cmp);
    note("cold_start_ms", rounded(starts[STARTS / 2], 1.0));

    let server = Server::start(folder.path(), database).await?;
    client::create_projects(&server.address, &json!({ "topic": "One of many" }), PROJECTS, CONNECTIONS).await?;
    let projects = client::create_projects(&server.address, &json!({ "script": script() }), POLLED, CONNECTIONS).await?;
    let project = projects.first().context("no project was created")?;
    let paths: Vec<String> = projects.iter().map(|project| format!("/api/projects/{project}")).collect();
    let first = Connection::open(&server.address).await?.get(&paths[0], "").await?;
    println!("  a project of 10 scenes: {} bytes", first.body.len());
    let (address, paths) = (server.address.as_str(), paths.as_slice());
    let poll = Load { address, paths: &paths[..1], header: String::new(), expected: 200, connections: CONNECTIONS };
    poll.run(LASTS / 4).await?;
    let polled = poll.run(LASTS).await?;
    note("poll_rps", rounded(polled.per_second, 0.0));
    note("poll_p99_ms", rounded(polled.p99_ms, 1.0));
    let many = Load { paths, header: String::new(), ..poll };
    many.run(LASTS / 4).await?;
    let polled = many.run(LASTS).await?;
    note("poll_many_rps", rounded(polled.per_second, 0.0));
    note("poll_many_p99_ms", rounded(polled.p99_ms, 1.0));
    let known = Load { header: format!("if-none-match: {}\r\n", first.tag), expected: 304, ..poll };
    known.run(LASTS / 4).await?;
    note("poll_304_rps", rounded(known.run(LASTS).await?.per_second, 0.0));
    note("rss_mb", rounded(server.memory("VmHWM")? / 1024.0, 1.0));
    drop(server);
    note("sse_kb_per_stream", rounded(kb_per_stream(&Server::start(folder.path(), database).await?, project).await?, 1.0));
    Ok(())
}

/// What an open stream takes of a new server: one that has been under load has free memory left, and takes the streams' from
/// there.
async fn kb_per_stream(server: &Server, project: &str) -> anyhow::Result<f64> {
    // The first one opens connections to the database and whatever else all streams share.
    let first = client::open_streams(&server.address, project, 1).await?;
    let before = server.memory("VmRSS")?;
    let streams = client::open_streams(&server.address, project, STREAMS).await?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let after = server.memory("VmRSS")?;
    drop(first);
    Ok((after - before) / streams.len() as f64)
}

/// Ten scenes whose project is about 12 kB of JSON.
fn script() -> String {
    let words = "and so it went on for a while, until somebody had another idea ".repeat(9);
    let scene = |number: usize| format!("![picture {number} of a long story]\n\nScene {number}: {words}.\n\n");
    format!("# A story\n\n{}", (1..=10).map(scene).collect::<String>())
}

fn rounded(value: f64, digits: f64) -> f64 {
    let scale = 10_f64.powf(digits);
    (value * scale).round() / scale
}

/// Puts the figures beside what is in the file already.
fn merge(path: &Path, figures: Map<String, Value>) -> anyhow::Result<()> {
    let mut all: Map<String, Value> = match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)?,
        Err(_) => Map::new(),
    };
    all.extend(figures);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, serde_json::to_string_pretty(&all)? + "\n")?;
    Ok(())
}
