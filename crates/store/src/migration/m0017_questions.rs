//! Questions to vendors outside of any video. Each is carried by a project of its own, which nobody sees.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::json_binary_null;

pub struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0017_questions"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column a statement.
        for column in COLUMNS {
            manager.alter_table(Table::alter().table("project").add_column(json_binary_null(column)).take()).await?;
        }
        // The builder knows neither conditions nor expressions; these statements are the same in both databases.
        for (name, place) in INDEXES {
            manager.get_connection().execute_unprepared(&format!("CREATE INDEX {name} ON {place}")).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, _) in INDEXES {
            manager.get_connection().execute_unprepared(&format!("DROP INDEX {name}")).await?;
        }
        for column in COLUMNS {
            manager.alter_table(Table::alter().table("project").drop_column(column).take()).await?;
        }
        Ok(())
    }
}

const COLUMNS: [&str; 2] = ["question", "answer"];

const INDEXES: [(&str, &str); 3] = [
    ("project_question_key", "project ((question ->> 'key'))"),
    ("project_answer_key", "project ((answer ->> 'key'))"),
    ("project_question_age", "project (created_at) WHERE question IS NOT NULL"),
];
