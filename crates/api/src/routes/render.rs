//! Renders: a project put together as one video.

use axum::Json;
use axum::extract::State;
use model::workflow::{Command, Input};

use super::{own, own_project};
use crate::AppState;
use crate::error::ApiError;
use crate::extract::{Checked, PathId};
use crate::wire::refusal::{Error, Refusals};
use crate::wire::render::{RenderStarted, RenderState, StartRender};
use crate::wire::status::WorkStatus;

/// Render a project
///
/// All pictures and narrations must be there. Asking again while the same video is being rendered answers that render.
#[utoipa::path(
    post, path = "/api/render", tag = "Renders", operation_id = "startRender", request_body = StartRender,
    responses(
        (status = 200, description = "It is on its way.", body = RenderStarted),
        (status = 409, description = "Something is missing; `details.missing` says what.", body = Error),
        Refusals
    ),
)]
pub async fn start(State(app): State<AppState>, Checked(input): Checked<StartRender>) -> Result<Json<RenderStarted>, ApiError> {
    own_project(&app, input.project_id).await?;
    let command = Command::Render { id: (app.new_id)(), when_ready: false };
    let applied = app.store.apply(input.project_id, Input::Command(command), (app.clock)()).await?;
    let render = applied.record.project.render.ok_or_else(|| ApiError::Internal("a render was taken but is not there".into()))?;
    let message = "Render job queued successfully";
    Ok(Json(RenderStarted { success: true, job_id: render.id, status: WorkStatus::Pending, message }))
}

/// Show where a render stands
///
/// Once it is completed: the addresses of the video, its captions and its thumbnail.
#[utoipa::path(
    get, path = "/api/render/{id}", tag = "Renders", operation_id = "getRender",
    params(("id" = Uuid, Path, description = "The render's id: `jobId` of the answer to `POST /api/render`.")),
    responses((status = 200, description = "The render.", body = RenderState), Refusals),
)]
pub async fn show(State(app): State<AppState>, id: PathId) -> Result<Json<RenderState>, ApiError> {
    let record = app.store.render(id.of("Job")?).await?.ok_or(ApiError::NotFound("Job"))?;
    own(&app, record.owner)?;
    Ok(Json(RenderState::from(&record.render)))
}
