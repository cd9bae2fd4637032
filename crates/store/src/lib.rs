//! All SQL of ShortsAI: entities, migrations, queries by noun, the task queue, and [`Store::apply`], the one atomic writer
//! of workflow state. SQLite and PostgreSQL from one code base; no HTTP, no vendors, no objects.

mod apply;
mod delete;
mod entity;
mod error;
mod event;
mod lease;
mod load;
mod lock;
mod made;
mod mark;
mod migration;
mod open;
mod project;
mod queue;
mod record;
mod render;
mod report;
mod request;
mod task;
mod transaction;
mod user;

use std::sync::Arc;

use sea_orm::DatabaseConnection;
use tokio::sync::{Mutex, watch};

pub use apply::Applied;
pub use error::{ApplyError, StoreError};
pub use event::NumberedEvent;
pub use lease::{Lease, Outcome};
pub use made::Made;
pub use mark::Mark;
pub use open::open;
pub use project::{Details, NewProject, ProjectLock, ProjectPage, ProjectQuery, ProjectRecord};
pub use render::RenderRecord;
pub use report::{Report, Reported};
pub use request::{Answer, Caller, ProjectChange, RequestError, Ticket};
pub use task::{TaskRecord, TaskState, Wanted};

/// The database. Cheap to clone; all clones share one pool.
#[derive(Clone)]
pub struct Store {
    db: DatabaseConnection,
    changes: Arc<watch::Sender<u64>>,
    /// The turn to write, on SQLite.
    turn: Arc<Mutex<()>>,
}

impl Store {
    /// Counts up whenever this process has changed something: the hint to look at events or tasks again.
    ///
    /// Other processes' changes are not counted, so a follower also looks from time to time.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}
