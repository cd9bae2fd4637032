//! Veo on Vertex AI: `/vertex/v1/projects/…/models/MODEL:predictLongRunning`, with a bearer token from `/vertex/token`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use serde_json::{Value, json};

use super::call::{Asked, Call, Key, text_of};
use super::fault::FaultKind;
use super::file::Recipe;
use super::gemini::{error, invalid};
use super::job::{Ending, Job, Stage};
use super::media::ClipOrder;
use super::reply::Reply;
use super::vendor::{Trouble, Vendor};
use super::world::World;

/// The vendor.
pub(super) struct Vertex;

/// Models and US dollars for a second.
const MODELS: [(&str, f64); 3] =
    [("veo-3.1-generate-001", 0.4), ("veo-3.1-fast-generate-001", 0.15), ("veo-3.1-lite-generate-001", 0.05)];

/// The model and what is done with it, when the path is that of a model.
fn target(call: &Call) -> Option<(&str, &str)> {
    match call.segments().as_slice() {
        ["v1", "projects", _, "locations", _, "publishers", "google", "models", last] => last.split_once(':'),
        _ => None,
    }
}

/// The model that a call only asks about.
fn about(call: &Call) -> Option<&str> {
    match call.segments().as_slice() {
        ["v1", "publishers", "google", "models", model] if call.is_get() => Some(model),
        _ => None,
    }
}

fn is_token(call: &Call) -> bool {
    call.path.trim_end_matches('/') == "token" && !call.is_get()
}

impl Vendor for Vertex {
    fn name(&self) -> &'static str {
        "vertex"
    }

    fn key(&self, call: &Call) -> Key {
        if is_token(call) { Key::NotNeeded } else { Key::needed(call.bearer()) }
    }

    fn read(&self, call: &Call) -> Asked {
        let body = call.json();
        match target(call) {
            Some((model, "predictLongRunning")) => {
                let instance = &body["instances"][0];
                Asked::new("clip", model)
                    .with("prompt", text_of(&instance["prompt"]))
                    .with("references", if instance["image"].is_object() { json!(1) } else { Value::Null })
                    .with("aspectRatio", text_of(&body["parameters"]["aspectRatio"]))
                    .with("duration", body["parameters"]["durationSeconds"].clone())
            }
            Some((model, "fetchPredictOperation")) => Asked::new("poll", model).with("job", text_of(&body["operationName"])),
            _ if is_token(call) => Asked::new("token", ""),
            _ => about(call).map_or_else(|| Asked::new("unknown", ""), |model| Asked::new("models", model)),
        }
    }

    fn trouble(&self, trouble: &Trouble, call: &Call, asked: &Asked) -> Reply {
        let model = &asked.model;
        match trouble {
            Trouble::NoKey | Trouble::BadKey => {
                let reason = if *trouble == Trouble::NoKey { "CREDENTIALS_MISSING" } else { "ACCESS_TOKEN_TYPE_UNSUPPORTED" };
                let details = json!([{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com",
                    "metadata": { "service": "aiplatform.googleapis.com" } }]);
                error(
                    401,
                    "UNAUTHENTICATED",
                    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.",
                    &details,
                )
            }
            Trouble::NoMoney => {
                let details = json!([{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "BILLING_DISABLED", "domain": "googleapis.com" }]);
                error(
                    403,
                    "PERMISSION_DENIED",
                    "This API method requires billing to be enabled. Please enable billing on the project and try again.",
                    &details,
                )
            }
            Trouble::NoModel => {
                let path = call.path.split(':').next().unwrap_or_default().trim_start_matches("v1/");
                let message = format!(
                    "Publisher Model `{path}` was not found or your project does not have access to it. Please ensure you are using a valid model version."
                );
                error(404, "NOT_FOUND", &message, &Value::Null)
            }
            Trouble::TooMany(after) => {
                let message = format!(
                    "Quota exceeded for aiplatform.googleapis.com/online_prediction_requests_per_base_model with base model: {model}."
                );
                error(429, "RESOURCE_EXHAUSTED", &message, &Value::Null).retry_after(*after)
            }
            Trouble::Broken => error(500, "INTERNAL", "Internal error encountered.", &Value::Null),
            Trouble::Overloaded(after) => {
                error(503, "UNAVAILABLE", "The service is currently unavailable.", &Value::Null).retry_after(*after)
            }
            Trouble::NoRoute => error(404, "NOT_FOUND", "Requested entity was not found.", &Value::Null),
        }
    }

    fn answer(&self, world: &World, call: &Call, asked: &Asked, bend: Option<FaultKind>) -> Reply {
        if is_token(call) {
            return token(call);
        }
        if let Some(model) = about(call) {
            return match MODELS.iter().any(|(known, _)| *known == model) {
                true => Reply::ok(&json!({ "name": format!("publishers/google/models/{model}"), "launchStage": "GA" })),
                false => self.trouble(&Trouble::NoModel, call, asked),
            };
        }
        let Some((model, action)) = target(call).filter(|_| !call.is_get()) else {
            return self.trouble(&Trouble::NoRoute, call, asked);
        };
        let Some((_, price)) = MODELS.into_iter().find(|(name, _)| *name == model) else {
            return self.trouble(&Trouble::NoModel, call, asked);
        };
        match action {
            "predictLongRunning" => match clip(&call.json(), asked) {
                Ok(order) => {
                    let seconds = order.seconds;
                    let job = Job::new(model, vec![Recipe::Clip(order)], Value::Null, Ending::from(bend));
                    let id = world.jobs.order("vertex", job);
                    Reply::ok(&json!({ "name": operation(call, &id) })).priced("seconds", seconds, price)
                }
                Err(message) => invalid(&message),
            },
            "fetchPredictOperation" => fetch(world, call),
            _ => self.trouble(&Trouble::NoRoute, call, asked),
        }
    }
}

