//! Table `vendor_gate`: how many calls a vendor, or a vendor for one user, takes at the moment.

use sea_orm::entity::prelude::*;

/// One token bucket: `tokens` calls could begin at `counted_at`. Its lock is also what those who count running calls wait for.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "vendor_gate")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    pub tokens: f64,
    pub counted_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
