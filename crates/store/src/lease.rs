//! What the holder of a lease may do: report, keep the lease, finish, give back. Whoever has lost it changes nothing.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use model::task::{Failure, Product, Target};
use model::trace::TraceParent;
use model::workflow::Input;
use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait, QueryFilter, QuerySelect,
    UpdateMany,
};
use uuid::Uuid;

use crate::apply::{Report, change, change_all};
use crate::claim::free;
use crate::entity::{project, task};
use crate::error::During;
use crate::load::{self, CHUNK};
use crate::task::TaskState;
use crate::transaction::stored;
use crate::usage::end_reservations;
use crate::{ApplyError, Store, StoreError, queue};

/// A worker's right to carry out a task. It holds for one attempt, until the lease ends or the task is cancelled.
#[derive(Debug, Clone, PartialEq)]
pub struct Lease {
    /// Which task.
    pub task: Uuid,
    /// Of which project.
    pub project: Uuid,
    /// The user whose project that is.
    pub owner: Uuid,
    /// Which request it serves.
    pub target: Target,
    /// From 1; also counts the tries whose worker died.
    pub attempt: i32,
    /// Who holds the lease.
    pub worker: String,
    /// The vendor's own id of work that an earlier attempt has begun.
    pub vendor_ref: Option<String>,
    /// The span of the request that wanted the task; what follows from its end belongs to the same.
    pub trace: Option<TraceParent>,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It is made.
    Done(Product),
    /// It failed; whether it is tried again follows from the class and the attempt.
    Failed {
        /// Why.
        failure: Failure,
        /// 0 to 1; spreads the next try.
        jitter: f64,
    },
    /// It would cost more than a budget has left: the project pauses.
    OverBudget {
        /// A sentence for the user.
        reason: String,
    },
}

impl Store {
    /// Reports that the work begins; `false` when nobody wants it any more or the lease is lost.
    pub async fn start(&self, lease: &Lease, now: DateTime<Utc>) -> Result<bool, StoreError> {
        self.report(lease, Input::Started(lease.target), now).await
    }

    /// Extends the lease; `false` when it is lost or the task was cancelled: stop working.
    pub async fn heartbeat(&self, lease: &Lease, until: DateTime<Utc>) -> Result<bool, StoreError> {
        self.update_held(lease, [(task::Column::LeaseUntil, Expr::value(stored(until)))]).await
    }

    /// Reports how far a render has got (0 to 1); `false` when the lease is lost or nobody wants it any more.
    pub async fn progress(&self, lease: &Lease, fraction: f64, now: DateTime<Utc>) -> Result<bool, StoreError> {
        self.report(lease, Input::Progressed(lease.target, fraction), now).await
    }

    /// Ends the attempt; `false` when the lease is lost or nobody wants the result any more, and then nothing lands.
    pub async fn finish(&self, lease: &Lease, outcome: Outcome, now: DateTime<Utc>) -> Result<bool, ApplyError> {
        let landed = self.finish_all(&[(lease.clone(), outcome)], now).await?;
        Ok(landed == [true])
    }

