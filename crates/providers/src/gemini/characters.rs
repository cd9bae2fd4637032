//! Characters by Gemini: a text model looks at the picture, the image model redraws it as a portrait.

use async_trait::async_trait;
use minijinja::context;
use serde_json::{Value, json};

use super::{file_of, file_part, generate, safety_settings, text_of, text_part};
use crate::api::Api;
use crate::character::{CharacterProvider, description, given};
use crate::error::ProviderError;
use crate::image::{Image, Reference};
use crate::media;
use crate::prompts::Prompts;
use crate::vendor::Vendor;

/// Looks at characters and redraws them.
#[derive(Debug, Clone)]
pub struct GeminiCharacters {
    api: Api,
    model: String,
    image_model: String,
    prompts: Prompts,
}

impl GeminiCharacters {
    /// Describes with one model and draws with the other.
    pub fn new(api: Api, model: impl Into<String>, image_model: impl Into<String>, prompts: Prompts) -> Self {
        Self { api, model: model.into(), image_model: image_model.into(), prompts }
    }

    /// The picture with the instruction under it.
    fn contents(&self, picture: &Reference, prompt: &str) -> Result<Value, ProviderError> {
        let media_type = given(picture)?;
        let prompt = self.prompts.fill(prompt, context! {})?;
        Ok(json!([{ "role": "user", "parts": [file_part(media_type, &picture.bytes), text_part(&prompt)] }]))
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
        let body = json!({ "contents": self.contents(picture, "describe.jinja")? });
        description(Vendor::Gemini, &text_of(&generate(&self.api, &self.model, &body, key).await?))
    }

    async fn portrait(&self, picture: &Reference, key: &str) -> Result<Image, ProviderError> {
        let body = json!({
            "contents": self.contents(picture, "portrait.jinja")?,
            "generationConfig": { "responseModalities": ["TEXT", "IMAGE"], "imageConfig": { "aspectRatio": "1:1" } },
            "safetySettings": safety_settings(),
        });
        let parts = generate(&self.api, &self.image_model, &body, key).await?;
        let Some((bytes, _)) = file_of(&parts)? else { return Err(without_picture(&text_of(&parts))) };
        let media_type = media::picture(Vendor::Gemini, &bytes)?.media_type;
        Ok(Image { bytes, media_type, credit: None })
    }
}

/// Words instead of a picture are a refusal, unless they announce one.
fn without_picture(said: &str) -> ProviderError {
    let announces = ["Here", "Okay", "Sure"].iter().any(|word| said.trim_start().starts_with(word));
    if said.trim().is_empty() || announces {
        return ProviderError::retry("Gemini sent no portrait; try again");
    }
    ProviderError::Refused("Gemini declines to draw this character; choose another picture".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_instead_of_a_picture_are_told_apart() {
        let check = |said: &str, refused: bool| assert_eq!(matches!(without_picture(said), ProviderError::Refused(_)), refused);
        check("I'm sorry, I can't draw this.", true);
        check("Okay! Here is your portrait:", false);
        check("", false);
    }
}
