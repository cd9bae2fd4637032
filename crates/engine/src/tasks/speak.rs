//! `speak`: the narration of one scene, with the time of each word.

use assets::Place;
use futures::future::BoxFuture;
use model::caption::WordTiming;
use model::language;
use model::project::{Asset, Scene, estimated_seconds};
use model::task::Product;
use model::usage::Unit;
use providers::abilities::Candidate;
use providers::parts::{self, Part};
use providers::speech::{Speech, SpeechProvider, SpeechRequest};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ask::Order;
use super::keep::{Ends, New, keep, made_before};
use super::{TaskError, Work};
use crate::{failure, request};

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
    if let Some(heard) = heard_before(work, &address).await? {
        return Ok(heard.product());
    }
    let key = work.key(&scene.audio);
    let parts = parts::of(&*narrator.provider, request);
    let speech = match parts.as_slice() {
        [only] => say(work, &only.request, &key, narrator).await?,
        parts => speak_parts(work, request, (parts, &key), narrator).await?,
    };
    Ok(keep_speech(work, &address, speech, narrator, Ends::Task).await?.product())
}

/// What is said in several calls. Each part is kept as a narration of its own, so that none is bought again when a later one
/// fails.
async fn speak_parts(
    work: Work<'_>,
    whole: &SpeechRequest,
    (parts, key): (&[Part], &str),
    narrator: &Narrator,
) -> Result<Speech, TaskError> {
    let mut spoken = Vec::with_capacity(parts.len());
    for (index, Part { request, pause }) in parts.iter().enumerate() {
        let address = request::address("speak", &inputs(request, narrator));
        if let Some(heard) = heard_before(work, &address).await? {
            spoken.push((heard.speech(work).await?, *pause));
            continue;
        }
        let speech = say(work, request, &parts::key(key, index), narrator).await?;
        keep_speech(work, &address, speech.clone(), narrator, Ends::Call(speech.seconds)).await?;
        spoken.push((speech, *pause));
    }
    parts::join(whole, spoken).await.map_err(TaskError::Vendor)
}

/// One call.
async fn say(work: Work<'_>, request: &SpeechRequest, key: &str, narrator: &Narrator) -> Result<Speech, TaskError> {
    let order = Order::of(narrator, Unit::SpeechSecond, estimated_seconds(&request.text));
    work.ask(order, narrator.provider.speak(request, key)).await
}

/// A narration that is kept.
struct Heard {
    asset: Asset,
    spoken: Spoken,
}

impl Heard {
    fn product(self) -> Product {
        Product::Speech { asset: self.asset, seconds: self.spoken.seconds, words: self.spoken.words }
    }

    async fn speech(self, work: Work<'_>) -> Result<Speech, TaskError> {
        let bytes = work.engine.assets.get(&self.asset.key).await.map_err(|error| failure::of_assets(&error))?;
        let Spoken { seconds, words } = self.spoken;
        // By its content, which tells those who play it too.
        Ok(Speech { bytes, media_type: "", seconds, words })
    }
}

async fn heard_before(work: Work<'_>, address: &str) -> Result<Option<Heard>, TaskError> {
    let made = made_before(work, address).await?;
    Ok(made.and_then(|made| Some(Heard { spoken: serde_json::from_value(made.detail).ok()?, asset: made.asset })))
}

async fn keep_speech(work: Work<'_>, address: &str, speech: Speech, narrator: &Narrator, ends: Ends) -> Result<Heard, TaskError> {
    let Speech { bytes, media_type: _, seconds, words } = speech;
    let spoken = Spoken { seconds, words };
    let new = New { bytes, made_by: narrator.name(), credit: None, detail: json!(&spoken) };
    let made = keep(work, address, Place::SceneAudio, new, ends).await?;
    Ok(Heard { asset: made.asset, spoken })
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
