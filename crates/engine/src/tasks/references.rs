//! The pictures that a scene's picture should resemble: those of its characters, and one for the style.

use assets::{AssetError, media_type_of_key};
use bytes::Bytes;
use model::character::shown_in;
use model::project::Scene;
use providers::image::Reference;

use super::{TaskError, Work};
use crate::failure;

/// Reads them; the style comes last.
pub(super) async fn references(work: Work<'_>, scene: &Scene) -> Result<Vec<Reference>, TaskError> {
    let project = &work.record.project;
    let cast = work.engine.store.cast(project).await.map_err(|error| failure::of_store(&error))?;
    let mut references = Vec::new();
    for character in shown_in(scene, &project.settings, &cast) {
        let Some(picture) = character.pictures.first() else { continue };
        let what = || format!("the picture of the character {}", character.name);
        references.push(Reference {
            bytes: read(work, &picture.key, what).await?,
            media_type: picture.media_type.clone(),
            character: Some(character.name.clone()),
            description: character.description.clone(),
        });
    }
    // Older versions kept whatever they were sent; what is no picture of ours says nothing here.
    let style = project.settings.reference.as_deref().and_then(|key| Some((key, media_type_of_key(key)?)));
    if let Some((key, media_type)) = style.filter(|(key, _)| assets::check_key(key)) {
        let bytes = read(work, key, || "the project's reference picture".to_owned()).await?;
        references.push(Reference { bytes, media_type: media_type.to_owned(), character: None, description: String::new() });
    }
    Ok(references)
}

async fn read(work: Work<'_>, key: &str, what: impl FnOnce() -> String) -> Result<Bytes, TaskError> {
    let read = work.engine.assets.get(key).await;
    read.map_err(|error| match error {
        AssetError::NotFound(_) => failure::fatal(format!("{} is not there any more; choose another one", what())).into(),
        error => failure::of_assets(&error).into(),
    })
}
