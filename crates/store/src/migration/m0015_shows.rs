//! Shows: series of projects with the same look and characters.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{integer_null, text, text_null, timestamp_with_time_zone, uuid, uuid_null};

pub struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0015_shows"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(show()).await?;
        let index = Index::create().name("show_owner").table("show").col("owner_id").col("updated_at").take();
        manager.create_index(index).await?;
        // SQLite adds one column a statement.
        for column in [uuid_null("show_id"), integer_null("episode_number")] {
            manager.alter_table(Table::alter().table("project").add_column(column).take()).await?;
        }
        for table in TABLES {
            // The builder knows no conditions; this statement is the same in both databases.
            let index = format!("CREATE INDEX {table}_show ON {table} (show_id) WHERE show_id IS NOT NULL");
            manager.get_connection().execute_unprepared(&index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            manager.get_connection().execute_unprepared(&format!("DROP INDEX {table}_show")).await?;
        }
        for column in ["episode_number", "show_id"] {
            manager.alter_table(Table::alter().table("project").drop_column(column).take()).await?;
        }
        manager.drop_table(Table::drop().table("show").take()).await
    }
}

/// What belongs to shows.
const TABLES: [&str; 2] = ["project", "character"];

fn show() -> TableCreateStatement {
    let mut owner = ForeignKey::create();
    owner.from("show", "owner_id").to("user", "id").on_delete(ForeignKeyAction::Cascade);
    Table::create()
        .table("show")
        .col(uuid("id").primary_key())
        .col(uuid("owner_id"))
        .col(text("name"))
        .col(text("description"))
        .col(text("style_preset"))
        .col(text_null("visual_prompt"))
        .col(text("default_tts_provider"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .foreign_key(&mut owner)
        .take()
}
