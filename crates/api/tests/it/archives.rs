//! Projects leave as archives and come back as they were.

use std::io::{Cursor, Read, Write};

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request};
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::app::{TestApp, png, text, wav};

async fn export(app: &TestApp, project: &str) -> (Option<String>, Vec<u8>) {
    let request = Request::get(format!("/api/projects/{project}/export")).body(Body::empty()).expect("a request");
    let response = app.send(request).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/zip");
    let name = response.headers().get("content-disposition").map(|name| name.to_str().expect("text").to_owned());
    (name, to_bytes(response.into_body(), usize::MAX).await.expect("a whole archive").to_vec())
}

fn names(archive: &[u8]) -> Vec<String> {
    let zip = ZipArchive::new(Cursor::new(archive)).expect("an archive");
    let mut names: Vec<String> = zip.file_names().map(|name| name.expect("a plain name").into_owned()).collect();
    names.sort();
    names
}

fn description(archive: &[u8]) -> Value {
    let mut zip = ZipArchive::new(Cursor::new(archive)).expect("an archive");
    let mut json = String::new();
    zip.by_name("project.json").expect("a description").read_to_string(&mut json).expect("text");
    serde_json::from_str(&json).expect("JSON")
}

fn packed(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        zip.start_file(*name, SimpleFileOptions::default()).expect("an entry");
        zip.write_all(bytes).expect("written");
    }
    zip.finish().expect("an archive").into_inner()
}

async fn finished(app: &TestApp) -> String {
    let topic = json!({ "topic": "The Moon", "generated_title": "São Paulo: 50%!", "style": "noir", "tags": ["a"], "include_music": true });
    let (_, project) = app.post("/api/projects", topic).await;
    let id = text(&project["id"]);
    for (number, words) in [(1, "One."), (2, "Two.")] {
        app.post(
            "/api/scenes",
            json!({ "project_id": id, "scene_number": number, "narration": words, "visual_description": "a sea" }),
        )
        .await;
    }
    app.command(&id, "generate_all").await;
    assert!(app.work().await > 3);
    let scene = app.scene_ids(&id).await.remove(1);
    app.post(&format!("/api/scenes/{scene}/generate"), json!({})).await;
    app.patch(&format!("/api/scenes/{scene}"), json!({ "voice_name": "Kore", "tts_provider": "gemini" })).await;
    app.command(&id, "generate_all_audio").await;
    app.work().await;
    id
}

#[tokio::test]
async fn a_project_comes_back_as_it_was() {
    let app = TestApp::new().await;
    let project = finished(&app).await;
    let (name, archive) = export(&app, &project).await;
    assert_eq!(name.as_deref(), Some("attachment; filename=\"project-s_o_paulo__50__.zip\""));
    let expected = [
        "audio/background.wav",
        "audio/scene_01.wav",
        "audio/scene_02.wav",
        "images/scene_01.png",
        "images/scene_02.png",
        "project.json",
        "videos/scene_02.mp4",
    ];
    assert_eq!(names(&archive), expected);
    let said = description(&archive);
    assert_eq!((&said["projectName"], &said["metadata"]["version"]), (&json!("São Paulo: 50%!"), &json!("1.0")));
    assert_eq!(said["scenes"][0]["image"], "images/scene_01.png");
    assert_eq!(said["settings"]["includeMusic"], true);
    let (status, imported) = app.raw(Method::POST, "/api/projects/import", archive.clone()).await;
    assert_eq!(status, 201, "{imported}");
    let copy = text(&imported["id"]);
    assert_ne!(copy, project);
    let strip = |mut state: Value| {
        for scene in state["scenes"].as_array_mut().expect("scenes") {
            for own in ["id", "image_attempts", "audio_attempts", "image_made_by", "audio_made_by", "video_made_by"] {
                scene.as_object_mut().expect("a scene").remove(own);
            }
        }
        (state["scenes"].clone(), state["music_url"].is_string())
    };
    assert_eq!(strip(app.state_of(&copy).await).0, strip(app.state_of(&project).await).0);
    assert!(strip(app.state_of(&copy).await).1, "the music came along");
    app.command(&copy, "generate_all").await;
    assert_eq!(app.work().await, 0, "nothing is made anew");
    // And once more: the archive of the copy holds the same.
    let again = export(&app, &copy).await.1;
    assert_eq!(names(&again), expected);
    for field in ["projectName", "topic", "style", "settings", "backgroundMusic", "scenes"] {
        assert_eq!(description(&again)[field], said[field], "{field}");
    }
    let voice = |archive: &Value| archive["shortsai"]["scenes"][1]["voice"].clone();
    assert!(voice(&said).is_object() && voice(&description(&again)) == voice(&said));
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let app = TestApp::new().await;
    let project = finished(&app).await;
    let state = app.state_of(&project).await;
    let url = text(&state["scenes"][0]["image_url"]);
    let key = url.split_once("url=").expect("a key").1;
    app.state.assets.delete(key).await.expect("gone");
    let archive = export(&app, &project).await.1;
    let said = description(&archive);
    assert_eq!((&said["scenes"][0]["image"], &said["metadata"]["missing"]), (&Value::Null, &json!(["images/scene_01.png"])));
}

