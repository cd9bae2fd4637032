use axum::body::Body;
use axum::http::{Method, Request};
use model::task::TaskKind;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{TestApp, clock, mp4, png, text, wav};

const SCRIPT: &str = "---\nmusic: calm\nfps: 25\n---\n# The Moon\n\n![a rocket]\n\nUp it went.\n\n## Part two\n\nDown it came.\n";

#[tokio::test]
async fn a_script_becomes_a_short_in_one_call() {
    let app = TestApp::new().await;
    let (status, order) = app.post("/api/shorts", json!({ "script": SCRIPT, "size": "1:1", "captions": "box" })).await;
    assert_eq!(status, 202, "{order}");
    let id = text(&order["id"]);
    let project = text(&order["projectId"]);
    assert_eq!((&order["renderId"], &order["status"]), (&order["id"], &json!("queued")));
    assert_eq!(order["warnings"], json!(["line 11: the heading \"Part two\" is not spoken"]));
    let show = async || app.get(&format!("/api/shorts/{id}")).await.1;
    let queued = show().await;
    let expected = json!({
        "id": id, "projectId": project, "renderId": id, "status": "queued", "stage": "waiting", "progress": 0.0, "error": null,
        "video": null, "captions": null, "thumbnail": null, "seconds": null, "warnings": [],
    });
    assert_eq!(queued, expected);

    let mut progress = vec![0.0];
    let mut stages = vec!["waiting".to_owned()];
    while let Some(lease) = app.begin(&TaskKind::ALL).await {
        for half in [false, true] {
            if half && lease.target.kind == TaskKind::Render {
                app.state.store.progress(&lease, 0.5, clock()).await.expect("progress");
            }
            let short = show().await;
            assert_eq!(short["status"], "processing");
            progress.push(short["progress"].as_f64().expect("a number"));
            stages.push(text(&short["stage"]));
        }
        app.end(&lease).await;
    }
    stages.dedup();
    assert_eq!(stages, ["waiting", "pictures_and_narration", "rendering"]);
    assert!(progress.is_sorted(), "{progress:?}");
    assert!(progress.contains(&0.75), "{progress:?}");
    let done = show().await;
    assert_eq!((&done["status"], &done["stage"], &done["progress"]), (&json!("completed"), &json!("done"), &json!(1.0)));
    assert!(text(&done["video"]).starts_with("/api/assets?url=renders/"));
    assert!(text(&done["captions"]["srt"]).ends_with(".srt") && text(&done["captions"]["vtt"]).ends_with(".vtt"));
    assert!(text(&done["thumbnail"]).starts_with("/api/assets?url=thumbnails/"));
    assert_eq!((&done["seconds"], &done["error"]), (&json!(5.0), &Value::Null));

    let settings =
        app.state.store.project(project.parse().expect("an id")).await.expect("a query").expect("a project").project.settings;
    assert_eq!((settings.title.as_str(), settings.music_prompt.as_str(), settings.video.fps), ("The Moon", "calm", 25));
    assert_eq!((settings.video.size.width, settings.video.size.height), (1080, 1080));
    assert_eq!(settings.video.captions.style, model::caption::CaptionStyle::Box);
}

