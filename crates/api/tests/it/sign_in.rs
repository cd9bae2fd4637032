//! Signing in with Google, as a browser sees it, and what keeps others out.

use std::num::NonZeroU32;
use std::sync::Arc;

use api::{Access, Origin, PerMinute, Provider, Rates, Secret, SignIn};
use axum::body::Body;
use axum::http::{Method, Request, header};
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use crate::app::{TestApp, clock, text};
use crate::browser::Browser;
use crate::google::{CLIENT, CLIENT_SECRET, Google};

const HOME: &str = "https://shorts.example";
const STUDIO: &str = "http://localhost:3000";
pub const SESSION: &str = "__Secure-authjs.session-token";

pub async fn with_google() -> (TestApp, Google) {
    let google = Google::start().await;
    let mut app = TestApp::new().await;
    sign_in_by(&mut app, &google);
    (app, google)
}

fn sign_in_by(app: &mut TestApp, google: &Google) {
    let origin = |address: &str| Origin::of(address).expect("an address");
    app.state.access = Access::SignIn(Arc::new(SignIn {
        origin: origin(HOME),
        origins: vec![origin(STUDIO)],
        frontend: format!("{HOME}/"),
        provider: Provider::new(&google.issuer(), CLIENT.to_owned(), Secret::from(CLIENT_SECRET.to_owned())).expect("a client"),
        admins: vec!["Boss@Shorts.Example".to_owned()],
        secret: Secret::from("a secret of the tests".to_owned()),
        vault: (*app.state.vault).clone(),
    }));
    app.restart();
}

fn person(name: &str) -> Value {
    json!({ "sub": format!("google-{name}"), "email": format!("{name}@Shorts.example"), "email_verified": true, "name": name })
}

/// A browser in which that person is signed in.
pub async fn signed_in<'a>(app: &'a TestApp, google: &Google, name: &str) -> Browser<'a> {
    let browser = Browser::new(app);
    let address = browser.begin(HOME).await;
    let back = google.agree(&address, &person(name), |_, _| ());
    let answer = browser.get(&back).await;
    assert_eq!((answer.status, answer.location()), (302, HOME));
    browser
}

pub async fn block(app: &TestApp, user: uuid::Uuid) {
    let blocked = store::UserChange { blocked: Some(true), ..store::UserChange::default() };
    app.state.store.change_user(user, &blocked, clock()).await.expect("a change");
}

#[tokio::test]
async fn somebody_signs_in_and_out() {
    let (app, google) = with_google().await;
    let browser = Browser::new(&app);
    assert_eq!(browser.get("/api/auth/session").await.body, "null");
    assert_eq!(browser.get("/api/projects").await.status, 401);
    let address = browser.begin("/studio").await;
    assert!(address.starts_with(&format!("{}/authorize?hl=en&", google.issuer())), "{address}");
    let back = google.agree(&address, &person("ada"), |_, _| ());
    let answer = browser.get(&back).await;
    assert_eq!(answer.location(), format!("{HOME}/studio"));
    let session = browser.get("/api/auth/session").await;
    assert_eq!(session.headers[header::CACHE_CONTROL], "private, no-cache, no-store");
    let session = session.json();
    assert_eq!(session["user"]["email"], "ada@shorts.example");
    assert_eq!(session["user"]["name"], "ada");
    assert_eq!(session.as_object().expect("fields").len(), 2, "nothing but the person and the end");
    let secret = browser.cookie(SESSION).expect("a session");
    assert!(!session.to_string().contains(&secret));
    let me = browser.get("/api/users?email=ada@shorts.example").await.json();
    assert_eq!((&me["role"], &me["is_blocked"]), (&json!("ADMIN"), &json!(false)), "the first one is the administrator");
    assert_eq!(browser.get("/api/users?email=boss@shorts.example").await.body, "null");
    assert_eq!(browser.json(Method::POST, "/api/projects", json!({ "topic": "x" })).await.status, 200);
    let csrf = browser.csrf().await;
    let out = browser.form("/api/auth/signout", &[("csrfToken", &csrf), ("callbackUrl", HOME)]).await;
    assert_eq!((out.status, out.location()), (302, HOME));
    assert_eq!(browser.get("/api/projects").await.status, 401);
    browser.set_cookie(SESSION, &secret);
    assert_eq!(browser.get("/api/projects").await.status, 401, "an ended session stays ended");
}

