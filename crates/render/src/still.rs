//! Pictures out of a plan without a video: a thumbnail, any frame as it is in the video, and all frames in turn.

use std::ops::Range;
use std::sync::atomic::AtomicBool;

use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use model::storyboard::{Size, Storyboard};

use crate::error::RenderError;
use crate::frame::Frame;
use crate::media::Media;
use crate::options::Flow;
use crate::plan::{Plan, plan_until};
use crate::resample::Scratch;
use crate::scene::{Background, SceneFrames};
use crate::text::Fonts;

/// The place in the first scene that the thumbnail shows.
const THUMBNAIL_AT: f64 = 0.6;
const THUMBNAIL_QUALITY: u8 = 88;

/// A JPEG of the first scene without captions, in the video's size.
///
/// # Errors
/// When the picture or clip can't be decoded.
pub fn thumbnail(plan: &Plan) -> Result<Vec<u8>, RenderError> {
    let stop = AtomicBool::new(false);
    let index = (plan.timeline.scenes[0].frame_count as f64 * THUMBNAIL_AT) as u64;
    let mut frame = Frame::black(plan.size());
    Background::open(plan, 0, &stop)?.draw(index, 1.0, &mut frame, &mut Scratch::default())?;
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, THUMBNAIL_QUALITY)
        .encode_image(&frame.to_rgb())
        .map_err(|error| RenderError::Ffmpeg { doing: "encoding the thumbnail".to_owned(), detail: error.to_string() })?;
    Ok(bytes)
}

/// The frame that is shown at `seconds`, with its transition and captions; before the start the first frame, after the
/// end the last.
///
/// # Errors
/// When a picture or clip can't be decoded.
pub fn frame_at(plan: &Plan, seconds: f64) -> Result<RgbImage, RenderError> {
    let timeline = &plan.timeline;
    let number = ((seconds.max(0.0) * f64::from(timeline.fps)).floor() as u64).min(timeline.frame_count() - 1);
    let index = timeline.scenes.partition_point(|scene| scene.first_frame <= number) - 1;
    let stop = AtomicBool::new(false);
    let within = number - timeline.scenes[index].first_frame;
    let mut frame = Frame::black(plan.size());
    SceneFrames::open(plan, index, within, &stop)?.draw(within, &mut frame, &mut Fonts::bundled())?;
    Ok(frame.to_rgb())
}

/// Draws `frames` of the video (0 is the first) in turn and gives each to `sink` as I420 bytes in BT.709 limited range: what the
/// encoder gets, for encoders of one's own and for measuring. Frames after the end are left out.
///
/// # Errors
/// When a picture or clip can't be decoded, and [`RenderError::Stopped`] when `sink` says so.
pub fn raw_frames(plan: &Plan, frames: Range<u64>, sink: &mut dyn FnMut(&[u8]) -> Flow) -> Result<(), RenderError> {
    let stop = AtomicBool::new(false);
    let (mut frame, mut fonts) = (Frame::black(plan.size()), Fonts::bundled());
    for (index, scene) in plan.timeline.scenes.iter().enumerate() {
        let first = frames.start.max(scene.first_frame);
        let last = frames.end.min(scene.first_frame + scene.frame_count);
        if first >= last {
            continue;
        }
        let mut drawing = SceneFrames::open(plan, index, first - scene.first_frame, &stop)?;
        for number in first..last {
            drawing.draw(number - scene.first_frame, &mut frame, &mut fonts)?;
            if sink(&frame.data) == Flow::Stop {
                return Err(RenderError::Stopped);
            }
        }
    }
    Ok(())
}

/// The shorter side of a preview in pixels.
const PREVIEW_SIDE: u32 = 540;

/// The frame at `seconds` with its transition and captions, small and soon: only the scenes up to that moment are looked into.
/// The shorter side is 540 pixels. For many frames make a plan once and ask [`frame_at`].
///
/// # Errors
/// As in [`crate::plan()`], for the scenes up to that moment.
pub fn preview(storyboard: &Storyboard, media: &dyn Media, seconds: f64) -> Result<RgbImage, RenderError> {
    let Size { width, height } = storyboard.size;
    // A video that is smaller than that is not enlarged.
    let shorter = width.min(height).max(PREVIEW_SIDE);
    let side = |side: u32| (side * PREVIEW_SIDE / shorter).next_multiple_of(2);
    let small = Storyboard { size: Size { width: side(width), height: side(height) }, ..storyboard.clone() };
    frame_at(&plan_until(&small, media, seconds)?, seconds)
}
