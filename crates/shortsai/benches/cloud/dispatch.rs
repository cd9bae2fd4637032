//! From the order to the moment at which a worker has it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::process::{Process, program};
use crate::{Figures, media, median};

const ORDERS: u32 = 30;

pub async fn measure(figures: &mut Figures) -> anyhow::Result<()> {
    println!("from POST /api/render to the worker:");
    let (sender, mut arrivals) = mpsc::unbounded_channel();
    let worker = stand_in(Arc::new(sender)).await?;
    let folder = tempfile::tempdir()?;
    let mut serve = program(folder.path());
    serve.args(["serve", "--listen", "127.0.0.1:0"]).env("WORKER_URL", worker);
    if let Ok(database) = std::env::var("SHORTSAI_TEST_POSTGRES_URL") {
        serve.env("DATABASE_URL", database);
    }
    let server = Process::start(&mut serve)?;
    let client = Client::new();
    let post = async |path: &str, body: Value| -> anyhow::Result<Value> {
        Ok(client.post(format!("{}{path}", server.url)).json(&body).send().await?.error_for_status()?.json().await?)
    };
    let sent = client.post(format!("{}/api/assets", server.url)).body(media::picture(90, 160, 1)?).send().await?;
    let stored: Value = sent.error_for_status()?.json().await?;
    let picture = stored["url"].as_str().context("no address")?;
    let mut took = Vec::new();
    for index in 0..ORDERS {
        let project = post("/api/projects", json!({ "topic": format!("Order {index}") })).await?;
        let order =
            json!({ "projectId": project["id"], "scenes": [{ "imageUrl": picture, "duration": 1.0 + f64::from(index) / 10.0 }] });
        let begun = Instant::now();
        post("/api/render", order).await?;
        let arrived: Instant = tokio::time::timeout(Duration::from_secs(20), arrivals.recv()).await?.context("no order came")?;
        took.push(arrived.duration_since(begun).as_secs_f64() * 1e3);
    }
    figures.note("dispatch_worst_ms", took.iter().copied().fold(0.0, f64::max));
    figures.note("dispatch_ms", median(took));
    Ok(())
}

/// A worker that only notes when it was asked.
async fn stand_in(arrivals: Arc<mpsc::UnboundedSender<Instant>>) -> anyhow::Result<String> {
    let render = async |State(arrivals): State<Arc<mpsc::UnboundedSender<Instant>>>| {
        let _ = arrivals.send(Instant::now());
        Json(json!({ "status": "failed", "error": "this is only a measurement" })).0.to_string() + "\n"
    };
    let router = Router::new()
        .route("/health", get(async || Json(json!({ "status": "ok", "version": "0" }))))
        .route("/render", post(render))
        .with_state(arrivals);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(format!("http://{address}"))
}
