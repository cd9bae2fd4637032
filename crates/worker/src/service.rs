//! The render microservice: `POST /render`, its jobs, and its health.
//!
//! It has no database and no users. Whoever calls it proves that by the shared secret, and gives storyboards whose media are in
//! the object store that both use.

mod answer;
mod job;
mod measures;
mod routes;
mod telling;

use std::sync::Arc;
use std::time::{Duration, Instant};

use assets::Assets;
use axum::Router;
use chrono::{DateTime, Utc};
use model::storyboard::Storyboard;
use model::trace::{Propagation, TraceParent};
use reqwest::Url;
use secrecy::SecretString;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use self::job::{Job, Jobs};
use self::telling::Telling;
use crate::error::WorkerError;
use crate::job::{WorkerOptions, prepare, run};
use crate::wire::{News, RenderRequest};

/// How long a signed address of a video is good: as long as S3 allows.
const GOOD_FOR: Duration = Duration::from_secs(7 * 24 * 3600);

/// How a worker serves.
#[derive(Debug, Clone)]
pub struct ServiceSettings {
    /// What callers must know.
    pub secret: SecretString,
    /// How it renders; `workers` is the number of processors that all jobs share.
    pub options: WorkerOptions,
    /// Jobs at a time.
    pub jobs_at_once: usize,
    /// Jobs that may wait besides.
    pub waiting: usize,
    /// The version that it names itself.
    pub version: &'static str,
    /// How traces go on.
    pub propagation: Propagation,
    /// The current time.
    pub clock: fn() -> DateTime<Utc>,
}

/// A worker that can be called. Cheap to clone.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

/// What a job is to make.
struct Order {
    request: RenderRequest,
    storyboard: Storyboard,
    /// Who is told how it goes.
    webhook: Option<Url>,
}

struct Inner {
    assets: Assets,
    settings: ServiceSettings,
    jobs: Jobs,
    turn: Arc<Semaphore>,
    client: reqwest::Client,
    /// Everything that goes on beside the requests.
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Service {
    /// A worker on that object store.
    pub fn new(assets: Assets, settings: ServiceSettings) -> Self {
        measures::begin();
        let stop = CancellationToken::new();
        let jobs = Jobs::new(settings.jobs_at_once + settings.waiting, stop.clone());
        let turn = Arc::new(Semaphore::new(settings.jobs_at_once));
        Self(Arc::new(Inner { assets, settings, jobs, turn, client: crate::client(), tasks: TaskTracker::new(), stop }))
    }

    /// Its routes.
    pub fn router(&self) -> Router {
        routes::router(self.clone())
    }

    /// Takes nothing more and hands back what is being made: callers are told to ask another worker, which finds in the shared
    /// cache what has been encoded. Returns when all have been told, or after `patience`.
    pub async fn stop(&self, patience: Duration) {
        self.0.stop.cancel();
        self.0.tasks.close();
        let _ = tokio::time::timeout(patience, self.0.tasks.wait()).await;
    }

    /// Returns once [`Self::stop`] was called.
    pub async fn stopping(&self) {
        self.0.stop.cancelled().await;
    }

    /// Begins a job that was taken, for the span of its caller.
    fn begin(&self, job: Arc<Job>, order: Order, caller: Option<TraceParent>) {
        // Of the highest level, so that whatever is logged in it says of what it speaks.
        let span = tracing::error_span!("job", id = job.id, project = order.request.project(), outcome = Empty);
        if let Some(caller) = caller {
            span.in_scope(|| (self.0.settings.propagation.follow)(caller));
        }
        let Order { request, storyboard, webhook } = order;
        if let Some(url) = webhook {
            let telling = Telling {
                client: self.0.client.clone(),
                url,
                token: request.webhook_token.clone().map(SecretString::from),
                secret: self.0.settings.secret.clone(),
                clock: self.0.settings.clock,
                stopping: self.0.stop.clone(),
            };
            let job = job.clone();
            let tell = async move {
                telling.tell(job.id.clone(), job.news.subscribe()).await;
                job.told.cancel();
            };
            self.0.tasks.spawn(tell.instrument(span.clone()));
        } else {
            job.told.cancel();
        }
        let service = self.clone();
        let work = async move {
            let news = service.carry_out(&job, request, storyboard).await;
            Span::current().record("outcome", measures::ended(&news));
            match &news {
                News::Failed { error, retry } => tracing::warn!(error, retry, "failed"),
                _ => tracing::info!("ended"),
            }
            service.0.jobs.end(&job, news);
        };
        self.0.tasks.spawn(work.instrument(span));
    }

    async fn carry_out(&self, job: &Arc<Job>, request: RenderRequest, storyboard: Storyboard) -> News {
        let waiting = measures::Counted::waiting();
        let _turn = tokio::select! {
            biased;
            () = job.cancel.cancelled() => return self.ended_early(),
            turn = self.0.turn.acquire() => turn,
        };
        drop(waiting);
        let _running = measures::Counted::running();
        let began = Instant::now();
        job.news.send_replace(News::Processing { progress: 0.0 });
        let progress = {
            let job = job.clone();
            Arc::new(move |fraction: f64| {
                let percent = (fraction * 100.0).floor();
                job.news.send_if_modified(|news| {
                    let further = matches!(news, News::Processing { progress } if *progress < percent);
                    if further {
                        *news = News::Processing { progress: percent };
                    }
                    further
                });
            })
        };
        let (assets, options) = (&self.0.assets, self.options());
        let cancel = job.cancel.clone();
        let done = match request.part {
            Some(part) => {
                let prepared = prepare(storyboard, part.into(), assets, &options, progress, cancel).await;
                prepared.map(|()| News::Completed { result_url: None, output: None })
            }
            None => {
                let output = run(storyboard, assets, &options, progress, cancel).await;
                match output {
                    Ok(output) => {
                        measures::rendered(output.seconds, began.elapsed());
                        Ok(News::Completed { result_url: Some(self.url_of(&output.video).await), output: Some(output) })
                    }
                    Err(error) => Err(error),
                }
            }
        };
        done.unwrap_or_else(|error| match error {
            WorkerError::Cancelled => self.ended_early(),
            error => News::Failed { retry: error.may_pass(), error: error.to_string() },
        })
    }

    /// A job gets the processors that the others leave.
    fn options(&self) -> WorkerOptions {
        let running = self.0.settings.jobs_at_once - self.0.turn.available_permits();
        let workers = (self.0.settings.options.workers / running.max(1)).max(1);
        WorkerOptions { workers, ..self.0.settings.options.clone() }
    }

    /// A job that was told to stop.
    fn ended_early(&self) -> News {
        if self.0.stop.is_cancelled() {
            let error = "This worker is being stopped. Ask another one, or this one again: what is encoded is kept.";
            News::Failed { error: error.to_owned(), retry: true }
        } else {
            News::Cancelled
        }
    }

    /// Where the caller finds a video: at the bucket's public address, else by a signed one, and where there is neither, by its key.
    async fn url_of(&self, key: &str) -> String {
        if let Some(url) = self.0.assets.public_url_of(key) {
            return url;
        }
        let now = (self.0.settings.clock)();
        match self.0.assets.sign_get(key, GOOD_FOR, now).await {
            Ok(url) if self.0.assets.is_remote() => url,
            _ => key.to_owned(),
        }
    }
}
