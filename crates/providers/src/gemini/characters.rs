//! Characters by Gemini: a text model looks at the picture, an image model redraws it as a portrait.

use async_trait::async_trait;
use minijinja::context;
use serde_json::json;

use super::images::GeminiImages;
use super::{file_part, generate, text_of, text_part};
use crate::api::Api;
use crate::character::{self, CharacterProvider};
use crate::error::ProviderError;
use crate::image::{Image, Reference};
use crate::prompts::Prompts;
use crate::vendor::Vendor;

/// Looks at characters and redraws them.
#[derive(Debug)]
pub struct GeminiCharacters {
    api: Api,
    model: String,
    prompts: Prompts,
    painter: GeminiImages,
}

impl GeminiCharacters {
    /// Describes with one model and draws with the other.
    pub fn new(api: Api, model: impl Into<String>, image_model: impl Into<String>, prompts: Prompts) -> Self {
        let painter = GeminiImages::new(api.clone(), image_model.into(), prompts.clone());
        Self { api, model: model.into(), prompts, painter }
    }
}

#[async_trait]
impl CharacterProvider for GeminiCharacters {
    fn vendor(&self) -> &'static str {
        Vendor::Gemini.name()
    }

    fn model(&self) -> &str {
        &self.model
    }

    async fn describe(&self, picture: &Reference, key: &str) -> Result<String, ProviderError> {
        let shown = character::given(Vendor::Gemini, picture).await?;
        let prompt = self.prompts.fill("describe.jinja", context! {})?;
        let parts = [file_part(&shown.media_type, &shown.bytes), text_part(&prompt)];
        let body = json!({ "contents": [{ "role": "user", "parts": parts }] });
        character::description(Vendor::Gemini, &text_of(&generate(&self.api, &self.model, &body, key).await?))
    }

    async fn portrait(&self, picture: &Reference, key: &str) -> Result<Image, ProviderError> {
        character::portrait(&self.painter, &self.prompts, picture, key).await
    }
}
