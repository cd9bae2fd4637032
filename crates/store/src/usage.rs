//! What vendors' work uses up: reserved before a call, settled or refunded after it, in the transaction that ends the task.
//!
//! A reservation belongs to one call. One that nobody ends (its process died) goes on with the task's next attempt; one whose
//! task was cancelled meanwhile counts as spent, because the vendor was asked. What users have and use is in `account`; the
//! rules are in `model::usage`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use model::question::Answer;
use model::task::{Failure, FailureClass, Product};
use model::usage::{Money, OverBudget, QuotaExceeded, Unit, Used};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder,
};
use uuid::Uuid;

use crate::account::{self, Account};
use crate::entity::usage;
use crate::error::During;
use crate::lease::{Outcome, hold};
use crate::load::CHUNK;
use crate::made;
use crate::transaction::stored;
use crate::{Lease, Made, Store, StoreError};

/// A vendor call that is about to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Who is asked.
    pub vendor: String,
    /// Which model.
    pub model: String,
    /// What is counted.
    pub unit: Unit,
    /// How many of it, as far as one can tell before.
    pub units: f64,
    /// What it is estimated to cost; `None` when nobody knows the price.
    pub cost: Option<Money>,
    /// Whether it counts against the user's allowance: not with a key of the user's own.
    pub counts: bool,
}

/// What becomes of a wish to call a vendor.
#[derive(Debug, Clone, PartialEq)]
pub enum Reservation {
    /// Go on.
    Made,
    /// The allowance is used up.
    Quota(QuotaExceeded),
    /// A budget is used up.
    Budget(OverBudget),
    /// The lease is lost: don't call.
    Lost,
}

/// Where a line of the ledger stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsageState {
    /// The call is being made, or its end is not known.
    Reserved,
    /// It was made.
    Settled,
    /// It failed and counts for nothing.
    Refunded,
}

impl UsageState {
    /// The name in the database and on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Settled => "settled",
            Self::Refunded => "refunded",
        }
    }
}

impl Store {
    /// Reserves what a vendor call will use, if allowance and budgets have room for it. Asked again for the same task, vendor
    /// and model, after its process died, it changes nothing. A reservation for another vendor, left by such a process, is
    /// settled: that call may have been made.
    pub async fn reserve(&self, lease: &Lease, call: &Call, now: DateTime<Utc>) -> Result<Reservation, StoreError> {
        let during = || format!("for task {}", lease.task);
        let write = self.write().await.during("reserving", during())?;
        let Some(project) = hold(&write.txn, lease).await.during("reserving", during())? else {
            return Ok(Reservation::Lost);
        };
        if let Some(left) = reserved(&write.txn, lease.task).await.during("reserving", during())? {
            if (&left.vendor, &left.model) == (&call.vendor, &call.model) {
                return Ok(Reservation::Made);
            }
            // As many units as were reserved, so that nothing changes for the account.
            let end = End::Unknown("the program ended before the answer came; the call may have been made");
            end_reservation(&write.txn, left, end, stored(now)).await.during("reserving", during())?;
        }
        let account = Account::lock(&write.txn, lease.owner, now).await?;
        let reservation = match account.room_for(&project, call) {
            Err(full) => full,
            Ok(()) => {
                let row = ledger_row(&write.txn, lease, call, now).await.during("reserving", during())?;
                insert(&write.txn, row).await.during("reserving", during())?;
                Reservation::Made
            }
        };
        write.commit().await.during("reserving", during())?;
        Ok(reservation)
    }

    /// Remembers what one call of a task has made and settles the call at so many units, in one transaction: the task goes on
    /// with other calls. It is remembered even where the lease is lost.
    pub async fn remember_call(
        &self,
        lease: &Lease,
        (request_hash, made): (&str, &Made),
        units: f64,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let during = || format!("a call of task {}", lease.task);
        let write = self.write().await.during("settling", during())?;
        let held = hold(&write.txn, lease).await.during("settling", during())?.is_some();
        let row = if held { reserved(&write.txn, lease.task).await.during("settling", during())? } else { None };
        if let Some(row) = row {
            end_reservation(&write.txn, row, End::Made(Some(units)), stored(now)).await.during("settling", during())?;
        }
        made::remember(&write.txn, request_hash, made, now).await?;
        write.commit().await.during("settling", during())
    }

    /// Gives back what a call that came to nothing had reserved, while its task goes on with another vendor. `false` when the
    /// lease is lost.
    pub async fn refund(&self, lease: &Lease, failure: Failure, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let refunded = async {
            let write = self.write().await?;
            if hold(&write.txn, lease).await?.is_none() {
                return Ok(false);
            }
            if let Some(row) = reserved(&write.txn, lease.task).await? {
                end_reservation(&write.txn, row, End::of_failure(&failure), stored(now)).await?;
            }
            write.commit().await?;
            Ok(true)
        };
        refunded.await.during("giving back what was reserved for task", lease.task)
    }
}

