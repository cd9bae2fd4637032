//! Traces for OpenTelemetry (docs/monitoring.md), where the usual variables name a collector; otherwise nothing of it is there.
//!
//! The crates below only make spans with `tracing` and hand a [`TraceParent`] on; what is told of a span is in `spans`.

mod otlp;
mod settings;
mod spans;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use model::trace::{Propagation, TraceParent};
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use tokio::runtime::{Handle, Runtime};
use tracing::Span;
use tracing_opentelemetry::{OpenTelemetrySpanExt, get_otel_context};
use tracing_subscriber::filter::{FilterExt, LevelFilter, Targets, filter_fn};
use tracing_subscriber::{Layer, Registry};

use self::settings::Settings;
use crate::environment::variable;

/// How traces go on in this program.
pub const PROPAGATION: Propagation = Propagation { current, follow };

/// The collector may take so long to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// At the end, what is not told yet may take so long.
const LAST: Duration = Duration::from_secs(3);
/// The same when the collector did not answer the last time.
const LAST_TRY: Duration = Duration::from_millis(300);

/// Traces what is done, and tells a collector if one is named.
pub struct Traces {
    provider: SdkTracerProvider,
    away: Arc<AtomicBool>,
    /// Of the collector.
    runtime: Option<Runtime>,
}

impl Traces {
    /// Told as that service, if a collector is named.
    ///
    /// # Errors
    /// When a variable says what can't be.
    pub fn configured(service: &'static str) -> anyhow::Result<Option<Self>> {
        let Some(settings) = Settings::read(variable)? else { return Ok(None) };
        // A runtime of its own: commands make theirs later, and their work must not wait for a collector.
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).thread_name("traces").enable_all().build();
        let runtime = runtime.context("the runtime for traces can't be started")?;
        // Somebody else may have installed it before: all use the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).build();
        let client = client.context("the client for traces can't be made")?;
        let (away, resource) = (Arc::new(AtomicBool::new(false)), resource(service));
        let exporter =
            Exporter { client, settings, runtime: runtime.handle().clone(), resource: resource.clone(), away: away.clone() };
        let provider = SdkTracerProvider::builder().with_resource(resource).with_batch_exporter(exporter).build();
        Ok(Some(Self { provider, away, runtime: Some(runtime) }))
    }

    /// Told to nobody: only for the log, which names the trace in each line, so that a task is found by the request that has
    /// caused it.
    pub fn for_the_log() -> Self {
        // Sampled as usual: another process may have a collector and goes by what this one hands on.
        let provider = SdkTracerProvider::builder().build();
        Self { provider, away: Arc::new(AtomicBool::new(false)), runtime: None }
    }

    /// What makes traces of spans: those of our crates, and nothing of what is logged in them.
    pub fn layer(&self) -> impl Layer<Registry> + use<> {
        let ours = ["shortsai", "api", "engine", "worker", "render"].map(|target| (target, LevelFilter::INFO));
        let filter = Targets::new().with_targets(ours).and(filter_fn(|metadata| metadata.is_span()));
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("shortsai"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            // Otherwise a span would have begun when it is entered, too early for `follow`.
            .with_context_activation(false)
            .with_filter(filter)
    }

    /// Tells what is not told yet.
    pub fn end(self) {
        let patience = if self.away.load(Ordering::Relaxed) { LAST_TRY } else { LAST };
        // Whoever takes connections and says nothing may not have been noticed yet.
        if self.provider.shutdown_with_timeout(patience).is_err() && !self.away.swap(true, Ordering::Relaxed) {
            tracing::warn!("the collector has not taken the last traces");
        }
        if let Some(runtime) = self.runtime {
            runtime.shutdown_background();
        }
    }
}

/// Who tells: `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` come before what we say of ourselves.
fn resource(service: &'static str) -> Resource {
    let given = Resource::builder().build();
    let name = given.get(&"service.name".into()).filter(|name| !name.as_str().starts_with("unknown_service"));
    let name = name.unwrap_or_else(|| service.into());
    Resource::builder()
        .with_service_name(name)
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build()
}

fn current() -> Option<TraceParent> {
    told(Span::current().context().span().span_context())
}

fn told(span: &SpanContext) -> Option<TraceParent> {
    let parent = TraceParent {
        trace: u128::from_be_bytes(span.trace_id().to_bytes()),
        span: u64::from_be_bytes(span.span_id().to_bytes()),
        flags: span.trace_flags().to_u8(),
    };
    span.is_valid().then_some(parent)
}

fn follow(parent: TraceParent) {
    let (trace, span) = (TraceId::from(parent.trace), SpanId::from(parent.span));
    let remote = SpanContext::new(trace, span, TraceFlags::new(parent.flags), true, TraceState::default());
    // Without a collector there is no such span, which is as good.
    let _ = Span::current().set_parent(Context::new().with_remote_span_context(remote));
}

/// The trace that a span belongs to, for the log.
pub fn trace_of(span: &tracing::span::Id) -> Option<TraceId> {
    let context = tracing::dispatcher::get_default(|dispatch| get_otel_context(span, dispatch))?;
    let trace = context.span().span_context().trace_id();
    (trace != TraceId::INVALID).then_some(trace)
}

/// Tells the collector, and says once when it is away and once when it is back.
#[derive(Debug)]
struct Exporter {
    client: reqwest::Client,
    settings: Settings,
    /// Whoever calls has none.
    runtime: Handle,
    resource: Resource,
    away: Arc<AtomicBool>,
}

impl Exporter {
    async fn send(&self, batch: Vec<SpanData>) -> Result<(), String> {
        let spans: Vec<SpanData> = batch.into_iter().map(spans::told).collect();
        let request = self.client.post(self.settings.endpoint.clone()).headers(self.settings.headers.clone());
        let request = request.json(&otlp::body(&self.resource, &spans));
        let sent = self.runtime.spawn(async move { request.send().await }).await.map_err(|error| error.to_string())?;
        let answer = sent.map_err(|error| if error.is_timeout() { "it does not answer" } else { "it can't be reached" })?;
        if answer.status().is_success() { Ok(()) } else { Err(format!("it answers {}", answer.status())) }
    }
}

impl SpanExporter for Exporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let sent = self.send(batch).await;
        match (&sent, self.away.swap(sent.is_err(), Ordering::Relaxed)) {
            (Err(reason), false) => tracing::warn!(reason, "the collector takes no traces; until it does they are lost"),
            (Ok(()), true) => tracing::info!("the collector takes traces again"),
            _ => {}
        }
        // What could not be told is not told later: the next spans are.
        sent.map_err(OTelSdkError::InternalFailure)
    }
}
