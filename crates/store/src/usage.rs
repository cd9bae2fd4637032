//! What vendors' work uses up: reserved before a call, settled or refunded after it, in the transaction that ends the task.
//!
//! A reservation belongs to one attempt of a task. One that nobody ends (its process died) goes on with the next attempt; one
//! whose task was cancelled meanwhile counts as spent, because the vendor was asked. The rules are in `model::usage`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use model::task::{Failure, FailureClass, Product};
use model::usage::{Money, OverBudget, QuotaExceeded, Unit, Used, check_budget};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::entity::{plan, project, usage, used, user};
use crate::error::During;
use crate::lease::{Outcome, hold};
use crate::load::CHUNK;
use crate::record::from_json;
use crate::transaction::stored;
use crate::{Lease, Store, StoreError};

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

/// What was used of one vendor's model.
#[derive(Debug, Clone, PartialEq)]
pub struct UsageTotal {
    /// Who was asked.
    pub vendor: String,
    /// Which model.
    pub model: String,
    /// What is counted.
    pub unit: String,
    /// Calls that were made or are being made.
    pub calls: i64,
    /// Calls that failed.
    pub failed: i64,
    /// Units of the calls that were made.
    pub units: f64,
    /// Their estimated cost.
    pub cost: Money,
}

impl Store {
    /// Reserves what a vendor call will use, if allowance and budgets have room for it. Asked again for the same task, after
    /// its process died, it changes nothing.
    pub async fn reserve(&self, lease: &Lease, call: &Call, now: DateTime<Utc>) -> Result<Reservation, StoreError> {
        let during = || format!("for task {}", lease.task);
        let write = self.write().await.during("reserving", during())?;
        let Some(project) = hold(&write.txn, lease).await.during("reserving", during())? else {
            return Ok(Reservation::Lost);
        };
        if reserved(&write.txn, lease.task).await.during("reserving", during())?.is_some() {
            return Ok(Reservation::Made);
        }
        let account = Account::lock(&write.txn, lease.owner, now).await?;
        let cost = call.cost.unwrap_or_default();
        let asked = Used::of(call.unit, call.units, cost);
        if call.counts
            && let Err(exceeded) = account.allowance.check(account.today, account.this_month, asked)
        {
            return Ok(Reservation::Quota(exceeded));
        }
        let spent = (Money(project.spent_micros), account.this_month.cost);
        let fits = check_budget("the project's budget", project.budget_micros.map(Money), spent.0, cost)
            .and_then(|()| check_budget("the monthly budget", account.budget, spent.1, cost));
        if let Err(over) = fits {
            return Ok(Reservation::Budget(over));
        }
        let written = async {
            let asked = if call.counts { asked } else { Used { cost, ..Used::default() } };
            count(&write.txn, lease.owner, stored(now), asked).await?;
            spend(&write.txn, project.id, cost).await?;
            usage::Entity::insert(ledger_row(lease, call, now).into_active_model()).exec_without_returning(&write.txn).await?;
            write.commit().await
        };
        written.await.during("reserving", during())?;
        Ok(Reservation::Made)
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
                end_reservation(&write.txn, row, &Outcome::Failed { failure, jitter: 0.0 }, stored(now)).await?;
            }
            write.commit().await?;
            Ok(true)
        };
        refunded.await.during("giving back what was reserved for task", lease.task)
    }

    /// What the owner's vendors have done between two moments, by vendor, model and unit.
    pub async fn usage_totals(&self, owner: Uuid, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<UsageTotal>, StoreError> {
        let rows = usage::Entity::find()
            .filter(usage::Column::OwnerId.eq(owner))
            .filter(usage::Column::CreatedAt.gte(from))
            .filter(usage::Column::CreatedAt.lt(to))
            .order_by_asc(usage::Column::Vendor)
            .order_by_asc(usage::Column::Model)
            .order_by_asc(usage::Column::Unit)
            .select_only()
            .columns([usage::Column::Vendor, usage::Column::Model, usage::Column::Unit, usage::Column::State])
            .column_as(Expr::cust("COUNT(*)"), "calls")
            .column_as(Expr::cust("SUM(units)"), "units")
            .column_as(Expr::cust("CAST(COALESCE(SUM(cost_micros), 0) AS BIGINT)"), "cost")
            .group_by(usage::Column::Vendor)
            .group_by(usage::Column::Model)
            .group_by(usage::Column::Unit)
            .group_by(usage::Column::State)
            .into_tuple::<(String, String, String, String, i64, f64, i64)>()
            .all(&self.db)
            .await
            .during("adding up the usage of", owner)?;
        let mut totals: Vec<UsageTotal> = Vec::new();
        for (vendor, model, unit, state, calls, units, cost) in rows {
            let same = |total: &UsageTotal| (&total.vendor, &total.model, &total.unit) == (&vendor, &model, &unit);
            if !totals.last().is_some_and(same) {
                totals.push(UsageTotal { vendor, model, unit, calls: 0, failed: 0, units: 0.0, cost: Money(0) });
            }
            let total = totals.last_mut().expect("one was just added");
            if state == UsageState::Refunded.name() {
                total.failed += calls;
            } else {
                total.calls += calls;
                total.units += units;
                total.cost = Money(total.cost.0 + cost);
            }
        }
        Ok(totals)
    }

    /// What the user has used today and this month, in UTC.
    pub async fn used(&self, owner: Uuid, now: DateTime<Utc>) -> Result<(Used, Used), StoreError> {
        let [day, month] = periods(now);
        let today = of_period(&self.db, owner, &day).await.during("reading the usage of", owner)?;
        let this_month = of_period(&self.db, owner, &month).await.during("reading the usage of", owner)?;
        Ok((used_of(today), used_of(this_month)))
    }
}

