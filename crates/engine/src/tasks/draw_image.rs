//! `draw_image`: the still of one scene.

use assets::Place;
use model::language;
use model::project::Scene;
use model::task::Product;
use model::usage::Unit;
use providers::abilities::Candidate;
use providers::image::{ImageProvider, ImageRequest, Reference};
use serde_json::{Value, json};
use store::ProjectRecord;

use super::ask::Order;
use super::keep::{Ends, New, keep, made_before};
use super::references::references;
use super::{TaskError, Work};
use crate::request;

pub(super) async fn draw_image(work: Work<'_>, scene: &Scene) -> Result<Product, TaskError> {
    let artists = &work.abilities.images;
    let plain = request_of(work.record, scene);
    let followed = artists.as_ref().is_ok_and(|artists| artists.iter().any(|artist| artist.provider.follows_references()));
    let references = if followed { references(work, scene).await? } else { Vec::new() };
    let full = ImageRequest { references, ..plain.clone() };
    let request = |artist: &Candidate<dyn ImageProvider>| if artist.provider.follows_references() { &full } else { &plain };
    work.first_of(artists, |artist| Box::pin(draw_by(work, scene, request(artist), artist))).await
}

async fn draw_by(
    work: Work<'_>,
    scene: &Scene,
    request: &ImageRequest,
    artist: &Candidate<dyn ImageProvider>,
) -> Result<Product, TaskError> {
    let address = request::address("draw_image", &inputs(request, artist));
    if let Some(made) = made_before(work, &address).await? {
        return Ok(Product::Image(made.asset));
    }
    let key = work.key(&scene.image);
    let image = work.ask(Order::of(artist, Unit::Image, 1.0), artist.provider.draw(request, &key)).await?;
    let new = New { bytes: image.bytes, made_by: artist.name(), credit: image.credit, detail: Value::Null };
    Ok(Product::Image(keep(work, &address, Place::SceneImages, new, Ends::Task).await?.asset))
}

fn request_of(record: &ProjectRecord, scene: &Scene) -> ImageRequest {
    let settings = &record.project.settings;
    ImageRequest {
        description: scene.visual_description.clone(),
        narration: scene.narration.clone(),
        title: settings.title.clone(),
        style: settings.style.clone(),
        language: language::tag(&settings.language),
        size: settings.video.size,
        scene_number: scene.number.unsigned_abs(),
        scene_count: u32::try_from(record.project.scenes.len()).unwrap_or(u32::MAX),
        references: Vec::new(),
        take: scene.image.take.unsigned_abs(),
    }
}

/// All that shapes the picture. Taken apart without `..`, so that a new field forces a decision.
fn inputs(request: &ImageRequest, artist: &Candidate<dyn ImageProvider>) -> Value {
    let ImageRequest { description, narration, title, style, language, size, scene_number, scene_count, references, take } =
        request;
    let reference = |picture: &Reference| {
        let Reference { bytes, media_type: _, character, description } = picture;
        json!([request::hash(bytes), character, description])
    };
    let references: Vec<Value> = references.iter().map(reference).collect();
    let mut inputs = json!({
        "vendor": artist.vendor, "model": artist.model, "description": description, "narration": narration, "title": title,
        "style": style, "language": language, "width": size.width, "height": size.height,
        "scene_number": scene_number, "scene_count": scene_count, "take": take,
    });
    // Left out where there is none, so that what older versions have made is found.
    if !references.is_empty() {
        inputs["references"] = references.into();
    }
    request::with_version(inputs, artist.provider.version())
}
