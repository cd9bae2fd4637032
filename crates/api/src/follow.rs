//! Who follows which project in this process, and waking them: one look at the marks of all followed projects serves every
//! stream, whatever their number, and only the streams of projects that have moved read anything.
//!
//! A look comes soon after this process has heard of a change, and every second anyway: that is how changes by other
//! processes are noticed even when nothing tells of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use store::Store;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often to look without a hint.
const POLL: Duration = Duration::from_secs(1);
/// Changes that come so soon after one another are one look.
const GATHER: Duration = Duration::from_millis(10);
/// The number of a project that is not there any more.
const GONE: i64 = -1;

/// The followed projects. Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub struct Followed(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// Each with the number of its newest event when it was last looked at.
    projects: HashMap<Uuid, watch::Sender<i64>>,
    looking: bool,
}

/// One stream's view of its project.
pub struct Moves(watch::Receiver<i64>);

impl Moves {
    /// Returns when the project may have moved; `false` when it is gone, or nobody looks any more.
    pub async fn next(&mut self) -> bool {
        self.0.changed().await.is_ok() && *self.0.borrow_and_update() != GONE
    }
}

impl Followed {
    /// Begins to follow a project. What changes after this call is told of by [`Moves::next`].
    pub fn follow(&self, store: &Store, closing: &CancellationToken, project: Uuid) -> Moves {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let moves = Moves(state.projects.entry(project).or_insert_with(|| watch::Sender::new(0)).subscribe());
        if !state.looking {
            state.looking = true;
            let (followed, store, closing) = (self.clone(), store.clone(), closing.clone());
            tokio::spawn(async move { closing.run_until_cancelled(followed.look_again_and_again(&store)).await });
        }
        moves
    }

    /// The projects that somebody still follows; `None`, and the end of looking, when there is none.
    fn wanted(&self) -> Option<Vec<Uuid>> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.projects.retain(|_, project| project.receiver_count() > 0);
        state.projects.shrink_to_fit();
        state.looking = !state.projects.is_empty();
        state.looking.then(|| state.projects.keys().copied().collect())
    }

    async fn look_again_and_again(&self, store: &Store) {
        let mut changes = store.changes();
        while let Some(projects) = self.wanted() {
            match store.project_marks(&projects).await {
                Ok(marks) => {
                    let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                    for id in projects {
                        let number = marks.get(&id).map_or(GONE, |mark| mark.event_number);
                        if let Some(project) = state.projects.get(&id) {
                            project.send_if_modified(|known| std::mem::replace(known, number) != number);
                        }
                    }
                }
                // The streams go on; they hear of it all at the next look that works.
                Err(error) => tracing::warn!(%error, "followed projects can't be looked at"),
            }
            // The sender lives as long as the store does.
            let _ = tokio::time::timeout(POLL, changes.changed()).await;
            tokio::time::sleep(GATHER).await;
        }
    }
}
