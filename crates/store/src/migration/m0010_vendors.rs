//! Wishes of users and projects about vendors, and vendors' keys of users.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    double_null, json_binary_null, text, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null,
};

pub struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0010_vendors"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column a statement.
        for (table, column) in columns() {
            manager.alter_table(Table::alter().table(table).add_column(column).take()).await?;
        }
        let to = |column: &'static str, table: &'static str| {
            ForeignKey::create().from("vendor_key", column).to(table, "id").on_delete(ForeignKeyAction::Cascade).take()
        };
        let keys = Table::create()
            .table("vendor_key")
            .col(uuid("id").primary_key())
            .col(uuid("owner_id"))
            .col(uuid_null("project_id"))
            .col(text("vendor"))
            .col(text("sealed"))
            .col(timestamp_with_time_zone_null("expires_at"))
            .col(timestamp_with_time_zone("updated_at"))
            .foreign_key(&mut to("owner_id", "user"))
            .foreign_key(&mut to("project_id", "project"))
            .take();
        manager.create_table(keys).await?;
        manager.create_index(Index::create().name("vendor_key_owner").table("vendor_key").col("owner_id").take()).await?;
        manager.create_index(Index::create().name("vendor_key_end").table("vendor_key").col("expires_at").take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("vendor_key").take()).await?;
        for (table, column) in columns() {
            let column = column.get_column_name();
            manager.alter_table(Table::alter().table(table).drop_column(column).take()).await?;
        }
        Ok(())
    }
}

fn columns() -> [(&'static str, ColumnDef); 3] {
    [("project", json_binary_null("choice")), ("project", double_null("speech_speed")), ("user", json_binary_null("choice"))]
}
