//! Keeping the leases of all running tasks, with one statement for all; and telling those that have lost theirs.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use store::Lease;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::abilities::Engine;

/// A cancel is noticed this soon after it was stored.
const NOTICE: Duration = Duration::from_millis(250);

/// The running tasks of this process.
#[derive(Default)]
pub(crate) struct Held(Mutex<HashMap<Uuid, (Lease, CancellationToken)>>);

impl Held {
    /// Keeps the lease from now on. The token fires when it is lost or the task is no longer wanted.
    pub fn add(&self, lease: &Lease) -> CancellationToken {
        let lost = CancellationToken::new();
        self.tasks().insert(lease.task, (lease.clone(), lost.clone()));
        lost
    }

    /// Lets go of it; a newer attempt at the same task is kept.
    pub fn remove(&self, lease: &Lease) {
        let mut tasks = self.tasks();
        if tasks.get(&lease.task).is_some_and(|(held, _)| held.attempt == lease.attempt) {
            tasks.remove(&lease.task);
        }
    }

    fn tasks(&self) -> MutexGuard<'_, HashMap<Uuid, (Lease, CancellationToken)>> {
        // Whole entries come and go; a panic elsewhere leaves none half-made.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps all held leases for as long as it is polled.
pub(crate) async fn keep(engine: &Engine, held: &Held) -> std::convert::Infallible {
    let mut changes = engine.store.changes();
    loop {
        tokio::time::sleep(NOTICE).await;
        let _ = tokio::time::timeout(engine.settings.lease / 3, changes.changed()).await;
        changes.mark_unchanged();
        let leases: Vec<Lease> = held.tasks().values().map(|(lease, _)| lease.clone()).collect();
        if leases.is_empty() {
            continue;
        }
        let until = (engine.clock)() + engine.settings.lease;
        match engine.store.heartbeat_all(&leases, until).await {
            Ok(kept) => {
                let tasks = held.tasks();
                let lost = leases.iter().filter(|lease| !kept.contains(&lease.task));
                for (_, token) in lost.filter_map(|lease| tasks.get(&lease.task).filter(|(now, _)| now == lease)) {
                    token.cancel();
                }
            }
            Err(error) => tracing::warn!(%error, "no heartbeat this time"),
        }
    }
}
