//! Jobs: single steps of the work.

use axum::Json;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use model::project::SlotStatus;

use super::{own, own_project_of_scene};
use crate::error::ApiError;
use crate::extract::PathId;
use crate::poll::{self, View};
use crate::signed::Signed;
use crate::wire::job::Job;
use crate::wire::refusal::{NotModified, Refusals};

/// Show a job
///
/// A step of the queue, a render, or a scene's clip (by the scene's id).
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
    let Some(task) = app.store.task(id).await? else {
        // A scene's id stands for its clip.
        let record = own_project_of_scene(&app, id).await.map_err(|error| match error {
            ApiError::NotFound(_) => ApiError::NotFound("Job"),
            other => other,
        })?;
        let scene = record.project.scenes.iter().find(|scene| scene.id == id);
        // Of a clip that nobody asks for, or no more, there is no job: whoever polls for it need not wait.
        let scene = scene.filter(|scene| scene.video.status != SlotStatus::Draft).ok_or(ApiError::NotFound("Job"))?;
        return Ok(Json(Job::of_clip(&record, scene)).into_response());
    };
    own(&app, task.owner)?;
    Ok(Json(Job::from(&task)).into_response())
}
