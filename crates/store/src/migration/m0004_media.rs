//! More that is made: the script and why a project is paused, sound effects, and narrations whose word times are missing.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, boolean, integer, json_binary_null, text, text_null};

pub struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0004_media"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in columns() {
            // SQLite adds one column a statement.
            manager.alter_table(Table::alter().table(table).add_column(column).take()).await?;
        }
        // Deleting a project asks whether anything else refers to its objects.
        let index = "CREATE INDEX scene_sfx_asset_key ON scene ((sfx_asset ->> 'key'))";
        manager.get_connection().execute_unprepared(index).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP INDEX scene_sfx_asset_key").await?;
        for (table, column) in columns() {
            let column = column.get_column_name();
            manager.alter_table(Table::alter().table(table).drop_column(column).take()).await?;
        }
        Ok(())
    }
}

/// What is new, with the values for rows from before.
fn columns() -> Vec<(&'static str, ColumnDef)> {
    let mut columns = Vec::new();
    for (table, slot) in [("project", "script"), ("scene", "sfx")] {
        let name = |field: &str| format!("{slot}_{field}");
        columns.push((table, text(name("status")).default("draft").take()));
        columns.push((table, big_integer(name("generation")).default(0).take()));
        columns.push((table, integer(name("attempts")).default(0).take()));
        columns.push((table, integer(name("take")).default(0).take()));
        columns.push((table, boolean(name("given")).default(false).take()));
        columns.push((table, json_binary_null(name("asset"))));
        columns.push((table, text_null(name("error"))));
    }
    columns.push(("project", text_null("notice")));
    columns.push(("scene", boolean("words_missing").default(false).take()));
    columns
}
