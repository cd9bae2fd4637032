//! What a person sees: the Studio's state of one project, made of the events alone.

use std::collections::BTreeMap;

use serde_json::Value;

use super::shape::{reads, reads_each, text};

const STATUS: &str = "draft|pending|queued|processing|loading|completed|failed|error";
const WHOLE: &str = "draft|generating|completed|failed|paused";

/// One scene's media: status and address.
pub type Media = BTreeMap<String, (String, Option<String>)>;

#[derive(Debug, Default)]
pub struct Screen {
    pub status: String,
    pub scenes: BTreeMap<String, Media>,
    /// What is said of a scene that failed.
    pub errors: BTreeMap<String, String>,
    pub music: Option<(String, Option<String>)>,
    /// Kinds of events, in their order.
    pub seen: Vec<String>,
}

impl Screen {
    /// Takes an event over, after a look at all that is read from it.
    pub fn take(&mut self, event: &Value) {
        let kind = text(&event["type"]);
        match kind.as_str() {
            "init" => self.init(event),
            "scene_update" => self.scene(event),
            "music_update" => {
                reads("music_update", event, &format!("status:{STATUS}"));
                let status = text(&event["status"]);
                assert_eq!(status == "completed", event["url"].is_string(), "{event}");
                self.music = Some((status, event["url"].as_str().map(str::to_owned)));
            }
            "project_status_update" => {
                reads("project_status_update", event, &format!("status:{WHOLE}"));
                self.status = text(&event["status"]);
            }
            "render_update" | "ping" => {}
            other => panic!("the Studio does not know {other}"),
        }
        self.seen.push(kind);
    }

    fn init(&mut self, event: &Value) {
        reads("init", event, &format!("projectStatus:{WHOLE} scenes:list bgMusicStatus:{STATUS}? bgMusicUrl:media?"));
        let fields = format!(
            "id:text sceneNumber:count imageStatus:{STATUS} audioStatus:{STATUS} videoStatus:{STATUS} imageUrl:media? audioUrl:media? \
             videoUrl:media? errorMessage:string? visualDescription:string narration:string durationSeconds:number \
             mediaType:image|video"
        );
        self.status = text(&event["projectStatus"]);
        self.music =
            event["bgMusicStatus"].as_str().map(|status| (status.to_owned(), event["bgMusicUrl"].as_str().map(str::to_owned)));
        self.scenes.clear();
        self.errors.clear();
        for scene in reads_each("init.scenes", &event["scenes"], &fields) {
            let medium = |name: &str| {
                let status = text(&scene[format!("{name}Status")]);
                (name.to_owned(), (status, scene[format!("{name}Url")].as_str().map(str::to_owned)))
            };
            let id = text(&scene["id"]);
            if let Some(error) = scene["errorMessage"].as_str() {
                self.errors.insert(id.clone(), error.to_owned());
            }
            self.scenes.insert(id, ["image", "audio", "video"].map(medium).into());
        }
    }

    fn scene(&mut self, event: &Value) {
        reads("scene_update", event, &format!("sceneId:text field:image|audio|video|sfx status:{STATUS}"));
        let (id, field, status) = (text(&event["sceneId"]), text(&event["field"]), text(&event["status"]));
        let url = event["url"].as_str().map(str::to_owned);
        if status == "completed" {
            reads("scene_update", event, "url:media");
        } else {
            assert_eq!(url, None, "{event}");
        }
        if status == "completed" && field == "audio" {
            reads("scene_update", event, "duration:number timings:list");
            reads_each("timings", &event["timings"], "word:text start:number end:number");
        }
        if status == "completed" && field == "video" {
            reads("scene_update", event, "mediaType:video");
        }
        // Whatever has an error is shown as failed, so only the last failure may have one.
        assert_eq!(event["error"].is_string(), status == "error", "{event}");
        self.scenes.get_mut(&id).expect("a scene of init").insert(field, (status, url));
    }

    /// Compares with what `/workflow/state` says.
    pub fn is_as_in(&self, state: &Value) {
        assert_eq!(self.status, text(&state["projectStatus"]));
        assert_eq!(self.music.as_ref().map(|music| music.0.clone()), state["music_status"].as_str().map(str::to_owned));
        assert_eq!(self.music.as_ref().and_then(|music| music.1.clone()), state["music_url"].as_str().map(str::to_owned));
        for scene in state["scenes"].as_array().expect("scenes") {
            for (field, (status, url)) in &self.scenes[&text(&scene["id"])] {
                assert_eq!(*status, text(&scene[format!("{field}_status")]), "{field} of {scene}");
                if field != "sfx" {
                    assert_eq!(url.as_deref(), scene[format!("{field}_url")].as_str(), "{field} of {scene}");
                }
            }
        }
    }
}
