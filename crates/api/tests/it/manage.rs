//! What administrators see and do with users and plans, and what users see of their limits.

use axum::http::Method;
use model::usage::Unit;
use serde_json::{Value, json};
use store::Call;

use crate::app::{TestApp, clock, new_id, text};
use crate::browser::Browser;
use crate::sign_in::{signed_in, with_google};

const NO_LIMIT: i64 = 1_000_000_000;

/// A project whose first tasks call a vendor.
async fn call(app: &TestApp, units: &[(Unit, f64)]) {
    let project = app.project(&["One.", "Two.", "Three."]).await;
    app.command(&project, "generate_all").await;
    for (unit, units) in units {
        let lease = app.begin(&model::task::TaskKind::ALL).await.expect("work");
        let (vendor, model) = ("acme".to_owned(), "big".to_owned());
        let call = Call { vendor, model, unit: *unit, units: *units, cost: None, counts: true };
        app.state.store.reserve(&lease, &call, clock()).await.expect("a reservation");
    }
}

#[tokio::test]
async fn quotas_say_what_is_left() {
    let app = TestApp::new().await;
    call(&app, &[(Unit::SpeechSecond, 91.0), (Unit::Clip, 1.0), (Unit::Image, 1.0)]).await;
    let (status, quota) = app.get("/api/users/quota?user_id=x").await;
    let limits = json!({ "maxVideos": NO_LIMIT, "maxTTSMinutes": NO_LIMIT, "maxImages": NO_LIMIT, "maxDailyVideos": NO_LIMIT });
    let used = json!({ "currentVideos": 1, "currentTTSMinutes": 1.52, "currentImages": 1, "currentDailyVideos": 1 });
    let expected = json!({ "plan": "free", "limits": limits, "used": used, "lastResetDate": "2026-01-01T00:00:00.000Z" });
    assert_eq!((status, quota), (200, expected));
    let plan = json!({ "name": "Free", "slug": "free", "monthly_images_limit": 5, "daily_requests_limit": 50, "monthly_minutes_tts": 10 });
    let (_, plan) = app.post("/api/admin/plans", plan).await;
    let (status, user) = app.patch("/api/admin/users", json!({ "userId": app.owner, "plan_id": plan["id"] })).await;
    assert_eq!((status, &user["plan_id"]), (200, &plan["id"]));
    let (status, limits) = app.get("/api/user/limits?userId=x").await;
    let expected = json!({
        "user_id": app.owner, "monthly_videos_limit": NO_LIMIT, "monthly_minutes_tts": 10, "monthly_images_limit": 5,
        "current_videos_used": 1, "current_minutes_tts_used": 1.52, "current_images_used": 1,
        "last_reset_date": "2026-01-01T00:00:00.000Z", "daily_requests_limit": 50, "current_daily_requests": 3,
        "last_daily_reset": "2026-01-31T00:00:00.000Z", "daily_videos_limit": NO_LIMIT, "current_daily_videos": 1,
    });
    assert_eq!((status, limits), (200, expected));
}

