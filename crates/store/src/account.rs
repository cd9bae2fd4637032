//! What a user may have and what is used of it: plan, budgets, and the sums by day and month. The ledger, which has every
//! call, is in `usage`.

use chrono::{DateTime, Utc};
use model::usage::{Allowance, Money, Used, check_budget};
use sea_orm::ActiveValue::NotSet;
use sea_orm::sea_query::{Expr, ExprTrait, LockType, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::entity::{plan, project, usage, used, user};
use crate::error::During;
use crate::record::from_json;
use crate::usage::{Call, Reservation, UsageState};
use crate::user::LOCAL_OWNER;
use crate::{Store, StoreError};

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
pub struct Account {
    allowance: Allowance,
    budget: Option<Money>,
    today: Used,
    this_month: Used,
}

impl Account {
    /// Reads and locks them.
    pub async fn lock(txn: &DatabaseTransaction, owner: Uuid, now: DateTime<Utc>) -> Result<Self, StoreError> {
        let user = lock_user(txn, owner).await.during("reading user", owner)?;
        let (plan_id, own_budget) = user.map_or((None, None), |user| (user.plan_id, user.budget_micros));
        let (plan, allowance) = plan_of(txn, plan_id).await?;
        let [day, month] = periods(now);
        let today = of_period(txn, owner, &day).await.during("reading the usage of", owner)?;
        let this_month = of_period(txn, owner, &month).await.during("reading the usage of", owner)?;
        let budget = own_budget.or(plan.and_then(|plan| plan.budget_micros)).map(Money);
        Ok(Self { allowance, budget, today: used_of(today), this_month: used_of(this_month) })
    }

    /// Whether allowance and budgets have room for another call.
    ///
    /// # Errors
    /// The limit that it would break.
    pub fn room_for(&self, project: &project::Model, call: &Call) -> Result<(), Reservation> {
        let cost = call.cost.unwrap_or_default();
        if call.counts {
            let asked = Used::of(call.unit, call.units, cost);
            self.allowance.check(self.today, self.this_month, asked).map_err(Reservation::Quota)?;
        }
        check_budget("the project's budget", project.budget_micros.map(Money), Money(project.spent_micros), cost)
            .and_then(|()| check_budget("the monthly budget", self.budget, self.this_month.cost, cost))
            .map_err(Reservation::Budget)
    }
}

/// The user's plan with what is in it; without a plan there are no limits.
async fn plan_of(txn: &DatabaseTransaction, id: Option<Uuid>) -> Result<(Option<plan::Model>, Allowance), StoreError> {
    let plan = match id {
        Some(id) => plan::Entity::find_by_id(id).one(txn).await.during("reading plan", id)?,
        None => None,
    };
    let allowance = match &plan {
        Some(plan) => from_json(plan.allowance.clone(), &format!("plan {}", plan.slug), "allowance")?,
        None => Allowance::default(),
    };
    Ok((plan, allowance))
}

/// Counts a new project of somebody with a free account, if there is room for another one today; answers the limit where there
/// is none. This machine's owner may make as many as they like.
pub async fn admit_project(txn: &DatabaseTransaction, owner: Uuid, now: DateTime<Utc>) -> Result<Result<(), i64>, StoreError> {
    let user = lock_user(txn, owner).await.during("reading user", owner)?;
    let Some(user) = user.filter(|user| user.id != LOCAL_OWNER && is_free(user)) else { return Ok(Ok(())) };
    let Some(limit) = plan_of(txn, user.plan_id).await?.1.clips_per_day else { return Ok(Ok(())) };
    if limit <= 0 {
        return Ok(Err(limit));
    }
    let [day, _] = periods(now);
    let row = used::Model { projects: 1, ..nothing_used(owner, day) };
    // The condition stands in the statement that counts, so that no two get the last place.
    let projects = || Expr::col((used::Entity, used::Column::Projects));
    let once_more = OnConflict::columns([used::Column::OwnerId, used::Column::Period])
        .value(used::Column::Projects, projects().add(1))
        .action_and_where(projects().lt(limit))
        .to_owned();
    let counted = used::Entity::insert(row.into_active_model()).on_conflict(once_more).exec_without_returning(txn).await;
    let counted = counted.during("counting a project of", owner)?;
    Ok(if counted == 1 { Ok(()) } else { Err(limit) })
}

/// Whether their account is a free one.
pub fn is_free(user: &user::Model) -> bool {
    user.subscription_plan == "FREE" || user.tier == "free"
}

fn nothing_used(owner: Uuid, period: String) -> used::Model {
    used::Model { owner_id: owner, period, requests: 0, images: 0, speech_seconds: 0.0, clips: 0, cost_micros: 0, projects: 0 }
}

/// The user's row, locked: whoever counts for a user comes through here. What only refers to the user goes on meanwhile.
pub async fn lock_user(txn: &DatabaseTransaction, owner: Uuid) -> Result<Option<user::Model>, DbErr> {
    let find = user::Entity::find_by_id(owner);
    let find = if txn.get_database_backend() == DbBackend::Postgres { find.lock(LockType::NoKeyUpdate) } else { find };
    find.one(txn).await
}

/// The names of the day and the month, in UTC.
pub fn periods(now: DateTime<Utc>) -> [String; 2] {
    [now.format("%Y-%m-%d").to_string(), now.format("%Y-%m").to_string()]
}

async fn of_period(db: &impl ConnectionTrait, owner: Uuid, period: &str) -> Result<Option<used::Model>, DbErr> {
    used::Entity::find_by_id((owner, period.to_owned())).one(db).await
}

/// The sums in a row, if there is one.
pub fn used_of(row: Option<used::Model>) -> Used {
    row.map_or_else(Used::default, |row| Used {
        requests: row.requests,
        images: row.images,
        speech_seconds: row.speech_seconds,
        clips: row.clips,
        cost: Money(row.cost_micros),
    })
}

/// Adds to the sums of the day and the month; the user's row must be locked.
pub async fn count(txn: &DatabaseTransaction, owner: Uuid, when: DateTime<Utc>, more: Used) -> Result<(), DbErr> {
    if more == Used::default() {
        return Ok(());
    }
    for period in periods(when) {
        let before = of_period(txn, owner, &period).await?;
        let new = before.is_none();
        let sum = used_of(before).plus(more);
        let row = used::Model {
            requests: sum.requests,
            images: sum.images,
            speech_seconds: sum.speech_seconds,
            clips: sum.clips,
            cost_micros: sum.cost.0,
            ..nothing_used(owner, period)
        };
        if new {
            used::Entity::insert(row.into_active_model()).exec_without_returning(txn).await?;
        } else {
            let row = used::ActiveModel { projects: NotSet, ..row.into_active_model().reset_all() };
            used::Entity::update(row).exec_without_returning(txn).await?;
        }
    }
    Ok(())
}

/// Adds to what the project has cost.
pub async fn spend(txn: &DatabaseTransaction, project: Uuid, cost: Money) -> Result<(), DbErr> {
    if cost.0 != 0 {
        project::Entity::update_many()
            .col_expr(project::Column::SpentMicros, Expr::col(project::Column::SpentMicros).add(cost.0))
            .filter(project::Column::Id.eq(project))
            .exec(txn)
            .await?;
    }
    Ok(())
}
