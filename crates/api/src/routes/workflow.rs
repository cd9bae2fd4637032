//! Commands to the workflow, its state, and what it would have to do.

use axum::Json;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use model::workflow::Input;
use store::{ProjectChange, ProjectRecord};

use super::keys::keep_keys_of_run;
use super::own_project;
use crate::error::ApiError;
use crate::extract::{Checked, PathId};
use crate::once::{Work, answer, respond};
use crate::poll::{self, View};
use crate::signed::Signed;
use crate::wire::refusal::{Error, NotModified, Refusals};
use crate::wire::workflow::{Estimate, Message, OfProject, WorkflowCommand, WorkflowState};

/// Send a command
///
/// It is answered at once; follow `/api/events/{projectId}` or ask `/api/workflow/state/{projectId}` for what happens. A
/// command sent twice has the effect of one.
#[utoipa::path(
    post, path = "/api/workflow/command", tag = "Workflow", operation_id = "sendCommand", request_body = WorkflowCommand,
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "A name for this request, such as a UUID: sent again with the same key it has no second effect and gets the same answer, for 24 hours."),
    ),
    responses(
        (status = 200, description = "It was taken.", body = Message),
        (status = 409, description = "The project is not in a state for it, such as without any scene; or the `Idempotency-Key` came with another request.", body = Error),
        Refusals
    ),
)]
pub async fn command(app: Signed, work: Work<WorkflowCommand>) -> Result<Response, ApiError> {
    let (command, message) = work.input.read()?;
    let id = work.input.project_id;
    own_project(&app, id).await?;
    keep_keys_of_run(&app, id, work.input.api_keys.as_ref()).await?;
    let wish = ProjectChange { inputs: vec![Input::Command(command)], ..ProjectChange::default() };
    let answer = |_: &ProjectRecord| answer(StatusCode::OK, &[], &Message { message });
    let done = app.store.change_project(id, wish, work.caller(), (app.clock)(), answer).await?;
    Ok(respond(done))
}

/// Show where everything stands
///
/// The status, text and address of every picture, narration and clip, and of the music.
#[utoipa::path(
    get, path = "/api/workflow/state/{projectId}", tag = "Workflow", operation_id = "getWorkflowState",
    params(("projectId" = Uuid, Path, description = "The project's id.")),
    responses((status = 200, description = "The state.", body = WorkflowState), NotModified, Refusals),
)]
pub async fn state(app: Signed, id: PathId, headers: HeaderMap) -> Result<Response, ApiError> {
    let id = id.of("Project")?;
    let load = async || Ok(WorkflowState::from(&own_project(&app, id).await?));
    poll::answer(&app, &headers, (View::State, id), load).await?.ok_or(ApiError::NotFound("Project"))
}

/// Estimate what is left to make
///
/// Counts the pictures and the narration that `generate_all` would make.
#[utoipa::path(
    post, path = "/api/workflow/estimate", tag = "Workflow", operation_id = "estimate", request_body = OfProject,
    responses((status = 200, description = "The estimate.", body = Estimate), Refusals),
)]
pub async fn estimate(app: Signed, Checked(input): Checked<OfProject>) -> Result<Json<Estimate>, ApiError> {
    let record = own_project(&app, input.project_id).await?;
    Ok(Json(Estimate::from(&record)))
}
