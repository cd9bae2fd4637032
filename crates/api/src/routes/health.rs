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
