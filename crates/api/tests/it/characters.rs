use axum::http::Method;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use image::{ImageFormat, RgbImage};
use serde_json::{Value, json};

use crate::app::{TestApp, new_id, png, text, wav};

fn picture(format: ImageFormat, width: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    RgbImage::new(width, 3).write_to(&mut bytes, format).expect("a picture");
    bytes.into_inner()
}

fn data_uri(bytes: &[u8]) -> String {
    format!("data:text/html;base64,{}", BASE64.encode(bytes))
}

async fn character(app: &TestApp, body: Value) -> Value {
    let images = json!([data_uri(&picture(ImageFormat::Png, 4))]);
    let mut whole = json!({ "name": "Ana", "images": images });
    whole.as_object_mut().expect("an object").extend(body.as_object().expect("an object").clone());
    let (status, character) = app.post("/api/characters", whole).await;
    assert_eq!(status, 201, "{character}");
    character
}

#[tokio::test]
async fn characters_are_created_listed_shown_and_deleted() {
    let mut app = TestApp::new().await;
    let (_, uploaded) = app.raw(Method::POST, "/api/assets", picture(ImageFormat::Jpeg, 5)).await;
    let images = json!([data_uri(&picture(ImageFormat::WebP, 4)), uploaded["url"]]);
    let body = json!({ "description": "red hair", "images": images, "voice_provider": "elevenlabs", "voice_id": "v", "voice_settings": { "a": 1 } });
    let ana = character(&app, body).await;
    let urls = ana["images"].as_array().expect("addresses").clone();
    assert!(text(&urls[0]).starts_with("/api/assets?url=characters/") && text(&urls[0]).ends_with(".webp"), "{ana}");
    assert!(text(&urls[1]).starts_with("/api/assets?url=characters/") && text(&urls[1]).ends_with(".jpg"), "{ana}");
    let expected = json!({
        "id": ana["id"], "user_id": app.owner, "name": "Ana", "description": "red hair", "images": urls,
        "created_at": ana["created_at"], "show_id": null, "voice_provider": "elevenlabs", "voice_id": "v", "voice_settings": { "a": 1 },
    });
    assert_eq!(ana, expected);
    let bob = character(&app, json!({ "name": " Bob " })).await;
    assert_eq!((&bob["name"], &bob["description"], &bob["voice_id"]), (&json!("Bob"), &Value::Null, &Value::Null));
    assert_eq!(app.get("/api/characters").await, (200, json!([bob, ana])));
    let path = format!("/api/characters/{}", text(&ana["id"]));
    assert_eq!(app.get(&path).await, (200, ana.clone()));

    let not_found = (404, json!({ "error": "Character not found" }));
    let served = async |app: &TestApp| {
        let request = axum::http::Request::get(text(&urls[0])).body(axum::body::Body::empty()).expect("a request");
        app.send(request).await.status().as_u16()
    };
    assert_eq!(served(&app).await, 200, "its owner sees the face");
    let owner = app.owner;
    app.become_somebody_else();
    assert_eq!(app.get("/api/characters").await, (200, json!([])));
    assert_eq!((app.get(&path).await, app.delete(&path).await), (not_found.clone(), not_found.clone()));
    assert_eq!(served(&app).await, 404, "and nobody else");
    app.state.access = api::Access::LocalOwner(owner);
    app.restart();
    assert_eq!(app.delete(&path).await, (200, json!({ "message": "Character deleted successfully" })));
    assert_eq!((app.get(&path).await, app.delete(&path).await), (not_found.clone(), not_found.clone()));
    assert_eq!(served(&app).await, 404);
    assert_eq!(app.get("/api/characters/x").await, not_found);
}

