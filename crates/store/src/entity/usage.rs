//! Table `usage`: the ledger.

use sea_orm::entity::prelude::*;

/// One vendor call: reserved before it, settled or refunded after it.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "usage")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub owner_id: Uuid,
    pub project_id: Uuid,
    pub task_id: Uuid,
    pub attempt: i32,
    pub kind: String,
    pub vendor: String,
    pub model: String,
    pub unit: String,
    pub units: f64,
    pub cost_micros: Option<i64>,
    pub counts: bool,
    pub state: String,
    pub error: Option<String>,
    pub created_at: DateTimeUtc,
    pub settled_at: Option<DateTimeUtc>,
    pub tokens_input: i64,
    pub tokens_output: i64,
    pub idempotency_key: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
