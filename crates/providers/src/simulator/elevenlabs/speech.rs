//! `text-to-speech/{voice}`, with the times of each character on `/with-timestamps`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use model::caption::WordTiming;
use serde_json::{Value, json};

use super::super::call::{Asked, Call, text_of};
use super::super::fault::FaultKind;
use super::super::media::{self, Media, SpeechOrder, Spoken};
use super::super::reply::Reply;
use super::super::vendor::Trouble;
use super::super::world::World;
use super::{MODELS, error, format, invalid, refuse, voice};

/// Characters in one request.
const MOST: usize = 10_000;

pub(super) fn read(voice: &str, call: &Call) -> Asked {
    let body = call.json();
    Asked::new("speech", body["model_id"].as_str().unwrap_or("eleven_multilingual_v2"))
        .with("prompt", text_of(&body["text"]))
        .with("voice", voice)
        .with("speed", body["voice_settings"]["speed"].clone())
        .with("settings", body["voice_settings"].clone())
        .with("language", text_of(&body["language_code"]))
        .with("previousText", text_of(&body["previous_text"]))
        .with("nextText", text_of(&body["next_text"]))
}

/// `way` is what stands after the voice: nothing, `with-timestamps`, `stream`, or both.
pub(super) fn answer(world: &World, id: &str, way: &[&str], call: &Call, asked: &Asked, bend: Option<FaultKind>) -> Reply {
    let timed = match way {
        [] | ["stream"] => false,
        ["with-timestamps"] | ["stream", "with-timestamps"] => true,
        _ => return refuse(&Trouble::NoRoute, asked),
    };
    let order = match order(id, call, asked) {
        Ok(order) => order,
        Err(reply) => return reply,
    };
    match bend {
        Some(FaultKind::Refusal) => {
            let message = "The text you are trying to use violates our Terms of Service and has been rejected.";
            return error(400, "content_against_policy", message);
        }
        Some(FaultKind::Empty) if timed => {
            return Reply::ok(&json!({ "audio_base64": "", "alignment": null, "normalized_alignment": null }));
        }
        Some(FaultKind::Empty) => return Reply::nothing(order.format.media_type()),
        _ => {}
    }
    let spoken = match media::speech(&order) {
        Ok(spoken) => spoken,
        Err(problem) => return error(500, "internal_server_error", &problem),
    };
    world.sounds.remember(&spoken);
    let mislabelled = bend == Some(FaultKind::WrongMediaType);
    let sound = if mislabelled { spoken.media.clone().mislabelled() } else { spoken.media.clone() };
    let reply = if timed { with_times(&order.text, &spoken, &sound) } else { Reply::file(sound) };
    let count = order.text.chars().count();
    reply.header("character-cost", count.to_string()).priced("characters", count as f64, 0.22e-3 * factor(&asked.model))
}

/// What is to be said.
///
/// # Errors
/// The vendor's answer to a request that is wrong.
fn order(id: &str, call: &Call, asked: &Asked) -> Result<SpeechOrder, Reply> {
    let body = call.json();
    let text = asked.prompt();
    if body["text"].is_null() {
        return Err(invalid("text", "Field required"));
    }
    if text.trim().is_empty() {
        return Err(error(400, "input_text_empty", "Input text must not be empty."));
    }
    if text.chars().count() > MOST {
        return Err(error(400, "max_character_limit_exceeded", "The text is longer than the model takes in one request."));
    }
    if !MODELS.contains(&asked.model.as_str()) {
        return Err(refuse(&Trouble::NoModel, asked));
    }
    let Some(woman) = voice::is_woman(id) else {
        return Err(error(404, "voice_not_found", &format!("A voice with the voice_id '{id}' was not found.")));
    };
    let speed = body["voice_settings"]["speed"].as_f64().unwrap_or(1.0);
    if !(0.7..=1.2).contains(&speed) {
        return Err(error(
            400,
            "invalid_voice_settings",
            "Invalid setting for speed received, expected to be greater or equal to 0.7 and less or equal to 1.2.",
        ));
    }
    let Some(format) = format(call.parameter("output_format").unwrap_or("mp3_44100_128")) else {
        return Err(error(400, "invalid_output_format", "The requested output_format is not known."));
    };
    let language = body["language_code"].as_str().map(str::to_owned);
    Ok(SpeechOrder { text: text.to_owned(), language, voice: id.to_owned(), woman: Some(woman), speed, format })
}

