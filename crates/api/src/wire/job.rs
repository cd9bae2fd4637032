//! Jobs on the wire: the steps of the queue and renders in one shape.

use model::project::{RenderStatus, Scene, SlotStatus};
use model::task::TaskKind;
use serde::Serialize;
use store::{ProjectRecord, RenderRecord, TaskRecord, TaskState};
use utoipa::ToSchema;
use uuid::Uuid;

use super::render::{CANCELLED, render_error};
use super::stamp;

/// One step of the work.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    id: Uuid,
    #[serde(rename = "type")]
    kind: JobKind,
    status: JobStatus,
    /// Why it failed, or why its last try did.
    error_message: Option<String>,
    project_id: Uuid,
    /// For the steps of one scene.
    scene_id: Option<Uuid>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// What a job makes.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum JobKind {
    /// The script.
    ScriptGeneration,
    /// The time of each word of a narration.
    WordAlignment,
    /// A clip.
    VideoGeneration,
    /// A picture.
    ImageGeneration,
    /// A narration.
    TtsGeneration,
    /// Music.
    MusicGeneration,
    /// The video.
    #[serde(rename = "render_video")]
    RenderVideo,
    /// The answer to a question of `/api/ai`.
    Answer,
}

/// Where a job stands.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum JobStatus {
    /// Waits for its turn.
    Queued,
    /// Is at work.
    Processing,
    /// Is done.
    Completed,
    /// Failed or was cancelled.
    Failed,
}

impl From<&TaskRecord> for Job {
    fn from(task: &TaskRecord) -> Self {
        let (kind, scene) = match task.target.kind {
            TaskKind::DrawImage => (JobKind::ImageGeneration, Some(task.target.subject)),
            TaskKind::Speak => (JobKind::TtsGeneration, Some(task.target.subject)),
            TaskKind::WriteScript => (JobKind::ScriptGeneration, None),
            TaskKind::AlignWords => (JobKind::WordAlignment, Some(task.target.subject)),
            TaskKind::Animate => (JobKind::VideoGeneration, Some(task.target.subject)),
            TaskKind::ComposeMusic => (JobKind::MusicGeneration, None),
            TaskKind::Render => (JobKind::RenderVideo, None),
            TaskKind::Answer => (JobKind::Answer, None),
        };
        let (status, error) = match task.state {
            TaskState::Ready => (JobStatus::Queued, task.last_error.clone()),
            TaskState::Running => (JobStatus::Processing, task.last_error.clone()),
            TaskState::Done => (JobStatus::Completed, None),
            TaskState::Failed => (JobStatus::Failed, task.last_error.clone()),
            TaskState::Cancelled => (JobStatus::Failed, Some(CANCELLED.to_owned())),
        };
        Self {
            id: task.id,
            kind,
            status,
            error_message: error,
            project_id: task.project,
            scene_id: scene,
            created_at: stamp(task.created_at),
            updated_at: stamp(task.finished_at.unwrap_or(task.created_at)),
        }
    }
}

impl Job {
    /// The clip of a scene, whichever task happens to work on it.
    pub fn of_clip(record: &ProjectRecord, scene: &Scene) -> Self {
        let status = match scene.video.status {
            SlotStatus::Draft | SlotStatus::Pending | SlotStatus::Queued => JobStatus::Queued,
            SlotStatus::Processing => JobStatus::Processing,
            SlotStatus::Completed => JobStatus::Completed,
            SlotStatus::Failed | SlotStatus::Skipped => JobStatus::Failed,
        };
        Self {
            id: scene.id,
            kind: JobKind::VideoGeneration,
            status,
            error_message: scene.video.error.clone(),
            project_id: record.project.id,
            scene_id: Some(scene.id),
            created_at: stamp(record.scene_created_at.get(&scene.id).copied().unwrap_or(record.created_at)),
            updated_at: stamp(record.updated_at),
        }
    }
}

impl From<&RenderRecord> for Job {
    fn from(record: &RenderRecord) -> Self {
        let status = match record.render.status {
            RenderStatus::Waiting | RenderStatus::Queued => JobStatus::Queued,
            RenderStatus::Rendering => JobStatus::Processing,
            RenderStatus::Completed => JobStatus::Completed,
            RenderStatus::Failed | RenderStatus::Cancelled => JobStatus::Failed,
        };
        Self {
            id: record.render.id,
            kind: JobKind::RenderVideo,
            status,
            error_message: render_error(&record.render),
            project_id: record.project,
            scene_id: None,
            created_at: stamp(record.created_at),
            updated_at: stamp(record.updated_at),
        }
    }
}
