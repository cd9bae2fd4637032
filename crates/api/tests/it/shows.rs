//! Shows with their episodes.

use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{TestApp, new_id, text};
use crate::sign_in::{signed_in, with_google};

#[tokio::test]
async fn shows_are_created_listed_changed_and_deleted() {
    let app = TestApp::new().await;
    assert_eq!(app.get("/api/shows").await, (200, json!([])));
    let (status, show) = app.post("/api/shows", json!({ "name": " Space ", "user_id": "x" })).await;
    let expected = json!({
        "id": show["id"], "user_id": app.owner, "name": "Space", "description": "", "style_preset": "Cinematic",
        "visual_prompt": null, "default_tts_provider": "gemini", "created_at": show["created_at"], "updated_at": show["updated_at"],
    });
    assert_eq!((status, &show), (201, &expected));
    let (_, other) =
        app.post("/api/shows", json!({ "name": "Sea", "style_preset": "Comic Book", "visual_prompt": "blue" })).await;
    let order = async || {
        let (_, list) = app.get("/api/shows").await;
        list.as_array().expect("shows").iter().map(|show| text(&show["name"])).collect::<Vec<_>>()
    };
    assert_eq!(order().await, ["Sea", "Space"]);
    let path = format!("/api/shows/{}", text(&show["id"]));
    let (status, changed) = app.patch(&path, json!({ "description": "d", "style_preset": "Realism" })).await;
    assert_eq!(
        (status, &changed["description"], &changed["style_preset"], &changed["name"]),
        (200, &json!("d"), &json!("Realism"), &json!("Space"))
    );
    assert_eq!(order().await, ["Space", "Sea"]);
    for bad in [json!({}), json!({ "name": "" }), json!({ "name": "x", "style_preset": "Noir" }), json!({ "name": 5 })] {
        let (status, error) = app.post("/api/shows", bad.clone()).await;
        assert_eq!((status, &error["error"]), (400, &json!("Validation Error")), "{bad}");
    }
    assert_eq!(app.delete(&format!("/api/shows/{}", text(&other["id"]))).await, (200, json!({ "success": true })));
    let gone = (404, json!({ "error": "Not found" }));
    assert_eq!(app.delete(&format!("/api/shows/{}", text(&other["id"]))).await, gone);
    assert_eq!(app.get("/api/shows/x").await, gone);
}

#[tokio::test]
async fn projects_are_episodes_of_ones_own_shows() {
    let (app, google) = with_google().await;
    let (ada, bob) = (signed_in(&app, &google, "ada").await, signed_in(&app, &google, "bob").await);
    let show = ada.json(Method::POST, "/api/shows", json!({ "name": "Space" })).await.json();
    let path = format!("/api/shows/{}", text(&show["id"]));
    for number in 1..=6 {
        let body = json!({ "topic": format!("t{number}"), "show_id": show["id"], "episode_number": number });
        let project = ada.json(Method::POST, "/api/projects", body).await;
        assert_eq!(
            (project.status, &project.json()["show_id"], &project.json()["episode_number"]),
            (200, &show["id"], &json!(number))
        );
    }
    let whole = ada.get(&path).await.json();
    let topics: Vec<_> = whole["episodes"].as_array().expect("episodes").iter().map(|episode| text(&episode["topic"])).collect();
    assert_eq!(topics, ["t6", "t5", "t4", "t3", "t2"]);
    assert_eq!(whole["episodes"][0].as_object().expect("fields").len(), 4);
    assert_eq!(whole["characters"], json!([]));
    assert_eq!(ada.get("/api/shows").await.json()[0]["_count"], json!({ "episodes": 6, "characters": 0 }));
    for (method, body) in [(Method::GET, Value::Null), (Method::PATCH, json!({ "name": "mine" })), (Method::DELETE, json!({}))] {
        let answer = bob.json(method, &path, body).await;
        assert_eq!((answer.status, answer.json()), (404, json!({ "error": "Not found" })));
    }
    let project = format!("/api/projects/{}", text(&whole["episodes"][0]["id"]));
    let wrong = [
        bob.json(Method::POST, "/api/projects", json!({ "topic": "x", "show_id": show["id"] })).await,
        ada.json(Method::PATCH, &project, json!({ "show_id": new_id() })).await,
        ada.json(Method::PATCH, &project, json!({ "episode_number": 0 })).await,
    ];
    assert_eq!(wrong.map(|answer| answer.status), [400; 3]);
    let patched = ada.json(Method::PATCH, &project, json!({ "show_id": null, "episode_number": null })).await.json();
    assert_eq!((&patched["show_id"], &patched["episode_number"]), (&Value::Null, &Value::Null));
    assert_eq!(ada.json(Method::DELETE, &path, json!({})).await.status, 200);
    let episode = ada.get(&format!("/api/projects/{}", text(&whole["episodes"][1]["id"]))).await;
    assert_eq!((episode.status, &episode.json()["show_id"]), (200, &Value::Null));
}