#[tokio::test]
async fn an_answer_counts_once_for_the_browser_that_asked() {
    let (app, google) = with_google().await;
    let (one, other) = (Browser::new(&app), Browser::new(&app));
    let address = one.begin(HOME).await;
    let back = google.agree(&address, &person("ada"), |_, _| ());
    let refused = async |browser: &Browser<'_>, path: &str, why: &str| {
        let answer = browser.get(path).await;
        assert_eq!(answer.location(), format!("{HOME}/api/auth/redirect?error={why}"), "{path}");
        assert_eq!(browser.cookie(SESSION), None);
    };
    refused(&other, &back, "InvalidCheck").await;
    let address = other.begin(HOME).await;
    refused(&other, &back, "InvalidCheck").await;
    let changed = google.agree(&address, &person("ada"), |_, _| ()).replace("state=", "state=x");
    other.begin(HOME).await;
    refused(&other, &changed, "InvalidCheck").await;
    assert_eq!(one.get(&back).await.location(), HOME);
    assert_eq!(one.get(&back).await.location(), format!("{HOME}/api/auth/redirect?error=InvalidCheck"), "it is used up");
    let page = one.get("/api/auth/redirect?error=InvalidCheck").await;
    assert_eq!((page.status, page.location()), (307, "https://shorts.example/?error=InvalidCheck"));
    let page = one.get("/api/auth/redirect?error=%22%3E%3Cscript").await;
    assert_eq!(page.location(), "https://shorts.example/");
}

#[tokio::test]
async fn identities_that_do_not_hold_are_refused() {
    let (app, google) = with_google().await;
    let check = async |name: &str, why: &str, change: fn(&mut Value, &mut Algorithm)| {
        let browser = Browser::new(&app);
        let address = browser.begin(HOME).await;
        let back = google.agree(&address, &person("eve"), change);
        let answer = browser.get(&back).await;
        assert_eq!(answer.location(), format!("{HOME}/api/auth/redirect?error={why}"), "{name}");
        assert_eq!(browser.get("/api/auth/session").await.body, "null", "{name}");
    };
    check("another audience", "OAuthCallbackError", |claims, _| claims["aud"] = json!("another-app")).await;
    check("another issuer", "OAuthCallbackError", |claims, _| claims["iss"] = json!("https://evil.example")).await;
    check("over", "OAuthCallbackError", |claims, _| claims["exp"] = json!(1_000_000_000)).await;
    check("another nonce", "OAuthCallbackError", |claims, _| claims["nonce"] = json!("x")).await;
    check("another signature", "OAuthCallbackError", |_, algorithm| *algorithm = Algorithm::HS256).await;
    check("an address of somebody else", "AccessDenied", |claims, _| claims["email_verified"] = json!(false)).await;
    check("no address", "AccessDenied", |claims, _| claims["email"] = json!("")).await;
}

#[tokio::test]
async fn ways_back_lead_home() {
    let (app, google) = with_google().await;
    let check = async |wish: &str, expected: &str| {
        let browser = Browser::new(&app);
        let address = browser.begin(wish).await;
        let back = google.agree(&address, &person("ada"), |_, _| ());
        assert_eq!(browser.get(&back).await.location(), expected, "{wish}");
    };
    check(HOME, HOME).await;
    check("", HOME).await;
    check("/a?b=c", "https://shorts.example/a?b=c").await;
    check("http://localhost:3000/x", "http://localhost:3000/x").await;
    for evil in [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "http://localhost:3000.evil.example",
        "https://shorts.example.evil.example",
        "https://shorts.example@evil.example",
        "javascript:alert(1)",
    ] {
        check(evil, HOME).await;
    }
}

#[tokio::test]
async fn forms_need_the_token_of_their_browser() {
    let (app, google) = with_google().await;
    let browser = signed_in(&app, &google, "ada").await;
    let token = Browser::new(&app).csrf().await;
    let wrong = format!("{HOME}/api/auth/redirect?error=MissingCSRF");
    for given in ["", "x", &token] {
        assert_eq!(browser.form("/api/auth/signout", &[("csrfToken", given)]).await.location(), wrong);
        assert_eq!(browser.form("/api/auth/signin/google", &[("csrfToken", given)]).await.location(), wrong);
    }
    assert_eq!(browser.csrf().await, browser.csrf().await, "a browser keeps its token");
    assert_eq!(browser.get("/api/projects").await.status, 200);
}

