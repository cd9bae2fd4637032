//! Handing tasks out under a lease, and putting those in line whose time has come or whose worker died.
//!
//! Each task that can be begun has a turn; a claim takes the smallest ones of its lane from an index, so that its cost does
//! not grow with the queue. Which turn a task gets is decided in `queue`.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use model::task::TaskKind;
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, Select,
};
use uuid::Uuid;

use crate::entity::task;
use crate::error::During;
use crate::lane::Lane;
use crate::task::{TaskState, target};
use crate::transaction::stored;
use crate::{ApplyError, Lease, Store, StoreError, lease, load, queue};

/// Due tasks that one claim puts in line; the next claims go on.
const DUE_AT_ONCE: u64 = 100;
/// Claims within so many milliseconds don't look for due tasks again.
const DUE_EVERY: i64 = 100;

/// Which tasks a worker takes.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// These kinds.
    pub kinds: &'a [TaskKind],
    /// Of this project only, if one is named.
    pub project: Option<Uuid>,
    /// Not those of these users and kinds: their limits are reached.
    pub blocked: &'a [(Uuid, TaskKind)],
}

impl<'a> From<&'a [TaskKind]> for Wanted<'a> {
    fn from(kinds: &'a [TaskKind]) -> Self {
        Self { kinds, project: None, blocked: &[] }
    }
}

impl<'a, const N: usize> From<&'a [TaskKind; N]> for Wanted<'a> {
    fn from(kinds: &'a [TaskKind; N]) -> Self {
        Self::from(kinds.as_slice())
    }
}

/// A task that was handed out.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    /// The right to carry it out.
    pub lease: Lease,
    /// Its begin is reported already. Otherwise report it by [`Store::start`]; it may no longer be wanted.
    pub begun: bool,
}

impl Store {
    /// Hands out the next wanted task under a lease, if there is one.
    ///
    /// Users take turns; among the tasks of a turn higher priority goes first, then what has waited longer. A task whose
    /// lease has ended is handed out again.
    pub async fn claim(
        &self,
        worker: &str,
        wanted: impl Into<Wanted<'_>>,
        now: DateTime<Utc>,
        lease: chrono::Duration,
    ) -> Result<Option<Lease>, StoreError> {
        let claimed = async {
            let write = self.write().await?;
            let rows = claim(&write.txn, self, worker, &wanted.into(), (1, stored(now), lease)).await?;
            write.commit().await?;
            Ok(rows)
        };
        let rows = claimed.await.during("claiming a task for", worker)?;
        rows.into_iter().next().map(|row| lease_of(row, worker)).transpose()
    }

    /// Hands out up to `most` tasks and reports their begin, all in one transaction; otherwise like [`Self::claim`].
    pub async fn claim_and_start(
        &self,
        worker: &str,
        wanted: impl Into<Wanted<'_>>,
        most: usize,
        now: DateTime<Utc>,
        lease: chrono::Duration,
    ) -> Result<Vec<Claimed>, StoreError> {
        let (now, wanted) = (stored(now), wanted.into());
        let write = self.write().await.during("claiming tasks for", worker)?;
        let rows = claim(&write.txn, self, worker, &wanted, (most as u64, now, lease)).await;
        let rows = rows.during("claiming tasks for", worker)?;
        let leases = rows.into_iter().map(|row| lease_of(row, worker)).collect::<Result<Vec<_>, _>>()?;
        let beginning: Vec<&Lease> = leases.iter().collect();
        let mut begun = match lease::start_free(&write.txn, &beginning, now).await {
            Ok(begun) => begun,
            Err(ApplyError::Store(error)) => return Err(error),
            // The state machine takes every report; whoever gets the task finds out.
            Err(ApplyError::NotFound | ApplyError::Rejected(_)) => HashSet::new(),
        };
        let changed: BTreeSet<Uuid> =
            leases.iter().filter(|lease| begun.contains(&lease.task)).map(|lease| lease.project).collect();
        let changed: Vec<Uuid> = changed.into_iter().collect();
        write.commit_changed(&changed).await.during("claiming tasks for", worker)?;
        let late: Vec<&Lease> = beginning.into_iter().filter(|lease| !begun.contains(&lease.task)).collect();
        // What goes wrong here is not lost: whoever gets the tasks reports their begin.
        if !late.is_empty()
            && let Ok(started) = self.start_late(&late, now).await
        {
            begun.extend(started);
        }
        Ok(leases.into_iter().map(|lease| Claimed { begun: begun.contains(&lease.task), lease }).collect())
    }

