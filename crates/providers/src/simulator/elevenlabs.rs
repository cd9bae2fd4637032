//! ElevenLabs: `/elevenlabs/v1/…`, key in `xi-api-key`.
//!
//! Speech with the times of its characters, voices, and alignment are in the files beside this one.

use serde_json::{Value, json};

use super::call::{Asked, Call, Key, text_of};
use super::fault::FaultKind;
use super::media::{self, SongOrder, SoundFormat};
use super::multipart;
use super::reply::Reply;
use super::vendor::{Trouble, Vendor};
use super::world::World;

mod align;
mod speech;
mod voice;

/// The vendor.
pub(super) struct ElevenLabs;

/// Models of speech, and whether they are told in `/v1/models` to speak.
const MODELS: [&str; 5] =
    ["eleven_v3", "eleven_multilingual_v2", "eleven_flash_v2_5", "eleven_turbo_v2_5", "eleven_monolingual_v1"];
const MUSIC_MODELS: [&str; 2] = ["music_v1", "music_v2"];
/// Milliseconds of music that can be ordered.
const MUSIC_LENGTH: std::ops::RangeInclusive<u64> = 3_000..=600_000;

impl Vendor for ElevenLabs {
    fn name(&self) -> &'static str {
        "elevenlabs"
    }

    fn key(&self, call: &Call) -> Key {
        Key::needed(call.header("xi-api-key"))
    }

    fn read(&self, call: &Call) -> Asked {
        match (call.segments().as_slice(), call.is_get()) {
            (["v1" | "v2", "voices"], true) => Asked::new("voices", ""),
            (["v1", "models"], true) => Asked::new("models", ""),
            (["v1", "user"] | ["v1", "user", "subscription"], true) => Asked::new("account", ""),
            (["v1", "text-to-speech", voice, ..], false) => speech::read(voice, call),
            (["v1", "music", ..], false) => read_music(&call.json()),
            (["v1", "forced-alignment"], false) => {
                let text = multipart::text(&multipart::parts(call), "text");
                Asked::new("align", "").with("prompt", text.map_or(Value::Null, Value::from))
            }
            _ => Asked::new("unknown", ""),
        }
    }

    fn trouble(&self, trouble: &Trouble, _: &Call, asked: &Asked) -> Reply {
        refuse(trouble, asked)
    }

    fn answer(&self, world: &World, call: &Call, asked: &Asked, bend: Option<FaultKind>) -> Reply {
        match (call.segments().as_slice(), call.is_get()) {
            (["v1" | "v2", "voices"], true) => voice::list(world, bend),
            (["v1", "models"], true) => Reply::ok(&MODELS.map(described).into()),
            (["v1", "user", "subscription"], true) => Reply::ok(&subscription()),
            (["v1", "user"], true) => Reply::ok(&json!({ "user_id": "simulator", "subscription": subscription() })),
            (["v1", "text-to-speech", voice, way @ ..], false) => speech::answer(world, voice, way, call, asked, bend),
            (["v1", "music"] | ["v1", "music", "stream"], false) => music(call, asked, bend),
            (["v1", "forced-alignment"], false) => align::answer(world, call, bend),
            _ => refuse(&Trouble::NoRoute, asked),
        }
    }
}

/// An error with its class and sentence.
fn error(code: u16, status: &str, message: &str) -> Reply {
    Reply::json(code, &json!({ "detail": { "status": status, "message": message } }))
}

/// A field that is missing or wrong.
fn invalid(field: &str, message: &str) -> Reply {
    Reply::json(422, &json!({ "detail": [{ "type": "value_error", "loc": ["body", field], "msg": message, "input": null }] }))
}

fn refuse(trouble: &Trouble, asked: &Asked) -> Reply {
    match trouble {
        Trouble::NoKey => {
            error(401, "needs_authorization", "Neither authorization header nor xi-api-key received, please provide one.")
        }
        Trouble::BadKey => error(401, "invalid_api_key", "Invalid API key"),
        Trouble::NoMoney if asked.ability == "music" => {
            error(402, "limited_access", "The Music API is not available for free users. Please upgrade your plan.")
        }
        Trouble::NoMoney => {
            let needed = asked.prompt().chars().count();
            let message = format!(
                "This request exceeds your quota of 10000. You have 0 credits remaining, while {needed} credits are required for this request."
            );
            error(401, "quota_exceeded", &message)
        }
        Trouble::NoModel => {
            let message = format!("A model with model ID {} was not found.", asked.model);
            error(404, "model_not_found", &message)
        }
        Trouble::TooMany(after) => error(
            429,
            "too_many_concurrent_requests",
            "Too many concurrent requests. Your current subscription is associated with a maximum of 2 concurrent requests (running in parallel).",
        )
        .retry_after(*after),
        Trouble::Broken => error(500, "internal_server_error", "An unexpected error occurred."),
        Trouble::Overloaded(after) => {
            error(503, "system_busy", "Our service is experiencing heavy traffic. Please try again later.").retry_after(*after)
        }
        Trouble::NoRoute => Reply::json(404, &json!({ "detail": "Not Found" })),
    }
}

