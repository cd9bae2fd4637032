//! Puts the parts together: stores, vendors, renderer, engine.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use assets::{Assets, Fetcher};
use chrono::{DateTime, Datelike, Utc};
use engine::{Engine, EngineSettings, WorkerLock};
use model::month::Month;
use model::usage::PriceTable;
use store::{ApplyError, Limits, Store};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use worker::WorkerOptions;

use crate::backup::schedule::Regular;
use crate::config::Config;
use crate::config::objects::CollectConfig;
use crate::data_dir::DataDir;
use crate::office::Office;
use crate::renderers::Renderers;
use crate::secret;
use crate::telemetry;

/// How many answers of vendors are waited for at a time. What is made on this machine waits for a processor besides.
const MEDIA_AT_ONCE: usize = 32;

/// The open data folder.
pub struct House {
    pub store: Store,
    pub assets: Assets,
    /// How objects that nothing names are collected.
    pub collecting: CollectConfig,
    /// Backups that a server takes by itself, if it does.
    pub backups: Option<Regular>,
    /// Fetches what users name by addresses.
    pub fetcher: Fetcher,
    pub owner: Uuid,
    /// Who may be asked for what.
    pub office: Office,
    /// What vendors ask for.
    pub prices: Arc<PriceTable>,
    /// Who renders.
    pub renderers: Renderers,
    /// Who is believed about where requests come from.
    pub proxies: api::TrustedProxies,
    /// How often somebody may ask the server.
    pub rates: api::Rates,
    limits: HashMap<String, Limits>,
    data: DataDir,
}

/// A running engine. It stops when told to, or when the process ends.
pub struct RunningEngine {
    stop: CancellationToken,
    /// Gone once it has ended.
    task: Option<JoinHandle<Result<(), ApplyError>>>,
    /// Its half-made files.
    work: PathBuf,
    _lock: WorkerLock,
}

/// The only clock; everything below takes times as arguments.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// The only source of new identities.
#[expect(clippy::disallowed_methods, reason = "the one place that makes identities")]
pub fn new_id() -> Uuid {
    Uuid::new_v4()
}

/// The month that it is, in UTC.
pub fn this_month() -> Month {
    let now = now();
    Month { year: now.year(), month: now.month() }
}

/// A number from 0 to 1.
pub fn jitter() -> f64 {
    (new_id().as_u128() % 1_000_003) as f64 / 1_000_003.0
}

/// What a render worker needs: the object store, and who fetches for it.
pub fn for_worker(data: &DataDir) -> anyhow::Result<(Assets, Fetcher)> {
    let config = Config::read(data.config(), data.root())?;
    Ok((config.objects(&data.objects(), data.config_folder())?, config.fetcher()?))
}

impl House {
    pub async fn open(data: &DataDir) -> anyhow::Result<Self> {
        let config = Config::read(data.config(), data.root())?;
        let (store, migrated) = store::migrate(&data.database_url()).await?;
        tell_of(&migrated);
        let assets = config.objects(&data.objects(), data.config_folder())?;
        let fetcher = config.fetcher()?;
        let collecting = config.collecting(assets.is_remote())?;
        let backups = Regular::read(&config, &assets, data)?;
        let owner = store.local_owner(now()).await?;
        config.store(&store, owner).await?;
        let catalogue = Arc::new(config.catalogue(data.config_folder())?);
        let office = Office { store: store.clone(), catalogue, vault: secret::vault(data)? };
        let (prices, limits) = (Arc::new(config.prices()?), config.limits());
        let (renderers, rates, proxies) = (config.renderers()?, config.rates(), config.proxies()?);
        let data = data.clone();
        Ok(Self { store, assets, collecting, backups, fetcher, owner, office, prices, renderers, proxies, rates, limits, data })
    }

    /// The data folder.
    pub fn folder(&self) -> &Path {
        self.data.root()
    }

    /// Lets others know that this process works on the data folder, under the name that is answered, as long as it holds the
    /// lock: a restore does not begin then.
    pub fn be_seen(&self) -> anyhow::Result<(String, WorkerLock)> {
        let name = format!("{}-{}", std::process::id(), new_id().simple());
        let folder = self.data.workers();
        let lock =
            WorkerLock::take(&folder, &name).with_context(|| format!("the lock in {} can't be taken", folder.display()))?;
        Ok((name, lock))
    }

    /// Starts the engine in this process; with `only`, for the tasks of that project alone.
    pub async fn start_engine(
        &self,
        only: Option<Uuid>,
        encoder: render::Encoder,
        renderers: &Renderers,
    ) -> anyhow::Result<RunningEngine> {
        let (worker, lock) = self.be_seen()?;
        let folder = self.data.workers();
        let freed = WorkerLock::free_dead_workers(&folder, &self.store, now()).await?;
        if freed > 0 {
            tracing::info!(freed, "tasks of a process that died are done again");
        }
        WorkerLock::sweep(&folder, &self.data.work());
        let work = self.data.work().join(&worker);
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let options = WorkerOptions {
            cache: Some(self.data.segments()),
            temp_dir: Some(work.clone()),
            workers: cores,
            encoder,
            shared: false,
            fetcher: None,
        };
        let engine = Engine {
            store: self.store.clone(),
            assets: self.assets.clone(),
            vendors: Arc::new(self.office.clone()),
            processors: Semaphore::new(cores),
            renderer: renderers.renderer(&self.assets, options),
            prices: self.prices.clone(),
            settings: EngineSettings {
                worker,
                only,
                lease: Duration::from_secs(30),
                media_at_once: MEDIA_AT_ONCE,
                renders_at_once: renderers.at_once(),
                limits: self.limits.clone(),
                grace: Duration::from_secs(5),
            },
            propagation: telemetry::PROPAGATION,
            clock: now,
            jitter,
            checkpoint: |_, _| (),
        };
        let stop = CancellationToken::new();
        let task = tokio::spawn(engine::run(Arc::new(engine), stop.clone()));
        Ok(RunningEngine { stop, task: Some(task), work, _lock: lock })
    }
}

fn tell_of(migrated: &store::Migrated) {
    if let (Some(from), false) = (&migrated.from, migrated.gone.is_empty()) {
        tracing::info!(from, to = migrated.to, "the database was brought up to date");
    }
    if !migrated.newer.is_empty() {
        let steps = migrated.newer.join(", ");
        tracing::warn!(
            steps,
            "the database was used by a newer version of ShortsAI; this one can work with it, because that only added to it"
        );
    }
}

impl RunningEngine {
    /// Returns when the engine can't go on, with the reason.
    pub async fn trouble(&mut self) -> anyhow::Error {
        if let Some(task) = &mut self.task {
            let ended = task.await;
            self.task = None;
            match ended {
                // It was told to stop.
                Ok(Ok(())) => {}
                Ok(Err(error)) => return error.into(),
                Err(error) => {
                    tracing::error!(%error, "the engine died");
                    return anyhow::anyhow!("an internal error happened; the log has the details");
                }
            }
        }
        std::future::pending().await
    }

    /// Lets running work end or gives it back, then returns.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if let Some(task) = self.task.take() {
            match task.await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "the engine ended with trouble"),
                Err(error) => tracing::error!(%error, "the engine died"),
            }
        }
        // Only tidiness: it is swept at the next start at the latest.
        let _ = std::fs::remove_dir_all(&self.work);
    }
}
