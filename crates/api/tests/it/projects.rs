use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{TestApp, new_id, text};

#[tokio::test]
async fn a_project_is_created_shown_changed_and_deleted() {
    let app = TestApp::new().await;
    let body = json!({
        "topic": "The Moon", "style": "retro", "voice_name": "en-gb", "tts_provider": "gemini", "include_music": true,
        "user_id": Uuid::nil(), "status": "completed", "duration_config": { "min": 65 }, "generated_title": "Moon",
    });
    let (status, project) = app.post("/api/projects", body).await;
    assert_eq!(status, 200, "{project}");
    let id = text(&project["id"]);
    assert_eq!(project["user_id"], json!(app.owner), "the body's user is ignored");
    assert_eq!(project["status"], "draft");
    assert_eq!(project["bg_music_status"], "draft");
    assert_eq!(project["language"], "en");
    for unset in ["bg_music_url", "folder_id", "lock_session_id", "show_id", "audio_model", "generated_description"] {
        assert_eq!(project.get(unset), Some(&Value::Null), "{unset} is there as null");
    }
    let created = text(&project["created_at"]);
    assert!(created.len() == 24 && created.ends_with(".000Z"), "{created}");

    let change = json!({ "status": "completed", "style": "noir", "is_archived": true, "tags": ["a"], "duration_config": null, "include_music": false });
    let (status, changed) = app.patch(&format!("/api/projects/{id}"), change).await;
    assert_eq!(status, 200, "{changed}");
    let (_, shown) = app.get(&format!("/api/projects/{id}")).await;
    assert_eq!(shown, changed);
    assert_eq!(shown["status"], "draft", "a status from a client is ignored");
    assert_eq!((&shown["style"], &shown["is_archived"], &shown["tags"]), (&json!("noir"), &json!(true), &json!(["a"])));
    assert_eq!((&shown["duration_config"], &shown["bg_music_status"]), (&Value::Null, &Value::Null));
    assert_eq!(shown["topic"], "The Moon", "what is left out stays");

    assert_eq!(app.delete(&format!("/api/projects/{id}")).await, (200, json!({ "success": true })));
    assert_eq!(app.get(&format!("/api/projects/{id}")).await, (404, json!({ "error": "Project not found" })));
    assert_eq!(app.delete(&format!("/api/projects/{id}")).await.0, 404);
}

#[tokio::test]
async fn a_script_brings_its_scenes() {
    let app = TestApp::new().await;
    let script = "---\nstyle: noir\nmusic: none\n---\n# The Moon\n\n![a rocket]\n\nUp it went.\n\nDown it came.\n";
    let (status, project) = app.post("/api/projects", json!({ "script": script, "language": "en-gb" })).await;
    assert_eq!(status, 200, "{project}");
    assert_eq!((&project["topic"], &project["generated_title"]), (&json!("The Moon"), &json!("The Moon")));
    assert_eq!(
        (&project["style"], &project["language"], &project["include_music"]),
        (&json!("noir"), &json!("en-gb"), &json!(false))
    );
    let (_, shown) = app.get(&format!("/api/projects/{}", text(&project["id"]))).await;
    assert_eq!(shown["scenes"][0]["visual_description"], "a rocket");
    assert_eq!(shown["scenes"][1]["narration"], "Down it came.");
    assert_eq!(shown["scenes"][1]["scene_number"], 2);
    assert!(shown["scenes"][0].get("image_url").is_none(), "addresses are in the workflow state");
}

