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
use providers::image::ImageProvider;
use providers::music::MusicProvider;
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
    /// Limits.
    pub settings: EngineSettings,
    /// The current time.
    pub clock: fn() -> DateTime<Utc>,
    /// A number from 0 to 1 that spreads retries.
    pub jitter: fn() -> f64,
}

/// Carries out one task.
#[doc(hidden)]
pub type Perform = for<'a> fn(&'a Engine, &'a Lease, &'a CancellationToken) -> BoxFuture<'a, Result<Product, TaskError>>;

/// The configured vendors.
#[derive(Clone)]
pub struct Abilities {
    /// Draws stills.
    pub images: Arc<dyn ImageProvider>,
    /// Speaks narrations.
    pub speech: Arc<dyn SpeechProvider>,
    /// Composes music.
    pub music: Arc<dyn MusicProvider>,
}

impl Abilities {
    /// Who carries out tasks of that kind, if it is a vendor.
    pub(crate) fn vendor(&self, kind: TaskKind) -> Option<&str> {
        match kind {
            TaskKind::DrawImage => Some(self.images.vendor()),
            TaskKind::Speak => Some(self.speech.vendor()),
            TaskKind::ComposeMusic => Some(self.music.vendor()),
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
