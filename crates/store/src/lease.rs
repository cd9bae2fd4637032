//! What the holder of a lease may do: report, keep the lease, finish, give back. Whoever has lost it changes nothing.

use chrono::{DateTime, Utc};
use model::task::{Failure, Product, Target};
use model::workflow::Input;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, SimpleExpr};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect,
};
use uuid::Uuid;

use crate::apply::change;
use crate::entity::{project, task};
use crate::error::During;
use crate::load;
use crate::task::TaskState;
use crate::transaction::stored;
use crate::usage::end_reservation;
use crate::{ApplyError, Store, StoreError};

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
        let now = stored(now);
        let write = self.write().await.during("finishing task", lease.task)?;
        let Some((project, task)) = hold(&write.txn, lease).await.during("finishing task", lease.task)? else {
            return Ok(false);
        };
        let made = match &outcome {
            Outcome::Done(product) => Ok(product),
            Outcome::Failed { failure, .. } => Err(failure.message.as_str()),
        };
        end_reservation(&write.txn, lease, made, now).await.during("settling task", lease.task)?;
        let (input, error) = match outcome {
            Outcome::Done(product) => (Input::Finished(lease.target, product), None),
            Outcome::Failed { failure, jitter } => {
                let error = Some(failure.message.clone());
                (Input::Failed { target: lease.target, attempt: lease.attempt, failure, jitter }, error)
            }
        };
        let change = change(&write.txn, project, input, Some(lease.task), now).await?;
        let state = match (&error, change.retry) {
            _ if change.stale => TaskState::Cancelled,
            (None, _) => TaskState::Done,
            (Some(_), Some(_)) => TaskState::Ready,
            (Some(_), None) => TaskState::Failed,
        };
        let mut row = task.into_active_model();
        row.state = Set(state.name().to_owned());
        row.lease_owner = Set(None);
        row.lease_until = Set(None);
        row.last_error = Set(error);
        if state == TaskState::Ready {
            let wait = change.retry.and_then(|wait| chrono::Duration::from_std(wait).ok());
            row.run_at = Set(now + wait.unwrap_or_default());
        } else {
            row.finished_at = Set(Some(now));
        }
        task::Entity::update(row).exec(&write.txn).await.during("finishing task", lease.task)?;
        write.commit().await.during("finishing task", lease.task)?;
        self.changed();
        Ok(!change.stale)
    }

    /// Puts the task back as if it had not been claimed: for a clean stop. `false` when the lease is lost.
    pub async fn give_back(&self, lease: &Lease, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let columns = [
            (task::Column::State, Expr::value(TaskState::Ready.name())),
            (task::Column::RunAt, Expr::value(stored(now))),
            (task::Column::Attempt, Expr::value(lease.attempt - 1)),
            (task::Column::LeaseOwner, Expr::value(None::<String>)),
            (task::Column::LeaseUntil, Expr::value(None::<DateTime<Utc>>)),
        ];
        let held = self.update_held(lease, columns).await?;
        self.changed();
        Ok(held)
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
        let Some((project, _)) = held else { return Ok(false) };
        let stale = match change(&write.txn, project, input, None, stored(now)).await {
            Ok(change) => change.stale,
            Err(ApplyError::Store(error)) => return Err(error),
            // The state machine takes every report.
            Err(ApplyError::NotFound | ApplyError::Rejected(_)) => return Ok(false),
        };
        write.commit().await.during("reporting on task", lease.task)?;
        self.changed();
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
fn held(lease: &Lease) -> Condition {
    Condition::all()
        .add(task::Column::Id.eq(lease.task))
        .add(task::Column::Attempt.eq(lease.attempt))
        .add(task::Column::LeaseOwner.eq(lease.worker.as_str()))
        .add(task::Column::State.eq(TaskState::Running.name()))
}

/// Locks project and task, in this order as everywhere; `None` when the lease is lost.
pub async fn hold(txn: &DatabaseTransaction, lease: &Lease) -> Result<Option<(project::Model, task::Model)>, DbErr> {
    let Some(project) = load::lock(txn, lease.project).await? else { return Ok(None) };
    let find = task::Entity::find().filter(held(lease));
    let find = if txn.get_database_backend() == DbBackend::Postgres { find.lock_exclusive() } else { find };
    Ok(find.one(txn).await?.map(|task| (project, task)))
}
