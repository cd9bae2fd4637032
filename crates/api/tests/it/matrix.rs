//! Who may do what: every route of the OpenAPI document as everybody. A new route without a row fails.

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};

use crate::app::{TestApp, clock, text};
use crate::browser::Browser;
use crate::sign_in::{SESSION, block, signed_in, with_google};

/// Whose a route is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    /// Everybody's.
    All,
    /// Of whoever is signed in: what they see and make is their own.
    Each,
    /// Of the owner of what the path or the body names.
    Owner,
    /// Of a person who is signed in, not of programs.
    Person,
    /// Of administrators.
    Admin,
    /// Of whoever knows the worker's secret.
    Worker,
}

/// Each route, whose it is, and the body that it gets.
const ROUTES: &[(&str, Of, &str)] = &[
    ("post /api/shorts", Of::Each, r#"{"script":"Words."}"#),
    ("get /api/shorts/{id}", Of::Owner, ""),
    ("get /api/projects", Of::Each, ""),
    ("post /api/projects", Of::Each, r#"{"topic":"x"}"#),
    ("get /api/projects/{id}", Of::Owner, ""),
    ("patch /api/projects/{id}", Of::Owner, r#"{"topic":"y"}"#),
    ("get /api/projects/{id}/export", Of::Owner, ""),
    ("get /api/projects/export-context", Of::Each, ""),
    ("post /api/projects/import", Of::Each, "no archive"),
    ("post /api/projects/{id}/lock", Of::Owner, r#"{"session_id":"s"}"#),
    ("post /api/projects/{id}/unlock", Of::Owner, r#"{"session_id":"s"}"#),
    ("post /api/scenes", Of::Owner, r#"{"project_id":"PROJECT","scene_number":1,"narration":"One.","duration_seconds":4}"#),
    ("patch /api/scenes/{id}", Of::Owner, r#"{"narration":"Two."}"#),
    ("get /api/scenes", Of::Each, ""),
    ("patch /api/scenes/{id}/status", Of::Owner, r#"{"type":"image","status":"loading","force_regen":true}"#),
    ("patch /api/scenes/{id}/asset", Of::Owner, r#"{"image_url":"ASSET","image_status":"completed"}"#),
    ("patch /api/scenes/{id}/sfx", Of::Owner, r#"{"sfx_url":"ASSET","sfx_status":"completed"}"#),
    ("get /api/scenes/{id}/media", Of::Owner, ""),
    ("post /api/scenes/{id}/generate", Of::Owner, "{}"),
    ("post /api/workflow/command", Of::Owner, r#"{"projectId":"PROJECT","action":"generate_all"}"#),
    ("get /api/workflow/state/{projectId}", Of::Owner, ""),
    ("post /api/workflow/estimate", Of::Owner, r#"{"projectId":"PROJECT"}"#),
    ("get /api/events/{projectId}", Of::Owner, ""),
    ("get /api/events/admin", Of::Admin, ""),
    ("post /api/render", Of::Owner, r#"{"projectId":"PROJECT"}"#),
    ("get /api/render/{id}", Of::Owner, ""),
    ("get /api/jobs/{id}", Of::Owner, ""),
    ("get /api/assets", Of::Owner, ""),
    ("post /api/assets", Of::Each, "bytes"),
    ("get /api/characters", Of::Each, ""),
    ("post /api/characters", Of::Each, "{}"),
    ("get /api/characters/{id}", Of::Owner, ""),
    ("get /api/folders", Of::Each, ""),
    ("post /api/folders", Of::Each, "{}"),
    ("patch /api/folders/{id}", Of::Owner, r#"{"name":"Renamed"}"#),
    ("get /api/shows", Of::Each, ""),
    ("post /api/shows", Of::Each, "{}"),
    ("get /api/shows/{id}", Of::Owner, ""),
    ("patch /api/shows/{id}", Of::Owner, r#"{"name":"Renamed"}"#),
    ("get /api/admin/stats", Of::Admin, ""),
    ("get /api/admin/logs", Of::Admin, ""),
    ("post /api/usage", Of::Admin, "{}"),
    ("get /api/admin/users", Of::Admin, ""),
    ("patch /api/admin/users", Of::Admin, "{}"),
    ("get /api/admin/plans", Of::Admin, ""),
    ("post /api/admin/plans", Of::Admin, "{}"),
    ("put /api/admin/plans/{id}", Of::Admin, "{}"),
    ("delete /api/admin/plans/{id}", Of::Admin, ""),
    ("get /api/users/quota", Of::Each, ""),
    ("get /api/user/limits", Of::Each, ""),
    ("post /api/ai/generate-script", Of::Each, "{}"),
    ("post /api/ai/generate-music-prompt", Of::Each, "{}"),
    ("post /api/ai/analyze-character", Of::Each, "{}"),
    ("post /api/ai/optimize-image", Of::Each, "{}"),
    ("post /api/ai/generate-audio", Of::Each, "{}"),
    ("post /api/ai/voices", Of::Each, r#"{"provider":""}"#),
    ("post /api/ai/generate", Of::Each, "{}"),
    ("get /api/ai/answers/{id}", Of::Each, ""),
    ("get /api/users", Of::Each, ""),
    ("get /api/user/apikeys", Of::Person, ""),
    ("post /api/user/apikeys", Of::Person, "{}"),
    ("get /api/user/tokens", Of::Person, ""),
    ("post /api/user/tokens", Of::Person, "{}"),
    ("delete /api/user/tokens/{id}", Of::Person, ""),
    ("get /api/auth/csrf", Of::All, ""),
    ("get /api/auth/session", Of::All, ""),
    ("post /api/auth/signin/google", Of::All, ""),
    ("get /api/auth/callback/google", Of::All, ""),
    ("post /api/auth/signout", Of::All, ""),
    ("get /api/auth/signout", Of::All, ""),
    ("get /api/auth/signin", Of::All, ""),
    ("get /api/auth/error", Of::All, ""),
    ("get /api/auth/providers", Of::All, ""),
    ("get /api/auth/redirect", Of::All, ""),
    ("get /api/openapi.json", Of::All, ""),
    ("get /api/health", Of::All, ""),
    ("get /health", Of::All, ""),
    ("get /api/webhooks", Of::Each, ""),
    ("post /api/webhooks", Of::Each, "{}"),
    ("get /api/webhooks/secret", Of::Person, ""),
    ("get /api/webhooks/{id}", Of::Owner, ""),
    ("patch /api/webhooks/{id}", Of::Owner, r#"{"events":["render.failed"]}"#),
    ("post /api/webhooks/{id}/test", Of::Owner, ""),
    ("post /api/webhooks/{id}/rotate", Of::Owner, ""),
    ("get /api/webhooks/{id}/deliveries", Of::Owner, ""),
    ("post /api/webhooks/{id}/deliveries/{message}/resend", Of::Owner, ""),
    ("get /health/live", Of::All, ""),
    ("get /health/ready", Of::All, ""),
    ("post /api/webhooks/job-status", Of::Worker, r#"{"jobId":"00000000-0000-0000-0000-000000000001"}"#),
    // Last, so that the others find something.
    ("delete /api/webhooks/{id}", Of::Owner, ""),
    ("delete /api/folders/{id}", Of::Owner, ""),
    ("delete /api/shows/{id}", Of::Owner, ""),
    ("delete /api/characters/{id}", Of::Owner, ""),
    ("delete /api/scenes/{id}", Of::Owner, ""),
    ("delete /api/projects/{id}", Of::Owner, ""),
];

/// What tokens for renders may change.
const RENDERS: [&str; 3] = ["post /api/render", "post /api/assets", "post /api/shorts"];

/// Who asks, and with which header.
struct Asker {
    name: &'static str,
    header: Option<(&'static str, String)>,
}

/// What there is to ask for.
struct World {
    project: String,
    scene: String,
    render: String,
    asset: String,
    character: String,
    folder: String,
    show: String,
    webhook: String,
    message: String,
}

#[tokio::test]
async fn everybody_may_do_what_is_theirs() {
    let (mut app, google) = with_google().await;
    // Nobody works here, so no question is answered.
    app.state.answer_within = std::time::Duration::ZERO;
    app.restart();
    let boss = signed_in(&app, &google, "boss").await;
    let (owner, other, blocked) = (
        signed_in(&app, &google, "owner").await,
        signed_in(&app, &google, "other").await,
        signed_in(&app, &google, "blocked").await,
    );
    let id = text(&blocked.get("/api/users").await.json()[0]["id"]).parse().expect("an id");
    block(&app, id).await;
    let secret = blocked.cookie(SESSION).expect("a session");
    app.state.store.begin_session(id, &secret, clock()).await.expect("a session");
    let world = build(&app, &owner).await;
    let cookie = |browser: &Browser<'_>| Some(("cookie", format!("{SESSION}={}", browser.cookie(SESSION).unwrap_or_default())));
    let mut askers = vec![
        Asker { name: "anonymous", header: None },
        Asker { name: "a wrong token", header: Some(("authorization", "Bearer shortsai_x".to_owned())) },
        Asker { name: "blocked", header: cookie(&blocked) },
        Asker { name: "other", header: cookie(&other) },
        Asker { name: "admin", header: cookie(&boss) },
    ];
    for scope in ["read", "render", "write"] {
        let made = owner.json(Method::POST, "/api/user/tokens", json!({ "name": scope, "scope": scope })).await.json();
        askers.push(Asker { name: scope, header: Some(("x-api-key", text(&made["token"]))) });
    }
    askers.push(Asker { name: "owner", header: cookie(&owner) });
    let mut described = described();
    for (route, of, body) in ROUTES {
        assert!(described.remove(*route), "{route} is not in the document");
        for asker in &askers {
            let status = ask(&app, &world, route, body, asker).await;
            let expected = may(route, *of, asker.name);
            let allowed = !matches!(status, 401 | 403 | 404 | 410 | 503);
            let fits = match expected {
                // What the body or path lacks is found out only after who asks.
                Expected::Done => allowed || (status == 404 && *of != Of::Owner),
                Expected::Status(expected) => status == expected,
                // Somebody else's is forbidden, or not there at all.
                Expected::Hidden => matches!(status, 403 | 404 | 410),
            };
            assert!(fits, "{route} as {}: {status}, expected {expected:?}", asker.name);
        }
    }
    assert!(described.is_empty(), "routes without a row: {described:?}");
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    Done,
    Hidden,
    Status(u16),
}

fn may(route: &str, of: Of, asker: &str) -> Expected {
    let looks = route.starts_with("get ");
    let scope_forbids = match asker {
        "read" => !looks,
        "render" => !looks && !RENDERS.contains(&route),
        _ => false,
    };
    let token = ["read", "render", "write"].contains(&asker);
    match (of, asker) {
        (Of::All, _) => Expected::Done,
        // No secret is configured here.
        (Of::Worker, _) => Expected::Status(503),
        (_, "anonymous" | "a wrong token") => Expected::Status(401),
        (_, "blocked") => Expected::Status(403),
        (Of::Admin, "admin") => Expected::Done,
        (Of::Admin, _) => Expected::Status(403),
        (Of::Person, _) if token => Expected::Status(403),
        (Of::Owner, "other" | "admin") => Expected::Hidden,
        _ if scope_forbids => Expected::Status(403),
        _ => Expected::Done,
    }
}

async fn build(app: &TestApp, owner: &Browser<'_>) -> World {
    let picture =
        format!("data:image/png;base64,{}", base64::Engine::encode(&base64::engine::general_purpose::STANDARD, drawn()));
    let character = owner.json(Method::POST, "/api/characters", json!({ "name": "Ana", "images": [picture] })).await.json();
    let project = text(&owner.json(Method::POST, "/api/projects", json!({ "topic": "x" })).await.json()["id"]);
    let scene = json!({ "project_id": project, "scene_number": 1, "narration": "One.", "duration_seconds": 4 });
    let scene = text(&owner.json(Method::POST, "/api/scenes", scene).await.json()["id"]);
    let command = json!({ "projectId": project, "action": "generate_all" });
    assert_eq!(owner.json(Method::POST, "/api/workflow/command", command).await.status, 200);
    app.work().await;
    let render = text(&owner.json(Method::POST, "/api/render", json!({ "projectId": project })).await.json()["jobId"]);
    let state = owner.get(&format!("/api/workflow/state/{project}")).await.json();
    let asset = text(&state["scenes"][0]["image_url"]);
    let folder = owner.json(Method::POST, "/api/folders", json!({ "name": "Week 1" })).await.json();
    let show = owner.json(Method::POST, "/api/shows", json!({ "name": "Night talks" })).await.json();
    let webhook = owner.json(Method::POST, "/api/webhooks", json!({ "url": "https://1.1.1.1/in" })).await.json();
    let [character, folder, show, webhook] = [character, folder, show, webhook].map(|row| text(&row["id"]));
    let message = text(&owner.json(Method::POST, &format!("/api/webhooks/{webhook}/test"), json!({})).await.json()["messageId"]);
    World { project, scene, render, asset, character, folder, show, webhook, message }
}

/// The smallest picture that can be decoded.
fn drawn() -> Vec<u8> {
    let mut png = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(64, 64).write_to(&mut png, image::ImageFormat::Png).expect("a picture");
    png.into_inner()
}

async fn ask(app: &TestApp, world: &World, route: &str, body: &str, asker: &Asker) -> u16 {
    let (method, path) = route.split_once(' ').expect("a method and a path");
    // Only the last one, the owner, takes things away.
    let id = match path {
        _ if path.starts_with("/api/scenes") || path.starts_with("/api/jobs") => &world.scene,
        _ if path.starts_with("/api/shorts") || path.starts_with("/api/render") => &world.render,
        _ if path.starts_with("/api/characters") => &world.character,
        _ if path.starts_with("/api/folders") => &world.folder,
        _ if path.starts_with("/api/shows") => &world.show,
        _ if path.starts_with("/api/webhooks") => &world.webhook,
        _ => &world.project,
    };
    let taken = method == "delete" && asker.name == "write";
    let path = path.replace("{id}", id).replace("{projectId}", id).replace("{message}", &world.message);
    let path = if path == "/api/assets" && method == "get" { world.asset.clone() } else { path };
    // A token that may delete is shown by something that is not there.
    let path = if taken { path.replace(id.as_str(), "00000000-0000-0000-0000-000000000000") } else { path };
    let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
    let body = match body {
        "bytes" => drawn(),
        body => body.replace("PROJECT", &world.project).replace("ASSET", &world.asset).into_bytes(),
    };
    let mut request = Request::builder().method(method).uri(path);
    if let Some((name, value)) = &asker.header {
        request = request.header(*name, value);
    }
    let status = app.send(request.body(Body::from(body)).expect("a request")).await.status().as_u16();
    // That it is not there, rather than forbidden, shows that the token may.
    if taken && status == 404 { 200 } else { status }
}

fn described() -> std::collections::BTreeSet<String> {
    let document: Value = serde_json::to_value(api::openapi()).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    let of_path = |(path, item): (&String, &Value)| {
        let methods = ["get", "post", "put", "patch", "delete"].into_iter().filter(|method| item.get(*method).is_some());
        methods.map(|method| format!("{method} {path}")).collect::<Vec<_>>()
    };
    paths.iter().flat_map(of_path).collect()
}
