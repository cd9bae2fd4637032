//! How a scene begins and what of its picture stays in view: one JSON column; scenes from before have none.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::json_binary_null;

pub struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0002_scene_look"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("scene").add_column(json_binary_null("look")).take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("scene").drop_column("look").take()).await
    }
}
