//! `audio/speech`.

use serde_json::Value;

use super::super::call::{Asked, text_of};
use super::super::fault::FaultKind;
use super::super::media::{self, SoundFormat, SpeechOrder};
use super::super::reply::Reply;
use super::super::world::World;
use super::error::{broken, error, invalid, missing};

/// What a request asks for.
pub(in super::super) fn read(body: &Value) -> Asked {
    Asked::new("speech", body["model"].as_str().unwrap_or_default())
        .with("prompt", text_of(&body["input"]))
        .with("voice", body["voice"].clone())
        .with("speed", body["speed"].clone())
        .with("responseFormat", text_of(&body["response_format"]))
        .with("style", text_of(&body["instructions"]))
}

/// `most` characters are taken; `usual` is the format when none is asked for.
pub(in super::super) fn answer(
    world: &World,
    body: &Value,
    asked: &Asked,
    most: usize,
    usual: &str,
    bend: Option<FaultKind>,
) -> Reply {
    let text = asked.prompt();
    for param in ["model", "input", "voice"] {
        if body[param].is_null() || body[param] == "" {
            return missing(param);
        }
    }
    if text.chars().count() > most {
        let message = format!(
            "[{{'type': 'string_too_long', 'loc': ('body', 'input'), 'msg': 'String should have at most {most} characters'}}]"
        );
        return invalid("input", &message);
    }
    let speed = body["speed"].as_f64().unwrap_or(1.0);
    if !(0.25..=4.0).contains(&speed) {
        return invalid("speed", "Invalid 'speed': expected a value from 0.25 to 4.0.");
    }
    let wish = body["response_format"].as_str().unwrap_or(usual);
    let Some(format) = format(wish) else {
        return invalid(
            "response_format",
            &format!("Invalid value: '{wish}'. Supported values are: 'mp3', 'opus', 'aac', 'flac', 'wav', and 'pcm'."),
        );
    };
    match bend {
        Some(FaultKind::Refusal) => {
            let message = "Your request was rejected as a result of our safety system.";
            return error(400, "invalid_request_error", None, Some("content_policy_violation"), message);
        }
        Some(FaultKind::Empty) => return Reply::nothing(format.media_type()),
        _ => {}
    }
    let voice = body["voice"].as_str().or_else(|| body["voice"]["id"].as_str()).unwrap_or_default();
    let order = SpeechOrder { text: text.to_owned(), language: None, voice: voice.to_owned(), woman: None, speed, format };
    let mut spoken = match media::speech(&order) {
        Ok(spoken) => spoken,
        Err(problem) => return broken(&problem),
    };
    if bend == Some(FaultKind::StreamedWav) {
        spoken.media.bytes = media::streamed(&spoken.media.bytes);
    }
    world.sounds.remember(&spoken);
    let media = if bend == Some(FaultKind::WrongMediaType) { spoken.media.mislabelled() } else { spoken.media };
    Reply::file(media).priced("characters", text.chars().count() as f64, 15e-6)
}

fn format(wish: &str) -> Option<SoundFormat> {
    Some(match wish {
        "mp3" => SoundFormat::Mp3 { rate: 24_000, kilobits: 128 },
        "opus" => SoundFormat::Opus,
        "aac" => SoundFormat::Aac,
        "flac" => SoundFormat::Flac,
        "wav" => SoundFormat::Wav { rate: 24_000 },
        "pcm" => SoundFormat::Pcm { rate: 24_000 },
        _ => return None,
    })
}
