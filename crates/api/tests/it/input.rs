//! Bad input of every kind gets an error in our own shape, and never a 500.

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request};
use serde_json::{Value, json};

use crate::app::{TestApp, clock, text};

#[tokio::test]
async fn bodies_that_are_no_json() {
    let app = TestApp::new().await;
    let deep = format!("{{\"topic\":{}1{}}}", "[".repeat(5_000), "]".repeat(5_000));
    for (body, words) in [
        ("", "not valid JSON"),
        ("{", "line 1 column 1"),
        ("{\"topic\":\n \"x\",,}", "line 2"),
        ("{\"topic\": NaN}", "not valid JSON"),
        ("{\"topic\": 1e999}", "not valid JSON"),
        ("{\"topic\": \"\\ud800\"}", "not valid JSON"),
        (&deep, "recursion limit"),
    ] {
        let (status, error) = app.raw(Method::POST, "/api/projects", body.to_owned()).await;
        assert_eq!(status, 400, "{error}");
        assert!(text(&error["error"]).contains(words), "{error}");
    }
    let (status, _) = app.raw(Method::POST, "/api/projects", vec![b'"', 0xff, b'"']).await;
    assert_eq!(status, 400);
    for body in ["[]", "null", "\"x\"", "5", "[[\"positional\"]]"] {
        let (status, error) = app.raw(Method::POST, "/api/projects", body.to_owned()).await;
        assert_eq!((status, &error["details"]["_errors"]), (400, &json!(["Expected a JSON object"])), "{body}");
    }
}

#[tokio::test]
async fn fields_that_break_rules() {
    let app = TestApp::new().await;
    let project = app.project(&["One."]).await;
    let scene = app.scene_ids(&project).await.remove(0);
    let check = async |method: Method, path: &str, body: Value, field: &str| {
        let (status, error) = app.raw(method, path, body.to_string()).await;
        assert_eq!((status, &error["error"]), (400, &json!("Validation Error")), "{path} {field}: {error}");
        let details = field.split('.').fold(&error["details"], |node, step| &node[step]);
        assert!(details["_errors"].as_array().is_some_and(|list| list.len() == 1), "{path} {field}: {error}");
        assert!(error["details"]["_errors"].is_array());
    };
    let projects = "/api/projects";
    for (body, field) in [
        (json!({}), "topic"),
        (json!({ "topic": null }), "topic"),
        (json!({ "topic": 5 }), "topic"),
        (json!({ "topic": " " }), "topic"),
        (json!({ "topic": "x".repeat(10_001) }), "topic"),
        (json!({ "topic": "a\u{0}b" }), "topic"),
        (json!({ "topic": "x", "include_music": "yes" }), "include_music"),
        (json!({ "topic": "x", "tts_provider": "Robert'); DROP TABLE" }), "tts_provider"),
        (json!({ "topic": "x", "folder_id": "root" }), "folder_id"),
        (json!({ "topic": "x", "tags": "a" }), "tags"),
        (json!({ "topic": "x", "tags": [1] }), "tags.0"),
        (json!({ "topic": "x", "tags": ["a\u{0}"] }), "tags.0"),
        (json!({ "topic": "x", "tags": vec!["a"; 51] }), "tags"),
        (json!({ "topic": "x", "duration_config": { "a": { "b": "\u{0}" } } }), "duration_config.a.b"),
        (json!({ "topic": "x", "duration_config": "y".repeat(10_001) }), "duration_config"),
        (json!({ "script": "---\nx: y\n---\nHi." }), "script"),
    ] {
        check(Method::POST, projects, body, field).await;
    }
    for (body, field) in [
        (json!({ "project_id": project }), "scene_number"),
        (json!({ "project_id": project, "scene_number": 1 }), "narration"),
        (json!({ "project_id": "x", "scene_number": 1, "narration": "x" }), "project_id"),
        (json!({ "project_id": project, "scene_number": 0, "narration": "x" }), "scene_number"),
        (json!({ "project_id": project, "scene_number": -1, "narration": "x" }), "scene_number"),
        (json!({ "project_id": project, "scene_number": 501, "narration": "x" }), "scene_number"),
        (json!({ "project_id": project, "scene_number": 1.5, "narration": "x" }), "scene_number"),
        (json!({ "project_id": project, "scene_number": 9_999_999_999_u64, "narration": "x" }), "scene_number"),
        (json!({ "project_id": project, "scene_number": 1, "narration": "x", "duration_seconds": 0 }), "duration_seconds"),
        (json!({ "project_id": project, "scene_number": 1, "narration": "x", "duration_seconds": -3 }), "duration_seconds"),
        (json!({ "project_id": project, "scene_number": 1, "narration": "x", "duration_seconds": 1e300 }), "duration_seconds"),
        (json!({ "project_id": project, "scene_number": 1, "narration": "x".repeat(10_001) }), "narration"),
    ] {
        check(Method::POST, "/api/scenes", body, field).await;
    }
    let one = format!("/api/scenes/{scene}");
    check(Method::PATCH, &one, json!({ "narration": "" }), "narration").await;
    check(Method::PATCH, &one, json!({ "media_type": "hologram" }), "media_type").await;
    check(Method::PATCH, &one, json!({ "scene_number": 0 }), "scene_number").await;
    check(Method::PATCH, &format!("{projects}/{project}"), json!({ "topic": "" }), "topic").await;
    check(Method::PATCH, &format!("{projects}/{project}"), json!({ "bg_music_prompt": 5 }), "bg_music_prompt").await;
    check(
        Method::POST,
        "/api/shorts",
        json!({ "storyboard": { "scenes": [{ "narration": 5 }] } }),
        "storyboard.scenes.0.narration",
    )
    .await;
    check(
        Method::POST,
        "/api/shorts",
        json!({ "storyboard": { "scenes": [{ "narration": "" }] } }),
        "storyboard.scenes.0.narration",
    )
    .await;
}

