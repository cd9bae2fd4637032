//! Locks: one session edits a project, the others wait. Nothing but edits is kept away by a lock, and it ends by itself.

use axum::Json;
use axum::http::StatusCode;
use chrono::Duration;
use serde_json::json;
use store::RequestError;

use super::{characters_of, own_project};
use crate::error::ApiError;
use crate::extract::{Checked, PathId};
use crate::signed::Signed;
use crate::wire::lock::OfSession;
use crate::wire::project::ProjectWithScenes;
use crate::wire::refusal::{Error, Refusals};
use crate::wire::stamp;

/// How long a lock holds, unless it is asked for again.
const HOLDS: Duration = Duration::minutes(5);

/// Lock a project
///
/// For five minutes only requests with your session's name as `X-Session-Id` can edit it; ask again to keep it longer. What
/// is being made goes on, and commands are taken from everybody.
#[utoipa::path(
    post, path = "/api/projects/{id}/lock", tag = "Projects", operation_id = "lockProject",
    params(("id" = Uuid, Path, description = "The project's id.")), request_body = OfSession,
    responses(
        (status = 200, description = "The project.", body = ProjectWithScenes),
        (status = 409, description = "Another session has it; `details` says which and until when.", body = Error),
        Refusals
    ),
)]
pub async fn lock(app: Signed, id: PathId, Checked(input): Checked<OfSession>) -> Result<Json<ProjectWithScenes>, ApiError> {
    let (id, now) = (id.of("Project")?, (app.clock)());
    own_project(&app, id).await?;
    let locked = app.store.lock_project(id, &input.session_id, now + HOLDS, now).await;
    let record = locked.map_err(|error| refused(error, StatusCode::CONFLICT, "Project is locked by another session"))?;
    let characters = characters_of(&app, &record).await?;
    Ok(Json(ProjectWithScenes::new(&record, &characters)))
}

/// Unlock a project
///
/// A lock that has run out may be taken away by anybody.
#[utoipa::path(
    post, path = "/api/projects/{id}/unlock", tag = "Projects", operation_id = "unlockProject",
    params(("id" = Uuid, Path, description = "The project's id.")), request_body = OfSession,
    responses(
        (status = 200, description = "The project.", body = ProjectWithScenes),
        Refusals
    ),
)]
pub async fn unlock(app: Signed, id: PathId, Checked(input): Checked<OfSession>) -> Result<Json<ProjectWithScenes>, ApiError> {
    let id = id.of("Project")?;
    own_project(&app, id).await?;
    let unlocked = app.store.unlock_project(id, &input.session_id, (app.clock)()).await;
    let record = unlocked.map_err(|error| refused(error, StatusCode::FORBIDDEN, "Cannot unlock: locked by another session"))?;
    let characters = characters_of(&app, &record).await?;
    Ok(Json(ProjectWithScenes::new(&record, &characters)))
}

/// The sentences that clients know from here.
fn refused(error: RequestError, status: StatusCode, sentence: &str) -> ApiError {
    match error {
        RequestError::Locked { session, until } => {
            let details = Some(json!({ "session": session, "until": stamp(until) }));
            ApiError::Refused { status, error: sentence.to_owned(), details }
        }
        other => other.into(),
    }
}
