//! Renders that show a storyboard of the user's own instead of their project.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::json_binary_null;

pub struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0008_render_storyboard"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("render").add_column(json_binary_null("storyboard")).take()).await?;
        // Few renders have one; deleting a project asks for those that are not done.
        let index = "CREATE INDEX render_storyboard ON render (status) WHERE storyboard IS NOT NULL";
        manager.get_connection().execute_unprepared(index).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP INDEX render_storyboard").await?;
        manager.alter_table(Table::alter().table("render").drop_column("storyboard").take()).await
    }
}
