//! Commands, the state that clients draw, and estimates.

use garde::Validate;
use model::event::Medium;
use model::project::{ProjectStatus, Scene, Slot, SlotStatus};
use model::workflow::Command;
use serde::{Deserialize, Serialize};
use store::ProjectRecord;
use utoipa::ToSchema;
use uuid::Uuid;

use super::asset::{CreditRow, Makers, credit, made_by};
use super::keys::RequestKeys;
use super::project::{music_status, music_url};
use super::scene::{Word, content_url, scene_error, words};
use super::status::{MediaStatus, MediaType, MusicStatus, WholeStatus};
use crate::error::ApiError;

/// Something to do with a project.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowCommand {
    /// Which project.
    #[garde(skip)]
    pub project_id: Uuid,
    /// What to do.
    #[garde(skip)]
    #[schema(example = "generate_all")]
    pub action: Action,
    /// Which scene, for the actions of one scene.
    #[garde(skip)]
    pub scene_id: Option<Uuid>,
    /// Make anew what is there already, except what you gave yourself.
    #[garde(skip)]
    #[serde(default)]
    pub force: Option<bool>,
    /// Keys of vendors for what this command starts.
    #[garde(skip)]
    pub api_keys: Option<RequestKeys>,
}

/// What can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Makes every picture, narration and the music that is missing. Without scenes the script is written first.
    GenerateAll,
    /// Makes every picture that is missing.
    GenerateAllImages,
    /// Makes every narration that is missing.
    GenerateAllAudio,
    /// Makes one scene's picture if it is missing.
    GenerateImage,
    /// Makes another picture for one scene.
    RegenerateImage,
    /// Makes one scene's narration if it is missing.
    GenerateAudio,
    /// Speaks one scene's narration again.
    RegenerateAudio,
    /// Makes one scene's clip from its picture if it is missing; waits for the picture, and makes it if need be.
    GenerateVideo,
    /// Makes another clip for one scene.
    RegenerateVideo,
    /// Makes the music, another one if it is there.
    GenerateMusic,
    /// Gives up what is not done.
    Cancel,
    /// Lets running steps finish and holds the others back.
    Pause,
    /// Goes on after a pause, a failure or a cancel.
    Resume,
    /// Does without what a scene lacks: without `sceneId` the first that failed, else the first that is at work.
    SkipScene,
}

impl WorkflowCommand {
    /// The command for the workflow, and the message for the client.
    pub fn read(&self) -> Result<(Command, &'static str), ApiError> {
        let force = self.force.unwrap_or(false);
        let one = |medium, force| {
            let scene = self.scene_id.ok_or_else(|| ApiError::field("sceneId", "Required"))?;
            Ok::<_, ApiError>(Command::Generate { scene, medium, force })
        };
        Ok(match self.action {
            Action::GenerateAll => (Command::GenerateAll { force }, "Generation started"),
            Action::GenerateAllImages => (Command::GenerateImages { force }, "Image generation started"),
            Action::GenerateAllAudio => (Command::GenerateAudio { force }, "Audio generation started"),
            Action::GenerateImage => (one(Medium::Image, force)?, "image queued"),
            Action::RegenerateImage => (one(Medium::Image, true)?, "image queued"),
            Action::GenerateAudio => (one(Medium::Audio, force)?, "audio queued"),
            Action::RegenerateAudio => (one(Medium::Audio, true)?, "audio queued"),
            Action::GenerateVideo => (one(Medium::Video, force)?, "Video generation started (Async)"),
            Action::RegenerateVideo => (one(Medium::Video, true)?, "Video generation started (Async)"),
            Action::GenerateMusic => (Command::GenerateMusic, "Music queued"),
            Action::Cancel => (Command::Cancel, "Generation cancelled"),
            Action::Pause => (Command::Pause, "Generation paused"),
            Action::Resume => (Command::Resume, "Generation resumed"),
            Action::SkipScene => (Command::SkipScene { scene: self.scene_id }, "Scene skipped"),
        })
    }
}

/// The command was taken.
#[derive(Serialize, ToSchema)]
pub struct Message {
    /// What happens now.
    #[schema(example = "Generation started")]
    pub message: &'static str,
}

/// Where everything in a project stands.
#[derive(Serialize, ToSchema)]
pub struct WorkflowState {
    #[serde(rename = "projectStatus")]
    project_status: WholeStatus,
    /// In their order.
    scenes: Vec<SceneState>,
    /// `null` without music.
    music_status: Option<MusicStatus>,
    music_url: Option<String>,
    /// Vendor and model of the music; `given` if you brought it.
    #[schema(example = "composer/composer-1")]
    music_made_by: Option<String>,
    /// Whose music it is, where its licence may ask for a mention.
    music_credit: Option<CreditRow>,
    /// What is being made now; empty when nothing is.
    #[serde(rename = "generationMessage")]
    #[schema(example = "Generating Image for Scene 2...")]
    generation_message: String,
    /// Why it is paused, if you did not pause it.
    #[schema(example = "The project has used up its budget; raise it and send resume.")]
    notice: Option<String>,
}

