//! What Prometheus reads: a listener of its own, beside the API's, so that numbers are never public by accident. What happens is
//! counted where it happens; how things stand is asked for when somebody reads.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::{DateTime, Utc};
use metrics::{describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use sha2::{Digest, Sha256};
use store::{Store, StoreError};
use subtle::ConstantTimeEq;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::backup::schedule;
use crate::disk;
use crate::environment::{SHORTSAI_METRICS_TOKEN, Variable, variable};
use crate::fail::Unusable;
use crate::wiring::{House, now};

/// The variable with the token that readers must know.
const TOKEN: Variable = SHORTSAI_METRICS_TOKEN;
/// The database may take so long to answer one reading.
const PATIENCE: Duration = Duration::from_secs(5);
/// Upper bounds of durations, in seconds: from a cached answer to a long render.
const SECONDS: [f64; 14] = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0];
/// Upper bounds of seconds of video that are rendered in a second.
const SPEED: [f64; 8] = [0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0];

/// How a metric moves.
#[derive(Clone, Copy)]
enum Form {
    Counter,
    Gauge,
    Histogram,
}

/// All that is told, with its words.
const ALL: [(Form, &str, &str); 22] = [
    (Form::Counter, "shortsai_http_requests_total", "Requests that were answered, by route"),
    (Form::Histogram, "shortsai_http_request_duration_seconds", "Seconds until a request's answer began"),
    (Form::Gauge, "shortsai_event_streams", "Streams of live events that are open in this process"),
    (Form::Counter, "shortsai_tasks_total", "Attempts at tasks that ended in this process, by how"),
    (Form::Histogram, "shortsai_task_duration_seconds", "Seconds that attempts at tasks took"),
    (Form::Counter, "shortsai_vendor_calls_total", "Calls of vendors (and of what makes things on this machine), by outcome"),
    (Form::Histogram, "shortsai_vendor_call_duration_seconds", "Seconds that vendors took"),
    (Form::Counter, "shortsai_leases_lost_total", "Running tasks that were lost to others or wanted no more"),
    (Form::Counter, "shortsai_reused_total", "Requests for which something was there already"),
    (Form::Histogram, "shortsai_render_speed_ratio", "Seconds of video for each second of rendering"),
    (Form::Counter, "shortsai_render_segments_total", "Parts of videos that renders needed, by where they came from"),
    (Form::Gauge, "shortsai_worker_jobs", "Jobs of this render worker: waiting, running"),
    (Form::Counter, "shortsai_worker_jobs_total", "Jobs of this render worker that ended, by how"),
    (Form::Counter, "shortsai_worker_refused_total", "Jobs that this render worker did not take, by why"),
    (Form::Counter, "shortsai_worker_callbacks_lost_total", "Ends of jobs whose receiver did not take them, by what follows"),
    (Form::Gauge, "shortsai_queue_tasks", "Open tasks: waiting (could begin), later (not yet), running"),
    (Form::Gauge, "shortsai_queue_oldest_waiting_seconds", "Seconds for which the oldest task that could begin has waited"),
    (Form::Gauge, "shortsai_spend_usd", "Estimated spend of all users in this day or month (UTC)"),
    (Form::Gauge, "shortsai_backup_last_success_timestamp_seconds", "When the last backup was taken (Unix time), 0 for never"),
    (Form::Gauge, "shortsai_data_free_bytes", "Free bytes on the disk of the data folder"),
    (Form::Gauge, "shortsai_database_up", "Whether the database answered this reading"),
    (Form::Gauge, "shortsai_build_info", "The program's version"),
];

/// Where things stand is read from these.
#[derive(Clone)]
pub struct Sources {
    /// A render worker has none.
    pub store: Option<Store>,
    pub data: PathBuf,
}

impl Sources {
    /// Of a process that has a database.
    pub fn of(house: &House) -> Self {
        Self { store: Some(house.store.clone()), data: house.folder().to_owned() }
    }
}

/// What answers readers.
struct Desk {
    handle: PrometheusHandle,
    sources: Sources,
    token: Option<String>,
    /// Readers wait for each other, so that many cost the database no more than one.
    turn: Mutex<()>,
}

/// Where an address is named: counts from now on, and answers there until it is stopped.
pub async fn serve(address: Option<SocketAddr>, sources: Sources, stop: CancellationToken) -> anyhow::Result<Option<SocketAddr>> {
    let Some(address) = address else { return Ok(None) };
    let token = token(address, variable(TOKEN))?;
    let handle = count()?;
    let listener = TcpListener::bind(address).await;
    let listener =
        listener.with_context(|| format!("can't listen on {address} for --metrics; is another server running there?"))?;
    let address = listener.local_addr().context("the listening address")?;
    let desk = Arc::new(Desk { handle, sources, token, turn: Mutex::default() });
    let app = Router::new().route("/metrics", get(read)).with_state(desk);
    tokio::spawn(async move {
        let served = axum::serve(listener, app).with_graceful_shutdown(stop.cancelled_owned()).await;
        if let Err(error) = served {
            tracing::error!(%error, "metrics can't be read any more");
        }
    });
    Ok(Some(address))
}

