//! One claimed task from start to finish: lease kept by heartbeat, panics caught, result or failure stored.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt;
use model::task::{Failure, MAX_ATTEMPTS};
use store::{ApplyError, Lease, Outcome};
use tokio_util::sync::CancellationToken;

use crate::abilities::Engine;
use crate::{failure, tasks};

/// How a task's work ended.
pub(crate) enum Ended {
    /// It is done or failed for good or for now.
    With(Outcome),
    /// It is no longer wanted, or somebody else has it.
    Lost,
    /// The engine stops; the task goes back.
    Stopped,
}

/// Carries out one task. An error says that its end could not be stored.
pub(crate) async fn carry_out(engine: &Engine, lease: &Lease, stop: &CancellationToken) -> Result<(), ApplyError> {
    let span = tracing::info_span!("task", kind = lease.target.kind.name(), task = %lease.task, project = %lease.project);
    tracing::Instrument::instrument(carry(engine, lease, stop), span).await
}

async fn carry(engine: &Engine, lease: &Lease, stop: &CancellationToken) -> Result<(), ApplyError> {
    (engine.checkpoint)("claimed", lease);
    if lease.attempt > MAX_ATTEMPTS {
        // Each time its process died before it could report: doing it for ever would take everybody else down too.
        let reason = format!("the program ended {} times while this was being made; the log may say why", lease.attempt - 1);
        return report(engine, lease, failed(failure::fatal(reason))).await;
    }
    match engine.store.start(lease, (engine.clock)()).await {
        Ok(true) => (engine.checkpoint)("started", lease),
        Ok(false) => {
            tracing::debug!("no longer wanted");
            return Ok(());
        }
        Err(error) => {
            tracing::warn!(%error, "could not be started; its lease will run out");
            return Err(error.into());
        }
    }
    let cancel = CancellationToken::new();
    let work = AssertUnwindSafe(tasks::perform(engine, lease, &cancel)).catch_unwind();
    tokio::pin!(work);
    let ended = tokio::select! {
        result = &mut work => ended_by(result),
        () = keep_lease(engine, lease) => {
            // Blocking work (a render with its children) hears of it through the token; wait until it has tidied up.
            cancel.cancel();
            let _ = tokio::time::timeout(engine.settings.grace, &mut work).await;
            Ended::Lost
        }
        () = stop.cancelled() => wind_down(engine, &cancel, &mut work).await,
    };
    report(engine, lease, ended).await
}

fn ended_by(result: std::thread::Result<Result<model::task::Product, tasks::TaskError>>) -> Ended {
    match result {
        Ok(Ok(product)) => Ended::With(Outcome::Done(product)),
        Ok(Err(tasks::TaskError::Failed(failure))) => failed(failure),
        Ok(Err(tasks::TaskError::Vanished)) => Ended::Lost,
        Ok(Err(tasks::TaskError::Cancelled)) => Ended::Stopped,
        Ok(Err(tasks::TaskError::OverBudget(reason))) => Ended::With(Outcome::OverBudget { reason }),
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
    work: &mut (impl Future<Output = std::thread::Result<Result<model::task::Product, tasks::TaskError>>> + Unpin),
) -> Ended {
    cancel.cancel();
    match tokio::time::timeout(engine.settings.grace, work).await {
        Ok(result) => ended_by(result),
        Err(_) => Ended::Stopped,
    }
}

/// A cancel is noticed this soon after it was stored by this process.
const NOTICE: Duration = Duration::from_millis(250);

/// Returns when the lease is lost or the task is no longer wanted.
async fn keep_lease(engine: &Engine, lease: &Lease) {
    let mut changes = engine.store.changes();
    loop {
        tokio::time::sleep(NOTICE).await;
        let _ = tokio::time::timeout(engine.settings.lease / 3, changes.changed()).await;
        let until = (engine.clock)() + engine.settings.lease;
        match engine.store.heartbeat(lease, until).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => tracing::warn!(%error, "no heartbeat this time"),
        }
    }
}

async fn report(engine: &Engine, lease: &Lease, ended: Ended) -> Result<(), ApplyError> {
    let now = (engine.clock)();
    let stored = match ended {
        Ended::With(Outcome::Failed { failure, .. }) => {
            tracing::warn!(reason = failure.message, attempt = lease.attempt, "failed");
            engine.store.finish(lease, Outcome::Failed { failure, jitter: (engine.jitter)() }, now).await
        }
        Ended::With(done) => engine.store.finish(lease, done, now).await,
        Ended::Stopped => engine.store.give_back(lease, now).await.map_err(Into::into),
        Ended::Lost => {
            tracing::debug!("given up: no longer wanted or taken over");
            return Ok(());
        }
    };
    match stored {
        Ok(true) => {
            (engine.checkpoint)("finished", lease);
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
