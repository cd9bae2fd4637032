//! Scenes of a project.

use axum::Json;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use model::character::Voice;
use model::event::Medium;
use model::project::Scene;
use model::workflow::{Command, Edit, Input, SceneChange};
use store::{Answer, Details, ProjectChange, ProjectRecord};
use uuid::Uuid;

use super::keys::keep_keys_of_run;
use super::{own_characters, own_project, own_project_of_scene};
use crate::error::ApiError;
use crate::extract::{Checked, PathId};
use crate::key::own_medium_in;
use crate::once::{Session, Work, answer, respond};
use crate::signed::Signed;
use crate::wire::project::Success;
use crate::wire::refusal::{Conflicts, Refusals};
use crate::wire::scene::{ClipOrdered, MakeClip, PatchScene, PutScene, SceneMedia, SceneRow};
use crate::wire::status::MediaType;

/// Add a scene, or set its texts
///
/// Sending the same place again changes that scene's texts, so a repeated request does no harm. New texts discard what was
/// made from the old ones.
#[utoipa::path(
    post, path = "/api/scenes", tag = "Scenes", operation_id = "putScene", request_body = PutScene,
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "A name for this request, such as a UUID: sent again with the same key it has no second effect and gets the same answer, for 24 hours."),
        ("X-Session-Id" = Option<String>, Header, description = "The name of your session: lets you edit a project that it has locked."),
    ),
    responses((status = 200, description = "The scene.", body = SceneRow), Conflicts, Refusals),
)]
pub async fn put(app: Signed, work: Work<PutScene>) -> Result<Response, ApiError> {
    let record = own_project(&app, work.input.project_id).await?;
    let (input, caller) = (&work.input, work.caller());
    let there = record.project.scenes.iter().find(|scene| scene.number == input.scene_number);
    let description = input.visual_description.clone().or_else(|| there.map(|scene| scene.visual_description.clone()));
    let edit = Edit::PutScene {
        id: (app.new_id)(),
        number: input.scene_number,
        narration: input.narration.clone(),
        visual_description: description.unwrap_or_default(),
        seconds: input.duration_seconds,
    };
    let wish = ProjectChange { inputs: vec![Input::Edit(edit)], ..ProjectChange::default() };
    let answer = |record: &ProjectRecord| {
        let scenes = &record.project.scenes;
        // A place beyond the end is the end.
        row(record, scenes.iter().find(|scene| scene.number == input.scene_number).or(scenes.last()))
    };
    Ok(respond(app.store.change_project(input.project_id, wish, caller, (app.clock)(), answer).await?))
}

/// Change a scene
///
/// What is left out stays. A changed narration or voice discards the spoken one; a changed visual description discards the picture,
/// unless you gave it yourself. Whether a voice exists is found out when it is to speak, before anything is paid for.
#[utoipa::path(
    patch, path = "/api/scenes/{id}", tag = "Scenes", operation_id = "changeScene",
    params(
        ("id" = Uuid, Path, description = "The scene's id."),
        ("X-Session-Id" = Option<String>, Header, description = "The name of your session: lets you edit a project that it has locked."),
    ),
    request_body = PatchScene,
    responses((status = 200, description = "The scene.", body = SceneRow), Conflicts, Refusals),
)]
pub async fn change(
    app: Signed,
    id: PathId,
    headers: HeaderMap,
    Checked(input): Checked<PatchScene>,
) -> Result<Response, ApiError> {
    let scene = id.of("Scene")?;
    let record = own_project_of_scene(&app, scene).await?;
    let project = record.project.id;
    let (character, voice) = whose(&app, &record, scene, &input).await?;
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
        given_video: None,
        given_speech: None,
        given_sfx: None,
        character,
        voice,
    };
    let edit = Input::Edit(Edit::ChangeScene { scene, change });
    let wish = ProjectChange { inputs: vec![edit], ..ProjectChange::default() };
    let answer = |record: &ProjectRecord| row(record, record.project.scenes.iter().find(|candidate| candidate.id == scene));
    let session = Session::of(&headers)?;
    Ok(respond(app.store.change_project(project, wish, session.caller(), (app.clock)(), answer).await?))
}

/// Whose scene it becomes, and with which voice: what is said of the voice itself, else the new character's.
async fn whose(
    app: &Signed,
    record: &ProjectRecord,
    scene: Uuid,
    input: &PatchScene,
) -> Result<(Option<Option<Uuid>>, Option<Option<Voice>>), ApiError> {
    let before = record.project.scenes.iter().find(|candidate| candidate.id == scene);
    let new = input.character_id.filter(|new| before.is_none_or(|before| before.character != *new));
    let mut voice = match new {
        Some(Some(id)) => {
            let character = own_characters(app, record.project.id, &[id], |_| "character_id".to_owned()).await?.pop();
            Some(character.and_then(|record| record.character.voice))
        }
        Some(None) => Some(None),
        None => None,
    };
    if input.voice_name.is_some() || input.tts_provider.is_some() {
        let usual = voice.unwrap_or_else(|| before.and_then(|before| before.voice.clone())).unwrap_or_default();
        let name = input.voice_name.clone().unwrap_or(Some(usual.name));
        voice = Some(Voice::said(input.tts_provider.clone().unwrap_or(Some(usual.vendor)), name));
    }
    Ok((new, voice))
}

