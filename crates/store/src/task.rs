//! The task queue: handing tasks out under a lease, rescue when a worker died, and looking at tasks.
//!
//! What the holder of a lease does is in `lease`; tasks come into the queue and are cancelled in `queue`.

use chrono::{DateTime, Utc};
use model::task::{Target, TaskKind};
use sea_orm::sea_query::{Expr, ExprTrait, Func, JoinType, LockBehavior, LockType, Query, SelectStatement};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::entity::task;
use crate::error::During;
use crate::transaction::stored;
use crate::{Lease, Store, StoreError, load};

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

/// Which tasks a worker takes.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// These kinds.
    pub kinds: &'a [TaskKind],
    /// Of this project only, if one is named.
    pub project: Option<Uuid>,
}

impl<'a> From<&'a [TaskKind]> for Wanted<'a> {
    fn from(kinds: &'a [TaskKind]) -> Self {
        Self { kinds, project: None }
    }
}

impl<'a, const N: usize> From<&'a [TaskKind; N]> for Wanted<'a> {
    fn from(kinds: &'a [TaskKind; N]) -> Self {
        Self { kinds, project: None }
    }
}

impl Store {
    /// Hands out the next wanted task under a lease, if there is one.
    ///
    /// Owners with fewer running tasks come first, then higher priority, then what has waited longer. A task whose lease
    /// has ended is handed out again.
    pub async fn claim(
        &self,
        worker: &str,
        wanted: impl Into<Wanted<'_>>,
        now: DateTime<Utc>,
        lease: chrono::Duration,
    ) -> Result<Option<Lease>, StoreError> {
        let wanted = wanted.into();
        if wanted.kinds.is_empty() {
            return Ok(None);
        }
        let now = stored(now);
        let claimed = async {
            let write = self.write().await?;
            let Some(found) = write.txn.query_one(&claimable(write.txn.get_database_backend(), wanted, now)).await? else {
                return Ok(None);
            };
            let rows = task::Entity::update_many()
                .col_expr(task::Column::State, Expr::value(TaskState::Running.name()))
                .col_expr(task::Column::LeaseOwner, Expr::value(worker))
                .col_expr(task::Column::LeaseUntil, Expr::value(now + lease))
                .col_expr(task::Column::Attempt, Expr::col(task::Column::Attempt).add(1))
                .filter(task::Column::Id.eq(found.try_get::<Uuid>("", "id")?))
                .exec_with_returning(&write.txn)
                .await?;
            write.commit().await?;
            Ok(rows.into_iter().next())
        };
        let row: Option<task::Model> = claimed.await.during("claiming a task for", worker)?;
        let lease = |row: task::Model| {
            Ok(Lease {
                target: target(&row)?,
                task: row.id,
                project: row.project_id,
                owner: row.owner_id,
                attempt: row.attempt,
                worker: worker.to_owned(),
                vendor_ref: row.vendor_ref,
            })
        };
        row.map(lease).transpose()
    }

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
            if write.txn.get_database_backend() == DbBackend::Postgres {
                // What is locked is being finished or cancelled at this moment.
                ids = ids.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
            }
            let ids: Vec<Uuid> = ids.into_tuple().all(&write.txn).await?;
            for some in ids.chunks(load::CHUNK) {
                task::Entity::update_many()
                    .col_expr(task::Column::State, Expr::value(TaskState::Ready.name()))
                    .col_expr(task::Column::RunAt, Expr::value(stored(now)))
                    .col_expr(task::Column::LeaseOwner, Expr::value(None::<String>))
                    .col_expr(task::Column::LeaseUntil, Expr::value(None::<DateTime<Utc>>))
                    .filter(task::Column::Id.is_in(some.iter().copied()))
                    .exec(&write.txn)
                    .await?;
            }
            write.commit().await?;
            Ok(ids.len() as u64)
        };
        let count = released.await.during("releasing the tasks of", worker)?;
        self.changed();
        Ok(count)
    }

    /// When there may be something to claim next: the earliest `run_at` or end of a lease.
    pub async fn next_run_at(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let earliest = async |state: TaskState, column: task::Column| {
            let first = task::Entity::find()
                .select_only()
                .column(column)
                .filter(task::Column::State.eq(state.name()))
                .filter(column.is_not_null())
                .order_by_asc(column);
            first.into_tuple::<DateTime<Utc>>().one(&self.db).await.during("looking for", "the next task")
        };
        let ready = earliest(TaskState::Ready, task::Column::RunAt).await?;
        let rescue = earliest(TaskState::Running, task::Column::LeaseUntil).await?;
        Ok(ready.into_iter().chain(rescue).min())
    }

    /// The task with that id.
    pub async fn task(&self, id: Uuid) -> Result<Option<TaskRecord>, StoreError> {
        let row = task::Entity::find_by_id(id).one(&self.db).await.during("reading task", id)?;
        row.map(task_record).transpose()
    }
}

/// The next task to hand out.
fn claimable(backend: DbBackend, wanted: Wanted<'_>, now: DateTime<Utc>) -> SelectStatement {
    use task::Column::{CreatedAt, Id, Kind, LeaseUntil, OwnerId, Place, Priority, ProjectId, RunAt, State};
    let running = task::Column::State.eq(TaskState::Running.name());
    let mut busy = Query::select();
    busy.column(OwnerId).expr_as(Expr::col(Id).count(), "tasks").from(task::Entity);
    busy.and_where(running.clone()).and_where(LeaseUntil.gte(now)).group_by_col(OwnerId);
    let due = Condition::all().add(State.eq(TaskState::Ready.name())).add(RunAt.lte(now));
    let lost = Condition::all().add(running).add(LeaseUntil.lt(now));
    let mut next = Query::select();
    next.column((task::Entity, Id))
        .from(task::Entity)
        .join_subquery(JoinType::LeftJoin, busy, "busy", Expr::col(("busy", OwnerId)).equals((task::Entity, OwnerId)))
        .and_where(Kind.is_in(wanted.kinds.iter().map(|kind| kind.name())))
        .cond_where(Condition::any().add(due).add(lost))
        .order_by_expr(Func::coalesce([Expr::col(("busy", "tasks")), Expr::value(0_i64)]).into(), Order::Asc)
        .order_by((task::Entity, Priority), Order::Desc);
    if let Some(project) = wanted.project {
        next.and_where(ProjectId.eq(project));
    }
    for column in [RunAt, CreatedAt, Place, Id] {
        next.order_by((task::Entity, column), Order::Asc);
    }
    next.limit(1);
    if backend == DbBackend::Postgres {
        next.lock_with_tables_behavior(LockType::Update, [task::Entity], LockBehavior::SkipLocked);
    }
    next
}

fn task_record(row: task::Model) -> Result<TaskRecord, StoreError> {
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

fn target(row: &task::Model) -> Result<Target, StoreError> {
    let kind = TaskKind::from_name(&row.kind).ok_or_else(|| unknown(row, "kind", &row.kind))?;
    Ok(Target { kind, subject: row.subject, generation: row.generation })
}

fn unknown(row: &task::Model, field: &str, word: &str) -> StoreError {
    StoreError::Unreadable { what: format!("task {}", row.id), problem: format!("{field}: nothing is called `{word}`") }
}