/// Where a scene stands.
#[derive(Serialize, ToSchema)]
pub struct SceneState {
    id: Uuid,
    scene_number: i32,
    image_status: MediaStatus,
    audio_status: MediaStatus,
    sfx_status: MediaStatus,
    video_status: MediaStatus,
    image_url: Option<String>,
    audio_url: Option<String>,
    video_url: Option<String>,
    media_type: MediaType,
    /// Why something could not be made.
    error: Option<String>,
    /// The same as `error`.
    error_message: Option<String>,
    visual_description: String,
    narration: String,
    /// A guess until the narration is spoken, then exact.
    duration_seconds: f64,
    image_attempts: i32,
    audio_attempts: i32,
    #[serde(rename = "wordTimings")]
    word_timings: Option<Vec<Word>>,
    #[serde(flatten)]
    makers: Makers,
}

impl From<&Scene> for SceneState {
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
            media_type: MediaType::of(scene.moving),
            error: scene_error(scene),
            error_message: scene_error(scene),
            visual_description: scene.visual_description.clone(),
            narration: scene.narration.clone(),
            duration_seconds: scene.duration_seconds,
            image_attempts: scene.image.attempts,
            audio_attempts: scene.audio.attempts,
            word_timings: words(&scene.word_timings),
            makers: scene.into(),
        }
    }
}

impl From<&ProjectRecord> for WorkflowState {
    fn from(record: &ProjectRecord) -> Self {
        let project = &record.project;
        Self {
            project_status: project.status.into(),
            scenes: project.scenes.iter().map(SceneState::from).collect(),
            music_status: music_status(record),
            music_url: music_url(record),
            music_made_by: made_by(&project.music),
            music_credit: credit(&project.music),
            generation_message: generation_message(record),
            notice: project.notice.clone(),
        }
    }
}

/// What is being made now, else what comes next.
fn generation_message(record: &ProjectRecord) -> String {
    let project = &record.project;
    if project.status != ProjectStatus::Generating {
        return String::new();
    }
    let first = |status: SlotStatus| {
        let is = |slot: &Slot| slot.status == status;
        if is(&project.script) {
            return Some("Generating Script...".to_owned());
        }
        let scene = project.scenes.iter().find_map(|scene| {
            let slots = [("Image", &scene.image), ("Audio", &scene.audio), ("Video", &scene.video)];
            let (what, _) = slots.into_iter().find(|(_, slot)| is(slot))?;
            Some(format!("Generating {what} for Scene {}...", scene.number))
        });
        scene.or_else(|| is(&project.music).then(|| "Generating Background Music...".to_owned()))
    };
    first(SlotStatus::Processing).or_else(|| first(SlotStatus::Queued)).unwrap_or_default()
}

/// A project by its id.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OfProject {
    /// Which project.
    #[garde(skip)]
    pub project_id: Uuid,
}

/// What `generate_all` would have to make.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Estimate {
    /// Pictures that are not there.
    #[schema(example = 3)]
    estimated_images: usize,
    /// Narration that is not there, in whole minutes, rounded up.
    #[schema(example = 1)]
    estimated_audio_minutes: u64,
    /// Clips that are being made.
    #[schema(example = 0)]
    estimated_video: usize,
    /// Narration that is not there, in seconds.
    #[schema(example = 21.6)]
    estimated_audio_seconds: f64,
}

/// Words a second of a usual narrator.
const WORDS_PER_SECOND: f64 = 2.5;

impl From<&ProjectRecord> for Estimate {
    fn from(record: &ProjectRecord) -> Self {
        let scenes = &record.project.scenes;
        let done = |slot: &Slot| matches!(slot.status, SlotStatus::Completed | SlotStatus::Skipped);
        let silent = scenes.iter().filter(|scene| !done(&scene.audio));
        let words: usize = silent.map(|scene| scene.narration.split_whitespace().count()).sum();
        let seconds = words as f64 / WORDS_PER_SECOND;
        Self {
            estimated_images: scenes.iter().filter(|scene| !done(&scene.image)).count(),
            estimated_audio_minutes: (seconds / 60.0).ceil() as u64,
            estimated_video: scenes.iter().filter(|scene| scene.video.status.is_active()).count(),
            estimated_audio_seconds: seconds,
        }
    }
}
