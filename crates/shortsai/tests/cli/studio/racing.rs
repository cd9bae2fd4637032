//! Much at once: the app is mounted twice, and people have several tabs.

use std::collections::BTreeSet;

use futures::future::join_all;
use serde_json::json;

use super::generation::{autosave, command, follow, state, watch};
use super::house::Studio;
use super::shape::text;
use super::tab::Tab;
use super::writing::{project, scenes};

/// Some of them fall into every step of the generation.
const SAVES: usize = 400;

pub async fn one_scene_from_many(tab: &Tab) {
    let project = project(tab, json!({ "include_music": false })).await;
    let tabs: Vec<Tab> = (0..20).map(|_| tab.another()).collect();
    let sent = tabs.iter().enumerate().map(|(number, tab)| {
        let scene = json!({
            "project_id": project, "scene_number": 1, "visual_description": "a bee", "duration_seconds": 5,
            "narration": format!("Words of tab {number}."),
        });
        tab.post("/api/scenes", scene)
    });
    let ids: BTreeSet<String> = join_all(sent).await.iter().map(|answer| text(&answer.json(200)["id"])).collect();
    assert_eq!(ids.len(), 1, "all are told of the same scene");
    let state = state(tab, &project).await;
    let there: Vec<String> = state["scenes"].as_array().expect("scenes").iter().map(|scene| text(&scene["id"])).collect();
    assert_eq!(there, ids.into_iter().collect::<Vec<_>>());
}

pub async fn autosaves(studio: &Studio, tab: &Tab) {
    let project = project(tab, json!({})).await;
    scenes(tab, &project, &["Bees dance to tell the way.", "The sun is their compass.", "And all of them follow."]).await;
    let (mut events, mut screen) = follow(tab, &project).await;
    let other = tab.another();
    let saving = async {
        // Each status is one that an old tab may have. More would be too many requests for one user.
        for status in ["draft", "generating", "failed", "completed", "paused"].iter().cycle().take(SAVES) {
            autosave(&other, &project, status).await;
        }
        std::future::pending::<()>().await;
    };
    let making = async {
        assert_eq!(command(tab, &project, json!({ "action": "generate_all" })).await, "Generation started");
        watch(tab, &project, &mut events, &mut screen).await;
    };
    tokio::select! {
        () = making => {}
        () = saving => {}
    }
    assert_eq!(screen.status, "completed", "{screen:?}");
    screen.is_as_in(&state(tab, &project).await);
    assert_eq!(["image", "speech", "music"].map(|ability| studio.calls(ability)), [3, 3, 1], "each was made once");
}
