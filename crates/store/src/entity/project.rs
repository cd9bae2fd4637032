//! Table `project`.

use sea_orm::entity::prelude::*;

/// One project: settings, music slot, the Studio's details, and the number of its newest event.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "project")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub owner_id: Uuid,
    pub status: String,
    pub revision: i64,
    pub topic: String,
    pub title: String,
    pub description: String,
    pub style: String,
    pub language: String,
    pub voice_name: String,
    pub tts_provider: String,
    pub include_music: bool,
    pub bg_music_prompt: String,
    pub video_options: Json,
    pub music_status: String,
    pub music_generation: i64,
    pub music_attempts: i32,
    pub music_take: i32,
    pub music_given: bool,
    pub music_asset: Option<Json>,
    pub music_error: Option<String>,
    pub script_status: String,
    pub script_generation: i64,
    pub script_attempts: i32,
    pub script_take: i32,
    pub script_given: bool,
    pub script_asset: Option<Json>,
    pub script_error: Option<String>,
    pub question: Option<Json>,
    pub answer: Option<Json>,
    pub notice: Option<String>,
    pub render_id: Option<Uuid>,
    pub event_number: i64,
    pub source: Option<String>,
    pub tags: Json,
    pub folder_id: Option<Uuid>,
    pub show_id: Option<Uuid>,
    pub episode_number: Option<i32>,
    pub is_archived: bool,
    pub duration_config: Option<Json>,
    pub reference_image_url: Option<String>,
    pub character_ids: Option<Json>,
    pub video_model: String,
    pub audio_model: Option<String>,
    pub choice: Option<Json>,
    pub speech_speed: Option<f64>,
    pub budget_micros: Option<i64>,
    pub spent_micros: i64,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub lock_session_id: Option<String>,
    pub lock_expires_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
