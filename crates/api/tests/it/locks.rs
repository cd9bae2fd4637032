use axum::body::{Body, to_bytes};
use axum::http::{Method, Request};
use serde_json::{Value, json};

use crate::app::{TestApp, text};

async fn as_session(app: &TestApp, session: &str, method: Method, path: &str, body: &Value) -> (u16, Value) {
    let request = Request::builder().method(method).uri(path).header("x-session-id", session);
    let response = app.send(request.body(Body::from(body.to_string())).expect("a request")).await;
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
    (status, serde_json::from_slice(&body).expect("JSON"))
}

#[tokio::test]
async fn a_locked_project_is_edited_by_its_session_only() {
    let app = TestApp::new().await;
    let project = app.project(&["One."]).await;
    let scene = app.scene_ids(&project).await.remove(0);
    let path = format!("/api/projects/{project}");
    let (status, locked) = app.post(&format!("{path}/lock"), json!({ "session_id": "me" })).await;
    assert_eq!((status, &locked["lock_session_id"], &locked["status"]), (200, &json!("me"), &json!("draft")));
    let until = text(&locked["lock_expires_at"]);
    let edits = [
        (Method::PATCH, path.clone(), json!({ "tags": ["x"] })),
        (Method::PATCH, path.clone(), json!({ "topic": "Mars" })),
        (Method::POST, "/api/scenes".to_owned(), json!({ "project_id": project, "scene_number": 2, "narration": "Two." })),
        (Method::PATCH, format!("/api/scenes/{scene}"), json!({ "narration": "Other." })),
        (Method::DELETE, format!("/api/scenes/{scene}"), json!({})),
        (Method::DELETE, path.clone(), json!({})),
    ];
    for (method, path, body) in &edits {
        for (status, error) in
            [app.raw(method.clone(), path, body.to_string()).await, as_session(&app, "you", method.clone(), path, body).await]
        {
            assert_eq!(status, 409, "{method} {path}: {error}");
            assert_eq!(error["details"], json!({ "session": "me", "until": until }));
            assert!(text(&error["error"]).contains("me") && text(&error["error"]).contains(&until));
        }
    }
    assert_eq!(app.get(&path).await.1["topic"], "The Moon");
    assert_eq!(app.command(&project, "generate_all").await.0, 200, "commands are taken from everybody");
    assert_eq!(app.work().await, 2, "and the work goes on");
    assert_eq!(app.get(&path).await.1["status"], "completed");

    let other = json!({ "session_id": "you" });
    let (status, error) = app.post(&format!("{path}/lock"), other.clone()).await;
    assert_eq!((status, &error["error"]), (409, &json!("Project is locked by another session")));
    let (status, error) = app.post(&format!("{path}/unlock"), other.clone()).await;
    assert_eq!((status, &error["error"]), (403, &json!("Cannot unlock: locked by another session")));
    assert_eq!(app.post(&format!("{path}/lock"), json!({})).await.0, 400);
    assert_eq!(app.post(&format!("{path}/lock"), json!({ "session_id": "two words" })).await.0, 400);
    for (method, path, body) in edits {
        let (status, answer) = as_session(&app, "me", method.clone(), &path, &body).await;
        assert_eq!(status, 200, "{method} {path}: {answer}");
    }
    assert_eq!(app.post(&format!("{path}/lock"), other).await.0, 404, "it is deleted");
}

#[tokio::test]
async fn an_unlocked_project_is_everybodys_again() {
    let app = TestApp::new().await;
    let project = app.project(&["One."]).await;
    let path = format!("/api/projects/{project}");
    app.post(&format!("{path}/lock"), json!({ "session_id": "me" })).await;
    let (status, unlocked) = app.post(&format!("{path}/unlock"), json!({ "session_id": "me", "status": "completed" })).await;
    assert_eq!((status, &unlocked["lock_session_id"], &unlocked["status"]), (200, &Value::Null, &json!("draft")));
    assert_eq!(app.patch(&path, json!({ "topic": "Mars" })).await.0, 200);
}
