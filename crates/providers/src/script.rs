//! Scripts: a topic to a title, a description and the scenes of a short.

use async_trait::async_trait;

use crate::error::ProviderError;

/// Writes the script of one video: a language model, as a rule.
///
/// An adapter asks its vendor for structured output, checks it, and answers a script whose scenes all have a narration; an
/// answer that stays unusable is [`ProviderError::Retry`], a declined topic [`ProviderError::Refused`].
#[async_trait]
pub trait ScriptProvider: Send + Sync {
    /// Short lower-case name, such as `gemini`.
    fn vendor(&self) -> &'static str;
    /// Model and version; part of the request's address.
    fn model(&self) -> &str;
    /// What else of the adapter shapes the script, such as the version of its prompt; part of the request's address too.
    fn version(&self) -> String {
        String::new()
    }
    /// Writes. `key` names this call for vendors that know idempotency keys: a call that a crash has cut off is made again
    /// with the same key.
    async fn write(&self, request: &ScriptRequest, key: &str) -> Result<Script, ProviderError>;
    /// A prompt for background music, at most 25 words, for a video about this topic in this style.
    async fn music_prompt(&self, topic: &str, style: &str, key: &str) -> Result<String, ProviderError>;
}

/// What the script is about.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ScriptRequest {
    /// What the user asked for.
    pub topic: String,
    /// The look of the whole video, in the user's words; may be empty.
    pub style: String,
    /// BCP 47 tag of the narration's language, such as `en` or `pt-BR`.
    pub language: String,
    /// The shortest video wanted, in seconds.
    pub min_seconds: u32,
    /// The longest video wanted, in seconds.
    pub max_seconds: u32,
    /// Exactly so many scenes; `None` leaves it to the writer.
    pub scene_count: Option<u32>,
    /// 0 at first; another number asks for another script about the same.
    pub take: u32,
}

/// A script.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Script {
    /// Title of the video.
    pub title: String,
    /// Description for publishing.
    pub description: String,
    /// At least one.
    pub scenes: Vec<ScriptScene>,
}

/// One scene of a script.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ScriptScene {
    /// What is said, read verbatim.
    pub narration: String,
    /// What the picture shows.
    pub visual_description: String,
    /// The writer's guess of the length in seconds; the spoken narration decides.
    pub seconds: f64,
}
