//! Scripts: a topic to a title, a description and the scenes of a short.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::error::ProviderError;

/// Writes the script of one video: a language model, as a rule.
///
/// An adapter asks its vendor for structured output, checks it, and answers a script whose scenes all have a narration, or a
/// draft that should be mended; a declined topic is [`ProviderError::Refused`].
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
    /// Writes, in one call. `key` names it for vendors that know idempotency keys: a call that a crash has cut off is made
    /// again with the same key.
    async fn write(&self, request: &ScriptRequest, key: &str) -> Result<Written, ProviderError>;
    /// Has a draft of the same request mended, in one more call with a key of its own.
    async fn mend(&self, _: &ScriptRequest, draft: &Draft, _: &str) -> Result<Written, ProviderError> {
        Ok(Written::Draft(draft.clone()))
    }
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

/// What a call has brought.
#[derive(Debug, Clone, PartialEq)]
pub enum Written {
    /// A script that can be used as it is.
    Script(Script),
    /// One that should be mended first.
    Draft(Draft),
}

/// A script that is not as it was wished. It is kept as JSON, so that whoever comes back after a crash has it mended instead of
/// buying another one; one that can't be read any more is bought anew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// The writer's words.
    pub said: String,
    /// What becomes of it without being mended: a sentence for the user.
    pub complaint: String,
    /// What can be made of it without being mended, if anything.
    pub usable: Option<Script>,
}

impl Draft {
    /// As good as it gets.
    ///
    /// # Errors
    /// [`ProviderError::Retry`] when it can't be used.
    pub fn settle(self) -> Result<Script, ProviderError> {
        self.usable.ok_or(ProviderError::retry(self.complaint))
    }
}

/// Writes a script in as many calls as it takes, at most two, and keeps nothing in between.
///
/// # Errors
/// Those of the first call; those of the second one only if there is nothing without it.
pub async fn write(provider: &dyn ScriptProvider, request: &ScriptRequest, key: &str) -> Result<Script, ProviderError> {
    let draft = match provider.write(request, key).await? {
        Written::Script(script) => return Ok(script),
        Written::Draft(draft) => draft,
    };
    match provider.mend(request, &draft, &mending(key)).await {
        Ok(Written::Script(script)) => Ok(script),
        Ok(Written::Draft(_)) | Err(_) if draft.usable.is_some() => draft.settle(),
        Ok(Written::Draft(still)) => still.settle(),
        Err(error) => Err(error),
    }
}

/// The key of the call that mends what the call with this key has brought.
pub fn mending(key: &str) -> String {
    format!("{key}-repair")
}

/// A script.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Script {
    /// Title of the video.
    pub title: String,
    /// Description for publishing.
    pub description: String,
    /// At least one.
    pub scenes: Vec<ScriptScene>,
}

/// One scene of a script.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ScriptScene {
    /// What is said, read verbatim.
    pub narration: String,
    /// What the picture shows.
    pub visual_description: String,
    /// The writer's guess of the length in seconds; the spoken narration decides.
    pub seconds: f64,
}
