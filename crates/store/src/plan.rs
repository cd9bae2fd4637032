//! Plans, and the budgets of users and projects.

use chrono::{DateTime, Utc};
use model::usage::{Allowance, Money};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::entity::{plan, project, user};
use crate::error::During;
use crate::record::{from_json, json};
use crate::transaction::stored;
use crate::{Store, StoreError};

/// What users may have.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Identity.
    pub id: Uuid,
    /// The name in the configuration, such as `free`.
    pub slug: String,
    /// The name for people.
    pub name: String,
    /// What is in it.
    pub allowance: Allowance,
    /// Estimated vendor cost a month that is never exceeded.
    pub budget: Option<Money>,
}

impl Store {
    /// Adds the plan, or changes the one of that slug; answers its id.
    pub async fn put_plan(&self, plan: &Plan, now: DateTime<Utc>) -> Result<Uuid, StoreError> {
        let row = plan::Model {
            id: plan.id,
            slug: plan.slug.clone(),
            name: plan.name.clone(),
            allowance: json(plan.allowance, &format!("plan {}", plan.slug), "allowance")?,
            budget_micros: plan.budget.map(|budget| budget.0),
            created_at: stored(now),
            updated_at: stored(now),
        };
        let columns = [plan::Column::Name, plan::Column::Allowance, plan::Column::BudgetMicros, plan::Column::UpdatedAt];
        plan::Entity::insert(row.into_active_model())
            .on_conflict(OnConflict::column(plan::Column::Slug).update_columns(columns).to_owned())
            .exec_without_returning(&self.db)
            .await
            .during("storing plan", &plan.slug)?;
        let found = plan::Entity::find().filter(plan::Column::Slug.eq(&plan.slug)).one(&self.db).await;
        Ok(found.during("reading plan", &plan.slug)?.map_or(plan.id, |row| row.id))
    }

    /// All plans by slug.
    pub async fn plans(&self) -> Result<Vec<Plan>, StoreError> {
        let rows = plan::Entity::find().order_by_asc(plan::Column::Slug).all(&self.db).await.during("reading", "the plans")?;
        let plan = |row: plan::Model| {
            Ok(Plan {
                id: row.id,
                allowance: from_json(row.allowance, &format!("plan {}", row.slug), "allowance")?,
                slug: row.slug,
                name: row.name,
                budget: row.budget_micros.map(Money),
            })
        };
        rows.into_iter().map(plan).collect()
    }

    /// Puts the user on a plan, or on none: without a plan there are no limits. `false` when there is no such user.
    pub async fn set_plan(&self, owner: Uuid, plan: Option<Uuid>) -> Result<bool, StoreError> {
        let update = user::Entity::update_many().col_expr(user::Column::PlanId, Expr::value(plan));
        let updated = update.filter(user::Column::Id.eq(owner)).exec(&self.db).await.during("changing the plan of", owner)?;
        Ok(updated.rows_affected == 1)
    }

    /// Caps what the user's vendor calls may cost a month; `None` leaves it to the plan. `false` when there is no such user.
    pub async fn set_user_budget(&self, owner: Uuid, budget: Option<Money>) -> Result<bool, StoreError> {
        let budget = Expr::value(budget.map(|budget| budget.0));
        let update = user::Entity::update_many().col_expr(user::Column::BudgetMicros, budget);
        let updated = update.filter(user::Column::Id.eq(owner)).exec(&self.db).await.during("changing the budget of", owner)?;
        Ok(updated.rows_affected == 1)
    }

    /// Caps what the project's vendor calls may cost in all. `false` when there is no such project.
    pub async fn set_project_budget(&self, project: Uuid, budget: Option<Money>) -> Result<bool, StoreError> {
        let budget = Expr::value(budget.map(|budget| budget.0));
        let update = project::Entity::update_many().col_expr(project::Column::BudgetMicros, budget);
        let updated = update.filter(project::Column::Id.eq(project)).exec(&self.db).await;
        Ok(updated.during("changing the budget of", project)?.rows_affected == 1)
    }
}
