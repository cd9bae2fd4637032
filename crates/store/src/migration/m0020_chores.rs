//! Work that one process does for all, now and then.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{text, text_null, timestamp_with_time_zone_null};

pub struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0020_chores"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let chores = Table::create()
            .table("chore")
            .col(text("name").primary_key())
            .col(text_null("holder"))
            .col(timestamp_with_time_zone_null("held_until"))
            .col(timestamp_with_time_zone_null("done_at"))
            .take();
        manager.create_table(chores).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("chore").take()).await
    }
}
