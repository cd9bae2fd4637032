//! The pages of administrators, and that they are for nobody else.

use reqwest::Method;
use serde_json::json;

use super::house::Studio;
use super::live::Events;
use super::shape::{reads, reads_each, text};
use super::tab::Tab;

pub async fn pages(studio: &Studio, tab: &Tab) {
    let mut news = Events::open(tab, "/api/events/admin").await;
    assert_eq!(news.next().await["type"], "connected");
    let bob = studio.signed_in("bob").await;
    assert_eq!(news.next().await["type"], "USER_REGISTERED");
    super::writing::project(&bob, json!({ "include_music": false })).await;
    assert_eq!(news.next().await["type"], "PROJECT_CREATED");
    for path in ["stats?days=30", "logs?page=1&limit=20&status=failed", "users", "plans"] {
        assert_eq!(bob.get(&format!("/api/admin/{path}")).await.refused(403), "Forbidden", "{path}");
    }
    assert_eq!(bob.get("/api/events/admin").await.status, 403);
    stats(tab).await;
    users(tab).await;
    plans(tab).await;
}

async fn stats(tab: &Tab) {
    for days in [7, 30, 90] {
        let stats = tab.get(&format!("/api/admin/stats?days={days}")).await.json(200);
        let fields =
            "totalUsers:count totalProjects:count totalScenes:count recentProjects:list analytics:list usageStats:object";
        reads("stats", &stats, fields);
        assert_eq!(reads_each("analytics", &stats["analytics"], "date:text users:count projects:count").len(), days);
        reads_each(
            "recent projects",
            &stats["recentProjects"],
            "id:text topic:text user.name:text user.email:text created_at:time",
        );
        for action in ["GENERATE_SCRIPT", "GENERATE_IMAGE", "GENERATE_TTS", "GENERATE_MUSIC", "GENERATE_VIDEO"] {
            reads(action, &stats["usageStats"][action], "success:count failed:count total:count errors:list");
        }
    }
    let logs = tab.get("/api/admin/logs?page=1&limit=20&status=ALL&action=ALL&search=").await.json(200);
    reads(
        "logs",
        &logs,
        "logs:list pagination.total:count pagination.pages:count pagination.current:count pagination.limit:count",
    );
    let fields =
        "id:text action_type:text status:success|failed error_message:string? created_at:time user:object? project:object?";
    let rows = reads_each("logs", &logs["logs"], fields);
    assert!(rows.len() >= 7, "{logs}");
    let full = rows.iter().find(|row| row["user"].is_object() && row["project"].is_object()).expect("a call for a project");
    reads("log", full, "user.email:text project.topic:string project.id:text");
    assert!(rows.iter().all(|row| row["duration_seconds"].is_number() || row["duration_seconds"].is_string()));
    assert_eq!(tab.get("/api/admin/logs?page=1&limit=20&status=failed").await.json(200)["logs"], json!([]));
}

async fn users(tab: &Tab) {
    let fields = "id:text name:text email:text role:USER|ADMIN subscription_plan:FREE|PRO is_blocked:bool _count.projects:count user_limits:object?";
    let list = async |query: &str| {
        let users = tab.get(&format!("/api/admin/users?{query}")).await.json(200);
        reads_each("users", &users, fields).to_vec()
    };
    assert_eq!(list("search=&role=ALL&plan=ALL&status=ALL&sort=created_at&order=desc").await.len(), 2);
    let bob = list("search=bob@").await.first().map(|user| text(&user["id"])).expect("Bob");
    let changed = tab.json(
        Method::PATCH,
        "/api/admin/users",
        json!({ "userId": bob, "role": "USER", "subscription_plan": "PRO", "is_blocked": true }),
    );
    reads("user", &changed.await.json(200), "id:text subscription_plan:PRO is_blocked:bool");
    assert_eq!(list("status=blocked&sort=projects&order=asc").await.len(), 1);
    tab.json(Method::PATCH, "/api/admin/users", json!({ "role": "USER" })).await.refused(400);
}

/// A whole plan goes back as it came, with its price as a text and emptied numbers as `null`.
async fn plans(tab: &Tab) {
    let new = json!({
        "id": "", "name": "Gold", "slug": "", "description": "For many videos", "price": 19.9, "monthly_images_limit": 100,
        "monthly_videos_limit": 20, "monthly_minutes_tts": 60, "daily_requests_limit": 500, "daily_videos_limit": 5,
        "features": null, "created_at": "", "updated_at": "",
    });
    let mut plan = tab.post("/api/admin/plans", new).await.json(200);
    let fields = "id:text name:text slug:text description:string? price:number monthly_images_limit:number? monthly_videos_limit:number? \
                  monthly_minutes_tts:number? daily_requests_limit:number? daily_videos_limit:number? created_at:time updated_at:time";
    reads("plan", &plan, fields);
    let path = format!("/api/admin/plans/{}", text(&plan["id"]));
    plan["price"] = json!("24.5");
    plan["monthly_images_limit"] = json!(null);
    let changed = tab.json(Method::PUT, &path, plan).await.json(200);
    assert_eq!((&changed["price"], &changed["monthly_images_limit"]), (&json!(24.5), &json!(null)));
    let list = tab.get("/api/admin/plans").await.json(200);
    assert!(reads_each("plans", &list, fields).iter().any(|row| row["name"] == "Gold"));
    assert_eq!(tab.delete(&path).await.json(200)["success"], true);
}
