//! `shortsai worker`: the render microservice.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use worker::{Service, ServiceSettings, WorkerOptions};

use crate::checks;
use crate::cli;
use crate::data_dir::DataDir;
use crate::environment::{PORT, WORKER_SECRET, variable};
use crate::fail::Unusable;
use crate::metrics::{self, Sources};
use crate::open_files;
use crate::signal::wait_for_signal;
use crate::telemetry;
use crate::wiring::{for_worker, now};

/// Where it listens when nothing is said.
const USUAL_PORT: u16 = 8080;
/// How long running jobs have to hand back what they are at. Cloud Run kills after ten seconds.
const GRACE: Duration = Duration::from_secs(7);
/// How long open connections may go on after that.
const LAST: Duration = Duration::from_secs(2);

pub fn worker(arguments: cli::Worker) -> anyhow::Result<ExitCode> {
    let listen = listen(&arguments)?;
    checks::of_worker(&arguments.process, listen).insist()?;
    let secret = SecretString::from(variable(WORKER_SECRET).context("it was looked at")?);
    open_files::allow_all();
    let data = DataDir::open(&arguments.process.data)?;
    let runtime = tokio::runtime::Runtime::new().context("the async runtime can't be started")?;
    runtime.block_on(run(arguments, listen, secret, &data))
}

/// Where it is to listen.
pub fn listen(arguments: &cli::Worker) -> anyhow::Result<SocketAddr> {
    if let Some(listen) = arguments.listen {
        return Ok(listen);
    }
    // Platforms such as Cloud Run say so which port they send requests to.
    let port = match variable(PORT) {
        Some(port) => port.parse().map_err(|_| Unusable(format!("PORT is {port:?}; give a number from 1 to 65535")))?,
        None => USUAL_PORT,
    };
    Ok(SocketAddr::from(([0, 0, 0, 0], port)))
}

async fn run(arguments: cli::Worker, listen: SocketAddr, secret: SecretString, data: &DataDir) -> anyhow::Result<ExitCode> {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let processors = arguments.processors.map_or(cores, NonZeroUsize::get);
    let work = data.work().join("worker");
    // What a killed worker has left.
    let _ = std::fs::remove_dir_all(&work);
    let (assets, fetcher) = for_worker(data)?;
    let settings = ServiceSettings {
        secret,
        options: WorkerOptions {
            cache: Some(data.segments()),
            temp_dir: Some(work.clone()),
            workers: processors,
            encoder: (&arguments.process.encoder).into(),
            shared: true,
            fetcher: Some(fetcher),
        },
        jobs_at_once: arguments.jobs.map_or(processors, NonZeroUsize::get),
        waiting: arguments.waiting,
        version: env!("CARGO_PKG_VERSION"),
        propagation: telemetry::PROPAGATION,
        clock: now,
    };
    let listener = TcpListener::bind(listen).await.with_context(|| {
        format!("can't listen on {listen}; is another server running there? Choose another port with --listen")
    })?;
    let stop = CancellationToken::new();
    let sources = Sources { store: None, data: data.root().to_owned() };
    let metrics = metrics::serve(arguments.process.metrics, sources, stop.clone()).await?;
    // It counts as soon as it is there.
    let service = Service::new(assets, settings);
    println!("ShortsAI worker listens on http://{}", listener.local_addr().context("the listening address")?);
    if let Some(metrics) = metrics {
        println!("  metrics:       http://{metrics}/metrics");
    }
    let stopping = service.clone();
    let server = axum::serve(listener, service.router()).with_graceful_shutdown(async move {
        wait_for_signal().await;
        println!("Stopping; what is being rendered goes back to its callers.");
        stopping.stop(GRACE).await;
    });
    let stopped = async {
        service.stopping().await;
        tokio::time::sleep(GRACE + LAST).await;
    };
    tokio::select! {
        served = server.into_future() => served.context("serving")?,
        // Whoever still holds a connection has been told.
        () = stopped => {}
    }
    stop.cancel();
    let _ = std::fs::remove_dir_all(&work);
    Ok(ExitCode::SUCCESS)
}
