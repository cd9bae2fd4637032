//! Narration: text to sound, with the time of each word where the vendor tells it.

use async_trait::async_trait;
use bytes::Bytes;
use model::caption::WordTiming;

use crate::error::ProviderError;

/// Speaks the narration of one scene.
#[async_trait]
pub trait SpeechProvider: Send + Sync {
    /// Short lower-case name, such as `espeak`.
    fn vendor(&self) -> &'static str;
    /// Model and version; part of the sound's content address.
    fn model(&self) -> &str;
    /// Refuses a language or voice that does not exist, before anything is made.
    fn check(&self, language: &str, voice: &str) -> Result<(), ProviderError>;
    /// Speaks. `key` names this call for vendors that know idempotency keys: a call that a crash has cut off is made
    /// again with the same key.
    async fn speak(&self, request: &SpeechRequest, key: &str) -> Result<Speech, ProviderError>;
}

/// What to say and how.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SpeechRequest {
    /// The words, read verbatim.
    pub text: String,
    /// BCP 47 tag such as `en`, `pt-BR`.
    pub language: String,
    /// The vendor's name of the voice; empty for the language's default.
    pub voice: String,
    /// 0 at first; another number asks for another reading.
    pub take: u32,
}

/// Narration as a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Speech {
    /// The encoded file.
    pub bytes: Bytes,
    /// Such as `audio/wav`.
    pub media_type: &'static str,
    /// Exact length.
    pub seconds: f64,
    /// One entry for each word of the text, in its order, with the text's own spelling and punctuation; `None` when the
    /// vendor does not tell.
    pub words: Option<Vec<WordTiming>>,
}
