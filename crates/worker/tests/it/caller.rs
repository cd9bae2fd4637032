//! A caller of workers, as the contract has it.

use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::desk::{SECRET, Worker};

/// A request to a worker, with the secret.
pub fn request(worker: &Worker, method: Method, path: &str) -> RequestBuilder {
    Client::new().request(method, worker.url(path)).bearer_auth(SECRET)
}

pub async fn send(worker: &Worker, body: &Value) -> Response {
    request(worker, Method::POST, "/render").json(body).send().await.expect("an answer")
}

/// Leaves a job there; answers the status.
pub async fn leave(worker: &Worker, body: &Value) -> u16 {
    let sent = request(worker, Method::POST, "/render").header("prefer", "respond-async").json(body).send().await;
    sent.expect("an answer").status().as_u16()
}

pub async fn json_of(response: Response) -> Value {
    response.json().await.expect("JSON")
}

/// The body for a job without webhook.
pub fn job(id: &str, payload: &Value) -> Value {
    json!({ "id": id, "payload": payload })
}

/// Asks until a job has ended.
pub async fn end_of(worker: &Worker, id: &str) -> Value {
    loop {
        let asked = request(worker, Method::GET, &format!("/render/{id}")).send().await.expect("an answer");
        let state = json_of(asked).await;
        if !["accepted", "processing"].contains(&state["status"].as_str().expect("a status")) {
            return state;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