    /// Ends several attempts in one transaction: all end, or on an error none does. Answers for each whether it landed, as
    /// [`Self::finish`] does.
    pub async fn finish_all(&self, ended: &[(Lease, Outcome)], now: DateTime<Utc>) -> Result<Vec<bool>, ApplyError> {
        let now = stored(now);
        let what = ended.first().map(|(lease, _)| lease.task).unwrap_or_default();
        let write = self.write().await.during("finishing task", what)?;
        let projects: BTreeSet<Uuid> = ended.iter().map(|(lease, _)| lease.project).collect();
        let rows = load::lock_all(&write.txn, &projects).await.during("finishing task", what)?;
        let held = held_of(&write.txn, ended.iter().map(|(lease, _)| lease)).await.during("finishing task", what)?;
        let mut landed = vec![false; ended.len()];
        let (places, reports): (Vec<usize>, Vec<Report>) =
            ended.iter().enumerate().filter(|(_, (lease, _))| held.contains(&(lease.task, lease.attempt))).map(report_of).unzip();
        if reports.is_empty() {
            return Ok(landed);
        }
        let held_ends = ended.iter().filter(|(lease, _)| held.contains(&(lease.task, lease.attempt)));
        end_reservations(&write.txn, held_ends, now).await.during("settling task", what)?;
        let changed: BTreeSet<Uuid> = reports.iter().map(|report| report.project).collect();
        let rows = rows.into_iter().filter(|row| changed.contains(&row.id)).collect();
        let verdicts = change_all(&write.txn, rows, reports, now).await?.verdicts;
        let mut ends: HashMap<TaskState, Vec<Uuid>> = HashMap::new();
        for (place, verdict) in places.into_iter().zip(verdicts) {
            let (lease, outcome) = &ended[place];
            // Its project was locked with it, so there is a verdict.
            let Some(verdict) = verdict else { continue };
            landed[place] = !verdict.stale;
            match outcome {
                Outcome::Failed { failure, .. } if !verdict.stale => {
                    end_failed(&write.txn, lease.task, &failure.message, verdict.retry, now).await
                }
                _ => {
                    let unwanted = verdict.stale || matches!(outcome, Outcome::OverBudget { .. });
                    let state = if unwanted { TaskState::Cancelled } else { TaskState::Done };
                    ends.entry(state).or_default().push(lease.task);
                    Ok(())
                }
            }
            .during("finishing task", lease.task)?;
        }
        for (state, tasks) in ends {
            let ended = end(state, now).col_expr(task::Column::LastError, Expr::value(None::<String>));
            let ended = ended.filter(task::Column::Id.is_in(load::padded(tasks))).exec(&write.txn).await;
            ended.during("finishing task", what)?;
        }
        let changed: Vec<Uuid> = changed.into_iter().collect();
        write.commit_changed(&changed).await.during("finishing task", what)?;
        Ok(landed)
    }

    /// Reports the begin of tasks whose projects were busy when they were claimed; answers those that it worked for.
    pub(crate) async fn start_late(&self, leases: &[&Lease], now: DateTime<Utc>) -> Result<HashSet<Uuid>, ApplyError> {
        let write = self.write().await.during("starting", "tasks")?;
        let projects: BTreeSet<Uuid> = leases.iter().map(|lease| lease.project).collect();
        let rows = load::lock_all(&write.txn, &projects).await.during("starting", "tasks")?;
        let held = held_of(&write.txn, leases.iter().copied()).await.during("starting", "tasks")?;
        let begun: Vec<&Lease> = leases.iter().copied().filter(|lease| held.contains(&(lease.task, lease.attempt))).collect();
        let started = start_locked(&write.txn, rows, &begun, now).await?;
        let projects: Vec<Uuid> = projects.into_iter().collect();
        write.commit_changed(&projects).await.during("starting", "tasks")?;
        Ok(started)
    }

    /// Puts the task back as if it had not been claimed: for a clean stop. `false` when the lease is lost.
    pub async fn give_back(&self, lease: &Lease, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let back = free(queue::head_expr())
            .col_expr(task::Column::RunAt, Expr::value(stored(now)))
            .col_expr(task::Column::Attempt, Expr::value(lease.attempt - 1));
        self.put_back(back, &[lease]).await.map(|count| count == 1)
    }

    /// Puts several tasks back, all of one worker; answers how many. Otherwise like [`Self::give_back`].
    pub async fn give_back_all(&self, leases: &[&Lease], now: DateTime<Utc>) -> Result<u64, StoreError> {
        let back = free(queue::head_expr())
            .col_expr(task::Column::RunAt, Expr::value(stored(now)))
            .col_expr(task::Column::Attempt, Expr::col(task::Column::Attempt).sub(1));
        self.put_back(back, leases).await
    }

    /// Puts the task back until then, without counting the attempt. `false` when the lease is lost.
    pub async fn postpone(&self, lease: &Lease, until: DateTime<Utc>) -> Result<bool, StoreError> {
        let back = free(Expr::value(None::<i64>))
            .col_expr(task::Column::RunAt, Expr::value(stored(until)))
            .col_expr(task::Column::Attempt, Expr::value(lease.attempt - 1));
        self.put_back(back, &[lease]).await.map(|count| count == 1)
    }

