//! A browser: it keeps cookies and says where its requests come from.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use serde_json::Value;

use crate::app::TestApp;
use crate::jar::Jar;

pub struct Browser<'a> {
    app: &'a TestApp,
    cookies: Jar,
}

/// What came back.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }

    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).expect("it leads somewhere").to_str().expect("text")
    }
}

impl<'a> Browser<'a> {
    pub fn new(app: &'a TestApp) -> Self {
        Self { app, cookies: Jar::default() }
    }

    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.get(name)
    }

    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.set(name, value);
    }

    pub async fn send(&self, method: Method, path: &str, kind: &str, body: String) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("sec-fetch-site", "same-origin");
        request = request.header(header::HOST, "shorts.example").header(header::COOKIE, self.cookies.line());
        if !kind.is_empty() {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        let response = self.app.send(request.body(Body::from(body)).expect("a request")).await;
        let (head, body) = response.into_parts();
        for cookie in head.headers.get_all(header::SET_COOKIE) {
            self.cookies.keep(cookie.to_str().expect("text"));
        }
        let bytes = to_bytes(body, usize::MAX).await.expect("a whole body");
        Answer { status: head.status.as_u16(), headers: head.headers, body: String::from_utf8(bytes.to_vec()).expect("text") }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, "", String::new()).await
    }

    pub async fn json(&self, method: Method, path: &str, body: Value) -> Answer {
        self.send(method, path, "application/json", body.to_string()).await
    }

    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let url = reqwest::Url::parse_with_params("http://form/", fields).expect("a form");
        let body = url.query().unwrap_or_default().to_owned();
        self.send(Method::POST, path, "application/x-www-form-urlencoded", body).await
    }

    /// The token that forms need.
    pub async fn csrf(&self) -> String {
        let answer = self.get("/api/auth/csrf").await;
        assert_eq!(answer.status, 200);
        crate::app::text(&answer.json()["csrfToken"])
    }

    /// Goes to the provider; answers the address there.
    pub async fn begin(&self, callback: &str) -> String {
        let csrf = self.csrf().await;
        let answer = self.form("/api/auth/signin/google", &[("csrfToken", &csrf), ("callbackUrl", callback)]).await;
        assert_eq!(answer.status, StatusCode::FOUND.as_u16());
        answer.location().to_owned()
    }
}
