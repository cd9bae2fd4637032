//! One index less in which every step of a task moves an entry: a task's id follows from its target, so that the primary
//! key already holds that there is one task for each target, and finds it.

use sea_orm_migration::prelude::*;

pub struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0012_targets"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name("task_target").table("task").to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut index = Index::create();
        index.name("task_target").table("task").unique().col("kind").col("subject").col("generation");
        manager.create_index(index).await
    }
}
