use assets::Place;
use axum::http::Method;
use model::task::TaskKind;
use serde_json::{Value, json};

use crate::app::{TestApp, clock, new_id, png, text, wav};

#[tokio::test]
async fn a_complete_project_is_rendered() {
    let app = TestApp::new().await;
    let project = app.project(&["One."]).await;
    let start = async || app.post("/api/render", json!({ "projectId": project, "unknown": 5 })).await;
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

/// What the API says of one field of a refused body.
fn problem<'a>(body: &'a Value, path: &[&str]) -> &'a str {
    assert_eq!(body["error"], "Validation Error", "{body}");
    path.iter().fold(&body["details"], |node, step| &node[step])["_errors"][0]
        .as_str()
        .unwrap_or_else(|| panic!("{path:?}: {body}"))
}

#[tokio::test]
async fn a_storyboard_of_ones_own_is_rendered() {
    let app = TestApp::new().await;
    let made = app.project(&["One.", "Two."]).await;
    app.command(&made, "generate_all").await;
    app.work().await;
    let state = app.state_of(&made).await;
    let picture = app.raw(Method::POST, "/api/assets", png(new_id())).await.1;
    let project = app.project(&[]).await;
    let body = json!({
        "projectId": project, "size": "1:1", "captions": { "style": "box" }, "music": { "duck": false }, "title": "Mine",
        "bgMusicUrl": null,
        "scenes": [
            { "narration": "One.", "imageUrl": state["scenes"][0]["image_url"], "audioUrl": state["scenes"][0]["audio_url"],
              "wordTimings": [{ "word": "One.", "start": 0.1, "end": 0.5 }], "motion": "still" },
            { "imageUrl": picture["key"], "duration": 1.5, "transition": "zoomThrough", "wordTimings": null },
        ],
    });
    let (status, started) = app.post("/api/render", body.clone()).await;
    assert_eq!(status, 200, "{started}");
    assert_eq!(app.post("/api/render", body.clone()).await.1, started, "asking twice is one render");
    let record = app.state.store.project(project.parse().expect("an id")).await.expect("a query").expect("a project");
    let storyboard = record.project.render.and_then(|render| render.storyboard).expect("a storyboard of its own");
    let scenes: Vec<_> = storyboard.scenes.iter().map(|scene| (scene.image_url.as_deref(), scene.duration)).collect();
    let key = text(&state["scenes"][0]["image_url"]).replace("/api/assets?url=", "");
    assert_eq!(scenes, [(Some(key.as_str()), None), (picture["key"].as_str(), Some(1.5))]);
    assert_eq!((storyboard.title.as_str(), storyboard.size.width, storyboard.size.height), ("Mine", 1080, 1080));
    assert_eq!((storyboard.fps, storyboard.music.duck, storyboard.music.volume_db), (30, false, -14.0));
    assert_eq!(storyboard.scenes[0].word_timings[0].end, 0.5);
    assert_eq!(app.work().await, 1, "one render, and nothing is made for it");
    let (_, done) = app.get(&format!("/api/render/{}", text(&started["jobId"]))).await;
    assert_eq!(done["status"], "completed");
    let mut other = body;
    other["scenes"][1]["duration"] = json!(2);
    assert_ne!(app.post("/api/render", other).await.1["jobId"], started["jobId"]);
}

#[tokio::test]
async fn a_storyboard_shows_nothing_that_is_not_ones_own() {
    let app = TestApp::new().await;
    // They are there, but no project of the caller shows them.
    let theirs = app.store_bytes(Place::SceneImages, &png(new_id())).await.key;
    let their_voice = app.store_bytes(Place::SceneAudio, &wav(new_id())).await.key;
    let project = app.project(&[]).await;
    let picture = app.raw(Method::POST, "/api/assets", png(new_id())).await.1;
    let scene = json!({ "imageUrl": picture["url"], "duration": 1 });
    let missing = "uploads/0123456789abcdef0123456789abcdef.jpg";
    let send = async |changes: Value| {
        let mut body = json!({ "projectId": project, "scenes": [scene, scene] });
        for (field, value) in changes.as_object().expect("fields") {
            let (place, name) = field.split_once('.').unwrap_or((field, ""));
            match name {
                "" => body[place] = value.clone(),
                name => body["scenes"][place.parse::<usize>().expect("a number")][name] = value.clone(),
            }
        }
        app.post("/api/render", body).await
    };
    let check = async |changes: Value, path: &[&str], expected: &str| {
        let (status, body) = send(changes).await;
        assert_eq!(status, 400, "{body}");
        assert!(problem(&body, path).contains(expected), "{expected}: {body}");
    };
    check(json!({ "1.imageUrl": theirs }), &["scenes", "1", "imageUrl"], "there is no file").await;
    check(json!({ "0.audioUrl": format!("/api/assets?url={their_voice}") }), &["scenes", "0", "audioUrl"], "there is no file")
        .await;
    check(json!({ "0.imageUrl": missing }), &["scenes", "0", "imageUrl"], "there is no file").await;
    check(
        json!({ "0.imageUrl": "https://cdn.example/a.jpg" }),
        &["scenes", "0", "imageUrl"],
        "no machine of the name cdn.example",
    )
    .await;
    check(json!({ "0.imageUrl": "file:///etc/passwd" }), &["scenes", "0", "imageUrl"], "is not a file on this server").await;
    check(json!({ "1.audioUrl": picture["url"] }), &["scenes", "1", "audioUrl"], "needed is: audio").await;
    check(json!({ "bgMusicUrl": missing.replace("jpg", "wav") }), &["bgMusicUrl"], "there is no file").await;
    check(json!({ "1.duration": 0 }), &["scenes", "1", "duration"], "0 is not from 0.04 to 600 seconds").await;
    check(json!({ "1.duration": null }), &["scenes", "1"], "one of them gives the length").await;
    check(json!({ "1.motion": "jump" }), &["scenes", "1", "motion"], "is not one of zoomIn").await;
    check(json!({ "fps": 5 }), &["fps"], "24 to 60").await;
    check(json!({ "scenes": [] }), &["scenes"], "there is no scene").await;
    check(json!({ "scenes": "all" }), &["scenes"], "invalid type").await;
    check(json!({ "scenes": null, "title": "Mine" }), &["title"], "there are no scenes").await;
    assert_eq!(send(json!({})).await.0, 200, "and without all that it is fine");
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