#[tokio::test]
async fn plans_are_managed() {
    let app = TestApp::new().await;
    let body = json!({
        "id": "", "created_at": "", "updated_at": "", "name": "Pro", "slug": "pro", "description": "d", "price": "19.90",
        "monthly_images_limit": 10, "monthly_videos_limit": null, "features": ["a"],
    });
    let (status, plan) = app.post("/api/admin/plans", body.clone()).await;
    let expected = json!({
        "id": plan["id"], "name": "Pro", "slug": "pro", "description": "d", "price": 19.9, "monthly_images_limit": 10,
        "monthly_videos_limit": null, "monthly_minutes_tts": null, "daily_requests_limit": null, "daily_videos_limit": null,
        "features": ["a"], "created_at": plan["created_at"], "updated_at": plan["updated_at"],
    });
    assert_eq!((status, &plan), (200, &expected));
    assert_eq!(app.post("/api/admin/plans", body).await.0, 409);
    let (_, free) = app.post("/api/admin/plans", json!({ "name": "Free", "slug": "" })).await;
    assert_eq!((text(&free["slug"]).len(), &free["price"]), (36, &json!(0.0)));
    let path = format!("/api/admin/plans/{}", text(&plan["id"]));
    let put = async |body: Value| app.raw(Method::PUT, &path, body.to_string()).await;
    let mut whole = plan.clone();
    (whole["price"], whole["monthly_images_limit"], whole["daily_videos_limit"]) = (json!(5), Value::Null, json!(2));
    let (status, changed) = put(whole).await;
    assert_eq!((status, &changed["price"], &changed["monthly_images_limit"]), (200, &json!(5.0), &Value::Null));
    assert_eq!(
        (&changed["daily_videos_limit"], &changed["slug"], &changed["created_at"]),
        (&json!(2), &json!("pro"), &plan["created_at"])
    );
    for (bad, field) in [
        (json!({}), "name"),
        (json!({ "name": "x", "price": "cheap" }), "price"),
        (json!({ "name": "x", "price": -1 }), "price"),
        (json!({ "name": "x", "daily_videos_limit": -1 }), "daily_videos_limit"),
    ] {
        let (status, error) = put(bad.clone()).await;
        assert_eq!((status, error["details"][field].is_object()), (400, true), "{bad}: {error}");
    }
    let (_, list) = app.get("/api/admin/plans").await;
    assert_eq!((&list[0]["name"], &list[1]["name"]), (&json!("Free"), &json!("Pro")), "the cheapest first");
    assert_eq!(app.delete(&path).await, (200, json!({ "success": true })));
    assert_eq!(app.delete(&path).await, (404, json!({ "error": "Plan not found" })));
}

#[tokio::test]
async fn administrators_manage_users() {
    let (app, google) = with_google().await;
    let (ada, bob) = (signed_in(&app, &google, "ada").await, signed_in(&app, &google, "bob").await);
    for (method, path) in [
        (Method::GET, "/api/admin/users"),
        (Method::PATCH, "/api/admin/users"),
        (Method::GET, "/api/admin/plans"),
        (Method::POST, "/api/admin/plans"),
        (Method::PUT, "/api/admin/plans/x"),
        (Method::DELETE, "/api/admin/plans/x"),
    ] {
        assert_eq!(bob.json(method.clone(), path, json!({ "name": "x" })).await.status, 403, "{method} {path}");
        assert_eq!(Browser::new(&app).json(method.clone(), path, json!({})).await.status, 401, "{method} {path}");
    }
    bob.json(Method::POST, "/api/projects", json!({ "topic": "x" })).await;
    let names = async |query: &str| {
        let answer = ada.get(&format!("/api/admin/users{query}")).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json().as_array().expect("users").iter().map(|user| text(&user["name"])).collect::<Vec<_>>()
    };
    assert_eq!(names("").await, ["bob", "ada"]);
    assert_eq!(names("?sort=name&order=asc&role=ALL&plan=ALL&status=ALL").await, ["ada", "bob"]);
    assert_eq!(names("?sort=projects&order=desc").await, ["bob", "ada"]);
    assert_eq!(names("?search=BOB@").await, ["bob"]);
    assert_eq!(names("?role=ADMIN").await, ["ada"]);
    assert_eq!(names("?plan=PRO").await, [""; 0]);
    assert_eq!(names("?status=blocked").await, [""; 0]);
    for sort in ["id", "email", "emailVerified", "tier", "plan_id", "is_blocked", "role", "subscription_plan", "updated_at"] {
        assert_eq!(names(&format!("?sort={sort}")).await.len(), 2, "{sort}");
    }
    assert_eq!(names("?limit=1").await, ["bob"]);
    assert_eq!(names("?limit=1&offset=1").await, ["ada"]);
    assert_eq!(names("?limit=0&sort=name&order=asc").await, ["ada"], "a page has at least one");
    assert_eq!(names("?offset=2").await, [""; 0]);
    let page = ada.get("/api/admin/users?limit=1&search=bob").await;
    assert_eq!(page.headers["x-total-count"], "1");
    assert_eq!(ada.get("/api/admin/users?limit=1").await.headers["x-total-count"], "2");
    for bad in ["?sort=google_id", "?limit=x", "?offset=1.5", "?order=up", "?role=GOD", "?status=x", "?plan=x"] {
        assert_eq!(ada.get(&format!("/api/admin/users{bad}")).await.status, 400, "{bad}");
    }
    let list = ada.get("/api/admin/users?search=bob").await.json();
    assert_eq!((&list[0]["_count"]["projects"], &list[0]["user_limits"]["monthly_images_limit"]), (&json!(1), &json!(NO_LIMIT)));
    let (bob_id, ada_id) = (list[0]["id"].clone(), ada.get("/api/users").await.json()[0]["id"].clone());
    let patch = async |body: Value| ada.json(Method::PATCH, "/api/admin/users", body).await;
    let refused = patch(json!({})).await;
    assert_eq!((refused.status, refused.json()), (400, json!({ "error": "User ID required" })));
    assert_eq!(patch(json!({ "userId": new_id(), "role": "USER" })).await.status, 404);
    assert_eq!(patch(json!({ "userId": bob_id, "role": "GOD" })).await.status, 400);
    let plan =
        ada.json(Method::POST, "/api/admin/plans", json!({ "name": "Pro", "slug": "pro", "monthly_images_limit": 7 })).await;
    let pro = patch(json!({ "userId": bob_id, "subscription_plan": "PRO" })).await.json();
    assert_eq!((&pro["tier"], &pro["subscription_plan"], &pro["plan_id"]), (&json!("pro"), &json!("PRO"), &plan.json()["id"]));
    assert_eq!(bob.get("/api/users/quota").await.json()["limits"]["maxImages"], json!(7));
    let admin = patch(json!({ "userId": ada_id, "role": "USER" })).await;
    assert_eq!(admin.status, 409, "{}", admin.body);
    assert_eq!(patch(json!({ "userId": ada_id, "is_blocked": true })).await.status, 409);
    let blocked = patch(json!({ "userId": bob_id, "is_blocked": true })).await.json();
    assert_eq!((&blocked["is_blocked"], &blocked["tier"]), (&json!(true), &json!("pro")), "what is not said stays");
    assert_eq!(bob.get("/api/projects").await.status, 401, "the session is over");
    assert_eq!(names("?status=blocked").await, ["bob"]);
}

