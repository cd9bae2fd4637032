//! Jobs: single steps of the work.

use axum::Json;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

use super::own;
use crate::error::ApiError;
use crate::extract::PathId;
use crate::poll::{self, View};
use crate::signed::Signed;
use crate::wire::job::Job;
use crate::wire::refusal::{NotModified, Refusals};

/// Show a job
///
/// A step of the queue, or a render.
#[utoipa::path(
    get, path = "/api/jobs/{id}", tag = "Renders", operation_id = "getJob",
    params(("id" = Uuid, Path, description = "The job's id.")),
    responses((status = 200, description = "The job.", body = Job), NotModified, Refusals),
)]
pub async fn show(app: Signed, id: PathId, headers: HeaderMap) -> Result<Response, ApiError> {
    let id = id.of("Job")?;
    let load = async || Ok(Job::from(&app.store.render(id).await?.ok_or(ApiError::NotFound("Job"))?));
    if let Some(answer) = poll::answer(&app, &headers, (View::Job, id), load).await? {
        return Ok(answer);
    }
    // A task is one small row, and moves without its project: there is nothing to keep.
    let task = app.store.task(id).await?.ok_or(ApiError::NotFound("Job"))?;
    own(&app, task.owner)?;
    Ok(Json(Job::from(&task)).into_response())
}
