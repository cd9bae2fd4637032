//! Before anything is made: folders, shows, a project from a topic, lists, the tools, characters.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::house::Studio;
use super::shape::{reads, reads_each, text};
use super::tab::Tab;

const WORD: &str = "draft|pending|queued|processing|loading|completed|failed|error";
const PROJECT: &str = "id:text user_id:text topic:text style:string language:text voice_name:string tts_provider:string \
    created_at:time generated_title:string? generated_description:string? status:draft|generating|completed|failed|paused \
    is_archived:bool tags:list folder_id:text?";

/// A key that comes with requests.
pub const OWN_KEY: &str = "AIza-with-the-request-4711";

pub async fn folders(tab: &Tab) {
    let week = tab.post("/api/folders", json!({ "name": "Week 1", "parent_id": null })).await.json(200);
    reads("folder", &week, "id:text name:text user_id:text created_at:time updated_at:time parent_id:text?");
    let again = tab.post("/api/folders", json!({ "name": "Week 1" })).await.refused(409);
    assert_eq!(again, "Folder with this name already exists");
    let other = tab.post("/api/folders", json!({ "name": "Week 2" })).await.json(200);
    for parent in [&week, &other] {
        let day = tab.post("/api/folders", json!({ "name": "Monday", "parent_id": parent["id"] })).await.json(200);
        assert_eq!(day["parent_id"], parent["id"], "each week has its own Monday");
    }
    assert_eq!(tab.post("/api/folders", json!({ "name": "" })).await.status, 400);
    let path = format!("/api/folders/{}", text(&other["id"]));
    assert_eq!(tab.patch(&path, json!({ "name": "Week 3" })).await.json(200)["name"], "Week 3");
    // Four times at the start.
    for _ in 0..4 {
        let list = tab.get("/api/folders").await.json(200);
        let fields = "id:text name:text parent_id:text? _count.projects:count";
        assert_eq!(reads_each("folders", &list["folders"], fields).len(), 4);
    }
}

pub async fn shows(tab: &Tab) {
    let body = json!({ "name": "Space", "description": "", "style_preset": "Anime", "default_tts_provider": "gemini" });
    let show = tab.post("/api/shows", body).await.json(201);
    reads("show", &show, "id:text name:text");
    let list = tab.get("/api/shows").await.json(200);
    let fields =
        "id:text name:text description:string? style_preset:text? created_at:time _count.episodes:count _count.characters:count";
    assert_eq!(reads_each("shows", &list, fields).len(), 1);
    tab.post("/api/shows", json!({ "name": "" })).await.refused(400);
    assert_eq!(tab.delete(&format!("/api/shows/{}", text(&show["id"]))).await.json(200)["success"], true);
}

/// A project as the Studio creates it, with some fields changed; answers its id.
pub async fn project(tab: &Tab, changes: Value) -> String {
    let mut body = json!({
        "user_id": "ignored", "topic": "How bees dance", "style": "Cinematic", "language": "English", "voice_name": "Kore",
        "tts_provider": "gemini", "audio_model": "gemini-2.5-flash-preview-tts", "include_music": true,
        "bg_music_prompt": "calm strings", "bg_music_url": null, "bg_music_status": "pending", "status": "draft",
        "reference_image_url": null, "folder_id": null, "generated_title": "Bees", "generated_description": "About bees.\n#bees",
        "duration_config": { "min": 10, "max": 20, "targetScenes": 2 },
    });
    for (name, value) in changes.as_object().expect("fields") {
        body[name] = value.clone();
    }
    let row = tab.post("/api/projects", body.clone()).await.json(200);
    reads("project", &row, &format!("{PROJECT} bg_music_status:{WORD}? include_music:bool characters:list updated_at:time"));
    assert_eq!((&row["status"], &row["generated_title"]), (&json!("draft"), &body["generated_title"]));
    assert_eq!(row["bg_music_status"].is_string(), body["include_music"] == true);
    text(&row["id"])
}

