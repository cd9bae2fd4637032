//! Alignment: when each word of a narration is heard, for voices whose vendor does not tell.

use async_trait::async_trait;
use bytes::Bytes;
use model::caption::WordTiming;

use crate::error::ProviderError;

/// Finds the times of known words in a sound.
#[async_trait]
pub trait AlignProvider: Send + Sync {
    /// Short lower-case name, such as `elevenlabs`.
    fn vendor(&self) -> &'static str;
    /// Model and version; part of the request's address.
    fn model(&self) -> &str;
    /// One entry for each word of the text, in its order, with the text's own spelling and punctuation. `key` names this
    /// call for vendors that know idempotency keys.
    async fn align(&self, request: &AlignRequest, key: &str) -> Result<Aligned, ProviderError>;
}

/// A narration and its text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AlignRequest {
    /// The sound as a file.
    pub sound: Bytes,
    /// Such as `audio/wav`.
    pub sound_media_type: String,
    /// Its exact length.
    pub seconds: f64,
    /// What is said, word for word.
    pub text: String,
    /// BCP 47 tag of the text's language, such as `en` or `pt-BR`.
    pub language: String,
}

/// The words of a narration with their times.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Aligned {
    /// In the text's order; the times rise and lie within the sound.
    pub words: Vec<WordTiming>,
    /// Why the times are only an estimate; `None` when they were measured in the sound.
    pub estimated: Option<String>,
}

impl Aligned {
    /// Times that were measured in the sound.
    pub fn measured(words: Vec<WordTiming>) -> Self {
        Self { words, estimated: None }
    }

    /// Times that are an estimate, and why they could not be measured: a clause such as "the sound is silent".
    pub fn estimated(words: Vec<WordTiming>, why: impl Into<String>) -> Self {
        Self { words, estimated: Some(why.into()) }
    }
}
