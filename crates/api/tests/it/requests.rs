use axum::body::{Body, to_bytes};
use axum::http::Request;
use futures::future::join_all;
use model::task::TaskKind;
use serde_json::{Value, json};
use store::Wanted;

use crate::app::{TestApp, clock, text};

struct Answered {
    status: u16,
    location: Option<String>,
    body: Value,
}

async fn send(app: &TestApp, key: &str, path: &str, body: &Value) -> Answered {
    let request = Request::post(path).header("idempotency-key", key).body(Body::from(body.to_string())).expect("a request");
    let response = app.send(request).await;
    let location = response.headers().get("location").map(|value| value.to_str().expect("text").to_owned());
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/json");
    let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
    Answered { status, location, body: serde_json::from_slice(&body).expect("JSON") }
}

#[tokio::test]
async fn every_request_that_starts_work_can_be_sent_again() {
    let app = TestApp::new().await;
    let project = app.project(&["One."]).await;
    app.command(&project, "generate_all").await;
    app.work().await;
    let requests = [
        ("/api/shorts", json!({ "script": "Hello.", "music": "none" }), 202),
        ("/api/projects", json!({ "script": "Hello." }), 200),
        ("/api/scenes", json!({ "project_id": project, "scene_number": 9, "narration": "Two." }), 200),
        ("/api/workflow/command", json!({ "projectId": project, "action": "generate_all", "force": true }), 200),
    ];
    for (path, body, status) in requests {
        let first = send(&app, path, path, &body).await;
        assert_eq!(first.status, status, "{path}: {}", first.body);
        app.work().await;
        let projects = app.get("/api/projects").await.1;
        let again = send(&app, path, path, &body).await;
        assert_eq!((again.status, &again.location, &again.body), (first.status, &first.location, &first.body), "{path}");
        assert_eq!(app.get("/api/projects").await.1, projects, "{path}");
        assert_eq!(app.work().await, 0, "{path}");
        let mut other = body.clone();
        other["style"] = json!("another");
        let refused = send(&app, path, path, &other).await;
        assert_eq!(refused.status, 409, "{path}: {}", refused.body);
        assert!(text(&refused.body["error"]).contains("another request"));
    }
    assert!(send(&app, "/api/shorts", "/api/shorts", &json!({ "script": "Hello.", "music": "none" })).await.location.is_some());
    let elsewhere = send(&app, "/api/shorts", "/api/projects", &json!({ "script": "Hello.", "music": "none" })).await;
    assert_eq!(elsewhere.status, 409, "the same key and body on another route");
    let render = json!({ "projectId": project });
    let first = send(&app, "render", "/api/render", &render).await;
    assert_eq!(first.status, 200);
    assert_eq!(app.work().await, 1);
    let again = send(&app, "render", "/api/render", &render).await;
    assert_eq!((again.body, app.work().await), (first.body, 0), "no second video");
}

#[tokio::test]
async fn a_refused_request_does_not_use_its_key_up() {
    let app = TestApp::new().await;
    let project = app.project(&[]).await;
    let body = json!({ "projectId": project, "action": "skip_scene" });
    assert_eq!(send(&app, "key", "/api/workflow/command", &body).await.status, 409);
    app.post("/api/scenes", json!({ "project_id": project, "scene_number": 1, "narration": "One." })).await;
    app.post("/api/workflow/command", json!({ "projectId": project, "action": "generate_all" })).await;
    assert_eq!(send(&app, "key", "/api/workflow/command", &body).await.status, 200);
    for bad in ["", "two words", &"x".repeat(201)] {
        let refused = send(&app, bad, "/api/workflow/command", &body).await;
        assert_eq!(refused.status, 400, "{bad}");
        assert!(text(&refused.body["error"]).contains("visible ASCII"), "{bad}");
    }
}

/// Ten commands at once through two processes' worth of application.
async fn ask_ten_times(first: &TestApp, second: &TestApp) {
    let project = first.project(&["One.", "Two.", "Three."]).await;
    let body = json!({ "projectId": project, "action": "generate_all", "force": true });
    let apps = [first, second];
    let keyed = join_all((0..10).map(|number| send(apps[number % 2], &project, "/api/workflow/command", &body))).await;
    assert!(keyed.iter().all(|answer| answer.status == 200));
    let plain = json!({ "projectId": project, "action": "generate_all" });
    let plain = join_all((0..10).map(|number| apps[number % 2].post("/api/workflow/command", plain.clone()))).await;
    assert!(plain.iter().all(|(status, _)| *status == 200));
    let wanted = Wanted { kinds: &TaskKind::ALL, project: Some(project.parse().expect("an id")), blocked: &[] };
    let mut asked = Vec::new();
    while let Some(lease) = first.state.store.claim("test", wanted, clock(), chrono::Duration::hours(1)).await.expect("a claim") {
        assert_eq!(lease.target.generation, 1);
        asked.push((lease.target.kind.name(), lease.target.subject));
    }
    asked.sort_unstable();
    let all = asked.len();
    asked.dedup();
    assert_eq!((all, asked.len()), (6, 6), "three pictures and three narrations, each asked for once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_commands_through_two_processes_ask_once_on_sqlite() {
    let app = TestApp::new().await;
    let second = app.another_process().await;
    ask_ten_times(&app, &second).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_commands_through_two_processes_ask_once_on_postgres() {
    // `make test` starts a server; without one there is nothing to check.
    let Ok(url) = std::env::var("SHORTSAI_TEST_POSTGRES_URL") else { return };
    let app = TestApp::on(&url).await;
    let second = app.another_process().await;
    ask_ten_times(&app, &second).await;
}
