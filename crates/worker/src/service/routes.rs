//! The routes of a worker.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use model::trace::TraceParent;
use reqwest::Url;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::job::{Job, Refused, Taken};
use super::{Order, Service, answer, measures};
use crate::wire::{Health, News, RenderRequest, TRACE_PARENT};

/// The largest request: a storyboard of 500 scenes with all its words.
const MOST_BYTES: usize = 8 << 20;
/// When a worker that is full, or is being stopped, should be asked again, in seconds.
const AGAIN: u64 = 5;
/// The longest id.
const ID: usize = 200;

pub(super) fn router(service: Service) -> Router {
    Router::new()
        .route("/render", post(render))
        .route("/render/{id}", get(state).delete(cancel))
        .route("/health", get(health))
        .route("/health/live", get(health))
        .route("/health/ready", get(ready))
        .fallback(|| async { refuse(StatusCode::NOT_FOUND, "There is nothing here; POST /render takes jobs.") })
        .method_not_allowed_fallback(|| async {
            refuse(StatusCode::METHOD_NOT_ALLOWED, "This address does not take that method.")
        })
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .with_state(service)
}

async fn health(State(service): State<Service>) -> Json<Health> {
    let settings = &service.0.settings;
    Json(Health { status: "ok".to_owned(), version: Some(settings.version.to_owned()), jobs: Some(settings.jobs_at_once) })
}

async fn ready(State(service): State<Service>) -> Result<Json<Value>, Refusal> {
    match service.0.jobs.has_room() {
        true => Ok(Json(json!({ "status": "ok", "running": service.0.jobs.running() }))),
        false => Err(refuse(StatusCode::SERVICE_UNAVAILABLE, "This worker takes no jobs just now.")),
    }
}

async fn render(
    State(service): State<Service>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    let unread = |error: BytesRejection| refuse(error.status(), format!("The request can't be read: {}", error.body_text()));
    let body = body.map_err(unread)?;
    let read: Result<RenderRequest, _> = serde_json::from_slice(&body);
    // Older callers prove the secret by the token that they want to be called with.
    service.knows(&headers, read.as_ref().ok().and_then(|request| request.webhook_token.as_deref()))?;
    let request = read.map_err(|error| unfit(format!("The request does not fit: {error}")))?;
    let caller = headers.get(TRACE_PARENT).and_then(|span| span.to_str().ok()?.parse().ok());
    Ok(answer::answer(take(&service, request, caller)?, &headers))
}

fn unfit(error: String) -> Refusal {
    refuse(StatusCode::UNPROCESSABLE_ENTITY, error)
}

fn take(service: &Service, request: RenderRequest, caller: Option<TraceParent>) -> Result<Arc<Job>, Refusal> {
    if request.id.is_empty() || request.id.len() > ID {
        return Err(unfit(format!("id: give 1 to {ID} characters")));
    }
    let webhook = webhook(&request).map_err(unfit)?;
    let storyboard = request.storyboard().map_err(|error| unfit(error.to_string()))?;
    match service.0.jobs.take(&request) {
        Ok(Taken::Known(job)) => Ok(job),
        Ok(Taken::New(job)) => {
            service.begin(job.clone(), Order { request, storyboard, webhook }, caller);
            Ok(job)
        }
        Err(Refused::Busy) => {
            measures::refused("busy");
            let error = format!("This worker has enough to do; ask again in {AGAIN} seconds, or ask another one.");
            Err(refuse(StatusCode::TOO_MANY_REQUESTS, error))
        }
        Err(Refused::Stopping) => {
            measures::refused("stopping");
            Err(refuse(StatusCode::SERVICE_UNAVAILABLE, "This worker is being stopped; ask another one."))
        }
        Err(Refused::Other) => {
            Err(refuse(StatusCode::CONFLICT, "A job with this id has another payload; give this one an id of its own."))
        }
    }
}

/// Whom to tell. Callers have proved that they know the secret; still nobody is sent where a cloud keeps its credentials.
fn webhook(request: &RenderRequest) -> Result<Option<Url>, String> {
    let Some(text) = request.webhook_url.as_deref().filter(|text| !text.is_empty()) else { return Ok(None) };
    let url = Url::parse(text).map_err(|error| format!("webhook_url: {error}"))?;
    let link_local = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_link_local(),
        Some(url::Host::Ipv6(address)) => address.is_unicast_link_local(),
        Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("metadata.google.internal"),
        None => true,
    };
    if !["http", "https"].contains(&url.scheme()) || link_local {
        return Err("webhook_url: give an address that begins with https:// or http:// and is not a machine's own".to_owned());
    }
    Ok(Some(url))
}

async fn state(State(service): State<Service>, headers: HeaderMap, Path(id): Path<String>) -> Result<Json<News>, Refusal> {
    let news = service.job(&headers, &id)?.news.borrow().clone();
    Ok(Json(news))
}

async fn cancel(State(service): State<Service>, headers: HeaderMap, Path(id): Path<String>) -> Result<Json<News>, Refusal> {
    let job = service.job(&headers, &id)?;
    job.cancel.cancel();
    let mut news = job.news.subscribe();
    // It ends within half a second, unless it has ended before.
    let last = news.wait_for(News::is_final).await.map(|news| news.clone()).unwrap_or(News::Cancelled);
    Ok(Json(last))
}

impl Service {
    /// The job of a caller who knows the secret.
    fn job(&self, headers: &HeaderMap, id: &str) -> Result<Arc<Job>, Refusal> {
        self.knows(headers, None)?;
        self.0.jobs.find(id).ok_or_else(|| refuse(StatusCode::NOT_FOUND, "Job not found"))
    }

    /// Whether a caller knows the secret. A proxy in front, such as Cloud Run's, may want `Authorization` for itself.
    fn knows(&self, headers: &HeaderMap, token: Option<&str>) -> Result<(), Refusal> {
        let given = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let bearer = given(header::AUTHORIZATION);
        let bearer = bearer.split_at_checked("Bearer ".len()).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer "));
        let offered = [bearer.map(|(_, token)| token), Some(given(HeaderName::from_static("x-worker-secret"))), token];
        let secret = self.0.settings.secret.expose_secret();
        // All are compared, so that the time tells nothing about any.
        match offered.into_iter().flatten().fold(false, |known, offered| known | same(offered, secret)) {
            true => Ok(()),
            false => Err(refuse(StatusCode::UNAUTHORIZED, "Unauthorized")),
        }
    }
}

fn same(one: &str, other: &str) -> bool {
    // Hashes, so that the time does not tell how long the secret is either.
    Sha256::digest(one).ct_eq(&Sha256::digest(other)).into()
}

/// Why a request is not answered as it would like to be.
struct Refusal(StatusCode, String);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(status, error) = self;
        let later = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE].contains(&status);
        let again = later.then_some([(header::RETRY_AFTER, AGAIN)]);
        (status, again, Json(json!({ "error": error }))).into_response()
    }
}

fn refuse(status: StatusCode, error: impl Into<String>) -> Refusal {
    Refusal(status, error.into())
}
