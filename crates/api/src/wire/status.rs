//! How the inner states are called on the wire.

use model::project::{ProjectStatus, RenderStatus, SlotStatus};
use serde::Serialize;
use utoipa::ToSchema;

/// Where a picture, narration or clip stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MediaStatus {
    /// Nothing asked for yet.
    Draft,
    /// Wanted, but the project is paused.
    Pending,
    /// Waits for its turn.
    Queued,
    /// Is being made.
    Processing,
    /// Is there.
    Completed,
    /// Can't be made; the scene's error says why.
    Error,
}

impl From<SlotStatus> for MediaStatus {
    fn from(status: SlotStatus) -> Self {
        match status {
            SlotStatus::Draft => Self::Draft,
            SlotStatus::Pending => Self::Pending,
            SlotStatus::Queued => Self::Queued,
            SlotStatus::Processing => Self::Processing,
            SlotStatus::Completed | SlotStatus::Skipped => Self::Completed,
            // Studio shows an error's text only for this word.
            SlotStatus::Failed => Self::Error,
        }
    }
}

/// Where the background music stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MusicStatus {
    /// Nothing asked for yet.
    Draft,
    /// Wanted, but the project is paused.
    Pending,
    /// Waits for its turn.
    Queued,
    /// Is being made.
    Loading,
    /// Is there.
    Completed,
    /// Can't be made.
    Error,
}

impl From<SlotStatus> for MusicStatus {
    fn from(status: SlotStatus) -> Self {
        match status {
            SlotStatus::Draft => Self::Draft,
            SlotStatus::Pending => Self::Pending,
            SlotStatus::Queued => Self::Queued,
            SlotStatus::Processing => Self::Loading,
            SlotStatus::Completed | SlotStatus::Skipped => Self::Completed,
            SlotStatus::Failed => Self::Error,
        }
    }
}

/// Where a project stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ProjectStatus)]
pub enum WholeStatus {
    /// Nothing asked for yet.
    Draft,
    /// Something is being made.
    Generating,
    /// Stopped for now.
    Paused,
    /// All that was asked for is there.
    Completed,
    /// Something could not be made, or it was cancelled.
    Failed,
}

impl From<ProjectStatus> for WholeStatus {
    fn from(status: ProjectStatus) -> Self {
        match status {
            ProjectStatus::Draft => Self::Draft,
            ProjectStatus::Generating => Self::Generating,
            ProjectStatus::Paused => Self::Paused,
            ProjectStatus::Completed => Self::Completed,
            ProjectStatus::Failed => Self::Failed,
        }
    }
}

/// Where a render stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = RenderStatus)]
pub enum WorkStatus {
    /// Waits for its turn, or for pictures and narration.
    Pending,
    /// Is being rendered.
    Processing,
    /// The video is there.
    Completed,
    /// There will be no video; `error` says why.
    Failed,
}

impl From<RenderStatus> for WorkStatus {
    fn from(status: RenderStatus) -> Self {
        match status {
            RenderStatus::Waiting | RenderStatus::Queued => Self::Pending,
            RenderStatus::Rendering => Self::Processing,
            RenderStatus::Completed => Self::Completed,
            RenderStatus::Failed | RenderStatus::Cancelled => Self::Failed,
        }
    }
}

/// What a scene shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MediaType {
    /// The still.
    Image,
    /// The clip, when there is one.
    Video,
}

impl MediaType {
    /// Of a scene that shows its clip, or not.
    pub fn of(moving: bool) -> Self {
        if moving { Self::Video } else { Self::Image }
    }
}
