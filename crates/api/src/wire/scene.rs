//! Scenes on the wire.

use chrono::{DateTime, Utc};
use garde::Validate;
use model::caption::WordTiming;
use model::project::{Scene, Slot, SlotStatus};
use model::storyboard::MAX_NARRATION;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::asset::Makers;
use super::keys::RequestKeys;
use super::project::filled;
use super::rule::{nullable, place, seconds, spoken, text, vendor};
use super::stamp;
use super::status::{MediaStatus, MediaType};
use crate::key::url_of;

/// A new scene, or new texts of the scene in that place.
#[derive(Deserialize, Validate, ToSchema)]
pub struct PutScene {
    /// Whose scene.
    #[garde(skip)]
    pub project_id: Uuid,
    /// Its place, from 1. A place beyond the last adds the scene at the end.
    #[garde(custom(|number: &i32, ctx: &()| place(&Some(*number), ctx)))]
    #[schema(example = 1)]
    pub scene_number: i32,
    /// What is said.
    #[garde(custom(spoken))]
    #[schema(example = "In July 1969 three people flew to the Moon.")]
    pub narration: String,
    /// What the picture shows; left out, it is drawn from the narration.
    #[garde(custom(text(0, MAX_NARRATION)))]
    #[schema(example = "a rocket on the launch pad at dawn")]
    pub visual_description: Option<String>,
    /// Length in seconds until the narration is spoken; left out, it is guessed from the words.
    #[garde(custom(seconds))]
    #[schema(example = 5.0)]
    pub duration_seconds: Option<f64>,
}

/// Changes of a scene; what is left out stays.
#[derive(Deserialize, Validate, ToSchema)]
pub struct PatchScene {
    /// What is said. A change discards the spoken narration.
    #[garde(custom(spoken))]
    #[schema(example = "In July 1969 two people walked on the Moon.")]
    pub narration: Option<String>,
    /// What the picture shows. A change discards the picture, unless you gave it yourself.
    #[garde(custom(text(0, MAX_NARRATION)))]
    pub visual_description: Option<String>,
    /// Length in seconds; it has no effect once the narration is spoken.
    #[garde(custom(seconds))]
    pub duration_seconds: Option<f64>,
    /// A new place, from 1; the other scenes move.
    #[garde(custom(place))]
    pub scene_number: Option<i32>,
    /// Whether to show the still or the clip.
    #[garde(skip)]
    pub media_type: Option<MediaType>,
    /// Your own picture: the key that `POST /api/assets` answered.
    #[garde(custom(text(1, 2_000)))]
    pub image_url: Option<String>,
    /// Whose scene it is: one of your characters, whose voice then speaks in it; `null` for nobody's, with the project's voice.
    #[serde(default, deserialize_with = "nullable")]
    #[garde(skip)]
    pub character_id: Option<Option<Uuid>>,
    /// The voice of this scene alone, instead of the character's; `null` for the project's.
    #[serde(default, deserialize_with = "nullable")]
    #[garde(custom(text(0, 200)))]
    pub voice_name: Option<Option<String>>,
    /// Whose voice it is; `null` for whoever speaks in the project.
    #[serde(default, deserialize_with = "nullable")]
    #[garde(custom(vendor))]
    pub tts_provider: Option<Option<String>>,
}

/// A clip to make.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MakeClip {
    /// What it shows. Other than the scene's visual description, it becomes that.
    #[garde(custom(text(0, MAX_NARRATION)))]
    pub prompt: Option<String>,
    /// Which model films the project's clips from now on, such as `veo`; left out, the one that did.
    #[garde(custom(text(0, 200)))]
    pub model_id: Option<String>,
    /// Keys of vendors for this clip.
    #[garde(skip)]
    pub keys: Option<RequestKeys>,
}

/// That a clip is being made.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClipOrdered {
    /// Always `true`.
    pub success: bool,
    /// Ask `/api/jobs/{id}` with it.
    pub job_id: Uuid,
    /// `QUEUED`.
    pub status: &'static str,
}

/// A word of the narration and when it is heard.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Word {
    /// As it is shown.
    #[schema(example = "Moon.")]
    pub word: String,
    /// Seconds from the start of the scene.
    #[schema(example = 2.31)]
    pub start: f64,
    /// Seconds from the start of the scene.
    #[schema(example = 2.74)]
    pub end: f64,
}

/// All words; `null` until the narration is spoken.
pub fn words(timings: &[WordTiming]) -> Option<Vec<Word>> {
    let word = |timing: &WordTiming| Word { word: timing.word.clone(), start: timing.start, end: timing.end };
    (!timings.is_empty()).then(|| timings.iter().map(word).collect())
}

/// The address of a slot's content.
pub fn content_url(slot: &Slot) -> Option<String> {
    slot.asset.as_ref().map(|asset| url_of(&asset.key))
}

