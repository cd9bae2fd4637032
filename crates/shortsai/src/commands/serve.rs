//! `shortsai serve`: the API, and what goes on behind it unless another process does that.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::background::Background;
use crate::checks;
use crate::cli;
use crate::data_dir::DataDir;
use crate::environment::{AUTH_URL, WORKER_SECRET, variable};
use crate::fail::Unusable;
use crate::metrics::{self, Sources};
use crate::open_files;
use crate::secret;
use crate::sign_in;
use crate::signal::wait_for_signal;
use crate::telemetry;
use crate::wiring::{House, new_id, now};

/// How long open connections may go on after a stop was asked for.
const GRACE: Duration = Duration::from_secs(3);
/// How long a client may take nothing of what it is sent.
const PATIENCE: Duration = Duration::from_secs(30);

pub fn serve(arguments: cli::Serve) -> anyhow::Result<ExitCode> {
    checks::of_server(&arguments).insist()?;
    open_files::allow_all();
    let data = DataDir::open(&arguments.process.data)?;
    let runtime = tokio::runtime::Runtime::new().context("the async runtime can't be started")?;
    runtime.block_on(run(arguments, &data))
}

async fn run(arguments: cli::Serve, data: &DataDir) -> anyhow::Result<ExitCode> {
    let mut house = House::open(data).await?;
    // An engine is seen by itself.
    let _seen = arguments.without_engine.then(|| house.be_seen()).transpose()?;
    let web_root = match &arguments.web_root {
        Some(folder) => Some(api::WebRoot::read(folder).map_err(|error| Unusable(format!("--web-root: {error}")))?),
        None => None,
    };
    let listener = TcpListener::bind(arguments.listen).await.with_context(|| {
        format!("can't listen on {}; is another server running there? Choose another port with --listen", arguments.listen)
    })?;
    let address = listener.local_addr().context("the listening address")?;
    let base = variable(AUTH_URL).unwrap_or_else(|| format!("http://{address}"));
    house.assets = house.assets.with_links(&base, secret::of_server(data)?.into());
    let stop = CancellationToken::new();
    let metrics = metrics::serve(arguments.process.metrics, Sources::of(&house), stop.clone()).await?;
    let background = match arguments.without_engine {
        false => Some(Background::start(&house, (&arguments.process.encoder).into(), &stop).await?),
        true => None,
    };
    let access = sign_in::access(house.owner, &house.office.vault)?;
    let state = app_of(&house, access, web_root, stop.clone());
    let sweeper = tokio::spawn(api::sweep_regularly(state.clone(), api::SWEEP_EVERY));
    let app = api::router(state);
    println!("ShortsAI listens on http://{address}");
    println!("  API reference: http://{address}/docs");
    println!("  data folder:   {}", data.root().display());
    if let Some(database) = data.other_database() {
        println!("  database:      {database}");
    }
    if let Some(metrics) = metrics {
        println!("  metrics:       http://{metrics}/metrics");
    }
    if house.assets.is_remote() {
        println!("  objects:       {}", house.assets.whereabouts());
    }
    if background.is_none() {
        println!("  engine:        not in this process");
    }
    let server = tokio::spawn(api::serve(api::Patient(listener, PATIENCE), app, stop.clone()));
    wait_for_signal().await;
    println!("Stopping; work that is not done goes on at the next start.");
    stop.cancel();
    if let Some(background) = background {
        background.ended().await;
    }
    // Whoever still holds a connection has been told by then; their requests are stored.
    let _ = tokio::time::timeout(GRACE, server).await;
    // It may be in the midst of a sweep, which is as good at the next start.
    sweeper.abort();
    Ok(ExitCode::SUCCESS)
}

/// Everything that the API can reach.
pub fn app_of(house: &House, access: api::Access, web_root: Option<api::WebRoot>, closing: CancellationToken) -> api::AppState {
    api::AppState {
        store: house.store.clone(),
        assets: house.assets.clone(),
        fetcher: house.fetcher.clone(),
        access,
        web_root,
        rates: house.rates.clone(),
        proxies: house.proxies.clone(),
        vault: std::sync::Arc::new(house.office.vault.clone()),
        language_model: house.office.catalogue.abilities(&Default::default()).scripts.is_ok(),
        version: env!("CARGO_PKG_VERSION"),
        propagation: telemetry::PROPAGATION,
        clock: now,
        new_id,
        closing,
        worker_secret: variable(WORKER_SECRET).map(api::Secret::from),
        answer_within: api::ANSWER_WITHIN,
        memory: api::Memory::default(),
    }
}
