use assets::Place;
use axum::http::Method;
use model::project::{Asset, Credit};
use model::task::{Product, TaskKind};
use serde_json::{Value, json};
use store::Outcome;

use crate::app::{TestApp, clock, new_id, png, text, wav};

async fn upload(app: &TestApp) -> Value {
    app.raw(Method::POST, "/api/assets", wav(new_id())).await.1
}

/// The music that a render of the project is given.
async fn rendered(app: &TestApp, project: &str) -> Option<String> {
    let project = app.state.store.project(project.parse().expect("an id")).await.expect("a query").expect("a project").project;
    project.storyboard().expect("all is there").bg_music_url
}

#[tokio::test]
async fn music_of_ones_own_stays_until_it_is_taken_out() {
    let app = TestApp::new().await;
    let song = upload(&app).await;
    let project = app.project(&["One."]).await;
    let path = format!("/api/projects/{project}");
    let (status, changed) = app.patch(&path, json!({ "bg_music_url": song["url"] })).await;
    assert_eq!(status, 200, "{changed}");
    assert_eq!((&changed["include_music"], &changed["bg_music_status"]), (&json!(true), &json!("completed")));
    assert_eq!((&changed["bg_music_url"], &changed["bg_music_made_by"]), (&song["url"], &json!("given")));
    let force = json!({ "projectId": project, "action": "generate_all", "force": true });
    app.post("/api/workflow/command", force).await;
    assert_eq!(app.work().await, 2, "a picture and a narration");
    let (_, changed) = app.patch(&path, json!({ "style": "noir", "bg_music_prompt": "sad", "bg_music_url": song["key"] })).await;
    assert_eq!(changed["bg_music_url"], song["url"]);
    assert_eq!(rendered(&app, &project).await.as_ref(), song["key"].as_str().map(str::to_owned).as_ref());

    let (_, silent) = app.patch(&path, json!({ "include_music": false })).await;
    assert_eq!((&silent["bg_music_url"], rendered(&app, &project).await), (&Value::Null, None));
    let (_, again) = app.patch(&path, json!({ "include_music": true })).await;
    assert_eq!(again["bg_music_url"], song["url"], "it was only silent");
    let (_, saved) = app.patch(&path, json!({ "bg_music_url": null })).await;
    assert_eq!(saved["bg_music_url"], song["url"], "what the Studio saves takes nothing away");
    let (_, out) = app.patch(&path, json!({ "bg_music_url": "" })).await;
    assert_eq!((&out["bg_music_url"], &out["bg_music_status"]), (&Value::Null, &json!("draft")));
    app.command(&project, "generate_all").await;
    assert_eq!(app.work().await, 1, "now it is composed");
    let (_, composed) = app.patch(&path, json!({ "bg_music_url": "" })).await;
    assert_eq!(composed["bg_music_status"], "completed", "music that was made stays");
    let (_, same) = app.patch(&path, json!({ "bg_music_url": composed["bg_music_url"] })).await;
    assert_eq!(same["bg_music_made_by"], "test", "whoever sends back what they have read gives nothing");

    for bad in
        [json!("https://example.org/a.mp3"), text(&app.raw(Method::POST, "/api/assets", png(new_id())).await.1["key"]).into()]
    {
        let (status, error) = app.patch(&path, json!({ "bg_music_url": bad })).await;
        assert!(status == 400 && error["details"].get("bg_music_url").is_some(), "{error}");
    }
    let (status, error) = app.patch(&path, json!({ "bg_music_url": song["key"], "include_music": false })).await;
    assert!(status == 400 && error["details"].get("bg_music_url").is_some(), "{error}");
}

#[tokio::test]
async fn orders_and_new_projects_take_music() {
    let app = TestApp::new().await;
    let song = upload(&app).await;
    let key = text(&song["key"]);
    let (status, project) = app.post("/api/projects", json!({ "topic": "x", "bg_music_url": key })).await;
    assert_eq!((status, &project["bg_music_url"], &project["include_music"]), (200, &song["url"], &json!(true)));
    let script = format!("---\nmusic: {key}\n---\n\nHi.\n");
    let (status, project) = app.post("/api/projects", json!({ "script": script })).await;
    assert_eq!((status, &project["bg_music_url"]), (200, &song["url"]));
    let scene = json!({ "narration": "Hi." });
    for order in [
        json!({ "storyboard": { "scenes": [scene], "bgMusicUrl": song["url"] } }),
        json!({ "storyboard": { "scenes": [scene] }, "music": key }),
        json!({ "script": script }),
    ] {
        let (status, ordered) = app.post("/api/shorts", order).await;
        assert_eq!(status, 202, "{ordered}");
        assert_eq!(app.work().await, 3, "picture, narration, video");
        assert_eq!(rendered(&app, &text(&ordered["projectId"])).await.as_ref(), Some(&key));
    }
}

#[tokio::test]
async fn somebody_elses_music_is_not_there() {
    let mut app = TestApp::new().await;
    let project = app.project(&["One."]).await;
    let path = format!("/api/projects/{project}");
    app.patch(&path, json!({ "include_music": true })).await;
    app.command(&project, "generate_all").await;
    app.work().await;
    let music = app.get(&path).await.1["bg_music_url"].clone();
    app.become_somebody_else();
    let (status, error) = app.post("/api/projects", json!({ "topic": "x", "bg_music_url": music })).await;
    assert_eq!(status, 400, "{error}");
    assert!(text(&error["details"]["bg_music_url"]["_errors"][0]).contains("there is no file"), "{error}");
}

#[tokio::test]
async fn who_made_what_is_told() {
    let app = TestApp::new().await;
    let project = app.project(&["One."]).await;
    app.patch(&format!("/api/projects/{project}"), json!({ "include_music": true })).await;
    app.command(&project, "generate_all").await;
    let lease = app.begin(&[TaskKind::DrawImage]).await.expect("a picture to find");
    let credit = Credit { author: "Ana".into(), licence: "CC BY 4.0".into(), source: "https://example.org/1".into() };
    let asset = app.store_bytes(Place::SceneImages, &png(new_id())).await;
    let asset = Asset { made_by: "openverse/photos".into(), credit: Some(Box::new(credit)), ..asset };
    assert!(app.state.store.finish(&lease, Outcome::Done(Product::Image(asset)), clock()).await.expect("an end"));
    app.work().await;
    let state = app.state_of(&project).await;
    let credit = json!({ "author": "Ana", "licence": "CC BY 4.0", "source": "https://example.org/1" });
    let (_, row) = app.patch(&format!("/api/scenes/{}", text(&state["scenes"][0]["id"])), json!({})).await;
    for scene in [&state["scenes"][0], &row] {
        assert_eq!((&scene["image_made_by"], &scene["image_credit"]), (&json!("openverse/photos"), &credit));
        assert_eq!((&scene["audio_made_by"], &scene["audio_credit"]), (&json!("test"), &Value::Null));
        assert_eq!((scene.get("video_made_by"), scene.get("video_credit")), (Some(&Value::Null), Some(&Value::Null)));
    }
    assert_eq!((&state["music_made_by"], state.get("music_credit")), (&json!("test"), Some(&Value::Null)));
}
