//! Media that requests name by addresses elsewhere, and objects by signed addresses.

use std::collections::HashMap;
use std::time::Duration;

use assets::Place;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode};
use axum::routing::get;
use serde_json::json;
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::app::{TestApp, clock, fetcher, mp4, png, text, wav};

/// A server of somebody else.
async fn elsewhere() -> String {
    let files = HashMap::from([("/a.png", png(Uuid::nil())), ("/b.wav", wav(Uuid::nil())), ("/c.mp4", mp4(Uuid::nil()))]);
    let mut router = Router::new();
    for (path, bytes) in files {
        router = router.route(path, get(move || async move { bytes }));
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

async fn app() -> TestApp {
    let mut app = TestApp::new().await;
    app.state.fetcher = fetcher(&["127.0.0.1"]);
    app.restart();
    app
}

#[tokio::test]
async fn what_a_request_names_elsewhere_is_fetched_when_it_is_taken() {
    let (app, there) = (app().await, elsewhere().await);
    let script = format!("# T\n\n![x]({there}/a.png)\n\nHello.\n\n![y]({there}/c.mp4)\n\nAgain.\n");
    let (status, answer) = app.post("/api/shorts", json!({ "script": script })).await;
    assert_eq!(status, 202, "{answer}");
    let state = app.state_of(&text(&answer["projectId"])).await;
    let picture = text(&state["scenes"][0]["image_url"]);
    assert!(picture.starts_with("/api/assets?url=uploads/") && picture.ends_with(".png"), "{picture}");
    assert!(text(&state["scenes"][1]["video_url"]).ends_with(".mp4"), "{state}");

    let scene = json!({ "narration": "Hi.", "imageUrl": format!("{there}/a.png") });
    let board = json!({ "scenes": [scene], "bgMusicUrl": format!("{there}/b.wav") });
    let (status, answer) = app.post("/api/shorts", json!({ "storyboard": board })).await;
    assert_eq!(status, 202, "{answer}");
    assert_eq!(app.state_of(&text(&answer["projectId"])).await["scenes"][0]["image_url"], picture, "stored once");

    let project = app.project(&[]).await;
    let scene = json!({ "imageUrl": format!("{there}/a.png"), "audioUrl": format!("{there}/b.wav") });
    let (status, answer) = app.post("/api/render", json!({ "projectId": project, "scenes": [scene] })).await;
    assert_eq!(status, 200, "{answer}");
    let record = app.state.store.project(project.parse().expect("an id")).await.expect("a query").expect("a project");
    let storyboard = record.project.render.and_then(|render| render.storyboard).expect("a storyboard of its own");
    let keys: Vec<&str> = storyboard.media().collect();
    assert!(keys.len() == 2 && keys.iter().all(|key| key.starts_with("uploads/")), "{keys:?}");
}

#[tokio::test]
async fn what_can_not_be_fetched_is_named_with_its_scene() {
    let (app, there) = (app().await, elsewhere().await);
    let project = app.project(&[]).await;
    let check = async |url: String, says: &str| {
        let scene = json!({ "imageUrl": url, "duration": 1 });
        let good = json!({ "imageUrl": format!("{there}/a.png"), "duration": 1 });
        let (status, error) = app.post("/api/render", json!({ "projectId": project, "scenes": [good, scene] })).await;
        assert_eq!(status, 400, "{error}");
        let sentence = text(&error["details"]["scenes"]["1"]["imageUrl"]["_errors"][0]);
        assert!(sentence.contains(says) && sentence.contains(&url), "{sentence}\ndoes not say\n{says}");
        let scene = json!({ "narration": "Hi.", "imageUrl": url });
        let (status, error) = app.post("/api/shorts", json!({ "storyboard": { "scenes": [scene] } })).await;
        assert_eq!(status, 400, "{error}");
        let sentence = text(&error["details"]["storyboard"]["scenes"]["0"]["imageUrl"]["_errors"][0]);
        assert!(sentence.contains(says), "{sentence}");
    };
    check(format!("{there}/missing.png"), "status 404").await;
    check(format!("{there}/b.wav"), "of type audio/wav").await;
    check("http://169.254.169.254/latest".to_owned(), "private network").await;
    check("https://nowhere.example/a.png".to_owned(), "no machine of the name nowhere.example").await;
    let (_, error) = app.post("/api/shorts", json!({ "script": format!("![x]({there}/no.png)\n\nHello.") })).await;
    let sentence = text(&error["details"]["script"]["_errors"][0]);
    assert!(sentence.starts_with("line 3: the picture \"http://127.0.0.1"), "{sentence}");
}

#[tokio::test]
async fn a_signed_address_is_enough_for_its_object_and_no_other() {
    let mut app = TestApp::new().await;
    app.state.assets = app.state.assets.clone().with_links("http://localhost", "a secret of the tests".into());
    app.restart();
    let bytes = mp4(Uuid::nil());
    let key = assets::Assets::stored_as(Place::Renders, &bytes.clone().into()).expect("a video").key;
    let hour = Duration::from_secs(3600);
    let path = |url: String| url.trim_start_matches("http://localhost").to_owned();
    let put = path(app.state.assets.sign_put(&key, hour, clock()).await.expect("signed"));
    let read = path(app.state.assets.sign_get(&key, hour, clock()).await.expect("signed"));
    let ask = async |method: Method, path: &str, range: Option<&str>, body: Vec<u8>| {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(range) = range {
            request = request.header("range", range);
        }
        let response = app.send(request.body(Body::from(body)).expect("a request")).await;
        let (status, headers) = (response.status(), response.headers().clone());
        (status, headers, to_bytes(response.into_body(), usize::MAX).await.expect("a body").to_vec())
    };
    assert_eq!(ask(Method::GET, &read, None, vec![]).await.0, StatusCode::NOT_FOUND);
    assert_eq!(ask(Method::PUT, &read, None, bytes.clone()).await.0, StatusCode::FORBIDDEN, "signed for reading");
    assert_eq!(ask(Method::PUT, &put, None, mp4(Uuid::max())).await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE, "another video");
    assert_eq!(ask(Method::PUT, &put, None, png(Uuid::nil())).await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(ask(Method::GET, &read, None, vec![]).await.0, StatusCode::NOT_FOUND, "nothing of that was kept");
    assert_eq!(ask(Method::PUT, &put, None, bytes.clone()).await.0, StatusCode::NO_CONTENT);
    let (status, headers, body) = ask(Method::GET, &read, Some("bytes=4-11"), vec![]).await;
    assert_eq!((status, body.as_slice()), (StatusCode::PARTIAL_CONTENT, b"ftypisom".as_slice()));
    assert_eq!(headers["content-type"], "video/mp4");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert_eq!(ask(Method::GET, &read, None, vec![]).await.2, bytes);
    assert_eq!(ask(Method::GET, &put, None, vec![]).await.0, StatusCode::FORBIDDEN, "signed for bringing");
    let forged = format!("{}0", &read[..read.len() - 1]);
    let forged = if forged == read { format!("{}1", &read[..read.len() - 1]) } else { forged };
    assert_eq!(ask(Method::GET, &forged, None, vec![]).await.0, StatusCode::FORBIDDEN);
    assert_eq!(ask(Method::GET, &format!("/files/{key}"), None, vec![]).await.0, StatusCode::FORBIDDEN);
    let late = path(app.state.assets.sign_get(&key, Duration::ZERO, clock()).await.expect("signed"));
    assert_eq!(ask(Method::GET, &late, None, vec![]).await.0, StatusCode::FORBIDDEN);
}
