//! What administrators do with users: roles, subscriptions, blocks; and how users stand with their limits.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use model::usage::{Allowance, Used};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QuerySelect,
};
use uuid::Uuid;

use crate::account::{periods, used_of};
use crate::entity::{plan, project, session, used, user};
use crate::error::During;
use crate::load::{CHUNK, padded};
use crate::transaction::stored;
use crate::user::{LOCAL_OWNER, take_turn, user_of};
use crate::{Role, Store, StoreError, User};

/// What to change of a user; `None` leaves it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct UserChange {
    /// What they may do.
    pub role: Option<Role>,
    /// `FREE` or `PRO`. Changing it sets the tier, and puts them on the plan with that slug (`free`, `pro`), or on none.
    pub subscription: Option<String>,
    /// Whether they are kept out; their sessions end.
    pub blocked: Option<bool>,
    /// Their plan, whatever the subscription; `Some(None)` for none.
    pub plan: Option<Option<Uuid>>,
}

/// Why a user was not changed.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// There is no such user.
    #[error("there is no such user")]
    NotFound,
    /// There is no such plan.
    #[error("there is no such plan")]
    NoPlan,
    /// Nobody would be left to manage.
    #[error("they are the last administrator; make somebody else one first")]
    LastAdmin,
    /// Trouble with the database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a user may have and what is used of it, by day and month in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Standing {
    /// What their plan has; without a plan there are no limits.
    pub allowance: Allowance,
    /// Used today.
    pub today: Used,
    /// Used this month.
    pub this_month: Used,
    /// Projects that were begun today, where a free account limits them.
    pub projects_today: i64,
}

impl Store {
    /// Changes a user. The last administrator who can sign in stays one.
    pub async fn change_user(&self, id: Uuid, change: &UserChange, now: DateTime<Utc>) -> Result<User, UserError> {
        let write = self.write().await.during("changing user", id)?;
        let txn = &write.txn;
        // Of two administrators who dismiss each other at the same moment, one comes too late.
        take_turn(txn, now).await.during("changing user", id)?;
        let before = user::Entity::find_by_id(id).one(txn).await.during("reading user", id)?.ok_or(UserError::NotFound)?;
        let mut after = before.clone();
        after.role = change.role.map_or(after.role, |role| role.name().to_owned());
        after.is_blocked = change.blocked.unwrap_or(after.is_blocked);
        let manages = |row: &user::Model| row.role == Role::Admin.name() && !row.is_blocked;
        if manages(&before) && !manages(&after) && !others_manage(txn, id).await? {
            return Err(UserError::LastAdmin);
        }
        if let Some(subscription) = change.subscription.as_ref().filter(|new| **new != before.subscription_plan) {
            after.subscription_plan.clone_from(subscription);
            after.tier = subscription.to_lowercase();
            let plan = plan::Entity::find().filter(plan::Column::Slug.eq(after.tier.as_str())).one(txn).await;
            after.plan_id = plan.during("looking for", "the plan")?.map(|plan| plan.id);
        }
        if let Some(plan) = change.plan {
            let there = match plan {
                Some(id) => plan::Entity::find_by_id(id).one(txn).await.during("reading plan", id)?.is_some(),
                None => true,
            };
            if !there {
                return Err(UserError::NoPlan);
            }
            after.plan_id = plan;
        }
        if after.is_blocked {
            let sessions = session::Entity::delete_many().filter(session::Column::UserId.eq(id));
            sessions.exec(txn).await.during("ending the sessions of", id)?;
        }
        if after != before {
            after.updated_at = Some(stored(now));
            let row = after.clone().into_active_model().reset_all();
            user::Entity::update(row).exec(txn).await.during("changing user", id)?;
        }
        write.commit().await.during("changing user", id)?;
        Ok(user_of(after))
    }

    /// How many projects each user has who has any.
    pub async fn project_counts(&self) -> Result<HashMap<Uuid, u64>, StoreError> {
        let counts = project::Entity::find()
            .select_only()
            .column(project::Column::OwnerId)
            .column_as(Expr::cust("COUNT(*)"), "projects")
            .filter(project::Column::Question.is_null())
            .group_by(project::Column::OwnerId)
            .into_tuple::<(Uuid, i64)>();
        let counts = counts.all(&self.db).await.during("counting", "projects")?;
        Ok(counts.into_iter().map(|(owner, count)| (owner, count.unsigned_abs())).collect())
    }

    /// How these users stand.
    pub async fn standings(&self, users: &[User], now: DateTime<Utc>) -> Result<HashMap<Uuid, Standing>, StoreError> {
        let [day, month] = periods(now);
        let plans: HashMap<Uuid, Allowance> = self.plans().await?.into_iter().map(|plan| (plan.id, plan.allowance)).collect();
        let standing = |user: &User| {
            let allowance = user.plan.and_then(|plan| plans.get(&plan).copied()).unwrap_or_default();
            (user.id, Standing { allowance, ..Standing::default() })
        };
        let mut standings: HashMap<Uuid, Standing> = users.iter().map(standing).collect();
        for some in users.chunks(CHUNK) {
            let rows = used::Entity::find().filter(used::Column::OwnerId.is_in(padded(some.iter().map(|user| user.id))));
            let rows = rows.filter(used::Column::Period.is_in([day.as_str(), month.as_str()])).all(&self.db).await;
            for row in rows.during("reading", "what was used")? {
                let Some(standing) = standings.get_mut(&row.owner_id) else { continue };
                if row.period == day {
                    standing.projects_today = row.projects;
                    standing.today = used_of(Some(row));
                } else {
                    standing.this_month = used_of(Some(row));
                }
            }
        }
        Ok(standings)
    }
}

/// Whether somebody else who can sign in is an administrator. Nobody signs in as this machine's owner.
async fn others_manage(txn: &DatabaseTransaction, id: Uuid) -> Result<bool, StoreError> {
    let others = user::Entity::find()
        .filter(user::Column::Role.eq(Role::Admin.name()))
        .filter(user::Column::IsBlocked.eq(false))
        .filter(user::Column::Id.is_not_in([id, LOCAL_OWNER]));
    Ok(others.count(txn).await.during("counting", "administrators")? > 0)
}
