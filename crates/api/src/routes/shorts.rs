//! Shorts: the whole way in one call, for programs.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::workflow::{Command, Edit, Input};
use store::{Details, NewProject};

use super::{own, own_project};
use crate::AppState;
use crate::error::ApiError;
use crate::extract::{Checked, PathId};
use crate::order;
use crate::wire::refusal::{Error, Refusals};
use crate::wire::short::{OrderShort, Short, ShortOrdered, ShortStatus};

/// Make a short
///
/// Takes a script or a storyboard and makes the whole video: pictures, narration, music, captions, MP4. It is answered at
/// once; ask `/api/shorts/{id}` (also in the `Location` header) until `status` is `completed`.
#[utoipa::path(
    post, path = "/api/shorts", tag = "Shorts", operation_id = "orderShort", request_body = OrderShort,
    responses(
        (status = 202, description = "The order was taken.", body = ShortOrdered),
        (status = 422, description = "A topic alone needs a language model, and none is configured.", body = Error),
        Refusals
    ),
)]
pub async fn order(State(app): State<AppState>, Checked(input): Checked<OrderShort>) -> Result<Response, ApiError> {
    let order = order::read(&app, &input).await?;
    let (project, render) = ((app.new_id)(), (app.new_id)());
    let details = Details { video_model: "veo".to_owned(), ..Details::default() };
    let new = NewProject { id: project, owner: app.owner, settings: order.settings, details, source: None };
    app.store.create_project(new, (app.clock)()).await?;
    let steps = [
        Input::Edit(Edit::ReplaceScenes(order.scenes)),
        Input::Command(Command::GenerateAll { force: false }),
        Input::Command(Command::Render { id: render, when_ready: true }),
    ];
    for step in steps {
        app.store.apply(project, step, (app.clock)()).await?;
    }
    let status = ShortStatus::Queued;
    let answer = ShortOrdered { id: render, project_id: project, render_id: render, status, warnings: order.warnings };
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, format!("/api/shorts/{render}"))], Json(answer)).into_response())
}

/// Show where a short stands
///
/// Once it is completed: the addresses of the video, its captions and its thumbnail.
#[utoipa::path(
    get, path = "/api/shorts/{id}", tag = "Shorts", operation_id = "getShort",
    params(("id" = Uuid, Path, description = "The short's id.")),
    responses((status = 200, description = "The short.", body = Short), Refusals),
)]
pub async fn show(State(app): State<AppState>, id: PathId) -> Result<Json<Short>, ApiError> {
    let record = app.store.render(id.of("Short")?).await?.ok_or(ApiError::NotFound("Short"))?;
    own(&app, record.owner)?;
    let project = own_project(&app, record.project).await?.project;
    // The project was read later: if it shows the same render, it knows more of it.
    let render = project.render.as_ref().filter(|render| render.id == record.render.id).unwrap_or(&record.render);
    Ok(Json(Short::new(&project, render)))
}
