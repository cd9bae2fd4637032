//! `chat/completions`, with structured answers by `json_schema` (strict) and `json_object`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::super::call::{Asked, hash};
use super::super::fault::FaultKind;
use super::super::media;
use super::super::reply::Reply;
use super::super::schema;
use super::super::writer;
use super::error::{error, invalid, missing};

/// What a request asks for.
pub(in super::super) fn read(body: &Value) -> Asked {
    let ability = if format(body) == "text" { "text" } else { "script" };
    let references = pictures(body).len();
    Asked::new(ability, body["model"].as_str().unwrap_or_default())
        .with("prompt", said_by(body, &["user"]))
        .with("system", said_by(body, &["system", "developer"]))
        .with("responseFormat", format(body))
        .with("references", if references > 0 { json!(references) } else { Value::Null })
}

pub(in super::super) fn answer(body: &Value, asked: &Asked, bend: Option<FaultKind>) -> Reply {
    if asked.model.is_empty() {
        return missing("model");
    }
    if body["messages"].as_array().is_none_or(Vec::is_empty) {
        return missing("messages");
    }
    if let Some(reply) = wrong_format(body, asked) {
        return reply;
    }
    let prompt = format!("{}\n{}", said_by(body, &["system", "developer"]), asked.prompt());
    match bend {
        Some(FaultKind::Refusal) => {
            let refusal =
                json!({ "role": "assistant", "content": null, "refusal": "I'm sorry, I can't assist with that request." });
            return completion(asked, &refusal, &prompt);
        }
        Some(FaultKind::Empty) => {
            return completion(asked, &json!({ "role": "assistant", "content": "", "refusal": null }), &prompt);
        }
        _ => {}
    }
    let text = match format(body) {
        "text" => writer::plain(&prompt, pictures(body).first().and_then(|picture| media::seen(picture))),
        _ => writer::bent(&script(body, &prompt, bend), bend),
    };
    completion(asked, &json!({ "role": "assistant", "content": text, "refusal": null }), &prompt)
}

fn script(body: &Value, prompt: &str, bend: Option<FaultKind>) -> Value {
    let script = writer::script(prompt, if bend == Some(FaultKind::TooFewScenes) { 0.5 } else { 1.0 });
    let wanted = &body["response_format"]["json_schema"]["schema"];
    if wanted.is_object() { schema::fill(wanted, &script) } else { script.free_form() }
}

/// Refuses what this model or a strict schema does not allow.
fn wrong_format(body: &Value, asked: &Asked) -> Option<Reply> {
    let wish = &body["response_format"];
    match format(body) {
        "json_schema" if asked.model.contains("nojsonschema") => {
            let message = "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model. Learn more about supported models at the Structured Outputs guide.";
            Some(invalid("response_format", message))
        }
        "json_schema" => {
            let name = wish["json_schema"]["name"].as_str();
            if name.is_none() {
                return Some(missing("response_format.json_schema.name"));
            }
            let strict = wish["json_schema"]["strict"] == true;
            let fault = strict.then(|| unstrict(&wish["json_schema"]["schema"], "")).flatten()?;
            let message = format!("Invalid schema for response_format '{}': {fault}", name.unwrap_or_default());
            Some(error(400, "invalid_request_error", Some("response_format"), None, &message))
        }
        "json_object" if !said_by(body, &["user", "system", "developer"]).to_lowercase().contains("json") => {
            let message = "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.";
            Some(invalid("messages", message))
        }
        _ => None,
    }
}

/// What a strict schema must not do: every object lists all of its properties as required, and allows no others.
fn unstrict(schema: &Value, path: &str) -> Option<String> {
    if let Some(properties) = schema["properties"].as_object() {
        if schema["additionalProperties"] != false {
            return Some(format!("In context=({path}), 'additionalProperties' is required to be supplied and to be false."));
        }
        let required = |name: &&String| schema["required"].as_array().is_some_and(|all| all.iter().any(|known| known == *name));
        if let Some(name) = properties.keys().find(|name| !required(name)) {
            return Some(format!(
                "In context=({path}), 'required' is required to be supplied and to be an array including every key in properties. Missing '{name}'."
            ));
        }
    }
    let inner = match schema {
        Value::Object(members) => members.iter().map(|(name, inner)| (name.clone(), inner)).collect::<Vec<_>>(),
        Value::Array(items) => items.iter().enumerate().map(|(index, inner)| (index.to_string(), inner)).collect(),
        _ => Vec::new(),
    };
    inner.into_iter().find_map(|(name, inner)| unstrict(inner, &format!("{path}'{name}', ")))
}

fn completion(asked: &Asked, message: &Value, prompt: &str) -> Reply {
    let (asked_for, made) = (prompt.len().div_ceil(4), message["content"].as_str().unwrap_or_default().len().div_ceil(4));
    Reply::ok(&json!({
        "id": format!("chatcmpl-{}", &hash(prompt.as_bytes())[..24]),
        "object": "chat.completion",
        "created": 1_764_000_000,
        "model": asked.model,
        "choices": [{ "index": 0, "message": message, "logprobs": null, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": asked_for, "completion_tokens": made, "total_tokens": asked_for + made },
        "system_fingerprint": "fp_simulator",
    }))
    .priced("inputTokens", asked_for as f64, 0.25e-6)
    .priced("outputTokens", made as f64, 2e-6)
}

/// `text`, `json_object` or `json_schema`.
fn format(body: &Value) -> &str {
    body["response_format"]["type"].as_str().unwrap_or("text")
}

/// All texts of these roles, one under the other. A content is a text or a list of parts.
fn said_by(body: &Value, roles: &[&str]) -> String {
    let messages = body["messages"].as_array().into_iter().flatten();
    let said = messages.filter(|message| message["role"].as_str().is_some_and(|role| roles.contains(&role)));
    let texts = said.flat_map(|message| match &message["content"] {
        Value::String(text) => vec![text.as_str()],
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => Vec::new(),
    });
    texts.collect::<Vec<_>>().join("\n")
}

/// Pictures that came as data addresses.
fn pictures(body: &Value) -> Vec<Vec<u8>> {
    let messages = body["messages"].as_array().into_iter().flatten();
    let parts = messages.flat_map(|message| message["content"].as_array().into_iter().flatten());
    let data = parts.filter_map(|part| part["image_url"]["url"].as_str()?.split_once("base64,"));
    data.filter_map(|(_, data)| BASE64.decode(data).ok()).collect()
}