#[tokio::test]
async fn a_storyboard_brings_its_own_pictures() {
    let app = TestApp::new().await;
    let upload = async |bytes: Vec<u8>| app.raw(Method::POST, "/api/assets", bytes).await.1;
    let (picture, clip) = (upload(png(Uuid::nil())).await, upload(mp4(Uuid::nil())).await);
    let body = json!({
        "music": "none",
        "storyboard": {
            "title": "Mix", "size": { "width": 720, "height": 1280 }, "fps": 24, "transition": "fadeBlack",
            "captions": { "style": "plain", "maxWords": 3, "position": "top", "highlight": "#ff0000",
                "maxLines": 3, "textColour": "#00ff00", "size": 1.5, "font": "anton", "case": "upper" },
            "music": { "volumeDb": -20, "duck": false },
            "scenes": [
                { "narration": "One.", "imageUrl": picture["key"], "motion": "zoomIn" },
                { "narration": "Two.", "videoUrl": clip["url"] },
                { "narration": "Three.", "visualDescription": "a cat", "transition": "zoomThrough", "focus": { "x": 0.3, "y": 0.2 } },
            ],
        },
    });
    let (status, order) = app.post("/api/shorts", body).await;
    assert_eq!(status, 202, "{order}");
    assert_eq!(order["warnings"], json!(["scenes[0].motion has no effect here"]));
    let project = text(&order["projectId"]);
    let state = app.state_of(&project).await;
    assert_eq!(state["scenes"][0]["image_url"], picture["url"]);
    assert_eq!((&state["scenes"][1]["video_url"], &state["scenes"][1]["media_type"]), (&clip["url"], &json!("video")));
    assert_eq!(state["scenes"][2]["visual_description"], "a cat");
    assert_eq!(app.work().await, 3 + 1 + 1, "three narrations, one picture, one render");
    assert_eq!(app.get(&format!("/api/shorts/{}", text(&order["id"]))).await.1["status"], "completed");
    let project = app.state.store.project(project.parse().expect("an id")).await.expect("a query").expect("a project").project;
    let look = project.storyboard().expect("all is made").scenes.swap_remove(2);
    assert_eq!(look.transition, Some(model::storyboard::Transition::ZoomThrough));
    assert_eq!(look.focus, Some(model::storyboard::Focus { x: 0.3, y: 0.2 }));
    let settings = project.settings;
    assert_eq!((settings.topic.as_str(), settings.include_music, settings.video.fps), ("Mix", false, 24));
    assert_eq!((settings.video.music.volume_db, settings.video.music.duck), (-20.0, false));
    assert_eq!(
        serde_json::to_value(&settings.video.captions).expect("JSON"),
        json!({
            "style": "plain", "position": "top", "maxWords": 3, "maxLines": 3, "highlight": "#ff0000",
            "textColour": "#00ff00", "size": 1.5, "font": "anton", "case": "upper"
        })
    );
    assert_eq!(settings.video.transition, model::storyboard::Transition::FadeBlack);
}

#[tokio::test]
async fn a_script_may_show_uploaded_pictures_only() {
    let app = TestApp::new().await;
    let (_, picture) = app.raw(Method::POST, "/api/assets", png(Uuid::nil())).await;
    let (_, sound) = app.raw(Method::POST, "/api/assets", wav(Uuid::nil())).await;
    let order =
        async |picture: &str| app.post("/api/shorts", json!({ "script": format!("# T\n\n![x]({picture})\n\nHello.\n") })).await;
    let (status, answer) = order(&text(&picture["key"])).await;
    assert_eq!(status, 202, "{answer}");
    assert_eq!(app.state_of(&text(&answer["projectId"])).await["scenes"][0]["image_url"], picture["url"]);
    for bad in ["photos/rocket.jpg", "/etc/passwd", "../x.png", "https://example.org/a.jpg", &text(&sound["key"])] {
        let (status, error) = order(bad).await;
        assert_eq!(status, 400, "{bad}");
        let sentence = text(&error["details"]["script"]["_errors"][0]);
        assert!(sentence.starts_with("line ") && sentence.contains(bad), "{sentence}");
    }
    assert_eq!(app.get("/api/projects").await.1.as_array().map(Vec::len), Some(1), "a refused order leaves nothing behind");
}

