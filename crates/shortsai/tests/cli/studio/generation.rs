//! A project is made while somebody looks: command, events, estimates, autosaves, media; then one scene is changed.

use providers::simulator::{Fault, FaultKind, FaultOrder};
use reqwest::Method;
use serde_json::{Value, json};

use super::house::Studio;
use super::live::Events;
use super::screen::Screen;
use super::shape::{reads, reads_each, text};
use super::tab::Tab;
use super::writing::OWN_KEY;

const STATE: &str = "id:text scene_number:count image_status:string audio_status:string image_url:media? audio_url:media? \
    error:string? error_message:string? visual_description:text narration:text wordTimings:list? video_status:string \
    video_url:media? media_type:image|video duration_seconds:number image_attempts:count audio_attempts:count";

pub async fn state(tab: &Tab, project: &str) -> Value {
    let state = tab.get(&format!("/api/workflow/state/{project}")).await.json(200);
    reads("state", &state, "projectStatus:text scenes:list music_status:text? music_url:media? generationMessage:string");
    reads_each("scenes of the state", &state["scenes"], STATE);
    state
}

pub async fn command(tab: &Tab, project: &str, wish: Value) -> String {
    let mut body = json!({ "projectId": project, "userId": "ignored", "apiKeys": { "gemini": OWN_KEY, "suno": "" } });
    for (name, value) in wish.as_object().expect("fields") {
        body[name] = value.clone();
    }
    text(&tab.post("/api/workflow/command", body).await.json(200)["message"])
}

/// What the Studio saves by itself: all that it knows of the project, also what has changed since.
pub async fn autosave(tab: &Tab, project: &str, status: &str) {
    let body = json!({
        "topic": "How bees dance", "style": "Cinematic", "language": "English", "voice_name": "Kore", "tts_provider": "gemini",
        "audio_model": "gemini-2.5-flash-preview-tts", "include_music": true, "bg_music_prompt": "calm strings",
        "bg_music_url": null, "bg_music_status": "pending", "status": status, "reference_image_url": null,
        "generated_title": "Bees", "generated_description": "About bees.", "tags": [], "is_archived": false, "folder_id": null,
        "duration_config": { "min": 10, "max": 20, "targetScenes": 2 }, "id": project, "user_id": "ignored",
    });
    let saved = tab.patch(&format!("/api/projects/{project}"), body).await.json(200);
    assert!(saved["scenes"].is_array() && saved["characters"].is_array(), "{saved}");
}

/// Follows the events until the project has come to an end; looks at an estimate after each, as the Studio does.
pub async fn watch(tab: &Tab, project: &str, events: &mut Events, screen: &mut Screen) {
    loop {
        let event = events.next().await;
        screen.take(&event);
        let estimate = tab.post("/api/workflow/estimate", json!({ "projectId": project })).await.json(200);
        reads("estimate", &estimate, "estimatedImages:count estimatedAudioMinutes:count estimatedVideo:count");
        let over =
            event["type"] == "project_status_update" && ["completed", "failed", "paused"].contains(&screen.status.as_str());
        if over {
            return;
        }
    }
}

/// A stream whose first message, the whole state, has come.
pub async fn follow(tab: &Tab, project: &str) -> (Events, Screen) {
    let mut events = Events::open(tab, &format!("/api/events/{project}")).await;
    let mut screen = Screen::default();
    screen.take(&events.next().await);
    assert_eq!(screen.seen, ["init"]);
    (events, screen)
}

pub async fn generate(studio: &Studio, tab: &Tab, project: &str) {
    assert_eq!(state(tab, project).await["projectStatus"], "draft");
    let (mut events, mut screen) = follow(tab, project).await;
    studio.vendors.forget();
    assert_eq!(command(tab, project, json!({ "action": "generate_all" })).await, "Generation started");
    autosave(tab, project, "draft").await;
    // The connection breaks; the next one begins with the whole state again.
    screen.take(&events.next().await);
    drop(events);
    let (mut events, mut screen) = follow(tab, project).await;
    autosave(tab, project, "failed").await;
    if screen.status == "generating" {
        watch(tab, project, &mut events, &mut screen).await;
    }
    assert_eq!(screen.status, "completed", "{screen:?}");
    screen.is_as_in(&state(tab, project).await);
    assert_eq!(screen.music.as_ref().map(|music| music.0.as_str()), Some("completed"));
    for (scene, media) in &screen.scenes {
        assert_eq!((media["image"].0.as_str(), media["audio"].0.as_str()), ("completed", "completed"), "{scene}");
        media_of(tab, scene).await;
    }
    let (_, music) = screen.music.expect("there is music");
    assert!(tab.get(&music.expect("an address")).await.header("content-type").starts_with("audio/"));
    let made = ["image", "speech", "music"].map(|ability| studio.calls(ability));
    assert_eq!(made, [2, 2, 1], "nothing was made twice, whatever was saved meanwhile");
    for call in studio.vendors.calls() {
        assert!(call.key.as_ref().is_none_or(|key| key.starts_with("…4711#")), "{call:?}");
    }
    autosave(tab, project, "draft").await;
    assert_eq!(state(tab, project).await["projectStatus"], "completed");
}

/// The addresses that the Studio asks for again, scene by scene, and plays without changing them.
async fn media_of(tab: &Tab, scene: &str) {
    let media = tab.get(&format!("/api/scenes/{scene}/media")).await.json(200);
    reads("media", &media, "image_base64:media audio_base64:media video_base64:media?");
    let picture = tab.get(&text(&media["image_base64"])).await;
    assert!(picture.header("content-type").starts_with("image/"));
    assert_eq!(picture.header("x-content-type-options"), "nosniff");
    assert!(picture.header("cache-control").contains("private"), "{}", picture.header("cache-control"));
    let sound = text(&media["audio_base64"]);
    let whole = tab.get(&sound).await;
    let (begin, end) = (tab.part(&sound, "bytes=0-99").await, tab.part(&sound, "bytes=100-").await);
    assert_eq!((begin.status, end.status), (206, 206));
    assert_eq!([begin.body, end.body].concat(), whole.body);
}

