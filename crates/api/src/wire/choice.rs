//! Wishes about vendors on the wire.

use std::collections::BTreeMap;

use garde::Validate;
use model::choice::Choice;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::rule::labels;

/// Whom to ask, for each ability in this order; `auto` stands for all who are there, best first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct VendorWish {
    /// Who writes scripts, such as `gemini`, `openai`, `ollama`.
    #[garde(custom(labels))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(["auto"]))]
    pub script: Option<Vec<String>>,
    /// Who draws or finds pictures, such as `gemini`, `openai`, `pexels`, `pixabay`, `openverse`, `poster`.
    #[garde(custom(labels))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(["poster"]))]
    pub image: Option<Vec<String>>,
    /// Who speaks, such as `elevenlabs`, `gemini`, `openai`, `groq`, `edge`, `espeak`.
    #[garde(custom(labels))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(["espeak"]))]
    pub speech: Option<Vec<String>>,
    /// Who finds the words in narrations: `aligner` or `elevenlabs`.
    #[garde(custom(labels))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(["auto"]))]
    pub align: Option<Vec<String>>,
    /// Who makes clips, such as `gemini`, `vertex`, `pexels`, `pixabay`.
    #[garde(custom(labels))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(["auto"]))]
    pub clip: Option<Vec<String>>,
    /// Who composes, such as `elevenlabs`, `suno`, `gemini`, `composer`.
    #[garde(custom(labels))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(["composer"]))]
    pub music: Option<Vec<String>>,
    /// The model for an ability of the first vendor in its list.
    #[garde(length(max = 6))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!({"script": "gemini-3.8-flash"}))]
    pub models: Option<BTreeMap<String, String>>,
    /// Ask the next one of the list when one fails for a reason of its own.
    #[garde(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = true)]
    pub fallback: Option<bool>,
    /// Let `auto` include services on the internet that ask for no key.
    #[garde(skip)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = false)]
    pub keyless: Option<bool>,
}

impl From<VendorWish> for Choice {
    fn from(wish: VendorWish) -> Self {
        let VendorWish { script, image, speech, align, clip, music, models, fallback, keyless } = wish;
        let lists =
            [("script", script), ("image", image), ("speech", speech), ("align", align), ("clip", clip), ("music", music)];
        let vendors = lists.into_iter().filter_map(|(ability, list)| Some((ability.to_owned(), list?)));
        Self { vendors: vendors.collect(), models: models.unwrap_or_default(), fallback, keyless }
    }
}

impl From<&Choice> for VendorWish {
    fn from(choice: &Choice) -> Self {
        let list = |ability: &str| choice.vendors.get(ability).cloned();
        Self {
            script: list("script"),
            image: list("image"),
            speech: list("speech"),
            align: list("align"),
            clip: list("clip"),
            music: list("music"),
            models: Some(choice.models.clone()).filter(|models| !models.is_empty()),
            fallback: choice.fallback,
            keyless: choice.keyless,
        }
    }
}
