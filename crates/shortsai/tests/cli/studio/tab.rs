//! A tab of a browser: it keeps cookies and says where its requests come from, as browsers do.

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, COOKIE, HeaderMap, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;

use crate::jar::Jar;

pub struct Tab {
    http: Client,
    /// Scheme, host and port of the page.
    pub home: String,
    /// Where the server listens, if that is behind a proxy.
    address: String,
    cookies: Jar,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().expect("text")).unwrap_or_default()
    }

    /// The JSON of an answer with this status.
    #[track_caller]
    pub fn json(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        assert!(self.header("content-type").starts_with("application/json"), "{:?}", self.headers);
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }

    /// The sentence of a refusal: always JSON with `error` as a text.
    #[track_caller]
    pub fn refused(&self, status: u16) -> String {
        super::shape::text(&self.json(status)["error"])
    }
}

impl Tab {
    pub fn open(home: &str) -> Self {
        Self::behind(home, home)
    }

    /// A page at `home`, where a proxy hands everything on to `address`.
    pub fn behind(home: &str, address: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        Self { http, home: home.to_owned(), address: address.to_owned(), cookies: Jar::default() }
    }

    /// Another tab of the same browser.
    pub fn another(&self) -> Self {
        self.at(&self.address)
    }

    /// The same browser, whose requests the proxy hands to another server.
    pub fn at(&self, address: &str) -> Self {
        let (http, home, cookies) = (self.http.clone(), self.home.clone(), self.cookies.clone());
        Self { http, home, address: address.to_owned(), cookies }
    }

    pub fn has_cookie(&self, name: &str) -> bool {
        self.cookies.get(name).is_some()
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let line = self.cookies.line();
        let harmless = method == Method::GET;
        let request = self.http.request(method, format!("{}{path}", self.address)).header("sec-fetch-site", "same-origin");
        let request = if line.is_empty() { request } else { request.header(COOKIE, line) };
        if harmless { request } else { request.header(ORIGIN, &self.home) }
    }

    async fn send(&self, request: RequestBuilder) -> Answer {
        let response = self.begin(request).await;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, body: response.bytes().await.expect("a whole body") }
    }

    async fn begin(&self, request: RequestBuilder) -> Response {
        let response = request.send().await.expect("the server answers");
        for cookie in response.headers().get_all(SET_COOKIE) {
            self.cookies.keep(cookie.to_str().expect("text"));
        }
        response
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// Part of a file, as `<audio>` and `<video>` ask for it.
    pub async fn part(&self, path: &str, range: &str) -> Answer {
        self.send(self.request(Method::GET, path).header("range", range)).await
    }

    pub async fn json(&self, method: Method, path: &str, body: Value) -> Answer {
        self.send(self.request(method, path).header(CONTENT_TYPE, "application/json").body(body.to_string())).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.json(Method::POST, path, body).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.json(Method::PATCH, path, body).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// A form of the page; answers where it leads.
    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let url = reqwest::Url::parse_with_params("http://form/", fields).expect("a form");
        let request = self.request(Method::POST, path).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = self.send(request.body(url.query().unwrap_or_default().to_owned())).await;
        assert_eq!(answer.status, 302, "{}", answer.text());
        answer.header(LOCATION.as_str()).to_owned()
    }

    /// A stream of events: only its head has come.
    pub async fn stream(&self, path: &str) -> Response {
        self.begin(self.request(Method::GET, path)).await
    }
}
