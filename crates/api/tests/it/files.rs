use assets::Place;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request};
use serde_json::json;
use uuid::Uuid;

use crate::app::{TestApp, mp4, png, text, wav};

async fn fetch(app: &TestApp, method: Method, path: &str, headers: &[(&str, &str)]) -> (u16, HeaderMap, Vec<u8>) {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = app.send(request.body(Body::empty()).expect("a request")).await;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    (status, headers, to_bytes(response.into_body(), usize::MAX).await.expect("a body").to_vec())
}

#[tokio::test]
async fn files_are_served_whole_and_in_parts() {
    let app = TestApp::new().await;
    let bytes = mp4(Uuid::nil());
    assert_eq!(bytes.len(), 98);
    let key = app.store_bytes(Place::Renders, &bytes).await.key;
    let path = format!("/api/assets?url={key}");
    let (status, headers, body) = fetch(&app, Method::GET, &path, &[]).await;
    assert_eq!((status, &body), (200, &bytes));
    let header = |name: &str| headers[name].to_str().expect("text");
    assert_eq!(header("content-type"), "video/mp4");
    assert_eq!(header("content-length"), "98");
    assert_eq!(header("accept-ranges"), "bytes");
    assert_eq!(header("cache-control"), "private, max-age=31536000, immutable");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert!(header("content-security-policy").starts_with("sandbox; default-src 'none'"));
    let etag = header("etag");

    let (status, headers, body) = fetch(&app, Method::HEAD, &path, &[]).await;
    assert_eq!((status, body.len(), headers["content-length"].to_str().expect("text")), (200, 0, "98"));

    let part = async |range: &str, more: &[(&str, &str)], expected: u16, content_range: Option<&str>, length: usize| {
        let asked = [&[("range", range)], more].concat();
        let (status, headers, body) = fetch(&app, Method::GET, &path, &asked).await;
        assert_eq!(status, expected, "{range}");
        assert_eq!(headers.get("content-range").map(|range| range.to_str().expect("text")), content_range, "{range}");
        if expected == 206 {
            assert_eq!(body.len(), length, "{range}");
            assert_eq!(headers["content-length"].to_str().expect("text"), length.to_string());
        }
        body
    };
    assert_eq!(part("bytes=4-11", &[], 206, Some("bytes 4-11/98"), 8).await, b"ftypisom");
    part("bytes=90-", &[], 206, Some("bytes 90-97/98"), 8).await;
    part("bytes=-3", &[], 206, Some("bytes 95-97/98"), 3).await;
    part("bytes=0-1000", &[], 206, Some("bytes 0-97/98"), 98).await;
    part("bytes=98-", &[], 416, Some("bytes */98"), 0).await;
    part("bytes=1-2,4-5", &[], 200, None, 98).await;
    part("nonsense", &[], 200, None, 98).await;
    part("bytes=0-1", &[("if-range", etag)], 206, Some("bytes 0-1/98"), 2).await;
    part("bytes=0-1", &[("if-range", "\"old\"")], 200, None, 98).await;

    for (known, expected) in [(etag, 304), ("*", 304), (&*format!("\"x\", W/{etag}"), 304), ("\"x\"", 200)] {
        let (status, headers, body) = fetch(&app, Method::GET, &path, &[("if-none-match", known)]).await;
        assert_eq!((status, headers["etag"].to_str().expect("text")), (expected, etag), "{known}");
        assert_eq!(body.is_empty(), expected == 304);
    }
    let (_, headers, _) = fetch(&app, Method::GET, &format!("{path}&download=my%20short"), &[]).await;
    assert_eq!(headers["content-disposition"], "attachment; filename=\"my short.mp4\"; filename*=UTF-8''my%20short.mp4");
}

#[tokio::test]
async fn a_file_may_be_named_by_its_url_but_nothing_else_is_a_file() {
    let mut app = TestApp::new().await;
    app.state.assets = app.state.assets.clone().with_public_urls(["https://cdn.example/bucket".to_owned()]);
    app.restart();
    let key = app.store_bytes(Place::SceneImages, &png(Uuid::nil())).await.key;
    let escaped = key.replace('/', "%2F");
    for good in [
        escaped.clone(),
        format!("https%3A%2F%2Fcdn.example%2Fbucket%2F{escaped}"),
        format!("https://cdn.example/bucket/{key}"),
        format!("%2Fapi%2Fassets%3Furl%3D{escaped}"),
        format!("http://localhost:3333/api/assets?url={key}"),
    ] {
        assert_eq!(fetch(&app, Method::GET, &format!("/api/assets?url={good}"), &[]).await.0, 200, "{good}");
    }
    for bad in [
        String::new(),
        "..%2F..%2Fetc%2Fpasswd".into(),
        format!("..%2F{escaped}"),
        format!("https%3A%2F%2Fcdn.example%2Fother%2F{escaped}"),
        format!("https%3A%2F%2Fother.example%2Fbucket%2F{escaped}"),
        format!("scenes%2Fimages%2F..%2F..%2F{escaped}"),
        format!("{escaped}%00"),
        "file%3A%2F%2F%2Fetc%2Fpasswd".into(),
        "http%3A%2F%2F169.254.169.254%2Flatest".into(),
        "test.db".into(),
        "scenes/images/0123456789abcdef0123456789abcdef.jpg".into(),
        "scenes/images/0123456789abcdef0123456789abcdef.html".into(),
    ] {
        assert_eq!(app.get(&format!("/api/assets?url={bad}")).await.0, 404, "{bad}");
    }
    assert_eq!(app.get("/api/assets").await.0, 400);
    assert_eq!(app.get("/api/assets?url=a&url=b").await.0, 400);
    assert_eq!(app.get("/api/assets?url=%ff").await.0, 404);
}

#[tokio::test]
async fn files_are_taken_by_their_content() {
    let app = TestApp::new().await;
    let upload = async |bytes: Vec<u8>| app.raw(Method::POST, "/api/assets", bytes).await;
    for (bytes, media_type, ending) in [
        (png(Uuid::nil()), "image/png", ".png"),
        (wav(Uuid::nil()), "audio/wav", ".wav"),
        (mp4(Uuid::nil()), "video/mp4", ".mp4"),
    ] {
        let (status, stored) = upload(bytes.clone()).await;
        assert_eq!(status, 201, "{stored}");
        let key = text(&stored["key"]);
        assert!(key.starts_with("uploads/") && key.ends_with(ending), "{key}");
        assert_eq!(
            stored,
            json!({ "key": key, "url": format!("/api/assets?url={key}"), "mediaType": media_type, "bytes": bytes.len() })
        );
        assert_eq!(upload(bytes.clone()).await.1, stored, "the same file is stored once");
        assert_eq!(fetch(&app, Method::GET, &text(&stored["url"]), &[]).await.2, bytes);
    }
    assert_eq!(upload(Vec::new()).await.0, 400);
    for strange in ["<html><script>alert(1)</script>", "<svg xmlns='http://www.w3.org/2000/svg'/>", "#EXTM3U", "just words"] {
        assert_eq!(upload(strange.into()).await.0, 415, "{strange}");
    }
    let mut large = png(Uuid::nil());
    large.resize(2 << 20, 0);
    assert_eq!(upload(large.clone()).await.0, 201, "uploads may be larger than JSON");
    large.resize(api::UPLOAD_LIMIT + 1, 0);
    let (status, error) = upload(large).await;
    assert_eq!((status, error), (413, json!({ "error": "The request's body is larger than 64 MiB." })));
}
