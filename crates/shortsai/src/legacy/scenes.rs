//! Scenes: numbered anew where numbers are missing or there twice, with what was made for them.

use assets::{Kind, Place};
use model::caption::WordTiming;
use model::project::{Scene, estimated_seconds};
use serde_json::Value;
use uuid::Uuid;

use super::media::{Found, Wanted};
use super::row::Row;
use super::slots::{Asked, Before, slot};
use super::{TakeOver, own};

pub const NOUN: &str = "scenes";

/// What is made for a scene: its columns begin with that; what it is called; where it belongs and what it is.
const MEDIA: [(&str, &str, Place, Kind); 4] = [
    ("image", "picture", Place::SceneImages, Kind::Image),
    ("audio", "narration", Place::SceneAudio, Kind::Audio),
    ("video", "clip", Place::SceneVideos, Kind::Video),
    // Only the user brings such a sound.
    ("sfx", "sound effect", Place::Uploads, Kind::Audio),
];

/// The files that a scene names.
pub fn wanted(row: &Row) -> impl Iterator<Item = Wanted> {
    MEDIA.iter().filter_map(|(column, _, place, kind)| {
        let text = row.words(&format!("{column}_url"))?.to_owned();
        Some(Wanted { text, place: *place, kind: *kind })
    })
}

/// The scene of that number, and whether something of it was there and is not here.
pub fn scene(
    over: &mut TakeOver<'_>,
    id: Uuid,
    number: i32,
    row: &Row,
    (owner, found, goes_on): (Uuid, &Found, bool),
) -> (Scene, bool) {
    let mut lost = false;
    let [image, audio, video, sfx] = MEDIA.map(|(column, what, _, kind)| {
        let status = row.text(&format!("{column}_status"));
        let asked = Asked::of(status).unwrap_or_else(|| {
            over.report.changed(NOUN, &format!("the status of their {what} is unknown; it is draft here"), row);
            Asked::Nothing
        });
        let file = row.words(&format!("{column}_url")).map(|text| found[text].clone());
        if let Some(Err(why)) = &file {
            over.report.changed(NOUN, &format!("their {what} {why}"), row);
            lost |= asked == Asked::Done;
        }
        let is_made = !(column == "sfx" && kind == Kind::Audio);
        slot(Before { asked, file, error: row.text("error_message"), goes_on, is_made })
    });
    let narration = row.plain("narration");
    let seconds = row.number("duration_seconds").filter(|seconds| *seconds > 0.0);
    if seconds.is_none() {
        over.report.changed(NOUN, "their duration_seconds is no length; it is estimated from the words", row);
    }
    let character = row.id("character_id").and_then(|character| own(&over.characters, character, owner));
    if character.is_none() && row.words("character_id").is_some() {
        over.report.changed(NOUN, "their character is not there, or somebody else's", row);
    }
    let word_timings = row.json("word_timings").map(|words| words_of(words).ok_or(())).transpose().unwrap_or_else(|()| {
        over.report.changed(NOUN, "their word_timings can't be read; captions are timed by estimate", row);
        None
    });
    let scene = Scene {
        image,
        audio,
        video,
        sfx,
        moving: row.text("media_type") == Some("video"),
        duration_seconds: seconds.unwrap_or_else(|| estimated_seconds(&narration)),
        word_timings: word_timings.unwrap_or_default(),
        character,
        ..Scene::new(id, number, narration, row.plain("visual_description"))
    };
    (scene, lost)
}

/// The words with their times, if all of them can be read.
fn words_of(words: &Value) -> Option<Vec<WordTiming>> {
    let word = |word: &Value| {
        let second = |name: &str| word[name].as_f64().filter(|second| second.is_finite() && *second >= 0.0);
        let (start, end) = (second("start")?, second("end")?);
        Some(WordTiming { word: word["word"].as_str()?.to_owned(), start, end }).filter(|_| start <= end)
    };
    words.as_array()?.iter().map(word).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn word_times_are_all_good_or_none() {
        let check = |words: Value, expected: Option<usize>| {
            assert_eq!(words_of(&words).map(|words| words.len()), expected, "{words}");
        };
        let word = json!({ "word": "Hi", "start": 0, "end": 0.5 });
        check(json!([]), Some(0));
        check(json!([word, word]), Some(2));
        check(json!([word, { "word": "x", "start": 2, "end": 1 }]), None);
        check(json!([word, { "word": "x", "start": "0", "end": 1 }]), None);
        check(json!({ "word": "Hi" }), None);
    }
}
