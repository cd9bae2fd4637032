//! What programs elsewhere are told of a project by webhooks: few notices, each about something that has ended.
//!
//! They follow from the project before and after one input, so that whoever writes the change can write them with it. How
//! they are delivered is no concern of this file.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::project::{Project, ProjectStatus, Render, RenderStatus, Scene, Slot, SlotStatus};
use crate::workflow::CANCELLED;

/// The shape of stored notices. Fields are only ever added; another number says that older programs can't read it.
const VERSION: u32 = 1;
/// The most characters of an error that is told.
const LONGEST_ERROR: usize = 1_000;

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum NoticeKind {
    /// All that was asked for of a project is there.
    #[serde(rename = "project.completed")]
    ProjectCompleted,
    /// Something of a project could not be made, or its user cancelled.
    #[serde(rename = "project.failed")]
    ProjectFailed,
    /// All that was asked for of a scene is there.
    #[serde(rename = "scene.completed")]
    SceneCompleted,
    /// Something of a scene could not be made.
    #[serde(rename = "scene.failed")]
    SceneFailed,
    /// A render got on.
    #[serde(rename = "render.progress")]
    RenderProgress,
    /// A video is there.
    #[serde(rename = "render.completed")]
    RenderCompleted,
    /// There will be no video: it failed, was cancelled, or a newer one took its place.
    #[serde(rename = "render.failed")]
    RenderFailed,
    /// Nothing happened: somebody wants to see a notice arrive.
    #[serde(rename = "webhook.test")]
    Test,
}

impl NoticeKind {
    /// All that can be chosen.
    pub const CHOICES: [Self; 7] = [
        Self::ProjectCompleted,
        Self::ProjectFailed,
        Self::SceneCompleted,
        Self::SceneFailed,
        Self::RenderProgress,
        Self::RenderCompleted,
        Self::RenderFailed,
    ];
    /// What is told where nobody has chosen: everything but progress.
    pub const USUAL: [Self; 6] = [
        Self::ProjectCompleted,
        Self::ProjectFailed,
        Self::SceneCompleted,
        Self::SceneFailed,
        Self::RenderCompleted,
        Self::RenderFailed,
    ];
    /// How a render ends.
    pub const RENDER_ENDS: [Self; 2] = [Self::RenderCompleted, Self::RenderFailed];

    /// The name on the wire and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::ProjectCompleted => "project.completed",
            Self::ProjectFailed => "project.failed",
            Self::SceneCompleted => "scene.completed",
            Self::SceneFailed => "scene.failed",
            Self::RenderProgress => "render.progress",
            Self::RenderCompleted => "render.completed",
            Self::RenderFailed => "render.failed",
            Self::Test => "webhook.test",
        }
    }

    /// The one of that name, among those that can be chosen.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::CHOICES.into_iter().find(|kind| kind.name() == name)
    }
}

/// One notice. Stored as JSON, so fields are only ever added.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    version: u32,
    /// What it is about.
    pub kind: NoticeKind,
    /// Of which project; a test is of none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<Uuid>,
    /// Which scene.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scene: Option<Uuid>,
    /// The scene's place, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scene_number: Option<i32>,
    /// Which render.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub render: Option<Uuid>,
    /// Where it stands.
    pub status: String,
    /// 0 to 1, of a render.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<f64>,
    /// Key of the finished MP4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video: Option<String>,
    /// Why it failed, as a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Notice {
    fn new(kind: NoticeKind, status: &str) -> Self {
        let (project, scene, scene_number, render, progress, video, error) = (None, None, None, None, None, None, None);
        let status = status.to_owned();
        Self { version: VERSION, kind, project, scene, scene_number, render, status, progress, video, error }
    }

    /// A notice that somebody wants to see arrive.
    pub fn test() -> Self {
        Self::new(NoticeKind::Test, "test")
    }

    /// What it is about, to tell it from others of the same change.
    pub fn subject(&self) -> Option<Uuid> {
        self.scene.or(self.render).or(self.project)
    }

    /// What receivers read under `data`. Addresses begin with `base`, where others find the server; without it they are paths.
    pub fn data(&self, base: Option<&str>) -> Value {
        let mut data = json!({ "status": self.status });
        let mut set = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                data[name] = value;
            }
        };
        set("projectId", self.project.map(|id| id.to_string().into()));
        set("sceneId", self.scene.map(|id| id.to_string().into()));
        set("sceneNumber", self.scene_number.map(Value::from));
        set("renderId", self.render.map(|id| id.to_string().into()));
        set("progress", self.progress.map(|progress| Value::from((progress * 100.0).clamp(0.0, 100.0) as u8)));
        // A key is made of letters, digits, slashes and one dot: nothing to escape.
        let address = |key: &String| format!("{}/api/assets?url={key}", base.unwrap_or_default()).into();
        set("resultUrl", self.video.as_ref().map(address));
        set("error", self.error.as_deref().map(Value::from));
        data
    }
}

