//! What happened in a project, in order: the numbered events that live clients follow.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::caption::WordTiming;
use crate::project::{Asset, ProjectStatus, RenderStatus, SlotStatus};

/// One thing that happened. Stored as JSON, so fields are only ever added.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// So much changed that clients should read the whole state again.
    Reset,
    /// A scene's picture, sound or clip moved on.
    Scene {
        /// Which scene.
        scene: Uuid,
        /// Which of its slots.
        field: Medium,
        /// Its new status.
        status: SlotStatus,
        /// Why it failed, on the final failure only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
        /// What is there now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asset: Option<Asset>,
        /// Words of a new narration.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        words: Option<Vec<WordTiming>>,
        /// Seconds of a new narration.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seconds: Option<f64>,
    },
    /// The music moved on.
    Music {
        /// Its new status.
        status: SlotStatus,
        /// Why it failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
        /// What is there now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asset: Option<Asset>,
    },
    /// The project's status changed.
    Project {
        /// The new status.
        status: ProjectStatus,
    },
    /// A render moved on.
    Render {
        /// Which render.
        render: Uuid,
        /// Its status.
        status: RenderStatus,
        /// 0 to 1.
        progress: f64,
        /// Why it failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
}

/// A scene's slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Medium {
    /// The still.
    Image,
    /// The narration.
    Audio,
    /// The clip.
    Video,
    /// The sound effect.
    Sfx,
}
