//! Shows: series of projects.

use axum::Json;
use axum::http::StatusCode;
use store::Show;
use uuid::Uuid;

use crate::error::ApiError;
use crate::extract::{Checked, PathId};
use crate::signed::Signed;
use crate::wire::project::Success;
use crate::wire::refusal::Refusals;
use crate::wire::show::{CreateShow, ListedShow, PRESETS, PatchShow, ShowRow, WholeShow};

/// The most episodes that are shown with a show.
const NEWEST: u64 = 5;

/// List shows
///
/// The one that was changed last first.
#[utoipa::path(
    get, path = "/api/shows", tag = "Shows", operation_id = "listShows",
    responses((status = 200, description = "The shows.", body = [ListedShow]), Refusals),
)]
pub async fn list(app: Signed) -> Result<Json<Vec<ListedShow>>, ApiError> {
    Ok(Json(app.store.shows(app.user.id).await?.iter().map(Into::into).collect()))
}

/// Create a show
///
/// Projects and characters belong to it by their `show_id`.
#[utoipa::path(
    post, path = "/api/shows", tag = "Shows", operation_id = "createShow", request_body = CreateShow,
    responses((status = 201, description = "The show.", body = ShowRow), Refusals),
)]
pub async fn create(app: Signed, Checked(input): Checked<CreateShow>) -> Result<(StatusCode, Json<ShowRow>), ApiError> {
    let now = (app.clock)();
    let show = Show {
        id: (app.new_id)(),
        owner: app.user.id,
        name: input.name.trim().to_owned(),
        description: input.description.unwrap_or_default(),
        style_preset: input.style_preset.unwrap_or_else(|| PRESETS[0].to_owned()),
        visual_prompt: input.visual_prompt,
        default_tts_provider: input.default_tts_provider.unwrap_or_else(|| "gemini".to_owned()),
        created_at: now,
        updated_at: now,
    };
    app.store.create_show(&show).await?;
    Ok((StatusCode::CREATED, Json(ShowRow::from(&show))))
}

/// Show a show
///
/// With its own characters and its newest episodes.
#[utoipa::path(
    get, path = "/api/shows/{id}", tag = "Shows", operation_id = "getShow",
    params(("id" = Uuid, Path, description = "The show's id.")),
    responses((status = 200, description = "The show.", body = WholeShow), Refusals),
)]
pub async fn show(app: Signed, id: PathId) -> Result<Json<WholeShow>, ApiError> {
    let show = own_show(&app, &id).await?;
    let characters = app.store.characters_of_show(app.user.id, show.id).await?;
    let episodes = app.store.episodes(app.user.id, show.id, NEWEST).await?;
    Ok(Json(WholeShow {
        show: ShowRow::from(&show),
        characters: characters.iter().map(Into::into).collect(),
        episodes: episodes.iter().map(Into::into).collect(),
    }))
}

/// Change a show
///
/// What is left out stays. Its episodes stay as they are.
#[utoipa::path(
    patch, path = "/api/shows/{id}", tag = "Shows", operation_id = "changeShow", request_body = PatchShow,
    params(("id" = Uuid, Path, description = "The show's id.")),
    responses((status = 200, description = "The show.", body = ShowRow), Refusals),
)]
pub async fn change(app: Signed, id: PathId, Checked(input): Checked<PatchShow>) -> Result<Json<ShowRow>, ApiError> {
    let before = own_show(&app, &id).await?;
    let after = Show {
        name: input.name.map_or(before.name, |name| name.trim().to_owned()),
        description: input.description.unwrap_or(before.description),
        style_preset: input.style_preset.unwrap_or(before.style_preset),
        visual_prompt: input.visual_prompt.unwrap_or(before.visual_prompt),
        default_tts_provider: input.default_tts_provider.unwrap_or(before.default_tts_provider),
        updated_at: (app.clock)(),
        ..before
    };
    if app.store.change_show(&after).await? { Ok(Json(ShowRow::from(&after))) } else { Err(not_found()) }
}

/// Delete a show
///
/// Its episodes and characters stay, and belong to none.
#[utoipa::path(
    delete, path = "/api/shows/{id}", tag = "Shows", operation_id = "deleteShow",
    params(("id" = Uuid, Path, description = "The show's id.")),
    responses((status = 200, description = "It is deleted.", body = Success), Refusals),
)]
pub async fn delete(app: Signed, id: PathId) -> Result<Json<Success>, ApiError> {
    let id = id.of("Show").map_err(|_| not_found())?;
    let gone = app.store.delete_show(app.user.id, id, (app.clock)()).await?;
    if gone { Ok(Json(Success { success: true })) } else { Err(not_found()) }
}

async fn own_show(app: &Signed, id: &PathId) -> Result<Show, ApiError> {
    let id: Uuid = id.of("Show").map_err(|_| not_found())?;
    app.store.show(app.user.id, id).await?.ok_or_else(not_found)
}

/// Clients know exactly this sentence.
fn not_found() -> ApiError {
    ApiError::plain(StatusCode::NOT_FOUND, "Not found")
}
