//! `compose_music`: the background music of one project.

use assets::Place;
use model::project::Project;
use model::task::Product;
use model::usage::Unit;
use providers::music::{Music, MusicRequest, MusicVendor};
use serde_json::{Value, json};

use super::job::wait_for;
use super::keep::{keep, made_before};
use super::{TaskError, Work};
use crate::{failure, request};

pub(super) async fn compose_music(work: Work<'_>) -> Result<Product, TaskError> {
    let Project { settings, music, .. } = &work.record.project;
    let request = MusicRequest {
        prompt: settings.music_prompt.clone(),
        style: settings.style.clone(),
        title: settings.title.clone(),
        take: music.take.unsigned_abs(),
    };
    let (vendor, model) = match &work.engine.abilities.music {
        MusicVendor::AtOnce(vendor) => (vendor.vendor(), vendor.model()),
        MusicVendor::Job(vendor) => (vendor.vendor(), vendor.model()),
    };
    let address = request::address("compose_music", &inputs(&request, vendor, model));
    if let Some(made) = made_before(work, &address).await? {
        return Ok(Product::Music(made.asset));
    }
    let composed = compose(work, &request, &work.key(music)).await?;
    let made = keep(work, &address, Place::Music, composed.bytes, format!("{vendor}/{model}"), Value::Null).await?;
    Ok(Product::Music(made.asset))
}

async fn compose(work: Work<'_>, request: &MusicRequest, key: &str) -> Result<Music, TaskError> {
    match &work.engine.abilities.music {
        MusicVendor::AtOnce(vendor) => {
            work.calling(vendor.vendor(), vendor.model(), Unit::Music, 1.0).await?;
            vendor.compose(request, key).await.map_err(|error| failure::of_provider(&error).into())
        }
        MusicVendor::Job(vendor) => {
            let ready = std::future::ready(Ok(request.clone()));
            wait_for(work, vendor.as_ref(), (key, Unit::Music), Box::pin(ready)).await
        }
    }
}

/// All that shapes the music. Taken apart without `..`, so that a new field forces a decision.
fn inputs(request: &MusicRequest, vendor: &str, model: &str) -> Value {
    let MusicRequest { prompt, style, title, take } = request;
    json!({ "vendor": vendor, "model": model, "prompt": prompt, "style": style, "title": title, "take": take })
}
