//! The OpenAPI document tells all that is served and nothing else, and the pages around it work without internet.

use std::collections::BTreeSet;
use std::path::Path;

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request};
use serde_json::Value;

use crate::app::TestApp;

fn document() -> Value {
    serde_json::to_value(api::openapi()).expect("JSON")
}

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let of_path = |(path, item): (&String, &Value)| {
        let found = METHODS.iter().filter_map(|method| Some((path.clone(), (*method).to_owned(), item.get(*method)?.clone())));
        found.collect::<Vec<_>>()
    };
    paths.iter().flat_map(of_path).collect()
}

#[test]
fn the_document_is_as_checked_in() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let text = serde_json::to_string_pretty(&document()).expect("JSON") + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &text).expect("a writable snapshot");
    }
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(checked_in == text, "the API has changed; look at the difference after UPDATE=1 cargo test -p api and commit it");
}

#[tokio::test]
async fn the_served_document_is_this_one() {
    let app = TestApp::new().await;
    assert_eq!(app.get("/api/openapi.json").await, (200, document()));
}

#[tokio::test]
async fn every_described_route_is_served() {
    let app = TestApp::new().await;
    for (path, method, _) in operations(&document()) {
        let path = path.replace("{id}", "x").replace("{projectId}", "x");
        let request =
            Request::builder().method(Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method")).uri(&path);
        let response = app.send(request.body(Body::empty()).expect("a request")).await;
        assert_ne!(response.status(), 405, "{method} {path}");
        if response.headers().get("content-type").is_some_and(|kind| kind == "text/event-stream") {
            // It would never end.
            continue;
        }
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        assert!(!String::from_utf8_lossy(&body).contains("There is nothing at this address"), "{method} {path}");
    }
}

/// The router can't be asked for its routes, so the sources are: each handler with a description is mounted, and nothing
/// without a description is mounted except the pages for people.
#[test]
fn every_served_route_is_described() {
    let mut described = 0;
    let mut bare = BTreeSet::new();
    for file in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/routes")).expect("the routes") {
        let source = std::fs::read_to_string(file.expect("an entry").path()).expect("a source");
        described += source.matches("#[utoipa::path(").count();
        bare.extend(source.split(".route(").skip(1).map(|rest| rest.split(',').next().unwrap_or_default().to_owned()));
    }
    let lib = include_str!("../../src/lib.rs");
    assert!(!lib.contains(".route(") && !lib.contains(".nest("));
    // Signed addresses are for workers, who get them whole.
    assert_eq!(bare, BTreeSet::from(["\"/\"".to_owned(), "\"/files/{*key}\"".to_owned()]));
    assert_eq!(operations(&document()).len(), described);
}

#[test]
fn the_document_is_valid_and_complete() {
    let document = document();
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    let filled = |value: &Value| value.as_str().is_some_and(|text| !text.trim().is_empty());
    let tags: BTreeSet<&str> = document["tags"].as_array().expect("tags").iter().filter_map(|tag| tag["name"].as_str()).collect();
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let name = format!("{method} {path}");
        assert!(filled(&operation["summary"]) && filled(&operation["description"]), "{name} is explained");
        assert!(ids.insert(operation["operationId"].as_str().expect("an id").to_owned()), "{name} has its own id");
        assert!(
            operation["tags"].as_array().is_some_and(|own| own.iter().all(|tag| tags.contains(tag.as_str().unwrap_or("")))),
            "{name}"
        );
        let empty = Vec::new();
        let parameters = operation["parameters"].as_array().unwrap_or(&empty);
        for wanted in path.split('{').skip(1).filter_map(|part| part.split('}').next()) {
            assert!(
                parameters.iter().any(|found| found["in"] == "path" && found["name"] == wanted && found["required"] == true),
                "{name}"
            );
        }
        assert!(parameters.iter().all(|parameter| filled(&parameter["description"])), "{name}");
        let responses = operation["responses"].as_object().expect("responses");
        assert!(responses.keys().any(|status| status.starts_with('2') || ["302", "307"].contains(&status.as_str())), "{name}");
        assert!(responses.values().all(|response| filled(&response["description"])), "{name}");
        // What is done with a webhook is all in the address.
        let is_plain_action = ["/test", "/rotate", "/resend"].iter().any(|action| path.ends_with(action));
        let has_body = matches!(method.as_str(), "post" | "patch" | "put") && !is_plain_action;
        assert_eq!(operation.get("requestBody").is_some(), has_body, "{name}");
    }
    let mut references = Vec::new();
    collect(&document, &mut references);
    for reference in references {
        let pointer = reference.strip_prefix('#').expect("a local reference");
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

fn collect(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            references.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|field| collect(field, references));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        _ => {}
    }
}

#[tokio::test]
async fn the_pages_need_no_internet() {
    let app = TestApp::new().await;
    let page = async |path: &str| {
        let response = app.send(Request::get(path).body(Body::empty()).expect("a request")).await;
        assert_eq!(response.status(), 200, "{path}");
        let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        String::from_utf8(bytes.to_vec()).expect("text")
    };
    let home = page("/").await;
    assert!(home.contains("href=\"/docs/\"") && home.contains("ShortsAI"));
    assert!(page("/docs/").await.contains("swagger"));
    assert!(page("/docs/swagger-initializer.js").await.contains("/api/openapi.json"));
    assert!(page("/docs/swagger-ui-bundle.js").await.len() > 100_000);
    for html in [home, page("/docs/").await] {
        assert!(!html.contains("src=\"http") && !html.contains("href=\"http"), "nothing is loaded from elsewhere");
    }
}
