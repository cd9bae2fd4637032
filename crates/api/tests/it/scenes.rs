use serde_json::{Value, json};

use crate::app::{TestApp, new_id, png, text};

#[tokio::test]
async fn the_same_place_twice_is_one_scene() {
    let app = TestApp::new().await;
    let project = app.project(&[]).await;
    let body = json!({ "project_id": project, "scene_number": 1, "narration": "Hello.", "visual_description": "a cat", "duration_seconds": 4.5 });
    let (status, first) = app.post("/api/scenes", body.clone()).await;
    assert_eq!(status, 200, "{first}");
    assert_eq!(
        (&first["duration_seconds"], &first["visual_effect"], &first["image_url"]),
        (&json!(4.5), &json!("zoom_in"), &Value::Null)
    );
    let (_, second) = app.post("/api/scenes", body).await;
    assert_eq!(first, second);
    let (_, third) = app.post("/api/scenes", json!({ "project_id": project, "scene_number": 1, "narration": "Bye." })).await;
    assert_eq!(
        (&third["id"], &third["narration"], &third["visual_description"]),
        (&first["id"], &json!("Bye."), &json!("a cat"))
    );
    let (_, far) = app.post("/api/scenes", json!({ "project_id": project, "scene_number": 9, "narration": "End." })).await;
    assert_eq!(far["scene_number"], 2, "a place beyond the end is the end");
    assert_eq!(app.scene_ids(&project).await.len(), 2);
}

#[tokio::test]
async fn new_texts_discard_only_what_was_made_from_the_old() {
    let app = TestApp::new().await;
    let project = app.project(&["One.", "Two."]).await;
    app.command(&project, "generate_all").await;
    assert_eq!(app.work().await, 4);
    let scene = app.scene_ids(&project).await.remove(0);
    let (status, changed) = app.patch(&format!("/api/scenes/{scene}"), json!({ "narration": "Uno." })).await;
    assert_eq!(status, 200, "{changed}");
    assert_eq!((&changed["audio_status"], &changed["image_status"]), (&json!("draft"), &json!("completed")));
    assert_eq!((&changed["audio_url"], &changed["word_timings"]), (&Value::Null, &Value::Null));
    app.command(&project, "generate_all").await;
    assert_eq!(app.work().await, 1);
}

#[tokio::test]
async fn a_narration_without_words_is_refused_at_once() {
    let app = TestApp::new().await;
    let project = app.project(&["One."]).await;
    let scene = app.scene_ids(&project).await.remove(0);
    let refused = json!({ "_errors": ["There are no words to speak; write at least one word"] });
    let silent = json!({ "project_id": project, "scene_number": 2, "narration": "🚀 …" });
    let (status, answer) = app.post("/api/scenes", silent).await;
    assert_eq!((status, &answer["details"]["narration"]), (400, &refused));
    let (status, answer) = app.patch(&format!("/api/scenes/{scene}"), json!({ "narration": "–" })).await;
    assert_eq!((status, &answer["details"]["narration"]), (400, &refused));
    let storyboard = json!({ "storyboard": { "scenes": [{ "narration": "!" }] } });
    let (status, answer) = app.post("/api/shorts", storyboard).await;
    assert_eq!(status, 400, "{answer}");
}

#[tokio::test]
async fn a_scene_takes_the_users_own_picture() {
    let app = TestApp::new().await;
    let project = app.project(&["One."]).await;
    let scene = app.scene_ids(&project).await.remove(0);
    let path = format!("/api/scenes/{scene}");
    let (_, stored) = app.raw(axum::http::Method::POST, "/api/assets", png(new_id())).await;
    let (status, changed) = app.patch(&path, json!({ "image_url": stored["url"] })).await;
    assert_eq!(status, 200, "{changed}");
    assert_eq!((&changed["image_status"], &changed["image_url"]), (&json!("completed"), &stored["url"]));
    app.command(&project, "generate_all").await;
    assert_eq!(app.work().await, 1, "only the narration is made");
    let (_, media) = app.get(&format!("{path}/media")).await;
    assert_eq!(media["image_base64"], stored["url"]);
    assert!(text(&media["audio_base64"]).starts_with("/api/assets?url=scenes/audio/"));
    assert_eq!(media["video_base64"], Value::Null);
    for foreign in [
        "https://example.org/cat.jpg",
        "/etc/passwd",
        "uploads/0123456789abcdef0123456789abcdef.jpg",
        "captions/0123456789abcdef0123456789abcdef.srt",
    ] {
        let (status, error) = app.patch(&path, json!({ "image_url": foreign })).await;
        assert_eq!(status, 400, "{foreign}");
        assert!(text(&error["details"]["image_url"]["_errors"][0]).contains(foreign));
    }
}

#[tokio::test]
async fn scenes_move_and_go() {
    let app = TestApp::new().await;
    let project = app.project(&["One.", "Two.", "Three."]).await;
    let ids = app.scene_ids(&project).await;
    let (_, moved) =
        app.patch(&format!("/api/scenes/{}", ids[2]), json!({ "scene_number": 1, "media_type": "image", "unknown": 1 })).await;
    assert_eq!(moved["scene_number"], 1);
    assert_eq!(app.scene_ids(&project).await, [&ids[2], &ids[0], &ids[1]].map(String::clone));
    assert_eq!(app.delete(&format!("/api/scenes/{}", ids[2])).await, (200, json!({ "success": true })));
    assert_eq!(app.scene_ids(&project).await, ids[..2]);
}

#[tokio::test]
async fn scenes_that_are_not_there() {
    let app = TestApp::new().await;
    let not_found = (404, json!({ "error": "Scene not found" }));
    for id in [new_id().to_string(), "x".to_owned()] {
        assert_eq!(app.patch(&format!("/api/scenes/{id}"), json!({})).await, not_found);
        assert_eq!(app.delete(&format!("/api/scenes/{id}")).await, not_found);
        assert_eq!(app.get(&format!("/api/scenes/{id}/media")).await, not_found);
    }
    let (status, _) = app.post("/api/scenes", json!({ "project_id": new_id(), "scene_number": 1, "narration": "x" })).await;
    assert_eq!(status, 404);
}
