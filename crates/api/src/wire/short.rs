//! The one call for programs: an order for a short, and where it stands.

use garde::Validate;
use model::project::{Project, ProjectStatus, Render, RenderStatus, Slot, SlotStatus};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::choice::VendorWish;
use super::endpoint::signing_secret;
use super::render::{Captions, render_error};
use super::rule::{spoken, text};
use crate::key::url_of;

/// An order for a short: exactly one of `script`, `storyboard` and `topic`, and options that go over what it says itself.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "script": "# The Moon\n\n![a rocket on the launch pad]\n\nIn July 1969 three people flew to the Moon.\n\nTwo of them walked on it.\n",
    "language": "en",
    "style": "cinematic",
    "captions": "karaoke",
    "size": "9:16"
}))]
pub struct OrderShort {
    /// A script in Markdown: the first heading is the title, each paragraph is one scene's narration, an image above a
    /// paragraph is its picture. A picture is a key that `POST /api/assets` answered; without one it is drawn.
    #[garde(custom(text(1, 1_000_000)))]
    pub script: Option<String>,
    /// A storyboard.
    #[garde(dive)]
    pub storyboard: Option<OrderedStoryboard>,
    /// What the short is about; needs a configured language model.
    #[garde(custom(text(1, 10_000)))]
    pub topic: Option<String>,
    /// How long a short about a topic should be.
    #[garde(dive)]
    pub duration: Option<DurationWish>,
    /// Title of the video.
    #[garde(custom(text(0, 500)))]
    pub title: Option<String>,
    /// Language of the narration, such as `en` or `pt-BR`.
    #[garde(custom(text(1, 100)))]
    pub language: Option<String>,
    /// The voice; the language's default when left out.
    #[garde(custom(text(0, 200)))]
    pub voice: Option<String>,
    /// The look of drawn pictures, in your words.
    #[garde(custom(text(0, 1_000)))]
    pub style: Option<String>,
    /// How fast it is spoken, 0.5 to 2; 1 is the voice's own speed.
    #[garde(skip)]
    #[schema(example = 1.0, minimum = 0.5, maximum = 2)]
    pub speed: Option<f64>,
    /// Whom to ask for what.
    #[garde(dive)]
    pub vendors: Option<VendorWish>,
    /// How captions look.
    #[garde(skip)]
    pub captions: Option<CaptionWish>,
    /// `none` for no music, its mood in your words, or your own music: a key that `POST /api/assets` answered.
    #[garde(custom(text(0, 1_000)))]
    pub music: Option<String>,
    /// The picture's size.
    #[garde(skip)]
    pub size: Option<SizeWish>,
    /// Frames per second, 24 to 60.
    #[garde(skip)]
    #[schema(example = 30, minimum = 24, maximum = 60)]
    pub fps: Option<u32>,
    /// How scenes begin: `cut`, `crossfade`, `fade-black`, `slide` or `zoom-through`.
    #[garde(skip)]
    #[schema(example = "crossfade")]
    pub transition: Option<String>,
    /// Who is told how the video ends, by a signed message: an https address.
    #[garde(custom(text(1, 2_000)))]
    #[schema(example = "https://example.com/hooks/shorts")]
    pub webhook_url: Option<String>,
    /// What signs that message; your own secret (`GET /api/webhooks/secret`) when left out.
    #[garde(custom(signing_secret))]
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    pub webhook_secret: Option<String>,
}

/// How long a short should be, and how many scenes it should have.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DurationWish {
    /// The shortest, in seconds.
    #[garde(range(min = 5, max = 600))]
    #[schema(example = 30, minimum = 5, maximum = 600)]
    pub min: u32,
    /// The longest, in seconds.
    #[garde(range(min = 5, max = 600), custom(|max: &u32, _: &()| not_before(self.min, *max)))]
    #[schema(example = 60, minimum = 5, maximum = 600)]
    pub max: u32,
    /// Exactly so many scenes; left out, the writer decides.
    #[garde(range(min = 1, max = 100))]
    #[schema(example = 6, minimum = 1, maximum = 100)]
    pub target_scenes: Option<u32>,
}

impl DurationWish {
    /// As it is kept with a project.
    pub fn config(&self) -> Value {
        json!({ "min": self.min, "max": self.max, "targetScenes": self.target_scenes })
    }
}

fn not_before(min: u32, max: u32) -> garde::Result {
    if min <= max { Ok(()) } else { Err(garde::Error::new(format!("Expected at least min, which is {min}"))) }
}

