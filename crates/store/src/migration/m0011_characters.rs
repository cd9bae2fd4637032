//! Characters with their pictures, which of them a project has chosen, and who speaks in a scene.
//!
//! A project's choice is a list in its own row: the workflow decides on it, and reading a project costs no query more.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{integer, json_binary_null, text, text_null, timestamp_with_time_zone, uuid, uuid_null};

pub struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0011_characters"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(character()).await?;
        manager.create_table(picture()).await?;
        for (name, table, columns) in INDEXES {
            let mut index = Index::create();
            index.name(name).table(table);
            for column in columns {
                index.col(*column);
            }
            manager.create_index(index.take()).await?;
        }
        // SQLite adds one column a statement.
        for (table, column) in columns() {
            manager.alter_table(Table::alter().table(table).add_column(column).take()).await?;
        }
        // The builder knows neither conditions nor expressions; these statements are the same in both databases.
        for (name, place) in CONDITIONAL {
            manager.get_connection().execute_unprepared(&format!("CREATE INDEX {name} ON {place}")).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, _) in CONDITIONAL {
            manager.get_connection().execute_unprepared(&format!("DROP INDEX {name}")).await?;
        }
        for (table, column) in columns() {
            let column = column.get_column_name();
            manager.alter_table(Table::alter().table(table).drop_column(column).take()).await?;
        }
        manager.drop_table(Table::drop().table("character_picture").take()).await?;
        manager.drop_table(Table::drop().table("character").take()).await
    }
}

const INDEXES: [(&str, &str, &[&str]); 3] = [
    ("character_owner", "character", &["owner_id", "created_at"]),
    ("character_project", "character", &["project_id"]),
    ("character_picture_key", "character_picture", &["object_key"]),
];

/// Older versions kept whatever they were sent as a reference picture, and an index has no room for long texts.
const CONDITIONAL: [(&str, &str); 2] = [
    ("scene_character", "scene (character_id) WHERE character_id IS NOT NULL"),
    ("project_reference", "project ((CASE WHEN length(reference_image_url) < 100 THEN reference_image_url END))"),
];

fn to(from: &str, column: &str, table: &'static str) -> ForeignKeyCreateStatement {
    let mut key = ForeignKey::create();
    key.from(from.to_owned(), column.to_owned()).to(table, "id").on_delete(ForeignKeyAction::Cascade);
    key
}

fn character() -> TableCreateStatement {
    Table::create()
        .table("character")
        .col(uuid("id").primary_key())
        .col(uuid("owner_id"))
        .col(uuid_null("project_id"))
        .col(uuid_null("show_id"))
        .col(text("name"))
        .col(text("description"))
        .col(text_null("voice_provider"))
        .col(text_null("voice_id"))
        .col(json_binary_null("voice_settings"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(&mut to("character", "owner_id", "user"))
        .foreign_key(&mut to("character", "project_id", "project"))
        .take()
}

fn picture() -> TableCreateStatement {
    Table::create()
        .table("character_picture")
        .col(uuid("character_id"))
        .col(integer("place"))
        .col(text("object_key"))
        .col(text("media_type"))
        .primary_key(Index::create().col("character_id").col("place"))
        .foreign_key(&mut to("character_picture", "character_id", "character"))
        .take()
}

fn columns() -> [(&'static str, ColumnDef); 3] {
    [("project", json_binary_null("character_ids")), ("scene", uuid_null("character_id")), ("scene", json_binary_null("voice"))]
}
