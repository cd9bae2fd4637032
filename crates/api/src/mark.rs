//! Looking at the marks of projects for many requests at once.
//!
//! While a query is on its way, those who ask wait together, and the next query is for all of them. Each query begins after
//! everyone it is for has asked, so nobody gets an answer older than the question; and the more ask, the fewer queries there
//! are for each.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use store::{Mark, Store};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::error::{ApiError, with_causes};

/// Queries of one kind that may be on their way at the same time.
const AT_ONCE: usize = 2;
/// The most ids in one query.
const MOST: usize = 256;

/// Whose marks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// Projects by their ids.
    Project,
    /// Projects by the ids of their renders.
    Render,
}

/// Those who wait for marks in this process.
#[derive(Clone, Default)]
pub struct Marks {
    projects: Arc<Mutex<Queue>>,
    renders: Arc<Mutex<Queue>>,
}

type Found = Result<Option<Mark>, Arc<str>>;

#[derive(Default)]
struct Queue {
    waiting: Vec<(Uuid, oneshot::Sender<Found>)>,
    at_work: usize,
}

impl Marks {
    /// The mark as it is now; `None` when there is no such thing.
    pub async fn look(&self, store: &Store, of: Of, id: Uuid) -> Result<Option<Mark>, ApiError> {
        let queue = match of {
            Of::Project => &self.projects,
            Of::Render => &self.renders,
        };
        let (sender, receiver) = oneshot::channel();
        let begin = {
            let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
            queue.waiting.push((id, sender));
            let begin = queue.at_work < AT_ONCE;
            queue.at_work += usize::from(begin);
            begin
        };
        if begin {
            let (worker, store) = (Worker { queue: queue.clone(), done: false }, store.clone());
            // Not within this request: whoever began it may go away while others wait.
            tokio::spawn(async move { worker.run(&store, of).await });
        }
        let found = receiver.await.map_err(|_| ApiError::Internal("looking at a mark ended early".to_owned()))?;
        found.map_err(|error| ApiError::Internal(error.to_string()))
    }
}

/// Asks for all who wait until nobody does.
struct Worker {
    queue: Arc<Mutex<Queue>>,
    done: bool,
}

impl Worker {
    async fn run(mut self, store: &Store, of: Of) {
        loop {
            let asked = {
                let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
                if queue.waiting.is_empty() {
                    // Under the same lock, so that nobody begins to wait in between.
                    queue.at_work -= 1;
                    self.done = true;
                    return;
                }
                let some = queue.waiting.len().min(MOST);
                queue.waiting.drain(..some).collect::<Vec<_>>()
            };
            let mut ids: Vec<Uuid> = asked.iter().map(|(id, _)| *id).collect();
            ids.sort_unstable();
            ids.dedup();
            let found = match of {
                Of::Project => store.project_marks(&ids).await,
                Of::Render => store.render_marks(&ids).await,
            };
            tell(asked, found.map_err(|error| with_causes(&error).into()));
        }
    }
}

fn tell(asked: Vec<(Uuid, oneshot::Sender<Found>)>, found: Result<HashMap<Uuid, Mark>, Arc<str>>) {
    for (id, sender) in asked {
        let mark = match &found {
            Ok(marks) => Ok(marks.get(&id).copied()),
            Err(error) => Err(error.clone()),
        };
        // Whoever has gone away needs no answer.
        let _ = sender.send(mark);
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if !self.done {
            // It panicked; the next one to ask begins anew.
            self.queue.lock().unwrap_or_else(PoisonError::into_inner).at_work -= 1;
        }
    }
}
