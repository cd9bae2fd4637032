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
use model::task::{Failure, Product, TaskKind};
use model::usage::PriceTable;
use providers::align::AlignProvider;
use providers::clip::ClipProvider;
use providers::image::ImageProvider;
use providers::music::MusicVendor;
use providers::script::ScriptProvider;
use providers::speech::SpeechProvider;
use store::{Lease, Limits, Store};
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
    pub abilities: Abilities,
    /// Who renders.
    pub renderer: Arc<dyn Renderer>,
    /// What vendors ask for.
    pub prices: Arc<PriceTable>,
    /// Limits.
    pub settings: EngineSettings,
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

/// The configured vendors. A task whose ability nobody has fails with a sentence that says what to set up.
#[derive(Clone)]
pub struct Abilities {
    /// Writes scripts.
    pub scripts: Option<Arc<dyn ScriptProvider>>,
    /// Draws stills.
    pub images: Arc<dyn ImageProvider>,
    /// Speaks narrations.
    pub speech: Arc<dyn SpeechProvider>,
    /// Finds the words in narrations of vendors that do not tell when each is heard.
    pub align: Option<Arc<dyn AlignProvider>>,
    /// Makes stills move.
    pub clips: Option<Arc<ClipProvider>>,
    /// Composes music.
    pub music: MusicVendor,
}

impl Abilities {
    /// Who carries out tasks of that kind, if it is a vendor.
    pub(crate) fn vendor(&self, kind: TaskKind) -> Option<&str> {
        match kind {
            TaskKind::WriteScript => self.scripts.as_ref().map(|scripts| scripts.vendor()),
            TaskKind::DrawImage => Some(self.images.vendor()),
            TaskKind::Speak => Some(self.speech.vendor()),
            TaskKind::AlignWords => self.align.as_ref().map(|align| align.vendor()),
            TaskKind::Animate => self.clips.as_ref().map(|clips| clips.vendor()),
            TaskKind::ComposeMusic => Some(match &self.music {
                MusicVendor::AtOnce(vendor) => vendor.vendor(),
                MusicVendor::Job(vendor) => vendor.vendor(),
            }),
            TaskKind::Render => None,
        }
    }
}

impl Engine {
    /// The vendor of that kind of task and its limits, if it has any.
    pub(crate) fn limits(&self, kind: TaskKind) -> Option<(&str, &Limits)> {
        let vendor = self.abilities.vendor(kind)?;
        Some((vendor, self.settings.limits.get(vendor)?))
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
    /// How many pictures, narrations and pieces of music are made at a time.
    pub media_at_once: usize,
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
    /// What to render.
    pub storyboard: Storyboard,
}

/// Why a render ended without a video.
#[derive(Debug)]
pub enum RenderFailure {
    /// It was told to stop.
    Cancelled,
    /// It can't be rendered.
    Failed(Failure),
}
