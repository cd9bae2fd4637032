//! Jobs: single steps of the work.

use axum::Json;
use axum::extract::State;

use super::own;
use crate::AppState;
use crate::error::ApiError;
use crate::extract::PathId;
use crate::wire::job::Job;
use crate::wire::refusal::Refusals;

/// Show a job
///
/// A step of the queue, or a render.
#[utoipa::path(
    get, path = "/api/jobs/{id}", tag = "Renders", operation_id = "getJob",
    params(("id" = Uuid, Path, description = "The job's id.")),
    responses((status = 200, description = "The job.", body = Job), Refusals),
)]
pub async fn show(State(app): State<AppState>, id: PathId) -> Result<Json<Job>, ApiError> {
    let id = id.of("Job")?;
    if let Some(render) = app.store.render(id).await? {
        own(&app, render.owner)?;
        return Ok(Json(Job::from(&render)));
    }
    let task = app.store.task(id).await?.ok_or(ApiError::NotFound("Job"))?;
    own(&app, task.owner)?;
    Ok(Json(Job::from(&task)))
}
