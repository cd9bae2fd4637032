//! What each kind of task does: load, call, store the object, answer the product.

mod compose_music;
mod draw_image;
mod render;
mod speak;

use model::project::{Asset, Scene};
use model::task::{Failure, Product, TaskKind};
use store::{Lease, Made, ProjectRecord};
use tokio_util::sync::CancellationToken;

use crate::abilities::Engine;
use crate::failure;

/// Why a task did not make its product.
#[doc(hidden)]
pub enum TaskError {
    /// It failed; the class says what follows.
    Failed(Failure),
    /// Its project or scene is gone: nothing is left to do.
    Vanished,
    /// It was told to stop.
    Cancelled,
}

impl From<Failure> for TaskError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

pub(crate) async fn perform(engine: &Engine, lease: &Lease, cancel: &CancellationToken) -> Result<Product, TaskError> {
    let record = engine.store.project(lease.project).await.map_err(|error| failure::of_store(&error))?;
    let record = record.ok_or(TaskError::Vanished)?;
    match lease.target.kind {
        TaskKind::DrawImage => draw_image::draw_image(engine, &record, scene(&record, lease)?).await,
        TaskKind::Speak => speak::speak(engine, &record, scene(&record, lease)?).await,
        TaskKind::ComposeMusic => compose_music::compose_music(engine, &record).await,
        TaskKind::Render => render::render(engine, lease, &record, cancel).await,
    }
}

fn scene<'a>(record: &'a ProjectRecord, lease: &Lease) -> Result<&'a Scene, TaskError> {
    record.project.scenes.iter().find(|scene| scene.id == lease.target.subject).ok_or(TaskError::Vanished)
}

/// What an earlier equal request has made, if its object is still there.
async fn made_before(engine: &Engine, address: &str) -> Result<Option<Made>, TaskError> {
    let made = engine.store.made(address).await.map_err(|error| failure::of_store(&error))?;
    let Some(made) = made else { return Ok(None) };
    match engine.assets.head(&made.asset.key).await {
        Ok(_) => Ok(Some(made)),
        Err(_) => {
            engine.store.forget(address).await.map_err(|error| failure::of_store(&error))?;
            Ok(None)
        }
    }
}

/// Writes down what a request has made, so that the same request is never paid for again.
async fn remember(engine: &Engine, address: &str, made: &Made) -> Result<(), TaskError> {
    engine.store.remember(address, made, (engine.clock)()).await.map_err(|error| failure::of_store(&error).into())
}

fn asset(stored: assets::Stored, vendor: &str, model: &str) -> Asset {
    Asset {
        key: stored.key,
        media_type: stored.media_type.to_owned(),
        bytes: i64::try_from(stored.bytes).unwrap_or(i64::MAX),
        made_by: format!("{vendor}/{model}"),
    }
}
