//! What the Studio counts and tells: new projects of a day, and vendor calls that were made elsewhere.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, text_null};

pub struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0018_studio"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite takes one column at a time.
        for (table, column) in columns() {
            manager.alter_table(Table::alter().table(table).add_column(column).take()).await?;
        }
        // The builder knows no conditions; this statement is the same in both databases.
        let key = "CREATE UNIQUE INDEX usage_key ON usage (idempotency_key) WHERE idempotency_key IS NOT NULL";
        manager.get_connection().execute_unprepared(key).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP INDEX usage_key").await?;
        for (table, mut column) in columns() {
            let name = column.take().get_column_name();
            manager.alter_table(Table::alter().table(table).drop_column(name).take()).await?;
        }
        Ok(())
    }
}

fn columns() -> [(&'static str, ColumnDef); 4] {
    [
        ("used", big_integer("projects").default(0).take()),
        ("usage", big_integer("tokens_input").default(0).take()),
        ("usage", big_integer("tokens_output").default(0).take()),
        ("usage", text_null("idempotency_key")),
    ]
}
