use axum::body::{Body, to_bytes};
use axum::http::Request;
use model::task::TaskKind;
use serde_json::{Value, json};

use crate::app::{TestApp, clock, text};

struct Polled {
    status: u16,
    tag: String,
    body: Value,
}

async fn poll(app: &TestApp, path: &str, tag: Option<&str>) -> Polled {
    let request = Request::get(path);
    let request = if let Some(tag) = tag { request.header("if-none-match", tag) } else { request };
    let response = app.send(request.body(Body::empty()).expect("a request")).await;
    let status = response.status().as_u16();
    let header = |name: &str| response.headers().get(name).map(|value| value.to_str().expect("text").to_owned());
    let tag = header("etag").unwrap_or_default();
    if status < 400 {
        assert_eq!(header("cache-control").as_deref(), Some("private, no-cache"));
    }
    let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
    let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).expect("JSON") };
    Polled { status, tag, body }
}

#[tokio::test]
async fn nothing_is_sent_twice_and_every_change_is_seen_at_once() {
    let app = TestApp::new().await;
    let elsewhere = app.another_process().await;
    let project = app.project(&["One."]).await;
    let paths = [format!("/api/projects/{project}"), format!("/api/workflow/state/{project}")];
    let scene = app.scene_ids(&project).await.remove(0);
    let steps: [(&str, &str, Value); 6] = [
        ("PATCH", &paths[0], json!({ "tags": ["new"] })),
        ("PATCH", &paths[0], json!({ "topic": "Mars" })),
        ("PATCH", &format!("/api/scenes/{scene}"), json!({ "narration": "Other." })),
        ("POST", &format!("/api/projects/{project}/lock"), json!({ "session_id": "me" })),
        ("POST", &format!("/api/projects/{project}/unlock"), json!({ "session_id": "me" })),
        ("POST", "/api/workflow/command", json!({ "projectId": project, "action": "generate_all" })),
    ];
    for (method, path, body) in steps {
        let mut before = Vec::new();
        for path in &paths {
            let fresh = poll(&app, path, None).await;
            assert_eq!(fresh.status, 200);
            let known = poll(&app, path, Some(&fresh.tag)).await;
            assert_eq!((known.status, &known.tag, &known.body), (304, &fresh.tag, &Value::Null));
            assert_eq!(poll(&app, path, None).await.body, fresh.body);
            before.push(fresh);
        }
        let method = method.parse().expect("a method");
        let (status, answer) = elsewhere.raw(method, path, body.to_string()).await;
        assert_eq!(status, 200, "{path}: {answer}");
        for (path, before) in paths.iter().zip(before) {
            let after = poll(&app, path, Some(&before.tag)).await;
            assert_eq!(after.status, 200, "{path} after {body}");
            assert_ne!(after.tag, before.tag);
            assert_eq!(after.body, poll(&elsewhere, path, None).await.body);
        }
    }
    let locked = app.post(&format!("/api/projects/{project}/lock"), json!({ "session_id": "me" })).await.1;
    assert_eq!(locked["lock_session_id"], "me");
    let tag = poll(&app, &paths[0], None).await.tag;
    assert_eq!(app.raw("DELETE".parse().expect("a method"), &paths[0], Body::empty()).await.0, 409);
    app.post(&format!("/api/projects/{project}/unlock"), json!({ "session_id": "me" })).await;
    assert_eq!(elsewhere.delete(&paths[0]).await.0, 200);
    assert_eq!(poll(&app, &paths[0], Some(&tag)).await.status, 404);
    assert_eq!(poll(&app, &paths[0], Some("*")).await.status, 404);
}

#[tokio::test]
async fn only_owners_learn_anything() {
    let mut app = TestApp::new().await;
    let project = app.project(&["One."]).await;
    let path = format!("/api/projects/{project}");
    let tag = poll(&app, &path, None).await.tag;
    app.become_somebody_else();
    for known in [None, Some(tag.as_str()), Some("*")] {
        let refused = poll(&app, &path, known).await;
        assert_eq!((refused.status, refused.body), (403, json!({ "error": "Forbidden" })));
    }
}

#[tokio::test]
async fn renders_are_polled_the_same_way() {
    let app = TestApp::new().await;
    let project = app.project(&["One."]).await;
    app.command(&project, "generate_all").await;
    app.work().await;
    let id = text(&app.post("/api/render", json!({ "projectId": project })).await.1["jobId"]);
    let lease = app.begin(&[TaskKind::Render]).await.expect("a render");
    for path in [format!("/api/render/{id}"), format!("/api/jobs/{id}"), format!("/api/shorts/{id}")] {
        let before = poll(&app, &path, None).await;
        assert_eq!((before.status, poll(&app, &path, Some(&before.tag)).await.status), (200, 304), "{path}");
        let progress = app.state.store.project(lease.project).await.expect("a query").expect("it").project.render;
        let further = progress.expect("a render").progress + 0.25;
        app.state.store.progress(&lease, further, clock()).await.expect("progress");
        assert_eq!(poll(&app, &path, Some(&before.tag)).await.status, 200, "{path}");
    }
    app.end(&lease).await;
    assert_eq!(poll(&app, &format!("/api/render/{id}"), None).await.body["status"], "completed");
}

#[tokio::test]
async fn many_polls_at_once_are_all_answered() {
    let app = TestApp::new().await;
    let mut paths = Vec::new();
    for _ in 0..5 {
        paths.push(format!("/api/projects/{}", app.project(&["One."]).await));
    }
    paths.push(format!("/api/projects/{}", uuid::Uuid::nil()));
    let polls = (0..120).map(|number| poll(&app, &paths[number % paths.len()], None));
    let polled = futures::future::join_all(polls).await;
    for (number, polled) in polled.into_iter().enumerate() {
        match number % paths.len() {
            5 => assert_eq!(polled.status, 404),
            place => assert!(paths[place].ends_with(&text(&polled.body["id"]))),
        }
    }
}
