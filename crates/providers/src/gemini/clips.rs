//! Clips by Gemini's Omni models: a still and a description of its movement, ordered through the Interactions API.

use async_trait::async_trait;
use minijinja::context;
use model::storyboard::Size;
use serde_json::{Value, json};

use super::interactions::{self, Output};
use crate::api::Api;
use crate::clip::{Clip, ClipRequest};
use crate::error::ProviderError;
use crate::job::{JobProvider, Polled};
use crate::media;
use crate::prompts::Prompts;
use crate::vendor::Vendor;

/// The largest clip that is taken, in bytes: ten seconds in the best quality are less than half of it.
pub const MOST: usize = 256 << 20;
/// The lengths that can be ordered, in seconds.
const SECONDS: (u32, u32) = (3, 10);

/// Clips by Gemini.
#[derive(Debug, Clone)]
pub struct GeminiClips {
    api: Api,
    model: String,
    prompts: Prompts,
    most: usize,
}

impl GeminiClips {
    /// Clips by a model such as `gemini-omni-1.1-flash`.
    pub fn new(api: Api, model: String, prompts: Prompts) -> Self {
        Self { api, model, prompts, most: MOST }
    }

    /// Takes only clips of so many bytes.
    #[must_use]
    pub fn at_most(self, most: usize) -> Self {
        Self { most, ..self }
    }

    fn body(&self, request: &ClipRequest) -> Result<Value, ProviderError> {
        let ClipRequest {
            picture,
            picture_media_type,
            description,
            narration,
            style,
            size,
            seconds,
            language: _,
            scene_number: _,
            take: _,
        } = request;
        let prompt = self.prompts.fill("clip.jinja", context! { scene => description, narration, style })?;
        Ok(json!({
            "model": self.model,
            // Stored by the vendor (its default), since nothing else can be asked about later.
            "background": true,
            "input": [interactions::text_input(&prompt), interactions::image_input(picture_media_type, picture)],
            "response_format": {
                "type": "video", "delivery": "uri", "aspect_ratio": aspect_ratio(*size), "resolution": resolution(*size),
                "duration": format!("{}s", seconds.clamp(&SECONDS.0, &SECONDS.1)),
            },
        }))
    }

    async fn fetch(&self, output: Output) -> Result<Clip, ProviderError> {
        let Some(bytes) = output.file(&self.api, "video", self.most).await? else { return Err(output.refusal(&self.api)) };
        let media_type = media::clip(Vendor::Gemini, &bytes)?;
        Ok(Clip { bytes, media_type, credit: None })
    }
}

#[async_trait]
impl JobProvider<ClipRequest, Clip> for GeminiClips {
    fn vendor(&self) -> &'static str {
        Vendor::Gemini.name()
    }

    fn model(&self) -> &str {
        &self.model
    }

    async fn submit(&self, request: &ClipRequest, key: &str) -> Result<String, ProviderError> {
        interactions::order(&self.api, &self.body(request)?, key).await
    }

    async fn poll(&self, job: &str) -> Result<Polled<Clip>, ProviderError> {
        interactions::ask(&self.api, job).await?.fetch(|output| self.fetch(output)).await
    }
}

/// The nearer of the two proportions that there are.
pub(crate) fn aspect_ratio(size: Size) -> &'static str {
    if size.width > size.height { "16:9" } else { "9:16" }
}

/// The sharpness by the shorter side. An ordinary video of 1080 × 1920 gets 720p, which is what the vendors' list prices are
/// for; what is larger than that asks for more by being so.
pub(crate) fn resolution(size: Size) -> &'static str {
    match size.width.min(size.height) {
        0..=360 => "360p",
        361..=1080 => "720p",
        _ => "1080p",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Http;

    fn clips() -> GeminiClips {
        let api = super::super::api(Http::new().expect("a client"), "https://example.com/v1beta".into(), None);
        GeminiClips::new(api, "gemini-omni-1.1-flash".into(), Prompts::load(None).expect("good templates"))
    }

    #[test]
    fn a_request_says_what_the_vendor_must_know() {
        let request = ClipRequest {
            picture: bytes::Bytes::from_static(b"\x89PNG"),
            picture_media_type: "image/png".into(),
            description: "a lander on the Moon".into(),
            narration: "The Eagle has landed.".into(),
            style: "oil painting".into(),
            seconds: 7,
            ..ClipRequest::default()
        };
        let mut body = clips().body(&request).expect("a body");
        let prompt = body["input"][0]["text"].take();
        for part in [&request.description, &request.narration, &request.style] {
            assert!(prompt.as_str().expect("a text").contains(part), "{prompt}");
        }
        body["input"][0]["text"] = json!("the prompt");
        let expected: Value = serde_json::from_str(include_str!("../../fixtures/gemini-clip-request.json")).expect("JSON");
        assert_eq!(body, expected);
    }

    #[test]
    fn the_format_follows_the_video() {
        let check = |width, height, seconds, expected: (&str, &str, &str)| {
            let request = ClipRequest { size: Size { width, height }, seconds, ..ClipRequest::default() };
            let body = clips().body(&request).expect("a body");
            let format = &body["response_format"];
            let said = (&format["aspect_ratio"], &format["resolution"], &format["duration"]);
            assert_eq!(said, (&json!(expected.0), &json!(expected.1), &json!(expected.2)));
        };
        check(1080, 1920, 8, ("9:16", "720p", "8s"));
        check(1920, 1080, 60, ("16:9", "720p", "10s"));
        check(360, 640, 0, ("9:16", "360p", "3s"));
        check(1080, 1080, 3, ("9:16", "720p", "3s"));
        check(2160, 3840, 5, ("9:16", "1080p", "5s"));
    }
}
