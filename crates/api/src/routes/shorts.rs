//! Shorts: the whole way in one call, for programs.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use model::workflow::{Command, Input};
use store::{Details, NewProject, ProjectRecord, one_off_id};

use super::{endpoints, own_project};
use crate::error::ApiError;
use crate::extract::PathId;
use crate::once::{Work, answer, respond};
use crate::order::{self, Order};
use crate::poll::{self, View};
use crate::signed::Signed;
use crate::wire::refusal::{Conflicts, Error, NotModified, Refusals};
use crate::wire::short::{OrderShort, Short, ShortOrdered, ShortStatus};

/// Make a short
///
/// Takes a script, a storyboard or a topic and makes the whole video: pictures, narration, music, captions, MP4. It is answered at
/// once; ask `/api/shorts/{id}` (also in the `Location` header) until `status` is `completed`.
#[utoipa::path(
    post, path = "/api/shorts", tag = "Shorts", operation_id = "orderShort", request_body = OrderShort,
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "A name for this request, such as a UUID: sent again with the same key it has no second effect and gets the same answer, for 24 hours."),
    ),
    responses(
        (status = 202, description = "The order was taken.", body = ShortOrdered),
        (status = 422, description = "A topic alone needs a language model, and none is configured.", body = Error),
        Conflicts, Refusals
    ),
)]
pub async fn order(app: Signed, work: Work<OrderShort>) -> Result<Response, ApiError> {
    let one_off = endpoints::one_off(&app, &work.input.webhook_url, &work.input.webhook_secret)?;
    let order = order::read(&app, &work.input).await?;
    let (project, render) = (order.project, (app.new_id)());
    let duration_config = work.input.duration.as_ref().map(|duration| duration.config());
    let details = Details { video_model: "veo".to_owned(), duration_config, ..Details::default() };
    let (settings, characters) = (order.settings, order.characters);
    let new = NewProject { id: project, owner: app.user.id, settings, details, source: None, characters };
    let mut steps = Order::edits(order.scenes, order.music);
    steps.extend([
        Input::Command(Command::GenerateAll { force: false }),
        Input::Command(Command::Render { id: render, when_ready: true }),
    ]);
    let status = ShortStatus::Queued;
    let webhook_id = one_off.as_ref().map(|one_off| one_off_id(render, &one_off.url));
    let (id, project_id, render_id, warnings) = (render, project, render, order.warnings);
    let ordered = ShortOrdered { id, project_id, render_id, status, warnings, webhook_id };
    let location = [(header::LOCATION, format!("/api/shorts/{render}"))];
    let answer = |_: &ProjectRecord| answer(StatusCode::ACCEPTED, &location, &ordered);
    let done = app
        .store
        .begin_project(new, steps, one_off.as_ref().map(|one_off| (render, one_off)), work.caller().ticket, (app.clock)(), answer)
        .await?;
    Ok(respond(done))
}

/// Show where a short stands
///
/// Once it is completed: the addresses of the video, its captions and its thumbnail.
#[utoipa::path(
    get, path = "/api/shorts/{id}", tag = "Shorts", operation_id = "getShort",
    params(("id" = Uuid, Path, description = "The short's id.")),
    responses((status = 200, description = "The short.", body = Short), NotModified, Refusals),
)]
pub async fn show(app: Signed, id: PathId, headers: HeaderMap) -> Result<Response, ApiError> {
    let id = id.of("Short")?;
    let load = async || {
        let record = app.store.render(id).await?.ok_or(ApiError::NotFound("Short"))?;
        let project = own_project(&app, record.project).await?.project;
        // The project was read later: if it shows the same render, it knows more of it.
        let render = project.render.as_ref().filter(|render| render.id == record.render.id).unwrap_or(&record.render);
        Ok(Short::new(&project, render))
    };
    poll::answer(&app, &headers, (View::Short, id), load).await?.ok_or(ApiError::NotFound("Short"))
}
