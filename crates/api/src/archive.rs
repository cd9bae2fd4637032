//! A project as a ZIP archive: a `project.json` that people and other programs can read, and the media beside it. What only
//! this program needs to make the same project again stands in its field `shortsai`.

pub mod read;
pub mod write;

use model::caption::WordTiming;
use model::character::Voice;
use model::project::{Project, Scene, Settings};
use model::storyboard::SceneLook;
use serde::{Deserialize, Serialize};
use store::ProjectRecord;

/// The name of the description in the archive.
pub const DESCRIPTION: &str = "project.json";
/// The version of the field `shortsai`.
const VERSION: u32 = 1;

/// What `project.json` says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Description {
    /// The project's id where it was exported.
    pub id: String,
    /// Its title, else its topic.
    pub project_name: String,
    /// What it is about.
    pub topic: String,
    /// Its look in the user's words.
    pub style: String,
    /// How it is spoken and shown.
    pub settings: Summary,
    /// Path of the music.
    pub background_music: Option<String>,
    /// Path of the picture whose style is followed.
    pub reference_image: Option<String>,
    /// The scenes in their order.
    pub scenes: Vec<SceneDescription>,
    /// About the archive itself.
    pub metadata: Metadata,
    /// What makes it the same project again.
    pub shortsai: Option<Exact>,
}

/// The settings that other programs know.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Summary {
    /// Such as `en`.
    pub language: String,
    /// The voice's name.
    pub voice_name: String,
    /// Who speaks.
    pub tts_provider: String,
    /// Who films.
    pub video_model: String,
    /// The model that speaks.
    pub audio_model: Option<String>,
    /// Whether there is music.
    pub include_music: bool,
}

/// One scene.
#[derive(Debug, Serialize, Deserialize)]
pub struct SceneDescription {
    /// `scene_01` …
    pub id: String,
    /// What is said.
    pub text: String,
    /// What is shown.
    pub prompt: String,
    /// Seconds.
    pub duration: f64,
    /// Path of the narration.
    pub audio: Option<String>,
    /// Path of the picture.
    pub image: Option<String>,
    /// Path of the clip.
    pub video: Option<String>,
}

/// About the archive.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// When it was made.
    pub exported_at: String,
    /// `1.0`.
    pub version: String,
    /// Media that could not be read, as the paths that they would have.
    #[serde(default)]
    pub missing: Vec<String>,
}

/// What makes it the same project again.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exact {
    /// Of this structure.
    pub version: u32,
    /// All settings.
    pub settings: Settings,
    /// Labels.
    pub tags: Vec<String>,
    /// The choice of length.
    pub duration_config: Option<serde_json::Value>,
    /// What else belongs to each scene.
    pub scenes: Vec<ExactScene>,
}

/// What else belongs to a scene.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExactScene {
    /// When each word is heard.
    pub word_timings: Vec<WordTiming>,
    /// Whether the clip is shown.
    pub moving: bool,
    /// How it looks.
    pub look: SceneLook,
    /// Who speaks in it, where that is not the project's voice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<Voice>,
}

/// A medium of the project: where it is stored, and the path that it gets.
pub struct Medium {
    /// The object's key.
    pub key: String,
    /// Its path in the archive.
    pub path: String,
}

/// The description of a project and the media that belong to it.
pub fn describe(record: &ProjectRecord, exported_at: String) -> (Description, Vec<Medium>) {
    let Project { id, settings, scenes, music, .. } = &record.project;
    let mut media = Vec::new();
    let mut take = |key: Option<&str>, stem: String| {
        let key = key?;
        let ending = key.rsplit_once('.').map_or("bin", |(_, ending)| ending);
        let path = format!("{stem}.{ending}");
        media.push(Medium { key: key.to_owned(), path: path.clone() });
        Some(path)
    };
    let background_music = take(music.asset.as_ref().map(|asset| asset.key.as_str()), "audio/background".to_owned());
    let reference_image = take(settings.reference.as_deref(), "images/reference".to_owned());
    let mut scene_of = |scene: &Scene| {
        let number = scene.number;
        let key = |asset: &'_ Option<model::project::Asset>| asset.as_ref().map(|asset| asset.key.clone());
        SceneDescription {
            id: format!("scene_{number:02}"),
            text: scene.narration.clone(),
            prompt: scene.visual_description.clone(),
            duration: scene.duration_seconds,
            audio: take(key(&scene.audio.asset).as_deref(), format!("audio/scene_{number:02}")),
            image: take(key(&scene.image.asset).as_deref(), format!("images/scene_{number:02}")),
            video: take(key(&scene.video.asset).as_deref(), format!("videos/scene_{number:02}")),
        }
    };
    let described = scenes.iter().map(&mut scene_of).collect();
    let exact = |scene: &Scene| ExactScene {
        word_timings: scene.word_timings.clone(),
        moving: scene.moving,
        look: scene.look,
        voice: scene.voice.clone(),
    };
    let named = [&settings.title, &settings.topic].into_iter().find(|name| !name.trim().is_empty());
    let description = Description {
        id: id.to_string(),
        project_name: named.map_or("Untitled Project", String::as_str).to_owned(),
        topic: settings.topic.clone(),
        style: settings.style.clone(),
        settings: Summary {
            language: settings.language.clone(),
            voice_name: settings.voice.clone(),
            tts_provider: settings.speech_vendor.clone(),
            video_model: record.details.video_model.clone(),
            audio_model: record.details.audio_model.clone(),
            include_music: settings.include_music,
        },
        background_music,
        reference_image,
        scenes: described,
        metadata: Metadata { exported_at, version: "1.0".to_owned(), missing: Vec::new() },
        shortsai: Some(Exact {
            version: VERSION,
            settings: settings.clone(),
            tags: record.details.tags.clone(),
            duration_config: record.details.duration_config.clone(),
            scenes: scenes.iter().map(exact).collect(),
        }),
    };
    (description, media)
}

/// The archive's name: the title in small letters, with a `_` for whatever is no letter or digit.
pub fn file_name(record: &ProjectRecord) -> String {
    let title = record.project.settings.title.to_lowercase();
    let slug: String = title.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).take(100).collect();
    let slug = if slug.chars().all(|c| c == '_') { "export" } else { &slug };
    format!("project-{slug}.zip")
}