/// Another narration and another picture for one scene: the other one keeps its own.
pub async fn change_one_scene(studio: &Studio, tab: &Tab, project: &str) {
    let before = state(tab, project).await;
    let scene = text(&before["scenes"][0]["id"]);
    let path = format!("/api/scenes/{scene}");
    for change in [json!({ "narration": "Bees tell each other the way." }), json!({ "visual_description": "two bees meet" })] {
        reads("scene", &tab.patch(&path, change).await.json(200), "id:text narration:text visual_description:text");
    }
    let (mut events, mut screen) = follow(tab, project).await;
    studio.vendors.forget();
    for (action, said) in [("regenerate_image", "image queued"), ("regenerate_audio", "audio queued")] {
        let wish = json!({ "action": action, "sceneId": scene, "force": true });
        assert_eq!(command(tab, project, wish).await, said);
        watch(tab, project, &mut events, &mut screen).await;
    }
    let after = state(tab, project).await;
    screen.is_as_in(&after);
    assert_ne!(after["scenes"][0]["image_url"], before["scenes"][0]["image_url"]);
    assert_ne!(after["scenes"][0]["audio_url"], before["scenes"][0]["audio_url"]);
    assert_eq!(after["scenes"][1], before["scenes"][1]);
    assert_eq!(["image", "speech"].map(|ability| studio.calls(ability)), [1, 1]);
    let foreign =
        json!({ "projectId": project, "action": "regenerate_image", "sceneId": "5eed0000-0000-4000-8000-000000000000" });
    assert_eq!(tab.post("/api/workflow/command", foreign).await.status, 404);
    // Sent without a scene; there is nothing to skip.
    let skip = tab.post("/api/workflow/command", json!({ "projectId": project, "action": "skip_scene" })).await;
    skip.refused(409);
}

/// A clip of the first scene: ordered, and asked for until it is there.
pub async fn clip(tab: &Tab, project: &str) {
    let (mut events, mut screen) = follow(tab, project).await;
    let scene = text(&state(tab, project).await["scenes"][0]["id"]);
    let order = json!({
        "sceneId": scene, "projectId": project, "userId": "ignored", "prompt": "two bees meet", "modelId": "veo",
        "keys": { "gemini": OWN_KEY }, "withAudio": false,
    });
    let ordered = tab.post(&format!("/api/scenes/{scene}/generate"), order).await.json(202);
    reads("order", &ordered, "success:bool jobId:text status:QUEUED");
    let job = format!("/api/jobs/{}", text(&ordered["jobId"]));
    watch(tab, project, &mut events, &mut screen).await;
    let done = tab.get(&job).await.json(200);
    reads("job", &done, "id:text status:COMPLETED errorMessage:string? createdAt:time updatedAt:time");
    assert!(!done.to_string().contains(OWN_KEY));
    assert_eq!(screen.scenes[&scene]["video"].0, "completed");
    let media = tab.get(&format!("/api/scenes/{scene}/media")).await.json(200);
    let clip = tab.part(&text(&media["video_base64"]), "bytes=0-").await;
    assert_eq!((clip.status, clip.header("content-type")), (206, "video/mp4"));
    let still = tab.patch(&format!("/api/scenes/{scene}"), json!({ "media_type": "image" })).await.json(200);
    assert_eq!(still["media_type"], "image");
    let nobody = tab.get("/api/jobs/5eed0000-0000-4000-8000-000000000000").await.refused(404);
    assert_eq!(nobody, "Job not found");
}

/// One picture can't be made: the rest is, and an `init` brings the reason, because the Studio shows it only then.
pub async fn failure(studio: &Studio, tab: &Tab, project: &str) {
    let fault = Fault::from(FaultKind::Unauthorized);
    studio.vendors.misbehave(FaultOrder {
        vendor: "gemini".to_owned(),
        ability: Some("image".to_owned()),
        fault,
        times: Some(1),
        after: None,
    });
    let (mut events, mut screen) = follow(tab, project).await;
    command(tab, project, json!({ "action": "generate_all" })).await;
    watch(tab, project, &mut events, &mut screen).await;
    assert_eq!(screen.status, "failed", "{screen:?}");
    let failed = screen.scenes.iter().filter(|(_, media)| media["image"].0 == "error").map(|(scene, _)| scene.clone());
    let [scene] = &failed.collect::<Vec<_>>()[..] else { panic!("{screen:?}") };
    assert!(screen.scenes.values().all(|media| media["audio"].0 == "completed"), "the others go on: {screen:?}");
    assert!(
        screen.errors.get(scene).is_some_and(|error| !error.is_empty()),
        "an init after it has the reason: {:?}",
        screen.seen
    );
    let said = &state(tab, project).await["scenes"];
    let shown = said.as_array().expect("scenes").iter().find(|entry| entry["id"] == json!(scene)).expect("the scene");
    assert_eq!(shown["error_message"].as_str(), screen.errors.get(scene).map(String::as_str));
    // Stop and go on again.
    command(tab, project, json!({ "action": "resume" })).await;
    watch(tab, project, &mut events, &mut screen).await;
    assert_eq!((screen.status.as_str(), screen.errors.len()), ("completed", 0), "{screen:?}");
    assert_eq!(tab.json(Method::PUT, &format!("/api/scenes/{scene}"), json!({})).await.status, 405);
}
