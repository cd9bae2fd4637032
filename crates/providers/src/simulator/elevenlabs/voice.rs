//! The voices and their previews.

use serde_json::{Value, json};

use super::super::fault::FaultKind;
use super::super::file::{Recipe, public_link};
use super::super::media::{SoundFormat, SpeechOrder};
use super::super::reply::Reply;
use super::super::world::World;

/// A voice: id, name, is it a woman's, accent, what it is like.
type Voice = (&'static str, &'static str, bool, &'static str, &'static str);

const VOICES: [Voice; 6] = [
    ("21m00Tcm4TlvDq8ikWAM", "Rachel", true, "american", "calm"),
    ("EXAVITQu4vr4xnSDxMaL", "Sarah", true, "american", "soft"),
    ("pNInz6obpgDQGcFmaJgB", "Adam", false, "american", "deep"),
    ("JBFqnCBsd6RMkjVDRZzb", "George", false, "british", "warm"),
    ("XB0fDUnXU5powFXDhCwa", "Charlotte", true, "swedish", "seductive"),
    ("onwK4e9ZLuTAKqWW03F9", "Daniel", false, "british", "deep"),
];

/// Is it a woman's voice? `None` when there is no such voice.
pub(super) fn is_woman(id: &str) -> Option<bool> {
    let known = VOICES.iter().find(|voice| voice.0 == id).map(|voice| voice.2);
    // Accounts have voices of their own: anything that looks like an id is one.
    let own = id.len() == 20 && id.chars().all(|letter| letter.is_ascii_alphanumeric()) && !id.starts_with("missing");
    known.or_else(|| own.then(|| id.as_bytes()[19].is_multiple_of(2)))
}

pub(super) fn list(world: &World, bend: Option<FaultKind>) -> Reply {
    let voices =
        if bend == Some(FaultKind::Empty) { Vec::new() } else { VOICES.iter().map(|voice| described(world, voice)).collect() };
    Reply::ok(&json!({ "voices": voices, "has_more": false, "total_count": VOICES.len() }))
}

fn described(world: &World, (id, name, woman, accent, manner): &Voice) -> Value {
    let preview = Recipe::Speech(SpeechOrder {
        text: format!("Hello, I am {name}. This is what I sound like."),
        language: Some("en".to_owned()),
        voice: (*id).to_owned(),
        woman: Some(*woman),
        speed: 1.0,
        format: SoundFormat::Mp3 { rate: 44_100, kilobits: 128 },
    });
    json!({
        "voice_id": id, "name": name, "samples": null, "category": "premade",
        "labels": { "accent": accent, "description": manner, "age": "young", "gender": if *woman { "female" } else { "male" }, "use_case": "narration" },
        "description": format!("A {manner} voice."),
        "preview_url": public_link(world, &format!("elevenlabs voice {id}"), preview, "mp3"),
        "available_for_tiers": [], "settings": null, "high_quality_base_model_ids": ["eleven_multilingual_v2"],
    })
}