#[tokio::test]
async fn people_see_their_own_and_blocked_ones_nothing() {
    let (app, google) = with_google().await;
    let ada = signed_in(&app, &google, "ada").await;
    let bob = signed_in(&app, &google, "bob").await;
    let boss = signed_in(&app, &google, "boss").await;
    let role = async |browser: &Browser<'_>| browser.get("/api/users").await.json()[0]["role"].clone();
    assert_eq!((role(&ada).await, role(&bob).await, role(&boss).await), (json!("ADMIN"), json!("USER"), json!("ADMIN")));
    let project = text(&ada.json(Method::POST, "/api/projects", json!({ "topic": "x" })).await.json()["id"]);
    assert_eq!(bob.get(&format!("/api/projects/{project}")).await.status, 403);
    assert_eq!(bob.get("/api/projects").await.body, "[]");
    let bob_id = bob.get("/api/users").await.json()[0]["id"].clone();
    let bob_id = text(&bob_id).parse().expect("an id");
    block(&app, bob_id).await;
    assert_eq!(bob.get("/api/projects").await.status, 401, "blocking ends sessions");
    // One that began at the same moment is of no use either.
    let secret = bob.cookie(SESSION).expect("a session");
    app.state.store.begin_session(bob_id, &secret, clock()).await.expect("a session");
    let refused = bob.get("/api/projects").await;
    assert_eq!((refused.status, refused.json()), (403, json!({ "error": "This account is blocked." })));
    assert_eq!(bob.get("/api/auth/session").await.body, "null");
    let again = Browser::new(&app);
    let back = google.agree(&again.begin(HOME).await, &person("bob"), |_, _| ());
    assert!(again.get(&back).await.location().ends_with("error=AccessDenied"));
    // Who was there by address alone is the one who signs in with it.
    let listed = app.state.store.add_user(uuid::Uuid::from_u128(77), "Carl@shorts.example", store::Role::User, clock()).await;
    let carl = signed_in(&app, &google, "carl").await;
    assert_eq!(carl.get("/api/users").await.json()[0]["id"], json!(listed.expect("a user").user.id));
}

#[tokio::test]
async fn tokens_do_what_they_may() {
    let (app, google) = with_google().await;
    let ada = signed_in(&app, &google, "ada").await;
    let make = async |scope: &str| {
        let answer = ada.json(Method::POST, "/api/user/tokens", json!({ "name": scope, "scope": scope })).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        text(&answer.json()["token"])
    };
    let send = async |token: &str, method: Method, path: &str, body: Value| {
        let request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {token}"));
        app.send(request.body(Body::from(body.to_string())).expect("a request")).await.status().as_u16()
    };
    let (read, render, write) = (make("read").await, make("render").await, make("write").await);
    let topic = || json!({ "topic": "x" });
    assert_eq!(send(&read, Method::GET, "/api/projects", Value::Null).await, 200);
    assert_eq!(send(&read, Method::POST, "/api/projects", topic()).await, 403);
    assert_eq!(send(&render, Method::POST, "/api/projects", topic()).await, 403);
    assert_eq!(send(&render, Method::POST, "/api/render", topic()).await, 400, "it may, but that is no order");
    assert_eq!(send(&write, Method::POST, "/api/projects", topic()).await, 200);
    assert_eq!(send("x", Method::GET, "/api/projects", Value::Null).await, 401);
    for token in [&read, &render, &write] {
        assert_eq!(send(token, Method::GET, "/api/user/tokens", Value::Null).await, 403, "tokens manage no tokens");
        assert_eq!(send(token, Method::GET, "/api/user/apikeys", Value::Null).await, 403);
    }
    let key = Request::get("/api/projects").header("x-api-key", &read).body(Body::empty()).expect("a request");
    assert_eq!(app.send(key).await.status(), 200);
    let list = ada.get("/api/user/tokens").await;
    assert!(!list.body.contains(&read) && !list.body.contains("hash"), "{}", list.body);
    let id = list.json().as_array().expect("tokens").iter().find(|row| row["scope"] == "read").map(|row| text(&row["id"]));
    let id = id.expect("the token");
    let bob = signed_in(&app, &google, "bob").await;
    assert_eq!(bob.json(Method::DELETE, &format!("/api/user/tokens/{id}"), Value::Null).await.status, 404);
    assert_eq!(ada.json(Method::DELETE, &format!("/api/user/tokens/{id}"), Value::Null).await.status, 200);
    assert_eq!(send(&read, Method::GET, "/api/projects", Value::Null).await, 401);
    let soon = ada.json(Method::POST, "/api/user/tokens", json!({ "name": "x", "scope": "admin" })).await;
    assert_eq!(soon.status, 400);
}