#[tokio::test]
async fn free_accounts_begin_few_projects_a_day() {
    let (app, google) = with_google().await;
    let (ada, bob) = (signed_in(&app, &google, "ada").await, signed_in(&app, &google, "bob").await);
    let plan = json!({ "name": "Free", "slug": "free", "daily_videos_limit": 1 });
    let plan = ada.json(Method::POST, "/api/admin/plans", plan).await.json();
    let bob_id = bob.get("/api/users").await.json()[0]["id"].clone();
    let change = json!({ "userId": bob_id, "plan_id": plan["id"] });
    assert_eq!(ada.json(Method::PATCH, "/api/admin/users", change).await.status, 200);
    let begin = async |path: &str, body: Value| bob.json(Method::POST, path, body).await;
    assert_eq!(begin("/api/projects", json!({ "topic": "" })).await.status, 400, "what is refused does not count");
    assert_eq!(begin("/api/projects", json!({ "topic": "x" })).await.status, 200);
    let quota = bob.get("/api/users/quota").await.json();
    assert_eq!((&quota["limits"]["maxDailyVideos"], &quota["used"]["currentDailyVideos"]), (&json!(1), &json!(1)));
    let details = "Free accounts are limited to 1 video per day. Upgrade to Pro for more.";
    let expected = json!({ "error": "Daily video limit reached", "details": details });
    for (path, body) in [("/api/projects", json!({ "topic": "x" })), ("/api/shorts", json!({ "script": "Words." }))] {
        let refused = begin(path, body).await;
        assert_eq!((refused.status, refused.json()), (403, expected.clone()), "{path}");
    }
    let change = json!({ "userId": bob_id, "subscription_plan": "PRO" });
    assert_eq!(ada.json(Method::PATCH, "/api/admin/users", change).await.status, 200);
    assert_eq!(begin("/api/projects", json!({ "topic": "x" })).await.status, 200);
}
