//! Renders on the wire.

use garde::Validate;
use model::project::{Render, RenderOutput, RenderStatus};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::status::WorkStatus;
use crate::key::url_of;

/// What clients read about a cancelled render.
pub const CANCELLED: &str = "Cancelled, or a newer render took its place.";

/// A project to render. Scenes and music are taken from the project, whatever else the body says.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StartRender {
    /// Which project.
    #[garde(skip)]
    pub project_id: Uuid,
}

/// The render is on its way.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RenderStarted {
    /// Always `true`.
    pub success: bool,
    /// Ask `/api/render/{id}` with it.
    pub job_id: Uuid,
    /// Always `pending`.
    #[schema(example = "pending")]
    pub status: WorkStatus,
    /// A sentence.
    #[schema(example = "Render job queued successfully")]
    pub message: &'static str,
}

/// Where a render stands.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RenderState {
    id: Uuid,
    status: WorkStatus,
    /// 0 to 100; it never falls.
    #[schema(example = 42)]
    progress: u8,
    /// Always `null`.
    eta: Option<u64>,
    /// The MP4, once completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/api/assets?url=renders/0123456789abcdef0123456789abcdef.mp4")]
    result_url: Option<String>,
    /// Why there will be no video.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Captions as files, once completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    captions: Option<Captions>,
    /// A JPEG still, once completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    thumbnail: Option<String>,
    /// Length of the video, once completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
    /// What was tolerated, as sentences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

/// Captions as files.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct Captions {
    /// SubRip.
    #[schema(example = "/api/assets?url=captions/0123456789abcdef0123456789abcdef.srt")]
    pub srt: String,
    /// WebVTT.
    #[schema(example = "/api/assets?url=captions/0123456789abcdef0123456789abcdef.vtt")]
    pub vtt: String,
    /// SubStation Alpha with the look and word times of the picture; older videos have none.
    #[schema(example = "/api/assets?url=captions/0123456789abcdef0123456789abcdef.ass")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ass: Option<String>,
}

impl Captions {
    /// Where a finished render's captions are.
    pub fn of(output: &RenderOutput) -> Self {
        let ass = output.ass.as_deref().map(url_of);
        Self { srt: url_of(&output.srt), vtt: url_of(&output.vtt), ass }
    }
}

/// A share as a whole percentage; 100 only when all is done.
pub fn percent(progress: f64) -> u8 {
    (progress * 100.0).clamp(0.0, 100.0) as u8
}

/// Why a render failed, in words for the user.
pub fn render_error(render: &Render) -> Option<String> {
    match render.status {
        RenderStatus::Cancelled => Some(render.error.clone().unwrap_or_else(|| CANCELLED.to_owned())),
        RenderStatus::Failed => Some(render.error.clone().unwrap_or_else(|| "The render failed.".to_owned())),
        _ => None,
    }
}

impl From<&Render> for RenderState {
    fn from(render: &Render) -> Self {
        let output = render.output.as_ref();
        Self {
            id: render.id,
            status: render.status.into(),
            progress: percent(render.progress),
            eta: None,
            result_url: output.map(|output| url_of(&output.video)),
            error: render_error(render),
            captions: output.map(Captions::of),
            thumbnail: output.map(|output| url_of(&output.thumbnail)),
            seconds: output.map(|output| output.seconds),
            warnings: output.map(|output| output.warnings.clone()).unwrap_or_default(),
        }
    }
}
