//! Single media of a scene: what a client brings itself, and asking for one by its status.

use axum::Json;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::response::Response;
use model::workflow::{Command, Edit, GivenSpeech, Input, SceneChange};
use serde::Serialize;
use store::{ProjectChange, ProjectRecord};
use utoipa::ToSchema;
use uuid::Uuid;

use super::own_project_of_scene;
use super::scenes::row;
use crate::error::ApiError;
use crate::extract::{Checked, PathId, checked, whole_body};
use crate::once::{Session, respond};
use crate::picture;
use crate::signed::Signed;
use crate::wire::medium::{PatchAsset, PatchSfx, PatchStatus, StatusWish};
use crate::wire::refusal::{Conflicts, Error, Refusals};
use crate::wire::scene::SceneRow;

/// That scenes are here.
#[derive(Serialize, ToSchema)]
pub struct ScenesHere {
    /// `ok`.
    status: &'static str,
}

/// Say that scenes are here
///
/// Scenes are shown with their project: `GET /api/projects/{id}`.
#[utoipa::path(
    get, path = "/api/scenes", tag = "Scenes", operation_id = "getScenes",
    responses((status = 200, description = "Always the same.", body = ScenesHere), Refusals),
)]
pub async fn here(_: Signed) -> Json<ScenesHere> {
    Json(ScenesHere { status: "ok" })
}

/// Ask for a medium by its status
///
/// `pending`, `queued`, `processing` and `loading` have the still or the narration made, as `generate_image` and `generate_audio`
/// do; where there is one already, only with `force_regen`. All other statuses follow from what happens, and can only be
/// confirmed.
#[utoipa::path(
    patch, path = "/api/scenes/{id}/status", tag = "Scenes", operation_id = "changeSceneStatus", request_body = PatchStatus,
    params(
        ("id" = Uuid, Path, description = "The scene's id."),
        ("X-Session-Id" = Option<String>, Header, description = "The name of your session: lets you edit a project that it has locked."),
    ),
    responses(
        (status = 200, description = "The scene.", body = SceneRow),
        (status = 409, description = "There is one already (`code` is `ASSET_EXISTS`), or another session edits the project.", body = Error),
        Refusals
    ),
)]
pub async fn status(
    app: Signed,
    id: PathId,
    headers: HeaderMap,
    Checked(input): Checked<PatchStatus>,
) -> Result<Response, ApiError> {
    let id = id.of("Scene")?;
    let record = own_project_of_scene(&app, id).await?;
    let scene = record.project.scenes.iter().find(|scene| scene.id == id).ok_or(ApiError::NotFound("Scene"))?;
    let (status, force) = (input.r#type.status_in(scene), input.force_regen == Some(true));
    let inputs = match input.status {
        wish if wish.is(status) => Vec::new(),
        wish if wish.wants_making() => {
            if StatusWish::Completed.is(status) && !force {
                return Err(ApiError::AssetExists);
            }
            vec![Input::Command(Command::Generate { scene: id, medium: input.r#type.medium(), force })]
        }
        StatusWish::Completed => {
            return Err(ApiError::field("status", "Nothing is there yet; bring it with PATCH /api/scenes/{id}/asset"));
        }
        _ => return Err(ApiError::field("status", "It follows from what happens; loading has the medium made")),
    };
    change(&app, &headers, (record.project.id, id), inputs).await
}

/// Give a scene a medium of your own
///
/// A picture, a narration or a clip: a file on this server, or one inside the request, which may have 16 MiB. Its type is seen
/// from its content; nothing is fetched from elsewhere.
#[utoipa::path(
    patch, path = "/api/scenes/{id}/asset", tag = "Scenes", operation_id = "giveSceneAsset", request_body = PatchAsset,
    params(
        ("id" = Uuid, Path, description = "The scene's id."),
        ("X-Session-Id" = Option<String>, Header, description = "The name of your session: lets you edit a project that it has locked."),
    ),
    responses((status = 200, description = "The scene.", body = SceneRow), Conflicts, Refusals),
)]
pub async fn asset(app: Signed, id: PathId, headers: HeaderMap, request: Request) -> Result<Response, ApiError> {
    let scene = id.of("Scene")?;
    let input: PatchAsset = checked(&whole_body(request, &*app, "16 MiB").await?)?;
    let project = own_project_of_scene(&app, scene).await?.project.id;
    let mut change = SceneChange::default();
    let required = |status: Option<_>, field| status.map(drop).ok_or_else(|| ApiError::field(field, "Required: completed"));
    if let Some(url) = &input.image_url {
        required(input.image_status, "image_status")?;
        change.given_image = Some(picture::medium(&app, "image_url", url, "image").await?);
    } else if let Some(url) = &input.audio_url {
        required(input.audio_status, "audio_status")?;
        let asset = picture::medium(&app, "audio_url", url, "audio").await?;
        change.given_speech = Some(Box::new(GivenSpeech { asset, seconds: None, words: Vec::new() }));
    } else if let Some(url) = &input.video_url {
        required(input.video_status, "video_status")?;
        change.given_video = Some(picture::medium(&app, "video_url", url, "video").await?);
    } else {
        return Err(ApiError::field("", "Give one of image_url, audio_url and video_url"));
    }
    let edit = Input::Edit(Edit::ChangeScene { scene, change });
    self::change(&app, &headers, (project, scene), vec![edit]).await
}

/// Give a scene a sound effect of your own
///
/// A file on this server, or one inside the request, which may have 16 MiB.
#[utoipa::path(
    patch, path = "/api/scenes/{id}/sfx", tag = "Scenes", operation_id = "giveSceneSfx", request_body = PatchSfx,
    params(
        ("id" = Uuid, Path, description = "The scene's id."),
        ("X-Session-Id" = Option<String>, Header, description = "The name of your session: lets you edit a project that it has locked."),
    ),
    responses((status = 200, description = "The scene.", body = SceneRow), Conflicts, Refusals),
)]
pub async fn sfx(app: Signed, id: PathId, headers: HeaderMap, request: Request) -> Result<Response, ApiError> {
    let scene = id.of("Scene")?;
    let input: PatchSfx = checked(&whole_body(request, &*app, "16 MiB").await?)?;
    let project = own_project_of_scene(&app, scene).await?.project.id;
    let given_sfx = Some(picture::medium(&app, "sfx_url", &input.sfx_url, "audio").await?);
    let edit = Edit::ChangeScene { scene, change: SceneChange { given_sfx, ..SceneChange::default() } };
    change(&app, &headers, (project, scene), vec![Input::Edit(edit)]).await
}

/// Changes the project; answers the scene.
async fn change(
    app: &Signed,
    headers: &HeaderMap,
    (project, scene): (Uuid, Uuid),
    inputs: Vec<Input>,
) -> Result<Response, ApiError> {
    let wish = ProjectChange { inputs, ..ProjectChange::default() };
    let answer = |record: &ProjectRecord| row(record, record.project.scenes.iter().find(|candidate| candidate.id == scene));
    let session = Session::of(headers)?;
    Ok(respond(app.store.change_project(project, wish, session.caller(), (app.clock)(), answer).await?))
}
