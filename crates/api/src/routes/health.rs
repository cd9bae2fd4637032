//! Whether the server works.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::AppState;

/// The server's health.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// `ok`, or `error` when the database does not answer.
    #[schema(example = "ok")]
    status: &'static str,
    /// The program's version.
    #[schema(example = "0.1.0")]
    version: &'static str,
}

/// Show whether the server works
///
/// For load balancers and the like.
#[utoipa::path(
    get, path = "/health", tag = "Server", operation_id = "health", security(()),
    responses(
        (status = 200, description = "It works.", body = Health),
        (status = 503, description = "The database does not answer.", body = Health),
    ),
)]
pub async fn health(State(app): State<AppState>) -> Response {
    let (code, status) = match app.store.ping().await {
        Ok(()) => (StatusCode::OK, "ok"),
        Err(error) => {
            tracing::error!(%error, "the database does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "error")
        }
    };
    (code, Json(Health { status, version: app.version })).into_response()
}

/// Whether one thing works.
#[derive(Serialize, ToSchema)]
pub struct Check {
    /// `ok` or `error`; `degraded` for a queue that stands still.
    #[schema(example = "ok")]
    status: &'static str,
}

/// What works.
#[derive(Serialize, ToSchema)]
pub struct Checks {
    /// The database answers.
    database: Check,
    /// The object store answers.
    objects: Check,
    /// Tasks that can be begun are begun.
    queue: Check,
}

/// Whether requests can be served.
#[derive(Serialize, ToSchema)]
pub struct Readiness {
    /// `ok`; `degraded` when the queue stands still; `error` when the database or the object store does not answer.
    #[schema(example = "ok")]
    status: &'static str,
    /// Each of them.
    checks: Checks,
}

/// Show whether the process answers
///
/// For whoever starts it again when it does not. It asks nobody.
#[utoipa::path(
    get, path = "/health/live", tag = "Server", operation_id = "live", security(()),
    responses((status = 200, description = "It does.", body = Health)),
)]
pub async fn live(State(app): State<AppState>) -> Json<Health> {
    Json(Health { status: "ok", version: app.version })
}

/// Show whether requests can be served
///
/// For load balancers: the database and the object store answer. A queue that stands still is told, but requests are served.
#[utoipa::path(
    get, path = "/health/ready", tag = "Server", operation_id = "ready", security(()),
    responses(
        (status = 200, description = "They can.", body = Readiness),
        (status = 503, description = "The database or the object store does not answer.", body = Readiness),
    ),
)]
pub async fn ready(State(app): State<AppState>) -> Response {
    let ready = app.memory.readiness.look(&app).await;
    let check = |works: bool, otherwise| Check { status: if works { "ok" } else { otherwise } };
    let checks = Checks {
        database: check(ready.database, "error"),
        objects: check(ready.objects, "error"),
        queue: check(ready.queue, "degraded"),
    };
    let (code, status) = match (ready.database && ready.objects, ready.queue) {
        (false, _) => (StatusCode::SERVICE_UNAVAILABLE, "error"),
        (true, false) => (StatusCode::OK, "degraded"),
        (true, true) => (StatusCode::OK, "ok"),
    };
    (code, Json(Readiness { status, checks })).into_response()
}

/// Show whether the server works (the same under `/api`)
///
/// For clients that only reach `/api`.
#[utoipa::path(
    get, path = "/api/health", tag = "Server", operation_id = "apiHealth", security(()),
    responses(
        (status = 200, description = "It works.", body = Health),
        (status = 503, description = "The database does not answer.", body = Health),
    ),
)]
pub async fn api_health(state: State<AppState>) -> Response {
    health(state).await
}
