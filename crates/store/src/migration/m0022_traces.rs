//! Where in a trace a task was asked for.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::text_null;

pub struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0022_traces"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("task").add_column(text_null("trace")).take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("task").drop_column("trace").take()).await
    }
}
