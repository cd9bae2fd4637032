//! Single questions to vendors, where the test plays the worker.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use image::{ImageFormat, RgbImage};
use model::task::TaskKind;
use serde_json::{Value, json};
use store::{KeyOf, ProjectQuery};

use crate::app::{TestApp, clock, text};

/// Does what there is to do while the question waits; counts it.
fn worker(app: &Arc<TestApp>) -> (Arc<AtomicUsize>, tokio::task::JoinHandle<()>) {
    let (done, app) = (Arc::new(AtomicUsize::new(0)), app.clone());
    let count = done.clone();
    let task = tokio::spawn(async move {
        loop {
            count.fetch_add(app.work().await, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    (done, task)
}

fn picture() -> String {
    let mut bytes = std::io::Cursor::new(Vec::new());
    RgbImage::new(4, 3).write_to(&mut bytes, ImageFormat::Png).expect("a picture");
    format!("data:image/png;base64,{}", BASE64.encode(bytes.into_inner()))
}

async fn status_of(app: &TestApp, url: &str) -> u16 {
    let request = Request::get(url).body(Body::empty()).expect("a request");
    app.send(request).await.status().as_u16()
}

fn moon() -> Value {
    json!({ "userId": "somebody else", "topic": "The Moon", "style": "noir" })
}

#[tokio::test]
async fn questions_are_answered_by_the_worker_in_their_shapes() {
    let app = Arc::new(TestApp::new().await);
    let (done, worker) = worker(&app);
    let (status, script) = app.post("/api/ai/generate-script", moon()).await;
    let scenes = json!([{ "sceneNumber": 1, "visualDescription": "a written page", "narration": "Written words.", "durationSeconds": 2.0 }]);
    let expected = json!({ "videoTitle": "Written", "videoDescription": "The Moon", "scenes": scenes });
    assert_eq!((status, &script), (200, &expected));
    assert_eq!(app.post("/api/ai/generate-music-prompt", moon()).await, (200, json!({ "prompt": "as it is" })));
    let look = json!({ "userId": "x", "image": picture() });
    assert_eq!(app.post("/api/ai/analyze-character", look.clone()).await, (200, json!({ "result": "as it is" })));
    let (status, portrait) = app.post("/api/ai/optimize-image", look).await;
    assert_eq!(status, 200, "{portrait}");
    let portrait = text(&portrait["result"]);
    assert!(portrait.starts_with("/api/assets?url=characters/"), "{portrait}");
    let sample = json!({ "userId": "x", "text": "Hello.", "voice": "Kore", "provider": "gemini" });
    let (status, sample) = app.post("/api/ai/generate-audio", sample).await;
    assert_eq!(status, 200, "{sample}");
    let audio = text(&sample["audioUrl"]);
    let voice = json!({
        "name": "en-gb", "label": "British", "gender": "Male", "description": "", "provider": "espeak", "previewUrl": null,
        "labels": { "language": "en-GB", "gender": "Male" },
    });
    assert_eq!(app.post("/api/ai/voices", json!({ "apiKeys": {} })).await, (200, json!({ "voices": [voice] })));
    let any = json!({ "action": "generate_script", "params": moon() });
    assert_eq!(app.post("/api/ai/generate", any).await, (200, json!({ "result": script })));
    let any = json!({ "action": "optimize_image", "params": { "base64Image": picture() } });
    assert_eq!(app.post("/api/ai/generate", any).await, (200, json!({ "result": portrait })));
    assert_eq!(done.load(Ordering::SeqCst), 7, "who has had the script and asks once more, in whichever shape, gets another one");
    for url in [&portrait, &audio] {
        assert_eq!(status_of(&app, url).await, 200, "{url}");
    }
    // A portrait can become a character.
    let character = json!({ "name": "Ana", "images": [portrait] });
    assert_eq!(app.post("/api/characters", character).await.0, 201);
    // Nobody sees what carries them.
    app.project(&["One."]).await;
    let (_, projects) = app.get("/api/projects").await;
    assert_eq!(projects.as_array().map(Vec::len), Some(1), "{projects}");
    worker.abort();
    let _ = worker.await;
    let mut app = Arc::into_inner(app).unwrap_or_else(|| panic!("the worker is gone"));
    app.become_somebody_else();
    assert_eq!(status_of(&app, &portrait).await, 404, "a face is shown to nobody else");
}

#[tokio::test]
async fn who_loses_patience_asks_again_and_nothing_is_made_twice() {
    let mut app = TestApp::new().await;
    app.state.answer_within = Duration::ZERO;
    app.restart();
    let ask = async |app: &TestApp| app.post("/api/ai/generate-script", moon()).await;
    let (status, late) = ask(&app).await;
    assert_eq!(status, 504, "{late}");
    assert!(text(&late["error"]).contains("is still being made"), "{late}");
    let id = text(&late["details"]["askId"]);
    let path = format!("/api/ai/answers/{id}");
    assert_eq!(app.get(&path).await, (202, late.clone()));
    assert_eq!(ask(&app).await, (504, late), "asked twice is asked once");
    let process = app.another_process().await;
    assert_eq!(process.work().await, 1);
    let (status, script) = ask(&app).await;
    assert_eq!(status, 200, "{script}");
    assert_eq!((app.get(&path).await, app.work().await), ((200, script), 0));
    let mut other = moon();
    other["take"] = json!(1);
    assert_eq!(app.post("/api/ai/generate-script", other).await.0, 504, "another take is another question");
    // What carries a question is no project for anybody.
    for path in ["projects", "workflow/state", "events"] {
        assert_eq!(app.get(&format!("/api/{path}/{id}")).await.0, 404, "{path}");
    }
    assert_eq!((app.delete(&format!("/api/projects/{id}")).await.0, app.command(&id, "generate_all").await.0), (404, 404));
    let not_there = (404, json!({ "error": "Answer not found" }));
    let project = app.project(&["One."]).await;
    assert_eq!(app.get(&format!("/api/ai/answers/{project}")).await, not_there);
    app.become_somebody_else();
    assert_eq!(app.get(&path).await, not_there);
}

#[tokio::test]
async fn failures_are_told_and_can_be_tried_again() {
    let mut app = TestApp::new().await;
    app.state.answer_within = Duration::ZERO;
    app.restart();
    let ask = async |app: &TestApp| app.post("/api/ai/generate-music-prompt", moon()).await;
    let (_, late) = ask(&app).await;
    let path = format!("/api/ai/answers/{}", text(&late["details"]["askId"]));
    let fail = async |reason: &str| {
        let lease = app.begin(&TaskKind::ALL).await.expect("a task");
        app.fail(&lease, reason).await;
        app.get(&path).await
    };
    assert_eq!(fail("Gemini is away.").await, (502, json!({ "error": "Gemini is away." })));
    assert_eq!(ask(&app).await.0, 504, "it is asked again");
    let reason = "Quota exceeded: no scripts are left";
    assert_eq!(fail(reason).await, (429, json!({ "error": reason })));
    assert_eq!((ask(&app).await.0, app.work().await, ask(&app).await.0), (504, 1, 200));
}

#[tokio::test]
async fn keys_of_a_request_are_sealed_and_for_it_alone() {
    let mut app = TestApp::new().await;
    app.state.answer_within = Duration::ZERO;
    app.restart();
    let (_, saved) = app.post("/api/user/apikeys", json!({ "elevenlabs_key": "stored-key-5678" })).await;
    assert!(saved["message"].is_string(), "{saved}");
    let mut body = moon();
    body["apiKeys"] = json!({ "gemini": "my-own-key-1234", "elevenlabs": "****5678", "groq": " ", "suno": null });
    let (_, late) = app.post("/api/ai/generate-script", body).await;
    let id = text(&late["details"]["askId"]).parse().expect("an id");
    let (store, vault) = (&app.state.store, &app.state.vault);
    let keys = store.vendor_keys(app.owner, Some(id), vault, clock()).await.expect("keys");
    let keys: Vec<_> = keys.iter().map(|key| (key.vendor.as_str(), key.of_run, key.secret.as_deref())).collect();
    assert_eq!(keys, [("gemini", true, Some("my-own-key-1234")), ("elevenlabs", false, Some("stored-key-5678"))]);
    let record = store.project(id).await.expect("readable").expect("there");
    assert!(!format!("{record:?}").contains("my-own-key"), "{record:?}");
    let mut bad = moon();
    bad["apiKeys"] = json!({ "gemini": "with a blank" });
    let (status, error) = app.post("/api/ai/generate-script", bad).await;
    assert_eq!(status, 400);
    assert!(error["details"]["apiKeys"]["gemini"]["_errors"][0].is_string(), "{error}");
    // The same key for another user's question would be another row.
    let of = KeyOf::Run { project: id, until: clock() };
    store.put_vendor_key(app.owner, (of, "gemini", "x"), vault, [0; 24], clock()).await.expect("kept");
}

#[tokio::test]
async fn bad_questions_are_refused_field_by_field() {
    let app = TestApp::new().await;
    let check = async |route: &str, body: Value, field: &str| {
        let (status, error) = app.post(&format!("/api/ai/{route}"), body).await;
        assert_eq!(status, 400, "{route}: {error}");
        assert!(error["details"][field]["_errors"][0].is_string(), "{route}: {error}");
    };
    check("generate-script", json!({ "style": "noir" }), "topic").await;
    check("generate-script", json!({ "topic": "x", "style": " " }), "style").await;
    check("generate-script", json!({ "topic": "x", "style": "y", "durationConfig": 7 }), "durationConfig").await;
    check("generate-music-prompt", json!({ "topic": "x" }), "style").await;
    check("analyze-character", json!({ "image": "data:image/png;base64,aGk=" }), "image").await;
    check("optimize-image", json!({ "image": "https://example.org/a.png" }), "image").await;
    check("generate-audio", json!({ "text": "word ".repeat(101), "voice": "" }), "text").await;
    check("generate-audio", json!({ "text": "...", "voice": "" }), "text").await;
    check("generate-audio", json!({ "text": "Hello." }), "voice").await;
    check("generate", json!({ "action": "dance", "params": {} }), "action").await;
    check("generate", json!({ "action": "generate_script", "params": { "topic": "x" } }), "style").await;
    let (status, _) = app.raw(Method::POST, "/api/ai/voices", "no JSON").await;
    assert_eq!((status, app.work().await), (400, 0));
}

#[tokio::test]
async fn old_questions_are_forgotten_with_their_objects() {
    let app = Arc::new(TestApp::new().await);
    let (_, worker) = worker(&app);
    let sample = json!({ "text": "Hello.", "voice": "" });
    let (_, first) = app.post("/api/ai/generate-audio", sample.clone()).await;
    let audio = text(&first["audioUrl"]);
    let (_, portrait) = app.post("/api/ai/optimize-image", json!({ "image": picture() })).await;
    let portrait = text(&portrait["result"]);
    assert_eq!(app.post("/api/characters", json!({ "name": "Ana", "images": [portrait] })).await.0, 201);
    worker.abort();
    let tomorrow = clock() + chrono::Duration::hours(25);
    let store = &app.state.store;
    let gone = store.forget_questions(tomorrow).await.expect("forgotten");
    assert_eq!(gone.len(), 2, "what was asked about and the sound, while the portrait is a character's: {gone:?}");
    assert!(gone.iter().any(|key| audio.ends_with(key.as_str())), "{gone:?} {audio}");
    assert_eq!(store.forget_questions(tomorrow).await.expect("forgotten"), Vec::<String>::new());
    for key in &gone {
        assert!(store.owned_objects(app.owner, std::slice::from_ref(key)).await.expect("readable").is_empty(), "{key}");
    }
    assert_eq!(status_of(&app, &portrait).await, 200);
    let query = ProjectQuery { owner: app.owner, limit: None, offset: 0, folder: None, archived: None };
    assert_eq!(store.projects(&query).await.expect("readable").total, 0);
}
