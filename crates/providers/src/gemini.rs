//! Google's Gemini API: where it is, what its codes mean, and the shapes of `generateContent`. What is made with it is in the
//! folder beside this file, one file per ability.

pub mod characters;
pub mod clips;
pub mod images;
pub mod interactions;
pub mod models;
pub mod music;
pub mod scripts;
pub mod speech;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use reqwest::RequestBuilder;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::{Api, unreadable};
use crate::error::ProviderError;
use crate::http::{Effect, Http};
use crate::keys::Key;
use crate::vendor::Vendor;

/// The API with a key.
pub fn api(http: Http, base: String, key: Option<Key>) -> Api {
    Api { http, vendor: Vendor::Gemini, base, key, authorise, explain }
}

fn authorise(request: RequestBuilder, key: &str) -> RequestBuilder {
    request.header("x-goog-api-key", key)
}

/// Whether an error is about the key. The vendor has no status of its own for that.
fn is_about_key(body: &Value) -> bool {
    let mut details = body.pointer("/error/details").and_then(Value::as_array).into_iter().flatten();
    details.any(|detail| detail["reason"] == "API_KEY_INVALID")
}

/// What the `error` object says beyond the status.
fn explain(status: u16, body: &Value, said: &str) -> Option<ProviderError> {
    let details = || body.pointer("/error/details").and_then(Value::as_array).into_iter().flatten();
    let code = body.pointer("/error/status").and_then(Value::as_str).unwrap_or_default();
    match (status, code) {
        _ if is_about_key(body) => {
            Some(ProviderError::Unavailable(format!("Gemini does not take the API key; set another one: {said}")))
        }
        (_, "FAILED_PRECONDITION") => Some(ProviderError::Unavailable(format!("Gemini can't be used with this account: {said}"))),
        (_, "NOT_FOUND") | (404, _) => {
            Some(ProviderError::Unavailable(format!("Gemini has no such model; set another one in shortsai.toml: {said}")))
        }
        (429, _) => {
            let daily = details().flat_map(|detail| detail["violations"].as_array().into_iter().flatten());
            if daily.into_iter().any(|violation| violation["quotaId"].as_str().is_some_and(|id| id.contains("PerDay"))) {
                return Some(ProviderError::Quota(format!("Quota exceeded: Gemini takes no more requests today: {said}")));
            }
            let delay = details().find_map(|detail| detail["retryDelay"].as_str()?.strip_suffix('s')?.parse::<f64>().ok());
            let after = delay.and_then(|seconds| std::time::Duration::try_from_secs_f64(seconds).ok());
            Some(ProviderError::Retry { message: format!("Gemini takes no more requests just now (429): {said}"), after })
        }
        _ => None,
    }
}

/// The ends of an answer that mean a refusal.
const REFUSALS: [&str; 8] = [
    "SAFETY",
    "PROHIBITED_CONTENT",
    "BLOCKLIST",
    "RECITATION",
    "SPII",
    "IMAGE_SAFETY",
    "IMAGE_PROHIBITED_CONTENT",
    "IMAGE_RECITATION",
];

/// Calls `generateContent`. `key` is the call's idempotency key.
///
/// # Errors
/// As [`Api::post`]; a prompt that was turned away for its content is [`ProviderError::Refused`].
pub async fn generate(api: &Api, model: &str, body: &Value, key: &str) -> Result<Vec<Part>, ProviderError> {
    let path = format!("/models/{model}:generateContent");
    said(api.post(&path, body, key, Effect::Paid).await?)
}

