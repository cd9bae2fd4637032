use model::task::TaskKind;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{TestApp, text};

#[tokio::test]
async fn generate_all_makes_everything_once() {
    let app = TestApp::new().await;
    let project = app.project(&["One two three four five.", "Two."]).await;
    let estimate = async || app.post("/api/workflow/estimate", json!({ "projectId": project })).await.1;
    assert_eq!(
        estimate().await,
        json!({ "estimatedImages": 2, "estimatedAudioMinutes": 1, "estimatedVideo": 0, "estimatedAudioSeconds": 2.4 })
    );
    assert_eq!(app.command(&project, "generate_all").await, (200, json!({ "message": "Generation started" })));
    assert_eq!(app.command(&project, "generate_all").await.0, 200);
    let state = app.state_of(&project).await;
    assert_eq!(
        (&state["projectStatus"], &state["generationMessage"]),
        (&json!("generating"), &json!("Generating Image for Scene 1..."))
    );
    assert_eq!(app.work().await, 4, "a command sent twice has the effect of one");
    let state = app.state_of(&project).await;
    assert_eq!((&state["projectStatus"], &state["generationMessage"]), (&json!("completed"), &json!("")));
    let scene = &state["scenes"][0];
    assert_eq!((&scene["image_status"], &scene["audio_status"]), (&json!("completed"), &json!("completed")));
    assert_eq!((&scene["duration_seconds"], &scene["wordTimings"][0]["word"]), (&json!(2.5), &json!("Hello")));
    assert_eq!((&state["music_status"], &state["music_url"]), (&Value::Null, &Value::Null));
    assert_eq!(estimate().await["estimatedImages"], 0);
}

#[tokio::test]
async fn one_scene_at_a_time() {
    let app = TestApp::new().await;
    let project = app.project(&["One.", "Two."]).await;
    let scene = app.scene_ids(&project).await.remove(1);
    let send = async |action: &str, message: &str| {
        let body = json!({ "projectId": project, "action": action, "sceneId": scene, "userId": "x", "apiKeys": {} });
        assert_eq!(app.post("/api/workflow/command", body).await, (200, json!({ "message": message })));
        app.work().await
    };
    assert_eq!(send("generate_image", "image queued").await, 1);
    assert_eq!(send("generate_image", "image queued").await, 0, "it is there already");
    assert_eq!(send("regenerate_image", "image queued").await, 1);
    assert_eq!(send("generate_audio", "audio queued").await, 1);
    assert_eq!(send("regenerate_audio", "audio queued").await, 1);
    assert_eq!(send("generate_all_images", "Image generation started").await, 1, "only the first scene's is missing");
    assert_eq!(send("generate_all_audio", "Audio generation started").await, 1);
}

#[tokio::test]
async fn pause_resume_and_cancel() {
    let app = TestApp::new().await;
    let project = app.project(&["One."]).await;
    app.command(&project, "generate_all").await;
    assert_eq!(app.command(&project, "pause").await, (200, json!({ "message": "Generation paused" })));
    assert_eq!(app.work().await, 0);
    let state = app.state_of(&project).await;
    assert_eq!((&state["projectStatus"], &state["scenes"][0]["image_status"]), (&json!("paused"), &json!("pending")));
    assert_eq!(app.command(&project, "resume").await, (200, json!({ "message": "Generation resumed" })));
    assert_eq!(app.command(&project, "cancel").await, (200, json!({ "message": "Generation cancelled" })));
    assert_eq!(app.work().await, 0);
    let state = app.state_of(&project).await;
    assert_eq!((&state["projectStatus"], &state["scenes"][0]["image_status"]), (&json!("failed"), &json!("error")));
}

#[tokio::test]
async fn a_failure_is_told_as_an_error_with_its_reason() {
    let app = TestApp::new().await;
    let project = app.project(&["One."]).await;
    app.command(&project, "generate_all_images").await;
    let lease = app.begin(&[TaskKind::DrawImage]).await.expect("a task");
    assert_eq!(app.state_of(&project).await["scenes"][0]["image_status"], "processing");
    app.fail(&lease, "The printer is on fire.").await;
    let state = app.state_of(&project).await;
    let scene = &state["scenes"][0];
    assert_eq!((&scene["image_status"], &scene["error"]), (&json!("error"), &json!("The printer is on fire.")));
    assert_eq!(scene["error_message"], scene["error"]);
    let (_, job) = app.get(&format!("/api/jobs/{}", lease.task)).await;
    assert_eq!((&job["status"], &job["errorMessage"]), (&json!("FAILED"), &json!("The printer is on fire.")));
}

