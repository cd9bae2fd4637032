//! What the engine counts for whoever watches it (docs/monitoring.md). Without a recorder in the program, nothing of it costs
//! anything. Labels are few and known; no user and no project is in them.

use std::time::Duration;

use metrics::{counter, histogram};
use model::task::TaskKind;
use providers::error::ProviderError;

/// Zeros, so that a watcher sees the very first one as a rise.
pub fn begin() {
    for kind in TaskKind::ALL {
        counter!("shortsai_leases_lost_total", "kind" => kind.name()).increment(0);
    }
}

/// An attempt at a task has ended.
pub fn task_ended(kind: TaskKind, outcome: &'static str, took: Duration) {
    counter!("shortsai_tasks_total", "kind" => kind.name(), "outcome" => outcome).increment(1);
    histogram!("shortsai_task_duration_seconds", "kind" => kind.name(), "outcome" => outcome).record(took);
}

/// A vendor was asked.
pub fn vendor_called<T>(kind: TaskKind, vendor: &str, answer: &Result<T, ProviderError>, took: Duration) {
    let (outcome, vendor) = (outcome(answer), vendor.to_owned());
    counter!("shortsai_vendor_calls_total", "kind" => kind.name(), "vendor" => vendor.clone(), "outcome" => outcome).increment(1);
    histogram!("shortsai_vendor_call_duration_seconds", "kind" => kind.name(), "vendor" => vendor).record(took);
}

/// How a vendor's answer is called.
pub fn outcome<T>(answer: &Result<T, ProviderError>) -> &'static str {
    match answer {
        Ok(_) => "done",
        Err(ProviderError::Retry { .. }) => "retry",
        Err(ProviderError::Fatal(_)) => "fatal",
        Err(ProviderError::Unavailable(_)) => "unavailable",
        Err(ProviderError::Refused(_)) => "refused",
        Err(ProviderError::Quota(_)) => "quota",
        Err(ProviderError::Unknown(_)) => "unknown",
    }
}

/// A running task was taken over, or is wanted no more.
pub fn lease_lost(kind: TaskKind) {
    counter!("shortsai_leases_lost_total", "kind" => kind.name()).increment(1);
}

/// What a task was to make was there already.
pub fn reused(kind: TaskKind) {
    counter!("shortsai_reused_total", "kind" => kind.name()).increment(1);
}

/// So many seconds of video were rendered in that time.
pub fn rendered(seconds: f64, took: Duration) {
    if took > Duration::ZERO {
        histogram!("shortsai_render_speed_ratio").record(seconds / took.as_secs_f64());
    }
}
