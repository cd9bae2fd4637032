//! The times of words in any narration, found by ElevenLabs.

use async_trait::async_trait;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde::Deserialize;

use crate::align::{AlignProvider, AlignRequest, Aligned};
use crate::api::{Api, unreadable};
use crate::error::ProviderError;
use crate::http::Effect;
use crate::spoken::{self, Piece};
use crate::vendor::Vendor;

/// The provider.
#[derive(Debug, Clone)]
pub struct ElevenLabsAlignment {
    api: Api,
    model: String,
}

impl ElevenLabsAlignment {
    /// The vendor has one way to align; `model` only names it.
    pub fn new(api: Api, model: String) -> Self {
        Self { api, model }
    }
}

#[async_trait]
impl AlignProvider for ElevenLabsAlignment {
    fn vendor(&self) -> &'static str {
        Vendor::ElevenLabs.name()
    }

    fn model(&self) -> &str {
        &self.model
    }

    async fn align(&self, request: &AlignRequest, key: &str) -> Result<Aligned, ProviderError> {
        let sound = Part::stream_with_length(request.sound.clone(), request.sound.len() as u64)
            .file_name("narration")
            .mime_str(&request.sound_media_type);
        let sound = sound.map_err(|_| {
            ProviderError::Fatal(format!("\"{}\" is no media type; make the narration again", request.sound_media_type))
        })?;
        let form = Form::new().part("file", sound).text("text", request.text.clone());
        let call = self.api.request(Method::POST, "/forced-alignment").multipart(form);
        let call = if key.is_empty() { call } else { call.header("Idempotency-Key", key) };
        let answer = self.api.send(call, Effect::Paid).await?;
        let answer: Answer = serde_json::from_slice(&answer.body).map_err(|_| unreadable(Vendor::ElevenLabs))?;
        let pieces: Vec<Piece> = answer.words.into_iter().map(Word::piece).collect();
        let words = spoken::words(&request.text, &pieces, request.seconds);
        let missing = || ProviderError::retry("ElevenLabs has not found the words of the narration in its sound");
        Ok(Aligned::measured(words.ok_or_else(missing)?))
    }
}

#[derive(Debug, Deserialize)]
struct Answer {
    words: Vec<Word>,
}

#[derive(Debug, Deserialize)]
struct Word {
    text: String,
    start: f64,
    end: f64,
}

impl Word {
    fn piece(self) -> Piece {
        Piece { text: self.text, start: self.start, end: self.end }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documented_shapes_are_read() {
        let answer: Answer = serde_json::from_str(include_str!("../../fixtures/elevenlabs-alignment.json")).expect("an answer");
        let pieces: Vec<Piece> = answer.words.into_iter().map(Word::piece).collect();
        let words = spoken::words("Hello, world!", &pieces, 1.2).expect("words");
        let shown: Vec<(&str, f64, f64)> = words.iter().map(|word| (word.word.as_str(), word.start, word.end)).collect();
        assert_eq!(shown, [("Hello,", 0.1, 0.5), ("world!", 0.62, 1.1)]);
    }
}
