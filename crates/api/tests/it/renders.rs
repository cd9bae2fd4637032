use model::task::TaskKind;
use serde_json::{Value, json};

use crate::app::{TestApp, clock, new_id, text};

#[tokio::test]
async fn a_complete_project_is_rendered() {
    let app = TestApp::new().await;
    let project = app.project(&["One."]).await;
    let start = async || app.post("/api/render", json!({ "projectId": project, "scenes": "ignored", "bgMusicUrl": 5 })).await;
    let (status, error) = start().await;
    assert_eq!(status, 409, "{error}");
    assert_eq!(error["details"]["missing"], json!(["scene 1 has no picture", "scene 1 has no narration"]));
    app.command(&project, "generate_all").await;
    app.work().await;

    let (status, started) = start().await;
    assert_eq!(status, 200, "{started}");
    let id = text(&started["jobId"]);
    let expected = json!({ "success": true, "jobId": id, "status": "pending", "message": "Render job queued successfully" });
    assert_eq!(started, expected);
    assert_eq!(start().await.1, expected, "asking twice is one render");
    let state = async || app.get(&format!("/api/render/{id}")).await.1;
    let job = async || text(&app.get(&format!("/api/jobs/{id}")).await.1["status"]);
    assert_eq!(state().await, json!({ "id": id, "status": "pending", "progress": 0, "eta": null }));
    assert_eq!(job().await, "QUEUED");

    let lease = app.begin(&[TaskKind::Render]).await.expect("a render");
    app.state.store.progress(&lease, 0.426, clock()).await.expect("progress");
    assert_eq!(state().await, json!({ "id": id, "status": "processing", "progress": 42, "eta": null }));
    assert_eq!(job().await, "PROCESSING");
    app.end(&lease).await;
    let done = state().await;
    assert_eq!((&done["status"], &done["progress"], &done["seconds"]), (&json!("completed"), &json!(100), &json!(5.0)));
    assert!(text(&done["resultUrl"]).starts_with("/api/assets?url=renders/"));
    assert!(text(&done["captions"]["vtt"]).ends_with(".vtt"));
    assert!(text(&done["captions"]["ass"]).ends_with(".ass"));
    assert!(text(&done["captions"]["srt"]).ends_with(".srt"));
    assert!(text(&done["thumbnail"]).starts_with("/api/assets?url=thumbnails/"));
    assert_eq!(done["warnings"], json!(["The music was short."]));
    assert_eq!(job().await, "COMPLETED");
}

#[tokio::test]
async fn a_render_that_fails_or_is_cancelled_says_so() {
    let app = TestApp::new().await;
    let project = app.project(&["One."]).await;
    app.command(&project, "generate_all").await;
    app.work().await;
    let start = async || text(&app.post("/api/render", json!({ "projectId": project })).await.1["jobId"]);
    let first = start().await;
    let lease = app.begin(&[TaskKind::Render]).await.expect("a render");
    app.fail(&lease, "The disk is full.").await;
    let second = start().await;
    app.command(&project, "cancel").await;
    let check = async |id: &str, error: &str| {
        let (_, state) = app.get(&format!("/api/render/{id}")).await;
        assert_eq!((&state["status"], &state["error"]), (&json!("failed"), &json!(error)));
        let (_, job) = app.get(&format!("/api/jobs/{id}")).await;
        assert_eq!(
            (&job["status"], &job["errorMessage"], &job["type"]),
            (&json!("FAILED"), &json!(error), &json!("render_video"))
        );
    };
    check(&first, "The disk is full.").await;
    check(&second, "Cancelled, or a newer render took its place.").await;
}

#[tokio::test]
async fn a_task_is_a_job() {
    let app = TestApp::new().await;
    let project = app.project(&["One."]).await;
    app.command(&project, "generate_all").await;
    let lease = app.begin(&[TaskKind::Speak]).await.expect("a task");
    let (status, job) = app.get(&format!("/api/jobs/{}", lease.task)).await;
    assert_eq!(status, 200, "{job}");
    assert_eq!(
        (&job["type"], &job["status"], &job["errorMessage"]),
        (&json!("TTS_GENERATION"), &json!("PROCESSING"), &Value::Null)
    );
    assert_eq!((&job["projectId"], &job["sceneId"]), (&json!(project), &json!(app.scene_ids(&project).await[0])));
    app.command(&project, "cancel").await;
    assert_eq!(app.get(&format!("/api/jobs/{}", lease.task)).await.1["status"], "FAILED");
}

#[tokio::test]
async fn what_is_not_there() {
    let app = TestApp::new().await;
    let not_found = (404, json!({ "error": "Job not found" }));
    for id in [new_id().to_string(), "cl9ebqhxk00008eqf".to_owned()] {
        assert_eq!(app.get(&format!("/api/render/{id}")).await, not_found);
        assert_eq!(app.get(&format!("/api/jobs/{id}")).await, not_found);
    }
    assert_eq!(app.post("/api/render", json!({ "projectId": new_id() })).await.0, 404);
    assert_eq!(app.post("/api/render", json!({})).await.0, 400);
}
