//! Table `task`: the queue.

use sea_orm::entity::prelude::*;

/// One task. `place` is its place among the tasks that were put in the queue together. `turn` is its place in line, and is
/// there exactly as long as it can be begun; `vendor` is who works on it, as long as that counts against the vendor's limits;
/// `making` is the hash of the request that it makes, `trace` where
/// in a trace it was asked for.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "task")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub project_id: Uuid,
    pub owner_id: Uuid,
    pub kind: String,
    pub subject: Uuid,
    pub generation: i64,
    pub state: String,
    pub priority: i32,
    pub run_at: DateTimeUtc,
    pub place: i32,
    pub attempt: i32,
    pub lease_owner: Option<String>,
    pub lease_until: Option<DateTimeUtc>,
    pub vendor_ref: Option<String>,
    pub last_error: Option<String>,
    pub created_at: DateTimeUtc,
    pub finished_at: Option<DateTimeUtc>,
    pub lane: i32,
    pub turn: Option<i64>,
    pub vendor: Option<String>,
    pub making: Option<String>,
    pub trace: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
