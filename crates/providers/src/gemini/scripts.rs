//! Texts by Gemini: scripts as structured output, and wishes for music.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{generate, text_of, text_part};
use crate::api::Api;
use crate::error::ProviderError;
use crate::prompts::Prompts;
use crate::vendor::Vendor;
use crate::writing::{Chat, Conversation};

/// Writes with a text model of Gemini's.
#[derive(Debug, Clone)]
pub struct GeminiScripts {
    api: Api,
    model: String,
    prompts: Prompts,
}

impl GeminiScripts {
    /// Writes with this model.
    pub fn new(api: Api, model: impl Into<String>, prompts: Prompts) -> Self {
        Self { api, model: model.into(), prompts }
    }
}

#[async_trait]
impl Chat for GeminiScripts {
    fn vendor(&self) -> Vendor {
        Vendor::Gemini
    }

    fn model(&self) -> &str {
        &self.model
    }

    fn prompts(&self) -> &Prompts {
        &self.prompts
    }

    async fn answer(&self, conversation: &Conversation, key: &str) -> Result<String, ProviderError> {
        Ok(text_of(&generate(&self.api, &self.model, &body(conversation), key).await?))
    }
}

/// No temperature and the like: current models refuse or ignore them.
fn body(conversation: &Conversation) -> Value {
    let turns = conversation.turns.iter().map(|turn| {
        let role = if turn.by_model { "model" } else { "user" };
        json!({ "role": role, "parts": [text_part(&turn.text)] })
    });
    let mut body = json!({ "contents": turns.collect::<Value>() });
    if let Some(schema) = &conversation.schema {
        body["generationConfig"] = json!({ "responseMimeType": "application/json", "responseJsonSchema": schema });
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::writing::Turn;

    #[test]
    fn the_documented_answer_is_read() {
        let recorded = include_str!("../../tests/fixtures/gemini_text.json");
        let response: super::super::Response = serde_json::from_str(recorded).expect("the shape");
        assert_eq!(super::super::said(response).map(|parts| text_of(&parts)).as_deref(), Ok("{\"title\":\"The Moon\"}"));
    }

    #[test]
    fn a_conversation_becomes_contents() {
        let mut conversation = Conversation::begin("Write".into(), Some(json!({ "type": "object" })));
        conversation.turns.push(Turn { by_model: true, text: "{}".into() });
        let expected = json!({
            "contents": [{ "role": "user", "parts": [{ "text": "Write" }] }, { "role": "model", "parts": [{ "text": "{}" }] }],
            "generationConfig": { "responseMimeType": "application/json", "responseJsonSchema": { "type": "object" } },
        });
        assert_eq!(body(&conversation), expected);
        assert_eq!(
            body(&Conversation::begin("Hi".into(), None)),
            json!({ "contents": [{ "role": "user", "parts": [{ "text": "Hi" }] }] })
        );
    }
}
