//! Which request a running task makes, so that equal ones wait for it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::text_null;

pub struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0009_making"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("task").add_column(text_null("making")).take()).await?;
        // The builder knows no condition for an index; this statement is the same in both databases.
        let index = "CREATE INDEX task_making ON task (making) WHERE making IS NOT NULL";
        manager.get_connection().execute_unprepared(index).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP INDEX task_making").await?;
        manager.alter_table(Table::alter().table("task").drop_column("making").take()).await
    }
}
