//! Requests that were answered, by the client's own key, so that sending one again has no second effect; and who has a
//! project open for editing.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    integer, json_binary, text, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid,
};

pub struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0006_requests"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let request = Table::create()
            .table("request")
            .col(uuid("owner_id"))
            .col(text("key"))
            .col(text("fingerprint"))
            .col(integer("status"))
            .col(json_binary("headers"))
            .col(text("body"))
            .col(timestamp_with_time_zone("created_at"))
            .primary_key(Index::create().col("owner_id").col("key"))
            .foreign_key(ForeignKey::create().from("request", "owner_id").to("user", "id").on_delete(ForeignKeyAction::Cascade))
            .take();
        manager.create_table(request).await?;
        manager.create_index(Index::create().name("request_age").table("request").col("created_at").take()).await?;
        // One by one: SQLite adds one column a statement.
        manager.alter_table(Table::alter().table("project").add_column(text_null("lock_session_id")).take()).await?;
        let until = timestamp_with_time_zone_null("lock_expires_at");
        manager.alter_table(Table::alter().table("project").add_column(until).take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("project").drop_column("lock_expires_at").take()).await?;
        manager.alter_table(Table::alter().table("project").drop_column("lock_session_id").take()).await?;
        manager.drop_table(Table::drop().table("request").take()).await
    }
}
