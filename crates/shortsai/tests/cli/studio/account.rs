//! Coming and going: the page before sign-in, sign-in, what is asked at the start, keys of vendors, sign-out.

use serde_json::{Value, json};

use super::house::person;
use super::shape::{reads, reads_each, text};
use super::tab::Tab;
use crate::google::Google;

const SESSION: &str = "authjs.session-token";

/// The page and what it asks while nobody is signed in; it is mounted twice.
pub async fn before_sign_in(tab: &Tab) {
    let page = tab.get("/").await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").starts_with("text/html") && page.header("content-security-policy").contains("'self'"));
    assert_eq!(tab.get("/some/place").await.body, page.body, "the app has no routes of its own");
    assert_eq!(tab.get("/index.css").await.status, 404);
    for _ in 0..2 {
        let csrf = tab.get("/api/auth/csrf").await;
        assert!(csrf.header("cache-control").contains("no-store"));
        let token = text(&csrf.json(200)["csrfToken"]);
        assert!(token.len() == 64 && token.bytes().all(|byte| byte.is_ascii_hexdigit()), "{token}");
        assert_eq!(tab.get("/api/auth/session").await.json(200), Value::Null);
    }
    let stored = "/api/user/apikeys?user_id=5eed0000-0000-4000-8000-000000000000";
    for path in [stored, "/api/users?email=ada@shorts.example", "/api/users", "/api/projects", "/api/folders"] {
        assert_eq!(tab.get(path).await.refused(401), "Unauthorized", "{path}");
    }
    assert!(tab.get("/api/nothing").await.refused(404).contains("nothing at this address"));
}

/// The form, the provider, and back to the page.
pub async fn sign_in(google: &Google, tab: &Tab, name: &str) {
    let csrf = text(&tab.get("/api/auth/csrf").await.json(200)["csrfToken"]);
    let fields = [("csrfToken", csrf.as_str()), ("callbackUrl", &tab.home)];
    let provider = tab.form("/api/auth/signin/google", &fields).await;
    assert!(provider.starts_with(&google.issuer()), "{provider}");
    for needed in ["response_type=code", "code_challenge_method=S256", "state=", "nonce=", "scope=openid"] {
        assert!(provider.contains(needed), "{provider}");
    }
    let back = google.agree(&provider, &person(name), |_, _| ());
    let answer = tab.get(&back).await;
    assert_eq!((answer.status, answer.header("location")), (302, tab.home.as_str()));
    assert!(tab.has_cookie(SESSION) || tab.has_cookie("__Secure-authjs.session-token"));
}

/// What the page asks once somebody is signed in, twice; answers the user's id.
pub async fn startup(tab: &Tab, name: &str) -> String {
    let mut user = String::new();
    for _ in 0..2 {
        let session = tab.get("/api/auth/session").await;
        assert_eq!(session.header("cache-control"), "private, no-cache, no-store");
        let session = session.json(200);
        reads("session", &session, "user.email:text user.name:text user.image:text? expires:time");
        let email = text(&session["user"]["email"]);
        assert_eq!(email, format!("{name}@shorts.example"));
        let row = tab.get(&format!("/api/users?email={email}")).await.json(200);
        let fields = "id:text name:text email:text avatar_url:text? subscription_plan:FREE|PRO role:USER|ADMIN is_blocked:bool";
        reads("user", &row, fields);
        assert!(row.get("api_keys").is_none_or(Value::is_null), "keys are not shown here");
        user = text(&row["id"]);
        // Whatever id is asked for: the session counts.
        let listed = tab.get("/api/users?user_id=somebody-else").await.json(200);
        assert_eq!(reads_each("users", &listed, fields)[0]["id"], json!(user));
        let keys = tab.get(&format!("/api/user/apikeys?user_id={user}")).await.json(200);
        reads("keys", &keys, "gemini_key:string? elevenlabs_key:string? suno_key:string? groq_key:string?");
        reads("folders", &tab.get("/api/folders").await.json(200), "folders:list rootCount:count");
    }
    assert_eq!(tab.get("/api/users?email=somebody@else.example").await.json(200), Value::Null);
    let quota = tab.get(&format!("/api/users/quota?user_id={user}")).await.json(200);
    reads("quota", &quota, "plan:text limits:object used:object lastResetDate:text");
    reads("limits", &quota["limits"], "maxVideos:number maxTTSMinutes:number maxImages:number maxDailyVideos:number");
    let used = "currentVideos:number currentTTSMinutes:number currentImages:number currentDailyVideos:number";
    reads("used", &quota["used"], used);
    user
}

