//! Renders: a project put together as one video.

use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use model::workflow::{Command, Input};
use store::{ProjectChange, ProjectRecord, one_off_id};

use super::{endpoints, own_project};
use crate::error::ApiError;
use crate::extract::PathId;
use crate::given;
use crate::once::{Work, answer, respond};
use crate::poll::{self, View};
use crate::signed::Signed;
use crate::wire::refusal::{Error, NotModified, Refusals};
use crate::wire::render::{RenderStarted, RenderState, StartRender};
use crate::wire::status::WorkStatus;

/// Render a project
///
/// All pictures and narrations must be there. With `scenes`, a storyboard of your own is rendered in its place, whose files
/// are yours. Asking again while the same video is being rendered answers that render; another one takes its place.
#[utoipa::path(
    post, path = "/api/render", tag = "Renders", operation_id = "startRender", request_body = StartRender,
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "A name for this request, such as a UUID: sent again with the same key it has no second effect and gets the same answer, for 24 hours."),
    ),
    responses(
        (status = 200, description = "It is on its way.", body = RenderStarted),
        (status = 409, description = "Something is missing; `details.missing` says what. Or the `Idempotency-Key` came with another request.", body = Error),
        Refusals
    ),
)]
pub async fn start(app: Signed, work: Work<StartRender>) -> Result<Response, ApiError> {
    let project = work.input.project_id;
    let record = own_project(&app, project).await?;
    let id = (app.new_id)();
    let command = match given::storyboard(&app, &work.input, &record.project.settings).await? {
        Some(storyboard) => Command::RenderStoryboard { id, storyboard: Arc::new(storyboard) },
        None => Command::Render { id, when_ready: false },
    };
    let one_off = endpoints::one_off(&app, &work.input.webhook_url, &work.input.webhook_secret)?;
    let url = work.input.webhook_url.as_deref();
    let wish = ProjectChange { inputs: vec![Input::Command(command)], details: None, one_off };
    let started = |record: &ProjectRecord| {
        // The same video may be on its way already, under another id.
        let job_id = record.project.render.as_ref().map_or(id, |render| render.id);
        let message = "Render job queued successfully";
        let webhook_id = url.map(|url| one_off_id(job_id, url.trim()));
        let started = RenderStarted { success: true, job_id, status: WorkStatus::Pending, message, webhook_id };
        answer(StatusCode::OK, &[], &started)
    };
    let done = app.store.change_project(project, wish, work.caller(), (app.clock)(), started).await?;
    Ok(respond(done))
}

/// Show where a render stands
///
/// Once it is completed: the addresses of the video, its captions and its thumbnail.
#[utoipa::path(
    get, path = "/api/render/{id}", tag = "Renders", operation_id = "getRender",
    params(("id" = Uuid, Path, description = "The render's id: `jobId` of the answer to `POST /api/render`.")),
    responses((status = 200, description = "The render.", body = RenderState), NotModified, Refusals),
)]
pub async fn show(app: Signed, id: PathId, headers: HeaderMap) -> Result<Response, ApiError> {
    let id = id.of("Job")?;
    let load = async || {
        let record = app.store.render(id).await?.ok_or(ApiError::NotFound("Job"))?;
        Ok(RenderState::from(&record.render))
    };
    poll::answer(&app, &headers, (View::Render, id), load).await?.ok_or(ApiError::NotFound("Job"))
}