/// The pieces of an answer, unless it is a refusal.
fn said(response: Response) -> Result<Vec<Part>, ProviderError> {
    if let Some(reason) = response.prompt_feedback.and_then(|feedback| feedback.block_reason) {
        return Err(ProviderError::Refused(format!("Gemini declines this prompt ({reason}); word it differently")));
    }
    let candidate = response.candidates.into_iter().next().ok_or_else(|| unreadable(Vendor::Gemini))?;
    let reason = candidate.finish_reason.unwrap_or_default();
    if REFUSALS.contains(&reason.as_str()) {
        return Err(ProviderError::Refused(format!("Gemini declines to make this ({reason}); word it differently")));
    }
    // What a model thinks on its way is no part of its answer.
    Ok(candidate.content.unwrap_or_default().parts.into_iter().filter(|part| !part.thought).collect())
}

/// The text of an answer.
pub fn text_of(parts: &[Part]) -> String {
    parts.iter().filter_map(|part| part.text.as_deref()).collect()
}

/// The first file of an answer: its bytes, and the media type that the vendor gives it.
///
/// # Errors
/// When it is no base64.
pub fn file_of(parts: &[Part]) -> Result<Option<(Bytes, String)>, ProviderError> {
    let Some(inline) = parts.iter().find_map(|part| part.inline_data.as_ref()) else { return Ok(None) };
    let bytes = STANDARD.decode(&inline.data).map_err(|_| unreadable(Vendor::Gemini))?;
    Ok(Some((bytes.into(), inline.mime_type.clone())))
}

/// A text as a part of a request.
pub fn text_part(text: &str) -> Value {
    json!({ "text": text })
}

/// A file as a part of a request.
pub fn file_part(media_type: &str, bytes: &[u8]) -> Value {
    json!({ "inlineData": { "mimeType": media_type, "data": STANDARD.encode(bytes) } })
}

/// The least that is sent with every picture: only what is highly likely harmful is to be blocked.
pub fn safety_settings() -> Value {
    let categories = ["HARASSMENT", "HATE_SPEECH", "SEXUALLY_EXPLICIT", "DANGEROUS_CONTENT"];
    categories.iter().map(|name| json!({ "category": format!("HARM_CATEGORY_{name}"), "threshold": "BLOCK_ONLY_HIGH" })).collect()
}

/// One piece of an answer.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Part {
    /// Text.
    pub text: Option<String>,
    /// A file.
    pub inline_data: Option<InlineData>,
    /// A thought on the way to the answer.
    pub thought: bool,
}

/// A file in an answer.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct InlineData {
    /// Such as `image/png`.
    pub mime_type: String,
    /// Base64.
    pub data: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Response {
    candidates: Vec<Candidate>,
    prompt_feedback: Option<Feedback>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Candidate {
    content: Option<Content>,
    finish_reason: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Content {
    parts: Vec<Part>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Feedback {
    block_reason: Option<String>,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn its_codes_say_more_than_the_status() {
        let error = |status: &str, details: Value| json!({ "error": { "status": status, "details": details } });
        let check = |status, body: Value, expected: Option<ProviderError>| assert_eq!(explain(status, &body, "words"), expected);
        let busy = "Gemini takes no more requests just now (429): words".to_owned();
        check(429, error("RESOURCE_EXHAUSTED", json!([{ "retryDelay": "34.5s" }])), {
            Some(ProviderError::Retry { message: busy.clone(), after: Some(Duration::from_millis(34_500)) })
        });
        check(429, error("RESOURCE_EXHAUSTED", json!([])), Some(ProviderError::Retry { message: busy, after: None }));
        let daily = json!([{ "violations": [{ "quotaId": "GenerateRequestsPerDayPerProject" }] }, { "retryDelay": "9s" }]);
        let message = "Quota exceeded: Gemini takes no more requests today: words".to_owned();
        check(429, error("RESOURCE_EXHAUSTED", daily), Some(ProviderError::Quota(message)));
        let message = "Gemini does not take the API key; set another one: words".to_owned();
        check(
            400,
            error("INVALID_ARGUMENT", json!([{ "reason": "API_KEY_INVALID" }])),
            Some(ProviderError::Unavailable(message)),
        );
        check(400, error("INVALID_ARGUMENT", json!([])), None);
        check(503, Value::Null, None);
    }
}
