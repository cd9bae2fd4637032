//! Live events on the wire: the whole state first, then what changes.

use model::event::{Event, Medium};
use model::project::{RenderStatus, Scene, SlotStatus};
use serde::Serialize;
use store::ProjectRecord;
use utoipa::ToSchema;
use uuid::Uuid;

use super::project::{music_status, music_url};
use super::scene::{Word, content_url, scene_error, words};
use super::status::{MediaStatus, MediaType, MusicStatus, WholeStatus, WorkStatus};
use crate::key::url_of;

/// One message of the stream.
// The document does not know `rename_all_fields`.
#[derive(Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum LiveEvent {
    /// The whole state: at the start, and whenever so much changed that it is best read anew.
    #[serde(rename_all = "camelCase")]
    Init {
        /// Where the project stands.
        project_status: WholeStatus,
        /// In their order.
        scenes: Vec<LiveScene>,
        /// `null` without music.
        bg_music_status: Option<MusicStatus>,
        /// The music.
        bg_music_url: Option<String>,
    },
    /// One medium of one scene moved on.
    #[serde(rename_all = "camelCase")]
    SceneUpdate {
        /// Which scene.
        scene_id: Uuid,
        /// Which medium.
        field: LiveField,
        /// Its new status.
        status: MediaStatus,
        /// Why it can't be made; only on the final failure.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<String>,
        /// `video` when a clip is there.
        #[serde(skip_serializing_if = "Option::is_none")]
        media_type: Option<MediaType>,
        /// What is there now.
        #[serde(skip_serializing_if = "Option::is_none")]
        url: Option<String>,
        /// Words of a new narration.
        #[serde(skip_serializing_if = "Option::is_none")]
        timings: Option<Vec<Word>>,
        /// Seconds of a new narration.
        #[serde(skip_serializing_if = "Option::is_none")]
        duration: Option<f64>,
    },
    /// The music moved on.
    #[serde(rename_all = "camelCase")]
    MusicUpdate {
        /// Its new status.
        status: MusicStatus,
        /// Why it can't be made.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<String>,
        /// What is there now.
        #[serde(skip_serializing_if = "Option::is_none")]
        url: Option<String>,
    },
    /// The project as a whole moved on.
    #[serde(rename_all = "camelCase")]
    ProjectStatusUpdate {
        /// Its new status.
        status: WholeStatus,
    },
    /// A render moved on; ask `/api/render/{id}` for its files when it is completed.
    #[serde(rename_all = "camelCase")]
    RenderUpdate {
        /// Which render.
        render_id: Uuid,
        /// Its new status.
        status: WorkStatus,
        /// 0 to 100.
        progress: u8,
        /// Why it failed.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
}

/// A medium of a scene.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LiveField {
    /// The still.
    Image,
    /// The narration.
    Audio,
    /// The clip.
    Video,
    /// The sound effect.
    Sfx,
}

/// A scene in an `init` message.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LiveScene {
    id: Uuid,
    scene_number: i32,
    image_status: MediaStatus,
    audio_status: MediaStatus,
    sfx_status: MediaStatus,
    video_status: MediaStatus,
    image_url: Option<String>,
    audio_url: Option<String>,
    video_url: Option<String>,
    error_message: Option<String>,
    visual_description: String,
    narration: String,
    duration_seconds: f64,
    media_type: MediaType,
    word_timings: Option<Vec<Word>>,
}

impl From<&Scene> for LiveScene {
    fn from(scene: &Scene) -> Self {
        Self {
            id: scene.id,
            scene_number: scene.number,
            image_status: scene.image.status.into(),
            audio_status: scene.audio.status.into(),
            sfx_status: scene.sfx.status.into(),
            video_status: scene.video.status.into(),
            image_url: content_url(&scene.image),
            audio_url: content_url(&scene.audio),
            video_url: content_url(&scene.video),
            error_message: scene_error(scene),
            visual_description: scene.visual_description.clone(),
            narration: scene.narration.clone(),
            duration_seconds: scene.duration_seconds,
            media_type: MediaType::of(scene.moving),
            word_timings: words(&scene.word_timings),
        }
    }
}

impl LiveEvent {
    /// The whole state.
    pub fn init(record: &ProjectRecord) -> Self {
        Self::Init {
            project_status: record.project.status.into(),
            scenes: record.project.scenes.iter().map(LiveScene::from).collect(),
            bg_music_status: music_status(record),
            bg_music_url: music_url(record),
        }
    }

    /// A change; `None` for a reset, which is answered by [`LiveEvent::init`].
    pub fn change(event: Event) -> Option<Self> {
        let url = |asset: Option<model::project::Asset>, status| {
            asset.filter(|_| status == SlotStatus::Completed).map(|asset| url_of(&asset.key))
        };
        Some(match event {
            Event::Reset => return None,
            Event::Scene { scene, field, status, error, asset, words: timings, seconds } => {
                let (field, clip) = match field {
                    Medium::Image => (LiveField::Image, false),
                    Medium::Audio => (LiveField::Audio, false),
                    Medium::Video => (LiveField::Video, true),
                    Medium::Sfx => (LiveField::Sfx, false),
                };
                Self::SceneUpdate {
                    scene_id: scene,
                    field,
                    status: status.into(),
                    error,
                    media_type: (clip && status == SlotStatus::Completed).then_some(MediaType::Video),
                    url: url(asset, status),
                    timings: timings.as_deref().and_then(words),
                    duration: seconds,
                }
            }
            Event::Music { status, error, asset } => Self::MusicUpdate { status: status.into(), error, url: url(asset, status) },
            Event::Project { status } => Self::ProjectStatusUpdate { status: status.into() },
            Event::Render { render, status, progress, error } => Self::RenderUpdate {
                render_id: render,
                status: status.into(),
                progress: super::render::percent(progress),
                error: error.or_else(|| (status == RenderStatus::Cancelled).then(|| super::render::CANCELLED.to_owned())),
            },
        })
    }
}