/// Sends each scene twice, as "Add scene" does.
pub async fn scenes(tab: &Tab, project: &str, narrations: &[&str]) {
    for (index, narration) in narrations.iter().enumerate() {
        let scene = json!({ "sceneNumber": index + 1, "visualDescription": format!("a bee, view {index}"), "narration": narration, "durationSeconds": 5 });
        scene_twice(tab, project, &scene).await;
    }
}

async fn scene_twice(tab: &Tab, project: &str, scene: &Value) {
    let body = json!({
        "project_id": project, "scene_number": scene["sceneNumber"], "visual_description": scene["visualDescription"],
        "narration": scene["narration"], "duration_seconds": scene["durationSeconds"],
    });
    let first = tab.post("/api/scenes", body.clone()).await.json(200);
    reads("scene", &first, "id:text project_id:text scene_number:count");
    assert_eq!(tab.post("/api/scenes", body).await.json(200)["id"], first["id"], "the same scene");
}

/// A topic becomes a script, the script a project; answers the project's id.
pub async fn create_from_topic(studio: &Studio, tab: &Tab, user: &str) -> String {
    let script = tab
        .post(
            "/api/ai/generate-script",
            json!({
                "userId": user, "topic": "How bees dance", "style": "Cinematic", "language": "English",
                "durationConfig": { "min": 10, "max": 20, "targetScenes": 2 }, "apiKeys": { "gemini": OWN_KEY },
            }),
        )
        .await
        .json(200);
    reads("script", &script, "videoTitle:text videoDescription:text scenes:list");
    let fields = "sceneNumber:count visualDescription:text narration:text durationSeconds:number";
    assert_eq!(reads_each("script.scenes", &script["scenes"], fields).len(), 2);
    let call = studio.vendors.calls().into_iter().find(|call| call.ability == "script").expect("the vendor was asked");
    assert!(call.key.is_some_and(|key| key.starts_with("…4711#")), "with the key of the request");
    let about = json!({ "generated_title": script["videoTitle"], "generated_description": script["videoDescription"] });
    let project = project(tab, about).await;
    for scene in script["scenes"].as_array().expect("scenes") {
        scene_twice(tab, &project, scene).await;
    }
    tab.post("/api/scenes", json!({ "project_id": project, "scene_number": 9 })).await.refused(400);
    project
}

/// The dashboard and the opened project.
pub async fn lists(tab: &Tab, project: &str) {
    let scene =
        format!("id:text scene_number:count image_status:{WORD} audio_status:{WORD} video_status:{WORD} media_type:image|video");
    let page = tab.get("/api/projects?limit=12&offset=0&user_id=ignored").await.json(200);
    reads("page", &page, "data:list meta.total:count meta.limit:count meta.offset:count");
    let listed = reads_each("projects", &page["data"], &format!("{PROJECT} scenes:list"));
    assert_eq!((&listed[0]["id"], &page["meta"]["total"]), (&json!(project), &json!(1)));
    assert_eq!(reads_each("scenes", &listed[0]["scenes"], &scene).len(), 2);
    assert_eq!(tab.get("/api/projects").await.json(200).as_array().map(Vec::len), Some(1), "a plain list without a limit");
    for odd in ["limit=100000&offset=-4", "folder_id=root&is_archived=false"] {
        assert_eq!(tab.get(&format!("/api/projects?{odd}")).await.status, 200, "{odd}");
    }
    tab.get("/api/projects?limit=NaN").await.refused(400);
    let opened = tab.get(&format!("/api/projects/{project}")).await.json(200);
    let more = "video_model:string audio_model:string? include_music:bool bg_music_prompt:string? duration_config:object? \
                lock_session_id:string? lock_expires_at:time? updated_at:time characters:list scenes:list";
    reads("opened project", &opened, &format!("{PROJECT} {more}"));
    let more = "project_id:text visual_description:text narration:text duration_seconds:number sfx_status:string word_timings:list? \
                error_message:string? image_attempts:count audio_attempts:count sfx_attempts:count video_attempts:count \
                created_at:time deleted_at:time? status:string version:count";
    reads_each("scenes of the opened project", &opened["scenes"], &format!("{scene} {more}"));
}

