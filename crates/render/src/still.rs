//! Single pictures out of a plan: a thumbnail and any frame as it is in the video.

use std::sync::atomic::AtomicBool;

use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;

use crate::error::RenderError;
use crate::frame::Frame;
use crate::plan::Plan;
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
