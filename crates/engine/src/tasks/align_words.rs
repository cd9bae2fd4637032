//! `align_words`: the time of each word in a narration whose vendor does not tell.

use model::language;
use model::project::{Asset, Scene};
use model::task::Product;
use model::usage::Unit;
use providers::abilities::Candidate;
use providers::align::{AlignProvider, AlignRequest};
use providers::error::unquoted;
use serde_json::json;

use super::ask::Order;
use super::keep::{Ends, keep_detail, made_before};
use super::{TaskError, Work};
use crate::{failure, request};

pub(super) async fn align_words(work: Work<'_>, scene: &Scene) -> Result<Product, TaskError> {
    // An edit has taken the narration away: there will be a new one, and a new task.
    let Some(sound) = &scene.audio.asset else { return Err(TaskError::Vanished) };
    work.first_of(&work.abilities.align, |aligner| Box::pin(align_by(work, scene, sound, aligner))).await
}

async fn align_by(
    work: Work<'_>,
    scene: &Scene,
    sound: &Asset,
    aligner: &Candidate<dyn AlignProvider>,
) -> Result<Product, TaskError> {
    let language = language::tag(&work.record.project.settings.language);
    // The sound's key is the hash of its content.
    let inputs = json!({
        "vendor": aligner.vendor, "model": aligner.model, "sound": sound.key, "text": scene.narration, "language": language,
    });
    let address = request::address("align_words", &inputs);
    if let Some(made) = made_before(work, &address).await?
        && let Ok(words) = serde_json::from_value(made.detail["words"].clone())
    {
        return Ok(Product::Words(words));
    }
    let request = AlignRequest {
        sound: work.engine.assets.get(&sound.key).await.map_err(|error| failure::of_assets(&error))?,
        sound_media_type: sound.media_type.clone(),
        seconds: scene.duration_seconds,
        text: scene.narration.clone(),
        language,
    };
    let order = Order::of(aligner, Unit::AlignedSecond, scene.duration_seconds);
    let aligned = work.ask(order, aligner.provider.align(&request, &work.key(&scene.audio))).await?;
    if let Some(why) = &aligned.estimated {
        let project = work.record.project.id;
        tracing::warn!(%project, scene = %scene.id, vendor = aligner.vendor, why = &*unquoted(why), "the words of a narration are estimated");
    }
    let detail = json!({ "words": &aligned.words, "estimated": &aligned.estimated });
    keep_detail(work, &address, (sound.clone(), detail), Ends::Task).await?;
    Ok(Product::Words(aligned.words))
}
