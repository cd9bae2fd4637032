//! `answer`: one question to a vendor, outside of any video.
//!
//! What a video would ask too (a script, a narration) is asked and kept in the same way, so that either finds what the other
//! has made.

use assets::{AssetError, Place};
use model::character::Picture;
use model::project::{Project, Scene};
use model::question::{Answer, Ask, OfferedVoice};
use model::task::Product;
use model::usage::Unit;
use providers::abilities::Candidate;
use providers::character::CharacterProvider;
use providers::error::unquoted;
use providers::image::Reference;
use providers::script::ScriptProvider;
use providers::speech::{SpeechProvider, Voice};
use serde_json::{Value, json};

use super::ask::Order;
use super::keep::{Ends, New, keep, keep_detail, made_before, no_object};
use super::speak::speak;
use super::write_script::write_script;
use super::{TaskError, Work};
use crate::{failure, request};

type Looker = Candidate<dyn CharacterProvider>;

pub(super) async fn answer(work: Work<'_>) -> Result<Product, TaskError> {
    let question = work.record.project.question.as_ref().ok_or(TaskError::Vanished)?;
    let answer = match &question.ask {
        Ask::Script => script(work).await?,
        Ask::MusicPrompt => {
            let writers = &work.abilities.scripts;
            work.first_of(writers, |writer| Box::pin(music_prompt(work, writer))).await?
        }
        Ask::Describe(picture) => {
            let shown = read(work, picture).await?;
            let describers = &work.abilities.describers;
            work.first_of(describers, |describer| Box::pin(describe(work, &shown, describer))).await?
        }
        Ask::Portrait(picture) => {
            let shown = read(work, picture).await?;
            let portraitists = &work.abilities.portraitists;
            work.first_of(portraitists, |portraitist| Box::pin(portrait(work, &shown, portraitist))).await?
        }
        Ask::Speech { text } => speech(work, text).await?,
        Ask::Voices => voices(work).await,
    };
    Ok(Product::Answer(answer))
}

async fn script(work: Work<'_>) -> Result<Answer, TaskError> {
    match write_script(work).await? {
        Product::Script { title, description, scenes } => Ok(Answer::Script { title, description, scenes }),
        _ => Err(failure::fatal("an internal error happened: the script came back as something else").into()),
    }
}

/// Spoken as a scene of its own would be.
async fn speech(work: Work<'_>, text: &str) -> Result<Answer, TaskError> {
    let Project { id, script, .. } = &work.record.project;
    let mut scene = Scene::new(*id, 1, text.to_owned(), String::new());
    scene.audio = script.clone();
    match speak(work, &scene).await? {
        Product::Speech { asset, seconds, words: _ } => Ok(Answer::Speech { asset, seconds }),
        _ => Err(failure::fatal("an internal error happened: the speech came back as something else").into()),
    }
}

async fn music_prompt(work: Work<'_>, writer: &Candidate<dyn ScriptProvider>) -> Result<Answer, TaskError> {
    let Project { settings, script, .. } = &work.record.project;
    let (topic, style) = (&settings.topic, &settings.style);
    let inputs = json!({
        "vendor": writer.vendor, "model": writer.model, "topic": topic, "style": style, "take": script.take,
    });
    let address = request::address("music_prompt", &request::with_version(inputs, writer.provider.version()));
    if let Some(text) = text_before(work, &address).await? {
        return Ok(Answer::Text { text });
    }
    let key = work.key(script);
    let call = writer.provider.music_prompt(topic, style, &key);
    let text = work.ask(Order::of(writer, Unit::Script, 1.0), call).await?;
    keep_detail(work, &address, (no_object(writer.name()), json!(text)), Ends::Task).await?;
    Ok(Answer::Text { text })
}

async fn describe(work: Work<'_>, shown: &Reference, describer: &Looker) -> Result<Answer, TaskError> {
    let address = request::address("describe", &inputs(work, shown, describer));
    if let Some(text) = text_before(work, &address).await? {
        return Ok(Answer::Text { text });
    }
    let key = work.key(&work.record.project.script);
    let text = work.ask(Order::of(describer, Unit::Script, 1.0), describer.provider.describe(shown, &key)).await?;
    keep_detail(work, &address, (no_object(describer.name()), json!(text)), Ends::Task).await?;
    Ok(Answer::Text { text })
}

async fn portrait(work: Work<'_>, shown: &Reference, portraitist: &Looker) -> Result<Answer, TaskError> {
    let address = request::address("portrait", &inputs(work, shown, portraitist));
    if let Some(made) = made_before(work, &address).await? {
        return Ok(Answer::Picture(made.asset));
    }
    let key = work.key(&work.record.project.script);
    let image = work.ask(Order::of(portraitist, Unit::Image, 1.0), portraitist.provider.portrait(shown, &key)).await?;
    let new = New { bytes: image.bytes, made_by: portraitist.name(), credit: image.credit, detail: Value::Null };
    Ok(Answer::Picture(keep(work, &address, Place::Characters, new, Ends::Task).await?.asset))
}

/// All that shapes what is made of a picture.
fn inputs(work: Work<'_>, shown: &Reference, looker: &Looker) -> Value {
    let (Candidate { vendor, model, .. }, take) = (looker, work.record.project.script.take);
    json!({ "vendor": vendor, "model": model, "picture": request::hash(&shown.bytes), "take": take })
}

async fn text_before(work: Work<'_>, address: &str) -> Result<Option<String>, TaskError> {
    let made = made_before(work, address).await?;
    Ok(made.and_then(|made| serde_json::from_value(made.detail).ok()))
}

async fn read(work: Work<'_>, picture: &Picture) -> Result<Reference, TaskError> {
    let bytes = work.engine.assets.get(&picture.key).await.map_err(|error| match error {
        AssetError::NotFound(_) => TaskError::from(failure::fatal("the picture is not there any more; send it again")),
        error => failure::of_assets(&error).into(),
    })?;
    Ok(Reference { bytes, media_type: picture.media_type.clone(), character: None, description: String::new() })
}

/// Those of the first who has any. Nobody waits for a list: without one there is none to choose from.
async fn voices(work: Work<'_>) -> Answer {
    let mut found = Vec::new();
    for narrator in work.abilities.speech.as_deref().unwrap_or_default() {
        match narrator.provider.voices().await {
            Ok(voices) if voices.is_empty() => {}
            Ok(voices) => {
                found = voices.into_iter().map(|voice| offered(narrator, voice)).collect();
                break;
            }
            Err(error) => {
                let reason = error.to_string();
                tracing::warn!(vendor = narrator.vendor, reason = &*unquoted(&reason), "its voices can't be listed");
                break;
            }
        }
    }
    Answer::Voices { voices: found }
}

fn offered(narrator: &Candidate<dyn SpeechProvider>, voice: Voice) -> OfferedVoice {
    let Voice { id, label, language, female, description, preview } = voice;
    OfferedVoice { vendor: narrator.vendor.clone(), id, label, language, female, description, preview }
}
