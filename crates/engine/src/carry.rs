//! One claimed task from start to finish: lease kept by heartbeat, panics caught, result or failure stored.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, Utc};
use futures::FutureExt;
use model::task::{Failure, MAX_ATTEMPTS};
use providers::error::unquoted;
use store::{ApplyError, Claimed, Lease, Outcome};
use tokio_util::sync::CancellationToken;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::abilities::{Engine, Perform};
use crate::blocked::Blocked;
use crate::failure;
use crate::keep::Held;
use crate::measures;
use crate::report::{Report, Reporter};
use crate::tasks::{Others, TaskError};

/// Tasks of a kind that had to wait for a vendor's limit are left alone for so long at the most.
const LOOK_AGAIN: chrono::Duration = chrono::Duration::seconds(2);

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

impl Ended {
    fn name(&self) -> &'static str {
        match self {
            Self::With(Outcome::Done(_)) => "done",
            Self::With(Outcome::OverBudget { .. }) => "over_budget",
            Self::With(_) => "failed",
            Self::Lost => "lost",
            Self::Stopped => "given_back",
            Self::Postponed(_) => "postponed",
        }
    }
}

/// Carries out one task. An error says that its end could not be stored.
pub(crate) async fn carry_out(shift: &Shift, claimed: &Claimed, stop: &CancellationToken) -> Result<(), ApplyError> {
    let lease = &claimed.lease;
    // Of the highest level, so that whatever is logged in it says of what it speaks.
    let span = tracing::error_span!(
        "task",
        kind = lease.target.kind.name(),
        task = %lease.task,
        project = %lease.project,
        user = %lease.owner,
        attempt = lease.attempt,
        outcome = Empty,
    );
    if let Some(cause) = lease.trace {
        span.in_scope(|| (shift.engine.propagation.follow)(cause));
    }
    carry(shift, claimed, stop).instrument(span).await
}

async fn carry(shift: &Shift, Claimed { lease, begun }: &Claimed, stop: &CancellationToken) -> Result<(), ApplyError> {
    let reached = |step| (shift.engine.checkpoint)(step, lease);
    reached("claimed");
    if lease.attempt > MAX_ATTEMPTS {
        // Each time its process died before it could report: doing it for ever would take everybody else down too.
        let reason = format!("the program ended {} times while this was being made; the log may say why", lease.attempt - 1);
        return report(shift, lease, failed(failure::fatal(reason))).await;
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
    let began = Instant::now();
    let ended = work(shift, lease, &lost, stop).await;
    Span::current().record("outcome", ended.name());
    measures::task_ended(lease.target.kind, ended.name(), began.elapsed());
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
        result = &mut work => {
            if let Ok(Err(TaskError::Postponed { until, others })) = &result {
                // Not for long: the others may be for another vendor.
                let until = Ord::min(*until, (engine.clock)() + LOOK_AGAIN);
                match others {
                    Others::Go => {}
                    Others::OfUserWait => shift.blocked.add(Some(lease.owner), lease.target.kind, until),
                    Others::Wait => shift.blocked.add(None, lease.target.kind, until),
                }
            }
            ended_by(result)
        }
        () = lost.cancelled() => {
            measures::lease_lost(lease.target.kind);
            // Blocking work (a render with its children) hears of it through the token; wait until it has tidied up.
            cancel.cancel();
            let _ = tokio::time::timeout(engine.settings.grace, &mut work).await;
            Ended::Lost
        }
        () = stop.cancelled() => wind_down(engine, &cancel, &mut work).await,
    }
}

fn ended_by(result: std::thread::Result<Result<model::task::Product, TaskError>>) -> Ended {
    match result {
        Ok(Ok(product)) => Ended::With(Outcome::Done(product)),
        Ok(Err(TaskError::Failed(failure))) => failed(failure),
        Ok(Err(TaskError::Vanished)) => Ended::Lost,
        Ok(Err(TaskError::Cancelled)) => Ended::Stopped,
        Ok(Err(TaskError::Vendor(error))) => failed(failure::of_provider(&error)),
        Ok(Err(TaskError::Postponed { until, .. })) => Ended::Postponed(until),
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
            tracing::warn!(reason = &*unquoted(&failure.message), "failed");
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
