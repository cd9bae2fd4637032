//! Table `made`: results by the hash of their request.

use sea_orm::entity::prelude::*;

/// One result; `asset_key` repeats the key in `asset`, for looking it up.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "made")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub request_hash: String,
    pub asset: Json,
    pub asset_key: String,
    pub detail: Json,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
