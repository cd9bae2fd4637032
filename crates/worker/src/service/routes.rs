//! The routes of a worker.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use reqwest::Url;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Service;
use super::answer;
use super::job::{Refused, Taken};
use crate::wire::{Health, News, RenderRequest};

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

async fn ready(State(service): State<Service>) -> Response {
    match service.0.jobs.has_room() {
        true => Json(json!({ "status": "ok", "running": service.0.jobs.running() })).into_response(),
        false => later("This worker takes no jobs just now."),
    }
}

async fn render(State(service): State<Service>, headers: HeaderMap, body: Result<Bytes, BytesRejection>) -> Response {
    let body = match body {
        Ok(body) => body,
        Err(rejected) => return refuse(rejected.status(), &format!("The request can't be read: {}", rejected.body_text())),
    };
    let read: Result<RenderRequest, _> = serde_json::from_slice(&body);
    // Older callers prove the secret by the token that they want to be called with.
    let proof = read.as_ref().ok().and_then(|request| request.webhook_token.as_deref());
    if !service.knows(&headers, proof) {
        return refuse(StatusCode::UNAUTHORIZED, "Unauthorized");
    }
    let request = match read {
        Ok(request) => request,
        Err(error) => return refuse(StatusCode::UNPROCESSABLE_ENTITY, &format!("The request does not fit: {error}")),
    };
    match take(&service, request) {
        Ok(job) => answer::answer(job, &headers),
        Err(refusal) => refusal,
    }
}

fn take(service: &Service, request: RenderRequest) -> Result<std::sync::Arc<super::Job>, Response> {
    let unfit = |sentence: String| refuse(StatusCode::UNPROCESSABLE_ENTITY, &sentence);
    if request.id.is_empty() || request.id.len() > ID {
        return Err(unfit(format!("id: give 1 to {ID} characters")));
    }
    let webhook = webhook(&request).map_err(unfit)?;
    let storyboard = request.storyboard().map_err(|error| unfit(error.to_string()))?;
    match service.0.jobs.take(&request) {
        Ok(Taken::Known(job)) => Ok(job),
        Ok(Taken::New(job)) => {
            service.begin(job.clone(), request, storyboard, webhook);
            Ok(job)
        }
        Err(Refused::Busy) => {
            Err(full(&format!("This worker has enough to do; ask again in {AGAIN} seconds, or ask another one.")))
        }
        Err(Refused::Stopping) => Err(later("This worker is being stopped; ask another one.")),
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

async fn state(State(service): State<Service>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    if !service.knows(&headers, None) {
        return refuse(StatusCode::UNAUTHORIZED, "Unauthorized");
    }
    match service.0.jobs.find(&id) {
        Some(job) => Json(job.news.borrow().clone()).into_response(),
        None => refuse(StatusCode::NOT_FOUND, "Job not found"),
    }
}

async fn cancel(State(service): State<Service>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    if !service.knows(&headers, None) {
        return refuse(StatusCode::UNAUTHORIZED, "Unauthorized");
    }
    let Some(job) = service.0.jobs.find(&id) else { return refuse(StatusCode::NOT_FOUND, "Job not found") };
    job.cancel.cancel();
    let mut news = job.news.subscribe();
    // It ends within half a second, unless it has ended before.
    let last = news.wait_for(News::is_final).await.map(|news| news.clone()).unwrap_or(News::Cancelled);
    Json(last).into_response()
}

impl Service {
    /// Whether a caller knows the secret. A proxy in front, such as Cloud Run's, may want `Authorization` for itself.
    fn knows(&self, headers: &HeaderMap, token: Option<&str>) -> bool {
        let given = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let bearer = given(header::AUTHORIZATION);
        let bearer = bearer.split_at_checked("Bearer ".len()).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer "));
        let offered = [bearer.map(|(_, token)| token), Some(given(HeaderName::from_static("x-worker-secret"))), token];
        let secret = self.0.settings.secret.expose_secret();
        // All are compared, so that the time tells nothing about any.
        offered.into_iter().flatten().fold(false, |known, offered| known | same(offered, secret))
    }
}

fn same(one: &str, other: &str) -> bool {
    let (one, other) = (Sha256::digest(one), Sha256::digest(other));
    let difference = one.iter().zip(other.iter()).fold(0, |difference, (one, other)| difference | (one ^ other));
    std::hint::black_box(difference) == 0
}

fn refuse(status: StatusCode, error: &str) -> Response {
    let body: Value = json!({ "error": error });
    (status, Json(body)).into_response()
}

fn full(error: &str) -> Response {
    ([(header::RETRY_AFTER, AGAIN)], refuse(StatusCode::TOO_MANY_REQUESTS, error)).into_response()
}

fn later(error: &str) -> Response {
    ([(header::RETRY_AFTER, AGAIN)], refuse(StatusCode::SERVICE_UNAVAILABLE, error)).into_response()
}
