//! Table `user`.

use sea_orm::entity::prelude::*;

/// Somebody who owns projects.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "user")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    pub email: Option<String>,
    pub plan_id: Option<Uuid>,
    pub budget_micros: Option<i64>,
    pub choice: Option<Json>,
    pub created_at: DateTimeUtc,
    pub email_verified_at: Option<DateTimeUtc>,
    pub image: Option<String>,
    pub google_id: Option<String>,
    pub role: String,
    pub subscription_plan: String,
    pub tier: String,
    pub is_blocked: bool,
    pub updated_at: Option<DateTimeUtc>,
    pub signed_in_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
