//! The engine's loop: claim while there is room, wait for work, stop cleanly.

use std::sync::Arc;
use std::time::Duration;

use model::task::TaskKind;
use store::{ApplyError, StoreError, Wanted};
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

/// Looking for work may fail this many times in a row before somebody who waits for it is told.
const PATIENCE: usize = 3;

/// How a task ended: in its lane, and whether that could be stored.
type Carried = (Lane, Result<(), ApplyError>);

/// Carries out tasks until `stop` fires, then lets running ones end within the grace time or gives them back.
///
/// # Errors
/// Only for an engine of one project (`only`): somebody waits for it, so trouble with the database (such as a full disk)
/// ends it. An engine for all projects logs the trouble and goes on, since the trouble may pass.
pub async fn run(engine: Arc<Engine>, stop: CancellationToken) -> Result<(), ApplyError> {
    let stop = stop.child_token();
    let mut changes = engine.store.changes();
    let mut running: JoinSet<Carried> = JoinSet::new();
    let mut busy: Vec<Lane> = Vec::new();
    let mut failures = 0;
    let mut trouble = Ok(());
    while !stop.is_cancelled() && (trouble.is_ok() || engine.settings.only.is_none()) {
        // Marked as seen before looking, so that a change while looking wakes the next wait.
        changes.mark_unchanged();
        match fill(&engine, &stop, &mut running, &mut busy).await {
            Ok(true) => continue,
            Ok(false) => failures = 0,
            Err(error) => {
                tracing::warn!(%error, "the queue can't be read; trying again");
                failures += 1;
                if failures == PATIENCE {
                    trouble = Err(error.into());
                    continue;
                }
            }
        }
        tokio::select! {
            () = stop.cancelled() => {}
            _ = changes.changed() => {}
            Some(ended) = running.join_next() => trouble = release(ended, &mut busy),
            () = tokio::time::sleep(POLL) => {}
        }
    }
    stop.cancel();
    while let Some(ended) = running.join_next().await {
        trouble = trouble.and(release(ended, &mut busy));
    }
    trouble.or_else(|error| if engine.settings.only.is_some() { Err(error) } else { Ok(()) })
}

/// Claims one task for each lane that has room; answers whether there may be more.
async fn fill(
    engine: &Arc<Engine>,
    stop: &CancellationToken,
    running: &mut JoinSet<Carried>,
    busy: &mut Vec<Lane>,
) -> Result<bool, StoreError> {
    let mut claimed = false;
    for lane in [Lane::Media, Lane::Render] {
        if busy.iter().filter(|other| **other == lane).count() >= lane.room(engine) {
            continue;
        }
        let lease = chrono::Duration::from_std(engine.settings.lease).unwrap_or(chrono::Duration::seconds(30));
        let wanted = Wanted { kinds: lane.kinds(), project: engine.settings.only, blocked: &[] };
        let Some(lease) = engine.store.claim(&engine.settings.worker, wanted, (engine.clock)(), lease).await? else {
            continue;
        };
        claimed = true;
        busy.push(lane);
        let (engine, stop) = (engine.clone(), stop.clone());
        running.spawn(async move {
            let stored = carry_out(&engine, &lease, &stop).await;
            (lane, stored)
        });
    }
    Ok(claimed)
}

fn release(ended: Result<Carried, tokio::task::JoinError>, busy: &mut Vec<Lane>) -> Result<(), ApplyError> {
    match ended {
        Ok((lane, stored)) => {
            if let Some(position) = busy.iter().position(|other| *other == lane) {
                busy.swap_remove(position);
            }
            stored
        }
        // carry_out catches panics of the work itself; this is one of the engine's own.
        Err(error) => {
            tracing::error!(%error, "a task's thread died");
            Ok(())
        }
    }
}
