//! Characters by OpenAI, and by servers that speak its protocol: a chat model looks at the picture, an image model redraws it.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::context;
use serde_json::json;

use super::chat;
use super::images::OpenAiImages;
use crate::api::Api;
use crate::character::{self, CharacterProvider};
use crate::error::ProviderError;
use crate::image::{Image, Reference};
use crate::prompts::Prompts;

/// Looks at characters and redraws them.
#[derive(Debug)]
pub struct OpenAiCharacters {
    api: Api,
    model: String,
    prompts: Prompts,
    painter: OpenAiImages,
}

impl OpenAiCharacters {
    /// Describes with one model and draws with the other.
    pub fn new(api: Api, model: impl Into<String>, image_model: impl Into<String>, prompts: Prompts) -> Self {
        let painter = OpenAiImages::new(api.clone(), image_model.into(), prompts.clone());
        Self { api, model: model.into(), prompts, painter }
    }
}

#[async_trait]
impl CharacterProvider for OpenAiCharacters {
    fn vendor(&self) -> &'static str {
        self.api.vendor.name()
    }

    fn model(&self) -> &str {
        &self.model
    }

    async fn describe(&self, picture: &Reference, key: &str) -> Result<String, ProviderError> {
        let shown = character::given(self.api.vendor, picture).await?;
        let address = format!("data:{};base64,{}", shown.media_type, STANDARD.encode(&shown.bytes));
        let prompt = self.prompts.fill("describe.jinja", context! {})?;
        let content = json!([{ "type": "text", "text": prompt }, { "type": "image_url", "image_url": { "url": address } }]);
        let body = json!({ "model": self.model, "messages": [{ "role": "user", "content": content }] });
        character::description(self.api.vendor, &chat::ask(&self.api, &body, key).await?)
    }

    async fn portrait(&self, picture: &Reference, key: &str) -> Result<Image, ProviderError> {
        character::portrait(&self.painter, &self.prompts, picture, key).await
    }
}