#[tokio::test]
async fn lists_are_arrays_or_pages() {
    let app = TestApp::new().await;
    assert_eq!(app.get("/api/projects").await, (200, json!([])));
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(app.project(&["Hello."]).await);
    }
    app.patch(&format!("/api/projects/{}", ids[0]), json!({ "is_archived": true })).await;
    let (_, folder) = app.post("/api/folders", json!({ "name": "Some" })).await;
    let folder = text(&folder["id"]);
    app.patch(&format!("/api/projects/{}", ids[1]), json!({ "folder_id": folder })).await;
    let check = async |query: &str, expected: &[usize], meta: Value| {
        let (status, list) = app.get(&format!("/api/projects{query}")).await;
        assert_eq!(status, 200, "{list}");
        let found = list.get("data").unwrap_or(&list).as_array().expect("a list").clone();
        let expected: Vec<&String> = expected.iter().map(|index| &ids[*index]).collect();
        assert_eq!(
            found.iter().map(|project| text(&project["id"])).collect::<Vec<_>>().iter().collect::<Vec<_>>(),
            expected,
            "{query}"
        );
        assert_eq!(list.get("meta").cloned().unwrap_or_default(), meta, "{query}");
    };
    check("", &[2, 1, 0], Value::Null).await;
    check("?limit=2", &[2, 1], json!({ "total": 3, "limit": 2, "offset": 0 })).await;
    check("?limit=2&offset=2", &[0], json!({ "total": 3, "limit": 2, "offset": 2 })).await;
    check("?limit=0", &[2], json!({ "total": 3, "limit": 1, "offset": 0 })).await;
    check("?limit=100000&offset=-5&user_id=x", &[2, 1, 0], json!({ "total": 3, "limit": 100, "offset": 0 })).await;
    check("?is_archived=true", &[0], Value::Null).await;
    check("?is_archived=false", &[2, 1], Value::Null).await;
    check("?folder_id=root", &[2, 0], Value::Null).await;
    check(&format!("?folder_id={folder}"), &[1], Value::Null).await;
    for bad in ["?limit=many", "?limit=NaN", "?offset=1e3", "?folder_id=x", "?limit=99999999999999999999"] {
        let (status, error) = app.get(&format!("/api/projects{bad}")).await;
        assert_eq!((status, &error["error"]), (400, &json!("Validation Error")), "{bad}");
    }
    let (_, list) = app.get("/api/projects").await;
    let scene = &list[0]["scenes"][0];
    assert_eq!(
        (&scene["scene_number"], &scene["image_status"], &scene["media_type"]),
        (&json!(1), &json!("draft"), &json!("image"))
    );
}

#[tokio::test]
async fn a_patch_of_what_is_gone_does_not_say_404() {
    let app = TestApp::new().await;
    for id in [new_id().to_string(), "nonsense".to_owned()] {
        let (status, error) = app.patch(&format!("/api/projects/{id}"), json!({ "topic": "x" })).await;
        assert_eq!(status, 410);
        assert!(!text(&error["error"]).contains("404"));
    }
}

#[tokio::test]
async fn deleting_a_project_removes_its_files() {
    let app = TestApp::new().await;
    let id = app.project(&["Hello."]).await;
    app.command(&id, "generate_all").await;
    assert_eq!(app.work().await, 2);
    let url = text(&app.state_of(&id).await["scenes"][0]["image_url"]);
    assert_eq!(app.delete(&format!("/api/projects/{id}")).await.0, 200);
    assert_eq!(app.get(&url).await.0, 404);
}

#[tokio::test]
async fn somebody_elses_project_is_out_of_reach() {
    let mut app = TestApp::new().await;
    let id = app.project(&["Hello."]).await;
    let scene = app.scene_ids(&id).await.remove(0);
    app.command(&id, "generate_all").await;
    app.work().await;
    let (_, render) = app.post("/api/render", json!({ "projectId": id })).await;
    let job = text(&render["jobId"]);
    app.become_somebody_else();
    for path in [
        format!("/api/projects/{id}"),
        format!("/api/workflow/state/{id}"),
        format!("/api/events/{id}"),
        format!("/api/scenes/{scene}/media"),
        format!("/api/render/{job}"),
        format!("/api/jobs/{job}"),
        format!("/api/shorts/{job}"),
    ] {
        assert_eq!(app.get(&path).await, (403, json!({ "error": "Forbidden" })), "{path}");
    }
    assert_eq!(app.patch(&format!("/api/projects/{id}"), json!({})).await.0, 403);
    assert_eq!(app.delete(&format!("/api/projects/{id}")).await.0, 403);
    assert_eq!(app.delete(&format!("/api/scenes/{scene}")).await.0, 403);
    assert_eq!(app.command(&id, "cancel").await.0, 403);
    assert_eq!(app.get("/api/projects").await, (200, json!([])));
}
