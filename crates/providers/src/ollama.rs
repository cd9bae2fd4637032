//! Ollama: models on a machine of the user's own, for scripts and other texts. It needs no key, and what it does costs
//! nothing.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::{Api, bearer};
use crate::error::ProviderError;
use crate::http::{Effect, Http};
use crate::keys::Key;
use crate::prompts::Prompts;
use crate::vendor::Vendor;
use crate::writing::{Chat, Conversation};

/// Tokens that a model keeps in mind: by default it would silently forget the beginning of a long prompt.
const MEMORY: u32 = 16_384;

/// The API. A proxy in front of it may want a key.
pub fn api(http: Http, base: String, key: Option<Key>) -> Api {
    Api { http, vendor: Vendor::Ollama, base, key, authorise: bearer, explain }
}

fn explain(status: u16, _: &Value, said: &str) -> Option<ProviderError> {
    let message =
        format!("Ollama does not have this model; fetch it with ollama pull, or set another one in shortsai.toml: {said}");
    (status == 404).then_some(ProviderError::Unavailable(message))
}

/// Writes with a model that Ollama runs.
#[derive(Debug, Clone)]
pub struct OllamaScripts {
    api: Api,
    model: String,
    prompts: Prompts,
}

impl OllamaScripts {
    /// Writes with this model.
    pub fn new(api: Api, model: impl Into<String>, prompts: Prompts) -> Self {
        Self { api, model: model.into(), prompts }
    }
}

#[async_trait]
impl Chat for OllamaScripts {
    fn vendor(&self) -> Vendor {
        Vendor::Ollama
    }

    fn model(&self) -> &str {
        &self.model
    }

    fn prompts(&self) -> &Prompts {
        &self.prompts
    }

    async fn answer(&self, conversation: &Conversation, key: &str) -> Result<String, ProviderError> {
        // Nobody is charged, so a lost answer is simply asked for again.
        let said: Said = self.api.post("/api/chat", &body(&self.model, conversation), key, Effect::Free).await?;
        Ok(said.message.content)
    }
}

fn body(model: &str, conversation: &Conversation) -> Value {
    let turns = conversation.turns.iter().map(|turn| {
        let role = if turn.by_model { "assistant" } else { "user" };
        json!({ "role": role, "content": turn.text })
    });
    let mut body =
        json!({ "model": model, "messages": turns.collect::<Value>(), "stream": false, "options": { "num_ctx": MEMORY } });
    if let Some(schema) = &conversation.schema {
        body["format"] = schema.clone();
    }
    body
}

/// The models that are there.
///
/// # Errors
/// As [`Api::get`].
pub async fn models(api: &Api) -> Result<Vec<String>, ProviderError> {
    let list: List = api.get("/api/tags", &[]).await?;
    Ok(list.models.into_iter().map(|model| model.name).collect())
}

/// Whether Ollama runs and has the model; a sentence that says so.
///
/// # Errors
/// [`ProviderError::Unavailable`] without the model; else as [`models`].
pub async fn probe(api: &Api, model: &str) -> Result<String, ProviderError> {
    let there = models(api).await?;
    let is = |name: &String| name == model || name.strip_suffix(":latest") == Some(model);
    if there.iter().any(is) {
        return Ok(format!("Ollama runs, model {model} is there"));
    }
    Err(ProviderError::Unavailable(format!("Ollama does not have the model {model}; fetch it with: ollama pull {model}")))
}

#[derive(Deserialize)]
struct Said {
    message: Message,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    content: String,
}

#[derive(Deserialize)]
struct List {
    models: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_has_its_form_and_room_to_think() {
        let mut conversation = Conversation::begin("Write".into(), None);
        assert_eq!(body("m", &conversation)["format"], Value::Null);
        conversation.schema = Some(json!({ "type": "object" }));
        let body = body("m", &conversation);
        assert_eq!((&body["format"]["type"], &body["stream"]), (&json!("object"), &json!(false)));
        assert_eq!(body["options"]["num_ctx"], MEMORY);
    }

    #[test]
    fn the_documented_answer_is_read() {
        let said: Said = serde_json::from_str(include_str!("../tests/fixtures/ollama_chat.json")).expect("the shape");
        assert_eq!(said.message.content, "{\"title\":\"The Moon\"}");
    }
}
