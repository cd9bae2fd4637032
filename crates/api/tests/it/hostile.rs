//! Hostile input for every field, path, query and header of the OpenAPI document: it is refused in our own shape or taken for
//! what it is, never a server error; and what was refused has left nothing behind.

use std::num::NonZeroU32;

use api::{Access, PerMinute, Rates};
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request};
use serde_json::{Map, Value, json};
use store::Role;

use crate::app::{TestApp, clock, new_id, text};

/// An id that nobody has.
const UNKNOWN: &str = "01900000-0000-4000-8000-00000000dead";

/// Texts that have broken programs.
fn texts() -> Vec<String> {
    let strange = [
        "",
        " ",
        "a\u{0}b",
        "\u{202e}gnirts",
        "👩‍👩‍👧‍👦🏳️‍🌈",
        "'; DROP TABLE project; --",
        "../../etc/passwd",
        "${7*7}",
        "-1",
        "\u{feff}\r\n\t",
    ];
    let mut texts: Vec<String> = strange.into_iter().map(str::to_owned).collect();
    texts.push("ä".repeat(100_000));
    texts.push("data:image/png;base64,".to_owned() + &"A".repeat(1_000));
    texts
}

/// Values of any type, as JSON text: some are no JSON at all.
fn values() -> Vec<String> {
    let odd =
        ["null", "true", "0", "-1", "1.5", "-0.0", "1e308", "-1e308", "1e999", "9223372036854775808", "18446744073709551616"];
    let odd =
        odd.into_iter().chain(["NaN", "Infinity", "-Infinity", "[]", "{}", "[null]", "{\"a\":1}", "\"\\ud800\"", "[[[[1]]]]"]);
    let deep = [format!("{}1{}", "[".repeat(200), "]".repeat(200)), format!("{}1{}", "{\"a\":".repeat(100), "}".repeat(100))];
    let texts = texts().into_iter().map(|text| Value::String(text).to_string());
    odd.map(str::to_owned).chain(deep).chain(texts).collect()
}

/// What there is, of the caller and of somebody else.
struct World {
    app: TestApp,
    own: Map<String, Value>,
    others: Map<String, Value>,
    document: Value,
}

impl World {
    async fn new() -> Self {
        let mut app = TestApp::new().await;
        app.state.answer_within = std::time::Duration::ZERO;
        app.state.worker_secret = Some("worker".to_owned().into());
        let many = PerMinute(NonZeroU32::MAX);
        app.state.rates = Rates::new(many, many);
        app.restart();
        let mut other = app.another_process().await;
        let somebody = new_id();
        app.state.store.add_user(somebody, "other@example.com", Role::User, clock()).await.expect("a user");
        other.state.access = Access::LocalOwner(somebody);
        other.restart();
        let (own, others) = (furnish(&app).await, furnish(&other).await);
        Self { app, own, others, document: serde_json::to_value(api::openapi()).expect("JSON") }
    }

    /// Sends a request; answers its status and JSON, if it is JSON.
    async fn send(&self, method: &str, path: &str, headers: &[(&str, &[u8])], body: String) -> (u16, Value) {
        let mut request = Request::builder().method(Method::from_bytes(method.as_bytes()).expect("a method")).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.app.send(request.body(Body::from(body)).expect("a request")).await;
        let status = response.status().as_u16();
        if response.headers().get("content-type").is_some_and(|kind| kind == "text/event-stream") {
            return (status, Value::Null);
        }
        let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("a whole body");
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// Refuses server errors and refusals without a sentence. Who waits for a vendor may be told so: nobody works here.
    fn check(&self, what: &str, path: &str, (status, answer): &(u16, Value)) {
        let late = *status == 504 && path.starts_with("/api/ai/");
        assert!(*status < 500 || late, "{what}: {status} {answer}");
        assert!(*status < 400 || answer["error"].as_str().is_some_and(|error| !error.is_empty()), "{what}: {status} {answer}");
    }

    /// All that can be seen.
    async fn seen(&self) -> Vec<Value> {
        let mut seen = Vec::new();
        let lists = [
            "projects",
            "folders",
            "shows",
            "characters",
            "admin/plans",
            "admin/users",
            "user/tokens",
            "user/apikeys",
            "webhooks",
        ];
        for path in lists {
            seen.push(self.app.get(&format!("/api/{path}")).await.1);
        }
        seen.push(self.app.get(&format!("/api/projects/{}", text(&self.own["project"]))).await.1);
        seen.push(self.app.get("/api/admin/logs").await.1);
        seen
    }

    /// The path with ids that are there.
    fn with_ids(&self, path: &str, ids: &Map<String, Value>) -> String {
        let thing = match path {
            _ if path.starts_with("/api/scenes") || path.starts_with("/api/jobs") => "scene",
            _ if path.starts_with("/api/shorts") || path.starts_with("/api/render") => "render",
            _ if path.starts_with("/api/characters") => "character",
            _ if path.starts_with("/api/folders") => "folder",
            _ if path.starts_with("/api/shows") => "show",
            _ if path.starts_with("/api/admin/plans") => "plan",
            _ if path.starts_with("/api/webhooks") => "webhook",
            _ => "project",
        };
        let id = ids.get(thing).and_then(Value::as_str).unwrap_or(UNKNOWN);
        path.replace("{id}", id).replace("{projectId}", id).replace("{message}", UNKNOWN)
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
            Some(pointer) => self.resolved(self.document.pointer(pointer).expect("a schema")),
            None => schema,
        }
    }

