//! Waits for a render while the bars move.

use std::time::Duration;

use anyhow::Context;
use model::project::{Project, ProjectStatus, RenderOutput, RenderStatus, Slot, SlotStatus};
use store::Store;
use uuid::Uuid;

use crate::bars::Bars;
use crate::signal::wait_for_signal;

/// How the waiting ended.
pub enum Ended {
    Rendered(RenderOutput),
    Failed(String),
    Interrupted,
}

/// Another process (a server on the same folder) may do the work: look at least this often.
const LOOK: Duration = Duration::from_millis(500);

pub async fn follow(store: &Store, project: Uuid, render: Uuid) -> anyhow::Result<Ended> {
    let mut changes = store.changes();
    let mut bars = Bars::new();
    let interrupt = interrupted();
    tokio::pin!(interrupt);
    loop {
        changes.mark_unchanged();
        let record = store.project(project).await?.context("the project was deleted meanwhile")?;
        show(&mut bars, &record.project);
        if let Some(ended) = ended(&record.project, render) {
            bars.finish();
            return Ok(ended);
        }
        tokio::select! {
            () = &mut interrupt => {
                bars.finish();
                return Ok(Ended::Interrupted);
            }
            _ = changes.changed() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

fn ended(project: &Project, wanted: Uuid) -> Option<Ended> {
    let render = project.render.as_ref()?;
    if render.id != wanted {
        return Some(Ended::Failed("another render of this script was started meanwhile; run the command again".to_owned()));
    }
    match render.status {
        RenderStatus::Completed => render.output.clone().map(Ended::Rendered),
        RenderStatus::Cancelled => Some(Ended::Failed("the render was cancelled".to_owned())),
        RenderStatus::Failed => Some(Ended::Failed(render.error.clone().unwrap_or_else(|| "the render failed".to_owned()))),
        RenderStatus::Waiting if project.status == ProjectStatus::Paused => {
            let paused = || "the project was paused meanwhile; run the command again to go on".to_owned();
            Some(Ended::Failed(project.notice.clone().unwrap_or_else(paused)))
        }
        RenderStatus::Waiting | RenderStatus::Queued | RenderStatus::Rendering => None,
    }
}

fn show(bars: &mut Bars, project: &Project) {
    let done = |slots: &mut dyn Iterator<Item = &Slot>| slots.filter(|slot| slot.status == SlotStatus::Completed).count();
    let scenes = &project.scenes;
    bars.narration(done(&mut scenes.iter().map(|scene| &scene.audio)), scenes.len());
    let pictures = scenes.iter().filter(|scene| scene.visual().is_some() && !scene.image.status.is_active()).count();
    bars.pictures(pictures, scenes.len());
    if project.settings.include_music {
        bars.music(done(&mut std::iter::once(&project.music)), 1);
    }
    let progress = project.render.as_ref().map_or(0.0, |render| render.progress);
    bars.video(progress);
}

/// The first Ctrl-C (or a polite kill) stops cleanly; the second one ends the process at once.
async fn interrupted() {
    wait_for_signal().await;
    tokio::spawn(async {
        wait_for_signal().await;
        std::process::exit(i32::from(crate::fail::INTERRUPTED));
    });
}
