//! `animate`: the clip of one scene, out of its still.

use assets::Place;
use model::language;
use model::project::{Asset, Scene, Settings};
use model::task::Product;
use model::usage::Unit;
use providers::abilities::Candidate;
use providers::clip::{ClipProvider, ClipRequest};
use serde_json::{Value, json};

use super::ask::Order;
use super::job::wait_for;
use super::keep::{Ends, New, keep, made_before};
use super::{TaskError, Work};
use crate::{failure, request};

/// Vendors make clips of about this length; a longer narration holds the last frame, a shorter one cuts.
const SECONDS: (f64, f64) = (3.0, 10.0);

pub(super) async fn animate(work: Work<'_>, scene: &Scene) -> Result<Product, TaskError> {
    let Some(picture) = &scene.image.asset else {
        return Err(failure::fatal("a clip is made out of the scene's picture, and there is none; make the picture first").into());
    };
    work.first_of(&work.abilities.clips, |animator| Box::pin(animate_by(work, scene, picture, animator))).await
}

async fn animate_by(
    work: Work<'_>,
    scene: &Scene,
    picture: &Asset,
    animator: &Candidate<ClipProvider>,
) -> Result<Product, TaskError> {
    let request = request_of(scene, &work.record.project.settings, picture);
    let address = request::address("animate", &inputs(&request, picture, animator));
    if let Some(made) = made_before(work, &address).await? {
        return Ok(Product::Clip(made.asset));
    }
    let request = async {
        let bytes = work.engine.assets.get(&picture.key).await.map_err(|error| failure::of_assets(&error))?;
        Ok(ClipRequest { picture: bytes, ..request })
    };
    let order = Order::of(animator, Unit::Clip, 1.0);
    let clip = wait_for(work, &*animator.provider, (&work.key(&scene.video), order), Box::pin(request)).await?;
    let new = New { bytes: clip.bytes, made_by: animator.name(), credit: clip.credit, detail: Value::Null };
    Ok(Product::Clip(keep(work, &address, Place::SceneVideos, new, Ends::Task).await?.asset))
}

/// The request without the picture's bytes: they are only read for a new order.
fn request_of(scene: &Scene, settings: &Settings, picture: &Asset) -> ClipRequest {
    ClipRequest {
        picture: bytes::Bytes::new(),
        picture_media_type: picture.media_type.clone(),
        description: scene.visual_description.clone(),
        narration: scene.narration.clone(),
        style: settings.style.clone(),
        language: language::tag(&settings.language),
        size: settings.video.size,
        seconds: scene.duration_seconds.ceil().clamp(SECONDS.0, SECONDS.1) as u32,
        scene_number: scene.number.unsigned_abs(),
        take: scene.video.take.unsigned_abs(),
    }
}

/// All that shapes the clip. Taken apart without `..`, so that a new field forces a decision.
fn inputs(request: &ClipRequest, still: &Asset, animator: &Candidate<ClipProvider>) -> Value {
    // The still's key is the hash of its content.
    let ClipRequest {
        picture: _,
        picture_media_type: _,
        description,
        narration,
        style,
        language,
        size,
        seconds,
        scene_number,
        take,
    } = request;
    json!({
        "vendor": animator.vendor, "model": animator.model, "still": still.key, "description": description,
        "narration": narration, "style": style, "language": language, "width": size.width, "height": size.height,
        "seconds": seconds, "scene_number": scene_number, "take": take,
    })
}
