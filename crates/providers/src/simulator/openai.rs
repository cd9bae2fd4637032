//! OpenAI and all that is compatible with it: `/openai/v1/…`, key as bearer.
//!
//! Chat, pictures, speech and errors are in the files beside this one; Groq uses those that it has too.

use serde_json::{Value, json};

use super::call::{Asked, Call, Key};
use super::fault::FaultKind;
use super::reply::Reply;
use super::vendor::{Trouble, Vendor};
use super::world::World;

pub(super) mod chat;
pub(super) mod error;
mod image;
pub(super) mod speech;

/// The vendor.
pub(super) struct OpenAi;

/// What the list of models says; others work as well, unless their name begins with `gone`.
const MODELS: [&str; 8] = [
    "gpt-5.2",
    "gpt-5.2-mini",
    "gpt-5-mini",
    "gpt-5.2-nojsonschema",
    "gpt-image-2",
    "gpt-image-1-mini",
    "gpt-4o-mini-tts",
    "tts-1",
];

impl Vendor for OpenAi {
    fn name(&self) -> &'static str {
        "openai"
    }

    fn key(&self, call: &Call) -> Key {
        Key::needed(call.bearer())
    }

    fn read(&self, call: &Call) -> Asked {
        let body = call.json();
        match (call.segments().as_slice(), call.is_get()) {
            (["v1", "models"], true) => Asked::new("models", ""),
            (["v1", "models", model], true) => Asked::new("models", model),
            (["v1", "chat", "completions"], false) => chat::read(&body),
            (["v1", "images", "generations"], false) => image::read(&body),
            (["v1", "images", "edits"], false) => image::read_form(call),
            (["v1", "audio", "speech"], false) => speech::read(&body),
            _ => Asked::new("unknown", ""),
        }
    }

    fn trouble(&self, trouble: &Trouble, call: &Call, asked: &Asked) -> Reply {
        error::refuse(trouble, call, asked)
    }

    fn answer(&self, world: &World, call: &Call, asked: &Asked, bend: Option<FaultKind>) -> Reply {
        if asked.model.starts_with("gone") {
            return error::refuse(&Trouble::NoModel, call, asked);
        }
        let body = call.json();
        match (call.segments().as_slice(), call.is_get()) {
            (["v1", "models"], true) => Reply::ok(&json!({ "object": "list", "data": MODELS.map(described) })),
            (["v1", "models", model], true) => Reply::ok(&described(model)),
            (["v1", "chat", "completions"], false) => chat::answer(&body, asked, bend),
            (["v1", "images", "generations"], false) => image::answer(world, &body, asked, Vec::new(), bend),
            (["v1", "images", "edits"], false) => image::edit(world, call, asked, bend),
            (["v1", "audio", "speech"], false) => speech::answer(world, &body, asked, 4_096, "mp3", bend),
            _ => error::refuse(&Trouble::NoRoute, call, asked),
        }
    }
}

/// A model as lists tell it.
pub(super) fn described(model: &str) -> Value {
    json!({ "id": model, "object": "model", "created": 1_764_000_000, "owned_by": "simulator" })
}
