//! What administrators see of vendor calls and of what has happened.

use model::task::TaskKind;
use model::usage::Unit;
use serde_json::{Value, json};
use store::Call;

use crate::app::{TestApp, clock, text};
use crate::browser::Browser;
use crate::sign_in::{signed_in, with_google};

/// A narration that is spoken, and a picture that fails.
async fn calls(app: &TestApp) -> String {
    let project = app.project(&["Hello."]).await;
    app.command(&project, "generate_all").await;
    for (kind, unit, units) in [(TaskKind::Speak, Unit::SpeechSecond, 2.5), (TaskKind::DrawImage, Unit::Image, 1.0)] {
        let lease = app.begin(&[kind]).await.expect("work");
        let (vendor, model) = ("acme".to_owned(), "big".to_owned());
        let call = Call { vendor, model, unit, units, cost: None, counts: true };
        app.state.store.reserve(&lease, &call, clock()).await.expect("a reservation");
        if unit == Unit::Image { app.fail(&lease, "Too busy").await } else { app.end(&lease).await }
    }
    project
}

#[tokio::test]
async fn logs_are_filtered_and_paged() {
    let app = TestApp::new().await;
    let project = calls(&app).await;
    let ask = async |query: &str| {
        let (status, logs) = app.get(&format!("/api/admin/logs{query}")).await;
        assert_eq!(status, 200, "{logs}");
        let actions = logs["logs"].as_array().expect("logs").iter().map(|log| text(&log["action_type"])).collect::<Vec<_>>();
        (actions, logs["pagination"].clone())
    };
    let (image, speech) = ("GENERATE_IMAGE".to_owned(), "GENERATE_TTS".to_owned());
    let pages = json!({ "total": 2, "pages": 1, "current": 1, "limit": 50 });
    assert_eq!(ask("").await, (vec![image.clone(), speech.clone()], pages));
    let pages = json!({ "total": 2, "pages": 2, "current": 2, "limit": 1 });
    assert_eq!(ask("?page=2&limit=1&status=ALL&action=ALL&search=").await, (vec![speech.clone()], pages));
    assert_eq!(ask("?status=failed").await.0, [image.as_str()]);
    assert_eq!(ask("?status=success&action=GENERATE_TTS").await.0, [speech.as_str()]);
    assert_eq!(ask("?search=too%20BUSY").await.0, [image.as_str()]);
    assert_eq!(ask(&format!("?search={project}")).await.0.len(), 2);
    assert_eq!(ask("?search=local").await.0.len(), 2, "the owner's name");
    for bad in ["?page=x", "?status=x", "?action=x", "?limit=x"] {
        assert_eq!(app.get(&format!("/api/admin/logs{bad}")).await.0, 400, "{bad}");
    }
    let (_, logs) = app.get("/api/admin/logs?limit=20&status=failed").await;
    let log = &logs["logs"][0];
    let expected = json!({
        "id": log["id"], "user_id": app.owner, "project_id": project, "action_type": "GENERATE_IMAGE", "provider": "acme",
        "model_name": "big", "tokens_input": 0, "tokens_output": 0, "duration_seconds": 0.0, "status": "failed",
        "error_message": "Too busy", "idempotency_key": null, "created_at": log["created_at"],
        "user": { "name": "Local owner", "email": "owner@localhost", "avatar_url": null },
        "project": { "topic": "The Moon", "id": project },
    });
    assert_eq!(log, &expected);
    let (_, logs) = app.get("/api/admin/logs?status=success").await;
    assert_eq!(logs["logs"][0]["duration_seconds"], json!(2.5));
}

