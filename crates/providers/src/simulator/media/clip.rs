//! Clips: the prompt's picture, or the first frame that came along, with something that moves over it.

use std::process::Command;

use bytes::Bytes;

use super::Media;
use super::ffmpeg;
use super::picture::{self, PictureFormat, PictureOrder};

/// Frames per second.
const RATE: u32 = 24;

/// What to film.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct ClipOrder {
    /// Shown in the clip; its hash gives the colour.
    pub(in super::super) prompt: String,
    /// Shown small on top.
    pub(in super::super) label: String,
    /// Both sides are rounded down to even numbers.
    pub(in super::super) width: u32,
    pub(in super::super) height: u32,
    pub(in super::super) seconds: f64,
    /// Is there a sound (a soft tone)?
    pub(in super::super) sound: bool,
    /// The picture it begins with.
    pub(in super::super) first_frame: Option<Bytes>,
}

pub(super) fn film(order: &ClipOrder) -> Result<Media, String> {
    let (width, height) = (order.width.clamp(64, 3840) & !1, order.height.clamp(64, 3840) & !1);
    let folder = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
    let (still, clip) = (folder.path().join("still.png"), folder.path().join("clip.mp4"));
    ffmpeg::write(&still, &picture::encode(&ground(order, width, height), PictureFormat::Png).bytes)?;
    let mut command = Command::new("ffmpeg");
    let seconds = format!("{:.3}", order.seconds.clamp(0.5, 60.0));
    command.args(["-v", "error", "-nostdin", "-y", "-loop", "1", "-framerate", &RATE.to_string(), "-i"]).arg(&still);
    let side = (width.min(height) / 6) & !1;
    command.args(["-f", "lavfi", "-i", &format!("color=c=white:s={side}x{side}:r={RATE}")]);
    if order.sound {
        command.args(["-f", "lavfi", "-i", &format!("sine=frequency={}:sample_rate=48000", tone(&order.prompt))]);
    }
    // The square crosses the picture once in two seconds, so that every frame differs from the last.
    let motion = format!("[0:v][1:v]overlay=x='mod(t*{width}/2,{width}+{side})-{side}':y={},format=yuv420p[v]", height * 17 / 20);
    command.args(["-filter_complex", &motion, "-map", "[v]"]);
    if order.sound {
        command.args(["-map", "2:a", "-af", "volume=0.2", "-c:a", "aac", "-b:a", "64k"]);
    }
    command.args(["-c:v", "libx264", "-preset", "ultrafast", "-tune", "animation", "-crf", "30", "-threads", "2"]);
    command.args(["-t", &seconds, "-movflags", "+faststart", "-f", "mp4"]).arg(&clip);
    ffmpeg::run(command)?;
    Ok(Media { bytes: ffmpeg::read(&clip)?.into(), media_type: "video/mp4" })
}

/// What stands still: the prompt on the first frame, or the prompt's own picture.
fn ground(order: &ClipOrder, width: u32, height: u32) -> tiny_skia::Pixmap {
    let own = PictureOrder { prompt: order.prompt.clone(), label: order.label.clone(), width, height, ..PictureOrder::default() };
    picture::paint(&own, order.first_frame.as_deref())
}

/// Hertz, between 220 and 440.
fn tone(prompt: &str) -> u32 {
    let [red, green, blue] = picture::colour(prompt);
    220 + (u32::from(red) + u32::from(green) + u32::from(blue)) % 220
}