/// A user's allowance and what is used of it, locked until the end of the transaction.
struct Account {
    allowance: model::usage::Allowance,
    budget: Option<Money>,
    today: Used,
    this_month: Used,
}

impl Account {
    async fn lock(txn: &DatabaseTransaction, owner: Uuid, now: DateTime<Utc>) -> Result<Self, StoreError> {
        let user = lock_user(txn, owner).await.during("reading user", owner)?;
        let (plan_id, own_budget) = user.map_or((None, None), |user| (user.plan_id, user.budget_micros));
        let plan = match plan_id {
            Some(id) => plan::Entity::find_by_id(id).one(txn).await.during("reading plan", id)?,
            None => None,
        };
        let allowance = match &plan {
            Some(plan) => from_json(plan.allowance.clone(), &format!("plan {}", plan.slug), "allowance")?,
            None => model::usage::Allowance::default(),
        };
        let [day, month] = periods(now);
        let today = of_period(txn, owner, &day).await.during("reading the usage of", owner)?;
        let this_month = of_period(txn, owner, &month).await.during("reading the usage of", owner)?;
        let budget = own_budget.or(plan.and_then(|plan| plan.budget_micros)).map(Money);
        Ok(Self { allowance, budget, today: used_of(today), this_month: used_of(this_month) })
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
        let outcome = ended[&row.task_id];
        end_reservation(txn, row, outcome, now).await?;
    }
    Ok(())
}

async fn end_reservation(
    txn: &DatabaseTransaction,
    before: usage::Model,
    outcome: &Outcome,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let units = match (outcome, Unit::from_name(&before.unit)) {
        (Outcome::Done(Product::Speech { seconds, .. }), Some(Unit::SpeechSecond)) => *seconds,
        (Outcome::Done(_), _) => before.units,
        // It may have been made and charged.
        (Outcome::Failed { failure: Failure { class: FailureClass::Unknown, .. }, .. }, _) => before.units,
        (Outcome::Failed { .. } | Outcome::OverBudget { .. }, _) => 0.0,
    };
    let unknown = matches!(outcome, Outcome::Failed { failure: Failure { class: FailureClass::Unknown, .. }, .. });
    let made = unknown || matches!(outcome, Outcome::Done(_));
    let factor = if before.units > 0.0 { units / before.units } else { 1.0 };
    let cost = before.cost_micros.map(|cost| Money(cost).times(factor));
    let mut row = before.clone().into_active_model();
    if made {
        row.state = Set(UsageState::Settled.name().to_owned());
        row.units = Set(units);
        row.cost_micros = Set(cost.map(|cost| cost.0));
    } else {
        row.state = Set(UsageState::Refunded.name().to_owned());
    }
    if let Outcome::Failed { failure, .. } = outcome {
        row.error = Set(Some(failure.message.clone()));
    }
    row.settled_at = Set(Some(now));
    usage::Entity::update(row).exec(txn).await?;
    let counted = |units: f64, cost: Option<Money>| match Unit::from_name(&before.unit) {
        Some(unit) if before.counts => Used::of(unit, units, cost.unwrap_or_default()),
        _ => Used { cost: cost.unwrap_or_default(), ..Used::default() },
    };
    let after = if made { counted(units, cost) } else { Used::default() };
    let difference = after.minus(counted(before.units, before.cost_micros.map(Money)));
    lock_user(txn, before.owner_id).await?;
    // It counts in the periods in which it was reserved.
    count(txn, before.owner_id, before.created_at, difference).await?;
    spend(txn, before.project_id, difference.cost).await
}

