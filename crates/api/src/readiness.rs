//! Whether requests can be served: the database and the object store answer; and whether the queue moves. What was found
//! counts for a moment, because anybody may ask.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use tokio::sync::Mutex;

use crate::AppState;

/// How long an answer counts.
const FRESH: Duration = Duration::from_secs(5);
/// Each of them may take so long to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// When something could have been begun for so long and nothing runs, the queue stands still.
const STILL: TimeDelta = TimeDelta::minutes(15);

/// What was found last.
#[derive(Clone, Default)]
pub struct Readiness(Arc<Mutex<Option<(Instant, Ready)>>>);

/// What works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ready {
    /// The database answers.
    pub database: bool,
    /// The object store answers.
    pub objects: bool,
    /// Tasks that can be begun are begun; as good as true when the database does not answer.
    pub queue: bool,
}

impl Readiness {
    /// What works now, or did a moment ago.
    pub async fn look(&self, app: &AppState) -> Ready {
        let mut last = self.0.lock().await;
        if let Some((at, ready)) = *last
            && at.elapsed() < FRESH
        {
            return ready;
        }
        let ready = look(app).await;
        *last = Some((Instant::now(), ready));
        ready
    }
}

async fn look(app: &AppState) -> Ready {
    let (database, objects) = tokio::join!(
        tokio::time::timeout(PATIENCE, app.store.queue_overview((app.clock)())),
        tokio::time::timeout(PATIENCE, app.assets.answers()),
    );
    let objects = match objects {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::error!(%error, "the object store does not answer");
            false
        }
        Err(_) => false,
    };
    let queue = match database {
        Ok(Ok(queue)) => queue,
        Ok(Err(error)) => {
            tracing::error!(%error, "the database does not answer");
            return Ready { database: false, objects, queue: true };
        }
        Err(_) => return Ready { database: false, objects, queue: true },
    };
    let since = queue.iter().filter_map(|of| of.waiting_since).min();
    let runs = queue.iter().any(|of| of.running > 0);
    let still = !runs && since.is_some_and(|since| (app.clock)() - since > STILL);
    Ready { database: true, objects, queue: !still }
}