    /// When there may be something to claim next: the earliest `run_at` or end of a lease.
    pub async fn next_run_at(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let earliest = async |wanted: Select<task::Entity>, column: task::Column| {
            let first = wanted.select_only().column(column).order_by_asc(column);
            first.into_tuple::<DateTime<Utc>>().one(&self.db).await.during("looking for", "the next task")
        };
        let mut ready = Vec::new();
        for lane in Lane::ALL {
            let head = task::Entity::find().filter(task::Column::Lane.eq(lane.number())).filter(task::Column::Turn.is_not_null());
            ready.extend(earliest(head.order_by_asc(task::Column::Turn), task::Column::RunAt).await?);
        }
        let waits = earliest(task::Entity::find().filter(waiting()), task::Column::RunAt).await?;
        let held = task::Entity::find().filter(task::Column::LeaseUntil.is_not_null());
        let rescue = earliest(held, task::Column::LeaseUntil).await?;
        Ok(ready.into_iter().chain(waits).chain(rescue).min())
    }
}

/// Claims in an open transaction: `most` tasks at `now` for so long. Answers their rows as they are afterwards.
async fn claim(
    txn: &impl ConnectionTrait,
    store: &Store,
    worker: &str,
    wanted: &Wanted<'_>,
    (most, now, lease): (u64, DateTime<Utc>, chrono::Duration),
) -> Result<Vec<task::Model>, DbErr> {
    if wanted.kinds.is_empty() || most == 0 {
        return Ok(Vec::new());
    }
    if txn.get_database_backend() == DbBackend::Postgres {
        // Statistics from when the queue was short, or none, make PostgreSQL sort the whole queue rather than read the index.
        // Where it has to sort, it now believes that to be so dear that it would compile the query (JIT) for 80 ms.
        txn.execute_unprepared("SET LOCAL enable_sort = off; SET LOCAL jit = off").await?;
    }
    if store.looks_for_due(now) {
        put_due_in_line(txn, now).await?;
    }
    let mut rows = Vec::new();
    for lane in Lane::ALL {
        let kinds: Vec<&str> = wanted.kinds.iter().filter(|kind| Lane::of(**kind) == lane).map(|kind| kind.name()).collect();
        if !kinds.is_empty() && (rows.len() as u64) < most {
            let next = next_in_line(txn.get_database_backend(), (lane, &kinds), wanted, now).limit(most - rows.len() as u64);
            rows.extend(next.all(txn).await?);
        }
    }
    for some in rows.chunks(load::CHUNK) {
        task::Entity::update_many()
            .col_expr(task::Column::State, Expr::value(TaskState::Running.name()))
            .col_expr(task::Column::Turn, Expr::value(None::<i64>))
            .col_expr(task::Column::LeaseOwner, Expr::value(worker))
            .col_expr(task::Column::LeaseUntil, Expr::value(now + lease))
            .col_expr(task::Column::Attempt, Expr::col(task::Column::Attempt).add(1))
            .filter(task::Column::Id.is_in(load::padded(some.iter().map(|row| row.id))))
            .exec(txn)
            .await?;
    }
    for row in &mut rows {
        row.attempt += 1;
    }
    Ok(rows)
}

/// Tasks of one lane in the order in which they are handed out.
fn next_in_line(
    backend: DbBackend,
    (lane, kinds): (Lane, &[&str]),
    wanted: &Wanted<'_>,
    now: DateTime<Utc>,
) -> Select<task::Entity> {
    use task::Column::{CreatedAt, Kind, OwnerId, Place, Priority, ProjectId, RunAt, State, Turn};
    let mut next = task::Entity::find().filter(task::Column::Lane.eq(lane.number())).filter(Turn.is_not_null());
    next = next.filter(Kind.is_in(kinds.iter().copied())).filter(RunAt.lte(now));
    if let Some(project) = wanted.project {
        // The state says no more than the turn does, but is in the index over projects.
        next = next.filter(ProjectId.eq(project)).filter(State.eq(TaskState::Ready.name()));
    }
    for (owner, kind) in wanted.blocked {
        next = next.filter(Condition::any().add(OwnerId.ne(*owner)).add(Kind.ne(kind.name())));
    }
    for (column, order) in [(Turn, Order::Asc), (Priority, Order::Desc), (CreatedAt, Order::Asc), (Place, Order::Asc)] {
        next = next.order_by(column, order);
    }
    skip_locked(backend, next)
}

