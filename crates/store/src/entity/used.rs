//! Table `used`.

use sea_orm::entity::prelude::*;

/// What a user has used in a day (`2026-11-22`) or a month (`2026-11`), in UTC.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "used")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub owner_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub period: String,
    pub requests: i64,
    pub images: i64,
    pub speech_seconds: f64,
    pub clips: i64,
    pub cost_micros: i64,
    pub projects: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
