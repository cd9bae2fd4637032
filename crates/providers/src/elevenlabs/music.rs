//! Music by ElevenLabs: it is there when the call returns.

use async_trait::async_trait;
use minijinja::context;
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::Api;
use crate::error::ProviderError;
use crate::http::Effect;
use crate::music::{Music, MusicProvider, MusicRequest};
use crate::prompts::Prompts;
use crate::vendor::Vendor;

/// What is ordered, in milliseconds: about as long as a short is. Longer videos repeat it.
const LENGTH: u32 = 60_000;

/// Music by ElevenLabs.
#[derive(Debug, Clone)]
pub struct ElevenLabsMusic {
    api: Api,
    model: String,
    prompts: Prompts,
}

impl ElevenLabsMusic {
    /// Music by a model such as `music_v1`.
    pub fn new(api: Api, model: String, prompts: Prompts) -> Self {
        Self { api, model, prompts }
    }

    fn body(&self, request: &MusicRequest) -> Result<Value, ProviderError> {
        let MusicRequest { prompt, style, title, take: _ } = request;
        let prompt = self.prompts.fill("song.jinja", context! { prompt, style, title })?;
        Ok(json!({
            "prompt": prompt,
            "music_length_ms": LENGTH,
            "model_id": self.model,
            "force_instrumental": true,
        }))
    }

    /// What each generation of models makes best.
    fn format(&self) -> &'static str {
        if self.model == "music_v1" { "mp3_44100_128" } else { "mp3_48000_192" }
    }
}

#[async_trait]
impl MusicProvider for ElevenLabsMusic {
    fn vendor(&self) -> &'static str {
        Vendor::ElevenLabs.name()
    }

    fn model(&self) -> &str {
        &self.model
    }

    async fn compose(&self, request: &MusicRequest, key: &str) -> Result<Music, ProviderError> {
        let request = self.api.request(Method::POST, "/music").json(&self.body(request)?);
        let request = request.query(&[("output_format", self.format())]).header("Idempotency-Key", key);
        let answer = self.api.send(request, Effect::Paid).await?;
        Music::of(Vendor::ElevenLabs, answer.body).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Http;

    #[test]
    fn a_request_says_what_the_vendor_must_know() {
        let api = super::super::api(Http::new().expect("a client"), "https://example.com/v1".into(), None);
        let music = ElevenLabsMusic::new(api, "music_v2".into(), Prompts::load(None).expect("good templates"));
        let request = MusicRequest { style: "noir".into(), title: "Moon".into(), ..MusicRequest::default() };
        let mut body = music.body(&request).expect("a body");
        let prompt = body["prompt"].take();
        let prompt = prompt.as_str().expect("a text");
        assert!(prompt.starts_with("Music that suits a video in this style: noir.") && prompt.contains("\"Moon\""), "{prompt}");
        body["prompt"] = json!("the prompt");
        let expected: Value = serde_json::from_str(include_str!("../../fixtures/elevenlabs-music-request.json")).expect("JSON");
        assert_eq!((body, music.format()), (expected, "mp3_48000_192"));
    }
}
