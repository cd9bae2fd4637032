//! The engine's loop: claim while there is room, wait for work, stop cleanly.

use std::sync::Arc;
use std::time::Duration;

use model::task::TaskKind;
use store::{StoreError, Wanted};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::abilities::Engine;
use crate::carry::carry_out;

/// What may run side by side with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lane {
    Media,
    Render,
}

impl Lane {
    fn kinds(self) -> &'static [TaskKind] {
        match self {
            Self::Media => &[TaskKind::Speak, TaskKind::DrawImage, TaskKind::ComposeMusic],
            Self::Render => &[TaskKind::Render],
        }
    }

    /// One render at a time: it uses every core by itself.
    fn room(self, engine: &Engine) -> usize {
        match self {
            Self::Media => engine.settings.media_at_once,
            Self::Render => 1,
        }
    }
}

/// The slowest that the loop looks for work: other processes' changes are only seen by looking.
const POLL: Duration = Duration::from_secs(1);

/// Carries out tasks until `stop` fires, then lets running ones end within the grace time or gives them back.
pub async fn run(engine: Arc<Engine>, stop: CancellationToken) {
    let mut changes = engine.store.changes();
    let mut running: JoinSet<Lane> = JoinSet::new();
    let mut busy: Vec<Lane> = Vec::new();
    while !stop.is_cancelled() {
        // Marked as seen before looking, so that a change while looking wakes the next wait.
        changes.mark_unchanged();
        match fill(&engine, &stop, &mut running, &mut busy).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "the queue can't be read; trying again"),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            _ = changes.changed() => {}
            Some(ended) = running.join_next() => release(ended, &mut busy),
            () = tokio::time::sleep(POLL) => {}
        }
    }
    while let Some(ended) = running.join_next().await {
        release(ended, &mut busy);
    }
}

/// Claims one task for each lane that has room; answers whether there may be more.
async fn fill(
    engine: &Arc<Engine>,
    stop: &CancellationToken,
    running: &mut JoinSet<Lane>,
    busy: &mut Vec<Lane>,
) -> Result<bool, StoreError> {
    while let Some(ended) = running.try_join_next() {
        release(ended, busy);
    }
    let mut claimed = false;
    for lane in [Lane::Media, Lane::Render] {
        if busy.iter().filter(|other| **other == lane).count() >= lane.room(engine) {
            continue;
        }
        let lease = chrono::Duration::from_std(engine.settings.lease).unwrap_or(chrono::Duration::seconds(30));
        let wanted = Wanted { kinds: lane.kinds(), project: engine.settings.only };
        let Some(lease) = engine.store.claim(&engine.settings.worker, wanted, (engine.clock)(), lease).await? else {
            continue;
        };
        claimed = true;
        busy.push(lane);
        let (engine, stop) = (engine.clone(), stop.clone());
        running.spawn(async move {
            carry_out(&engine, &lease, &stop).await;
            lane
        });
    }
    Ok(claimed)
}

fn release(ended: Result<Lane, tokio::task::JoinError>, busy: &mut Vec<Lane>) {
    match ended {
        Ok(lane) => {
            if let Some(position) = busy.iter().position(|other| *other == lane) {
                busy.swap_remove(position);
            }
        }
        // carry_out catches panics of the work itself; this is one of the engine's own.
        Err(error) => tracing::error!(%error, "a task's thread died"),
    }
}
