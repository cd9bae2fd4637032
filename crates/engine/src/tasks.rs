//! What each kind of task does: load, call, keep, answer the product. One file per kind.
//!
//! How an answer is kept so that it is never paid for again is in `keep`, waiting for a vendor's job in `job`.

mod align_words;
mod animate;
mod answer;
mod ask;
mod compose_music;
mod draw_image;
mod job;
mod keep;
mod references;
mod render;
mod speak;
mod write_script;

use chrono::{DateTime, Utc};
use model::project::{Scene, Slot};
use model::task::{Failure, Product, Target, TaskKind};
use providers::abilities::Abilities;
use providers::error::ProviderError;
use store::{Lease, ProjectRecord};
use tokio_util::sync::CancellationToken;

use crate::abilities::Engine;
use crate::failure;

/// Why a task did not make its product.
#[doc(hidden)]
pub enum TaskError {
    /// It failed; the class says what follows.
    Failed(Failure),
    /// The vendor did not deliver.
    Vendor(ProviderError),
    /// It goes back until then: a limit of its vendor is reached, or another task is making the same.
    Postponed {
        /// When there is hope.
        until: DateTime<Utc>,
        /// What that says of other tasks of its kind.
        others: Others,
    },
    /// Its project or scene is gone, or somebody else has it: nothing is left to do here.
    Vanished,
    /// It was told to stop.
    Cancelled,
    /// It would cost more than a budget has left; a sentence for the user.
    OverBudget(String),
}

/// Whether other tasks of the same kind would have to wait too.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// They need not.
    Go,
    /// Those of the same user would.
    OfUserWait,
    /// All would.
    Wait,
}

impl From<Failure> for TaskError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// A task at work.
#[derive(Clone, Copy)]
struct Work<'a> {
    engine: &'a Engine,
    lease: &'a Lease,
    record: &'a ProjectRecord,
    abilities: &'a Abilities,
    cancel: &'a CancellationToken,
}

pub(crate) async fn perform(engine: &Engine, lease: &Lease, cancel: &CancellationToken) -> Result<Product, TaskError> {
    let record = engine.store.project(lease.project).await.map_err(|error| failure::of_store(&error))?;
    let record = as_spoken(record.ok_or(TaskError::Vanished)?, lease.target);
    let abilities = engine.vendors.of(&record).await?;
    let work = Work { engine, lease, record: &record, abilities: &abilities, cancel };
    match lease.target.kind {
        TaskKind::WriteScript => write_script::write_script(work).await,
        TaskKind::DrawImage => draw_image::draw_image(work, work.scene()?).await,
        TaskKind::Speak => speak::speak(work, work.scene()?).await,
        TaskKind::AlignWords => align_words::align_words(work, work.scene()?).await,
        TaskKind::Animate => animate::animate(work, work.scene()?).await,
        TaskKind::ComposeMusic => compose_music::compose_music(work).await,
        TaskKind::Render => render::render(work).await,
        TaskKind::Answer => answer::answer(work).await,
    }
}

/// A scene that has a voice of its own is spoken as if that were the project's.
fn as_spoken(record: ProjectRecord, target: Target) -> ProjectRecord {
    let scene = record.project.scenes.iter().find(|scene| scene.id == target.subject && target.kind == TaskKind::Speak);
    match scene.and_then(|scene| scene.voice.clone()) {
        Some(voice) => record.with_voice(&voice),
        None => record,
    }
}

impl<'a> Work<'a> {
    fn scene(self) -> Result<&'a Scene, TaskError> {
        let subject = self.lease.target.subject;
        self.record.project.scenes.iter().find(|scene| scene.id == subject).ok_or(TaskError::Vanished)
    }

    /// Says that the work has come to this step.
    fn reached(self, step: &'static str) {
        (self.engine.checkpoint)(step, self.lease);
    }

    /// The idempotency key of the task's call: the same when a crash has cut the call off, another one after every failure
    /// that was reported, since some vendors answer a key with the old failure for ever.
    fn key(self, slot: &Slot) -> String {
        format!("{}-{}", self.lease.task, slot.attempts)
    }
}
