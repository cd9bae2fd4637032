//! `render`: the video of one project.

use std::sync::Arc;
use std::time::Duration;

use model::task::Product;
use store::{Lease, ProjectRecord};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::TaskError;
use crate::abilities::{Engine, RenderFailure, RenderJob};
use crate::failure;

/// Progress is written at most this often: people can't read faster, and every write is an event.
const PROGRESS_EVERY: Duration = Duration::from_millis(500);

pub(super) async fn render(
    engine: &Engine,
    lease: &Lease,
    record: &ProjectRecord,
    cancel: &CancellationToken,
) -> Result<Product, TaskError> {
    let storyboard = record.project.storyboard().map_err(|missing| failure::fatal(missing.join("; ")))?;
    let job = RenderJob { id: lease.target.subject, storyboard };
    let (sender, receiver) = watch::channel(0.0);
    let progress = Arc::new(move |fraction: f64| {
        // The receiver lives as long as this render; if it has gone, nobody wants to know.
        let _ = sender.send(fraction);
    });
    let output = tokio::select! {
        output = engine.renderer.render(job, progress, cancel.clone()) => output,
        never = write_progress(engine, lease, receiver) => match never {},
    };
    match output {
        Ok(output) => Ok(Product::Video(output)),
        Err(RenderFailure::Cancelled) => Err(TaskError::Cancelled),
        Err(RenderFailure::Failed(failure)) => Err(failure.into()),
    }
}

async fn write_progress(engine: &Engine, lease: &Lease, mut receiver: watch::Receiver<f64>) -> std::convert::Infallible {
    loop {
        tokio::time::sleep(PROGRESS_EVERY).await;
        if receiver.has_changed().unwrap_or(false) {
            let fraction = *receiver.borrow_and_update();
            if let Err(error) = engine.store.progress(lease, fraction, (engine.clock)()).await {
                tracing::debug!(%error, "progress not written this time");
            }
        }
    }
}
