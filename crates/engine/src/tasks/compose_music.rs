//! `compose_music`: the background music of one project.

use assets::Place;
use model::project::Project;
use model::task::Product;
use model::usage::Unit;
use providers::abilities::Candidate;
use providers::music::{MusicRequest, MusicVendor};
use serde_json::{Value, json};

use super::ask::Order;
use super::job::wait_for;
use super::keep::{Ends, New, keep, made_before};
use super::{TaskError, Work};
use crate::request;

pub(super) async fn compose_music(work: Work<'_>) -> Result<Product, TaskError> {
    let Project { settings, music, .. } = &work.record.project;
    let request = MusicRequest {
        prompt: settings.music_prompt.clone(),
        style: settings.style.clone(),
        title: settings.title.clone(),
        take: music.take.unsigned_abs(),
    };
    work.first_of(&work.abilities.music, |composer| Box::pin(compose_by(work, &request, composer))).await
}

async fn compose_by(work: Work<'_>, request: &MusicRequest, composer: &Candidate<MusicVendor>) -> Result<Product, TaskError> {
    let address = request::address("compose_music", &inputs(request, composer));
    if let Some(made) = made_before(work, &address).await? {
        return Ok(Product::Music(made.asset));
    }
    let (key, order) = (work.key(&work.record.project.music), Order::of(composer, Unit::Music, 1.0));
    let composed = match &*composer.provider {
        MusicVendor::AtOnce(vendor) => work.ask(order, vendor.compose(request, &key)).await?,
        MusicVendor::Job(vendor) => {
            let ready = std::future::ready(Ok(request.clone()));
            wait_for(work, vendor.as_ref(), (&key, order), Box::pin(ready)).await?
        }
    };
    let new = New { bytes: composed.bytes, made_by: composer.name(), credit: None, detail: Value::Null };
    Ok(Product::Music(keep(work, &address, Place::Music, new, Ends::Task).await?.asset))
}

/// All that shapes the music. Taken apart without `..`, so that a new field forces a decision.
fn inputs(request: &MusicRequest, composer: &Candidate<MusicVendor>) -> Value {
    let MusicRequest { prompt, style, title, take } = request;
    json!({
        "vendor": composer.vendor, "model": composer.model, "prompt": prompt, "style": style, "title": title, "take": take,
    })
}
