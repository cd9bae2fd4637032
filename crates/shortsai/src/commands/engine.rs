//! `shortsai engine`: all that a server does besides answering, in a process of its own.

use std::process::ExitCode;

use anyhow::Context;
use tokio_util::sync::CancellationToken;

use crate::background::Background;
use crate::checks;
use crate::cli;
use crate::data_dir::DataDir;
use crate::environment::{AUTH_URL, SHORTSAI_LISTEN, variable};
use crate::metrics::{self, Sources};
use crate::open_files;
use crate::secret;
use crate::signal::wait_for_signal;
use crate::wiring::House;

pub fn engine(arguments: &cli::Engine) -> anyhow::Result<ExitCode> {
    checks::of_engine(&arguments.process).insist()?;
    open_files::allow_all();
    let data = DataDir::open(&arguments.process.data)?;
    let runtime = tokio::runtime::Runtime::new().context("the async runtime can't be started")?;
    runtime.block_on(run(arguments, &data))
}

async fn run(arguments: &cli::Engine, data: &DataDir) -> anyhow::Result<ExitCode> {
    let mut house = House::open(data).await?;
    // Older workers fetch files from the server, and are told where that is.
    let server = || format!("http://{}", variable(SHORTSAI_LISTEN).unwrap_or_else(|| cli::USUAL_ADDRESS.to_owned()));
    let base = variable(AUTH_URL).unwrap_or_else(server);
    house.assets = house.assets.with_links(&base, secret::of_server(data)?.into());
    let stop = CancellationToken::new();
    let metrics = metrics::serve(arguments.process.metrics, Sources::of(&house), stop.clone()).await?;
    let background = Background::start(&house, (&arguments.process.encoder).into(), &stop).await?;
    println!("ShortsAI engine works on {}", data.whereabouts());
    if let Some(metrics) = metrics {
        println!("  metrics:       http://{metrics}/metrics");
    }
    wait_for_signal().await;
    println!("Stopping; work that is not done goes on at the next start.");
    stop.cancel();
    background.ended().await;
    Ok(ExitCode::SUCCESS)
}
