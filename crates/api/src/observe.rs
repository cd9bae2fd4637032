//! Around every request: an id, its line in the log, what is counted, panics turned into answers, and the headers that every
//! answer has.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use metrics::{counter, histogram};
use model::trace::TraceParent;
use serde_json::json;
use tracing::field::Empty;
use tracing::{Instrument, error_span};

use crate::AppState;
use crate::error::Trouble;
use crate::serve::Peer;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");
/// Longer ids from clients are replaced by our own.
const LONGEST_ID: usize = 64;

/// The middleware.
pub async fn watch_over(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let id = given_id(request.headers()).unwrap_or_else(|| (app.new_id)().to_string());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    // Who asks is put in where that is found out (`signed`).
    // Of the highest level, so that whatever is logged in it says of what it speaks.
    let span = error_span!("request", request_id = %id, %method, route, user = Empty, project = Empty, status = Empty);
    if let Some(parent) = parent(&app, &request) {
        span.in_scope(|| (app.propagation.follow)(parent));
    }
    let began = Instant::now();
    let mut response = match AssertUnwindSafe(next.run(request)).catch_unwind().instrument(span.clone()).await {
        Ok(response) => response,
        Err(panic) => {
            let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
            response.extensions_mut().insert(Trouble(format!("panicked: {}", words(panic.as_ref()))));
            response
        }
    };
    if let Some(Trouble(reason)) = response.extensions_mut().remove::<Trouble>() {
        span.in_scope(|| tracing::error!(request_id = %id, %method, path, reason, "a request failed"));
        let body = json!({ "error": "Internal Server Error", "details": { "requestId": id } });
        response = (response.status(), Json(body)).into_response();
    }
    count(&method, route, response.status(), began.elapsed());
    span.in_scope(|| {
        let (status, ms) = (response.status().as_u16(), began.elapsed().as_millis() as u64);
        tracing::info!(target: "access", status, ms, "answered");
    });
    span.record("status", response.status().as_u16());
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

/// Clients can make up methods, but not as many numbers.
fn count(method: &Method, route: &str, status: StatusCode, took: Duration) {
    let method = match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    };
    let (route, status) = (route.to_owned(), status.as_str().to_owned());
    counter!("shortsai_http_requests_total", "method" => method, "route" => route.clone(), "status" => status).increment(1);
    histogram!("shortsai_http_request_duration_seconds", "method" => method, "route" => route).record(took);
}

/// The client's own id, if it can stand in a log as it is.
fn given_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    (plain && (1..=LONGEST_ID).contains(&id.len())).then(|| id.to_owned())
}

/// The span that the request belongs to. Anybody can send that header and so have everything traced, so it is read only from
/// proxies that are trusted in other things too.
fn parent(app: &AppState, request: &Request) -> Option<TraceParent> {
    let peer = request.extensions().get::<Peer>().filter(|Peer(peer)| app.proxies.trust(*peer));
    peer.and_then(|_| request.headers().get(TRACE_PARENT)?.to_str().ok()?.parse().ok())
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without words")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_ids_are_taken_over() {
        let check = |id: &str, taken: bool| {
            let headers = HeaderMap::from_iter([(REQUEST_ID, HeaderValue::from_str(id).expect("a header value"))]);
            assert_eq!(given_id(&headers).is_some(), taken, "{id}");
        };
        check("abc-1_2.3", true);
        check("", false);
        check("a b", false);
        check("{\"a\":1}", false);
        check(&"a".repeat(64), true);
        check(&"a".repeat(65), false);
    }
}