    async fn put_back(&self, back: UpdateMany<task::Entity>, leases: &[&Lease]) -> Result<u64, StoreError> {
        let given = async {
            let write = self.write().await?;
            let mut count = 0;
            for some in leases.chunks(CHUNK) {
                let any = some.iter().fold(Condition::any(), |any, lease| any.add(held(lease)));
                count += back.clone().filter(any).exec(&write.txn).await?.rows_affected;
            }
            write.commit_tasks().await?;
            Ok(count)
        };
        given.await.during("putting back", format!("{} tasks", leases.len()))
    }

    /// Extends the leases of several tasks; answers which of them are still held. The others are lost or cancelled.
    pub async fn heartbeat_all(&self, leases: &[Lease], until: DateTime<Utc>) -> Result<HashSet<Uuid>, StoreError> {
        let mut kept = HashSet::new();
        for some in leases.chunks(CHUNK) {
            let any = some.iter().fold(Condition::any(), |any, lease| any.add(held(lease)));
            let update = task::Entity::update_many().col_expr(task::Column::LeaseUntil, Expr::value(stored(until)));
            // The ids say nothing new, but are what the index knows.
            let update = update.filter(task::Column::Id.is_in(some.iter().map(|lease| lease.task))).filter(any);
            let rows = update.exec_with_returning(&self.db).await.during("holding", format!("{} tasks", some.len()))?;
            kept.extend(rows.into_iter().map(|row| row.id));
        }
        Ok(kept)
    }

    /// Stores the vendor's own id of the work, so that the next attempt asks for the result and does not buy again.
    /// `false` when the lease is lost.
    pub async fn set_vendor_ref(&self, lease: &Lease, vendor_ref: &str) -> Result<bool, StoreError> {
        self.update_held(lease, [(task::Column::VendorRef, Expr::value(vendor_ref))]).await
    }

    /// Applies a report of the lease's holder.
    async fn report(&self, lease: &Lease, input: Input, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let write = self.write().await.during("reporting on task", lease.task)?;
        let held = hold(&write.txn, lease).await.during("reporting on task", lease.task)?;
        let Some(project) = held else { return Ok(false) };
        let stale = match change(&write.txn, project, (input, lease.trace), stored(now)).await {
            Ok(change) => change.stale,
            Err(ApplyError::Store(error)) => return Err(error),
            // The state machine takes every report.
            Err(ApplyError::NotFound | ApplyError::Rejected(_)) => return Ok(false),
        };
        write.commit_changed(&[lease.project]).await.during("reporting on task", lease.task)?;
        Ok(!stale)
    }

    /// Sets columns of the task if the lease still holds.
    async fn update_held(
        &self,
        lease: &Lease,
        columns: impl IntoIterator<Item = (task::Column, SimpleExpr)>,
    ) -> Result<bool, StoreError> {
        let mut update = task::Entity::update_many().filter(held(lease));
        for (column, value) in columns {
            update = update.col_expr(column, value);
        }
        let updated = update.exec(&self.db).await.during("holding task", lease.task)?;
        Ok(updated.rows_affected == 1)
    }
}

/// That the lease still holds: same task, same attempt, same worker, still running.
pub fn held(lease: &Lease) -> Condition {
    Condition::all()
        .add(task::Column::Id.eq(lease.task))
        .add(task::Column::Attempt.eq(lease.attempt))
        .add(task::Column::LeaseOwner.eq(lease.worker.as_str()))
        .add(task::Column::State.eq(TaskState::Running.name()))
}

/// Locks project and task, in this order as everywhere; `None` when the lease is lost.
pub async fn hold(txn: &DatabaseTransaction, lease: &Lease) -> Result<Option<project::Model>, DbErr> {
    let Some(project) = load::lock(txn, lease.project).await? else { return Ok(None) };
    let held = held_of(txn, [lease].into_iter()).await?;
    Ok(held.contains(&(lease.task, lease.attempt)).then_some(project))
}

