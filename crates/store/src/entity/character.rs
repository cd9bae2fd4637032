//! Table `character`.

use sea_orm::entity::prelude::*;

/// One character; its pictures have a table of their own.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "character")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub owner_id: Uuid,
    pub project_id: Option<Uuid>,
    pub show_id: Option<Uuid>,
    pub name: String,
    pub description: String,
    pub voice_provider: Option<String>,
    pub voice_id: Option<String>,
    pub voice_settings: Option<Json>,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
