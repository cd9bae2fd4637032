//! Narration by Groq, which serves the Orpheus voices in English and Arabic: short texts, only WAV, no word times and no speed.

use async_trait::async_trait;
use serde_json::{Value, json};

use crate::api::{Api, bearer};
use crate::error::ProviderError;
use crate::http::Http;
use crate::keys::Key;
use crate::openai;
use crate::speech::{Speech, SpeechProvider, SpeechRequest, Voice};
use crate::vendor::Vendor;

mod voice;

/// Characters in one request.
const MOST: usize = 200;
/// What the names of the models begin with whose languages and voices are known.
const ORPHEUS: &str = "canopylabs/orpheus-";

/// The API with a key.
pub fn api(http: Http, base: String, key: Option<Key>) -> Api {
    Api { http, vendor: Vendor::Groq, base, key, authorise: bearer, explain }
}

/// What the `error` object says beyond the status.
fn explain(status: u16, body: &Value, said: &str) -> Option<ProviderError> {
    match body.pointer("/error/code").and_then(Value::as_str).unwrap_or_default() {
        "model_decommissioned" | "model_not_found" => {
            Some(ProviderError::Unavailable(format!("Groq has no such model any more; set another one in shortsai.toml: {said}")))
        }
        "model_terms_required" => Some(ProviderError::Unavailable(format!(
            "Groq wants the terms of this model to be accepted first, in its console at console.groq.com: {said}"
        ))),
        _ => openai::explain(status, body, said),
    }
}

/// Whether key and model work, found out free of charge.
///
/// # Errors
/// When they don't, with what to do.
pub async fn probe(api: &Api, model: &str) -> Result<String, ProviderError> {
    let _: Value = api.get(&format!("/models/{model}"), &[]).await?;
    Ok(format!("key works, model {model} is there"))
}

/// The provider.
#[derive(Debug, Clone)]
pub struct GroqSpeech {
    api: Api,
    model: String,
    voice: Option<String>,
}

impl GroqSpeech {
    /// With the model's name, and the voice that is used when a request names none. Of the Orpheus models the one of the
    /// request's language is used.
    pub fn new(api: Api, model: String, voice: Option<String>) -> Self {
        Self { api, model, voice }
    }

    /// The model and voice for a language; other models than Orpheus speak whatever they speak.
    fn choose(&self, language: &str, wanted: &str) -> Result<(String, String), ProviderError> {
        let set = self.voice.as_deref().unwrap_or_default().trim();
        let wanted = wanted.trim();
        if !self.model.starts_with(ORPHEUS) {
            return Ok((self.model.clone(), if wanted.is_empty() { set } else { wanted }.to_owned()));
        }
        let language = voice::Language::of(language)?;
        Ok((language.model().to_owned(), language.voice(wanted, set)?.to_owned()))
    }
}

#[async_trait]
impl SpeechProvider for GroqSpeech {
    fn vendor(&self) -> &'static str {
        Vendor::Groq.name()
    }

    fn model(&self) -> &str {
        &self.model
    }

    fn check(&self, language: &str, voice: &str) -> Result<(), ProviderError> {
        self.choose(language, voice).map(drop)
    }

    fn longest(&self) -> Option<usize> {
        Some(MOST)
    }

    async fn speak(&self, request: &SpeechRequest, key: &str) -> Result<Speech, ProviderError> {
        request.check_words()?;
        let (model, voice) = self.choose(&request.language, &request.voice)?;
        if !request.voice.trim().is_empty() && !voice.eq_ignore_ascii_case(request.voice.trim()) {
            tracing::info!(asked = request.voice, used = voice, "an old voice of Groq's is gone; another one speaks instead");
        }
        // What is in square brackets would be acted, not read.
        let text = request.text.replace('[', "(").replace(']', ")");
        let body = json!({ "model": model, "input": text, "voice": voice, "response_format": "wav" });
        let said = openai::speech::post(&self.api, &body, key).await?;
        Ok(said.at_speed(request.speed).await?.speech())
    }

    fn usual_voice(&self) -> &str {
        self.voice.as_deref().unwrap_or_default().trim()
    }

    async fn voices(&self) -> Result<Vec<Voice>, ProviderError> {
        Ok(if self.model.starts_with(ORPHEUS) { voice::all() } else { Vec::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider(model: &str, voice: Option<&str>) -> GroqSpeech {
        let api = api(Http::new().expect("a client"), "http://127.0.0.1:9".to_owned(), None);
        GroqSpeech::new(api, model.to_owned(), voice.map(str::to_owned))
    }

    #[test]
    fn the_language_decides_the_model() {
        let check = |set: Option<&str>, language: &str, wanted: &str, expected: (&str, &str)| {
            let chosen = provider("canopylabs/orpheus-v1-english", set).choose(language, wanted).expect("a voice");
            assert_eq!((chosen.0.as_str(), chosen.1.as_str()), expected);
        };
        let (english, arabic) = ("canopylabs/orpheus-v1-english", "canopylabs/orpheus-arabic-saudi");
        check(None, "en-US", "", (english, "hannah"));
        check(None, "en", "Troy", (english, "troy"));
        check(Some("daniel"), "en", "", (english, "daniel"));
        check(Some("daniel"), "ar-SA", "", (arabic, "noura"));
        check(None, "ar", "fahad", (arabic, "fahad"));
        let other = provider("house/voice", None).choose("pt", "maria").expect("whatever it speaks");
        assert_eq!(other, ("house/voice".to_owned(), "maria".to_owned()));
    }

    #[test]
    fn what_is_wrong_is_known_without_a_call() {
        let check = |language: &str, voice: &str, expected: &str| {
            let checked = provider("canopylabs/orpheus-v1-english", None).check(language, voice);
            let error = checked.expect_err("wrong").to_string();
            assert!(error.starts_with(expected), "{error}");
        };
        check("pt-BR", "", "Groq's voices speak English and Arabic, not \"pt-BR\"; choose another voice vendor");
        check("en", "Kore", "Groq has no English voice \"Kore\"; choose one of autumn, diana, hannah, austin, daniel, troy");
        check("ar", "troy", "Groq has no Arabic voice \"troy\"; choose one of lulwa, noura, aisha, abdullah, fahad, sultan");
    }

    #[test]
    fn its_codes_say_more_than_the_status() {
        let check = |code: &str, expected: fn(&ProviderError) -> bool| {
            let explained = explain(400, &json!({ "error": { "code": code } }), "words").expect("explained");
            assert!(expected(&explained) && explained.to_string().ends_with("words"), "{code}: {explained}");
        };
        check("model_decommissioned", |error| matches!(error, ProviderError::Unavailable(_)));
        check("model_terms_required", |error| matches!(error, ProviderError::Unavailable(_)));
        check("insufficient_quota", |error| matches!(error, ProviderError::Quota(_)));
    }
}
