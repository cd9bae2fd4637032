//! The contract of `POST /render`, from an older caller's side and from ours.

use std::time::Duration;

use assets::{AllowList, FetchSettings, media_type_of_key};
use axum::Router;
use axum::routing::get;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::caller::{end_of, job, json_of, leave, request, send};
use crate::desk::{Desk, SECRET, clock, listen, soon};
use crate::receiver::Receiver;

#[tokio::test(flavor = "multi_thread")]
async fn an_older_caller_gets_its_video_and_is_told_on_the_way() {
    let desk = Desk::new().await;
    let worker = desk.worker("one", 1, 1).await;
    let mut receiver = Receiver::new(2).await;
    // No header, and all that older callers send.
    let mut payload = desk.payload(2, 1.0);
    payload["bgMusicUrl"] = Value::Null;
    payload["scenes"][1]["audioUrl"] = Value::Null;
    let body = json!({ "id": "job-1", "payload": payload, "webhook_url": receiver.url, "webhook_token": SECRET });
    let sent = Client::new().post(worker.url("/render")).json(&body).send().await.expect("an answer");
    assert_eq!(sent.status(), 200);
    let answer = json_of(sent).await;
    assert_eq!(answer["status"], "completed", "{answer}");
    let key = answer["resultUrl"].as_str().expect("a video");
    let video = desk.assets.get(key).await.expect("it is in the bucket");
    assert_eq!((media_type_of_key(key), &video[4..8]), (Some("video/mp4"), &b"ftyp"[..]));
    // The answer waits for the message: afterwards a platform may stop the machine.
    let heard = receiver.end().await;
    let (headers, last) = heard.last().expect("messages");
    assert_eq!(last["jobId"], "job-1");
    assert_eq!((&last["status"], &last["resultUrl"]), (&json!("completed"), &answer["resultUrl"]));
    let progress: Vec<u64> = heard.iter().filter_map(|(_, body)| body["progress"].as_u64()).collect();
    assert!(progress.is_sorted() && heard.len() <= 60, "{progress:?}");
    assert_eq!(headers["authorization"].to_str().expect("text"), format!("Bearer {SECRET}"));
    let (headers, text) = receiver.last_body();
    let signature = Webhook::from_bytes(SECRET.as_bytes().to_vec()).expect("a key");
    let id = headers["webhook-id"].to_str().expect("text");
    let expected = signature.sign(id, clock().timestamp(), text.as_bytes()).expect("a signature");
    assert_eq!(headers["webhook-signature"].to_str().expect("text"), expected);
    assert_eq!(headers["webhook-timestamp"].to_str().expect("text"), clock().timestamp().to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_knows_the_secret_is_let_in() {
    let desk = Desk::new().await;
    let worker = desk.worker("one", 1, 1).await;
    let body = |token: Value| json!({ "id": "j", "payload": desk.payload(1, 1.0), "webhook_token": token });
    let status = async |request: reqwest::RequestBuilder| request.send().await.expect("an answer").status().as_u16();
    let client = Client::new();
    for token in [Value::Null, json!(""), json!("dev-secret"), json!(format!("{SECRET} "))] {
        assert_eq!(status(client.post(worker.url("/render")).json(&body(token))).await, 401);
    }
    assert_eq!(status(client.post(worker.url("/render")).bearer_auth("wrong").json(&body(Value::Null))).await, 401);
    assert_eq!(status(client.post(worker.url("/render")).body("no JSON")).await, 401);
    assert_eq!(status(client.get(worker.url("/render/j"))).await, 401);
    assert_eq!(status(client.delete(worker.url("/render/j"))).await, 401);
    assert_eq!(status(client.get(worker.url("/health"))).await, 200);
    assert_eq!(status(client.get(worker.url("/render/j")).header("x-worker-secret", SECRET)).await, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_made_is_refused_with_the_reason() {
    let desk = Desk::new().await;
    let worker = desk.worker("one", 1, 1).await;
    let check = async |body: Value, status: u16, expected: &str| {
        let sent = send(&worker, &body).await;
        let (found, answer) = (sent.status().as_u16(), json_of(sent).await);
        assert_eq!(found, status, "{answer}");
        assert!(answer["error"].as_str().is_some_and(|error| error.contains(expected)), "{answer}");
    };
    let payload = desk.payload(1, 1.0);
    check(json!({ "payload": payload }), 422, "missing field `id`").await;
    check(job("", &payload), 422, "id: give 1 to 200 characters").await;
    check(job("a", &json!({ "scenes": [] })), 422, "there is no scene").await;
    check(job("a", &json!({ "scenes": [{ "duration": 1 }] })), 422, "scenes[0]: there is no picture").await;
    for address in ["ftp://a/b", "http://169.254.169.254/latest", "http://metadata.google.internal/", "nowhere"] {
        let body = json!({ "id": "a", "payload": payload, "webhook_url": address });
        check(body, 422, "webhook_url: ").await;
    }
    // A picture that is not there is known only when the job begins; the answer has begun by then.
    let missing = json!({ "scenes": [{ "imageUrl": format!("scenes/images/{}.png", "0".repeat(64)), "duration": 1 }] });
    let answer = json_of(send(&worker, &job("b", &missing)).await).await;
    assert_eq!((&answer["status"], answer.get("retry")), (&json!("failed"), None), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_id_is_rendered_once_and_a_full_worker_says_when_to_come_again() {
    let desk = Desk::new().await;
    let worker = desk.worker("one", 1, 1).await;
    let long = desk.payload(4, 20.0);
    assert_eq!(leave(&worker, &job("a", &long)).await, 202);
    assert_eq!(leave(&worker, &job("a", &long)).await, 202, "the same once more");
    assert_eq!(leave(&worker, &job("a", &desk.payload(1, 1.0))).await, 409, "another one of that name");
    assert_eq!(leave(&worker, &job("b", &long)).await, 202, "one waits");
    let full = send(&worker, &job("c", &long)).await;
    assert!(full.status() == 429 && full.headers()["retry-after"] == "5", "{full:?}");
    // It answers while it renders.
    let health = json_of(request(&worker, Method::GET, "/health").send().await.expect("an answer")).await;
    assert_eq!(health, json!({ "status": "ok", "version": "1.2.3", "jobs": 1 }));
    let ready = request(&worker, Method::GET, "/health/ready").send().await.expect("an answer");
    assert_eq!(ready.status(), 503);
    for id in ["b", "a"] {
        let cancelled = request(&worker, Method::DELETE, &format!("/render/{id}")).send().await.expect("an answer");
        assert_eq!(json_of(cancelled).await, json!({ "status": "cancelled" }));
    }
    assert_eq!(request(&worker, Method::GET, "/health/ready").send().await.expect("an answer").status(), 200);
    let short = job("a", &desk.payload(1, 1.0));
    assert_eq!(leave(&worker, &short).await, 409);
    let again = job("d", &desk.payload(1, 1.0));
    let (one, other) = tokio::join!(send(&worker, &again), send(&worker, &again));
    let (one, other) = (json_of(one).await, json_of(other).await);
    assert_eq!(one["status"], "completed", "{one}");
    assert_eq!(one, other);
    assert_eq!(end_of(&worker, "d").await, one);
    let unknown = request(&worker, Method::DELETE, "/render/nobody").send().await.expect("an answer");
    assert_eq!((unknown.status().as_u16(), json_of(unknown).await), (404, json!({ "error": "Job not found" })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_worker_hands_its_jobs_back() {
    let desk = Desk::new().await;
    let worker = desk.worker("one", 1, 4).await;
    let mut receiver = Receiver::new(0).await;
    let long = json!({ "id": "a", "payload": desk.payload(4, 20.0), "webhook_url": receiver.url, "webhook_token": SECRET });
    let (answer, ()) = tokio::join!(send(&worker, &long), async {
        // Until it is at it.
        soon("the job", async { while end_or_state(&worker, "a").await != "processing" {} }).await;
        worker.service.stop(Duration::from_secs(20)).await;
    });
    let answer = json_of(answer).await;
    assert_eq!((&answer["status"], &answer["retry"]), (&json!("failed"), &json!(true)), "{answer}");
    let heard = soon("the message", receiver.end()).await;
    assert_eq!(heard.last().expect("messages").1["retry"], true);
    let late = send(&worker, &job("b", &desk.payload(1, 1.0))).await;
    assert!(late.status() == 503 && late.headers()["retry-after"] == "5", "{late:?}");
}

async fn end_or_state(worker: &crate::desk::Worker, id: &str) -> String {
    let asked = request(worker, Method::GET, &format!("/render/{id}")).send().await.expect("an answer");
    json_of(asked).await["status"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn media_of_older_callers_are_fetched_but_not_from_this_network() {
    let desk = Desk::new().await;
    let payload = desk.payload(2, 1.0);
    let key = payload["scenes"][1]["imageUrl"].as_str().expect("a key").to_owned();
    let picture = desk.assets.get(&key).await.expect("it is there");
    let (address, _) = listen(Router::new().route("/moon.png", get(async move || picture))).await;
    let url = format!("http://{address}/moon.png");
    let mut foreign = payload.clone();
    foreign["scenes"][1]["imageUrl"] = json!(url);

    let careful = desk.worker("careful", 1, 1).await;
    let refused = json_of(send(&careful, &job("a", &foreign)).await).await;
    let error = refused["error"].as_str().unwrap_or_default().to_owned();
    assert!(refused["status"] == "failed" && error.starts_with(&format!("scene media: {url}: ")), "{refused}");

    let allow = AllowList::parse(&["127.0.0.1".to_owned()]).expect("a list");
    let fetch = FetchSettings { allow, ..FetchSettings::default() };
    let open = desk.worker_with("open", (1, 1), fetch).await;
    let (own, fetched) = (send(&open, &job("b", &payload)).await, send(&open, &job("c", &foreign)).await);
    let (own, fetched) = (json_of(own).await, json_of(fetched).await);
    assert_eq!(own["status"], "completed", "{own}");
    assert_eq!(own["output"]["video"], fetched["output"]["video"], "{fetched}");
}
