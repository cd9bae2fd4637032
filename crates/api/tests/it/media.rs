//! Single media of a scene: brought by the client, or asked for by their status.

use axum::http::Method;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use model::task::TaskKind;
use serde_json::{Value, json};

use crate::app::{TestApp, mp4, new_id, text, wav};

fn uri(bytes: &[u8]) -> String {
    // What it says of its type does not matter.
    format!("data:text/html;base64,{}", BASE64.encode(bytes))
}

fn drawn() -> Vec<u8> {
    let mut png = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(64, 64).write_to(&mut png, image::ImageFormat::Png).expect("a picture");
    png.into_inner()
}

#[tokio::test]
async fn scenes_take_media_of_ones_own() {
    let app = TestApp::new().await;
    assert_eq!(app.get("/api/scenes").await, (200, json!({ "status": "ok" })));
    let project = app.project(&["One."]).await;
    let scene = app.scene_ids(&project).await.remove(0);
    let path = format!("/api/scenes/{scene}");
    let give = async |part: &str, body: Value| app.patch(&format!("{path}/{part}"), body).await;
    for (kind, bytes) in [("image", drawn()), ("audio", wav(new_id())), ("video", mp4(new_id()))] {
        let (url, status) = (format!("{kind}_url"), format!("{kind}_status"));
        let (code, row) = give("asset", json!({ &url: uri(&bytes), &status: "completed" })).await;
        assert_eq!((code, &row[&status]), (200, &json!("completed")), "{row}");
        let stored = text(&row[&url]);
        assert!(stored.starts_with("/api/assets?url=uploads/"), "{stored}");
        // The address that was answered may be given too, whole or as a key.
        let (code, again) = give("asset", json!({ &url: format!("http://localhost:3333{stored}"), &status: "completed" })).await;
        assert_eq!((code, &again[&url]), (200, &row[&url]));
    }
    let (code, row) = give("sfx", json!({ "sfx_url": uri(&wav(new_id())), "sfx_status": "completed" })).await;
    assert_eq!((code, &row["sfx_status"], &row["media_type"]), (200, &json!("completed"), &json!("video")), "{row}");
    assert!(text(&row["sfx_url"]).contains("uploads/"));
    app.command(&project, "generate_all").await;
    assert_eq!(app.work().await, 0, "what is given is not made");
    let refused = async |part: &str, body: Value, field: &str| {
        let (code, error) = give(part, body).await;
        assert_eq!(code, 400, "{error}");
        let errors = if field.is_empty() { &error["details"]["_errors"] } else { &error["details"][field]["_errors"] };
        assert!(errors.as_array().is_some_and(|errors| !errors.is_empty()), "{field}: {error}");
    };
    refused("asset", json!({}), "").await;
    refused("asset", json!({ "image_url": uri(&drawn()) }), "image_status").await;
    refused("asset", json!({ "image_url": uri(&drawn()), "image_status": "loading" }), "image_status").await;
    refused("asset", json!({ "image_url": uri(&wav(new_id())), "image_status": "completed" }), "image_url").await;
    refused("asset", json!({ "audio_url": uri(b"<script>alert(1)</script>"), "audio_status": "completed" }), "audio_url").await;
    refused("asset", json!({ "image_url": uri(b"\x89PNG\r\n\x1a\nbroken"), "image_status": "completed" }), "image_url").await;
    refused("asset", json!({ "image_url": "https://example.com/a.png", "image_status": "completed" }), "image_url").await;
    refused("asset", json!({ "image_url": "data:image/png,plain", "image_status": "completed" }), "image_url").await;
    refused(
        "asset",
        json!({ "audio_url": uri(&[wav(new_id()), vec![0; 10 << 20]].concat()), "audio_status": "completed" }),
        "audio_url",
    )
    .await;
    refused("sfx", json!({ "sfx_url": "x", "sfx_status": "completed" }), "sfx_url").await;
    refused("sfx", json!({ "sfx_url": "x" }), "sfx_status").await;
    let huge = json!({ "image_url": "x".repeat(api::PICTURES_LIMIT), "image_status": "completed" });
    assert_eq!(give("asset", huge).await, (413, json!({ "error": "The request's body is larger than 16 MiB." })));
}

#[tokio::test]
async fn somebody_elses_file_is_not_given() {
    let app = TestApp::new().await;
    let owned = app.store_bytes(assets::Place::SceneImages, &drawn()).await.key;
    let project = app.project(&["One."]).await;
    let scene = app.scene_ids(&project).await.remove(0);
    let body = json!({ "image_url": owned, "image_status": "completed" });
    let (code, error) = app.patch(&format!("/api/scenes/{scene}/asset"), body).await;
    assert_eq!(code, 400, "no scene of this user shows it: {error}");
}

#[tokio::test]
async fn a_status_asks_for_a_medium() {
    let app = TestApp::new().await;
    let project = app.project(&["One."]).await;
    let scene = app.scene_ids(&project).await.remove(0);
    let path = format!("/api/scenes/{scene}/status");
    let wish = async |body: Value| app.raw(Method::PATCH, &path, body.to_string()).await;
    let (code, row) = wish(json!({ "type": "image", "status": "loading" })).await;
    assert_eq!((code, &row["image_status"], &row["audio_status"]), (200, &json!("queued"), &json!("draft")), "{row}");
    let (code, row) = wish(json!({ "type": "image", "status": "processing" })).await;
    assert_eq!((code, &row["image_status"]), (200, &json!("queued")), "it is on its way already");
    assert_eq!(app.work().await, 1);
    let (code, error) = wish(json!({ "type": "image", "status": "loading" })).await;
    assert_eq!((code, &error["code"]), (409, &json!("ASSET_EXISTS")), "{error}");
    assert!(error["error"].is_string());
    assert_eq!(app.work().await, 0);
    let (code, row) = wish(json!({ "type": "image", "status": "completed" })).await;
    assert_eq!((code, &row["image_status"]), (200, &json!("completed")), "what is so may be said");
    let (code, row) = wish(json!({ "type": "image", "status": "loading", "force_regen": true })).await;
    assert_eq!((code, &row["image_status"]), (200, &json!("queued")), "{row}");
    let lease = app.begin(&[TaskKind::DrawImage]).await.expect("a task");
    app.fail(&lease, "Too busy").await;
    let (code, row) = wish(json!({ "type": "image", "status": "failed" })).await;
    assert_eq!((code, &row["image_status"]), (200, &json!("error")), "{row}");
    for (body, field) in [
        (json!({ "type": "audio", "status": "completed" }), "status"),
        (json!({ "type": "audio", "status": "failed" }), "status"),
        (json!({ "type": "image", "status": "draft" }), "status"),
        (json!({ "type": "video", "status": "loading" }), "type"),
        (json!({ "type": "audio", "status": "ready" }), "status"),
        (json!({ "type": "audio" }), "status"),
        (json!({ "status": "loading" }), "type"),
    ] {
        let (code, error) = wish(body.clone()).await;
        assert_eq!(code, 400, "{body} {error}");
        assert!(error["details"][field]["_errors"].is_array(), "{body} {error}");
    }
    let (code, error) = wish(json!({ "type": "sfx", "status": "loading" })).await;
    assert_eq!(code, 400, "{error}");
    assert!(text(&error["error"]).contains("sound effects can't be made here"), "{error}");
}
