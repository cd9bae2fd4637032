//! Pictures by Gemini's image models: one call of `generateContent`, or of Interactions for models that are only there.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use model::storyboard::Size;
use serde_json::{Value, json};

use super::{file_of, file_part, generate, safety_settings, text_of, text_part};
use crate::api::Api;
use crate::error::ProviderError;
use crate::image::{Image, ImageProvider, ImageRequest};
use crate::picture_model::{self, Asked, PROMPT, PictureModel, nearest, refused, shows};
use crate::prompts::Prompts;
use crate::vendor::Vendor;

mod interactions;

/// The proportions that the models can be asked for.
const RATIOS: [(&str, (u32, u32)); 10] = [
    ("9:16", (9, 16)),
    ("2:3", (2, 3)),
    ("3:4", (3, 4)),
    ("4:5", (4, 5)),
    ("1:1", (1, 1)),
    ("5:4", (5, 4)),
    ("4:3", (4, 3)),
    ("3:2", (3, 2)),
    ("16:9", (16, 9)),
    ("21:9", (21, 9)),
];
/// The shorter side of a tall picture in the size `1K`, in pixels: enough for videos up to there.
const SHORTER_SIDE_OF_1K: u32 = 768;

/// Draws with one of the models.
#[derive(Debug)]
pub struct GeminiImages {
    api: Api,
    model: String,
    prompts: Prompts,
    /// Whether the model is known to be only there.
    only_interactions: AtomicBool,
}

impl GeminiImages {
    /// Draws with this model.
    pub fn new(api: Api, model: String, prompts: Prompts) -> Self {
        Self { api, model, prompts, only_interactions: AtomicBool::new(false) }
    }

    /// Asks through Interactions from the start rather than when the model says so.
    #[must_use]
    pub fn through_interactions(mut self) -> Self {
        self.only_interactions = AtomicBool::new(true);
        self
    }

    async fn generate(&self, asked: &Asked<'_>) -> Result<Bytes, ProviderError> {
        let parts = generate(&self.api, &self.model, &body(asked), asked.key).await?;
        match file_of(&parts)? {
            Some((bytes, _)) => Ok(bytes),
            None => Err(no_picture(&self.api, &text_of(&parts))),
        }
    }
}

#[async_trait]
impl ImageProvider for GeminiImages {
    fn vendor(&self) -> &'static str {
        Vendor::Gemini.name()
    }

    fn model(&self) -> &str {
        &self.model
    }

    fn version(&self) -> String {
        self.prompts.version(PROMPT)
    }

    fn follows_references(&self) -> bool {
        true
    }

    async fn draw(&self, request: &ImageRequest, key: &str) -> Result<Image, ProviderError> {
        picture_model::draw(self, &self.prompts, request, key).await
    }
}

#[async_trait]
impl PictureModel for GeminiImages {
    fn maker(&self) -> Vendor {
        Vendor::Gemini
    }

    fn sees(&self) -> bool {
        true
    }

    async fn ask(&self, asked: &Asked<'_>) -> Result<Bytes, ProviderError> {
        if self.only_interactions.load(Ordering::Relaxed) {
            return interactions::ask(&self.api, &self.model, asked).await;
        }
        match self.generate(asked).await {
            // Nothing was made, so asking elsewhere is no second order.
            Err(ProviderError::Unavailable(message)) if names_interactions(&message) => {
                self.only_interactions.store(true, Ordering::Relaxed);
                interactions::ask(&self.api, &self.model, asked).await
            }
            answered => answered,
        }
    }
}

/// Whether a 404 says that the model is there, but behind the other door.
fn names_interactions(message: &str) -> bool {
    message.to_ascii_lowercase().contains("interactions")
}

/// Words instead of a picture are a refusal; nothing at all is a failure.
fn no_picture(api: &Api, words: &str) -> ProviderError {
    match words.trim() {
        "" => ProviderError::retry("Gemini answered without a picture"),
        words => refused(api, words),
    }
}

fn body(asked: &Asked<'_>) -> Value {
    let mut parts = vec![text_part(asked.prompt)];
    for reference in asked.references {
        parts.push(text_part(&shows(reference)));
        parts.push(file_part(&reference.media_type, &reference.bytes));
    }
    json!({
        "contents": [{ "role": "user", "parts": parts }],
        "generationConfig": {
            "responseModalities": ["TEXT", "IMAGE"],
            "imageConfig": { "aspectRatio": nearest(&RATIOS, asked.size), "imageSize": image_size(asked.size) },
        },
        "safetySettings": safety_settings(),
    })
}

fn image_size(size: Size) -> &'static str {
    if size.width.min(size.height) <= SHORTER_SIDE_OF_1K { "1K" } else { "2K" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Http;
    use crate::image::Reference;

    #[test]
    fn requests_have_the_documented_shape() {
        let ana = Reference {
            bytes: Bytes::from_static(b"png"),
            media_type: "image/png".into(),
            character: Some("Ana".into()),
            description: String::new(),
        };
        let style = Reference {
            bytes: Bytes::from_static(b"jpg"),
            media_type: "image/jpeg".into(),
            character: None,
            description: String::new(),
        };
        let references = [ana, style];
        let size = Size { width: 720, height: 1280 };
        let body = body(&Asked { prompt: "a cat", references: &references, size, key: "" });
        let expected: Value =
            serde_json::from_str(include_str!("../../fixtures/gemini-image-request.json")).expect("a fixture is JSON");
        assert_eq!(body, expected);
    }

    #[test]
    fn sizes_follow_the_video() {
        let check = |width, height, ratio: &str, image: &str| {
            let size = Size { width, height };
            assert_eq!((nearest(&RATIOS, size), image_size(size)), (ratio, image), "{size}");
        };
        check(1080, 1920, "9:16", "2K");
        check(540, 960, "9:16", "1K");
        check(1080, 1350, "4:5", "2K");
        check(768, 768, "1:1", "1K");
        check(1920, 1080, "16:9", "2K");
    }

    #[test]
    fn words_are_a_refusal_and_silence_a_failure() {
        let api = super::super::api(Http::new().expect("a client"), String::new(), None);
        let error = no_picture(&api, "I can't\ndraw that.");
        let expected = "Gemini declines to draw this; describe the scene differently: “I can't draw that.”";
        assert_eq!(error, ProviderError::Refused(expected.into()));
        assert!(matches!(no_picture(&api, " \n"), ProviderError::Retry { .. }));
        assert!(names_interactions("This model is only available through the Interactions API."));
        assert!(!names_interactions("models/x is not found"));
    }
}
