//! Scenes of a project.

use axum::Json;
use axum::extract::State;
use model::workflow::{Edit, Input, SceneChange};
use store::ProjectRecord;

use super::{own_project, own_project_of_scene};
use crate::AppState;
use crate::error::ApiError;
use crate::extract::{Checked, PathId};
use crate::key::own_medium_in;
use crate::wire::project::Success;
use crate::wire::refusal::Refusals;
use crate::wire::scene::{PatchScene, PutScene, SceneMedia, SceneRow};
use crate::wire::status::MediaType;

/// Add a scene, or set its texts
///
/// Sending the same place again changes that scene's texts, so a repeated request does no harm. New texts discard what was
/// made from the old ones.
#[utoipa::path(
    post, path = "/api/scenes", tag = "Scenes", operation_id = "putScene", request_body = PutScene,
    responses((status = 200, description = "The scene.", body = SceneRow), Refusals),
)]
pub async fn put(State(app): State<AppState>, Checked(input): Checked<PutScene>) -> Result<Json<SceneRow>, ApiError> {
    let record = own_project(&app, input.project_id).await?;
    let place = input.scene_number.min(record.project.scenes.len() as i32 + 1);
    let there = record.project.scenes.iter().find(|scene| scene.number == input.scene_number);
    let description = input.visual_description.or_else(|| there.map(|scene| scene.visual_description.clone()));
    let edit = Edit::PutScene {
        id: (app.new_id)(),
        number: input.scene_number,
        narration: input.narration,
        visual_description: description.unwrap_or_default(),
        seconds: input.duration_seconds,
    };
    let record = app.store.apply(input.project_id, Input::Edit(edit), (app.clock)()).await?.record;
    row(&record, |scene| scene.number == place)
}

/// Change a scene
///
/// What is left out stays. A changed narration discards the spoken one; a changed visual description discards the picture,
/// unless you gave it yourself.
#[utoipa::path(
    patch, path = "/api/scenes/{id}", tag = "Scenes", operation_id = "changeScene",
    params(("id" = Uuid, Path, description = "The scene's id.")), request_body = PatchScene,
    responses((status = 200, description = "The scene.", body = SceneRow), Refusals),
)]
pub async fn change(
    State(app): State<AppState>,
    id: PathId,
    Checked(input): Checked<PatchScene>,
) -> Result<Json<SceneRow>, ApiError> {
    let scene = id.of("Scene")?;
    let project = own_project_of_scene(&app, scene).await?.project.id;
    let given_image = match &input.image_url {
        Some(url) => Some(own_medium_in(&app, "image_url", url, &["image"]).await?),
        None => None,
    };
    let change = SceneChange {
        narration: input.narration,
        visual_description: input.visual_description,
        seconds: input.duration_seconds,
        number: input.scene_number,
        moving: input.media_type.map(|media_type| media_type == MediaType::Video),
        given_image,
        given_sfx: None,
    };
    let edit = Input::Edit(Edit::ChangeScene { scene, change });
    let record = app.store.apply(project, edit, (app.clock)()).await?.record;
    row(&record, |candidate| candidate.id == scene)
}

/// Delete a scene
///
/// Later scenes move up.
#[utoipa::path(
    delete, path = "/api/scenes/{id}", tag = "Scenes", operation_id = "deleteScene",
    params(("id" = Uuid, Path, description = "The scene's id.")),
    responses((status = 200, description = "It is deleted.", body = Success), Refusals),
)]
pub async fn delete(State(app): State<AppState>, id: PathId) -> Result<Json<Success>, ApiError> {
    let scene = id.of("Scene")?;
    let project = own_project_of_scene(&app, scene).await?.project.id;
    app.store.apply(project, Input::Edit(Edit::DeleteScene { scene }), (app.clock)()).await?;
    Ok(Json(Success { success: true }))
}

/// Show where a scene's media are
///
/// `null` for what is not there.
#[utoipa::path(
    get, path = "/api/scenes/{id}/media", tag = "Scenes", operation_id = "getSceneMedia",
    params(("id" = Uuid, Path, description = "The scene's id.")),
    responses((status = 200, description = "Addresses.", body = SceneMedia), Refusals),
)]
pub async fn media(State(app): State<AppState>, id: PathId) -> Result<Json<SceneMedia>, ApiError> {
    let scene = id.of("Scene")?;
    let record = own_project_of_scene(&app, scene).await?;
    let scene = record.project.scenes.iter().find(|candidate| candidate.id == scene);
    scene.map(|scene| Json(SceneMedia::from(scene))).ok_or(ApiError::NotFound("Scene"))
}

fn row(record: &ProjectRecord, wanted: impl Fn(&model::project::Scene) -> bool) -> Result<Json<SceneRow>, ApiError> {
    let scene = record.project.scenes.iter().find(|scene| wanted(scene)).ok_or(ApiError::NotFound("Scene"))?;
    Ok(Json(SceneRow::new(record.project.id, scene, record.scene_created_at.get(&scene.id).copied())))
}