/// Why a scene's media could not be made.
pub fn scene_error(scene: &Scene) -> Option<String> {
    let slots = [&scene.image, &scene.audio, &scene.video];
    let errors: Vec<&str> = slots.iter().filter_map(|slot| slot.error.as_deref()).collect();
    let skipped = slots.iter().any(|slot| slot.status == SlotStatus::Skipped);
    match errors.is_empty() {
        false => Some(errors.join(" ")),
        true => skipped.then(|| "Skipped by user".to_owned()),
    }
}

/// A scene within its project. Addresses of its media are in the workflow state and in `/api/scenes/{id}/media`.
#[derive(Serialize, ToSchema)]
pub struct SceneInProject {
    id: Uuid,
    project_id: Uuid,
    /// Place, from 1.
    scene_number: i32,
    visual_description: String,
    narration: String,
    /// A guess until the narration is spoken, then exact.
    duration_seconds: f64,
    image_status: MediaStatus,
    audio_status: MediaStatus,
    /// `draft` without a sound effect of your own.
    sfx_status: MediaStatus,
    video_status: MediaStatus,
    media_type: MediaType,
    word_timings: Option<Vec<Word>>,
    /// Why something could not be made.
    error_message: Option<String>,
    /// Tries of the present request that failed.
    image_attempts: i32,
    /// Tries of the present request that failed.
    audio_attempts: i32,
    /// 0: sound effects are given.
    sfx_attempts: i32,
    /// Tries of the present request that failed.
    video_attempts: i32,
    #[schema(format = DateTime)]
    created_at: Option<String>,
    /// Always `null`: deleted scenes are gone.
    deleted_at: Option<String>,
    /// `READY` once there is a clip, else `DRAFT`.
    status: &'static str,
    version: i64,
}

impl SceneInProject {
    /// The scene as its project shows it.
    pub fn new(project: Uuid, scene: &Scene, created_at: Option<DateTime<Utc>>) -> Self {
        Self {
            id: scene.id,
            project_id: project,
            scene_number: scene.number,
            visual_description: scene.visual_description.clone(),
            narration: scene.narration.clone(),
            duration_seconds: scene.duration_seconds,
            image_status: scene.image.status.into(),
            audio_status: scene.audio.status.into(),
            sfx_status: scene.sfx.status.into(),
            video_status: scene.video.status.into(),
            media_type: MediaType::of(scene.moving),
            word_timings: words(&scene.word_timings),
            error_message: scene_error(scene),
            image_attempts: scene.image.attempts,
            audio_attempts: scene.audio.attempts,
            sfx_attempts: scene.sfx.attempts,
            video_attempts: scene.video.attempts,
            created_at: created_at.map(stamp),
            deleted_at: None,
            status: if scene.video.asset.is_some() { "READY" } else { "DRAFT" },
            version: scene.video.generation,
        }
    }
}

/// A whole scene.
#[derive(Serialize, ToSchema)]
pub struct SceneRow {
    #[serde(flatten)]
    scene: SceneInProject,
    image_url: Option<String>,
    audio_url: Option<String>,
    /// Your own sound effect.
    sfx_url: Option<String>,
    video_url: Option<String>,
    visual_effect: &'static str,
    /// Whose scene it is.
    character_id: Option<Uuid>,
    /// The voice of this scene alone; `null` for the project's.
    voice_name: Option<String>,
    /// Whose voice that is; `null` for whoever speaks in the project.
    tts_provider: Option<String>,
    #[serde(flatten)]
    makers: Makers,
}

impl SceneRow {
    /// The scene with everything.
    pub fn new(project: Uuid, scene: &Scene, created_at: Option<DateTime<Utc>>) -> Self {
        Self {
            scene: SceneInProject::new(project, scene, created_at),
            image_url: content_url(&scene.image),
            audio_url: content_url(&scene.audio),
            sfx_url: content_url(&scene.sfx),
            video_url: content_url(&scene.video),
            visual_effect: "zoom_in",
            character_id: scene.character,
            voice_name: scene.voice.as_ref().and_then(|voice| filled(&voice.name)),
            tts_provider: scene.voice.as_ref().and_then(|voice| filled(&voice.vendor)),
            makers: scene.into(),
        }
    }
}

/// Where a scene's media are; the names are historical, these are addresses.
#[derive(Serialize, ToSchema)]
pub struct SceneMedia {
    /// The still.
    #[schema(example = "/api/assets?url=scenes/images/0123456789abcdef0123456789abcdef.jpg")]
    image_base64: Option<String>,
    /// The narration.
    audio_base64: Option<String>,
    /// The clip.
    video_base64: Option<String>,
}

impl From<&Scene> for SceneMedia {
    fn from(scene: &Scene) -> Self {
        Self {
            image_base64: content_url(&scene.image),
            audio_base64: content_url(&scene.audio),
            video_base64: content_url(&scene.video),
        }
    }
}