/// Caption options: a style, or more.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(
    untagged,
    expecting = "expected karaoke, box, pop, typewriter, word, outline, minimal, plain or none, or an object with style and more options"
)]
pub enum CaptionWish {
    /// `karaoke`, `box`, `pop`, `typewriter`, `word`, `outline`, `minimal`, `plain` or `none`.
    Style(String),
    /// All options.
    #[serde(rename_all = "camelCase")]
    Options {
        /// `karaoke`, `box`, `pop`, `typewriter`, `word`, `outline`, `minimal`, `plain` or `none`.
        style: Option<String>,
        /// `top`, `middle` or `bottom`.
        position: Option<String>,
        /// The most words at a time, 1 to 12.
        max_words: Option<u32>,
        /// The most lines at a time, 1 to 3.
        max_lines: Option<u32>,
        /// Colour of the spoken word, such as `#ffd93d`.
        highlight: Option<String>,
        /// Colour of the other words, such as `#ffffff`.
        text_colour: Option<String>,
        /// How much larger than usual the letters are, 0.5 to 2.
        size: Option<f64>,
        /// `montserrat`, `noto`, `anton` or `bebas`.
        font: Option<String>,
        /// `written`, `upper` or `lower`, in the picture.
        case: Option<String>,
    },
}

/// A picture size: words or pixels.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(untagged, expecting = "expected a size such as 9:16 or 1080x1920, or an object with width and height")]
pub enum SizeWish {
    /// `9:16`, `1:1`, `4:5`, `16:9`, or pixels such as `1080x1920`.
    Words(String),
    /// Both even, 64 to 3840.
    Pixels {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
    },
}

/// A storyboard: the scenes one by one. Narration is spoken from the text.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderedStoryboard {
    /// Title of the video.
    #[garde(custom(text(0, 500)))]
    #[serde(default)]
    pub title: Option<String>,
    /// At least one, at most 500.
    #[garde(dive, custom(at_least_one))]
    pub scenes: Vec<OrderedScene>,
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
    /// Your own music: a key that `POST /api/assets` answered, or an https address, which is fetched now; left out, it is composed.
    #[garde(custom(text(1, 2_000)))]
    #[schema(example = "uploads/0123456789abcdef0123456789abcdef.mp3")]
    pub bg_music_url: Option<String>,
}

/// One scene of an ordered storyboard.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderedScene {
    /// What is said.
    #[garde(custom(spoken))]
    #[schema(example = "In July 1969 three people flew to the Moon.")]
    pub narration: String,
    /// What the picture shows, when it is drawn.
    #[garde(custom(text(0, model::storyboard::MAX_NARRATION)))]
    pub visual_description: Option<String>,
    /// Your own picture: a key that `POST /api/assets` answered, or an https address, which is fetched now.
    #[garde(custom(text(1, 2_000)))]
    #[schema(example = "uploads/0123456789abcdef0123456789abcdef.jpg")]
    pub image_url: Option<String>,
    /// Your own clip: a key that `POST /api/assets` answered, or an https address, which is fetched now.
    #[garde(custom(text(1, 2_000)))]
    pub video_url: Option<String>,
    /// Can't be taken: the narration is spoken here.
    #[garde(custom(not_taken("A recorded narration can't be given: it is spoken from narration. Leave it out")))]
    pub audio_url: Option<String>,
    /// Has no effect: lengths come from the narration.
    #[garde(skip)]
    #[schema(ignore)]
    pub duration: Option<IgnoredAny>,
    /// Has no effect: times come from the narration.
    #[garde(skip)]
    #[schema(ignore)]
    pub word_timings: Option<IgnoredAny>,
    /// Has no effect: stills take turns.
    #[garde(skip)]
    #[schema(ignore)]
    pub motion: Option<IgnoredAny>,
    /// How this scene begins: `cut`, `crossfade`, `fadeBlack`, `slide` or `zoomThrough`; by default as the storyboard says.
    #[garde(skip)]
    pub transition: Option<String>,
    /// The point of the picture that stays in view when it is cropped.
    #[garde(dive)]
    pub focus: Option<FocusWish>,
}

impl OrderedScene {
    /// The fields of a storyboard that are there but have no effect here.
    pub fn without_effect(&self) -> Vec<&'static str> {
        let fields = [("duration", &self.duration), ("wordTimings", &self.word_timings), ("motion", &self.motion)];
        fields.iter().filter(|(_, value)| value.is_some()).map(|(name, _)| *name).collect()
    }
}

/// A point of a picture, as fractions of its width and height from the top left.
#[derive(Debug, Clone, Copy, Deserialize, Validate, ToSchema)]
pub struct FocusWish {
    /// 0 (left) to 1 (right).
    #[garde(range(min = 0.0, max = 1.0))]
    #[schema(minimum = 0, maximum = 1)]
    pub x: f64,
    /// 0 (top) to 1 (bottom).
    #[garde(range(min = 0.0, max = 1.0))]
    #[schema(minimum = 0, maximum = 1)]
    pub y: f64,
}

/// How music is mixed.
#[derive(Debug, Clone, Copy, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MusicWish {
    /// Level against the narration in dB, −60 to 0.
    #[garde(inner(range(min = -60.0, max = 0.0)))]
    #[schema(minimum = -60, maximum = 0)]
    pub volume_db: Option<f64>,
    /// Whether the music steps back while somebody speaks.
    #[garde(skip)]
    pub duck: Option<bool>,
}

fn at_least_one(scenes: &[OrderedScene], _: &()) -> garde::Result {
    let most = model::storyboard::MAX_SCENES;
    if (1..=most).contains(&scenes.len()) {
        Ok(())
    } else {
        Err(garde::Error::new(format!("Expected 1 to {most} scenes, found {}", scenes.len())))
    }
}