/// Single questions.
pub async fn tools(tab: &Tab, user: &str) {
    let ask = async |route: &str, mut body: Value| {
        (body["userId"], body["apiKeys"]) = (json!(user), json!({ "gemini": OWN_KEY, "elevenlabs": "el-with-the-request-4711" }));
        tab.post(&format!("/api/ai/{route}"), body).await.json(200)
    };
    reads("prompt", &ask("generate-music-prompt", json!({ "topic": "Bees", "style": "Anime" })).await, "prompt:text");
    let sample =
        ask("generate-audio", json!({ "text": "Hello, this is my voice.", "voice": "Kore", "provider": "gemini" })).await;
    reads("sample", &sample, "audioUrl:media");
    let heard = tab.part(&text(&sample["audioUrl"]), "bytes=0-").await;
    assert_eq!((heard.status, heard.header("content-type")), (206, "audio/wav"));
    let voices = ask("voices", json!({})).await;
    let fields = "name:text label:text gender:string description:string provider:elevenlabs previewUrl:string? labels:object";
    assert!(!reads_each("voices", &voices["voices"], fields).is_empty());
    tab.post("/api/ai/generate-script", json!({ "userId": user })).await.refused(400);
}

/// A face: looked at, made to a portrait, kept, deleted.
pub async fn characters(tab: &Tab) {
    let mut png = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_fn(64, 64, |x, y| image::Rgb([x as u8 * 3, y as u8 * 3, 90]))
        .write_to(&mut png, image::ImageFormat::Png)
        .expect("a picture");
    let face = format!("data:image/png;base64,{}", STANDARD.encode(png.into_inner()));
    let look = json!({ "userId": "ignored", "image": face, "apiKeys": {} });
    reads("description", &tab.post("/api/ai/analyze-character", look.clone()).await.json(200), "result:text");
    let portrait = tab.post("/api/ai/optimize-image", look).await.json(200);
    reads("portrait", &portrait, "result:media");
    assert!(tab.get(&text(&portrait["result"])).await.header("content-type").starts_with("image/"));
    let body = json!({ "name": "Ana", "description": "a tall woman", "images": [face, portrait["result"]] });
    let made = tab.post("/api/characters", body).await.json(201);
    let fields = "id:text user_id:text name:text description:string? images:list created_at:time";
    reads("character", &made, fields);
    let list = tab.get("/api/characters").await.json(200);
    let [ana] = reads_each("characters", &list, fields) else { panic!("{list}") };
    for image in ana["images"].as_array().expect("pictures") {
        assert_eq!(tab.get(&text(image)).await.status, 200, "{image}");
    }
    tab.post("/api/characters", json!({ "name": "", "images": [] })).await.refused(400);
    let gone = tab.delete(&format!("/api/characters/{}", text(&made["id"]))).await.json(200);
    assert_eq!(gone["message"], "Character deleted successfully");
    assert_eq!(tab.get("/api/characters").await.json(200), json!([]));
}

/// A late autosave must not make the app create its project anew: it does so when it reads "404".
pub async fn deleted_projects_stay_deleted(tab: &Tab) {
    let project = project(tab, json!({ "include_music": false })).await;
    let path = format!("/api/projects/{project}");
    assert_eq!(tab.delete(&path).await.json(200)["success"], true);
    let late = tab.patch(&path, json!({ "topic": "How bees dance", "status": "completed" })).await;
    assert!(matches!(late.status, 403 | 410), "{}", late.status);
    assert!(!late.text().contains("404"), "{}", late.text());
    late.refused(late.status);
    assert_eq!(tab.get("/api/projects").await.json(200).as_array().map(Vec::len), Some(1));
}