/// Locks the tasks whose leases still hold, and answers which those are, with their attempts. Their projects must be locked already.
async fn held_of(txn: &DatabaseTransaction, leases: impl Iterator<Item = &Lease>) -> Result<HashSet<(Uuid, i32)>, DbErr> {
    let leases: Vec<&Lease> = leases.collect();
    let mut found = HashSet::new();
    for some in leases.chunks(CHUNK) {
        use task::Column::{Attempt, Id, LeaseOwner, State};
        let find = task::Entity::find().select_only().columns([Id, Attempt, LeaseOwner, State]);
        let find = find.filter(Id.is_in(load::padded(some.iter().map(|lease| lease.task))));
        let find = if txn.get_database_backend() == DbBackend::Postgres { find.lock_exclusive() } else { find };
        let rows: Vec<(Uuid, i32, Option<String>, String)> = find.into_tuple().all(txn).await?;
        found.extend(rows.into_iter().filter_map(|(id, attempt, worker, state)| {
            let running = state == TaskState::Running.name();
            let mut holders = some.iter().filter(|lease| lease.task == id);
            let held = holders.any(|lease| lease.attempt == attempt && Some(&lease.worker) == worker.as_ref());
            (running && held).then_some((id, attempt))
        }));
    }
    Ok(found)
}

/// The report that an outcome makes, with its place.
fn report_of((place, (lease, outcome)): (usize, &(Lease, Outcome))) -> (usize, Report) {
    let input = match outcome.clone() {
        Outcome::Done(product) => Input::Finished(lease.target, product),
        Outcome::OverBudget { reason } => Input::HitBudget { target: lease.target, reason },
        Outcome::Failed { failure, jitter } => Input::Failed { target: lease.target, attempt: lease.attempt, failure, jitter },
    };
    (place, Report { project: lease.project, input, own: Some(lease.task), cause: lease.trace })
}

/// Ends running tasks for good.
fn end(state: TaskState, now: DateTime<Utc>) -> UpdateMany<task::Entity> {
    task::Entity::update_many()
        .col_expr(task::Column::State, Expr::value(state.name()))
        .col_expr(task::Column::Vendor, Expr::value(None::<String>))
        .col_expr(task::Column::Making, Expr::value(None::<String>))
        .col_expr(task::Column::LeaseOwner, Expr::value(None::<String>))
        .col_expr(task::Column::LeaseUntil, Expr::value(None::<DateTime<Utc>>))
        .col_expr(task::Column::FinishedAt, Expr::value(now))
}

/// Ends an attempt that failed: the task waits for the next one, or has failed for good.
async fn end_failed(
    txn: &DatabaseTransaction,
    task: Uuid,
    error: &str,
    retry: Option<Duration>,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let update = match retry.map(|wait| chrono::Duration::from_std(wait).unwrap_or_default()) {
        Some(wait) => free(Expr::value(None::<i64>)).col_expr(task::Column::RunAt, Expr::value(now + wait)),
        None => end(TaskState::Failed, now),
    };
    update.col_expr(task::Column::LastError, Expr::value(error)).filter(task::Column::Id.eq(task)).exec(txn).await?;
    Ok(())
}

/// Reports the begin of tasks that were claimed in the same transaction; answers those that it worked for.
///
/// A project that is locked is left out and its tasks are reported later: everybody else locks projects before tasks, so
/// waiting for one with tasks in hand could wait for ever.
pub async fn start_free(txn: &DatabaseTransaction, leases: &[&Lease], now: DateTime<Utc>) -> Result<HashSet<Uuid>, ApplyError> {
    if leases.is_empty() {
        return Ok(HashSet::new());
    }
    let ids: BTreeSet<Uuid> = leases.iter().map(|lease| lease.project).collect();
    let rows = load::lock_free(txn, &ids).await.during("starting", "tasks")?;
    let locked: HashSet<Uuid> = rows.iter().map(|row| row.id).collect();
    let begun: Vec<&Lease> = leases.iter().copied().filter(|lease| locked.contains(&lease.project)).collect();
    start_locked(txn, rows, &begun, now).await
}

/// Reports the begin of tasks to their locked projects; answers those that it worked for.
async fn start_locked(
    txn: &DatabaseTransaction,
    rows: Vec<project::Model>,
    leases: &[&Lease],
    now: DateTime<Utc>,
) -> Result<HashSet<Uuid>, ApplyError> {
    let report =
        |lease: &&Lease| Report { project: lease.project, input: Input::Started(lease.target), own: None, cause: lease.trace };
    let verdicts = change_all(txn, rows, leases.iter().map(report).collect(), now).await?.verdicts;
    let started = leases.iter().zip(verdicts).filter(|(_, verdict)| verdict.is_some_and(|verdict| !verdict.stale));
    Ok(started.map(|(lease, _)| lease.task).collect())
}