#[tokio::test]
async fn pictures_that_are_none_are_refused_by_field() {
    let app = TestApp::new().await;
    let whole = picture(ImageFormat::Png, 90);
    let check = async |image: String, problem: &str| {
        let good = data_uri(&picture(ImageFormat::Png, 4));
        let (status, error) = app.post("/api/characters", json!({ "name": "Ana", "images": [good, image] })).await;
        assert_eq!(status, 400, "{error}");
        let told = text(&error["details"]["images"]["1"]["_errors"][0]);
        assert!(told.contains(problem), "{told}");
    };
    check(data_uri(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "it is no PNG, JPEG or WebP picture").await;
    check(data_uri(&picture(ImageFormat::Gif, 4)), "it is no PNG, JPEG or WebP picture").await;
    check(data_uri(&whole[..whole.len() - 20]), "can't be decoded").await;
    check(data_uri(&picture(ImageFormat::Png, 9_000)), "larger than 8192 pixels").await;
    check(data_uri(&[whole.clone(), vec![0; 10 << 20]].concat()), "at most 10485760 are taken").await;
    check("data:image/png;base64,AAA".to_owned(), "can't be decoded").await;
    check("data:image/png,AAA".to_owned(), "in base64").await;
    check("https://example.org/a.png".to_owned(), "is not a file on this server").await;
    check("uploads/0123456789abcdef0123456789abcdef.png".to_owned(), "there is no file").await;
    let (_, sound) = app.raw(Method::POST, "/api/assets", wav(new_id())).await;
    check(text(&sound["key"]), "needed is: image").await;
    for (body, field) in [
        (json!({ "images": [data_uri(&whole)] }), "name"),
        (json!({ "name": " ", "images": [data_uri(&whole)] }), "name"),
        (json!({ "name": "Ana", "images": [] }), "images"),
        (json!({ "name": "Ana" }), "images"),
    ] {
        let (status, error) = app.post("/api/characters", body).await;
        assert!(status == 400 && error["details"].get(field).is_some(), "{error}");
    }
    let large = json!({ "name": "Ana", "images": [data_uri(&vec![0; 13 << 20])] });
    assert_eq!(app.post("/api/characters", large).await, (413, json!({ "error": "The request's body is larger than 16 MiB." })));
}

#[tokio::test]
async fn projects_choose_characters_and_a_picture_to_go_by() {
    let mut app = TestApp::new().await;
    let (ana, bob) = (character(&app, json!({})).await, character(&app, json!({ "name": "Bob" })).await);
    let (_, style) = app.raw(Method::POST, "/api/assets", picture(ImageFormat::Png, 7)).await;
    let body = json!({ "topic": "The Moon", "characterIds": [bob["id"], ana["id"]], "reference_image_url": style["key"] });
    let (status, project) = app.post("/api/projects", body).await;
    assert_eq!(status, 200, "{project}");
    assert_eq!(project["characters"], json!([bob, ana]), "in the order of the choice");
    assert_eq!(project["reference_image_url"], style["url"]);
    let path = format!("/api/projects/{}", text(&project["id"]));
    assert_eq!(app.get(&path).await.1["characters"], json!([bob, ana]));
    let (status, changed) = app.patch(&path, json!({ "style": "noir", "reference_image_url": style["url"] })).await;
    assert_eq!((status, &changed["characters"], &changed["reference_image_url"]), (200, &json!([bob, ana]), &style["url"]));
    let (_, changed) = app.patch(&path, json!({ "characterIds": [ana["id"]], "reference_image_url": null })).await;
    assert_eq!((&changed["characters"], &changed["reference_image_url"]), (&json!([ana]), &Value::Null));

    let inside = data_uri(&picture(ImageFormat::Png, 9));
    let (status, inlined) = app.patch(&path, json!({ "reference_image_url": inside })).await;
    assert_eq!(status, 200, "{inlined}");
    assert!(text(&inlined["reference_image_url"]).starts_with("/api/assets?url=uploads/"));
    let (_, again) = app.patch(&path, json!({ "reference_image_url": inside })).await;
    assert_eq!(again, inlined, "the same once more is no change");

    let stranger = new_id();
    let (status, error) = app.patch(&path, json!({ "characterIds": [ana["id"], stranger] })).await;
    assert_eq!(status, 400, "{error}");
    assert!(text(&error["details"]["characterIds"]["1"]["_errors"][0]).contains(&stranger.to_string()));
    for bad in [json!("https://example.org/a.png"), json!("uploads/0123456789abcdef0123456789abcdef.png")] {
        let (status, error) = app.patch(&path, json!({ "reference_image_url": bad })).await;
        assert!(status == 400 && error["details"].get("reference_image_url").is_some(), "{error}");
    }
    let (_, broken) = app.raw(Method::POST, "/api/assets", png(new_id())).await;
    assert_eq!(app.patch(&path, json!({ "reference_image_url": broken["key"] })).await.0, 400);

    let before = app.get(&path).await.1["updated_at"].clone();
    assert_eq!(app.delete(&format!("/api/characters/{}", text(&ana["id"]))).await.0, 200);
    let (_, left) = app.get(&path).await;
    assert_eq!(left["characters"], json!([]), "the project goes on without it");
    assert_ne!(left["updated_at"], before);
    app.become_somebody_else();
    let (status, error) = app.post("/api/projects", json!({ "topic": "x", "characterIds": [bob["id"]] })).await;
    assert!(status == 400 && error["details"].get("characterIds").is_some(), "{error}");
}

#[tokio::test]
async fn a_scene_speaks_with_its_characters_voice() {
    let app = TestApp::new().await;
    let ana = character(&app, json!({ "voice_provider": "espeak", "voice_id": "en-gb" })).await;
    let bob = character(&app, json!({ "name": "Bob" })).await;
    let project = app.project(&["One.", "Two."]).await;
    app.command(&project, "generate_all").await;
    assert_eq!(app.work().await, 4);
    let scene = app.scene_ids(&project).await.remove(0);
    let path = format!("/api/scenes/{scene}");
    let check = async |body: Value, expected: [Value; 3], spoken: &str| {
        let (status, row) = app.patch(&path, body).await;
        assert_eq!(status, 200, "{row}");
        assert_eq!([&row["character_id"], &row["tts_provider"], &row["voice_name"]], expected.each_ref());
        assert_eq!((&row["audio_status"], &row["image_status"]), (&json!(spoken), &json!("completed")));
    };
    let id = |character: &Value| character["id"].clone();
    let of_ana = [id(&ana), json!("espeak"), json!("en-gb")];
    check(json!({ "character_id": id(&ana) }), of_ana.clone(), "draft").await;
    app.command(&project, "generate_all").await;
    assert_eq!(app.work().await, 1, "only this narration is made anew");
    check(json!({ "character_id": id(&ana) }), of_ana, "completed").await;
    check(json!({ "voice_name": "en-us" }), [id(&ana), json!("espeak"), json!("en-us")], "draft").await;
    check(json!({ "character_id": id(&ana) }), [id(&ana), json!("espeak"), json!("en-us")], "draft").await;
    check(json!({ "character_id": id(&bob) }), [id(&bob), Value::Null, Value::Null], "draft").await;
    check(json!({ "character_id": null, "tts_provider": "edge" }), [Value::Null, json!("edge"), Value::Null], "draft").await;
    check(json!({ "tts_provider": null }), [Value::Null, Value::Null, Value::Null], "draft").await;
    let (status, error) = app.patch(&path, json!({ "character_id": new_id() })).await;
    assert!(status == 400 && error["details"].get("character_id").is_some(), "{error}");
}

#[tokio::test]
async fn a_script_brings_its_own_characters() {
    let app = TestApp::new().await;
    let upload = async |width| text(&app.raw(Method::POST, "/api/assets", picture(ImageFormat::Png, width)).await.1["key"]);
    let (ana, style) = (upload(4).await, upload(5).await);
    let script = |ana: &str, style: &str| {
        format!(
            "---\nreference: {style}\ncharacters:\n  Ana:\n    picture: {ana}\n    voice: en-gb\n---\n\n![Ana](<> \"character: \
             Ana\")\n\nUp it went.\n"
        )
    };
    let (status, project) = app.post("/api/projects", json!({ "script": script(&ana, &style) })).await;
    assert_eq!(status, 200, "{project}");
    let character = &project["characters"][0];
    assert_eq!((&character["name"], &character["voice_id"]), (&json!("Ana"), &json!("en-gb")));
    assert_eq!(project["reference_image_url"], json!(format!("/api/assets?url={style}")));
    let (_, shown) = app.get(&format!("/api/projects/{}", text(&project["id"]))).await;
    assert_eq!(shown["characters"], json!([character]));
    let (_, scene) = app.patch(&format!("/api/scenes/{}", text(&shown["scenes"][0]["id"])), json!({})).await;
    assert_eq!((&scene["character_id"], &scene["voice_name"]), (&character["id"], &json!("en-gb")));
    assert_eq!(app.get("/api/characters").await, (200, json!([])), "they are this project's only");
    let (status, order) = app.post("/api/shorts", json!({ "script": script(&ana, &style) })).await;
    assert_eq!(status, 202, "{order}");
    for (script, place) in [(script("a.png", &style), "/script/characters/Ana"), (script(&ana, "a.png"), "/script/reference")] {
        let (status, error) = app.post("/api/projects", json!({ "script": script })).await;
        assert!(status == 400 && error["details"].pointer(place).is_some(), "{error}");
    }
}
