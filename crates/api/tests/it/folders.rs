//! Folders as a tree, and which projects are in them.

use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{TestApp, new_id, text};
use crate::sign_in::{signed_in, with_google};

async fn folder(app: &TestApp, name: &str, parent: Value) -> Value {
    let (status, folder) = app.post("/api/folders", json!({ "name": name, "parent_id": parent, "user_id": "x" })).await;
    assert_eq!(status, 200, "{folder}");
    folder
}

#[tokio::test]
async fn folders_are_a_tree_of_names() {
    let app = TestApp::new().await;
    assert_eq!(app.get("/api/folders").await, (200, json!({ "folders": [], "rootCount": 0 })));
    let week = folder(&app, " Week 1 ", Value::Null).await;
    let expected = json!({
        "id": week["id"], "name": "Week 1", "user_id": app.owner, "parent_id": null,
        "created_at": week["created_at"], "updated_at": week["updated_at"],
    });
    assert_eq!(week, expected);
    let other = folder(&app, "Week 2", Value::Null).await;
    let day = folder(&app, "Monday", week["id"].clone()).await;
    folder(&app, "Monday", other["id"].clone()).await;
    let taken = (409, json!({ "error": "Folder with this name already exists" }));
    assert_eq!(app.post("/api/folders", json!({ "name": "Week 1" })).await, taken);
    let path = format!("/api/folders/{}", text(&other["id"]));
    assert_eq!(app.patch(&path, json!({ "name": "Week 1" })).await, taken);
    let bad = async |body: Value, field: &str| {
        let (status, error) = app.post("/api/folders", body.clone()).await;
        assert_eq!((status, &error["error"]), (400, &json!("Validation Error")), "{body}");
        assert!(error["details"][field].is_object(), "{body}: {error}");
    };
    bad(json!({ "name": " " }), "name").await;
    bad(json!({ "name": "x".repeat(51) }), "name").await;
    bad(json!({}), "name").await;
    bad(json!({ "name": "x", "parent_id": new_id() }), "parent_id").await;
    let (status, error) = app.patch(&format!("/api/folders/{}", text(&week["id"])), json!({ "parent_id": day["id"] })).await;
    assert_eq!((status, error["details"]["parent_id"].is_object()), (400, true), "no circles: {error}");
    let (status, renamed) = app.patch(&path, json!({ "name": "Later" })).await;
    assert_eq!((status, &renamed["name"], &renamed["parent_id"]), (200, &json!("Later"), &Value::Null));
    let (_, list) = app.get("/api/folders").await;
    let names: Vec<_> = list["folders"].as_array().expect("folders").iter().map(|folder| text(&folder["name"])).collect();
    assert_eq!(names, ["Later", "Monday", "Monday", "Week 1"]);
}

#[tokio::test]
async fn projects_are_in_folders_of_ones_own() {
    let (app, google) = with_google().await;
    let (ada, bob) = (signed_in(&app, &google, "ada").await, signed_in(&app, &google, "bob").await);
    let week = ada.json(Method::POST, "/api/folders", json!({ "name": "Week" })).await.json();
    let day = ada.json(Method::POST, "/api/folders", json!({ "name": "Day", "parent_id": week["id"] })).await.json();
    let project = ada.json(Method::POST, "/api/projects", json!({ "topic": "x", "folder_id": week["id"] })).await;
    assert_eq!((project.status, &project.json()["folder_id"]), (200, &week["id"]));
    let project = format!("/api/projects/{}", text(&project.json()["id"]));
    ada.json(Method::POST, "/api/projects", json!({ "topic": "y" })).await;
    let counts = async || {
        let list = ada.get("/api/folders").await.json();
        let count = |folder: &Value| (text(&folder["name"]), folder["_count"]["projects"].as_u64());
        (list["folders"].as_array().expect("folders").iter().map(count).collect::<Vec<_>>(), list["rootCount"].as_u64())
    };
    assert_eq!(counts().await, (vec![("Day".into(), Some(0)), ("Week".into(), Some(1))], Some(1)));
    assert_eq!(ada.json(Method::PATCH, &project, json!({ "is_archived": true })).await.status, 200);
    assert_eq!(counts().await.0[1].1, Some(0));
    assert_eq!(ada.json(Method::PATCH, &project, json!({ "is_archived": false, "folder_id": day["id"] })).await.status, 200);
    assert_eq!(counts().await, (vec![("Day".into(), Some(1)), ("Week".into(), Some(0))], Some(1)));

    let foreign = bob.json(Method::POST, "/api/folders", json!({ "name": "Week" })).await.json();
    let wrong = [
        ada.json(Method::PATCH, &project, json!({ "folder_id": foreign["id"] })).await,
        ada.json(Method::POST, "/api/projects", json!({ "topic": "x", "folder_id": foreign["id"] })).await,
        ada.json(Method::POST, "/api/projects", json!({ "topic": "x", "folder_id": new_id() })).await,
        ada.json(Method::POST, "/api/folders", json!({ "name": "x", "parent_id": foreign["id"] })).await,
    ];
    assert_eq!(wrong.map(|answer| answer.status), [400; 4]);
    let path = format!("/api/folders/{}", text(&week["id"]));
    let gone = json!({ "error": "Folder not found or access denied" });
    for (method, path) in [(Method::PATCH, path.as_str()), (Method::DELETE, &path), (Method::DELETE, "/api/folders/x")] {
        let answer = bob.json(method, path, json!({ "name": "mine" })).await;
        assert_eq!((answer.status, answer.json()), (404, gone.clone()));
    }
    let deleted = ada.json(Method::DELETE, &path, json!({})).await;
    assert_eq!((deleted.status, deleted.json()), (200, json!({ "success": true })));
    let list = ada.get("/api/folders").await.json();
    assert_eq!((&list["folders"][0]["id"], &list["folders"][0]["parent_id"]), (&day["id"], &Value::Null));
    ada.json(Method::DELETE, &format!("/api/folders/{}", text(&day["id"])), json!({})).await;
    let project = ada.get(&project).await;
    assert_eq!((project.status, &project.json()["folder_id"]), (200, &Value::Null));
}
