//! Gemini: `/gemini/v1beta/…`, key in `x-goog-api-key`.
//!
//! `generateContent` is in `content`, its pictures and voices and the models that are alive in the files beside it.

use serde_json::{Value, json};

use super::call::{Asked, Call, Key};
use super::fault::FaultKind;
use super::reply::Reply;
use super::vendor::{Trouble, Vendor};
use super::world::World;

mod content;
mod interaction;
mod model;
mod picture;
mod voice;

use model::Kind;

/// The vendor.
pub(super) struct Gemini;

/// What a path asks for.
enum Route<'a> {
    Models,
    Model(&'a str),
    Generate(&'a str),
    CountTokens(&'a str),
    /// Another action of a model, such as those of clips that are shut down.
    Another(&'a str),
    Interact,
    Interaction(&'a str),
    Cancel(&'a str),
    File(&'a str),
    Unknown,
}

fn route(call: &Call) -> Route<'_> {
    let segments = call.segments();
    let ["v1beta" | "v1", rest @ ..] = segments.as_slice() else { return Route::Unknown };
    match (rest, call.is_get()) {
        (["models"], true) => Route::Models,
        (["models", model], true) => Route::Model(model),
        (["models", action], false) => match action.split_once(':') {
            Some((model, "generateContent")) => Route::Generate(model),
            Some((model, "countTokens")) => Route::CountTokens(model),
            Some((model, _)) => Route::Another(model),
            None => Route::Unknown,
        },
        (["interactions"], false) => Route::Interact,
        (["interactions", id], true) => Route::Interaction(id),
        (["interactions", id, "cancel"], false) => Route::Cancel(id),
        (["files", id], true) => Route::File(id.strip_suffix(":download").unwrap_or(id)),
        _ => Route::Unknown,
    }
}

impl Vendor for Gemini {
    fn name(&self) -> &'static str {
        "gemini"
    }

    fn key(&self, call: &Call) -> Key {
        Key::needed(call.header("x-goog-api-key").or_else(|| call.parameter("key")))
    }

    fn read(&self, call: &Call) -> Asked {
        match route(call) {
            Route::Models => Asked::new("models", ""),
            Route::Model(model) | Route::CountTokens(model) => Asked::new("models", model),
            Route::Generate(model) => content::read(model, &call.json()),
            Route::Interact => interaction::read(&call.json()),
            Route::Interaction(id) => Asked::new("poll", "").with("job", id),
            Route::Cancel(id) => Asked::new("cancel", "").with("job", id),
            Route::File(_) => Asked::new("download", ""),
            Route::Another(model) => Asked::new("unknown", model),
            Route::Unknown => Asked::new("unknown", ""),
        }
    }

    fn trouble(&self, trouble: &Trouble, _: &Call, asked: &Asked) -> Reply {
        refuse(trouble, asked)
    }

    fn answer(&self, world: &World, call: &Call, asked: &Asked, bend: Option<FaultKind>) -> Reply {
        match route(call) {
            Route::Models => Reply::ok(&json!({ "models": model::ALIVE.map(|(name, kind)| model::described(name, kind)) })),
            Route::Model(name) => match model::kind(name) {
                Some(kind) => Reply::ok(&model::described(name, kind)),
                None => refuse(&Trouble::NoModel, asked),
            },
            Route::CountTokens(name) => match model::kind(name) {
                Some(_) => Reply::ok(&json!({ "totalTokens": tokens(&call.body) })),
                None => refuse(&Trouble::NoModel, asked),
            },
            Route::Generate(name) => match model::kind(name) {
                // Clips and music are on the Interactions API only.
                Some(kind @ (Kind::Text | Kind::Image | Kind::Speech)) => content::answer(world, kind, &call.json(), asked, bend),
                _ => refuse(&Trouble::NoModel, asked),
            },
            Route::Interact => interaction::create(world, &call.json(), asked, bend),
            Route::Interaction(id) => interaction::get(world, id),
            Route::Cancel(id) => interaction::cancel(world, id),
            Route::File(id) => interaction::download(world, id, call.parameter("alt"), bend),
            Route::Another(_) => refuse(&Trouble::NoModel, asked),
            Route::Unknown => refuse(&Trouble::NoRoute, asked),
        }
    }
}

/// Google's error with its code, sentence and class.
pub(super) fn error(code: u16, status: &str, message: &str, details: &Value) -> Reply {
    let mut body = json!({ "error": { "code": code, "message": message, "status": status } });
    if !details.is_null() {
        body["error"]["details"] = details.clone();
    }
    Reply::json(code, &body)
}

/// A request that is wrong.
pub(super) fn invalid(message: &str) -> Reply {
    error(400, "INVALID_ARGUMENT", message, &Value::Null)
}

fn refuse(trouble: &Trouble, asked: &Asked) -> Reply {
    let model = &asked.model;
    match trouble {
        Trouble::NoKey => error(
            403,
            "PERMISSION_DENIED",
            "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.",
            &Value::Null,
        ),
        Trouble::BadKey => {
            let message = "API key not valid. Please pass a valid API key.";
            let details = json!([
                { "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com",
                  "metadata": { "service": "generativelanguage.googleapis.com" } },
                { "@type": "type.googleapis.com/google.rpc.LocalizedMessage", "locale": "en-US", "message": message },
            ]);
            error(400, "INVALID_ARGUMENT", message, &details)
        }
        Trouble::NoMoney => quota(model, "GenerateRequestsPerDayPerProjectPerModel-FreeTier", None),
        Trouble::TooMany(after) => quota(model, "GenerateRequestsPerMinutePerProjectPerModel", *after).retry_after(*after),
        Trouble::NoModel => error(
            404,
            "NOT_FOUND",
            &format!(
                "models/{model} is not found for API version v1beta, or is not supported for generateContent. Call ListModels to see the list of available models and their supported methods."
            ),
            &Value::Null,
        ),
        Trouble::Broken => error(500, "INTERNAL", "An internal error has occurred. Please retry or report it.", &Value::Null),
        Trouble::Overloaded(after) => {
            error(503, "UNAVAILABLE", "The model is overloaded. Please try again later.", &Value::Null).retry_after(*after)
        }
        Trouble::NoRoute => error(404, "NOT_FOUND", "Not Found", &Value::Null),
    }
}

/// A limit that is reached: of the day (no money or allowance) or of the minute.
fn quota(model: &str, limit: &str, after: Option<u64>) -> Reply {
    let mut details = vec![json!({
        "@type": "type.googleapis.com/google.rpc.QuotaFailure",
        "violations": [{ "quotaMetric": "generativelanguage.googleapis.com/generate_content_requests", "quotaId": limit,
                         "quotaDimensions": { "model": model, "location": "global" }, "quotaValue": "50" }],
    })];
    let mut message = "You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits.".to_owned();
    if let Some(after) = after {
        details.push(json!({ "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": format!("{after}s") }));
        message.push_str(&format!("\nPlease retry in {after}s."));
    }
    error(429, "RESOURCE_EXHAUSTED", &message, &json!(details))
}

/// A member of an object, written `likeThis` or `like_this`: Google takes both.
fn member<'a>(value: &'a Value, name: &str) -> &'a Value {
    value.get(name).or_else(|| value.get(snake(name))).unwrap_or(&Value::Null)
}

fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// Roughly how many tokens a text is.
fn tokens(text: &[u8]) -> u64 {
    text.len().div_ceil(4) as u64
}