/// Puts tasks in line that waited for a later moment, or whose lease has ended.
async fn put_due_in_line(txn: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<(), DbErr> {
    let due = task::Entity::find().filter(waiting().add(task::Column::RunAt.lte(now))).order_by_asc(task::Column::RunAt);
    let lost = task::Entity::find().filter(task::Column::LeaseUntil.lt(now)).order_by_asc(task::Column::LeaseUntil);
    let mut rows = Vec::new();
    // One after the other, so that each is read from its index.
    for find in [due, lost] {
        rows.extend(skip_locked(txn.get_database_backend(), find.limit(DUE_AT_ONCE)).all(txn).await?);
    }
    // The heads of the lines, and how many tasks each user has got in line again by this.
    let mut heads: HashMap<i32, i64> = HashMap::new();
    let mut back: HashMap<(Uuid, i32), i64> = HashMap::new();
    let mut turns: BTreeMap<i64, Vec<Uuid>> = BTreeMap::new();
    for row in rows {
        let head = match heads.get(&row.lane) {
            Some(head) => *head,
            None => queue::head(txn, row.lane).await?,
        };
        heads.insert(row.lane, head);
        // Not at the end of its user's line: it has stood there before. But one after the other, so that many of one user
        // don't stand before everybody else.
        let place = back.entry((row.owner_id, row.lane)).or_default();
        turns.entry(head + *place).or_default().push(row.id);
        *place += 1;
    }
    for (turn, ids) in turns {
        free(Expr::value(turn)).filter(task::Column::Id.is_in(ids)).exec(txn).await?;
    }
    Ok(())
}

/// Makes running or waiting tasks ready, at that turn.
pub fn free(turn: Expr) -> sea_orm::UpdateMany<task::Entity> {
    task::Entity::update_many()
        .col_expr(task::Column::State, Expr::value(TaskState::Ready.name()))
        .col_expr(task::Column::Turn, turn)
        .col_expr(task::Column::Vendor, Expr::value(None::<String>))
        .col_expr(task::Column::Making, Expr::value(None::<String>))
        .col_expr(task::Column::LeaseOwner, Expr::value(None::<String>))
        .col_expr(task::Column::LeaseUntil, Expr::value(None::<DateTime<Utc>>))
}

/// That a task is ready but not in line: its time has not come.
fn waiting() -> Condition {
    Condition::all()
        .add(task::Column::Turn.is_null())
        .add(task::Column::LeaseUntil.is_null())
        .add(task::Column::FinishedAt.is_null())
}

/// On PostgreSQL: locks the rows and leaves out those that somebody else has locked.
pub fn skip_locked<E: EntityTrait>(backend: DbBackend, find: Select<E>) -> Select<E> {
    match backend {
        DbBackend::Postgres => find.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked),
        _ => find,
    }
}

impl Store {
    /// Whether to look for due tasks again; asked before each claim.
    fn looks_for_due(&self, now: DateTime<Utc>) -> bool {
        use std::sync::atomic::Ordering;
        let (now, last) = (now.timestamp_millis(), self.due_at.load(Ordering::Relaxed));
        let looked = (last..last.saturating_add(DUE_EVERY)).contains(&now);
        if !looked {
            self.due_at.store(now, Ordering::Relaxed);
        }
        !looked
    }
}

fn lease_of(row: task::Model, worker: &str) -> Result<Lease, StoreError> {
    Ok(Lease {
        target: target(&row)?,
        task: row.id,
        project: row.project_id,
        owner: row.owner_id,
        attempt: row.attempt,
        worker: worker.to_owned(),
        vendor_ref: row.vendor_ref,
        trace: row.trace.and_then(|trace| trace.parse().ok()),
    })
}