/// Ends the reservations of these tasks in the transaction that ends the tasks: what was made is settled at what it really
/// took, what failed is given back.
pub async fn end_reservations(
    txn: &DatabaseTransaction,
    ended: impl Iterator<Item = &(Lease, Outcome)>,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let ended: HashMap<Uuid, &Outcome> = ended.map(|(lease, outcome)| (lease.task, outcome)).collect();
    let tasks: Vec<Uuid> = ended.keys().copied().collect();
    let mut rows = Vec::new();
    for some in tasks.chunks(CHUNK) {
        let of_tasks = usage::Entity::find()
            .filter(usage::Column::TaskId.is_in(some.iter().copied()))
            .filter(usage::Column::State.eq(UsageState::Reserved.name()));
        rows.extend(of_tasks.all(txn).await?);
    }
    // Everybody locks users in the same order, so that nobody waits for ever.
    rows.sort_by_key(|row| row.owner_id);
    for row in rows {
        let end = End::of(ended[&row.task_id], &row.unit);
        end_reservation(txn, row, end, now).await?;
    }
    Ok(())
}

/// What became of a call.
enum End<'a> {
    /// It was made, and used so many units; where that is not measured, as many as were reserved.
    Made(Option<f64>),
    /// It may have been made and charged.
    Unknown(&'a str),
    /// It came to nothing.
    Refunded(Option<&'a str>),
}

impl<'a> End<'a> {
    fn of(outcome: &'a Outcome, unit: &str) -> Self {
        match outcome {
            Outcome::Done(Product::Speech { seconds, .. }) if unit == Unit::SpeechSecond.name() => Self::Made(Some(*seconds)),
            Outcome::Done(Product::Answer(Answer::Speech { seconds, .. })) if unit == Unit::SpeechSecond.name() => {
                Self::Made(Some(*seconds))
            }
            Outcome::Done(_) => Self::Made(None),
            Outcome::Failed { failure, .. } => Self::of_failure(failure),
            Outcome::OverBudget { .. } => Self::Refunded(None),
        }
    }

    fn of_failure(failure: &'a Failure) -> Self {
        match failure.class {
            FailureClass::Unknown => Self::Unknown(&failure.message),
            _ => Self::Refunded(Some(&failure.message)),
        }
    }
}

async fn end_reservation(txn: &DatabaseTransaction, before: usage::Model, end: End<'_>, now: DateTime<Utc>) -> Result<(), DbErr> {
    let (state, units, error) = match end {
        End::Made(units) => (UsageState::Settled, units.unwrap_or(before.units), None),
        End::Unknown(error) => (UsageState::Settled, before.units, Some(error)),
        End::Refunded(error) => (UsageState::Refunded, before.units, error),
    };
    let factor = if before.units > 0.0 { units / before.units } else { 1.0 };
    let cost = before.cost_micros.map(|cost| Money(cost).times(factor).0);
    let after = usage::Model {
        state: state.name().to_owned(),
        units,
        cost_micros: cost,
        error: error.map(str::to_owned),
        settled_at: Some(now),
        ..before.clone()
    };
    let used = if state == UsageState::Settled { counted(&after) } else { Used::default() };
    let difference = used.minus(counted(&before));
    usage::Entity::update(after.into_active_model().reset_all()).exec(txn).await?;
    account::lock_user(txn, before.owner_id).await?;
    // It counts in the periods in which it was reserved.
    account::count(txn, before.owner_id, before.created_at, difference).await?;
    account::spend(txn, before.project_id, difference.cost).await
}

/// Writes a new reservation, and counts it. The user's row must be locked.
async fn insert(txn: &DatabaseTransaction, row: usage::Model) -> Result<(), DbErr> {
    let used = counted(&row);
    account::count(txn, row.owner_id, row.created_at, used).await?;
    account::spend(txn, row.project_id, used.cost).await?;
    usage::Entity::insert(row.into_active_model()).exec_without_returning(txn).await?;
    Ok(())
}

/// What a line of the ledger uses.
fn counted(row: &usage::Model) -> Used {
    let cost = Money(row.cost_micros.unwrap_or_default());
    match Unit::from_name(&row.unit) {
        Some(unit) if row.counts => Used::of(unit, row.units, cost),
        _ => Used { cost, ..Used::default() },
    }
}

/// The task's reservation that has not ended.
async fn reserved(txn: &impl ConnectionTrait, task: Uuid) -> Result<Option<usage::Model>, DbErr> {
    let rows = usage::Entity::find()
        .filter(usage::Column::TaskId.eq(task))
        .filter(usage::Column::State.eq(UsageState::Reserved.name()))
        .order_by_desc(usage::Column::Attempt);
    rows.one(txn).await
}

async fn ledger_row(txn: &DatabaseTransaction, lease: &Lease, call: &Call, now: DateTime<Utc>) -> Result<usage::Model, DbErr> {
    let before = usage::Entity::find().filter(usage::Column::TaskId.eq(lease.task)).count(txn).await?;
    Ok(usage::Model {
        // It follows from the place among the task's calls, so that nothing here needs randomness.
        id: Uuid::new_v5(&lease.task, format!("usage/{}/{}/{before}", lease.attempt, call.vendor).as_bytes()),
        owner_id: lease.owner,
        project_id: lease.project,
        task_id: lease.task,
        attempt: lease.attempt,
        kind: lease.target.kind.name().to_owned(),
        vendor: call.vendor.clone(),
        model: call.model.clone(),
        unit: call.unit.name().to_owned(),
        units: call.units,
        cost_micros: call.cost.map(|cost| cost.0),
        counts: call.counts,
        state: UsageState::Reserved.name().to_owned(),
        error: None,
        created_at: stored(now),
        settled_at: None,
        tokens_input: 0,
        tokens_output: 0,
        idempotency_key: None,
    })
}
