//! What is told of a span: its name, kind and attributes as OpenTelemetry's conventions have them. Only what is listed here is
//! told, so that no prompt, no text of a user and no secret can come along.

use std::borrow::Cow;

use opentelemetry::trace::{SpanKind, Status};
use opentelemetry::{Key, KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;

/// Our fields, and what they are called outside.
const TOLD: [(&str, &str); 22] = [
    ("attempt", "attempt"),
    ("cached", "cached"),
    ("count", "count"),
    ("first", "first"),
    ("id", "job"),
    ("job", "job"),
    ("kind", "kind"),
    ("method", "http.request.method"),
    ("model", "model"),
    ("outcome", "outcome"),
    ("project", "project"),
    ("request_id", "request_id"),
    ("route", "http.route"),
    ("scene", "scene"),
    ("scenes", "scenes"),
    ("seconds", "seconds"),
    ("segments", "segments"),
    ("status", "http.response.status_code"),
    ("task", "task"),
    ("user", "user"),
    ("vendor", "vendor"),
    ("worker", "worker"),
];
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// The span as it is told.
pub fn told(mut span: SpanData) -> SpanData {
    let text = |name: &str| span.attributes.iter().find(|field| field.key.as_str() == name).map(|field| field.value.to_string());
    let outcome = text("outcome").unwrap_or_default();
    let (kind, name, failed): (_, Cow<'static, str>, _) = match &*span.name {
        "request" => {
            // Clients can make up methods, but not as many names.
            let method = text("method").filter(|method| METHODS.contains(&method.as_str())).unwrap_or("HTTP".to_owned());
            let route = text("route").filter(|route| route != "none").map(|route| format!(" {route}")).unwrap_or_default();
            (SpanKind::Server, format!("{method}{route}").into(), text("status").is_some_and(|status| status.starts_with('5')))
        }
        "task" => (SpanKind::Consumer, format!("task {}", text("kind").unwrap_or_default()).into(), outcome == "failed"),
        "call" | "wait" => (SpanKind::Client, span.name.clone(), !["done", ""].contains(&outcome.as_str())),
        "dispatch" => (SpanKind::Client, span.name.clone(), ["lost", "failed"].contains(&outcome.as_str())),
        "job" => (SpanKind::Server, span.name.clone(), outcome == "failed"),
        _ => (SpanKind::Internal, span.name.clone(), false),
    };
    (span.span_kind, span.name) = (kind, name);
    if failed {
        span.status = Status::error(outcome);
    }
    span.attributes = std::mem::take(&mut span.attributes).into_iter().filter_map(attribute).collect();
    span
}

fn attribute(KeyValue { key, value, .. }: KeyValue) -> Option<KeyValue> {
    let (_, outside) = TOLD.into_iter().find(|(ours, _)| *ours == key.as_str())?;
    let value = match outside {
        "http.request.method" if !METHODS.contains(&&*value.as_str()) => Value::from("_OTHER"),
        "http.route" if value.as_str() == "none" => return None,
        _ => value,
    };
    Some(KeyValue::new(Key::from_static_str(outside), value))
}