/// Delete a scene
///
/// Later scenes move up.
#[utoipa::path(
    delete, path = "/api/scenes/{id}", tag = "Scenes", operation_id = "deleteScene",
    params(
        ("id" = Uuid, Path, description = "The scene's id."),
        ("X-Session-Id" = Option<String>, Header, description = "The name of your session: lets you edit a project that it has locked."),
    ),
    responses((status = 200, description = "It is deleted.", body = Success), Conflicts, Refusals),
)]
pub async fn delete(app: Signed, id: PathId, headers: HeaderMap) -> Result<Response, ApiError> {
    let scene = id.of("Scene")?;
    let project = own_project_of_scene(&app, scene).await?.project.id;
    let wish = ProjectChange { inputs: vec![Input::Edit(Edit::DeleteScene { scene })], ..ProjectChange::default() };
    let answer = |_: &ProjectRecord| answer(StatusCode::OK, &[], &Success { success: true });
    let session = Session::of(&headers)?;
    Ok(respond(app.store.change_project(project, wish, session.caller(), (app.clock)(), answer).await?))
}

/// Show where a scene's media are
///
/// `null` for what is not there.
#[utoipa::path(
    get, path = "/api/scenes/{id}/media", tag = "Scenes", operation_id = "getSceneMedia",
    params(("id" = Uuid, Path, description = "The scene's id.")),
    responses((status = 200, description = "Addresses.", body = SceneMedia), Refusals),
)]
pub async fn media(app: Signed, id: PathId) -> Result<Json<SceneMedia>, ApiError> {
    let scene = id.of("Scene")?;
    let record = own_project_of_scene(&app, scene).await?;
    let scene = record.project.scenes.iter().find(|candidate| candidate.id == scene);
    scene.map(|scene| Json(SceneMedia::from(scene))).ok_or(ApiError::NotFound("Scene"))
}

/// Make a scene's clip
///
/// From its picture, which is made first if need be; another one if there is a clip already. Ask `/api/jobs/{jobId}` until its
/// `status` is `COMPLETED` or `FAILED`, or follow the project's events.
#[utoipa::path(
    post, path = "/api/scenes/{id}/generate", tag = "Scenes", operation_id = "generateClip",
    params(
        ("id" = Uuid, Path, description = "The scene's id."),
        ("Idempotency-Key" = Option<String>, Header, description = "A name for this request, such as a UUID: sent again with the same key it has no second effect and gets the same answer, for 24 hours."),
    ),
    request_body = MakeClip,
    responses((status = 202, description = "It is being made.", body = ClipOrdered), Conflicts, Refusals),
)]
pub async fn generate(app: Signed, id: PathId, work: Work<MakeClip>) -> Result<Response, ApiError> {
    let scene = id.of("Scene")?;
    let record = own_project_of_scene(&app, scene).await?;
    let project = record.project.id;
    keep_keys_of_run(&app, project, work.input.keys.as_ref()).await?;
    let filled = |text: &Option<String>| text.as_ref().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let details = filled(&work.input.model_id).map(|video_model| Details { video_model, ..record.details.clone() });
    let prompt = SceneChange { visual_description: filled(&work.input.prompt), ..SceneChange::default() };
    let inputs = vec![
        Input::Edit(Edit::ChangeScene { scene, change: prompt }),
        Input::Command(Command::Generate { scene, medium: Medium::Video, force: true }),
    ];
    let details = details.filter(|details| *details != record.details);
    let wish = ProjectChange { details, inputs, one_off: None };
    // The scene's clip is the job, whichever task happens to work on it.
    let ordered = ClipOrdered { success: true, job_id: scene, status: "QUEUED" };
    let answer = |_: &ProjectRecord| answer(StatusCode::ACCEPTED, &[], &ordered);
    Ok(respond(app.store.change_project(project, wish, work.caller(), (app.clock)(), answer).await?))
}

/// The scene as it is after the change.
pub fn row(record: &ProjectRecord, scene: Option<&Scene>) -> Answer {
    let row = scene.map(|scene| SceneRow::new(record.project.id, scene, record.scene_created_at.get(&scene.id).copied()));
    answer(StatusCode::OK, &[], &row)
}