    /// The JSON types that the schema takes; empty for all.
    fn types(&self, schema: &Value) -> Vec<String> {
        let schema = self.resolved(schema);
        let own = match &schema["type"] {
            Value::String(one) => vec![one.clone()],
            Value::Array(some) => some.iter().map(text).collect(),
            _ => Vec::new(),
        };
        let parts = ["oneOf", "anyOf", "allOf"].into_iter().filter_map(|kind| schema[kind].as_array()).flatten();
        let parts: Vec<Vec<String>> = parts.map(|part| self.types(part)).collect();
        if own.is_empty() && parts.iter().any(Vec::is_empty) {
            Vec::new()
        } else {
            own.into_iter().chain(parts.into_iter().flatten()).collect()
        }
    }

    /// A body with what is required.
    fn smallest(&self, schema: &Value) -> Map<String, Value> {
        let schema = self.resolved(schema);
        let empty = Vec::new();
        let required = schema["required"].as_array().unwrap_or(&empty).iter().map(text);
        required.map(|name| (name.clone(), self.good(&name, &schema["properties"][&name]))).collect()
    }

    /// Something that the field takes.
    fn good(&self, name: &str, schema: &Value) -> Value {
        let thing = ["project", "scene", "folder", "show", "character"]
            .into_iter()
            .find(|thing| name == format!("{thing}Id") || name == format!("{thing}_id"));
        if let Some(thing) = thing {
            return self.own[thing].clone();
        }
        if name == "userId" || name == "user_id" {
            return json!(self.app.owner);
        }
        let schema = self.resolved(schema);
        if let Some(example) = schema.get("example").or_else(|| schema["enum"].get(0)) {
            return example.clone();
        }
        match self.types(schema).first().map(String::as_str) {
            Some("integer" | "number") => json!(1),
            Some("boolean") => json!(true),
            Some("array") => json!([]),
            Some("object") => json!({}),
            _ => json!("x"),
        }
    }

    /// Method, path and description of every route, except for those whose forms are read like browsers write them.
    fn operations(&self) -> Vec<(String, String, Value)> {
        let mut found = Vec::new();
        for (path, item) in self.document["paths"].as_object().expect("paths") {
            for (method, operation) in item.as_object().expect("operations") {
                if !path.starts_with("/api/auth/") {
                    found.push((method.to_uppercase(), path.clone(), operation.clone()));
                }
            }
        }
        found
    }
}

async fn furnish(app: &TestApp) -> Map<String, Value> {
    let project = app.project(&["One."]).await;
    let scene = app.scene_ids(&project).await.remove(0);
    let make = async |path: &str, body: Value| {
        let (status, made) = app.post(&format!("/api/{path}"), body).await;
        assert!(status < 300, "{path}: {made}");
        made["id"].clone()
    };
    let mut png = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(64, 64).write_to(&mut png, image::ImageFormat::Png).expect("a picture");
    let picture = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, png.into_inner());
    let character = json!({ "name": "Ana", "images": [format!("data:image/png;base64,{picture}")] });
    let things = json!({
        "project": project,
        "scene": scene,
        "render": make("shorts", json!({ "script": "Words." })).await,
        "folder": make("folders", json!({ "name": "Week 1" })).await,
        "show": make("shows", json!({ "name": "Night" })).await,
        "character": make("characters", character).await,
        "webhook": make("webhooks", json!({ "url": "https://hooks.example/in" })).await,
    });
    things.as_object().expect("an object").clone()
}

#[tokio::test]
async fn no_field_breaks_a_route() {
    let world = World::new().await;
    let (mut fields, mut refused) = (0, 0);
    for (method, path, operation) in world.operations() {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        if schema.is_null() {
            continue;
        }
        let schema = world.resolved(schema);
        let smallest = world.smallest(schema);
        let target = world.with_ids(&path, &world.own);
        let mut seen = world.seen().await;
        for (field, of_field) in schema["properties"].as_object().into_iter().flatten() {
            fields += 1;
            let types = world.types(of_field);
            for value in values() {
                let mut body: Map<String, Value> = smallest.clone();
                body.insert(field.clone(), json!("HERE"));
                let body = Value::Object(body).to_string().replace("\"HERE\"", &value);
                let short: String = value.chars().take(60).collect();
                let what = format!("{method} {path} {field}={short}");
                let answer = world.send(&method, &target, &[("authorization", b"")], body).await;
                world.check(&what, &path, &answer);
                check_type(&what, &path, field, &types, &value, &answer);
                if answer.0 < 400 {
                    seen = world.seen().await;
                } else {
                    refused += 1;
                }
            }
            assert!(world.seen().await == seen, "{method} {path} {field}: something was changed by what was refused");
        }
    }
    // Else the document has not been understood.
    assert!(fields > 100 && refused > 2_000, "{fields} fields, {refused} refusals");
}