/// The user's row, locked: whoever counts for a user comes through here.
async fn lock_user(txn: &DatabaseTransaction, owner: Uuid) -> Result<Option<user::Model>, DbErr> {
    let find = user::Entity::find_by_id(owner);
    let find = if txn.get_database_backend() == DbBackend::Postgres { find.lock_exclusive() } else { find };
    find.one(txn).await
}

/// The task's reservation that has not ended.
async fn reserved(txn: &impl ConnectionTrait, task: Uuid) -> Result<Option<usage::Model>, DbErr> {
    let rows = usage::Entity::find()
        .filter(usage::Column::TaskId.eq(task))
        .filter(usage::Column::State.eq(UsageState::Reserved.name()))
        .order_by_desc(usage::Column::Attempt);
    rows.one(txn).await
}

fn ledger_row(lease: &Lease, call: &Call, now: DateTime<Utc>) -> usage::Model {
    usage::Model {
        // It follows from attempt and vendor, so that nothing here needs randomness.
        id: Uuid::new_v5(&lease.task, format!("usage/{}/{}", lease.attempt, call.vendor).as_bytes()),
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
    }
}

/// The names of the day and the month, in UTC.
fn periods(now: DateTime<Utc>) -> [String; 2] {
    [now.format("%Y-%m-%d").to_string(), now.format("%Y-%m").to_string()]
}

async fn of_period(db: &impl ConnectionTrait, owner: Uuid, period: &str) -> Result<Option<used::Model>, DbErr> {
    used::Entity::find_by_id((owner, period.to_owned())).one(db).await
}

fn used_of(row: Option<used::Model>) -> Used {
    row.map_or_else(Used::default, |row| Used {
        requests: row.requests,
        images: row.images,
        speech_seconds: row.speech_seconds,
        clips: row.clips,
        cost: Money(row.cost_micros),
    })
}

/// Adds to the sums of the day and the month; the user's row must be locked.
async fn count(txn: &DatabaseTransaction, owner: Uuid, when: DateTime<Utc>, more: Used) -> Result<(), DbErr> {
    if more == Used::default() {
        return Ok(());
    }
    for period in periods(when) {
        let before = of_period(txn, owner, &period).await?;
        let new = before.is_none();
        let sum = used_of(before).plus(more);
        let row = used::Model {
            owner_id: owner,
            period,
            requests: sum.requests,
            images: sum.images,
            speech_seconds: sum.speech_seconds,
            clips: sum.clips,
            cost_micros: sum.cost.0,
        };
        if new {
            used::Entity::insert(row.into_active_model()).exec_without_returning(txn).await?;
        } else {
            used::Entity::update(row.into_active_model().reset_all()).exec(txn).await?;
        }
    }
    Ok(())
}

async fn spend(txn: &DatabaseTransaction, project: Uuid, cost: Money) -> Result<(), DbErr> {
    if cost.0 != 0 {
        project::Entity::update_many()
            .col_expr(project::Column::SpentMicros, Expr::col(project::Column::SpentMicros).add(cost.0))
            .filter(project::Column::Id.eq(project))
            .exec(txn)
            .await?;
    }
    Ok(())
}
