//! ElevenLabs: where it is and what its codes mean. What is made with it is in the folder beside this file, one file per
//! ability.

pub mod alignment;
pub mod music;
pub mod speech;

use reqwest::RequestBuilder;
use serde::Deserialize;
use serde_json::Value;

use crate::api::Api;
use crate::error::ProviderError;
use crate::http::{Http, quoted};
use crate::keys::Key;
use crate::vendor::Vendor;

/// The API with a key.
pub fn api(http: Http, base: String, key: Option<Key>) -> Api {
    Api { http, vendor: Vendor::ElevenLabs, base, key, authorise, explain }
}

fn authorise(request: RequestBuilder, key: &str) -> RequestBuilder {
    request.header("xi-api-key", key)
}

/// What the `detail` object says beyond the status: a used-up quota comes as 401.
fn explain(_: u16, body: &Value, said: &str) -> Option<ProviderError> {
    let status = body.pointer("/detail/status").and_then(Value::as_str).unwrap_or_default();
    match status {
        "quota_exceeded" => {
            Some(ProviderError::Quota(format!("Quota exceeded: the ElevenLabs account has no credit left: {said}")))
        }
        "voice_not_found" => {
            Some(ProviderError::Fatal(format!("ElevenLabs has no such voice in this account; choose another one: {said}")))
        }
        "model_not_found" => {
            Some(ProviderError::Unavailable(format!("ElevenLabs has no such model; set another one in shortsai.toml: {said}")))
        }
        "detected_unusual_activity" => {
            Some(ProviderError::Unavailable(format!("ElevenLabs does not serve this account just now: {said}")))
        }
        "content_against_policy" | "bad_prompt" | "unsafe_content" => {
            let better = body.pointer("/detail/data/prompt_suggestion").and_then(Value::as_str).unwrap_or_default();
            let better = match quoted(better, None) {
                better if better.is_empty() => String::new(),
                better => format!(", such as {better}"),
            };
            Some(ProviderError::Refused(format!("ElevenLabs declines this content; word it differently{better}: {said}")))
        }
        _ => None,
    }
}

/// Whether key and model work, found out free of charge.
///
/// # Errors
/// When they don't, with what to do.
pub async fn probe(api: &Api, model: &str) -> Result<String, ProviderError> {
    let models: Vec<Model> = api.get("/models", &[]).await?;
    if models.iter().any(|known| known.model_id == model) {
        return Ok(format!("key works, model {model} is there"));
    }
    let names: Vec<&str> = models.iter().map(|known| known.model_id.as_str()).collect();
    Err(ProviderError::Unavailable(format!(
        "ElevenLabs has no model {model} for this account; set another one in shortsai.toml: {}",
        names.join(", ")
    )))
}

#[derive(Deserialize)]
struct Model {
    model_id: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn its_codes_say_more_than_the_status() {
        let check = |status: &str, expected: fn(&ProviderError) -> bool| {
            let explained = explain(401, &json!({ "detail": { "status": status } }), "words").expect("explained");
            assert!(expected(&explained) && explained.to_string().ends_with("words"), "{status}: {explained}");
        };
        check("quota_exceeded", |error| matches!(error, ProviderError::Quota(_)));
        check("voice_not_found", |error| matches!(error, ProviderError::Fatal(_)));
        check("bad_prompt", |error| matches!(error, ProviderError::Refused(_)));
        assert_eq!(explain(401, &json!({ "detail": { "status": "invalid_api_key" } }), ""), None);
        let declined: Value = serde_json::from_str(include_str!("../fixtures/elevenlabs-bad-prompt.json")).expect("JSON");
        let message = "ElevenLabs declines this content; word it differently, such as “calm piano”: words";
        assert_eq!(explain(400, &declined, "words"), Some(ProviderError::Refused(message.into())));
    }
}
