//! Folders of projects, as a tree.
//!
//! Before, a project kept whatever folder it was sent; there were none, so it is in none.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{text, timestamp_with_time_zone, uuid, uuid_null};

pub struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0014_folders"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(folder()).await?;
        for statement in STATEMENTS {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP INDEX project_folder").await?;
        manager.drop_table(Table::drop().table("folder").take()).await
    }
}

/// The same in both databases. Rows without a parent never equal each other in a unique index, so they have one of their own.
const STATEMENTS: [&str; 4] = [
    "CREATE UNIQUE INDEX folder_name ON folder (owner_id, parent_id, name)",
    "CREATE UNIQUE INDEX folder_root_name ON folder (owner_id, name) WHERE parent_id IS NULL",
    "CREATE INDEX project_folder ON project (folder_id) WHERE folder_id IS NOT NULL",
    "UPDATE project SET folder_id = NULL WHERE folder_id IS NOT NULL",
];

fn folder() -> TableCreateStatement {
    let mut owner = ForeignKey::create();
    owner.from("folder", "owner_id").to("user", "id").on_delete(ForeignKeyAction::Cascade);
    Table::create()
        .table("folder")
        .col(uuid("id").primary_key())
        .col(uuid("owner_id"))
        .col(uuid_null("parent_id"))
        .col(text("name"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .foreign_key(&mut owner)
        .take()
}