/// As the Studio writes a key: two hexadecimal digits for each character, after an exclusive or with 0x79.
pub fn veiled(key: &str) -> String {
    key.bytes().map(|byte| format!("{:02x}", byte ^ 0x79)).collect()
}

/// The settings: saved, shown as masks, sent back as they were shown, cleared.
pub async fn keys(tab: &Tab, user: &str) {
    let save = async |fields: Value| {
        let mut body = json!({ "user_id": user });
        for (name, value) in fields.as_object().expect("fields") {
            body[name] = value.clone();
        }
        let saved = tab.post("/api/user/apikeys", body).await.json(200);
        assert_eq!(saved["message"], "API keys saved successfully");
    };
    let shown = async || tab.get(&format!("/api/user/apikeys?user_id={user}")).await.json(200);
    let blank = json!({ "gemini_key": "", "elevenlabs_key": "", "suno_key": "", "groq_key": "" });
    save(blank.clone()).await;
    assert_eq!(shown().await["gemini_key"], Value::Null);
    save(json!({ "gemini_key": veiled("AIza-my-own-key-9876"), "elevenlabs_key": "", "suno_key": "", "groq_key": veiled("gsk-5432") })).await;
    let masks = shown().await;
    assert_eq!((&masks["gemini_key"], &masks["groq_key"]), (&json!("****9876"), &json!("****5432")));
    assert_eq!(masks["suno_key"], Value::Null);
    // What is shown is no pure hexadecimal, so the Studio shows it as it is and sends it back in its own writing.
    save(json!({ "gemini_key": veiled("****9876"), "elevenlabs_key": "", "suno_key": "", "groq_key": "" })).await;
    let masks = shown().await;
    assert_eq!((&masks["gemini_key"], &masks["groq_key"]), (&json!("****9876"), &Value::Null));
    save(blank).await;
    assert_eq!(shown().await["gemini_key"], Value::Null);
}

/// A form too; afterwards there is nothing more to see, also with the cookies of before.
pub async fn sign_out(tab: &Tab, project: &str) {
    let before = tab.another();
    let csrf = text(&tab.get("/api/auth/csrf").await.json(200)["csrfToken"]);
    let back = tab.form("/api/auth/signout", &[("csrfToken", &csrf), ("callbackUrl", &tab.home)]).await;
    assert_eq!(back, tab.home);
    assert!(!tab.has_cookie(SESSION));
    assert_eq!(tab.get("/api/auth/session").await.json(200), Value::Null);
    for tab in [tab, &before] {
        for path in [
            "/api/projects?limit=12",
            &format!("/api/projects/{project}"),
            &format!("/api/workflow/state/{project}"),
            &format!("/api/events/{project}"),
            &format!("/api/projects/{project}/export"),
            "/api/user/apikeys",
            "/api/admin/stats?days=30",
            "/api/events/admin",
            "/api/characters",
        ] {
            assert_eq!(tab.get(path).await.refused(401), "Unauthorized", "{path}");
        }
        let command = json!({ "projectId": project, "action": "generate_all" });
        assert_eq!(tab.post("/api/workflow/command", command).await.status, 401);
        assert_eq!(tab.post("/api/ai/voices", json!({})).await.status, 401);
    }
}
