use std::sync::Arc;

use assets::{MediaType, Place};
use axum::body::{Body, to_bytes};
use axum::http::Request;
use model::task::TaskKind;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{TestApp, mp4, png, text};

const SRT: &str = "1\n00:00:00,000 --> 00:00:01,000\nHello\n";

async fn tell(app: &TestApp, token: Option<&str>, body: String) -> (u16, Value) {
    let mut request = Request::post("/api/webhooks/job-status");
    if let Some(token) = token {
        request = request.header("authorization", token);
    }
    let response = app.send(request.body(Body::from(body)).expect("a request")).await;
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
    (status, serde_json::from_slice(&body).expect("JSON"))
}

#[tokio::test]
async fn only_the_worker_may_report() {
    let mut app = TestApp::new().await;
    let body = json!({ "jobId": Uuid::nil() }).to_string();
    let (status, error) = tell(&app, Some("Bearer x"), body.clone()).await;
    assert_eq!(status, 503);
    assert!(text(&error["error"]).contains("WORKER_SECRET"));
    app.state.worker_secret = Some(api::Secret(Arc::from("secret")));
    app.restart();
    for token in [None, Some("Bearer wrong"), Some("Bearer "), Some("secret"), Some("Basic secret"), Some("Bearer secrets")] {
        assert_eq!(tell(&app, token, body.clone()).await, (401, json!({ "error": "Unauthorized" })), "{token:?}");
    }
    assert_eq!(tell(&app, Some("Bearer secret"), body.clone()).await, (404, json!({ "error": "Job not found" })));
    assert_eq!(tell(&app, Some("bearer secret"), body).await.0, 404);
}

#[tokio::test]
async fn messages_move_a_render_forward_only() {
    let mut app = TestApp::new().await;
    app.state.worker_secret = Some(api::Secret(Arc::from("secret")));
    app.restart();
    let project = app.project(&["One."]).await;
    app.command(&project, "generate_all").await;
    app.work().await;
    let id = text(&app.post("/api/render", json!({ "projectId": project })).await.1["jobId"]);
    let say = async |message: Value| tell(&app, Some("Bearer secret"), message.to_string()).await;
    let taken = |taken: bool| (200, json!({ "success": true, "taken": taken }));
    let state = async || app.get(&format!("/api/render/{id}")).await.1;
    assert_eq!(say(json!({ "jobId": id, "progress": 10 })).await, taken(false), "nobody works on it yet");
    assert_eq!(state().await["status"], "pending");
    app.begin(&[TaskKind::Render]).await.expect("a render");
    assert_eq!(say(json!({ "jobId": id, "status": "processing", "progress": 40 })).await, taken(true));
    assert_eq!(say(json!({ "jobId": id, "status": "processing", "progress": 20 })).await, taken(true));
    assert_eq!(say(json!({ "jobId": id })).await, taken(true));
    assert_eq!(state().await["progress"], 40);
    assert_eq!(say(json!({ "jobId": id, "status": "failed", "error": "old", "attempt": 7 })).await, taken(false));

    let video = app.store_bytes(Place::Renders, &mp4(Uuid::nil())).await.key;
    let still = app.store_bytes(Place::Thumbnails, &png(Uuid::nil())).await.key;
    let text_object = async |media_type| {
        let stored = app.state.assets.put_text(Place::Captions, media_type, SRT.to_owned()).await;
        stored.expect("a stored object").key
    };
    let (srt, vtt) = (text_object(MediaType::SRT).await, text_object(MediaType::VTT).await);
    let done = json!({
        "jobId": id, "status": "completed", "resultUrl": video, "thumbnail": still, "seconds": 5.0,
        "captions": { "srt": srt, "vtt": vtt }, "warnings": ["The music was short."],
    });
    let malformed = [
        (json!({ "jobId": "x" }), "jobId"),
        (json!({ "status": "completed" }), "jobId"),
        (json!({ "jobId": id, "status": "dancing" }), "processing"),
        (json!({ "jobId": id, "progress": 101 }), "0 to 100"),
        (json!({ "jobId": id, "progress": -1 }), "0 to 100"),
        (json!({ "jobId": id, "status": "completed" }), "resultUrl"),
        (json!({ "jobId": id, "status": "completed", "resultUrl": video, "thumbnail": still }), "captions"),
    ];
    for (message, word) in malformed {
        let (status, error) = say(message.clone()).await;
        assert_eq!(status, 400, "{message}: {error}");
        assert!(error.to_string().contains(word), "{message}: {error}");
    }
    let mut foreign = done.clone();
    foreign["resultUrl"] = json!("https://example.org/a.mp4");
    assert_eq!(say(foreign).await.0, 400);
    assert_eq!(tell(&app, Some("Bearer secret"), "not JSON".to_owned()).await.0, 400);
    assert_eq!((&state().await["status"], &state().await["progress"]), (&json!("processing"), &json!(40)));

    // Older workers only say where their video is: whoever has sent the render away takes it over.
    let older = json!({ "jobId": id, "status": "completed", "resultUrl": "https://pub.example/renders/render_p_1.mp4" });
    assert_eq!(say(older).await, taken(true));
    assert_eq!((&state().await["status"], &state().await["progress"]), (&json!("processing"), &json!(100)));
    assert_eq!(say(done.clone()).await, taken(true));
    let finished = state().await;
    assert_eq!(
        (&finished["status"], &finished["progress"], &finished["seconds"]),
        (&json!("completed"), &json!(100), &json!(5.0))
    );
    assert!(text(&finished["resultUrl"]).ends_with(&video));
    for late in [done, json!({ "jobId": id, "progress": 50 }), json!({ "jobId": id, "status": "failed", "error": "late" })] {
        assert_eq!(say(late).await, taken(false));
        assert_eq!(state().await, finished);
    }
}

#[tokio::test]
async fn a_reported_failure_ends_the_render() {
    let mut app = TestApp::new().await;
    app.state.worker_secret = Some(api::Secret(Arc::from("secret")));
    app.restart();
    let project = app.project(&["One."]).await;
    app.command(&project, "generate_all").await;
    app.work().await;
    let id = text(&app.post("/api/render", json!({ "projectId": project })).await.1["jobId"]);
    app.begin(&[TaskKind::Render]).await.expect("a render");
    let message = json!({ "jobId": id, "status": "failed", "error": "The disk is full." });
    assert_eq!(tell(&app, Some("Bearer secret"), message.to_string()).await.0, 200);
    let (_, state) = app.get(&format!("/api/render/{id}")).await;
    assert_eq!((&state["status"], &state["error"]), (&json!("failed"), &json!("The disk is full.")));
}