/// What is to be told of a change of a project.
pub fn between(before: &Project, after: &Project) -> Vec<Notice> {
    // Nobody sees the project that carries a question.
    if after.question.is_some() {
        return Vec::new();
    }
    let mut notices: Vec<Notice> = Vec::new();
    for scene in &after.scenes {
        if let Some(earlier) = before.scenes.iter().find(|earlier| earlier.id == scene.id) {
            notices.extend(of_scene(earlier, scene));
        }
    }
    if before.status != after.status {
        notices.extend(of_project(after));
    }
    notices.extend(of_renders(before.render.as_ref(), after.render.as_ref()));
    for notice in &mut notices {
        notice.project = Some(after.id);
    }
    notices
}

fn of_project(project: &Project) -> Option<Notice> {
    match project.status {
        ProjectStatus::Completed => Some(Notice::new(NoticeKind::ProjectCompleted, "completed")),
        ProjectStatus::Failed => {
            let error = Some(shortened(project.failures().join("; "))).filter(|error| !error.is_empty());
            Some(Notice { error, ..Notice::new(NoticeKind::ProjectFailed, "failed") })
        }
        _ => None,
    }
}

fn of_scene(before: &Scene, after: &Scene) -> Option<Notice> {
    let told = |notice| Notice { scene: Some(after.id), scene_number: Some(after.number), ..notice };
    let slots = |scene: &Scene| [scene.image.clone(), scene.audio.clone(), scene.video.clone(), scene.sfx.clone()];
    let (earlier, now) = (slots(before), slots(after));
    let busy = |slot: &Slot| slot.status.is_active() || slot.status == SlotStatus::Pending;
    let mut pairs = earlier.iter().zip(&now);
    // What a user cancels is told once, of the project.
    let failed = |(earlier, now): (&Slot, &Slot)| {
        let error = now.error.clone().filter(|error| error != CANCELLED)?;
        (earlier.status != SlotStatus::Failed && now.status == SlotStatus::Failed).then_some(error)
    };
    if let Some(error) = pairs.clone().find_map(failed) {
        let error = Some(shortened(error));
        return Some(told(Notice { error, ..Notice::new(NoticeKind::SceneFailed, "failed") }));
    }
    // A request that is given up leaves what was there before, and gets another number.
    let made = |(earlier, now): (&Slot, &Slot)| {
        busy(earlier) && now.status == SlotStatus::Completed && now.generation == earlier.generation
    };
    let all_there = !now.iter().any(|slot| busy(slot) || slot.status == SlotStatus::Failed);
    (all_there && pairs.any(made)).then(|| told(Notice::new(NoticeKind::SceneCompleted, "completed")))
}

fn of_renders(before: Option<&Render>, after: Option<&Render>) -> Vec<Notice> {
    let same = before.filter(|before| after.is_some_and(|after| after.id == before.id));
    let replaced = before.filter(|before| same.is_none() && after.is_some() && !before.status.is_final());
    let gone = replaced.map(|render| Render { status: RenderStatus::Cancelled, ..render.clone() });
    let moved =
        after.filter(|after| same.is_none_or(|before| (before.status, before.progress) != (after.status, after.progress)));
    gone.as_ref().into_iter().chain(moved).filter_map(of_render).collect()
}

fn of_render(render: &Render) -> Option<Notice> {
    let notice = match render.status {
        RenderStatus::Waiting | RenderStatus::Queued => return None,
        RenderStatus::Rendering => {
            Notice { progress: Some(render.progress), ..Notice::new(NoticeKind::RenderProgress, "rendering") }
        }
        RenderStatus::Completed => {
            let video = render.output.as_ref().map(|output| output.video.clone());
            Notice { video, ..Notice::new(NoticeKind::RenderCompleted, "completed") }
        }
        RenderStatus::Failed => {
            let error = render.error.clone().map(shortened);
            Notice { error, ..Notice::new(NoticeKind::RenderFailed, "failed") }
        }
        RenderStatus::Cancelled => {
            let error = Some("Cancelled, or a newer render took its place.".to_owned());
            Notice { error, ..Notice::new(NoticeKind::RenderFailed, "cancelled") }
        }
    };
    Some(Notice { render: Some(render.id), ..notice })
}

fn shortened(error: String) -> String {
    match error.char_indices().nth(LONGEST_ERROR) {
        Some((end, _)) => format!("{}…", &error[..end]),
        None => error,
    }
}

#[cfg(test)]
mod tests;
