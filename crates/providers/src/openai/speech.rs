//! Narration by OpenAI's speech models, and by servers that speak the same protocol. They tell no word times.

use async_trait::async_trait;
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::Api;
use crate::error::ProviderError;
use crate::http::Effect;
use crate::narration::Narration;
use crate::speech::{Speech, SpeechProvider, SpeechRequest, Voice};
use crate::vendor::Vendor;

/// Characters in one request.
const MOST: usize = 4096;
/// The voice where nobody has chosen one.
const USUAL_VOICE: &str = "alloy";
/// OpenAI's own voices; other servers have others, and most of them no list.
const VOICES: [&str; 13] =
    ["alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage", "shimmer", "verse"];

/// The provider.
#[derive(Debug, Clone)]
pub struct OpenAiSpeech {
    api: Api,
    model: String,
    voice: Option<String>,
}

impl OpenAiSpeech {
    /// With the model's name, and the voice that is used when a request names none.
    pub fn new(api: Api, model: String, voice: Option<String>) -> Self {
        Self { api, model, voice }
    }

    fn body(&self, request: &SpeechRequest) -> Value {
        let set = self.voice.as_deref().unwrap_or_default().trim();
        let voice = [request.voice.trim(), set].into_iter().find(|name| !name.is_empty()).unwrap_or(USUAL_VOICE);
        let mut body = json!({ "model": self.model, "input": request.text, "voice": voice, "response_format": "wav" });
        // Not every server knows speeds, so that the usual one is not mentioned.
        if (request.speed - 1.0).abs() > 1e-6 {
            body["speed"] = json!(request.speed.clamp(0.25, 4.0));
        }
        body
    }
}

#[async_trait]
impl SpeechProvider for OpenAiSpeech {
    fn vendor(&self) -> &'static str {
        Vendor::OpenAi.name()
    }

    fn model(&self) -> &str {
        &self.model
    }

    /// Any language and any voice may exist on a server of the user's own.
    fn check(&self, _: &str, _: &str) -> Result<(), ProviderError> {
        Ok(())
    }

    fn longest(&self) -> Option<usize> {
        Some(MOST)
    }

    async fn speak(&self, request: &SpeechRequest, key: &str) -> Result<Speech, ProviderError> {
        request.check_words()?;
        Ok(post(&self.api, &self.body(request), key).await?.speech())
    }

    fn usual_voice(&self) -> &str {
        let set = self.voice.as_deref().unwrap_or_default().trim();
        if set.is_empty() { USUAL_VOICE } else { set }
    }

    async fn voices(&self) -> Result<Vec<Voice>, ProviderError> {
        if self.api.base != Vendor::OpenAi.base_url() {
            return Ok(Vec::new());
        }
        let voice = |name: &&str| Voice { id: (*name).to_owned(), label: (*name).to_owned(), ..Voice::default() };
        Ok(VOICES.iter().map(voice).collect())
    }
}

/// Posts to `/audio/speech`, whose answer is a file.
pub(crate) async fn post(api: &Api, body: &Value, key: &str) -> Result<Narration, ProviderError> {
    let call = api.request(Method::POST, "/audio/speech").json(body);
    let call = if key.is_empty() { call } else { call.header("Idempotency-Key", key) };
    let file = api.send(call, Effect::Paid).await?.body;
    Narration::read(api.vendor, file).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Http;

    fn provider(base: &str) -> OpenAiSpeech {
        let api = crate::openai::api(Http::new().expect("a client"), base.to_owned(), None);
        OpenAiSpeech::new(api, "gpt-4o-mini-tts".to_owned(), Some("sage".to_owned()))
    }

    #[test]
    fn a_request_says_what_was_asked_for() {
        let body = |request: &SpeechRequest| provider("http://127.0.0.1:9").body(request);
        let usual = json!({ "model": "gpt-4o-mini-tts", "input": "Hi", "voice": "sage", "response_format": "wav" });
        let hi = || SpeechRequest { text: "Hi".to_owned(), ..SpeechRequest::default() };
        assert_eq!(body(&hi()), usual);
        let request = SpeechRequest { voice: "nova".to_owned(), speed: 1.25, ..hi() };
        let expected =
            json!({ "model": "gpt-4o-mini-tts", "input": "Hi", "voice": "nova", "response_format": "wav", "speed": 1.25 });
        assert_eq!(body(&request), expected);
    }

    #[tokio::test]
    async fn only_openai_has_openais_voices() {
        let count = async |base| provider(base).voices().await.expect("no call").len();
        assert_eq!(count(Vendor::OpenAi.base_url()).await, 13);
        assert_eq!(count("http://localhost:8880/v1").await, 0);
    }
}