fn not_taken(problem: &'static str) -> impl FnOnce(&Option<String>, &()) -> garde::Result {
    move |value, ()| if value.is_none() { Ok(()) } else { Err(garde::Error::new(problem)) }
}

/// The order was taken.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShortOrdered {
    /// Ask `/api/shorts/{id}` with it.
    pub id: Uuid,
    /// The project behind it, for changes.
    pub project_id: Uuid,
    /// The same as `id`.
    pub render_id: Uuid,
    /// Always `queued`.
    #[schema(example = "queued")]
    pub status: ShortStatus,
    /// What was read but has no effect, as sentences.
    pub warnings: Vec<String>,
    /// Of the `webhookUrl`: `/api/webhooks/{id}/deliveries` shows what became of its message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_id: Option<Uuid>,
}

/// Where a short stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ShortStatus {
    /// Nothing has begun.
    Queued,
    /// It is being made.
    Processing,
    /// The video is there.
    Completed,
    /// There will be no video; `error` says why.
    Failed,
    /// It was cancelled, or a newer render of the project took its place.
    Cancelled,
}

/// What is being done for a short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShortStage {
    /// Waits for its turn.
    Waiting,
    /// Pictures, narration and music are being made.
    PicturesAndNarration,
    /// The project is paused; send `resume`.
    Paused,
    /// Pictures and sound are being put together.
    Rendering,
    /// The video is there.
    Done,
    /// There will be no video.
    Failed,
    /// It was cancelled.
    Cancelled,
}

/// A short.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Short {
    id: Uuid,
    project_id: Uuid,
    render_id: Uuid,
    status: ShortStatus,
    stage: ShortStage,
    /// 0 to 1. It only rises, unless you change scenes meanwhile.
    #[schema(example = 0.75)]
    progress: f64,
    /// Why there will be no video, in plain words.
    error: Option<String>,
    /// The MP4.
    #[schema(example = "/api/assets?url=renders/0123456789abcdef0123456789abcdef.mp4")]
    video: Option<String>,
    /// Captions as files.
    captions: Option<Captions>,
    /// A JPEG still.
    thumbnail: Option<String>,
    /// Length of the video.
    seconds: Option<f64>,
    /// What was tolerated, as sentences.
    warnings: Vec<String>,
}

/// The share of the whole that pictures, narration and music are.
const MEDIA_SHARE: f64 = 0.5;

impl Short {
    /// A render of a project as a short.
    pub fn new(project: &Project, render: &Render) -> Self {
        let (status, stage, progress) = standing(project, render);
        let output = render.output.as_ref();
        Self {
            id: render.id,
            project_id: project.id,
            render_id: render.id,
            status,
            stage,
            progress,
            error: render_error(render),
            video: output.map(|output| url_of(&output.video)),
            captions: output.map(Captions::of),
            thumbnail: output.map(|output| url_of(&output.thumbnail)),
            seconds: output.map(|output| output.seconds),
            warnings: output.map(|output| output.warnings.clone()).unwrap_or_default(),
        }
    }
}

fn standing(project: &Project, render: &Render) -> (ShortStatus, ShortStage, f64) {
    let rendered = MEDIA_SHARE + (1.0 - MEDIA_SHARE) * render.progress.clamp(0.0, 1.0);
    match render.status {
        RenderStatus::Waiting => {
            let (done, begun) = media_done(project);
            let stage = match project.status {
                ProjectStatus::Paused => ShortStage::Paused,
                _ if begun => ShortStage::PicturesAndNarration,
                _ => ShortStage::Waiting,
            };
            let status = if begun { ShortStatus::Processing } else { ShortStatus::Queued };
            (status, stage, MEDIA_SHARE * done)
        }
        RenderStatus::Queued | RenderStatus::Rendering => (ShortStatus::Processing, ShortStage::Rendering, rendered),
        RenderStatus::Completed => (ShortStatus::Completed, ShortStage::Done, 1.0),
        RenderStatus::Failed => (ShortStatus::Failed, ShortStage::Failed, rendered),
        RenderStatus::Cancelled => (ShortStatus::Cancelled, ShortStage::Cancelled, rendered),
    }
}

/// The share of media that are there or have failed, and whether any work on them has begun.
fn media_done(project: &Project) -> (f64, bool) {
    let settled = |slot: &Slot| matches!(slot.status, SlotStatus::Completed | SlotStatus::Failed | SlotStatus::Skipped);
    let scenes = project.scenes.iter().flat_map(|scene| {
        let shown_by_clip = scene.moving && scene.video.asset.is_some();
        [(!shown_by_clip).then_some(&scene.image), Some(&scene.audio)].into_iter().flatten()
    });
    let slots: Vec<&Slot> = scenes.chain(project.settings.include_music.then_some(&project.music)).collect();
    let begun = slots.iter().any(|slot| slot.status == SlotStatus::Processing || (settled(slot) && !slot.given));
    let done = slots.iter().filter(|slot| settled(slot)).count();
    (done as f64 / slots.len().max(1) as f64, begun)
}