/// What readers at that address must know.
pub fn token(address: SocketAddr, token: Option<String>) -> anyhow::Result<Option<String>> {
    if token.is_none() && !address.ip().is_loopback() {
        let wrong = format!("--metrics {address} can be reached by others; set {TOKEN}, or use 127.0.0.1");
        return Err(Unusable(wrong).into());
    }
    Ok(token)
}

/// Starts counting in this process.
fn count() -> anyhow::Result<PrometheusHandle> {
    let recorder = PrometheusBuilder::new()
        .set_buckets(&SECONDS)
        .and_then(|builder| builder.set_buckets_for_metric(Matcher::Full("shortsai_render_speed_ratio".to_owned()), &SPEED))
        .context("the buckets of histograms")?
        .build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|_| anyhow!("this process counts already"))?;
    describe();
    gauge!("shortsai_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(handle)
}

fn describe() {
    for (form, name, words) in ALL {
        match form {
            Form::Counter => describe_counter!(name, words),
            Form::Gauge => describe_gauge!(name, words),
            Form::Histogram => describe_histogram!(name, words),
        }
    }
}

async fn read(State(desk): State<Arc<Desk>>, headers: HeaderMap) -> Response {
    if !knows(&headers, desk.token.as_deref()) {
        return (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer")], "the token is missing or wrong\n")
            .into_response();
    }
    let _turn = desk.turn.lock().await;
    if let Some(space) = disk::space(&desk.sources.data) {
        gauge!("shortsai_data_free_bytes").set(space.free as f64);
    }
    if let Some(store) = &desk.sources.store {
        let up = match tokio::time::timeout(PATIENCE, look(store, now())).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::warn!(%error, "a part of the metrics can't be read");
                false
            }
            Err(_) => false,
        };
        gauge!("shortsai_database_up").set(if up { 1.0 } else { 0.0 });
    }
    desk.handle.run_upkeep();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], desk.handle.render()).into_response()
}

/// Hashes are compared, so that how long it takes says nothing of the token.
fn knows(headers: &HeaderMap, token: Option<&str>) -> bool {
    let Some(token) = token else { return true };
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    given.is_some_and(|given| Sha256::digest(given.trim()).ct_eq(&Sha256::digest(token.trim())).into())
}

/// How things stand in the database.
async fn look(store: &Store, now: DateTime<Utc>) -> Result<(), StoreError> {
    for of in store.queue_overview(now).await? {
        let kind = of.kind.name();
        for (state, count) in [("waiting", of.waiting), ("later", of.later), ("running", of.running)] {
            gauge!("shortsai_queue_tasks", "kind" => kind, "state" => state).set(count as f64);
        }
        let waited = of.waiting_since.map_or(0.0, |since| (now - since).as_seconds_f64().max(0.0));
        gauge!("shortsai_queue_oldest_waiting_seconds", "kind" => kind).set(waited);
    }
    let (today, month) = store.spent(now).await?;
    gauge!("shortsai_spend_usd", "period" => "day").set(today.0 as f64 / 1e6);
    gauge!("shortsai_spend_usd", "period" => "month").set(month.0 as f64 / 1e6);
    let backup = store.chore_done(schedule::CHORE).await?.map_or(0, |done| done.timestamp());
    gauge!("shortsai_backup_last_success_timestamp_seconds").set(backup as f64);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names of ours in a text, without what Prometheus puts behind those of histograms.
    fn names(text: &str) -> Vec<&str> {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|word| word.starts_with("shortsai_"));
        // "shortsai_worker_…" stands for several.
        let words = words.filter(|word| !word.ends_with('_'));
        words.map(|word| word.trim_end_matches("_bucket").trim_end_matches("_count").trim_end_matches("_sum")).collect()
    }

    #[test]
    fn alerts_and_guides_name_what_there_is() {
        let known: Vec<&str> = ALL.iter().map(|(_, name, _)| *name).collect();
        let alerts = include_str!("../../../deploy/prometheus/alerts.yml");
        let guides = [include_str!("../../../docs/monitoring.md"), include_str!("../../../docs/pt-BR/monitoring.md")];
        assert!(names(alerts).len() > 12, "the alerts are read");
        for name in names(alerts).into_iter().chain(guides.iter().flat_map(|guide| names(guide))) {
            assert!(known.contains(&name), "there is no metric {name}");
        }
        for guide in guides {
            for name in &known {
                assert!(guide.contains(&format!("| `{name}` |")), "a guide does not tell of {name}");
            }
        }
    }

    #[test]
    fn only_the_token_opens() {
        let check = |given: Option<&str>, token: Option<&str>, opens: bool| {
            let value = given.map(|given| (header::AUTHORIZATION, given.parse().expect("a header value")));
            assert_eq!(knows(&value.into_iter().collect(), token), opens, "{given:?} {token:?}");
        };
        check(None, None, true);
        check(None, Some("abc"), false);
        check(Some("Bearer abc"), Some("abc"), true);
        check(Some("Bearer ab"), Some("abc"), false);
        check(Some("abc"), Some("abc"), false);
    }
}
