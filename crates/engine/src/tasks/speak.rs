//! `speak`: the narration of one scene, with the time of each word.

use assets::Place;
use model::caption::WordTiming;
use model::language;
use model::project::{Scene, Settings, estimated_seconds};
use model::task::Product;
use model::usage::Unit;
use providers::speech::SpeechRequest;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::keep::{keep, made_before};
use super::{TaskError, Work};
use crate::{failure, request};

/// What is kept of a narration beside its sound.
#[derive(Serialize, Deserialize)]
struct Spoken {
    seconds: f64,
    /// `None` when the vendor does not tell: another task finds them.
    words: Option<Vec<WordTiming>>,
}

pub(super) async fn speak(work: Work<'_>, scene: &Scene) -> Result<Product, TaskError> {
    let speech = &work.engine.abilities.speech;
    let settings = &work.record.project.settings;
    let (vendor, model) = (speech.vendor(), speech.model());
    check_vendor(settings, vendor)?;
    let request = SpeechRequest {
        text: scene.narration.clone(),
        language: language::tag(&settings.language),
        voice: settings.voice.clone(),
        speed: 1.0,
        take: scene.audio.take.unsigned_abs(),
    };
    let address = request::address("speak", &inputs(&request, vendor, model));
    if let Some(made) = made_before(work, &address).await?
        && let Ok(spoken) = serde_json::from_value::<Spoken>(made.detail)
    {
        return Ok(Product::Speech { asset: made.asset, seconds: spoken.seconds, words: spoken.words });
    }
    work.calling(vendor, model, Unit::SpeechSecond, estimated_seconds(&scene.narration)).await?;
    let made = speech.speak(&request, &work.key(&scene.audio)).await.map_err(|error| failure::of_provider(&error))?;
    let spoken = Spoken { seconds: made.seconds, words: made.words };
    let made = keep(work, &address, Place::SceneAudio, made.bytes, format!("{vendor}/{model}"), json!(&spoken)).await?;
    Ok(Product::Speech { asset: made.asset, seconds: spoken.seconds, words: spoken.words })
}

/// Another voice than the one asked for would be a silent replacement.
fn check_vendor(settings: &Settings, configured: &str) -> Result<(), TaskError> {
    if settings.speech_vendor.is_empty() || settings.speech_vendor == configured {
        return Ok(());
    }
    let message = format!(
        "the voice vendor \"{}\" is not set up on this server; set tts_provider to \"{configured}\" and try again",
        settings.speech_vendor
    );
    Err(failure::fatal(message).into())
}

/// All that shapes the sound. Taken apart without `..`, so that a new field forces a decision.
fn inputs(request: &SpeechRequest, vendor: &str, model: &str) -> Value {
    let SpeechRequest { text, language, voice, speed: _, take } = request;
    json!({ "vendor": vendor, "model": model, "text": text, "language": language, "voice": voice, "take": take })
}
