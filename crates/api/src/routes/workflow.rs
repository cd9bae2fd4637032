//! Commands to the workflow, its state, and what it would have to do.

use axum::Json;
use axum::extract::State;
use model::workflow::Input;

use super::own_project;
use crate::AppState;
use crate::error::ApiError;
use crate::extract::{Checked, PathId};
use crate::wire::refusal::{Error, Refusals};
use crate::wire::workflow::{Estimate, Message, OfProject, WorkflowCommand, WorkflowState};

/// Send a command
///
/// It is answered at once; follow `/api/events/{projectId}` or ask `/api/workflow/state/{projectId}` for what happens. A
/// command sent twice has the effect of one.
#[utoipa::path(
    post, path = "/api/workflow/command", tag = "Workflow", operation_id = "sendCommand", request_body = WorkflowCommand,
    responses(
        (status = 200, description = "It was taken.", body = Message),
        (status = 409, description = "The project is not in a state for it, such as without any scene.", body = Error),
        Refusals
    ),
)]
pub async fn command(State(app): State<AppState>, Checked(input): Checked<WorkflowCommand>) -> Result<Json<Message>, ApiError> {
    let (command, message) = input.read()?;
    own_project(&app, input.project_id).await?;
    app.store.apply(input.project_id, Input::Command(command), (app.clock)()).await?;
    Ok(Json(Message { message }))
}

/// Show where everything stands
///
/// The status, text and address of every picture, narration and clip, and of the music.
#[utoipa::path(
    get, path = "/api/workflow/state/{projectId}", tag = "Workflow", operation_id = "getWorkflowState",
    params(("projectId" = Uuid, Path, description = "The project's id.")),
    responses((status = 200, description = "The state.", body = WorkflowState), Refusals),
)]
pub async fn state(State(app): State<AppState>, id: PathId) -> Result<Json<WorkflowState>, ApiError> {
    let record = own_project(&app, id.of("Project")?).await?;
    Ok(Json(WorkflowState::from(&record)))
}

/// Estimate what is left to make
///
/// Counts the pictures and the narration that `generate_all` would make.
#[utoipa::path(
    post, path = "/api/workflow/estimate", tag = "Workflow", operation_id = "estimate", request_body = OfProject,
    responses((status = 200, description = "The estimate.", body = Estimate), Refusals),
)]
pub async fn estimate(State(app): State<AppState>, Checked(input): Checked<OfProject>) -> Result<Json<Estimate>, ApiError> {
    let record = own_project(&app, input.project_id).await?;
    Ok(Json(Estimate::from(&record)))
}
