//! `chat/completions`: the call, its answer, and how to tell that a form of answer is not taken.

use serde::Deserialize;
use serde_json::Value;

use crate::api::{Api, unreadable};
use crate::error::ProviderError;
use crate::http::Effect;

/// What a server that does not know a form of answer comes out as.
const NO_FORMAT: &str = "the vendor's model does not take this form of answer";

/// A form of answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// JSON by a strict schema.
    Schema,
    /// Any JSON object.
    Object,
    /// Text.
    Plain,
}

impl Format {
    /// The strictest first.
    pub(super) const ALL: [Self; 3] = [Self::Schema, Self::Object, Self::Plain];

    /// For idempotency keys.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Schema => "schema",
            Self::Object => "object",
            Self::Plain => "plain",
        }
    }
}

/// Asks, and answers what the model says. `key` is the call's idempotency key.
///
/// # Errors
/// As [`Api::post`]; a declined request is [`ProviderError::Refused`], and for a form of answer that the server does not
/// know see [`refuses_format`].
pub(super) async fn ask(api: &Api, body: &Value, key: &str) -> Result<String, ProviderError> {
    let api = Api { explain, ..api.clone() };
    let completion: Completion = api.post("/chat/completions", body, key, Effect::Paid).await?;
    said(&api, completion)
}

fn said(api: &Api, completion: Completion) -> Result<String, ProviderError> {
    let vendor = api.vendor;
    let choice = completion.choices.into_iter().next().ok_or_else(|| unreadable(vendor))?;
    let refusal = choice.message.refusal.filter(|refusal| !refusal.trim().is_empty());
    if refusal.is_some() || choice.finish_reason.as_deref() == Some("content_filter") {
        return Err(ProviderError::Refused(format!("{vendor} declines to write about this; word it differently")));
    }
    Ok(match choice.message.content {
        Some(Content::Text(text)) => text,
        Some(Content::Parts(parts)) => parts.into_iter().filter_map(|part| part.text).collect(),
        None => String::new(),
    })
}

/// Whether the server has turned a form of answer down, so that a looser one may do.
pub(super) fn refuses_format(error: &ProviderError) -> bool {
    matches!(error, ProviderError::Fatal(said) if said.starts_with(NO_FORMAT))
}

fn explain(status: u16, body: &Value, said: &str) -> Option<ProviderError> {
    let part = |name: &str| body.pointer(&format!("/error/{name}")).and_then(Value::as_str).unwrap_or_default();
    if part("code") == "json_validate_failed" {
        return Some(ProviderError::retry(format!("the vendor's model did not keep to the form of the answer: {said}")));
    }
    let lower = said.to_lowercase();
    let named = ["response_format", "json_schema", "json_object", "structured output"].iter().any(|name| lower.contains(name));
    if matches!(status, 400 | 422) && (named || part("param").starts_with("response_format")) {
        return Some(ProviderError::Fatal(format!("{NO_FORMAT}: {said}")));
    }
    super::explain(status, body, said)
}

#[derive(Deserialize)]
struct Completion {
    #[serde(default)]
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    message: Message,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Deserialize, Default)]
struct Message {
    #[serde(default)]
    content: Option<Content>,
    #[serde(default)]
    refusal: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    /// Some servers answer in parts.
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
struct Part {
    #[serde(default)]
    text: Option<String>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::http::Http;

    fn read(answer: &Value) -> Result<String, ProviderError> {
        let api = super::super::api(Http::new().expect("a client"), String::new(), None);
        said(&api, serde_json::from_value(answer.clone()).expect("the documented shape"))
    }

    #[test]
    fn answers_and_refusals_are_told_apart() {
        let recorded: Value = serde_json::from_str(include_str!("../../tests/fixtures/openai_chat.json")).expect("JSON");
        assert_eq!(read(&recorded).as_deref(), Ok("{\"title\":\"The Moon\"}"));
        let check = |choice: Value, refused: bool| {
            let said = read(&json!({ "choices": [choice] }));
            assert_eq!(matches!(said, Err(ProviderError::Refused(_))), refused, "{said:?}");
        };
        check(json!({ "message": { "content": null, "refusal": "I can't." }, "finish_reason": "stop" }), true);
        check(json!({ "message": { "content": "half" }, "finish_reason": "content_filter" }), true);
        check(json!({ "message": { "content": "whole", "refusal": null }, "finish_reason": "stop" }), false);
        check(json!({ "message": { "content": [{ "type": "text", "text": "a" }] } }), false);
        assert!(matches!(read(&json!({ "choices": [] })), Err(ProviderError::Retry { .. })));
    }

    #[test]
    fn only_a_refused_form_leads_to_a_looser_one() {
        let check = |status, error: Value, expected: bool| {
            let said = error["message"].as_str().unwrap_or_default().to_owned();
            let explained = explain(status, &json!({ "error": error }), &said);
            assert_eq!(explained.as_ref().is_some_and(refuses_format), expected, "{explained:?}");
        };
        check(400, json!({ "message": "'response_format' of type 'json_schema' is not supported with this model." }), true);
        check(422, json!({ "message": "unknown field", "param": "response_format" }), true);
        check(400, json!({ "message": "This model does not support structured outputs" }), true);
        check(400, json!({ "message": "max_tokens is too large" }), false);
        check(400, json!({ "message": "json", "code": "json_validate_failed" }), false);
        check(500, json!({ "message": "json_schema crashed" }), false);
    }
}
