//! Table `webhook_message`: what is told, one row for each endpoint.

use sea_orm::entity::prelude::*;

/// One message. `due_at` is there exactly as long as it waits or is being sent; `attempt` counts all attempts, and names whoever
/// makes one; `tries` counts those since it was last put in line.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_message")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub endpoint_id: Uuid,
    pub owner_id: Uuid,
    pub project_id: Option<Uuid>,
    pub kind: String,
    pub notice: Json,
    pub state: String,
    pub attempt: i32,
    pub tries: i32,
    pub due_at: Option<DateTimeUtc>,
    pub lease_until: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
