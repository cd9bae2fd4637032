//! Renders on the wire.

use garde::Validate;
use model::project::{Render, RenderOutput, RenderStatus};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::endpoint::signing_secret;
use super::rule::text;
use super::scene::Word;
use super::short::{CaptionWish, FocusWish, MusicWish, SizeWish};
use super::status::WorkStatus;
use crate::key::url_of;

/// What clients read about a cancelled render.
pub const CANCELLED: &str = "Cancelled, or a newer render took its place.";

/// A project to render, or a storyboard of your own to render for it: the one with `scenes`.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StartRender {
    /// Which project.
    #[garde(skip)]
    pub project_id: Uuid,
    /// The scenes of your own storyboard, 1 to 500: these are shown, whatever the project holds. What the storyboard does not
    /// say of the whole video is as in the project's settings. Without scenes, the project itself is rendered.
    #[garde(dive)]
    pub scenes: Option<Vec<RenderScene>>,
    /// Music under your own storyboard; without it there is none. Only with `scenes`, like all that follows.
    #[garde(custom(text(1, 2_000)))]
    #[schema(example = "/api/assets?url=music/0123456789abcdef0123456789abcdef.flac")]
    pub bg_music_url: Option<String>,
    /// Title of the video.
    #[garde(custom(text(0, 500)))]
    pub title: Option<String>,
    /// The picture's size.
    #[garde(skip)]
    pub size: Option<SizeWish>,
    /// Frames per second, 24 to 60.
    #[garde(skip)]
    #[schema(minimum = 24, maximum = 60)]
    pub fps: Option<u32>,
    /// How captions look.
    #[garde(skip)]
    pub captions: Option<CaptionWish>,
    /// How music is mixed.
    #[garde(dive)]
    pub music: Option<MusicWish>,
    /// How scenes begin: `cut`, `crossfade`, `fadeBlack`, `slide` or `zoomThrough`.
    #[garde(skip)]
    pub transition: Option<String>,
    /// Who is told how this render ends, by a signed message: an https address.
    #[garde(custom(text(1, 2_000)))]
    #[schema(example = "https://example.com/hooks/shorts")]
    pub webhook_url: Option<String>,
    /// What signs that message; your own secret (`GET /api/webhooks/secret`) when left out.
    #[garde(custom(signing_secret))]
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    pub webhook_secret: Option<String>,
}

/// One scene of a storyboard whose media are there. All of them must be files of yours: uploaded ones, or those of your
/// projects, as a key or as an address at `/api/assets`.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RenderScene {
    /// What is said; words without times are taken from it.
    #[garde(custom(text(0, model::storyboard::MAX_NARRATION)))]
    pub narration: Option<String>,
    /// The picture. A scene has a picture or a clip.
    #[garde(custom(text(1, 2_000)))]
    #[schema(example = "/api/assets?url=uploads/0123456789abcdef0123456789abcdef.jpg")]
    pub image_url: Option<String>,
    /// The clip; shown rather than the picture.
    #[garde(custom(text(1, 2_000)))]
    pub video_url: Option<String>,
    /// The narration; its length is the scene's length.
    #[garde(custom(text(1, 2_000)))]
    pub audio_url: Option<String>,
    /// Level of the clip's own sound beside a narration, in dB, −60 to 0; silent when left out.
    #[garde(skip)]
    #[schema(minimum = -60, maximum = 0)]
    pub clip_volume_db: Option<f64>,
    /// When each word is heard; estimated when left out.
    #[garde(skip)]
    pub word_timings: Option<Vec<Word>>,
    /// Seconds of a scene without `audioUrl`, 0.04 to 600. A clip has its own length when left out; a picture needs it.
    #[garde(skip)]
    #[schema(minimum = 0.04, maximum = 600)]
    pub duration: Option<f64>,
    /// How a picture moves: `zoomIn`, `zoomOut`, `panLeft`, `panRight`, `panUp`, `panDown`, `drift` or `still`; scenes take
    /// turns when left out.
    #[garde(skip)]
    pub motion: Option<String>,
    /// How this scene begins: `cut`, `crossfade`, `fadeBlack`, `slide` or `zoomThrough`; by default as the storyboard says.
    #[garde(skip)]
    pub transition: Option<String>,
    /// The point of the picture that stays in view when it is cropped.
    #[garde(dive)]
    pub focus: Option<FocusWish>,
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
    /// Of the `webhookUrl`: `/api/webhooks/{id}/deliveries` shows what became of its message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_id: Option<Uuid>,
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
