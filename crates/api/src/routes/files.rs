//! Objects by signed addresses: whoever has one may read or bring that one object for a while, without being anybody here.
//! They are made by `assets` for workers elsewhere, and are no part of the API that clients use.

use assets::LinkTo;
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures::TryStreamExt;
use serde::Deserialize;
use tokio_util::io::StreamReader;

use super::assets::serve;
use crate::error::ApiError;
use crate::extract::Asked;
use crate::{AppState, SIGNED_LIMIT};

/// The routes.
pub fn signed() -> Router<AppState> {
    Router::new().route("/files/{*key}", get(read).put(bring))
}

/// What a signed address says besides the key.
#[derive(Deserialize)]
struct Signature {
    expires: Option<i64>,
    signature: Option<String>,
}

fn check(app: &AppState, to: LinkTo, key: &str, signature: &Signature) -> Result<(), ApiError> {
    let Signature { expires, signature } = signature;
    let (expires, signature) = (expires.unwrap_or_default(), signature.as_deref().unwrap_or_default());
    match app.assets.check_link(to, key, expires, signature, (app.clock)()) {
        true => Ok(()),
        false => Err(ApiError::plain(StatusCode::FORBIDDEN, "This address was not signed here, or its time is over.")),
    }
}

async fn read(
    State(app): State<AppState>,
    Path(key): Path<String>,
    Asked(signature): Asked<Signature>,
    asked: HeaderMap,
) -> Result<Response, ApiError> {
    check(&app, LinkTo::Get, &key, &signature)?;
    serve(&app, &key, &asked, None).await
}

async fn bring(
    State(app): State<AppState>,
    Path(key): Path<String>,
    Asked(signature): Asked<Signature>,
    request: Request,
) -> Result<Response, ApiError> {
    check(&app, LinkTo::Put, &key, &signature)?;
    let body = request.into_body().into_data_stream().map_err(std::io::Error::other);
    app.assets.receive(&key, &mut StreamReader::new(body), SIGNED_LIMIT).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
