//! Characters on the wire.

use garde::Validate;
use model::character::{Character, Voice};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::CharacterRecord;
use utoipa::ToSchema;
use uuid::Uuid;

use super::project::filled;
use super::rule::{small_json, text, vendor};
use super::stamp;
use crate::key::url_of;

/// The most pictures of one character.
const MOST_PICTURES: usize = 8;

/// A new character.
#[derive(Deserialize, Validate, ToSchema)]
pub struct CreateCharacter {
    /// By which scenes name it.
    #[garde(custom(text(1, 100)))]
    #[schema(example = "Ana")]
    pub name: String,
    /// What it looks like, for painters.
    #[garde(custom(text(0, 2_000)))]
    #[schema(example = "a tall woman with red hair")]
    pub description: Option<String>,
    /// 1 to 8 pictures (PNG, JPEG or WebP, each at most 10 MiB): data URIs, or files of your own as keys or addresses. Painters are
    /// shown the first.
    #[garde(custom(pictures))]
    #[schema(example = json!(["data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="]))]
    pub images: Vec<String>,
    /// Whose voice speaks in its scenes; the project's vendor when left out.
    #[garde(custom(vendor))]
    pub voice_provider: Option<String>,
    /// The voice; the vendor's usual one when left out.
    #[garde(custom(text(0, 200)))]
    pub voice_id: Option<String>,
    /// The show that it belongs to: one of your own.
    #[garde(skip)]
    pub show_id: Option<Uuid>,
    /// Kept with the character.
    #[garde(custom(small_json))]
    pub voice_settings: Option<Value>,
}

fn pictures(value: &[String], _: &()) -> garde::Result {
    if (1..=MOST_PICTURES).contains(&value.len()) {
        Ok(())
    } else {
        Err(garde::Error::new(format!("Expected 1 to {MOST_PICTURES} pictures, found {}", value.len())))
    }
}

/// A character.
#[derive(Serialize, ToSchema)]
pub struct CharacterRow {
    id: Uuid,
    user_id: Uuid,
    name: String,
    description: Option<String>,
    /// Addresses of its pictures.
    #[schema(example = json!(["/api/assets?url=characters/0123456789abcdef0123456789abcdef.png"]))]
    images: Vec<String>,
    #[schema(format = DateTime)]
    created_at: String,
    /// The show that it belongs to.
    show_id: Option<Uuid>,
    /// Whose voice speaks in its scenes.
    voice_provider: Option<String>,
    /// The voice.
    voice_id: Option<String>,
    /// As it was sent.
    voice_settings: Option<Value>,
}

impl From<&CharacterRecord> for CharacterRow {
    fn from(record: &CharacterRecord) -> Self {
        let Character { id, owner, project: _, name, description, pictures, voice } = &record.character;
        let Voice { vendor, name: voice } = voice.clone().unwrap_or_default();
        Self {
            id: *id,
            user_id: *owner,
            name: name.clone(),
            description: filled(description),
            images: pictures.iter().map(|picture| url_of(&picture.key)).collect(),
            created_at: stamp(record.created_at),
            show_id: record.show_id,
            voice_provider: filled(&vendor),
            voice_id: filled(&voice),
            voice_settings: record.voice_settings.clone(),
        }
    }
}

/// The character is gone.
#[derive(Serialize, ToSchema)]
pub struct CharacterDeleted {
    /// Always the same sentence.
    #[schema(example = "Character deleted successfully")]
    pub message: &'static str,
}
