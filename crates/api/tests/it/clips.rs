//! Clips by the route that ShortsAI Studio uses, and keys that come with requests.

use model::task::TaskKind;
use serde_json::{Value, json};

use crate::app::{TestApp, clock, text};

async fn job(app: &TestApp, id: &str) -> Value {
    let (status, job) = app.get(&format!("/api/jobs/{id}")).await;
    assert_eq!(status, 200, "{job}");
    job
}

#[tokio::test]
async fn a_clip_is_made_and_asked_about() {
    let app = TestApp::new().await;
    let project = app.project(&["One."]).await;
    let scene = app.scene_ids(&project).await.remove(0);
    let path = format!("/api/scenes/{scene}/generate");
    assert_eq!(app.get(&format!("/api/jobs/{scene}")).await.0, 404, "nobody asks for a clip yet");
    let body = json!({
        "sceneId": scene, "projectId": project, "userId": "somebody-else", "prompt": "a ship at sea", "modelId": "veo-2.0-generate-001",
        "withAudio": false, "keys": { "gemini": "AIza-of-this-clip", "suno": "" },
    });
    let (status, ordered) = app.post(&path, body).await;
    assert_eq!((status, &ordered), (202, &json!({ "success": true, "jobId": scene, "status": "QUEUED" })));
    assert_eq!(job(&app, &scene).await["status"], "QUEUED", "it waits for its picture");
    let state = app.state_of(&project).await;
    assert_eq!(state["scenes"][0]["visual_description"], "a ship at sea");
    let record = app.state.store.project(project.parse().expect("an id")).await.expect("a read").expect("the project");
    assert_eq!(record.details.video_model, "veo-2.0-generate-001");
    let lease = app.begin(&[TaskKind::DrawImage]).await.expect("the picture");
    app.end(&lease).await;
    let lease = app.begin(&[TaskKind::Animate]).await.expect("the clip");
    assert_eq!(job(&app, &scene).await["status"], "PROCESSING");
    app.end(&lease).await;
    let done = job(&app, &scene).await;
    assert_eq!(
        (&done["status"], &done["type"], &done["sceneId"]),
        (&json!("COMPLETED"), &json!("VIDEO_GENERATION"), &json!(scene))
    );
    // Another one, whose picture can't be made.
    let (status, _) = app.post(&path, json!({ "prompt": "a ship in a storm" })).await;
    assert_eq!(status, 202);
    let lease = app.begin(&[TaskKind::DrawImage]).await.expect("the picture");
    app.fail(&lease, "The picture was refused.").await;
    let failed = job(&app, &scene).await;
    assert_eq!(
        (&failed["status"], &failed["errorMessage"]),
        (&json!("FAILED"), &json!("A clip is made from the scene's picture, and there is none."))
    );
    assert_eq!(app.post("/api/scenes/x/generate", json!({})).await.0, 404);
}

#[tokio::test]
async fn keys_of_a_request_are_sealed_for_its_run() {
    let app = TestApp::new().await;
    let project = app.project(&["One."]).await;
    let keys = json!({ "gemini": "AIza-planted-in-a-request", "groq": "****1234", "elevenlabs": "" });
    let body = json!({ "projectId": project, "action": "generate_all", "apiKeys": keys });
    assert_eq!(app.post("/api/workflow/command", body).await.0, 200);
    let id = project.parse().expect("an id");
    let kept = app.state.store.vendor_keys(app.owner, Some(id), &app.state.vault, clock()).await.expect("keys");
    let kept: Vec<_> = kept.iter().map(|key| (key.vendor.as_str(), key.of_run, key.secret.as_deref())).collect();
    assert_eq!(kept, [("gemini", true, Some("AIza-planted-in-a-request"))]);
    let others = app.state.store.vendor_keys(app.owner, None, &app.state.vault, clock()).await.expect("keys");
    assert!(others.is_empty(), "they are of that project only");
    let (_, state) = app.get(&format!("/api/projects/{project}")).await;
    assert!(!state.to_string().contains("planted"));
    let bad = json!({ "projectId": project, "action": "generate_all", "apiKeys": { "suno": "two words" } });
    let (status, error) = app.post("/api/workflow/command", bad).await;
    assert_eq!(status, 400);
    assert!(text(&error["details"]["apiKeys"]["suno"]["_errors"][0]).contains("Expected a key"), "{error}");
}
