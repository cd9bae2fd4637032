//! Somebody who is called back.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;
use tokio::sync::watch;

use crate::desk::listen;

/// Messages, with their headers.
pub struct Receiver {
    pub url: String,
    heard: watch::Receiver<Vec<(HeaderMap, String)>>,
}

#[derive(Clone)]
struct Ear {
    heard: Arc<watch::Sender<Vec<(HeaderMap, String)>>>,
    /// How many final messages are refused before one is taken.
    refuse: Arc<Mutex<usize>>,
}

impl Receiver {
    /// One that refuses so many messages about ends.
    pub async fn new(refuse: usize) -> Self {
        let (sender, heard) = watch::channel(Vec::new());
        let ear = Ear { heard: Arc::new(sender), refuse: Arc::new(Mutex::new(refuse)) };
        let (address, _) = listen(Router::new().route("/heard", post(hear)).with_state(ear)).await;
        Self { url: format!("http://{address}/heard"), heard }
    }

    /// All messages, once one about an end was taken.
    pub async fn end(&mut self) -> Vec<(HeaderMap, Value)> {
        let heard = self.heard.wait_for(|heard| heard.last().is_some_and(|(_, body)| is_end(body))).await.expect("it listens");
        heard.iter().map(|(headers, body)| (headers.clone(), serde_json::from_str(body).expect("JSON"))).collect()
    }

    pub fn last_body(&self) -> (HeaderMap, String) {
        self.heard.borrow().last().expect("something was heard").clone()
    }
}

fn is_end(body: &str) -> bool {
    !body.contains("\"processing\"")
}

async fn hear(State(ear): State<Ear>, headers: HeaderMap, body: String) -> StatusCode {
    if is_end(&body) {
        let mut refuse = ear.refuse.lock().expect("no panic");
        if *refuse > 0 {
            *refuse -= 1;
            return StatusCode::BAD_GATEWAY;
        }
    }
    ear.heard.send_modify(|heard| heard.push((headers, body)));
    StatusCode::OK
}