#[tokio::test]
async fn keys_come_back_as_masks() {
    let (app, google) = with_google().await;
    let ada = signed_in(&app, &google, "ada").await;
    let hex = |key: &str| key.bytes().map(|byte| format!("{:02x}", byte ^ 0x79)).collect::<String>();
    let masks = async || ada.get("/api/user/apikeys").await.json();
    let put = async |body: Value| ada.json(Method::POST, "/api/user/apikeys", body).await;
    assert_eq!(masks().await["gemini_key"], Value::Null);
    let saved = put(json!({ "gemini_key": hex("AIza-planted-1234"), "groq_key": "gsk-plain-5678", "suno_key": "" })).await;
    assert_eq!((saved.status, saved.json()), (200, json!({ "message": "API keys saved successfully" })));
    let shown = masks().await;
    assert_eq!(
        (&shown["gemini_key"], &shown["groq_key"], &shown["suno_key"]),
        (&json!("****1234"), &json!("****5678"), &Value::Null)
    );
    // The Studio sends back what it was shown.
    put(json!({ "gemini_key": hex("****1234"), "groq_key": hex("") })).await;
    let shown = masks().await;
    assert_eq!((&shown["gemini_key"], &shown["groq_key"]), (&json!("****1234"), &Value::Null));
    let user = text(&ada.get("/api/users").await.json()[0]["id"]).parse().expect("an id");
    let keys = app.state.store.vendor_keys(user, None, &app.state.vault, clock()).await.expect("keys");
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0].secret.as_deref(), Some("AIza-planted-1234"), "the mask has not taken its place");
    assert_eq!(put(json!({ "gemini_key": "two words" })).await.status, 400);
    let bob = signed_in(&app, &google, "bob").await;
    assert_eq!(bob.get("/api/user/apikeys?user_id=".to_owned().as_str()).await.json()["gemini_key"], Value::Null);
}

#[tokio::test]
async fn only_configured_origins_may_read_and_change() {
    let (app, google) = with_google().await;
    let ada = signed_in(&app, &google, "ada").await;
    let cookie = format!("{SESSION}={}", ada.cookie(SESSION).expect("a session"));
    let send = async |method: Method, origin: &str, site: &str| {
        let request =
            Request::builder().method(method).uri("/api/projects").header("origin", origin).header("sec-fetch-site", site);
        let request = request.header("cookie", &cookie).header("access-control-request-method", "POST");
        let response = app.send(request.body(Body::from("{\"topic\":\"x\"}")).expect("a request")).await;
        let allowed =
            response.headers().get("access-control-allow-origin").map(|origin| origin.to_str().expect("text").to_owned());
        (response.status().as_u16(), allowed)
    };
    assert_eq!(send(Method::POST, STUDIO, "same-site").await, (200, Some(STUDIO.to_owned())));
    assert_eq!(send(Method::GET, STUDIO, "cross-site").await, (200, Some(STUDIO.to_owned())));
    assert_eq!(send(Method::OPTIONS, STUDIO, "cross-site").await, (204, Some(STUDIO.to_owned())));
    assert_eq!(send(Method::POST, HOME, "same-origin").await, (200, Some(HOME.to_owned())));
    for evil in ["https://evil.example", "http://localhost:3000.evil.example", "http://localhost:30001", "null"] {
        assert_eq!(send(Method::POST, evil, "cross-site").await, (403, None), "{evil}");
        assert_eq!(send(Method::OPTIONS, evil, "cross-site").await, (204, None), "{evil}");
        assert_eq!(
            send(Method::GET, evil, "cross-site").await,
            (200, None),
            "it may ask, but no page can read the answer: {evil}"
        );
    }
}

