//! `draw_image`: the still of one scene.

use assets::Place;
use model::language;
use model::project::Scene;
use model::task::Product;
use model::usage::Unit;
use providers::image::ImageRequest;
use serde_json::{Value, json};
use store::ProjectRecord;

use super::keep::{keep, made_before};
use super::{TaskError, Work};
use crate::{failure, request};

pub(super) async fn draw_image(work: Work<'_>, scene: &Scene) -> Result<Product, TaskError> {
    let images = &work.engine.abilities.images;
    let request = request_of(work.record, scene);
    let (vendor, model) = (images.vendor(), images.model());
    let address = request::address("draw_image", &inputs(&request, vendor, model));
    if let Some(made) = made_before(work, &address).await? {
        return Ok(Product::Image(made.asset));
    }
    work.calling(vendor, model, Unit::Image, 1.0).await?;
    let image = images.draw(&request, &work.key(&scene.image)).await.map_err(|error| failure::of_provider(&error))?;
    let made = keep(work, &address, Place::SceneImages, image.bytes, format!("{vendor}/{model}"), Value::Null).await?;
    Ok(Product::Image(made.asset))
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
fn inputs(request: &ImageRequest, vendor: &str, model: &str) -> Value {
    let ImageRequest { description, narration, title, style, language, size, scene_number, scene_count, references: _, take } =
        request;
    json!({
        "vendor": vendor, "model": model, "description": description, "narration": narration, "title": title,
        "style": style, "language": language, "width": size.width, "height": size.height,
        "scene_number": scene_number, "scene_count": scene_count, "take": take,
    })
}
