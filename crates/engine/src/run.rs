//! The engine's loop: claim while there is room, wait for work, stop cleanly.

use std::sync::Arc;
use std::time::Duration;

use store::{ApplyError, Lane, StoreError, Wanted};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::abilities::{Engine, Perform};
use crate::blocked::Blocked;
use crate::carry::{Shift, carry_out};
use crate::keep::{Held, keep};
use crate::measures;
use crate::report::Reporter;
use crate::tasks;

fn room(lane: Lane, engine: &Engine) -> usize {
    match lane {
        Lane::Media => engine.settings.media_at_once,
        Lane::Render => engine.settings.renders_at_once,
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
    run_with(engine, |engine, lease, cancel| Box::pin(tasks::perform(engine, lease, cancel)), stop).await
}

/// The same with other work than the tasks' own: measures what the engine itself costs.
#[doc(hidden)]
pub async fn run_with(engine: Arc<Engine>, perform: Perform, stop: CancellationToken) -> Result<(), ApplyError> {
    measures::begin();
    let reporter = Reporter::start(engine.clone());
    let shift = Arc::new(Shift { engine, perform, held: Held::default(), blocked: Blocked::default(), reporter });
    tokio::select! {
        ended = work(&shift, stop) => ended,
        never = keep(&shift.engine, &shift.held) => match never {},
    }
}

async fn work(shift: &Arc<Shift>, stop: CancellationToken) -> Result<(), ApplyError> {
    let engine = &shift.engine;
    let stop = stop.child_token();
    let mut changes = engine.store.changes();
    let mut running: JoinSet<Carried> = JoinSet::new();
    let mut busy: Vec<Lane> = Vec::new();
    let mut failures = 0;
    let mut trouble = Ok(());
    while !stop.is_cancelled() && (trouble.is_ok() || engine.settings.only.is_none()) {
        // Marked as seen before looking, so that a change while looking wakes the next wait.
        changes.mark_unchanged();
        match fill(shift, &stop, &mut running, &mut busy).await {
            Ok(()) => failures = 0,
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
            _ = changes.changed(), if has_room(engine, &busy) => {}
            Some(ended) = running.join_next() => trouble = release(ended, &mut busy),
            () = tokio::time::sleep(POLL) => {}
        }
        // What ends at this moment makes room for one claim of many.
        tokio::task::yield_now().await;
        while let Some(ended) = running.try_join_next() {
            trouble = trouble.and(release(ended, &mut busy));
        }
    }
    stop.cancel();
    while let Some(ended) = running.join_next().await {
        trouble = trouble.and(release(ended, &mut busy));
    }
    trouble.or_else(|error| if engine.settings.only.is_some() { Err(error) } else { Ok(()) })
}

fn has_room(engine: &Engine, busy: &[Lane]) -> bool {
    Lane::ALL.into_iter().any(|lane| free(engine, busy, lane) > 0)
}

fn free(engine: &Engine, busy: &[Lane], lane: Lane) -> usize {
    room(lane, engine).saturating_sub(busy.iter().filter(|other| **other == lane).count())
}

/// Claims as many tasks for each lane as there is room for.
async fn fill(
    shift: &Arc<Shift>,
    stop: &CancellationToken,
    running: &mut JoinSet<Carried>,
    busy: &mut Vec<Lane>,
) -> Result<(), StoreError> {
    let engine = &shift.engine;
    for lane in Lane::ALL {
        let most = free(engine, busy, lane);
        if most == 0 {
            continue;
        }
        let lease = chrono::Duration::from_std(engine.settings.lease).unwrap_or(chrono::Duration::seconds(30));
        let now = (engine.clock)();
        let (kinds, blocked) = shift.blocked.at(&lane.kinds(), now);
        let wanted = Wanted { kinds: &kinds, project: engine.settings.only, blocked: &blocked };
        for claimed in engine.store.claim_and_start(&engine.settings.worker, wanted, most, now, lease).await? {
            busy.push(lane);
            let (shift, stop) = (shift.clone(), stop.clone());
            running.spawn(async move {
                let stored = carry_out(&shift, &claimed, &stop).await;
                (lane, stored)
            });
        }
    }
    Ok(())
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
