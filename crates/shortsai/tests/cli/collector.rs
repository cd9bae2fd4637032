//! A collector of traces, as OpenTelemetry's protocol over HTTP wants one, that keeps what it is sent.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;
use tokio::runtime::Runtime;

/// A span as it was sent.
#[derive(Debug, Clone)]
pub struct Span {
    /// What the process calls itself.
    pub service: String,
    pub trace: String,
    pub id: String,
    /// Empty for the first one of a trace.
    pub parent: String,
    pub name: String,
    /// As in the protocol: 1 internal, 2 server, 3 client, 4 producer, 5 consumer.
    pub kind: i64,
    pub attributes: BTreeMap<String, String>,
    /// Whether it is marked as failed.
    pub failed: bool,
}

impl Span {
    #[track_caller]
    pub fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }
}

#[derive(Default)]
struct Kept {
    spans: Vec<Span>,
    /// All that came, as text.
    text: String,
    /// `Authorization` of the requests.
    keys: Vec<String>,
}

/// It listens until it is dropped.
pub struct Collector {
    /// What `OTEL_EXPORTER_OTLP_ENDPOINT` wants to be told.
    pub endpoint: String,
    kept: Arc<Mutex<Kept>>,
    _runtime: Runtime,
}

impl Collector {
    pub fn start() -> Self {
        let kept = Arc::new(Mutex::new(Kept::default()));
        let app = Router::new().route("/v1/traces", post(take)).with_state(kept.clone());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        runtime.spawn(async move { axum::serve(listener, app).await });
        Self { endpoint, kept, _runtime: runtime }
    }

    pub fn spans(&self) -> Vec<Span> {
        self.kept.lock().expect("nobody panicked").spans.clone()
    }

    /// All that was sent, as text.
    pub fn text(&self) -> String {
        self.kept.lock().expect("nobody panicked").text.clone()
    }

    /// `Authorization` of the requests.
    pub fn keys(&self) -> Vec<String> {
        self.kept.lock().expect("nobody panicked").keys.clone()
    }
}

async fn take(State(kept): State<Arc<Mutex<Kept>>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    if headers["content-type"] != "application/json" {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE;
    }
    let sent: Value = serde_json::from_slice(&body).expect("JSON");
    let mut kept = kept.lock().expect("nobody panicked");
    kept.keys.extend(headers.get("authorization").and_then(|value| value.to_str().ok()).map(str::to_owned));
    for resource in list(&sent["resourceSpans"]) {
        let service = attributes(&resource["resource"]["attributes"])["service.name"].clone();
        let scopes = list(&resource["scopeSpans"]);
        kept.spans.extend(scopes.iter().flat_map(|scope| list(&scope["spans"])).map(|span| of(&service, &span)));
    }
    kept.text.push_str(&sent.to_string());
    StatusCode::OK
}

fn of(service: &str, span: &Value) -> Span {
    let text = |name: &str| span[name].as_str().unwrap_or_default().to_owned();
    let time = |name: &str| text(name).parse::<u64>().unwrap_or_else(|_| panic!("{name} in {span}"));
    assert!(
        time("startTimeUnixNano") > 1_600_000_000_000_000_000 && time("endTimeUnixNano") >= time("startTimeUnixNano"),
        "{span}"
    );
    let id = |name: &str, length: usize| {
        let id = text(name);
        assert!(id.len() == length && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name} in {span}");
        id
    };
    Span {
        service: service.to_owned(),
        trace: id("traceId", 32),
        id: id("spanId", 16),
        parent: text("parentSpanId"),
        name: text("name"),
        kind: span["kind"].as_i64().expect("a kind"),
        attributes: attributes(&span["attributes"]),
        failed: span["status"]["code"] == 2,
    }
}

fn attributes(sent: &Value) -> BTreeMap<String, String> {
    let pair = |entry: &Value| {
        let value = entry["value"].as_object().and_then(|value| value.values().next()).expect("a value");
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        (entry["key"].as_str().expect("a key").to_owned(), value)
    };
    list(sent).iter().map(pair).collect()
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}
