//! `forced-alignment`: a sound and its text in, the times of words and characters out.

use model::caption::WordTiming;
use serde_json::{Value, json};

use super::super::call::Call;
use super::super::fault::FaultKind;
use super::super::media::{self, SoundFormat, SpeechOrder};
use super::super::multipart;
use super::super::reply::Reply;
use super::super::world::World;
use super::speech::characters;
use super::{error, invalid};

pub(super) fn answer(world: &World, call: &Call, bend: Option<FaultKind>) -> Reply {
    let parts = multipart::parts(call);
    let Some(file) = parts.iter().find(|part| part.name == "file") else { return invalid("file", "Field required") };
    let Some(text) = multipart::text(&parts, "text").filter(|text| !text.trim().is_empty()) else {
        return invalid("text", "Field required");
    };
    match bend {
        Some(FaultKind::Empty) => return Reply::ok(&json!({ "characters": [], "words": [], "loss": 0.0 })),
        Some(FaultKind::Refusal) => return error(400, "invalid_content", "The audio can't be aligned with this text."),
        _ => {}
    }
    let seconds = match media::seconds(&file.bytes) {
        Ok(seconds) => seconds,
        Err(_) => return error(400, "invalid_content", "The audio file could not be decoded."),
    };
    let words = match world.sounds.of(&file.bytes) {
        Some(known) => known.words,
        None => match estimated(&text, seconds) {
            Ok(words) => words,
            Err(problem) => return error(500, "internal_server_error", &problem),
        },
    };
    let timed = |text: &str, start: f64, end: f64| json!({ "text": text, "start": start, "end": end });
    let characters: Vec<Value> = characters(&text, &words, seconds)
        .into_iter()
        .map(|(letter, start, end)| timed(&letter.to_string(), start, end))
        .collect();
    let words: Vec<Value> =
        words.iter().map(|word| json!({ "text": word.word, "start": word.start, "end": word.end, "loss": 0.1 })).collect();
    Reply::ok(&json!({ "characters": characters, "words": words, "loss": 0.1 })).priced("seconds", seconds, 0.22 / 3_600.0)
}

/// For sounds from elsewhere: our own reading of the text, stretched to their length.
fn estimated(text: &str, seconds: f64) -> Result<Vec<WordTiming>, String> {
    let order = SpeechOrder {
        text: text.to_owned(),
        language: None,
        voice: String::new(),
        woman: None,
        speed: 1.0,
        format: SoundFormat::Wav { rate: 22_050 },
    };
    let mut spoken = media::speech(&order)?;
    let stretch = seconds / spoken.seconds.max(0.001);
    for word in &mut spoken.words {
        word.start *= stretch;
        word.end *= stretch;
    }
    Ok(spoken.words)
}