#[tokio::test]
async fn orders_that_can_not_be_taken() {
    let app = TestApp::new().await;
    let scene = json!({ "narration": "Hi." });
    let check = async |body: Value, expected: u16, words: &str| {
        let (status, error) = app.post("/api/shorts", body.clone()).await;
        assert_eq!(status, expected, "{body}: {error}");
        assert!(error.to_string().contains(words), "{body}: {error}");
    };
    check(json!({ "topic": "The Moon" }), 422, "No language model is configured").await;
    check(json!({}), 400, "exactly one of").await;
    check(json!({ "topic": "x", "script": "y" }), 400, "exactly one of").await;
    check(json!({ "script": "" }), 400, "must not be empty").await;
    check(json!({ "script": "# Only a title" }), 400, "line 1: there is no paragraph").await;
    check(json!({ "script": "---\nfps: 1\n---\nHi." }), 400, "line 2: fps").await;
    check(json!({ "script": "Hi.", "fps": 12 }), 400, "not a number from 24 to 60").await;
    check(json!({ "script": "Hi.", "fps": -1 }), 400, "fps").await;
    check(json!({ "script": "Hi.", "size": "11x11" }), 400, "not a size such as").await;
    check(json!({ "script": "Hi.", "size": 5 }), 400, "expected a size such as 9:16").await;
    check(json!({ "script": "Hi.", "captions": "loud" }), 400, "not one of karaoke").await;
    check(json!({ "script": "Hi.", "captions": [] }), 400, "expected karaoke").await;
    check(json!({ "script": "Hi.", "language": "English please" }), 400, "not a language tag").await;
    check(json!({ "script": "Hi.", "transition": "wipe" }), 400, "not one of cut").await;
    check(json!({ "storyboard": { "scenes": [] } }), 400, "1 to 500 scenes").await;
    check(json!({ "storyboard": { "scenes": vec![scene.clone(); 501] } }), 400, "found 501").await;
    check(json!({ "storyboard": { "scenes": [{ "narration": " " }] } }), 400, "must not be empty").await;
    check(json!({ "storyboard": { "scenes": [{}] } }), 400, "Required").await;
    check(
        json!({ "storyboard": { "scenes": [{ "narration": "x", "imageUrl": "http://10.0.0.1/a.jpg" }] } }),
        400,
        "it leads into a private network",
    )
    .await;
    check(json!({ "storyboard": { "scenes": [{ "narration": "x", "audioUrl": "a" }] } }), 400, "spoken from narration").await;
    check(json!({ "storyboard": { "scenes": [scene], "bgMusicUrl": "a" } }), 400, "is not a file on this server").await;
    check(json!({ "storyboard": { "scenes": [scene], "music": { "volumeDb": 3 } } }), 400, "volumeDb").await;
    check(json!({ "storyboard": { "scenes": [scene], "fps": 1000 } }), 400, "not a number from 24 to 60").await;
    check(json!({ "storyboard": [] }), 400, "storyboard").await;
    assert_eq!(app.get("/api/projects").await.1, json!([]));
}

#[tokio::test]
async fn a_short_that_fails_or_stops_says_so() {
    let app = TestApp::new().await;
    let order = async || app.post("/api/shorts", json!({ "script": "Hello.", "music": "none" })).await.1;
    let failed = order().await;
    let lease = app.begin(&[TaskKind::DrawImage]).await.expect("a task");
    app.fail(&lease, "No paint.").await;
    app.work().await;
    let (_, short) = app.get(&format!("/api/shorts/{}", text(&failed["id"]))).await;
    assert_eq!((&short["status"], &short["stage"]), (&json!("failed"), &json!("failed")));
    assert_eq!(short["error"], "scene 1: the picture: No paint.");

    let stopped = order().await;
    app.command(&text(&stopped["projectId"]), "pause").await;
    let (_, short) = app.get(&format!("/api/shorts/{}", text(&stopped["id"]))).await;
    assert_eq!(short["stage"], "paused");
    app.command(&text(&stopped["projectId"]), "cancel").await;
    let (_, short) = app.get(&format!("/api/shorts/{}", text(&stopped["id"]))).await;
    assert_eq!((&short["status"], &short["stage"]), (&json!("cancelled"), &json!("cancelled")));
    assert_eq!(app.get(&format!("/api/shorts/{}", Uuid::nil())).await, (404, json!({ "error": "Short not found" })));
}

#[tokio::test]
async fn the_answer_says_where_to_ask() {
    let app = TestApp::new().await;
    let request = Request::post("/api/shorts").body(Body::from(json!({ "script": "Hi." }).to_string())).expect("a request");
    let response = app.send(request).await;
    let location = response.headers()["location"].to_str().expect("text").to_owned();
    assert_eq!(app.get(&location).await.0, 200);
}
