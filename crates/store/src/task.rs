//! Looking at tasks, and at those who carry them out.
//!
//! Tasks come into the queue and are cancelled in `queue`, are handed out in `claim`, and end in `lease`.

use chrono::{DateTime, Utc};
use model::task::{Target, TaskKind};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::claim::{free, skip_locked};
use crate::entity::task;
use crate::error::During;
use crate::transaction::stored;
use crate::{Store, StoreError, load, queue};

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TaskState {
    /// Waits for a worker, not before `run_at`.
    Ready,
    /// A worker holds a lease on it.
    Running,
    /// It is made.
    Done,
    /// It can't be made.
    Failed,
    /// Nobody wants it any more.
    Cancelled,
}

impl TaskState {
    const ALL: [Self; 5] = [Self::Ready, Self::Running, Self::Done, Self::Failed, Self::Cancelled];

    /// The name in the database and in logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A task as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskRecord {
    /// Identity.
    pub id: Uuid,
    /// Of which project.
    pub project: Uuid,
    /// The user whose project that is.
    pub owner: Uuid,
    /// Which request it serves.
    pub target: Target,
    /// Where it stands.
    pub state: TaskState,
    /// Higher goes first.
    pub priority: i32,
    /// Not to be begun before.
    pub run_at: DateTime<Utc>,
    /// Attempts so far.
    pub attempt: i32,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// When it was put in the queue.
    pub created_at: DateTime<Utc>,
    /// When it was done, failed or cancelled.
    pub finished_at: Option<DateTime<Utc>>,
}

impl Store {
    /// Everyone who holds a lease, sorted.
    pub async fn running_workers(&self) -> Result<Vec<String>, StoreError> {
        let workers = task::Entity::find()
            .select_only()
            .column(task::Column::LeaseOwner)
            .filter(task::Column::State.eq(TaskState::Running.name()))
            .filter(task::Column::LeaseOwner.is_not_null())
            .distinct()
            .order_by_asc(task::Column::LeaseOwner);
        workers.into_tuple().all(&self.db).await.during("listing", "the workers")
    }

    /// Makes the tasks of a dead worker ready at once; answers how many there were.
    pub async fn release_worker(&self, worker: &str, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let released = async {
            let write = self.write().await?;
            let mut ids = task::Entity::find().select_only().column(task::Column::Id);
            ids = ids.filter(task::Column::State.eq(TaskState::Running.name())).filter(task::Column::LeaseOwner.eq(worker));
            // What is locked is being finished or cancelled at this moment.
            ids = skip_locked(write.txn.get_database_backend(), ids);
            let ids: Vec<Uuid> = ids.into_tuple().all(&write.txn).await?;
            for some in ids.chunks(load::CHUNK) {
                let freed = free(queue::head_expr()).col_expr(task::Column::RunAt, Expr::value(stored(now)));
                freed.filter(task::Column::Id.is_in(some.iter().copied())).exec(&write.txn).await?;
            }
            write.commit_tasks().await?;
            Ok(ids.len() as u64)
        };
        released.await.during("releasing the tasks of", worker)
    }

    /// The task with that id.
    pub async fn task(&self, id: Uuid) -> Result<Option<TaskRecord>, StoreError> {
        let row = task::Entity::find_by_id(id).one(&self.db).await.during("reading task", id)?;
        row.map(task_record).transpose()
    }
}

pub(crate) fn task_record(row: task::Model) -> Result<TaskRecord, StoreError> {
    let state = TaskState::ALL.into_iter().find(|state| state.name() == row.state);
    Ok(TaskRecord {
        target: target(&row)?,
        state: state.ok_or_else(|| unknown(&row, "state", &row.state))?,
        id: row.id,
        project: row.project_id,
        owner: row.owner_id,
        priority: row.priority,
        run_at: row.run_at,
        attempt: row.attempt,
        last_error: row.last_error,
        created_at: row.created_at,
        finished_at: row.finished_at,
    })
}

pub fn target(row: &task::Model) -> Result<Target, StoreError> {
    let kind = TaskKind::from_name(&row.kind).ok_or_else(|| unknown(row, "kind", &row.kind))?;
    Ok(Target { kind, subject: row.subject, generation: row.generation })
}

fn unknown(row: &task::Model, field: &str, word: &str) -> StoreError {
    StoreError::Unreadable { what: format!("task {}", row.id), problem: format!("{field}: nothing is called `{word}`") }
}
