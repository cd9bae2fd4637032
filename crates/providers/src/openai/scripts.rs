//! Texts by OpenAI's chat, and by every server that speaks its protocol: the strictest form of answer that it takes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use serde_json::{Value, json};

use super::chat::{self, Format};
use crate::api::Api;
use crate::error::ProviderError;
use crate::prompts::Prompts;
use crate::vendor::Vendor;
use crate::writing::{Chat, Conversation};

/// Writes with a chat model.
#[derive(Debug, Clone)]
pub struct OpenAiScripts {
    api: Api,
    model: String,
    prompts: Prompts,
    /// The place in [`Format::ALL`] of the first form that the server has not refused.
    format: Arc<AtomicUsize>,
}

impl OpenAiScripts {
    /// Writes with this model of whoever `api` reaches: OpenAI, Groq, or a server of the user's own.
    pub fn new(api: Api, model: impl Into<String>, prompts: Prompts) -> Self {
        Self { api, model: model.into(), prompts, format: Arc::default() }
    }
}

#[async_trait]
impl Chat for OpenAiScripts {
    fn vendor(&self) -> Vendor {
        self.api.vendor
    }

    fn model(&self) -> &str {
        &self.model
    }

    fn prompts(&self) -> &Prompts {
        &self.prompts
    }

    async fn answer(&self, conversation: &Conversation, key: &str) -> Result<String, ProviderError> {
        let Some(schema) = &conversation.schema else {
            return chat::ask(&self.api, &body(&self.model, conversation, Format::Plain), key).await;
        };
        let first = self.format.load(Ordering::Relaxed);
        for (place, format) in Format::ALL.into_iter().enumerate().skip(first) {
            let told = told(conversation, schema, format);
            // Another body is another request, so it has another key.
            let key = if place == first { key.to_owned() } else { format!("{key}-{}", format.name()) };
            match chat::ask(&self.api, &body(&self.model, &told, format), &key).await {
                Err(error) if format != Format::Plain && chat::refuses_format(&error) => {
                    self.format.fetch_max(place + 1, Ordering::Relaxed);
                }
                answered => return answered,
            }
        }
        Err(ProviderError::Fatal(format!("{} takes no form of answer that is known here", self.api.vendor)))
    }
}

/// Where the form can't go along as a schema, the model is told.
fn told(conversation: &Conversation, schema: &Value, format: Format) -> Conversation {
    let mut told = conversation.clone();
    if format != Format::Schema
        && let Some(first) = told.turns.first_mut()
    {
        first.text.push_str(&format!("\nThe JSON object follows this JSON Schema:\n{schema}"));
    }
    told
}

fn body(model: &str, conversation: &Conversation, format: Format) -> Value {
    let turns = conversation.turns.iter().map(|turn| {
        let role = if turn.by_model { "assistant" } else { "user" };
        json!({ "role": role, "content": turn.text })
    });
    let mut body = json!({ "model": model, "messages": turns.collect::<Value>() });
    match (format, &conversation.schema) {
        (Format::Schema, Some(schema)) => {
            let strict = json!({ "name": "script", "strict": true, "schema": unbounded(schema) });
            body["response_format"] = json!({ "type": "json_schema", "json_schema": strict });
        }
        (Format::Object, Some(_)) => body["response_format"] = json!({ "type": "json_object" }),
        _ => {}
    }
    body
}

/// The schema without lengths of lists, which strict servers do not all take; the prompt states them too.
fn unbounded(schema: &Value) -> Value {
    match schema {
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "minItems" | "maxItems"))
            .map(|(name, value)| (name.clone(), unbounded(value)))
            .collect(),
        Value::Array(items) => items.iter().map(unbounded).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_of_answer_is_asked_for_in_its_own_way() {
        let schema = json!({ "type": "array", "items": { "type": "string" }, "minItems": 3 });
        let conversation = Conversation::begin("Write".into(), Some(schema.clone()));
        let check = |format, expected: Value| {
            let body = body("m", &told(&conversation, &schema, format), format);
            assert_eq!(body["response_format"], expected);
            let said = body["messages"][0]["content"].as_str().expect("words");
            assert_eq!(said.contains("JSON Schema"), format != Format::Schema);
        };
        let free = json!({ "type": "array", "items": { "type": "string" } });
        check(
            Format::Schema,
            json!({ "type": "json_schema", "json_schema": { "name": "script", "strict": true, "schema": free } }),
        );
        check(Format::Object, json!({ "type": "json_object" }));
        check(Format::Plain, Value::Null);
    }
}
