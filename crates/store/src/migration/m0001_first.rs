//! The first schema: users, projects, scenes, renders, tasks, events, and what has been made.
//!
//! Scenes have no unique index over (project, number): both databases check such an index row by row (SQLite cannot
//! defer it), so that every renumbering would have to write each scene twice. The state machine numbers 1, 2, 3 … on
//! every edit, and it has only one writer, which holds the project's lock.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, boolean, double, integer, json_binary, json_binary_null, text, text_null, timestamp_with_time_zone,
    timestamp_with_time_zone_null, uuid, uuid_null,
};

pub struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0001_first"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [user(), project(), scene(), render(), task(), event(), made()] {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        for (table, column, field) in ASSET_KEYS {
            // The builder knows no index over an expression; this one statement is the same in both databases.
            let index = format!("CREATE INDEX {table}_{column}_{field} ON {table} (({column} ->> '{field}'))");
            manager.get_connection().execute_unprepared(&index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["made", "event", "task", "render", "scene", "project", "user"] {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }
}

/// Where objects' keys stand inside JSON: deleting a project asks whether anything else refers to its objects.
const ASSET_KEYS: [(&str, &str, &str); 8] = [
    ("scene", "image_asset", "key"),
    ("scene", "audio_asset", "key"),
    ("scene", "video_asset", "key"),
    ("project", "music_asset", "key"),
    ("render", "output", "video"),
    ("render", "output", "srt"),
    ("render", "output", "vtt"),
    ("render", "output", "thumbnail"),
];

fn user() -> TableCreateStatement {
    Table::create()
        .table("user")
        .col(uuid("id").primary_key())
        .col(text("name"))
        .col(text_null("email"))
        .col(timestamp_with_time_zone("created_at"))
        .take()
}

fn project() -> TableCreateStatement {
    let mut table = Table::create();
    table.table("project").col(uuid("id").primary_key()).col(uuid("owner_id")).col(text("status")).col(big_integer("revision"));
    for column in ["topic", "title", "description", "style", "language", "voice_name", "tts_provider"] {
        table.col(text(column));
    }
    table.col(boolean("include_music")).col(text("bg_music_prompt")).col(json_binary("video_options"));
    slot(&mut table, ["music_status", "music_generation", "music_attempts", "music_take"]);
    slot_result(&mut table, ["music_given", "music_asset", "music_error"]);
    table
        .col(uuid_null("render_id"))
        .col(big_integer("event_number"))
        .col(text_null("source"))
        .col(json_binary("tags"))
        .col(uuid_null("folder_id"))
        .col(boolean("is_archived"))
        .col(json_binary_null("duration_config"))
        .col(text_null("reference_image_url"))
        .col(text("video_model"))
        .col(text_null("audio_model"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .foreign_key(ForeignKey::create().from("project", "owner_id").to("user", "id").on_delete(ForeignKeyAction::Restrict))
        .take()
}

fn scene() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table("scene")
        .col(uuid("id").primary_key())
        .col(uuid("project_id"))
        .col(integer("number"))
        .col(text("narration"))
        .col(text("visual_description"))
        .col(double("duration_seconds"))
        .col(json_binary("word_timings"))
        .col(boolean("moving"));
    slot(&mut table, ["image_status", "image_generation", "image_attempts", "image_take"]);
    slot_result(&mut table, ["image_given", "image_asset", "image_error"]);
    slot(&mut table, ["audio_status", "audio_generation", "audio_attempts", "audio_take"]);
    slot_result(&mut table, ["audio_given", "audio_asset", "audio_error"]);
    slot(&mut table, ["video_status", "video_generation", "video_attempts", "video_take"]);
    slot_result(&mut table, ["video_given", "video_asset", "video_error"]);
    table.col(timestamp_with_time_zone("created_at")).foreign_key(&mut of_project("scene")).take()
}

fn slot(table: &mut TableCreateStatement, [status, generation, attempts, take]: [&'static str; 4]) {
    table.col(text(status)).col(big_integer(generation)).col(integer(attempts)).col(integer(take));
}

fn slot_result(table: &mut TableCreateStatement, [given, asset, error]: [&'static str; 3]) {
    table.col(boolean(given)).col(json_binary_null(asset)).col(text_null(error));
}

fn render() -> TableCreateStatement {
    Table::create()
        .table("render")
        .col(uuid("id").primary_key())
        .col(uuid("project_id"))
        .col(text("status"))
        .col(double("progress"))
        .col(text_null("error"))
        .col(json_binary_null("output"))
        .col(big_integer("revision"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .foreign_key(&mut of_project("render"))
        .take()
}

fn task() -> TableCreateStatement {
    Table::create()
        .table("task")
        .col(uuid("id").primary_key())
        .col(uuid("project_id"))
        .col(uuid("owner_id"))
        .col(text("kind"))
        .col(uuid("subject"))
        .col(big_integer("generation"))
        .col(text("state"))
        .col(integer("priority"))
        .col(timestamp_with_time_zone("run_at"))
        .col(integer("place"))
        .col(integer("attempt"))
        .col(text_null("lease_owner"))
        .col(timestamp_with_time_zone_null("lease_until"))
        .col(text_null("vendor_ref"))
        .col(text_null("last_error"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone_null("finished_at"))
        .foreign_key(&mut of_project("task"))
        .take()
}

fn event() -> TableCreateStatement {
    Table::create()
        .table("event")
        .col(uuid("project_id"))
        .col(big_integer("number"))
        .col(json_binary("body"))
        .col(timestamp_with_time_zone("created_at"))
        .primary_key(Index::create().col("project_id").col("number"))
        .foreign_key(&mut of_project("event"))
        .take()
}

fn made() -> TableCreateStatement {
    Table::create()
        .table("made")
        .col(text("request_hash").primary_key())
        .col(json_binary("asset"))
        .col(text("asset_key"))
        .col(json_binary("detail"))
        .col(timestamp_with_time_zone("created_at"))
        .take()
}

fn of_project(table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create().from(table, "project_id").to("project", "id").on_delete(ForeignKeyAction::Cascade).take()
}

fn indexes() -> [IndexCreateStatement; 8] {
    let index = |name: &'static str, table: &'static str, columns: &[&'static str]| {
        let mut index = Index::create();
        index.name(name).table(table);
        for column in columns {
            index.col(*column);
        }
        index
    };
    [
        index("task_claim", "task", &["state", "priority", "run_at"]),
        index("task_target", "task", &["kind", "subject", "generation"]).unique().take(),
        index("task_project", "task", &["project_id", "state"]),
        index("project_list", "project", &["owner_id", "created_at"]),
        index("project_source", "project", &["owner_id", "source"]).unique().take(),
        index("scene_project", "scene", &["project_id", "number"]),
        index("render_project", "render", &["project_id"]),
        index("made_asset", "made", &["asset_key"]),
    ]
}
