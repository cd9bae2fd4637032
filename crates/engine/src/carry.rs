//! One claimed task from start to finish: lease kept by heartbeat, panics caught, result or failure stored.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::FutureExt;
use model::task::{Failure, MAX_ATTEMPTS};
use store::{ApplyError, Claimed, Entry, Lease, Outcome};
use tokio_util::sync::CancellationToken;

use crate::abilities::{Engine, Perform};
use crate::blocked::Blocked;
use crate::failure;
use crate::keep::Held;
use crate::report::{Report, Reporter};
use crate::tasks::TaskError;

/// What the tasks that run side by side share.
pub(crate) struct Shift {
    pub engine: Arc<Engine>,
    pub perform: Perform,
    pub held: Held,
    pub blocked: Blocked,
    pub reporter: Reporter,
}

/// How a task's work ended.
enum Ended {
    /// It is done or failed for good or for now.
    With(Outcome),
    /// It is no longer wanted, or somebody else has it.
    Lost,
    /// The engine stops; the task goes back.
    Stopped,
    /// A limit is reached, or another task is making the same; the task goes back until then.
    Postponed(DateTime<Utc>),
}

/// Carries out one task. An error says that its end could not be stored.
pub(crate) async fn carry_out(shift: &Shift, claimed: &Claimed, stop: &CancellationToken) -> Result<(), ApplyError> {
    let lease = &claimed.lease;
    let span = tracing::info_span!("task", kind = lease.target.kind.name(), task = %lease.task, project = %lease.project);
    tracing::Instrument::instrument(carry(shift, claimed, stop), span).await
}

async fn carry(shift: &Shift, Claimed { lease, begun }: &Claimed, stop: &CancellationToken) -> Result<(), ApplyError> {
    let reached = |step| (shift.engine.checkpoint)(step, lease);
    reached("claimed");
    if lease.attempt > MAX_ATTEMPTS {
        // Each time its process died before it could report: doing it for ever would take everybody else down too.
        let reason = format!("the program ended {} times while this was being made; the log may say why", lease.attempt - 1);
        return report(shift, lease, failed(failure::fatal(reason))).await;
    }
    if let Some(ended) = wait_for_place(shift, lease).await {
        return report(shift, lease, ended).await;
    }
    if !begun {
        match shift.engine.store.start(lease, (shift.engine.clock)()).await {
            Ok(true) => {}
            Ok(false) => {
                tracing::debug!("no longer wanted");
                return Ok(());
            }
            Err(error) => {
                tracing::warn!(%error, "could not be started; its lease will run out");
                return Err(error.into());
            }
        }
    }
    reached("started");
    let lost = shift.held.add(lease);
    let ended = work(shift, lease, &lost, stop).await;
    // Kept until its end is stored, which can take a moment.
    let stored = report(shift, lease, ended).await;
    shift.held.remove(lease);
    stored
}

async fn work(shift: &Shift, lease: &Lease, lost: &CancellationToken, stop: &CancellationToken) -> Ended {
    let engine = &*shift.engine;
    let cancel = CancellationToken::new();
    let work = AssertUnwindSafe((shift.perform)(engine, lease, &cancel)).catch_unwind();
    tokio::pin!(work);
    tokio::select! {
        result = &mut work => ended_by(result),
        () = lost.cancelled() => {
            // Blocking work (a render with its children) hears of it through the token; wait until it has tidied up.
            cancel.cancel();
            let _ = tokio::time::timeout(engine.settings.grace, &mut work).await;
            Ended::Lost
        }
        () = stop.cancelled() => wind_down(engine, &cancel, &mut work).await,
    }
}

/// Asks for a place within the limits of the task's vendor; answers how the task ends if it has to wait.
async fn wait_for_place(shift: &Shift, lease: &Lease) -> Option<Ended> {
    let engine = &*shift.engine;
    let kind = lease.target.kind;
    let (vendor, limits) = engine.limits(kind)?;
    match engine.store.enter(lease, vendor, limits, (engine.clock)()).await {
        Ok(Entry::Entered) => None,
        Ok(Entry::Wait { until, user_only }) => {
            tracing::debug!(vendor, %until, "waits for a place");
            shift.blocked.add(user_only.then_some(lease.owner), kind, until);
            Some(Ended::Postponed(until))
        }
        Ok(Entry::Lost) => Some(Ended::Lost),
        Err(error) => Some(failed(failure::of_store(&error))),
    }
}

fn ended_by(result: std::thread::Result<Result<model::task::Product, TaskError>>) -> Ended {
    match result {
        Ok(Ok(product)) => Ended::With(Outcome::Done(product)),
        Ok(Err(TaskError::Failed(failure))) => failed(failure),
        Ok(Err(TaskError::Vanished)) => Ended::Lost,
        Ok(Err(TaskError::Cancelled)) => Ended::Stopped,
        Ok(Err(TaskError::Postponed(until))) => Ended::Postponed(until),
        Ok(Err(TaskError::OverBudget(reason))) => Ended::With(Outcome::OverBudget { reason }),
        Err(_) => failed(failure::fatal("an internal error happened; the log has the details")),
    }
}

fn failed(failure: Failure) -> Ended {
    // The engine adds the jitter when it reports, where the clock and the dice are.
    Ended::With(Outcome::Failed { failure, jitter: 0.0 })
}

/// After a stop: what can be taken up again ends at once (a render from its cached segments, a vendor's job by its id);
/// short work may finish.
async fn wind_down(
    engine: &Engine,
    cancel: &CancellationToken,
    work: &mut (impl Future<Output = std::thread::Result<Result<model::task::Product, TaskError>>> + Unpin),
) -> Ended {
    cancel.cancel();
    match tokio::time::timeout(engine.settings.grace, work).await {
        Ok(result) => ended_by(result),
        Err(_) => Ended::Stopped,
    }
}

async fn report(shift: &Shift, lease: &Lease, ended: Ended) -> Result<(), ApplyError> {
    let report = match ended {
        Ended::With(Outcome::Failed { failure, .. }) => {
            tracing::warn!(reason = failure.message, attempt = lease.attempt, "failed");
            Report::Ended(Outcome::Failed { failure, jitter: (shift.engine.jitter)() })
        }
        Ended::With(done) => Report::Ended(done),
        Ended::Stopped => Report::GivenBack,
        Ended::Postponed(until) => Report::Postponed(until),
        Ended::Lost => {
            tracing::debug!("given up: no longer wanted or taken over");
            return Ok(());
        }
    };
    match shift.reporter.report(lease, report).await {
        Ok(true) => {
            (shift.engine.checkpoint)("finished", lease);
            Ok(())
        }
        Ok(false) => {
            tracing::debug!("came too late");
            Ok(())
        }
        Err(error) => {
            tracing::warn!(%error, "its result could not be stored; the task will be done again");
            Err(error)
        }
    }
}