#[tokio::test]
async fn archives_of_others_are_taken_and_broken_ones_refused() {
    let app = TestApp::new().await;
    let scene = |image: Value| json!({ "id": "scene_01", "text": "One.", "prompt": "a sea", "duration": 4.0, "audio": "audio/scene_01.wav", "image": image, "video": "https://cdn.example/a.mp4" });
    let whole = |scenes: Value| {
        json!({
            "id": "x", "projectName": "Old", "topic": "t", "style": "s", "backgroundMusic": null, "referenceImage": null,
            "settings": { "language": "en", "voiceName": "Kore", "ttsProvider": "gemini", "videoModel": "veo", "audioModel": null, "includeMusic": false },
            "scenes": scenes, "metadata": { "exportedAt": "2025-12-01T00:00:00.000Z", "version": "1.0" },
        })
        .to_string()
    };
    let (picture, sound) = (png(uuid::Uuid::nil()), wav(uuid::Uuid::nil()));
    let send = async |archive: Vec<u8>| app.raw(Method::POST, "/api/projects/import", archive).await;
    let old = whole(json!([scene(json!("images/scene_01.png"))]));
    let media = [("images/scene_01.png", picture.as_slice()), ("audio/scene_01.wav", sound.as_slice())];
    let (status, project) = send(packed(&[&[("project.json", old.as_bytes())][..], &media].concat())).await;
    assert_eq!(status, 201, "{project}");
    let check = async |entries: &[(&str, &[u8])], expected: &str| {
        let (status, error) = send(packed(entries)).await;
        assert_eq!(status, 400, "{expected}");
        assert!(text(&error["error"]).contains(expected), "{error} does not say {expected}");
    };
    check(&[], "has no project.json").await;
    check(&[("project.json", b"{}")], "project.json in the archive can't be read").await;
    check(&[("project.json", old.as_bytes())], "has no images/scene_01.png").await;
    let swapped =
        [("project.json", old.as_bytes()), ("images/scene_01.png", sound.as_slice()), ("audio/scene_01.wav", sound.as_slice())];
    check(&swapped, "images/scene_01.png in the archive is no image").await;
    let outside = whole(json!([scene(json!("../../etc/passwd"))]));
    check(&[("project.json", outside.as_bytes())], "has no ../../etc/passwd").await;
    let mut giant: Value = serde_json::from_str(&old).expect("JSON");
    giant["shortsai"] = json!({ "version": 1, "tags": [], "scenes": [], "durationConfig": null, "settings": Value::Null });
    let mut settings = serde_json::to_value(model::project::Settings::default()).expect("JSON");
    settings["video"]["size"]["width"] = json!(1_000_000);
    giant["shortsai"]["settings"] = settings;
    check(&[("project.json", giant.to_string().as_bytes())], "size.width: 1000000 is not an even number").await;
    let silent = whole(json!([{ "id": "scene_01", "text": " ", "prompt": "", "duration": 1.0 }]));
    check(&[("project.json", silent.as_bytes())], "scene_01 in the archive has no text").await;
    let (status, error) = send(b"not an archive".to_vec()).await;
    assert_eq!((status, text(&error["error"]).contains("no ZIP archive")), (400, true));
    assert_eq!(app.get("/api/projects").await.1.as_array().map(Vec::len), Some(1), "nothing half-made stays");
}

#[tokio::test]
async fn what_projects_have_in_common() {
    let app = TestApp::new().await;
    finished(&app).await;
    app.post("/api/projects", json!({ "topic": "x", "style": "noir", "voice_name": "Kore" })).await;
    app.post("/api/projects", json!({ "topic": "y", "style": "anime" })).await;
    let (status, all) = app.get("/api/projects/export-context").await;
    assert_eq!((status, &all["meta"]["project_count"]), (200, &json!(3)));
    assert_eq!(all["style_reference"], json!({ "common_styles": ["noir", "anime"], "preferred_voices": ["Kore"] }));
    let (_, tagged) = app.get("/api/projects/export-context?tag=a&folderId=root&limit=100").await;
    let example = json!([{ "title": "São Paulo: 50%!", "description": "", "script_sample": "One. Two.", "visual_style_sample": ["a sea", "a sea"] }]);
    assert_eq!((&tagged["content_examples"], &tagged["meta"]["filter"]), (&example, &json!({ "folderId": "root", "tag": "a" })));
    assert_eq!(app.get("/api/projects/export-context?folderId=x").await.0, 400);
}