#[tokio::test]
async fn a_failed_scene_is_skipped() {
    let app = TestApp::new().await;
    let project = app.project(&["One.", "Two."]).await;
    app.command(&project, "generate_all_images").await;
    let lease = app.begin(&[TaskKind::DrawImage]).await.expect("a task");
    app.fail(&lease, "The printer is on fire.").await;
    app.work().await;
    assert_eq!(app.state_of(&project).await["projectStatus"], "failed");
    assert_eq!(app.command(&project, "skip_scene").await, (200, json!({ "message": "Scene skipped" })));
    let state = app.state_of(&project).await;
    let scene = &state["scenes"][0];
    assert_eq!((&state["projectStatus"], &scene["image_status"]), (&json!("completed"), &json!("completed")));
    assert_eq!((&scene["error"], &scene["image_url"]), (&json!("Skipped by user"), &Value::Null));
}

#[tokio::test]
async fn a_clip_is_made_from_its_picture() {
    let app = TestApp::new().await;
    let project = app.project(&["One."]).await;
    let scene = app.scene_ids(&project).await.remove(0);
    let body = json!({ "projectId": project, "action": "generate_video", "sceneId": scene });
    let message = json!({ "message": "Video generation started (Async)" });
    assert_eq!(app.post("/api/workflow/command", body.clone()).await, (200, message.clone()));
    let lease = app.begin(&[TaskKind::DrawImage]).await.expect("the picture comes first");
    app.end(&lease).await;
    let state = app.state_of(&project).await;
    assert_eq!(state["generationMessage"], "Generating Video for Scene 1...");
    assert_eq!(app.post("/api/workflow/command", body).await, (200, message));
    assert_eq!(app.work().await, 1, "a command sent twice has the effect of one");
    let state = app.state_of(&project).await;
    let scene = &state["scenes"][0];
    assert_eq!((&scene["video_status"], &scene["media_type"]), (&json!("completed"), &json!("video")));
}

#[tokio::test]
async fn music_is_made_when_wanted() {
    let app = TestApp::new().await;
    let project = app.project(&["One."]).await;
    let (status, error) = app.command(&project, "generate_music").await;
    assert_eq!(status, 400, "{error}");
    assert!(text(&error["details"]["include_music"]["_errors"][0]).contains("switch include_music on"));
    app.patch(&format!("/api/projects/{project}"), json!({ "include_music": true })).await;
    assert_eq!(app.command(&project, "generate_music").await, (200, json!({ "message": "Music queued" })));
    let lease = app.begin(&[TaskKind::ComposeMusic]).await.expect("a task");
    assert_eq!(app.state_of(&project).await["music_status"], "loading");
    app.end(&lease).await;
    assert!(text(&app.state_of(&project).await["music_url"]).starts_with("/api/assets?url=music/"));
}

#[tokio::test]
async fn commands_that_can_not_be_taken() {
    let app = TestApp::new().await;
    let project = app.project(&["One."]).await;
    let empty = app.project(&[]).await;
    let check = async |body: Value, expected: u16, word: &str| {
        let (status, error) = app.post("/api/workflow/command", body).await;
        assert_eq!(status, expected, "{error}");
        assert!(error.to_string().contains(word), "{error}");
    };
    check(json!({ "action": "pause" }), 400, "projectId").await;
    check(json!({ "projectId": project }), 400, "action").await;
    check(json!({ "projectId": project, "action": "dance" }), 400, "generate_all").await;
    check(json!({ "projectId": project, "action": "regenerate_image" }), 400, "sceneId").await;
    check(json!({ "projectId": project, "action": "regenerate_image", "sceneId": Uuid::nil() }), 404, "Scene not found").await;
    check(json!({ "projectId": project, "action": "generate_video" }), 400, "sceneId").await;
    check(json!({ "projectId": project, "action": "regenerate_video" }), 400, "sceneId").await;
    check(json!({ "projectId": project, "action": "skip_scene" }), 409, "name the scene to skip").await;
    check(json!({ "projectId": empty, "action": "generate_all" }), 409, "add one first").await;
    check(json!({ "projectId": Uuid::nil(), "action": "pause" }), 404, "Project not found").await;
    assert_eq!(app.get(&format!("/api/workflow/state/{}", Uuid::nil())).await.0, 404);
    assert_eq!(app.post("/api/workflow/estimate", json!({ "projectId": Uuid::nil() })).await.0, 404);
}
