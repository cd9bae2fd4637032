//! `speak`: the narration of one scene, with the time of each word.

use assets::Place;
use futures::future::BoxFuture;
use model::caption::WordTiming;
use model::language;
use model::project::{Scene, estimated_seconds};
use model::task::Product;
use model::usage::Unit;
use providers::abilities::Candidate;
use providers::speech::{SpeechProvider, SpeechRequest};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ask::Order;
use super::keep::{New, keep, made_before};
use super::{TaskError, Work};
use crate::request;

type Narrator = Candidate<dyn SpeechProvider>;

/// What is kept of a narration beside its sound.
#[derive(Serialize, Deserialize)]
struct Spoken {
    seconds: f64,
    /// `None` when the vendor does not tell: another task finds them.
    words: Option<Vec<WordTiming>>,
}

pub(super) async fn speak(work: Work<'_>, scene: &Scene) -> Result<Product, TaskError> {
    let settings = &work.record.project.settings;
    let request = SpeechRequest {
        text: scene.narration.clone(),
        language: language::tag(&settings.language),
        voice: settings.voice.clone(),
        speed: work.abilities.speech_speed,
        take: scene.audio.take.unsigned_abs(),
    };
    let knows = |narrator: &Narrator, voice: &str| narrator.provider.check(&request.language, voice).is_ok();
    let narrators = work.abilities.speech.clone().map(|mut narrators| {
        // A voice belongs to a vendor: whoever knows it comes first.
        narrators.sort_by_key(|narrator| !knows(narrator, &request.voice));
        narrators
    });
    let own = SpeechRequest { voice: String::new(), ..request.clone() };
    let first = narrators.as_ref().ok().and_then(|narrators| narrators.first()).map(Narrator::name);
    let speak = |narrator| {
        // Whoever takes another's place speaks with a voice of its own.
        let stands_in = first != Some(Narrator::name(narrator)) && !knows(narrator, &request.voice);
        Box::pin(speak_by(work, scene, if stands_in { &own } else { &request }, narrator)) as BoxFuture<'_, _>
    };
    work.first_of(&narrators, speak).await
}

async fn speak_by(work: Work<'_>, scene: &Scene, request: &SpeechRequest, narrator: &Narrator) -> Result<Product, TaskError> {
    narrator.provider.check(&request.language, &request.voice).map_err(TaskError::Vendor)?;
    let address = request::address("speak", &inputs(request, narrator));
    if let Some(made) = made_before(work, &address).await?
        && let Ok(spoken) = serde_json::from_value::<Spoken>(made.detail)
    {
        return Ok(Product::Speech { asset: made.asset, seconds: spoken.seconds, words: spoken.words });
    }
    let order = Order::of(narrator, Unit::SpeechSecond, estimated_seconds(&scene.narration));
    let made = work.ask(order, narrator.provider.speak(request, &work.key(&scene.audio))).await?;
    let spoken = Spoken { seconds: made.seconds, words: made.words };
    let new = New { bytes: made.bytes, made_by: narrator.name(), credit: None, detail: json!(&spoken) };
    let made = keep(work, &address, Place::SceneAudio, new).await?;
    Ok(Product::Speech { asset: made.asset, seconds: spoken.seconds, words: spoken.words })
}

/// All that shapes the sound. Taken apart without `..`, so that a new field forces a decision.
fn inputs(request: &SpeechRequest, narrator: &Narrator) -> Value {
    let SpeechRequest { text, language, voice, speed, take } = request;
    let mut inputs = json!({
        "vendor": narrator.vendor, "model": narrator.model, "text": text, "language": language, "voice": voice, "take": take,
    });
    // Left out where it is the usual one, so that what older versions have made is found.
    if *speed != 1.0 {
        inputs["speed"] = json!(speed);
    }
    inputs
}