/// A signed assertion against a token; signatures are not checked.
fn token(call: &Call) -> Reply {
    let form = String::from_utf8_lossy(&call.body);
    if !form.split('&').any(|field| field.strip_prefix("assertion=").is_some_and(|assertion| !assertion.is_empty())) {
        return Reply::json(400, &json!({ "error": "invalid_grant", "error_description": "Bad Request" }));
    }
    Reply::ok(&json!({ "access_token": "ya29.simulated-token", "expires_in": 3_599, "token_type": "Bearer" }))
}

fn operation(call: &Call, id: &str) -> String {
    let model = call.path.split(':').next().unwrap_or_default().trim_start_matches("v1/");
    format!("{model}/operations/{id}")
}

fn clip(body: &Value, asked: &Asked) -> Result<ClipOrder, String> {
    let instance = &body["instances"][0];
    if asked.prompt().is_empty() && !instance["image"].is_object() {
        return Err("Text prompt or image is required.".to_owned());
    }
    let parameters = &body["parameters"];
    let seconds = parameters["durationSeconds"].as_u64().unwrap_or(8);
    if ![4, 6, 8].contains(&seconds) {
        return Err(format!(
            "Unsupported output video duration {seconds} seconds, supported durations are [8,6,4] for feature text_to_video."
        ));
    }
    let short = match parameters["resolution"].as_str().unwrap_or("720p") {
        "720p" => 720,
        "1080p" => 1080,
        "4k" => 2160,
        other => return Err(format!("Unsupported resolution {other}.")),
    };
    let (width, height) = match parameters["aspectRatio"].as_str().unwrap_or("16:9") {
        "9:16" => (short, short * 16 / 9),
        "16:9" => (short * 16 / 9, short),
        other => return Err(format!("Unsupported aspect ratio {other}.")),
    };
    let first_frame = instance["image"]["bytesBase64Encoded"].as_str().and_then(|data| BASE64.decode(data).ok()).map(Bytes::from);
    Ok(ClipOrder {
        prompt: asked.prompt().to_owned(),
        label: asked.model.clone(),
        width,
        height,
        seconds: seconds as f64,
        sound: parameters["generateAudio"] != false,
        first_frame,
    })
}

fn fetch(world: &World, call: &Call) -> Reply {
    let body = call.json();
    let name = body["operationName"].as_str().unwrap_or_default();
    let id = name.rsplit('/').next().unwrap_or_default();
    let Some((job, stage)) = world.jobs.poll(id, world.options.polls) else {
        return error(404, "NOT_FOUND", &format!("The Operation does not exist: {name}"), &Value::Null);
    };
    if stage != Stage::Ended {
        return Reply::ok(&json!({ "name": name }));
    }
    let done = |rest: &str, value: Value| Reply::ok(&json!({ "name": name, "done": true, rest: value }));
    let kind = "type.googleapis.com/cloud.ai.large_models.vision.GenerateVideoResponse";
    match job.ending {
        Ending::Failed | Ending::NotBegun => {
            done("error", json!({ "code": 13, "message": "Video generation failed. Please try again.", "details": [] }))
        }
        Ending::Refused => {
            let reason = "Veo could not generate videos because the input was judged to go against the usage guidelines. Support codes: 58061214";
            done("response", json!({ "@type": kind, "raiMediaFilteredCount": 1, "raiMediaFilteredReasons": [reason] }))
        }
        Ending::Empty => done("response", json!({ "@type": kind, "raiMediaFilteredCount": 0, "videos": [] })),
        _ => match job.products.first().map(Recipe::make) {
            Some(Ok(media)) => {
                let media = if job.ending == Ending::Mislabelled { media.mislabelled() } else { media };
                let video = json!({ "bytesBase64Encoded": BASE64.encode(&media.bytes), "mimeType": media.media_type });
                done("response", json!({ "@type": kind, "raiMediaFilteredCount": 0, "videos": [video] }))
            }
            Some(Err(problem)) => error(500, "INTERNAL", &problem, &Value::Null),
            None => done("response", json!({ "@type": kind, "videos": [] })),
        },
    }
}
