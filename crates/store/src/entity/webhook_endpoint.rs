//! Table `webhook_endpoint`: where users want to be told.

use sea_orm::entity::prelude::*;

/// One address. With `render_id` it hears of that render only, and is forgotten with its messages. Without `sealed` its
/// messages are signed with its owner's own secret. `sealed_before` also signs until `before_until`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_endpoint")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub owner_id: Uuid,
    pub url: String,
    pub kinds: Json,
    pub render_id: Option<Uuid>,
    pub sealed: Option<String>,
    pub sealed_before: Option<String>,
    pub before_until: Option<DateTimeUtc>,
    pub enabled: bool,
    pub disabled_reason: Option<String>,
    pub failing_since: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
