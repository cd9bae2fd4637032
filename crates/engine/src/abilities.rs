//! What the engine works with: stores, vendors, a renderer, a clock. The binary wires it up.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use assets::Assets;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use model::project::RenderOutput;
use model::storyboard::Storyboard;
use model::task::{Failure, Product};
use model::trace::Propagation;
use model::usage::PriceTable;
use providers::abilities::Abilities;
use store::{Lease, Limits, ProjectRecord, Store};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::tasks::TaskError;

/// Everything that a running engine needs.
pub struct Engine {
    /// Projects and the queue.
    pub store: Store,
    /// Objects.
    pub assets: Assets,
    /// Who makes what.
    pub vendors: Arc<dyn Vendors>,
    /// One permit for each task that may keep this machine's processors busy at a time.
    pub processors: Semaphore,
    /// Who renders.
    pub renderer: Arc<dyn Renderer>,
    /// What vendors ask for.
    pub prices: Arc<PriceTable>,
    /// Limits.
    pub settings: EngineSettings,
    /// How traces go on.
    pub propagation: Propagation,
    /// The current time.
    pub clock: fn() -> DateTime<Utc>,
    /// A number from 0 to 1 that spreads retries.
    pub jitter: fn() -> f64,
    /// Called at each step of each task: `|_, _| ()`, except where a test wants to know or to die just there.
    pub checkpoint: Checkpoint,
}

/// Carries out one task.
#[doc(hidden)]
pub type Perform = for<'a> fn(&'a Engine, &'a Lease, &'a CancellationToken) -> BoxFuture<'a, Result<Product, TaskError>>;

/// Hears that a task has come to a step. The steps of a task, in this order and each only where the kind has it:
///
/// `claimed`, `started`, `calling` (a vendor, or the renderer), `submitted` (a vendor has taken a job), `noted` (the job's id
/// is stored), `polling`, `answered`, `remembered` (that this request has made this object), `stored` (the object),
/// `finished`.
pub type Checkpoint = fn(step: &'static str, lease: &Lease);

/// Knows who may carry out a project's tasks: by its owner's keys and by the wishes of server, user and project.
#[async_trait]
pub trait Vendors: Send + Sync {
    /// Who may be asked for what, for this project.
    ///
    /// # Errors
    /// When the keys or wishes can't be read just now.
    async fn of(&self, project: &ProjectRecord) -> Result<Abilities, Failure>;
}

/// The same for every project.
#[async_trait]
impl Vendors for Abilities {
    async fn of(&self, _: &ProjectRecord) -> Result<Abilities, Failure> {
        Ok(self.clone())
    }
}

/// Limits of one engine process.
#[derive(Debug, Clone)]
pub struct EngineSettings {
    /// The name under which this process holds leases.
    pub worker: String,
    /// Only tasks of this project, if one is named.
    pub only: Option<Uuid>,
    /// How long a task is held without a sign of life.
    pub lease: Duration,
    /// How many pictures, narrations, clips and pieces of music are waited for at a time; those that are made on this machine
    /// also need one of its processors.
    pub media_at_once: usize,
    /// How many renders go on at a time: one where this machine renders, since it uses every core by itself; more where others do.
    pub renders_at_once: usize,
    /// What vendors take, by their names; those that are not named have no limit.
    pub limits: HashMap<String, Limits>,
    /// How long running tasks may go on after a stop was asked for.
    pub grace: Duration,
}

/// Renders a storyboard whose media are object keys.
#[async_trait]
pub trait Renderer: Send + Sync {
    /// Renders; `progress` takes a fraction from 0 to 1 and must be cheap. Ends soon after `cancel` fires.
    async fn render(
        &self,
        job: RenderJob,
        progress: Arc<dyn Fn(f64) + Send + Sync>,
        cancel: CancellationToken,
    ) -> Result<RenderOutput, RenderFailure>;
}

/// One render.
#[derive(Debug, Clone)]
pub struct RenderJob {
    /// The render's identity.
    pub id: Uuid,
    /// Whose video it is.
    pub project: Uuid,
    /// What to render.
    pub storyboard: Storyboard,
}

/// Why a render ended without a video.
#[derive(Debug)]
pub enum RenderFailure {
    /// It was told to stop.
    Cancelled,
    /// All who could have enough to do; there is hope after that time.
    Busy(Duration),
    /// It can't be rendered.
    Failed(Failure),
}
