//! Characters by OpenAI, and by servers that speak its protocol: a chat model looks at the picture, `images/edits` redraws it.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use minijinja::context;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde::Deserialize;
use serde_json::json;

use super::chat;
use crate::api::{Api, unreadable};
use crate::character::{CharacterProvider, description, given};
use crate::error::ProviderError;
use crate::http::Effect;
use crate::image::{Image, Reference};
use crate::media;
use crate::prompts::Prompts;

/// The largest portrait that is fetched, in bytes.
const MOST: usize = 32 << 20;

/// Looks at characters and redraws them.
#[derive(Debug, Clone)]
pub struct OpenAiCharacters {
    api: Api,
    model: String,
    image_model: String,
    prompts: Prompts,
}

impl OpenAiCharacters {
    /// Describes with one model and draws with the other.
    pub fn new(api: Api, model: impl Into<String>, image_model: impl Into<String>, prompts: Prompts) -> Self {
        Self { api, model: model.into(), image_model: image_model.into(), prompts }
    }

    async fn bytes_of(&self, made: Made) -> Result<Bytes, ProviderError> {
        match (made.b64_json, made.url) {
            (Some(base64), _) => STANDARD.decode(base64).map(Bytes::from).map_err(|_| unreadable(self.api.vendor)),
            (None, Some(address)) => self.api.download(&address, MOST).await,
            (None, None) => Err(unreadable(self.api.vendor)),
        }
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
        let address = format!("data:{};base64,{}", given(picture)?, STANDARD.encode(&picture.bytes));
        let prompt = self.prompts.fill("describe.jinja", context! {})?;
        let content = json!([{ "type": "text", "text": prompt }, { "type": "image_url", "image_url": { "url": address } }]);
        let body = json!({ "model": self.model, "messages": [{ "role": "user", "content": content }] });
        description(self.api.vendor, &chat::ask(&self.api, &body, key).await?)
    }

    async fn portrait(&self, picture: &Reference, key: &str) -> Result<Image, ProviderError> {
        let vendor = self.api.vendor;
        let media_type = given(picture)?;
        let name = format!("character.{}", media_type.trim_start_matches("image/"));
        // Cheap: the bytes are shared.
        let file = Part::stream(picture.bytes.clone()).file_name(name).mime_str(media_type);
        let file = file.map_err(|_| ProviderError::Fatal(format!("{media_type} is no media type")))?;
        let form = Form::new()
            .text("model", self.image_model.clone())
            .text("prompt", self.prompts.fill("portrait.jinja", context! {})?)
            .text("size", "1024x1024")
            .part("image", file);
        let request = self.api.request(Method::POST, "/images/edits").header("Idempotency-Key", key).multipart(form);
        let answer = self.api.send(request, Effect::Paid).await?;
        let edited: Edited = serde_json::from_slice(&answer.body).map_err(|_| unreadable(vendor))?;
        let made = edited.data.into_iter().next();
        let made = made.ok_or_else(|| ProviderError::retry(format!("{vendor} sent no portrait; try again")))?;
        let bytes = self.bytes_of(made).await?;
        let media_type = media::picture(vendor, &bytes)?.media_type;
        Ok(Image { bytes, media_type, credit: None })
    }
}

#[derive(Deserialize)]
struct Edited {
    #[serde(default)]
    data: Vec<Made>,
}

#[derive(Deserialize)]
struct Made {
    #[serde(default)]
    b64_json: Option<String>,
    #[serde(default)]
    url: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_answer_is_read() {
        let edited: Edited = serde_json::from_str(include_str!("../../tests/fixtures/openai_image.json")).expect("the shape");
        assert_eq!(edited.data[0].b64_json.as_deref(), Some("iVBORw0KGgo="));
    }
}
