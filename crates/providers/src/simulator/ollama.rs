//! Ollama: `/ollama/api/…`, no key.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::call::{Asked, Call, Key};
use super::fault::FaultKind;
use super::media;
use super::reply::Reply;
use super::schema;
use super::vendor::{Trouble, Vendor};
use super::world::World;
use super::writer;

/// The vendor.
pub(super) struct Ollama;

/// What is pulled. A name without a tag means `latest`.
const MODELS: [&str; 4] = ["llama3.2:latest", "qwen3:8b", "gemma3:4b", "gemma3:latest"];

impl Vendor for Ollama {
    fn name(&self) -> &'static str {
        "ollama"
    }

    fn key(&self, call: &Call) -> Key {
        // A proxy in front of it may want one.
        Key::welcome(call.bearer())
    }

    fn read(&self, call: &Call) -> Asked {
        let body = call.json();
        match (call.segments().as_slice(), call.is_get()) {
            (["api", "tags" | "version"], true) => Asked::new("models", ""),
            (["api", "show"], false) => Asked::new("models", body["model"].as_str().unwrap_or_default()),
            (["api", "chat"], false) => {
                let ability = if body["format"].is_null() { "text" } else { "script" };
                Asked::new(ability, body["model"].as_str().unwrap_or_default())
                    .with("prompt", said_by(&body, "user"))
                    .with("system", said_by(&body, "system"))
            }
            _ => Asked::new("unknown", ""),
        }
    }

    fn trouble(&self, trouble: &Trouble, _: &Call, asked: &Asked) -> Reply {
        let error = |status: u16, message: &str| Reply::json(status, &json!({ "error": message }));
        match trouble {
            Trouble::NoKey | Trouble::BadKey => error(401, "unauthorized"),
            Trouble::NoMoney => error(402, "payment required"),
            Trouble::NoModel => error(404, &format!("model '{}' not found", asked.model)),
            Trouble::TooMany(after) => error(429, "too many requests").retry_after(*after),
            Trouble::Broken => {
                error(500, "model runner has unexpectedly stopped, this may be due to resource limitations or an internal error")
            }
            Trouble::Overloaded(after) => {
                error(503, "server busy, please try again. maximum pending requests exceeded").retry_after(*after)
            }
            Trouble::NoRoute => {
                Reply { media_type: "text/plain".to_owned(), body: "404 page not found".into(), ..error(404, "") }
            }
        }
    }

    fn answer(&self, _: &World, call: &Call, asked: &Asked, bend: Option<FaultKind>) -> Reply {
        match (call.segments().as_slice(), call.is_get()) {
            (["api", "version"], true) => Reply::ok(&json!({ "version": "0.15.2" })),
            (["api", "tags"], true) => Reply::ok(&json!({ "models": MODELS.map(described) })),
            (["api", "show"], false) if is_known(&asked.model) => Reply::ok(&described(&asked.model)),
            (["api", "chat"], false) if is_known(&asked.model) => chat(&call.json(), asked, bend),
            (["api", "chat" | "show"], false) => self.trouble(&Trouble::NoModel, call, asked),
            _ => self.trouble(&Trouble::NoRoute, call, asked),
        }
    }
}

fn is_known(model: &str) -> bool {
    MODELS.contains(&model) || MODELS.contains(&format!("{model}:latest").as_str())
}

fn described(model: &str) -> Value {
    json!({
        "name": model, "model": model, "modified_at": "2026-11-01T12:00:00Z", "size": 2_019_393_189, "digest": super::call::hash(model.as_bytes()),
        "details": { "format": "gguf", "family": model.split([':', '.']).next(), "parameter_size": "3.2B", "quantization_level": "Q4_K_M" },
    })
}

fn chat(body: &Value, asked: &Asked, bend: Option<FaultKind>) -> Reply {
    let prompt = format!("{}\n{}", said_by(body, "system"), asked.prompt());
    let text = match (&body["format"], bend) {
        (_, Some(FaultKind::Empty)) => String::new(),
        (_, Some(FaultKind::Refusal)) => "I'm sorry, but I can't help with that.".to_owned(),
        (Value::Null, _) => writer::plain(&prompt, picture(body).and_then(|picture| media::seen(&picture))),
        (format, _) => {
            let script = writer::script(&prompt, if bend == Some(FaultKind::TooFewScenes) { 0.5 } else { 1.0 });
            let script = if format.is_object() { schema::fill(format, &script) } else { script.free_form() };
            writer::bent(&script, bend)
        }
    };
    let (asked_for, made) = (prompt.len().div_ceil(4), text.len().div_ceil(4));
    let line = |content: &str, done: bool| json!({ "model": asked.model, "created_at": "2026-11-25T12:00:00Z", "message": { "role": "assistant", "content": content }, "done": done });
    let mut last = line(if body["stream"] == false { &text } else { "" }, true);
    last["done_reason"] = json!("stop");
    last["total_duration"] = json!(1_000_000);
    last["prompt_eval_count"] = json!(asked_for);
    last["eval_count"] = json!(made);
    let reply = if body["stream"] == false {
        Reply::ok(&last)
    } else {
        let lines = format!("{}\n{last}\n", line(&text, false));
        Reply { media_type: "application/x-ndjson".to_owned(), body: lines.into(), ..Reply::ok(&Value::Null) }
    };
    reply.priced("inputTokens", asked_for as f64, 0.0).priced("outputTokens", made as f64, 0.0)
}

fn said_by(body: &Value, role: &str) -> String {
    let messages = body["messages"].as_array().into_iter().flatten().filter(|message| message["role"] == role);
    messages.filter_map(|message| message["content"].as_str()).collect::<Vec<_>>().join("\n")
}

fn picture(body: &Value) -> Option<Vec<u8>> {
    let mut pictures = body["messages"].as_array()?.iter().filter_map(|message| message["images"][0].as_str());
    BASE64.decode(pictures.next()?).ok()
}
