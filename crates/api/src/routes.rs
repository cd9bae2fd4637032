//! The table of all routes, one file per resource.

pub mod admin;
pub mod ai;
pub mod archives;
pub mod assets;
pub mod auth;
pub mod characters;
pub mod docs;
pub mod endpoints;
pub mod events;
pub mod files;
pub mod folders;
pub mod health;
pub mod jobs;
pub mod keys;
pub mod ledger;
pub mod locks;
pub mod media;
pub mod people;
pub mod plans;
pub mod projects;
pub mod render;
pub mod scenes;
pub mod shorts;
pub mod shows;
pub mod tokens;
pub mod users;
pub mod webhooks;
pub mod workflow;

use axum::extract::DefaultBodyLimit;
use store::{CharacterRecord, ProjectRecord};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::error::{ApiError, Problems};
use crate::signed::Signed;
use crate::{AppState, PICTURES_LIMIT, UPLOAD_LIMIT};

/// Every route with its description. Nothing under `/api` is mounted anywhere else, so that the document tells all.
pub fn described() -> OpenApiRouter<AppState> {
    let uploads =
        OpenApiRouter::new().routes(routes!(assets::download, assets::upload)).layer(DefaultBodyLimit::max(UPLOAD_LIMIT));
    let characters =
        OpenApiRouter::new().routes(routes!(characters::list, characters::create)).layer(DefaultBodyLimit::max(PICTURES_LIMIT));
    let pictures = OpenApiRouter::new()
        .routes(routes!(ai::analyze))
        .routes(routes!(ai::optimize))
        .routes(routes!(ai::anything))
        .layer(DefaultBodyLimit::max(PICTURES_LIMIT));
    let media = OpenApiRouter::new()
        .routes(routes!(media::asset))
        .routes(routes!(media::sfx))
        .layer(DefaultBodyLimit::max(PICTURES_LIMIT));
    let archives = OpenApiRouter::new().routes(routes!(archives::import)).layer(archives::limit());
    OpenApiRouter::with_openapi(docs::introduction())
        .routes(routes!(archives::export))
        .routes(routes!(archives::context))
        .merge(archives)
        .routes(routes!(shorts::order))
        .routes(routes!(shorts::show))
        .routes(routes!(projects::list, projects::create))
        .routes(routes!(projects::show, projects::change, projects::delete))
        .routes(routes!(locks::lock))
        .routes(routes!(locks::unlock))
        .routes(routes!(media::here, scenes::put))
        .routes(routes!(scenes::change, scenes::delete))
        .routes(routes!(scenes::media))
        .routes(routes!(scenes::generate))
        .routes(routes!(media::status))
        .merge(media)
        .routes(routes!(workflow::command))
        .routes(routes!(workflow::state))
        .routes(routes!(workflow::estimate))
        .routes(routes!(admin::follow_news))
        .routes(routes!(events::follow))
        .routes(routes!(render::start))
        .routes(routes!(render::show))
        .routes(routes!(jobs::show))
        .routes(routes!(webhooks::job_status))
        .routes(routes!(endpoints::list, endpoints::create))
        .routes(routes!(endpoints::secret))
        .routes(routes!(endpoints::show, endpoints::change, endpoints::delete))
        .routes(routes!(endpoints::test))
        .routes(routes!(endpoints::rotate))
        .routes(routes!(endpoints::deliveries))
        .routes(routes!(endpoints::resend))
        .routes(routes!(folders::list, folders::create))
        .routes(routes!(folders::change, folders::delete))
        .routes(routes!(shows::list, shows::create))
        .routes(routes!(shows::show, shows::change, shows::delete))
        .merge(characters)
        .routes(routes!(ai::script))
        .routes(routes!(ai::music_prompt))
        .merge(pictures)
        .routes(routes!(ai::audio))
        .routes(routes!(ai::voices))
        .routes(routes!(ai::known))
        .routes(routes!(characters::show, characters::delete))
        .routes(routes!(users::show))
        .routes(routes!(users::quota))
        .routes(routes!(users::limits))
        .routes(routes!(ledger::stats))
        .routes(routes!(ledger::logs))
        .routes(routes!(ledger::log))
        .routes(routes!(people::list, people::change))
        .routes(routes!(plans::list, plans::create))
        .routes(routes!(plans::put, plans::delete))
        .routes(routes!(keys::show, keys::put))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::revoke))
        .routes(routes!(auth::csrf))
        .routes(routes!(auth::session))
        .routes(routes!(auth::sign_in))
        .routes(routes!(auth::callback_google))
        .routes(routes!(auth::sign_out, auth::sign_out_page))
        .routes(routes!(auth::sign_in_page))
        .routes(routes!(auth::error_page))
        .routes(routes!(auth::providers))
        .routes(routes!(auth::redirect))
        .merge(uploads)
        .routes(routes!(health::health))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(health::api_health))
        .routes(routes!(docs::openapi_json))
}