/// What is of another type than the document says is a validation error of that field.
fn check_type(what: &str, path: &str, field: &str, types: &[String], value: &str, (status, answer): &(u16, Value)) {
    let Ok(value) = serde_json::from_str::<Value>(value) else {
        return assert_eq!(*status, if path == "/api/webhooks/job-status" { 401 } else { 400 }, "{what}: {answer}");
    };
    let name = match value {
        Value::Null => return,
        Value::Bool(_) => "boolean",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        Value::Number(_) => "number",
    };
    let fits = types.is_empty() || types.iter().any(|kind| kind == name || (kind == "integer" && name == "number"));
    if fits || path == "/api/webhooks/job-status" {
        return;
    }
    assert_eq!((*status, &answer["error"]), (400, &json!("Validation Error")), "{what}: {answer}");
    assert!(answer["details"]["_errors"].is_array(), "{what}: {answer}");
    let told = answer["details"][field]["_errors"].as_array().is_some_and(|errors| errors.iter().any(Value::is_string));
    assert!(told, "{what}: {answer}");
}

#[tokio::test]
async fn ids_of_others_and_of_nobody_are_refused() {
    let world = World::new().await;
    let mut tried = 0;
    for (method, path, operation) in world.operations() {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        // What the path names.
        if path.contains('{') && !path.starts_with("/api/admin/") {
            let body = if schema.is_null() { String::new() } else { Value::Object(world.smallest(schema)).to_string() };
            let nobody = Map::new();
            for ids in [&world.others, &nobody] {
                let target = world.with_ids(&path, ids);
                let (status, answer) = world.send(&method, &target, &[], body.clone()).await;
                assert!(matches!(status, 400 | 403 | 404 | 410), "{method} {target}: {status} {answer}");
                tried += 1;
            }
        }
        // What the body names.
        let schema = world.resolved(schema);
        for (field, of_field) in schema["properties"].as_object().into_iter().flatten() {
            let thing = ["project", "scene", "folder", "show", "character", "parent", "plan"].into_iter().find(|thing| {
                *field == format!("{thing}Id") || *field == format!("{thing}_id") || *field == format!("{thing}Ids")
            });
            let Some(thing) = thing else { continue };
            let other = world.others.get(if thing == "parent" { "folder" } else { thing }).cloned().unwrap_or_default();
            for id in [json!(UNKNOWN), other].into_iter().filter(Value::is_string) {
                let mut body = world.smallest(schema);
                let is_list = world.types(of_field).iter().any(|kind| kind == "array");
                body.insert(field.clone(), if is_list { json!([id]) } else { id });
                if field == "sceneId" {
                    body.insert("action".to_owned(), json!("generate_image"));
                }
                let target = world.with_ids(&path, &world.own);
                let (status, answer) = world.send(&method, &target, &[], Value::Object(body).to_string()).await;
                assert!(matches!(status, 400 | 403 | 404 | 410), "{method} {target} {field}: {status} {answer}");
                tried += 1;
            }
        }
    }
    assert!(tried > 50, "{tried}");
}

#[tokio::test]
async fn no_path_query_or_header_breaks_a_route() {
    let world = World::new().await;
    let seen = world.seen().await;
    let encode = |text: &str| text.bytes().take(3_000).map(|byte| format!("%{byte:02X}")).collect::<String>();
    let texts =
        || texts().into_iter().map(|text| encode(&text)).chain(["%FF%FE".to_owned(), "1e999".to_owned(), "NaN".to_owned()]);
    for (method, path, operation) in world.operations() {
        // What is accepted here changes nothing.
        let empty = Vec::new();
        for parameter in operation["parameters"].as_array().unwrap_or(&empty) {
            let name = text(&parameter["name"]);
            for value in texts() {
                let what = format!("{method} {path} {name}={}", &value[..value.len().min(60)]);
                let answer = match parameter["in"].as_str() {
                    Some("path") if !value.is_empty() => {
                        let target = world.with_ids(&path.replace(&format!("{{{name}}}"), &value), &world.own);
                        let answer = world.send(&method, &target, &[], "{}".to_owned()).await;
                        assert!((400..500).contains(&answer.0), "{what}: {answer:?}");
                        answer
                    }
                    Some("query") if method == "GET" => {
                        let target = format!("{}?{name}={value}", world.with_ids(&path, &world.own));
                        world.send(&method, &target, &[], String::new()).await
                    }
                    _ => continue,
                };
                world.check(&what, &path, &answer);
            }
            if parameter["in"] == "header" {
                for value in [b"".as_slice(), b"a b", b"\xff\xfe", b"\t", &[b'x'; 5_000], "👩".as_bytes()] {
                    let target = world.with_ids(&path, &Map::new());
                    let answer = world.send(&method, &target, &[(name.as_str(), value)], "{}".to_owned()).await;
                    world.check(&format!("{method} {path} {name}={value:?}"), &path, &answer);
                }
            }
        }
    }
    assert!(world.seen().await == seen, "something was changed by what was refused");
}
