//! `render`: the video of one project.

use std::sync::Arc;
use std::time::{Duration, Instant};

use model::project::{Asset, RenderOutput};
use model::task::Product;
use serde_json::json;
use store::Lease;
use tokio::sync::watch;

use super::keep::{Ends, keep_detail, made_before};
use super::{Others, TaskError, Work};
use crate::abilities::{Engine, RenderFailure, RenderJob};
use crate::{failure, measures, request};

/// Progress is written at most this often: people can't read faster, and every write is an event.
const PROGRESS_EVERY: Duration = Duration::from_millis(500);

pub(super) async fn render(work: Work<'_>) -> Result<Product, TaskError> {
    let (id, project) = (work.lease.target.subject, &work.record.project);
    let render = project.render.as_ref().filter(|render| render.id == id).ok_or(TaskError::Cancelled)?;
    let storyboard = render.shown(project).map_err(|missing| failure::fatal(missing.join("; ")))?;
    // With the render's own id: a crash must not render twice, but whoever asks for another render gets one.
    let address = request::address("render", &json!({ "render": id, "storyboard": storyboard }));
    if let Some(made) = made_before(work, &address).await?
        && let Ok(output) = serde_json::from_value(made.detail)
    {
        return Ok(Product::Video(output));
    }
    let output = draw(work, RenderJob { id, project: project.id, storyboard }).await?;
    let video = Asset {
        key: output.video.clone(),
        media_type: "video/mp4".to_owned(),
        bytes: output.bytes,
        made_by: "render".to_owned(),
        credit: None,
    };
    keep_detail(work, &address, (video, json!(&output)), Ends::Task).await?;
    Ok(Product::Video(output))
}

async fn draw(work: Work<'_>, job: RenderJob) -> Result<RenderOutput, TaskError> {
    let (sender, receiver) = watch::channel(0.0);
    let progress = Arc::new(move |fraction: f64| {
        // The receiver lives as long as this render; if it has gone, nobody wants to know.
        let _ = sender.send(fraction);
    });
    work.reached("calling");
    let began = Instant::now();
    let output = tokio::select! {
        output = work.engine.renderer.render(job, progress, work.cancel.clone()) => output,
        never = write_progress(work.engine, work.lease, receiver) => match never {},
    };
    if let Ok(output) = &output {
        measures::rendered(output.seconds, began.elapsed());
    }
    output.map_err(|failure| match failure {
        RenderFailure::Cancelled => TaskError::Cancelled,
        RenderFailure::Busy(after) => {
            let after = chrono::Duration::from_std(after).unwrap_or(chrono::Duration::seconds(1));
            TaskError::Postponed { until: (work.engine.clock)() + after, others: Others::Wait }
        }
        RenderFailure::Failed(failure) => failure.into(),
    })
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
