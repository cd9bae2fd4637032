//! What a worker counts for whoever watches it (docs/monitoring.md). Without a recorder in the program, nothing of it costs anything.

use std::time::Duration;

use metrics::{Gauge, counter, gauge, histogram};

use crate::wire::News;

/// How a telling of a job's end is called that was not taken.
fn then(given_up: bool) -> &'static str {
    if given_up { "given_up" } else { "told_again" }
}

/// Zeros, so that a watcher sees the very first one as a rise.
pub(super) fn begin() {
    for given_up in [true, false] {
        counter!("shortsai_worker_callbacks_lost_total", "then" => then(given_up)).increment(0);
    }
}

/// A job that waits or runs, as long as it does.
pub(super) struct Counted(Gauge);

impl Counted {
    pub(super) fn waiting() -> Self {
        Self::of("waiting")
    }

    pub(super) fn running() -> Self {
        Self::of("running")
    }

    fn of(state: &'static str) -> Self {
        let jobs = gauge!("shortsai_worker_jobs", "state" => state);
        jobs.increment(1.0);
        Self(jobs)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

/// A job has ended; answers how.
pub(super) fn ended(news: &News) -> &'static str {
    let outcome = match news {
        News::Completed { .. } => "done",
        News::Failed { retry: true, .. } => "given_back",
        News::Failed { retry: false, .. } => "failed",
        News::Cancelled => "cancelled",
        News::Accepted | News::Processing { .. } => "running",
    };
    counter!("shortsai_worker_jobs_total", "outcome" => outcome).increment(1);
    outcome
}

/// A job was not taken.
pub(super) fn refused(reason: &'static str) {
    counter!("shortsai_worker_refused_total", "reason" => reason).increment(1);
}

/// So many seconds of video were rendered in that time.
pub(super) fn rendered(seconds: f64, took: Duration) {
    if took > Duration::ZERO {
        histogram!("shortsai_render_speed_ratio").record(seconds / took.as_secs_f64());
    }
}

/// The end of a job was told, and its receiver did not take it.
pub(super) fn not_taken(given_up: bool) {
    counter!("shortsai_worker_callbacks_lost_total", "then" => then(given_up)).increment(1);
}
