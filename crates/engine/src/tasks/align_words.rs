//! `align_words`: the time of each word in a narration whose vendor does not tell.

use model::language;
use model::project::Scene;
use model::task::Product;
use model::usage::Unit;
use providers::align::AlignRequest;
use serde_json::json;

use super::keep::{keep_detail, made_before};
use super::{TaskError, Work};
use crate::{failure, request};

pub(super) async fn align_words(work: Work<'_>, scene: &Scene) -> Result<Product, TaskError> {
    let Some(align) = &work.engine.abilities.align else {
        let message = "the voice tells no word times and nothing here can find them: choose another voice, or set up a vendor \
                       that aligns words with sound";
        return Err(failure::fatal(message).into());
    };
    // An edit has taken the narration away: there will be a new one, and a new task.
    let Some(sound) = &scene.audio.asset else { return Err(TaskError::Vanished) };
    let language = language::tag(&work.record.project.settings.language);
    // The sound's key is the hash of its content.
    let inputs = json!({
        "vendor": align.vendor(), "model": align.model(), "sound": sound.key, "text": scene.narration, "language": language,
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
    work.calling(align.vendor(), align.model(), Unit::AlignedSecond, scene.duration_seconds).await?;
    let aligned = align.align(&request, &work.key(&scene.audio)).await.map_err(|error| failure::of_provider(&error))?;
    if let Some(why) = &aligned.estimated {
        let project = work.record.project.id;
        tracing::warn!(%project, scene = %scene.id, vendor = align.vendor(), why, "the words of a narration are estimated");
    }
    let detail = json!({ "words": &aligned.words, "estimated": &aligned.estimated });
    keep_detail(work, &address, sound.clone(), detail).await?;
    Ok(Product::Words(aligned.words))
}