#[tokio::test]
async fn bodies_that_are_too_large() {
    let app = TestApp::new().await;
    let body = json!({ "topic": "x".repeat(api::BODY_LIMIT) });
    for path in ["/api/projects", "/api/scenes", "/api/shorts", "/api/workflow/command", "/api/workflow/estimate", "/api/render"]
    {
        let (status, error) = app.post(path, body.clone()).await;
        assert_eq!((status, error), (413, json!({ "error": "The request's body is larger than 1 MiB." })), "{path}");
    }
}

#[tokio::test]
async fn addresses_and_methods_that_are_not_there() {
    let app = TestApp::new().await;
    for path in ["/api", "/api/", "/api/nothing", "/api/projects/a/b", "/api/workflow/process", "/api/seed", "/nothing"] {
        let (status, error) = app.get(path).await;
        assert_eq!(status, 404, "{path}");
        assert!(text(&error["error"]).contains("/docs"), "{error}");
    }
    for (method, path) in [
        (Method::PUT, "/api/projects"),
        (Method::GET, "/api/shorts"),
        (Method::DELETE, "/health"),
        (Method::OPTIONS, "/api/scenes"),
    ] {
        let (status, error) = app.raw(method, path, Body::empty()).await;
        assert_eq!(status, 405, "{path}");
        assert!(error["error"].is_string());
    }
}

#[tokio::test]
async fn every_answer_has_a_request_id() {
    let app = TestApp::new().await;
    let id_of = async |given: Option<&str>| {
        let mut request = Request::get("/health");
        if let Some(given) = given {
            request = request.header("x-request-id", given);
        }
        let response = app.send(request.body(Body::empty()).expect("a request")).await;
        response.headers()["x-request-id"].to_str().expect("text").to_owned()
    };
    assert_eq!(id_of(None).await.len(), 36);
    assert_eq!(id_of(Some("my-id.1")).await, "my-id.1");
    assert_ne!(id_of(Some("not an id")).await, "not an id");
}

#[tokio::test]
async fn own_trouble_is_not_told() {
    fn broken_clock() -> chrono::DateTime<chrono::Utc> {
        panic!("the clock of user 7 at /secret/path is broken")
    }
    let mut app = TestApp::new().await;
    app.state.clock = broken_clock;
    app.restart();
    let request =
        Request::post("/api/projects").header("x-request-id", "r1").body(Body::from("{\"topic\":\"x\"}")).expect("a request");
    let response = app.send(request).await;
    assert_eq!((response.status().as_u16(), response.headers()["x-request-id"].as_bytes()), (500, b"r1".as_slice()));
    let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(body, json!({ "error": "Internal Server Error", "details": { "requestId": "r1" } }));
}

#[tokio::test]
async fn readiness_says_what_works() {
    let app = TestApp::new().await;
    assert_eq!(app.get("/health/live").await, (200, json!({ "status": "ok", "version": "1.2.3" })));
    let ok = json!({ "status": "ok" });
    let works = json!({ "status": "ok", "checks": { "database": ok, "objects": ok, "queue": ok } });
    assert_eq!(app.get("/health/ready").await, (200, works.clone()));

    // Something waits for more than a quarter of an hour, and nobody works.
    let mut late = TestApp::new().await;
    let project = late.project(&["One."]).await;
    late.command(&project, "generate_all").await;
    assert_eq!(late.get("/health/ready").await, (200, works));
    late.state.clock = || clock() + chrono::Duration::minutes(16);
    late.state.memory = api::Memory::default();
    late.restart();
    let (status, said) = late.get("/health/ready").await;
    assert_eq!((status, &said["status"], &said["checks"]["queue"]["status"]), (200, &json!("degraded"), &json!("degraded")));

    // A bucket that nobody answers for.
    let settings = assets::S3Settings::new("us-east-1", "media", "id", "secret".to_owned().into()).at("http://127.0.0.1:1");
    let mut apart = TestApp::new().await;
    apart.state.assets = assets::Assets::s3(&assets::S3Settings { retries: 0, ..settings }).expect("good settings");
    apart.restart();
    let (status, said) = apart.get("/health/ready").await;
    assert_eq!((status, &said["status"], &said["checks"]["objects"]["status"]), (503, &json!("error"), &json!("error")));
    assert_eq!(said["checks"]["database"]["status"], "ok");
}

#[tokio::test]
async fn health_names_the_version() {
    let app = TestApp::new().await;
    for path in ["/health", "/api/health"] {
        assert_eq!(app.get(path).await, (200, json!({ "status": "ok", "version": "1.2.3" })));
    }
}