/// The fast models cost half.
fn factor(model: &str) -> f64 {
    if model.contains("flash") || model.contains("turbo") { 0.5 } else { 1.0 }
}

fn with_times(text: &str, spoken: &Spoken, sound: &Media) -> Reply {
    let alignment = alignment(&characters(text, &spoken.words, spoken.seconds));
    Reply::ok(&json!({ "audio_base64": BASE64.encode(&sound.bytes), "alignment": alignment, "normalized_alignment": alignment }))
}

fn alignment(times: &[(char, f64, f64)]) -> Value {
    json!({
        "characters": times.iter().map(|(letter, _, _)| letter.to_string()).collect::<Vec<_>>(),
        "character_start_times_seconds": times.iter().map(|(_, start, _)| thousandths(*start)).collect::<Vec<_>>(),
        "character_end_times_seconds": times.iter().map(|(_, _, end)| thousandths(*end)).collect::<Vec<_>>(),
    })
}

fn thousandths(seconds: f64) -> f64 {
    (seconds * 1_000.0).round() / 1_000.0
}

/// When each character of the text is heard: those of a word share its time, blanks get the time between two words.
pub(super) fn characters(text: &str, words: &[WordTiming], end: f64) -> Vec<(char, f64, f64)> {
    let mut times = Vec::new();
    let mut words = words.iter().peekable();
    let mut letters = text.chars().peekable();
    let mut now = 0.0;
    while letters.peek().is_some() {
        let mut blanks = Vec::new();
        while let Some(blank) = letters.next_if(|letter| letter.is_whitespace()) {
            blanks.push(blank);
        }
        let next = words.peek().map_or(end, |word| word.start);
        spread(&mut times, &blanks, now, next);
        let Some(word) = words.next() else {
            // Signs that are not spoken and stand alone at the end.
            let rest: Vec<char> = letters.by_ref().collect();
            spread(&mut times, &rest, next, end);
            break;
        };
        let wanted = word.word.chars().filter(|letter| !letter.is_whitespace()).count();
        let mut spoken = Vec::new();
        let mut taken = 0;
        while taken < wanted {
            let Some(letter) = letters.next() else { break };
            taken += usize::from(!letter.is_whitespace());
            spoken.push(letter);
        }
        spread(&mut times, &spoken, word.start, word.end);
        now = word.end;
    }
    times
}

fn spread(times: &mut Vec<(char, f64, f64)>, letters: &[char], start: f64, end: f64) {
    let step = (end - start).max(0.0) / letters.len().max(1) as f64;
    times.extend(letters.iter().enumerate().map(|(index, letter)| {
        let start = start + step * index as f64;
        (*letter, start, start + step)
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_share_the_time_of_their_word() {
        let word = |word: &str, start, end| WordTiming { word: word.to_owned(), start, end };
        let times = characters("Hi, you!", &[word("Hi,", 0.5, 0.8), word("you!", 1.0, 1.4)], 1.5);
        let text: String = times.iter().map(|(letter, _, _)| *letter).collect();
        assert_eq!(text, "Hi, you!");
        let near = |index: usize, start: f64, end: f64| {
            assert!((times[index].1 - start).abs() < 1e-9 && (times[index].2 - end).abs() < 1e-9, "{:?}", times[index]);
        };
        near(0, 0.5, 0.6);
        near(3, 0.8, 1.0);
        near(7, 1.3, 1.4);
    }
}
