//! `speak`: the narration of one scene, with the time of each word.

use assets::Place;
use model::caption::WordTiming;
use model::language;
use model::project::{Scene, Settings};
use model::task::Product;
use providers::speech::SpeechRequest;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{Made, ProjectRecord};

use super::{TaskError, asset, made_before, remember};
use crate::abilities::Engine;
use crate::{failure, request};

/// What is kept of a narration beside its sound.
#[derive(Serialize, Deserialize)]
struct Spoken {
    seconds: f64,
    words: Vec<WordTiming>,
}

pub(super) async fn speak(engine: &Engine, record: &ProjectRecord, scene: &Scene) -> Result<Product, TaskError> {
    let speech = &engine.abilities.speech;
    let settings = &record.project.settings;
    check_vendor(settings, speech.vendor())?;
    let request = SpeechRequest {
        text: scene.narration.clone(),
        language: language::tag(&settings.language),
        voice: settings.voice.clone(),
        take: scene.audio.take.unsigned_abs(),
    };
    let address = request::address("speak", &inputs(&request, speech.vendor(), speech.model()));
    if let Some(made) = made_before(engine, &address).await?
        && let Ok(spoken) = serde_json::from_value::<Spoken>(made.detail)
    {
        return Ok(Product::Speech { asset: made.asset, seconds: spoken.seconds, words: Some(spoken.words) });
    }
    let made = speech.speak(&request).await.map_err(|error| failure::of_provider(&error))?;
    let words = made
        .words
        .ok_or_else(|| failure::fatal(format!("{} tells no word times, and nothing here can find them yet", speech.vendor())))?;
    let stored = engine.assets.put(Place::SceneAudio, made.bytes).await.map_err(|error| failure::of_assets(&error))?;
    let asset = asset(stored, speech.vendor(), speech.model());
    let spoken = Spoken { seconds: made.seconds, words };
    let detail = serde_json::to_value(&spoken).map_err(|error| failure::fatal(format!("word times: {error}")))?;
    remember(engine, &address, &Made { asset: asset.clone(), detail }).await?;
    Ok(Product::Speech { asset, seconds: spoken.seconds, words: Some(spoken.words) })
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
    let SpeechRequest { text, language, voice, take } = request;
    json!({ "vendor": vendor, "model": model, "text": text, "language": language, "voice": voice, "take": take })
}
