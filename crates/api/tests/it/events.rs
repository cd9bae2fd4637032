use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use futures::StreamExt;
use model::task::TaskKind;
use serde_json::{Value, json};

use crate::app::{TestApp, new_id, text};

/// A client that reads one message after the other.
struct Client {
    body: axum::body::BodyDataStream,
    text: String,
}

impl Client {
    async fn connect(app: &TestApp, project: &str, last: Option<&str>) -> Self {
        let mut request = Request::get(format!("/api/events/{project}"));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = app.send(request.body(Body::empty()).expect("a request")).await;
        assert_eq!(response.status(), 200);
        let header = |name: &str| response.headers()[name].to_str().expect("text").to_owned();
        assert_eq!(header("content-type"), "text/event-stream");
        assert_eq!(header("cache-control"), "no-cache, no-transform");
        assert_eq!(header("x-accel-buffering"), "no");
        Self { body: response.into_body().into_data_stream(), text: String::new() }
    }

    /// The next message with its number; `None` at the end of the stream.
    async fn next(&mut self) -> Option<(i64, Value)> {
        loop {
            if let Some((message, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| message.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
                let number = field("id: ").expect("a number").parse().expect("a number");
                let data = serde_json::from_str(&field("data: ").expect("data")).expect("JSON");
                self.text = rest.to_owned();
                return Some((number, data));
            }
            let chunk = tokio::time::timeout(Duration::from_secs(20), self.body.next()).await.expect("news in time")?;
            self.text.push_str(std::str::from_utf8(&chunk.expect("a chunk")).expect("UTF-8"));
        }
    }

    async fn until(&mut self, last: impl Fn(&Value) -> bool) -> Vec<(i64, Value)> {
        let mut messages = Vec::new();
        loop {
            let message = self.next().await.expect("another message");
            let done = last(&message.1);
            messages.push(message);
            if done {
                return messages;
            }
        }
    }
}

#[tokio::test]
async fn everything_is_told_in_order_and_a_late_client_misses_nothing() {
    let app = TestApp::new().await;
    let project = app.project(&["One."]).await;
    let mut client = Client::connect(&app, &project, None).await;
    let (first, init) = client.next().await.expect("init");
    assert_eq!((&init["type"], &init["projectStatus"], &init["bgMusicStatus"]), (&json!("init"), &json!("draft"), &Value::Null));
    assert_eq!(init["scenes"][0]["sceneNumber"], 1);
    assert_eq!(init["scenes"][0]["imageStatus"], "draft");

    app.command(&project, "generate_all").await;
    let (started, init) = client.next().await.expect("a second init");
    assert!(started > first);
    assert_eq!((&init["type"], &init["projectStatus"]), (&json!("init"), &json!("generating")));
    app.work().await;
    let completed = |event: &Value| event["type"] == "project_status_update" && event["status"] == "completed";
    let told = client.until(completed).await;
    assert!(told.iter().map(|(number, _)| *number).is_sorted());
    assert!(told.iter().all(|(number, _)| *number > started));
    let audio = told.iter().find(|(_, event)| event["field"] == "audio" && event["status"] == "completed").expect("audio");
    assert_eq!((&audio.1["duration"], &audio.1["timings"][0]["word"]), (&json!(2.5), &json!("Hello")));
    assert!(text(&audio.1["url"]).starts_with("/api/assets?url=scenes/audio/"));
    let working = told.iter().find(|(_, event)| event["status"] == "processing").expect("processing");
    assert!(working.1.get("url").is_none() && working.1.get("error").is_none());

    // The same once more from the middle: exactly what came after, without the whole state.
    let middle = told.len() / 2;
    let mut late = Client::connect(&app, &project, Some(&told[middle].0.to_string())).await;
    let replayed = late.until(completed).await;
    assert_eq!(replayed, told[middle + 1..]);

    // What is no number of this project begins anew.
    for strange in ["999999", "-1", "abc", ""] {
        let (number, event) = Client::connect(&app, &project, Some(strange)).await.next().await.expect("init");
        assert_eq!((number, &event["type"]), (told[told.len() - 1].0, &json!("init")), "{strange}");
    }
}

#[tokio::test]
async fn a_final_failure_is_followed_by_the_whole_state() {
    let app = TestApp::new().await;
    let project = app.project(&["One."]).await;
    app.command(&project, "generate_all_images").await;
    let mut client = Client::connect(&app, &project, None).await;
    client.next().await.expect("init");
    let lease = app.begin(&[TaskKind::DrawImage]).await.expect("a task");
    app.fail(&lease, "No paint.").await;
    let told = client.until(|event| event["type"] == "init").await;
    let (_, failure) = &told[told.len() - 2];
    assert_eq!(
        (&failure["type"], &failure["status"], &failure["error"]),
        (&json!("scene_update"), &json!("error"), &json!("No paint."))
    );
    let (_, init) = &told[told.len() - 1];
    assert_eq!(init["scenes"][0]["errorMessage"], "No paint.");
}

#[tokio::test]
async fn renders_are_told_too() {
    let app = TestApp::new().await;
    let project = app.project(&["One."]).await;
    app.command(&project, "generate_all").await;
    app.work().await;
    let mut client = Client::connect(&app, &project, None).await;
    client.next().await.expect("init");
    app.post("/api/render", json!({ "projectId": project })).await;
    let lease = app.begin(&[TaskKind::Render]).await.expect("a render");
    app.state.store.progress(&lease, 0.5, crate::app::clock()).await.expect("progress");
    app.end(&lease).await;
    let told = client.until(|event| event["status"] == "completed").await;
    let progress: Vec<&Value> = told.iter().map(|(_, event)| &event["progress"]).collect();
    assert!(told.iter().all(|(_, event)| event["type"] == "render_update"));
    assert!(progress.contains(&&json!(50)) && progress[progress.len() - 1] == &json!(100), "{progress:?}");
}

#[tokio::test]
async fn what_another_process_does_is_told_too() {
    let app = TestApp::new().await;
    let project = app.project(&["One."]).await;
    let elsewhere = app.another_process().await;
    let mut here = Client::connect(&app, &project, None).await;
    let mut there = Client::connect(&elsewhere, &project, None).await;
    let (first, _) = here.next().await.expect("init");
    there.next().await.expect("init");
    elsewhere.command(&project, "generate_all").await;
    elsewhere.work().await;
    // A stream that hears of it late is sent the whole state, which holds the end already.
    let completed = |event: &Value| {
        (event["type"] == "project_status_update" && event["status"] == "completed") || event["projectStatus"] == "completed"
    };
    let last = |told: Vec<(i64, Value)>| told.last().map(|(number, _)| *number);
    let told = last(here.until(completed).await);
    assert!(told > Some(first));
    assert_eq!(told, last(there.until(completed).await));
    // Who comes back after the end is told of it at once.
    let mut late = Client::connect(&app, &project, Some(&first.to_string())).await;
    assert_eq!(last(late.until(completed).await), told);
}

#[tokio::test]
async fn a_stream_ends_with_its_project() {
    let app = TestApp::new().await;
    let project = app.project(&["One."]).await;
    let mut client = Client::connect(&app, &project, None).await;
    client.next().await.expect("init");
    assert_eq!(app.delete(&format!("/api/projects/{project}")).await.0, 200);
    assert_eq!(client.next().await, None);
}

#[tokio::test]
async fn streams_end_when_the_server_stops() {
    let app = TestApp::new().await;
    let project = app.project(&["One."]).await;
    let mut client = Client::connect(&app, &project, None).await;
    client.next().await.expect("init");
    app.state.closing.cancel();
    assert_eq!(client.next().await, None);
}

#[tokio::test]
async fn there_is_no_stream_of_nothing() {
    let app = TestApp::new().await;
    for id in [new_id().to_string(), "admin_global_channel".to_owned()] {
        assert_eq!(app.get(&format!("/api/events/{id}")).await, (404, json!({ "error": "Project not found" })));
    }
}
