//! A worker as they were: no authorization, no health but "ok", silent until the end, the video under a name of its own.

use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::desk::listen;

#[derive(Clone)]
pub struct OlderWorker {
    pub asked: Arc<Mutex<Vec<Value>>>,
    /// What it answers, and the key of a video that it serves as its own.
    answer: Value,
}

impl OlderWorker {
    pub fn new(answer: Value) -> Self {
        Self { asked: Arc::default(), answer }
    }

    pub async fn listen(&self) -> std::net::SocketAddr {
        let render = async |State(worker): State<Self>, Json(body): Json<Value>| {
            worker.asked.lock().expect("no panic").push(body);
            Json(worker.answer)
        };
        let router = Router::new()
            .route("/health", get(async || Json(json!({ "status": "ok" }))))
            .route("/render", post(render))
            .with_state(self.clone());
        listen(router).await.0
    }
}
