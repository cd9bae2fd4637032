//! What plans are sold as, and ledger rows by time: administrators look at the newest of everybody.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, json_binary_null, text_null};

pub struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0016_plans"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column a statement.
        for column in columns() {
            manager.alter_table(Table::alter().table("plan").add_column(column).take()).await?;
        }
        manager.create_index(Index::create().name("usage_created").table("usage").col("created_at").take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name("usage_created").table("usage").to_owned()).await?;
        for column in columns() {
            let column = column.get_column_name();
            manager.alter_table(Table::alter().table("plan").drop_column(column).take()).await?;
        }
        Ok(())
    }
}

fn columns() -> [ColumnDef; 3] {
    [text_null("description"), big_integer("price_micros").default(0).take(), json_binary_null("features")]
}
