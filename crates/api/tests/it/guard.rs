//! The server without sign-in answers this machine's own programs and pages only.

use axum::body::Body;
use axum::http::{Method, Request};

use crate::app::TestApp;

#[tokio::test]
async fn strangers_pages_are_kept_out() {
    let app = TestApp::new().await;
    let check = async |method: Method, path: &str, headers: &[(&str, &str)], expected: u16| {
        let mut request = Request::builder().method(method.clone()).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = if method == Method::POST { Body::from("{\"topic\":\"x\"}") } else { Body::empty() };
        let response = app.send(request.body(body).expect("a request")).await;
        assert_eq!(response.status().as_u16(), expected, "{method} {path} {headers:?}");
        assert!(response.headers().get("access-control-allow-origin").is_none(), "no page of another origin may read");
    };
    let (host, list) = (("host", "localhost:3333"), "/api/projects");
    check(Method::GET, list, &[host], 200).await;
    check(Method::POST, list, &[host], 200).await;
    check(Method::POST, list, &[], 200).await;
    check(Method::POST, list, &[host, ("sec-fetch-site", "same-origin")], 200).await;
    check(Method::POST, list, &[host, ("origin", "http://localhost:3333")], 200).await;
    check(Method::POST, list, &[host, ("sec-fetch-site", "cross-site"), ("content-type", "text/plain")], 403).await;
    check(Method::POST, list, &[host, ("origin", "https://evil.example")], 403).await;
    check(Method::POST, list, &[host, ("origin", "null")], 403).await;
    check(Method::DELETE, "/api/projects/x", &[host, ("sec-fetch-site", "cross-site")], 403).await;
    check(Method::POST, "/api/assets", &[host, ("origin", "https://evil.example")], 403).await;
    for path in ["/", list, "/health", "/docs/", "/api/openapi.json", "/api/nothing"] {
        check(Method::GET, path, &[("host", "evil.example:3333")], 421).await;
    }
    check(Method::GET, "http://evil.example/api/projects", &[host], 421).await;
    check(Method::GET, list, &[host, ("host", "evil.example")], 421).await;
    check(Method::GET, list, &[host, ("sec-fetch-site", "cross-site")], 200).await;
}
