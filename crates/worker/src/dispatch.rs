//! Renders by other machines: which worker is asked, and what happens when one is busy, dies or says no.
//!
//! All workers use the object store of this server. A render has one id wherever it is sent: a worker that has it already only
//! goes on with it, and one that gets it after another has died finds in the shared cache what that one had encoded.

mod fan_out;
mod id_token;
mod older;
mod target;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use assets::Assets;
use chrono::{DateTime, Utc};
use model::project::RenderOutput;
use model::storyboard::Storyboard;
use model::trace::Propagation;
use reqwest::Url;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use tracing::field::Empty;

use self::id_token::IdTokens;
pub use self::id_token::Identity;
use self::target::{Call, Target, Trouble};
use crate::job::WorkerOptions;
use crate::wire::{RenderRequest, WantedPart};

/// A worker, or a service with many instances of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetSettings {
    /// Without `/render`.
    pub url: Url,
    /// Whether the answer comes at once and the state is asked for; otherwise the request stays open to the end.
    pub asynchronous: bool,
    /// Whether it wants to know who calls, as private Cloud Run services do.
    pub identity: bool,
}

/// How renders are sent away.
#[derive(Debug, Clone)]
pub struct DispatchSettings {
    /// Who is asked; at least one.
    pub targets: Vec<TargetSettings>,
    /// The workers' secret.
    pub secret: SecretString,
    /// How this server shows who it is.
    pub identity: Identity,
    /// Where older workers, which answer only at the end, report progress.
    pub webhook_url: Option<Url>,
    /// The most workers for one render; 1 sends it whole.
    pub fan_out: usize,
    /// How results of older workers, which make neither captions nor thumbnails, are finished here.
    pub options: WorkerOptions,
    /// How traces go on.
    pub propagation: Propagation,
    /// The current time.
    pub clock: fn() -> DateTime<Utc>,
}

/// Why there is no video.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undone {
    /// It was told to stop.
    Cancelled,
    /// All workers have enough to do; ask again after that time.
    Busy(Duration),
    /// It can't be made, or not now.
    Failed {
        /// A plain sentence.
        error: String,
        /// Whether it may go well later.
        retry: bool,
    },
}

/// Told how far it is, from 0 to 1.
pub type Told = Arc<dyn Fn(f64) + Send + Sync>;

/// Sends renders to workers.
pub struct Dispatcher {
    assets: Assets,
    settings: DispatchSettings,
    targets: Vec<Target>,
    next: AtomicUsize,
}

impl Dispatcher {
    /// Workers that use the same object store as `assets`.
    pub fn new(assets: Assets, settings: DispatchSettings) -> Self {
        let client = crate::client();
        let tokens = Arc::new(IdTokens::new(client.clone(), settings.identity.clone(), settings.clock));
        let target = |target: &TargetSettings| {
            Target::new(client.clone(), target.clone(), (&settings.secret, settings.propagation), &tokens)
        };
        Self { targets: settings.targets.iter().map(target).collect(), assets, settings, next: AtomicUsize::new(0) }
    }

    /// Has a storyboard rendered whose media are object keys. Once `cancel` fires, the worker is told too.
    ///
    /// # Errors
    /// See [`Undone`].
    pub async fn render(
        &self,
        (id, project): (&str, &str),
        storyboard: &Storyboard,
        progress: Told,
        cancel: &CancellationToken,
    ) -> Result<RenderOutput, Undone> {
        let payload = payload(project, storyboard)?;
        let ahead = self.prepare_parts(id, &payload, storyboard, &progress, cancel).await?;
        let rest: Told = Arc::new(move |fraction| progress(ahead + (1.0 - ahead) * fraction));
        let call = Call { request: request(id, payload, None), progress: rest, cancel };
        match self.send(&call).await? {
            Made { output: Some(output), .. } => Ok(output),
            Made { result_url: Some(url), .. } => older::finish(&url, storyboard, &self.assets, &self.settings.options).await,
            Made { .. } => Err(failed("the render worker answered without a video", true)),
        }
    }

    /// What each worker says when it is asked whether it would render for this server.
    pub async fn look(&self) -> Vec<(Url, Result<String, String>)> {
        let look = |target| async move { (Target::name(target).clone(), target.look().await) };
        futures::future::join_all(self.targets.iter().map(look)).await
    }

    /// Asks one worker after the other until one has done it.
    async fn send(&self, call: &Call<'_>) -> Result<Made, Undone> {
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        let mut busy: Option<Duration> = None;
        let mut trouble = None;
        // Each twice: what was lost with one instance of a service may go well with the next.
        for turn in 0..self.targets.len() * 2 {
            let target = &self.targets[(first + turn) % self.targets.len()];
            let span = tracing::info_span!("dispatch", job = call.request.id, worker = target.origin(), outcome = Empty);
            let for_older = (self.settings.webhook_url.as_ref(), (self.settings.clock)());
            let called = target.call(call, &self.assets, for_older).instrument(span.clone()).await;
            span.record("outcome", called.as_ref().map_or_else(Trouble::name, |_| "done"));
            match called {
                Ok(made) => return Ok(made),
                Err(Trouble::Cancelled) => return Err(Undone::Cancelled),
                Err(Trouble::Fatal(error)) => return Err(failed(error, false)),
                Err(Trouble::Busy(after)) => busy = Some(busy.map_or(after, |before| before.min(after))),
                Err(Trouble::Resting) => {}
                Err(Trouble::Passing(error)) => {
                    tracing::warn!(worker = %target.name(), error, "asking the next render worker");
                    trouble = Some(error);
                }
            }
            if turn + 1 == self.targets.len() && busy.is_some() {
                break;
            }
        }
        match (busy, trouble) {
            (Some(after), _) => Err(Undone::Busy(after)),
            (None, Some(error)) => Err(failed(error, true)),
            (None, None) => Err(failed("no render worker can be reached just now", true)),
        }
    }
}

/// What a worker has made.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Made {
    pub(crate) output: Option<RenderOutput>,
    pub(crate) result_url: Option<String>,
}

fn failed(error: impl Into<String>, retry: bool) -> Undone {
    Undone::Failed { error: error.into(), retry }
}

fn payload(project: &str, storyboard: &Storyboard) -> Result<Value, Undone> {
    let mut payload = serde_json::to_value(storyboard).map_err(|error| failed(error.to_string(), false))?;
    payload["projectId"] = json!(project);
    Ok(payload)
}

fn request(id: &str, payload: Value, part: Option<WantedPart>) -> RenderRequest {
    RenderRequest { id: id.to_owned(), payload, webhook_url: None, webhook_token: None, part }
}
