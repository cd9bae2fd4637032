//! Segments: a scene, or a part of a long one, encoded as closed-GOP H.264 by an ffmpeg process of its own.
//!
//! Joining segments with the sound is in `join`; which segments need to be made at all is decided in `render` and `cache`.

use std::ffi::OsString;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use model::timeline::Visual;

use crate::camera::Camera;
use crate::error::RenderError;
use crate::ffmpeg;
use crate::frame::Frame;
use crate::options::Quality;
use crate::plan::Plan;
use crate::scene::{self, SceneFrames};
use crate::text::Fonts;

/// Scenes longer than this are cut into parts, in seconds: all cores stay busy and a change in one scene stays cheap.
const LONGEST_SEGMENT: u64 = 12;

/// Some frames of one scene, encoded on their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    /// Index of the scene.
    pub(crate) scene: usize,
    /// Frames of the scene.
    pub(crate) frames: Range<u64>,
}

/// The segments of a plan in their order. Clips stay whole because they can only be decoded from their start.
pub(crate) fn segments(plan: &Plan) -> Vec<Segment> {
    let most = LONGEST_SEGMENT * u64::from(plan.timeline.fps);
    let mut segments = Vec::new();
    for (scene, entry) in plan.timeline.scenes.iter().enumerate() {
        let parts = if plan.is_still(scene) { entry.frame_count.div_ceil(most) } else { 1 };
        let cut = |part: u64| entry.frame_count * part / parts;
        segments.extend((0..parts).map(|part| Segment { scene, frames: cut(part)..cut(part + 1) }));
    }
    segments
}

/// Everything that shapes a segment, as text to be hashed.
pub(crate) fn recipe(plan: &Plan, segment: &Segment, quality: Quality) -> String {
    let timeline = &plan.timeline;
    let scene = &timeline.scenes[segment.scene];
    let before = match scene::transition_frames(plan, segment.scene) {
        length if segment.frames.start < length => format!("{:?} {length} {}", scene.transition, held(plan, segment.scene - 1)),
        _ => String::new(),
    };
    format!(
        "{}\n{}\n{} {}\n{:?}\n{}\n{before}\n{:?}\n{:?}\n{:?}",
        crate::RENDER_VERSION,
        plan.encoder,
        timeline.size,
        timeline.fps,
        segment.frames,
        shown(plan, segment.scene),
        scene.words,
        timeline.captions,
        encoder_arguments(timeline.fps, quality),
    )
}

/// What shapes the pictures of a scene. A file counts by its content, not by its name.
fn shown(plan: &Plan, index: usize) -> String {
    let (scene, file) = (&plan.timeline.scenes[index], &plan.scenes[index].visual);
    let look = match &scene.visual {
        Visual::Still { motion, focus, .. } => format!("{motion:?} {focus:?}"),
        Visual::Clip { .. } => "clip".to_owned(),
    };
    format!("{look} {} {:?} {}", file.hash, file.clip, scene.frame_count)
}

/// What shapes a scene's last picture, which is held under the next scene's transition.
///
/// Where a still's camera ends does not depend on the scene's length (unless it is very short), so that another narration
/// costs one scene and not its neighbour too.
fn held(plan: &Plan, index: usize) -> String {
    let (scene, file) = (&plan.timeline.scenes[index], &plan.scenes[index].visual);
    match scene.visual {
        Visual::Still { motion, focus, .. } => {
            let camera = Camera::new(motion, focus, scene.frame_count, plan.timeline.fps);
            format!("{motion:?} {focus:?} {} {} {}", file.hash, camera.headroom(), scene.frame_count == 1)
        }
        Visual::Clip { .. } => format!("clip {} {:?} {}", file.hash, file.clip, scene.frame_count),
    }
}

/// The encoder's settings: also part of every segment's recipe.
fn encoder_arguments(fps: u32, quality: Quality) -> Vec<String> {
    let (preset, crf, lookahead) = match quality {
        Quality::Draft => ("ultrafast", "27", ""),
        Quality::Standard => ("superfast", "21", ":mbtree=1:rc-lookahead=10"),
        Quality::High => ("medium", "18", ":mbtree=1:rc-lookahead=30"),
    };
    let keyframes = 2 * fps;
    let parameters = format!("keyint={keyframes}:open-gop=0:stitchable=1:force-cfr=1{lookahead}");
    let mut arguments: Vec<String> =
        ["-c:v", "libx264", "-threads", "1", "-preset", preset, "-crf", crf].map(String::from).to_vec();
    if quality != Quality::Draft {
        arguments.extend(["-profile:v", "high"].map(String::from));
    }
    arguments.extend(["-x264-params".to_owned(), parameters]);
    arguments.extend(colour_arguments().map(String::from));
    arguments
}

fn colour_arguments() -> [&'static str; 8] {
    ["-color_range", "tv", "-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709"]
}

/// Draws and encodes a segment to `path`. `drawn` is called after each frame; `stop` ends the work at the next frame.
pub(crate) fn encode(
    plan: &Plan,
    segment: &Segment,
    quality: Quality,
    path: &Path,
    fonts: &mut Fonts,
    (stop, drawn): (&AtomicBool, &(dyn Fn() + Sync)),
) -> Result<(), RenderError> {
    let timeline = &plan.timeline;
    let mut frames = SceneFrames::open(plan, segment.scene, segment.frames.start, stop)?;
    let (size, rate) = (format!("{}x{}", timeline.size.width, timeline.size.height), timeline.fps.to_string());
    let mut arguments: Vec<OsString> =
        ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-video_size", &size, "-framerate", &rate].map(OsString::from).to_vec();
    arguments.extend(colour_arguments().map(OsString::from));
    arguments.extend(["-i", "pipe:0", "-an"].map(OsString::from));
    arguments.extend(encoder_arguments(timeline.fps, quality).into_iter().map(OsString::from));
    let timescale = (timeline.fps * 512).to_string();
    arguments.extend(
        [
            "-pix_fmt",
            "yuv420p",
            "-fflags",
            "+bitexact",
            "-flags:v",
            "+bitexact",
            "-video_track_timescale",
            &timescale,
            "-f",
            "mp4",
        ]
        .map(OsString::from),
    );
    arguments.push(crate::media::ffmpeg_path(path));
    let mut encoder = ffmpeg::ffmpeg(format!("encoding scene {}", timeline.scenes[segment.scene].number), arguments)?;
    let mut frame = Frame::black(timeline.size);
    for index in segment.frames.clone() {
        if stop.load(Ordering::Relaxed) {
            return Err(RenderError::Stopped);
        }
        frames.draw(index, &mut frame, fonts)?;
        encoder.write_until(&frame.data, stop)?;
        drawn();
    }
    encoder.finish_until(stop).map(|_| ())
}