#[tokio::test]
async fn stats_tell_of_each_day() {
    let app = TestApp::new().await;
    let project = calls(&app).await;
    let (status, stats) = app.get("/api/admin/stats?days=7").await;
    assert_eq!(status, 200, "{stats}");
    assert_eq!((&stats["totalUsers"], &stats["totalProjects"], &stats["totalScenes"]), (&json!(1), &json!(1), &json!(1)));
    let days = stats["analytics"].as_array().expect("days");
    assert_eq!((days.len(), &days[0]["date"], days[0].as_object().map(|day| day.len())), (7, &json!("2026-01-25"), Some(3)));
    assert_eq!(days[6], json!({ "date": "2026-01-31", "users": 1, "projects": 1 }));
    let usage = json!({
        "GENERATE_IMAGE": { "success": 0, "failed": 1, "total": 1, "errors": [{ "message": "Too busy", "count": 1 }] },
        "GENERATE_TTS": { "success": 1, "failed": 0, "total": 1, "errors": [] },
    });
    assert_eq!(stats["usageStats"], usage);
    let recent = &stats["recentProjects"][0];
    assert_eq!((&recent["id"], &recent["user"]["name"]), (&json!(project), &json!("Local owner")));
    let length = async |query: &str| {
        let (_, stats) = app.get(&format!("/api/admin/stats{query}")).await;
        stats["analytics"].as_array().map(Vec::len)
    };
    assert_eq!((length("").await, length("?days=0").await, length("?days=9999").await), (Some(30), Some(1), Some(365)));
    assert_eq!(app.get("/api/admin/stats?days=x").await.0, 400);
}

#[tokio::test]
async fn only_administrators_see_them() {
    let (app, google) = with_google().await;
    let (ada, bob) = (signed_in(&app, &google, "ada").await, signed_in(&app, &google, "bob").await);
    for path in ["/api/admin/stats", "/api/admin/logs"] {
        assert_eq!(ada.get(path).await.status, 200);
        assert_eq!(bob.get(path).await.json(), json!({ "error": "Forbidden" }));
        assert_eq!(Browser::new(&app).get(path).await.json(), json!({ "error": "Unauthorized" }));
    }
    assert_eq!(ada.get("/api/admin/stats").await.json()["totalUsers"], json!(2), "this machine's owner is nobody here");
    assert_eq!(ada.get("/api/admin/logs").await.json()["logs"], Value::Array(Vec::new()));
}

#[tokio::test]
async fn calls_made_elsewhere_are_told_once() {
    let app = TestApp::new().await;
    let project = app.project(&["One."]).await;
    let body = json!({
        "user_id": app.owner, "action_type": "GENERATE_TTS", "provider": "elevenlabs", "project_id": project, "status": "success",
        "tokens_input": 5, "duration_seconds": 90, "idempotency_key": "k",
    });
    let (status, row) = app.post("/api/usage", body.clone()).await;
    assert_eq!(status, 201, "{row}");
    let told = [
        "action_type",
        "provider",
        "model_name",
        "tokens_input",
        "tokens_output",
        "duration_seconds",
        "status",
        "idempotency_key",
    ];
    let expected = json!(["GENERATE_TTS", "elevenlabs", "unknown", 5, 0, 90.0, "success", "k"]);
    assert_eq!(json!(told.map(|field| row[field].clone())), expected);
    assert_eq!((&row["project_id"], &row["project"]["topic"]), (&json!(project), &json!("The Moon")));
    assert_eq!(app.post("/api/usage", body.clone()).await, (200, row.clone()));
    assert_eq!(app.get("/api/users/quota").await.1["used"]["currentTTSMinutes"], 1.5);
    let failed = json!({ "user_id": app.owner, "action_type": "GENERATE_IMAGE", "provider": "x", "status": "failed", "error_message": "busy" });
    let (status, failed) = app.post("/api/usage", failed).await;
    assert_eq!(
        (status, &failed["status"], &failed["error_message"], &failed["project_id"]),
        (201, &json!("failed"), &json!("busy"), &Value::Null)
    );
    let (_, logs) = app.get("/api/admin/logs").await;
    assert_eq!(logs["logs"], json!([failed, row]));
    for (field, value) in [
        ("user_id", json!(app.project(&[]).await)),
        ("project_id", json!(app.owner)),
        ("action_type", json!("GENERATE_ALL")),
        ("status", json!("fine")),
        ("provider", json!(" ")),
        ("tokens_output", json!(-1)),
        ("duration_seconds", json!(-0.5)),
        ("duration_seconds", json!(1e9)),
    ] {
        let mut bad = body.clone();
        bad[field] = value;
        bad["idempotency_key"] = json!("another");
        let (status, error) = app.post("/api/usage", bad).await;
        assert_eq!(status, 400, "{field}: {error}");
        assert!(error["details"][field]["_errors"].is_array(), "{field}: {error}");
    }
}