fn described(model: &str) -> Value {
    json!({
        "model_id": model, "name": model.replace('_', " "), "can_do_text_to_speech": true, "can_do_voice_conversion": false,
        "can_use_style": true, "can_use_speaker_boost": true, "serves_pro_voices": false, "token_cost_factor": 1.0,
        "description": "Served by the simulator.", "maximum_text_length_per_request": 10_000,
        "languages": [{ "language_id": "en", "name": "English" }, { "language_id": "pt", "name": "Portuguese" }, { "language_id": "es", "name": "Spanish" }],
    })
}

fn subscription() -> Value {
    json!({
        "tier": "creator", "character_count": 1_250, "character_limit": 100_000, "can_extend_character_limit": false,
        "allowed_to_extend_character_limit": false, "next_character_count_reset_unix": 1_798_761_600,
        "voice_limit": 30, "professional_voice_limit": 1, "can_extend_voice_limit": false, "can_use_instant_voice_cloning": true,
        "can_use_professional_voice_cloning": true, "currency": "usd", "status": "active", "billing_period": "monthly_period",
    })
}

fn read_music(body: &Value) -> Asked {
    let plan = &body["composition_plan"];
    let prompt = match body["prompt"].as_str() {
        Some(prompt) => prompt.to_owned(),
        None => plan["positive_global_styles"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(", "),
    };
    Asked::new("music", body["model_id"].as_str().unwrap_or("music_v1"))
        .with("prompt", prompt)
        .with("musicLengthMs", body["music_length_ms"].clone())
        .with("instrumental", body["force_instrumental"].clone())
        .with("outputFormat", text_of(&body["output_format"]))
}

fn music(call: &Call, asked: &Asked, bend: Option<FaultKind>) -> Reply {
    let body = call.json();
    if asked.prompt().is_empty() {
        return invalid("prompt", "Either prompt or composition_plan must be provided");
    }
    if !MUSIC_MODELS.contains(&asked.model.as_str()) {
        return refuse(&Trouble::NoModel, asked);
    }
    let length = body["music_length_ms"].as_u64().unwrap_or(30_000);
    if !MUSIC_LENGTH.contains(&length) {
        return invalid("music_length_ms", "Input should be greater than or equal to 3000 and less than or equal to 600000");
    }
    let usual = if asked.model == "music_v1" { "mp3_44100_128" } else { "mp3_48000_192" };
    let wish = call.parameter("output_format").filter(|wish| *wish != "auto").unwrap_or(usual);
    let Some(format) = format(wish) else { return invalid("output_format", "Unknown output format") };
    match bend {
        Some(FaultKind::Refusal) => {
            let message = "Your prompt appears to name a person or a work that is protected. Please rephrase it.";
            let suggestion = json!({ "prompt_suggestion": "Calm instrumental music with piano and strings" });
            return Reply::json(400, &json!({ "detail": { "status": "bad_prompt", "message": message, "data": suggestion } }));
        }
        Some(FaultKind::Empty) => return Reply::nothing(format.media_type()),
        _ => {}
    }
    let seconds = length as f64 / 1_000.0;
    let order = SongOrder {
        prompt: asked.prompt().to_owned(),
        style: String::new(),
        title: asked.prompt().to_owned(),
        seconds: Some(seconds),
        take: body["seed"].as_u64().unwrap_or(0) as u32,
        format,
    };
    match media::song(&order) {
        Ok(media) => {
            let media = if bend == Some(FaultKind::WrongMediaType) { media.mislabelled() } else { media };
            let id = super::call::hash(asked.prompt().as_bytes())[..20].to_owned();
            Reply::file(media).header("song-id", id).priced("seconds", seconds, 0.8 / 60.0)
        }
        Err(problem) => error(500, "internal_server_error", &problem),
    }
}

/// A format as the vendor names it: `mp3_44100_128`, `pcm_24000`, `opus_48000_64`, `wav_44100`.
fn format(wish: &str) -> Option<SoundFormat> {
    let mut words = wish.split('_');
    let kind = words.next()?;
    let rate = words.next()?.parse().ok().filter(|rate| (8_000..=48_000).contains(rate))?;
    match kind {
        "mp3" => Some(SoundFormat::Mp3 { rate, kilobits: words.next()?.parse().ok().filter(|rate| (24..=320).contains(rate))? }),
        "pcm" => Some(SoundFormat::Pcm { rate }),
        "wav" => Some(SoundFormat::Wav { rate }),
        "opus" => Some(SoundFormat::Opus),
        _ => None,
    }
}