#[tokio::test]
async fn who_asks_too_often_is_told_to_wait() {
    let (mut app, google) = with_google().await;
    let (few, many) = (PerMinute(NonZeroU32::new(3).expect("not zero")), PerMinute(NonZeroU32::new(1000).expect("not zero")));
    app.state.rates = Rates::new(few, many);
    app.restart();
    let ada = signed_in(&app, &google, "ada").await;
    let statuses =
        [ada.get("/api/projects").await.status, ada.get("/api/projects").await.status, ada.get("/api/projects").await.status];
    assert_eq!(statuses, [200; 3]);
    let late = ada.get("/api/projects").await;
    assert_eq!(late.status, 429);
    let wait: u64 = late.headers[header::RETRY_AFTER].to_str().expect("text").parse().expect("seconds");
    assert!((1..=20).contains(&wait) && late.json()["error"].as_str().expect("a sentence").contains("Please wait"));
    let bob = signed_in(&app, &google, "bob").await;
    assert_eq!(bob.get("/api/projects").await.status, 200, "others have room of their own");
}

#[tokio::test]
async fn files_are_their_owners() {
    let (app, google) = with_google().await;
    let (ada, bob) = (signed_in(&app, &google, "ada").await, signed_in(&app, &google, "bob").await);
    let bytes = crate::app::png(uuid::Uuid::from_u128(9));
    let request = Request::post("/api/assets").header("cookie", format!("{SESSION}={}", ada.cookie(SESSION).expect("a session")));
    let response = app.send(request.body(Body::from(bytes)).expect("a request")).await;
    assert_eq!(response.status(), 201);
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("a body");
    let stored: Value = serde_json::from_slice(&body).expect("JSON");
    let path = format!("/api/assets?url={}", text(&stored["key"]));
    let status = async |browser: &Browser<'_>| {
        let request = Request::get(&path).header("cookie", format!("{SESSION}={}", browser.cookie(SESSION).unwrap_or_default()));
        app.send(request.body(Body::empty()).expect("a request")).await.status().as_u16()
    };
    assert_eq!((status(&ada).await, status(&bob).await, status(&Browser::new(&app)).await), (200, 404, 401));
    let topic = json!({ "topic": "x", "script": format!("# T\n\n![A]({})\n\nWords.", text(&stored["key"])) });
    assert_eq!(ada.json(Method::POST, "/api/projects", topic.clone()).await.status, 200);
    assert_eq!(bob.json(Method::POST, "/api/projects", topic).await.status, 400, "others can't take it into their projects");
}

#[tokio::test]
async fn administrators_hear_what_is_new() {
    use futures::StreamExt;
    let (app, google) = with_google().await;
    let ada = signed_in(&app, &google, "ada").await;
    let bob = signed_in(&app, &google, "bob").await;
    assert_eq!(bob.get("/api/events/admin").await.status, 403);
    assert_eq!(Browser::new(&app).get("/api/events/admin").await.status, 401);
    let request =
        Request::get("/api/events/admin").header("cookie", format!("{SESSION}={}", ada.cookie(SESSION).expect("a session")));
    let mut stream = app.send(request.body(Body::empty()).expect("a request")).await.into_body().into_data_stream();
    let mut next = async || String::from_utf8(stream.next().await.expect("an event").expect("bytes").to_vec()).expect("text");
    assert_eq!(next().await, "data: {\"type\":\"connected\"}\n\n");
    signed_in(&app, &google, "carl").await;
    assert!(next().await.starts_with("data: {\"payload\":{\"id\":"));
    bob.json(Method::POST, "/api/projects", json!({ "topic": "x" })).await;
    assert!(next().await.contains("PROJECT_CREATED"));
    signed_in(&app, &google, "boss").await;
    assert!(next().await.contains("USER_REGISTERED"));
    let id = text(&ada.get("/api/users").await.json()[0]["id"]).parse().expect("an id");
    block(&app, id).await;
    bob.json(Method::POST, "/api/projects", json!({ "topic": "y" })).await;
    assert!(stream.next().await.is_none(), "who is blocked hears nothing more");
}
