//! Groq: `/groq/openai/v1/…`, key as bearer. Chat is OpenAI's, speech nearly so: short texts, few voices, only WAV.

use serde_json::{Value, json};

use super::call::{Asked, Call, Key};
use super::fault::FaultKind;
use super::openai::{chat, described, error, speech};
use super::reply::Reply;
use super::vendor::{Trouble, Vendor};
use super::world::World;

/// The vendor.
pub(super) struct Groq;

const MODELS: [&str; 6] = [
    "llama-3.3-70b-versatile",
    "openai/gpt-oss-120b",
    "openai/gpt-oss-20b",
    "whisper-large-v3-turbo",
    "canopylabs/orpheus-v1-english",
    "canopylabs/orpheus-arabic-saudi",
];
/// Voices of the two speech models.
const ENGLISH: [&str; 6] = ["autumn", "diana", "hannah", "austin", "daniel", "troy"];
const ARABIC: [&str; 6] = ["abdullah", "fahad", "sultan", "lulwa", "noura", "aisha"];
/// Characters of one speech request.
const MOST: usize = 200;

impl Vendor for Groq {
    fn name(&self) -> &'static str {
        "groq"
    }

    fn key(&self, call: &Call) -> Key {
        Key::needed(call.bearer())
    }

    fn read(&self, call: &Call) -> Asked {
        match (call.segments().as_slice(), call.is_get()) {
            (["openai", "v1", "models", model @ ..], true) => Asked::new("models", &model.join("/")),
            (["openai", "v1", "chat", "completions"], false) => chat::read(&call.json()),
            (["openai", "v1", "audio", "speech"], false) => speech::read(&call.json()),
            _ => Asked::new("unknown", ""),
        }
    }

    fn trouble(&self, trouble: &Trouble, call: &Call, asked: &Asked) -> Reply {
        match trouble {
            Trouble::NoKey | Trouble::BadKey => {
                error::error(401, "invalid_request_error", None, Some("invalid_api_key"), "Invalid API Key")
            }
            Trouble::NoMoney => {
                let message = "Your organization has reached its spend limit. Visit the billing settings to raise it.";
                error::error(402, "billing", None, Some("spend_limit_reached"), message)
            }
            Trouble::Overloaded(after) => {
                error::error(503, "internal_server_error", None, None, "Service Unavailable").retry_after(*after)
            }
            _ => error::refuse(trouble, call, asked),
        }
    }

    fn answer(&self, world: &World, call: &Call, asked: &Asked, bend: Option<FaultKind>) -> Reply {
        let model = asked.model.as_str();
        if model.starts_with("playai-tts") {
            let message = format!(
                "The model `{model}` has been decommissioned and is no longer supported. Please refer to the deprecations page for a recommendation on which model to use instead."
            );
            return error::error(400, "invalid_request_error", None, Some("model_decommissioned"), &message);
        }
        if !model.is_empty() && !MODELS.contains(&model) {
            return self.trouble(&Trouble::NoModel, call, asked);
        }
        match (call.segments().as_slice(), call.is_get()) {
            (["openai", "v1", "models"], true) => Reply::ok(&json!({ "object": "list", "data": MODELS.map(described) })),
            (["openai", "v1", "models", ..], true) => Reply::ok(&described(model)),
            (["openai", "v1", "chat", "completions"], false) => chat::answer(&call.json(), asked, bend),
            (["openai", "v1", "audio", "speech"], false) => speak(world, &call.json(), asked, bend),
            _ => self.trouble(&Trouble::NoRoute, call, asked),
        }
    }
}

fn speak(world: &World, body: &Value, asked: &Asked, bend: Option<FaultKind>) -> Reply {
    let voices = if asked.model.contains("arabic") { ARABIC } else { ENGLISH };
    if let Some(voice) = body["voice"].as_str().filter(|voice| !voices.contains(voice)) {
        return error::invalid("voice", &format!("`voice` must be one of [{}], but it is {voice}", voices.join(" ")));
    }
    if body["response_format"].as_str().is_some_and(|format| format != "wav") {
        return error::invalid("response_format", "`response_format` must be one of [wav]");
    }
    speech::answer(world, body, asked, MOST, "wav", bend)
}