/// The project, if it is there and the caller's own.
async fn own_project(app: &Signed, id: Uuid) -> Result<ProjectRecord, ApiError> {
    tracing::Span::current().record("project", tracing::field::display(id));
    let record = app.store.project(id).await?.ok_or(ApiError::NotFound("Project"))?;
    if record.project.question.is_some() {
        return Err(ApiError::NotFound("Project"));
    }
    own(app, record.project.owner)?;
    Ok(record)
}

/// The project of a scene, if both are there and the caller's own.
async fn own_project_of_scene(app: &Signed, scene: Uuid) -> Result<ProjectRecord, ApiError> {
    let project = app.store.project_of_scene(scene).await?.ok_or(ApiError::NotFound("Scene"))?;
    own_project(app, project).await
}

/// The characters that the project has chosen, in their order.
async fn characters_of(app: &Signed, record: &ProjectRecord) -> Result<Vec<CharacterRecord>, ApiError> {
    let project = &record.project;
    match project.settings.characters.as_slice() {
        [] => Ok(Vec::new()),
        chosen => Ok(app.store.characters_by_id(project.owner, project.id, chosen).await?),
    }
}

/// The characters that a client names: the caller's own, each once. `field` says where one of them is named.
async fn own_characters(
    app: &Signed,
    project: Uuid,
    ids: &[Uuid],
    field: impl Fn(usize) -> String,
) -> Result<Vec<CharacterRecord>, ApiError> {
    let mut problems = Problems::default();
    let found = app.store.characters_by_id(app.user.id, project, ids).await?;
    for (index, id) in ids.iter().enumerate() {
        if !found.iter().any(|record| record.character.id == *id) {
            problems.add(&field(index), format!("You have no character {id}; POST /api/characters makes one"));
        }
    }
    problems.into_result()?;
    Ok(found)
}

/// Refuses a folder that is not the caller's own.
async fn check_folder(app: &Signed, folder: Option<Uuid>) -> Result<(), ApiError> {
    match folder {
        Some(id) if app.store.folder(app.user.id, id).await?.is_none() => {
            Err(ApiError::field("folder_id", format!("You have no folder {id}; POST /api/folders makes one")))
        }
        _ => Ok(()),
    }
}

/// Refuses a show that is not the caller's own.
async fn check_show(app: &Signed, show: Option<Uuid>) -> Result<(), ApiError> {
    match show {
        Some(id) if app.store.show(app.user.id, id).await?.is_none() => {
            Err(ApiError::field("show_id", format!("You have no show {id}; POST /api/shows makes one")))
        }
        _ => Ok(()),
    }
}

/// Refuses what is somebody else's.
pub fn own(app: &Signed, owner: Uuid) -> Result<(), ApiError> {
    if owner == app.user.id { Ok(()) } else { Err(ApiError::plain(axum::http::StatusCode::FORBIDDEN, "Forbidden")) }
}
