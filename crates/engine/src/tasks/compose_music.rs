//! `compose_music`: the background music of one project.

use assets::Place;
use model::task::Product;
use providers::music::MusicRequest;
use serde_json::{Value, json};
use store::{Made, ProjectRecord};

use super::{TaskError, asset, made_before, remember};
use crate::abilities::Engine;
use crate::{failure, request};

pub(super) async fn compose_music(engine: &Engine, record: &ProjectRecord) -> Result<Product, TaskError> {
    let music = &engine.abilities.music;
    let settings = &record.project.settings;
    let request = MusicRequest {
        prompt: settings.music_prompt.clone(),
        style: settings.style.clone(),
        title: settings.title.clone(),
        take: record.project.music.take.unsigned_abs(),
    };
    let address = request::address("compose_music", &inputs(&request, music.vendor(), music.model()));
    if let Some(made) = made_before(engine, &address).await? {
        return Ok(Product::Music(made.asset));
    }
    let made = music.compose(&request).await.map_err(|error| failure::of_provider(&error))?;
    let stored = engine.assets.put(Place::Music, made.bytes).await.map_err(|error| failure::of_assets(&error))?;
    let asset = asset(stored, music.vendor(), music.model());
    remember(engine, &address, &Made { asset: asset.clone(), detail: Value::Null }).await?;
    Ok(Product::Music(asset))
}

/// All that shapes the music. Taken apart without `..`, so that a new field forces a decision.
fn inputs(request: &MusicRequest, vendor: &str, model: &str) -> Value {
    let MusicRequest { prompt, style, title, take } = request;
    json!({ "vendor": vendor, "model": model, "prompt": prompt, "style": style, "title": title, "take": take })
}
