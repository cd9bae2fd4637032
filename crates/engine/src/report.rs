//! How tasks ended, on its way to the store: reports that come while one is being written are written together.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use store::{ApplyError, Lease, Outcome};
use tokio::sync::{mpsc, oneshot};

use crate::abilities::Engine;

/// Reports written in one transaction at the most.
const AT_ONCE: usize = 64;

/// What is to be written about a task.
pub(crate) enum Report {
    /// It ended.
    Ended(Outcome),
    /// It goes back: the engine stops.
    GivenBack,
    /// It has to wait: it goes back until then.
    Postponed(DateTime<Utc>),
}

/// Answers whether it could be written, and whether it had an effect.
type Answer = Result<bool, ApplyError>;

/// Takes reports.
#[derive(Clone)]
pub(crate) struct Reporter(mpsc::UnboundedSender<(Lease, Report, oneshot::Sender<Answer>)>);

impl Reporter {
    /// Starts writing; it ends when the last reporter is gone and all is written.
    pub fn start(engine: Arc<Engine>) -> Self {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Some(first) = receiver.recv().await {
                let mut reports = vec![first];
                // Others that end at this moment come along.
                tokio::task::yield_now().await;
                while reports.len() < AT_ONCE
                    && let Ok(next) = receiver.try_recv()
                {
                    reports.push(next);
                }
                write(&engine, reports).await;
            }
        });
        Self(sender)
    }

    /// Returns when the report is written.
    pub async fn report(&self, lease: &Lease, report: Report) -> Answer {
        let (answer, answered) = oneshot::channel();
        // It lives as long as a reporter does, unless it panicked: then the task's lease runs out and it is done again.
        if self.0.send((lease.clone(), report, answer)).is_err() {
            return Ok(false);
        }
        answered.await.unwrap_or(Ok(false))
    }
}

async fn write(engine: &Engine, reports: Vec<(Lease, Report, oneshot::Sender<Answer>)>) {
    let (mut ended, mut ended_answers) = (Vec::new(), Vec::new());
    let (mut back, mut back_answers) = (Vec::new(), Vec::new());
    for (lease, report, answer) in reports {
        match report {
            Report::Ended(outcome) => {
                ended.push((lease, outcome));
                ended_answers.push(answer);
            }
            Report::GivenBack => {
                back.push(lease);
                back_answers.push(answer);
            }
            Report::Postponed(until) => {
                let _ = answer.send(engine.store.postpone(&lease, until).await.map_err(Into::into));
            }
        }
    }
    // Whoever no longer waits for the answer needs none.
    if !back.is_empty() {
        let leases: Vec<&Lease> = back.iter().collect();
        if let Err(error) = engine.store.give_back_all(&leases, (engine.clock)()).await {
            tracing::warn!(%error, "tasks could not be given back; their leases will run out");
        }
        back_answers.into_iter().for_each(|answer| drop(answer.send(Ok(true))));
    }
    finish(engine, ended, ended_answers).await;
}

async fn finish(engine: &Engine, ended: Vec<(Lease, Outcome)>, answers: Vec<oneshot::Sender<Answer>>) {
    if ended.is_empty() {
        return;
    }
    match engine.store.finish_all(&ended, (engine.clock)()).await {
        Ok(landed) => answers.into_iter().zip(landed).for_each(|(answer, landed)| drop(answer.send(Ok(landed)))),
        // One that can't be written must not keep the others from it.
        Err(_) => {
            for ((lease, outcome), answer) in ended.into_iter().zip(answers) {
                let _ = answer.send(engine.store.finish(&lease, outcome, (engine.clock)()).await);
            }
        }
    }
}
