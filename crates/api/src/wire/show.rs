//! Shows on the wire.

use garde::Validate;
use serde::{Deserialize, Serialize};
use store::{ProjectRecord, Show, ShowRecord};
use utoipa::ToSchema;
use uuid::Uuid;

use super::character::CharacterRow;
use super::rule::{Text, nullable, text, vendor};
use super::stamp;
use super::status::WholeStatus;

/// The looks that a show can have.
pub const PRESETS: [&str; 5] = ["Cinematic", "Anime", "3D Animation", "Comic Book", "Realism"];

/// A new show.
#[derive(Deserialize, Validate, ToSchema)]
pub struct CreateShow {
    /// Its name.
    #[garde(custom(text(1, 200)))]
    #[schema(example = "Space for everybody")]
    pub name: String,
    /// What it is about.
    #[garde(custom(text(0, 10_000)))]
    pub description: Option<String>,
    /// `Cinematic`, `Anime`, `3D Animation`, `Comic Book` or `Realism`; `Cinematic` when left out.
    #[garde(custom(preset))]
    #[schema(example = "Cinematic")]
    pub style_preset: Option<String>,
    /// More about the look.
    #[garde(custom(text(0, 2_000)))]
    pub visual_prompt: Option<String>,
    /// Which vendor speaks; `gemini` when left out.
    #[garde(custom(vendor))]
    #[schema(example = "gemini")]
    pub default_tts_provider: Option<String>,
}

/// Changes of a show; what is left out stays.
#[derive(Deserialize, Validate, ToSchema)]
pub struct PatchShow {
    /// Its name.
    #[garde(custom(text(1, 200)))]
    #[schema(example = "Space for everybody")]
    pub name: Option<String>,
    /// What it is about.
    #[garde(custom(text(0, 10_000)))]
    pub description: Option<String>,
    /// `Cinematic`, `Anime`, `3D Animation`, `Comic Book` or `Realism`.
    #[garde(custom(preset))]
    #[schema(example = "Cinematic")]
    pub style_preset: Option<String>,
    /// More about the look; `null` takes it away.
    #[serde(default, deserialize_with = "nullable")]
    #[garde(custom(text(0, 2_000)))]
    pub visual_prompt: Option<Option<String>>,
    /// Which vendor speaks.
    #[garde(custom(vendor))]
    #[schema(example = "gemini")]
    pub default_tts_provider: Option<String>,
}

fn preset<T: Text>(value: &T, _: &()) -> garde::Result {
    match value.text() {
        Some(text) if !PRESETS.contains(&text) => Err(garde::Error::new(format!("Expected one of {}", PRESETS.join(", ")))),
        _ => Ok(()),
    }
}

/// A show.
#[derive(Serialize, ToSchema)]
pub struct ShowRow {
    id: Uuid,
    user_id: Uuid,
    name: String,
    description: String,
    style_preset: String,
    visual_prompt: Option<String>,
    default_tts_provider: String,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<&Show> for ShowRow {
    fn from(show: &Show) -> Self {
        Self {
            id: show.id,
            user_id: show.owner,
            name: show.name.clone(),
            description: show.description.clone(),
            style_preset: show.style_preset.clone(),
            visual_prompt: show.visual_prompt.clone(),
            default_tts_provider: show.default_tts_provider.clone(),
            created_at: stamp(show.created_at),
            updated_at: stamp(show.updated_at),
        }
    }
}

/// How much belongs to a show.
#[derive(Serialize, ToSchema)]
pub struct ShowCount {
    /// Projects that are its episodes.
    episodes: u64,
    /// Characters of its own.
    characters: u64,
}

/// A show in a list.
#[derive(Serialize, ToSchema)]
pub struct ListedShow {
    #[serde(flatten)]
    show: ShowRow,
    /// How much belongs to it.
    #[serde(rename = "_count")]
    count: ShowCount,
}

impl From<&ShowRecord> for ListedShow {
    fn from(record: &ShowRecord) -> Self {
        Self { show: ShowRow::from(&record.show), count: ShowCount { episodes: record.episodes, characters: record.characters } }
    }
}

/// A project as an episode.
#[derive(Serialize, ToSchema)]
pub struct EpisodeRow {
    id: Uuid,
    topic: String,
    status: WholeStatus,
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<&ProjectRecord> for EpisodeRow {
    fn from(record: &ProjectRecord) -> Self {
        Self {
            id: record.project.id,
            topic: record.project.settings.topic.clone(),
            status: record.project.status.into(),
            created_at: stamp(record.created_at),
        }
    }
}

/// A show with what belongs to it.
#[derive(Serialize, ToSchema)]
pub struct WholeShow {
    /// The show.
    #[serde(flatten)]
    pub show: ShowRow,
    /// Its own characters, newest first.
    pub characters: Vec<CharacterRow>,
    /// The newest episodes, at most 5.
    pub episodes: Vec<EpisodeRow>,
}
