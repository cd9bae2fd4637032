//! Uploaded files on the wire.

use model::project::{Credit, Scene, Slot};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::key::url_of;

/// A stored file.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StoredAsset {
    /// Its name on this server: write it in scripts and storyboards.
    #[schema(example = "uploads/0123456789abcdef0123456789abcdef.jpg")]
    key: String,
    /// Where to get it.
    #[schema(example = "/api/assets?url=uploads/0123456789abcdef0123456789abcdef.jpg")]
    url: String,
    /// What it is, by its content.
    #[schema(example = "image/jpeg")]
    media_type: String,
    /// Its size.
    #[schema(example = 182_044)]
    bytes: u64,
}

impl From<assets::Stored> for StoredAsset {
    fn from(stored: assets::Stored) -> Self {
        Self { url: url_of(&stored.key), key: stored.key, media_type: stored.media_type.to_owned(), bytes: stored.bytes }
    }
}

/// Whose work a found picture or film is.
#[derive(Serialize, ToSchema)]
pub struct CreditRow {
    /// The person's name, or the vendor's where it names nobody.
    #[schema(example = "Ana Souza")]
    author: String,
    /// Such as `CC BY 4.0` or `Pexels License`.
    #[schema(example = "CC BY 4.0")]
    licence: String,
    /// The page where it was found.
    #[schema(example = "https://example.org/photos/1")]
    source: String,
}

/// Who made what is in a slot, as `vendor/model`; `given` for what you brought.
pub fn made_by(slot: &Slot) -> Option<String> {
    slot.asset.as_ref().map(|asset| asset.made_by.clone())
}

/// Whose work it is, where it was found rather than made.
pub fn credit(slot: &Slot) -> Option<CreditRow> {
    let Credit { author, licence, source } = slot.asset.as_ref()?.credit.as_deref()?.clone();
    Some(CreditRow { author, licence, source })
}

/// Who made what there is of a scene.
#[derive(Serialize, ToSchema)]
pub struct Makers {
    /// Vendor and model of the still; `given` if you brought it.
    #[schema(example = "gemini/gemini-nano-banana-2.1")]
    image_made_by: Option<String>,
    /// Whose picture it is, where its licence may ask for a mention.
    image_credit: Option<CreditRow>,
    /// Vendor and model of the narration.
    #[schema(example = "espeak/espeak-ng-1")]
    audio_made_by: Option<String>,
    /// Whose recording it is, where its licence may ask for a mention.
    audio_credit: Option<CreditRow>,
    /// Vendor and model of the clip; `given` if you brought it.
    #[schema(example = "pexels/videos")]
    video_made_by: Option<String>,
    /// Whose film it is, where its licence may ask for a mention.
    video_credit: Option<CreditRow>,
}

impl From<&Scene> for Makers {
    fn from(scene: &Scene) -> Self {
        Self {
            image_made_by: made_by(&scene.image),
            image_credit: credit(&scene.image),
            audio_made_by: made_by(&scene.audio),
            audio_credit: credit(&scene.audio),
            video_made_by: made_by(&scene.video),
            video_credit: credit(&scene.video),
        }
    }
}

/// Which file.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WhichAsset {
    /// A key, an address that this server has given, or one under which its bucket is public.
    #[param(example = "renders/0123456789abcdef0123456789abcdef.mp4")]
    pub url: Option<String>,
    /// Answer it as a download with this file name.
    #[param(example = "my short.mp4")]
    pub download: Option<String>,
}
