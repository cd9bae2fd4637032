//! Table `scene`.

use sea_orm::entity::prelude::*;

/// One live scene with its four slots.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "scene")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub project_id: Uuid,
    pub number: i32,
    pub narration: String,
    pub visual_description: String,
    pub duration_seconds: f64,
    pub word_timings: Json,
    pub moving: bool,
    pub image_status: String,
    pub image_generation: i64,
    pub image_attempts: i32,
    pub image_take: i32,
    pub image_given: bool,
    pub image_asset: Option<Json>,
    pub image_error: Option<String>,
    pub audio_status: String,
    pub audio_generation: i64,
    pub audio_attempts: i32,
    pub audio_take: i32,
    pub audio_given: bool,
    pub audio_asset: Option<Json>,
    pub audio_error: Option<String>,
    pub video_status: String,
    pub video_generation: i64,
    pub video_attempts: i32,
    pub video_take: i32,
    pub video_given: bool,
    pub video_asset: Option<Json>,
    pub video_error: Option<String>,
    pub sfx_status: String,
    pub sfx_generation: i64,
    pub sfx_attempts: i32,
    pub sfx_take: i32,
    pub sfx_given: bool,
    pub sfx_asset: Option<Json>,
    pub sfx_error: Option<String>,
    pub words_missing: bool,
    pub look: Option<Json>,
    pub character_id: Option<Uuid>,
    pub voice: Option<Json>,
    pub created_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
