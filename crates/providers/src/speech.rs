//! Narration: text to sound, with the time of each word where the vendor tells it.

use async_trait::async_trait;
use bytes::Bytes;
use model::caption::WordTiming;
use model::words;

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
    /// The most characters that the vendor takes in one call; `None` where no narration is too long. Longer ones are cut and
    /// joined by [`parts`](crate::parts).
    fn longest(&self) -> Option<usize> {
        None
    }
    /// Speaks, in one call. `key` names this call for vendors that know idempotency keys: a call that a crash has cut off is made
    /// again with the same key.
    async fn speak(&self, request: &SpeechRequest, key: &str) -> Result<Speech, ProviderError>;
    /// The voice where a request names none; empty where it follows from the language or from the account.
    fn usual_voice(&self) -> &str {
        ""
    }
    /// The voices to choose from, free of charge; none where the vendor has no list.
    async fn voices(&self) -> Result<Vec<Voice>, ProviderError> {
        Ok(Vec::new())
    }
}

/// A voice that can be chosen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Voice {
    /// What requests call it.
    pub id: String,
    /// What people call it.
    pub label: String,
    /// BCP 47 tag of its language; empty for a voice that speaks many.
    pub language: String,
    /// Whether it sounds like a woman's (`Some(true)`) or a man's; `None` where nobody says.
    pub female: Option<bool>,
    /// How it sounds, in the vendor's words; may be empty.
    pub description: String,
    /// Where a sample can be heard, if the vendor has one.
    pub preview: Option<String>,
}

impl Voice {
    /// Whether it goes by that name. Labels may come with a description behind a dash: "Sarah - Mature, Reassuring".
    pub fn is_called(&self, name: &str) -> bool {
        let short = self.label.split(" - ").next().unwrap_or_default();
        [self.id.as_str(), self.label.as_str(), short].iter().any(|own| own.eq_ignore_ascii_case(name.trim()))
    }
}

/// What to say and how.
#[derive(Debug, Clone, PartialEq)]
pub struct SpeechRequest {
    /// The words, read verbatim.
    pub text: String,
    /// BCP 47 tag such as `en`, `pt-BR`.
    pub language: String,
    /// The vendor's name of the voice; empty for the language's default.
    pub voice: String,
    /// How fast: 1.0 is the voice's own speed. From 0.5 to 2.0; a vendor that can't go so far goes as far as it can.
    pub speed: f64,
    /// 0 at first; another number asks for another reading.
    pub take: u32,
}

impl Default for SpeechRequest {
    fn default() -> Self {
        Self { text: String::new(), language: String::new(), voice: String::new(), speed: 1.0, take: 0 }
    }
}

impl SpeechRequest {
    /// Refuses a text in which there is nothing to say.
    ///
    /// # Errors
    /// [`ProviderError::Fatal`] when it has no word.
    pub fn check_words(&self) -> Result<(), ProviderError> {
        if words::cut(&self.text).is_empty() {
            return Err(ProviderError::Fatal("the narration has no words to speak; write at least one word".to_owned()));
        }
        Ok(())
    }
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
