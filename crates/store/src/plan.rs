//! Plans, and the budgets of users and projects.

use chrono::{DateTime, Utc};
use model::usage::{Allowance, Money};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
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
    /// What it is sold as; the configuration says nothing about that, and leaves it.
    pub about: PlanAbout,
}

/// What a plan is sold as.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PlanAbout {
    /// For people.
    pub description: Option<String>,
    /// A month costs so much.
    pub price: Money,
    /// What else is in it; only kept.
    pub features: Option<serde_json::Value>,
}

/// A plan as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanRecord {
    /// The plan.
    pub plan: Plan,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

/// Why a plan was not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// There is none with that id.
    #[error("there is no such plan")]
    NotFound,
    /// Another plan has that name or slug.
    #[error("there is a plan with this {0} already")]
    Taken(&'static str),
    /// Trouble with the database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Makes a plan.
    pub async fn create_plan(&self, plan: &Plan, now: DateTime<Utc>) -> Result<PlanRecord, PlanError> {
        let write = self.write().await.during("making plan", &plan.slug)?;
        check_names(&write.txn, plan).await?;
        let row = row_of(plan, now)?;
        plan::Entity::insert(row.clone().into_active_model())
            .exec_without_returning(&write.txn)
            .await
            .during("making plan", &plan.slug)?;
        write.commit().await.during("making plan", &plan.slug)?;
        Ok(record_of(row)?)
    }

    /// Changes the plan with that id; whoever is on it has the new limits at once.
    pub async fn change_plan(&self, plan: &Plan, now: DateTime<Utc>) -> Result<PlanRecord, PlanError> {
        let write = self.write().await.during("changing plan", plan.id)?;
        let before = plan::Entity::find_by_id(plan.id).one(&write.txn).await.during("reading plan", plan.id)?;
        let before = before.ok_or(PlanError::NotFound)?;
        check_names(&write.txn, plan).await?;
        let row = plan::Model { created_at: before.created_at, ..row_of(plan, now)? };
        let update = plan::Entity::update(row.clone().into_active_model().reset_all());
        update.exec(&write.txn).await.during("changing plan", plan.id)?;
        write.commit().await.during("changing plan", plan.id)?;
        Ok(record_of(row)?)
    }

    /// Deletes a plan; whoever was on it is on none. `false` when there is no such plan.
    pub async fn delete_plan(&self, id: Uuid) -> Result<bool, StoreError> {
        let write = self.write().await.during("deleting plan", id)?;
        let users = user::Entity::update_many().col_expr(user::Column::PlanId, Expr::value(None::<Uuid>));
        users.filter(user::Column::PlanId.eq(id)).exec(&write.txn).await.during("deleting plan", id)?;
        let gone = plan::Entity::delete_by_id(id).exec(&write.txn).await.during("deleting plan", id)?;
        write.commit().await.during("deleting plan", id)?;
        Ok(gone.rows_affected == 1)
    }

    /// All plans, the cheapest first.
    pub async fn plan_records(&self) -> Result<Vec<PlanRecord>, StoreError> {
        let rows = plan::Entity::find().order_by_asc(plan::Column::PriceMicros).order_by_asc(plan::Column::Id);
        rows.all(&self.db).await.during("reading", "the plans")?.into_iter().map(record_of).collect()
    }

    /// Adds the plan, or changes the one of that slug; answers its id.
    pub async fn put_plan(&self, plan: &Plan, now: DateTime<Utc>) -> Result<Uuid, StoreError> {
        let row = row_of(plan, now)?;
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
        rows.into_iter().map(|row| Ok(record_of(row)?.plan)).collect()
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

/// Refuses a plan whose name or slug another one has.
async fn check_names(txn: &impl ConnectionTrait, plan: &Plan) -> Result<(), PlanError> {
    let others = plan::Entity::find().filter(plan::Column::Id.ne(plan.id)).all(txn).await.during("reading", "the plans")?;
    if others.iter().any(|other| other.name == plan.name) {
        return Err(PlanError::Taken("name"));
    }
    if others.iter().any(|other| other.slug == plan.slug) {
        return Err(PlanError::Taken("slug"));
    }
    Ok(())
}

fn row_of(plan: &Plan, now: DateTime<Utc>) -> Result<plan::Model, StoreError> {
    Ok(plan::Model {
        id: plan.id,
        slug: plan.slug.clone(),
        name: plan.name.clone(),
        allowance: json(plan.allowance, &format!("plan {}", plan.slug), "allowance")?,
        budget_micros: plan.budget.map(|budget| budget.0),
        description: plan.about.description.clone(),
        price_micros: plan.about.price.0,
        features: plan.about.features.clone(),
        created_at: stored(now),
        updated_at: stored(now),
    })
}

fn record_of(row: plan::Model) -> Result<PlanRecord, StoreError> {
    let plan = Plan {
        id: row.id,
        allowance: from_json(row.allowance, &format!("plan {}", row.slug), "allowance")?,
        slug: row.slug,
        name: row.name,
        budget: row.budget_micros.map(Money),
        about: PlanAbout { description: row.description, price: Money(row.price_micros), features: row.features },
    };
    Ok(PlanRecord { plan, created_at: row.created_at, updated_at: row.updated_at })
}
