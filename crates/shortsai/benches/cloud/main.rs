//! Measures what is past one machine: files through the server, renders by workers and shared out, and a crowd of renders whose
//! workers are killed at random.
//!
//! ```text
//! scripts/with-postgres.sh cargo bench --package shortsai --bench cloud -- [RESULTS.json] [--only files|workers|dispatch|crowd]
//! ```
//!
//! The real program runs beside this one, in processes of its own, on the same processors.

#![expect(clippy::print_stdout, reason = "a benchmark tells what it measures")]

mod crowd;
mod dispatch;
mod files;
mod media;
mod process;
#[path = "../../../assets/tests/it/s3_server.rs"]
#[allow(dead_code, reason = "it is shared with the tests of the object store")]
mod s3_server;
mod workers;

use std::path::PathBuf;

use serde_json::{Map, Value, json};

/// What was measured.
#[derive(Default)]
pub struct Figures(Map<String, Value>);

impl Figures {
    /// Prints a figure and keeps it.
    pub fn note(&mut self, name: &str, value: f64) {
        let rounded = (value * 1000.0).round() / 1000.0;
        println!("  {name}: {rounded}");
        self.0.insert(name.to_owned(), json!(rounded));
    }
}

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let (mut results, mut only) = (None, None);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--only" => only = arguments.next(),
            path => results = Some(PathBuf::from(path)),
        }
    }
    let wanted = |part: &str| only.as_deref().is_none_or(|only| only == part);
    // Nothing here speaks TLS, but the client wants to know who would.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Runtime::new()?;
    let mut figures = Figures::default();
    if wanted("files") {
        runtime.block_on(files::measure(&mut figures))?;
    }
    if wanted("workers") {
        runtime.block_on(workers::measure(&mut figures))?;
    }
    if wanted("dispatch") {
        runtime.block_on(dispatch::measure(&mut figures))?;
    }
    if wanted("crowd") {
        runtime.block_on(crowd::measure(&mut figures))?;
    }
    if let Some(results) = results {
        if let Some(folder) = results.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&results, serde_json::to_vec_pretty(&figures.0)?)?;
    }
    Ok(())
}

/// The one in the middle.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
