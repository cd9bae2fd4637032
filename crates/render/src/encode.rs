//! Encoding units of segments: raw frames go to an ffmpeg process, closed-GOP H.264 files come out, one for each segment.
//!
//! Which segments there are is decided in `segment`, which of them need to be made in `render`.

use std::ffi::OsString;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::RenderError;
use crate::feed::Feed;
use crate::ffmpeg;
use crate::join;
use crate::options::{Encoder, Quality};
use crate::plan::Plan;
use crate::scene::SceneFrames;
use crate::segment::{SEGMENT_SECONDS, Segment};
use crate::text::Fonts;

/// The encoder's settings: also part of every segment's recipe.
pub(crate) fn arguments(fps: u32, quality: Quality, encoder: Encoder) -> Vec<String> {
    let mut arguments = match encoder {
        Encoder::X264 => x264_arguments(fps, quality),
        hardware => hardware_arguments(hardware, quality),
    };
    // No frame of a segment may refer to another segment.
    let keyframes = (SEGMENT_SECONDS * fps).to_string();
    arguments.extend(["-g", &keyframes].map(String::from));
    arguments.extend(colour_arguments().map(String::from));
    arguments
}

/// Chosen by measurement: the table is in docs/rendering-internals.md.
fn x264_arguments(fps: u32, quality: Quality) -> Vec<String> {
    let (preset, crf, lookahead) = match quality {
        Quality::Draft => ("ultrafast", "27", ""),
        Quality::Standard => ("superfast", "20", ":mbtree=1:rc-lookahead=5:b-adapt=0"),
        Quality::High => ("medium", "18", ":mbtree=1:rc-lookahead=30"),
    };
    let keyframes = SEGMENT_SECONDS * fps;
    // One thread: several processes at a time share the cores better than threads do.
    let parameters = format!("keyint={keyframes}:open-gop=0:stitchable=1:force-cfr=1{lookahead}");
    let mut arguments: Vec<String> =
        ["-c:v", "libx264", "-threads", "1", "-preset", preset, "-crf", crf].map(String::from).to_vec();
    if quality != Quality::Draft {
        arguments.extend(["-profile:v", "high"].map(String::from));
    }
    arguments.extend(["-x264-params".to_owned(), parameters]);
    arguments
}

/// Constant quality in each encoder's own scale, near what x264 gives.
fn hardware_arguments(encoder: Encoder, quality: Quality) -> Vec<String> {
    let level = match quality {
        Quality::Draft => "30",
        Quality::Standard => "23",
        Quality::High => "19",
    };
    let settings: Vec<&str> = match encoder {
        Encoder::Nvenc => vec!["-rc", "vbr", "-cq", level, "-b:v", "0", "-preset", "p4", "-forced-idr", "1", "-bf", "2"],
        Encoder::Vaapi => vec!["-vf", "format=nv12,hwupload", "-rc_mode", "CQP", "-qp", level, "-bf", "0"],
        Encoder::Qsv => vec!["-vf", "format=nv12", "-global_quality", level, "-preset", "medium", "-forced_idr", "1"],
        Encoder::VideoToolbox => {
            let quality = match quality {
                Quality::Draft => "40",
                Quality::Standard => "60",
                Quality::High => "75",
            };
            vec!["-q:v", quality]
        }
        Encoder::X264 => vec![],
    };
    ["-c:v", encoder.name()].iter().chain(&settings).chain(&["-profile:v", "high"]).map(ToString::to_string).collect()
}

fn colour_arguments() -> [&'static str; 8] {
    ["-color_range", "tv", "-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709"]
}

/// What must stand before the input.
fn device_arguments(encoder: Encoder) -> &'static [&'static str] {
    match encoder {
        Encoder::Vaapi => &["-vaapi_device", "/dev/dri/renderD128"],
        _ => &[],
    }
}

/// The wanted encoder if a short trial works here; otherwise x264, and a sentence that says so.
pub(crate) fn available(wanted: Encoder, quality: Quality) -> (Encoder, Option<String>) {
    if wanted == Encoder::X264 {
        return (wanted, None);
    }
    let mut trial: Vec<String> = device_arguments(wanted).iter().map(ToString::to_string).collect();
    trial.extend(["-f", "lavfi", "-i", "color=size=320x320:rate=30", "-frames:v", "5"].map(String::from));
    trial.extend(arguments(30, quality, wanted));
    trial.extend(["-f", "null", "-"].map(String::from));
    match ffmpeg::ffmpeg("trying the encoder", trial).and_then(ffmpeg::Tool::finish) {
        Ok(_) => (wanted, None),
        Err(error) => {
            let reason = match error {
                RenderError::Ffmpeg { detail, .. } => detail,
                other => other.to_string(),
            };
            let name = wanted.name();
            (Encoder::X264, Some(format!("the encoder {name} does not work here, so libx264 was used ({reason})")))
        }
    }
}

/// Who is told how far the encoding is.
pub(crate) struct Watch<'a> {
    /// Set to end the work at the next frame.
    pub(crate) stop: &'a AtomicBool,
    /// Called after each frame that was drawn.
    pub(crate) drawn: &'a (dyn Fn() + Sync),
    /// Called with a segment's index in the video when its file is complete, in rising order.
    pub(crate) complete: &'a (dyn Fn(usize) -> Result<(), RenderError> + Sync),
}

/// Draws and encodes the segments from index `first` of the video, which follow each other, to their files in `folder`.
pub(crate) fn encode(
    plan: &Plan,
    (first, segments): (usize, &[Segment]),
    (quality, encoder): (Quality, Encoder),
    folder: &Path,
    fonts: &mut Fonts,
    watch: &Watch,
) -> Result<(), RenderError> {
    let number = |segment: &Segment| plan.timeline.scenes[segment.scene].number;
    let doing = match (number(&segments[0]), number(&segments[segments.len() - 1])) {
        (one, other) if one == other => format!("encoding scene {one}"),
        (one, other) => format!("encoding scenes {one} to {other}"),
    };
    let mut feed = Feed::new(plan.timeline.size);
    let mut tool = ffmpeg::ffmpeg_in(folder, doing, command_line(plan, (first, segments), quality, encoder))?;
    let mut completed = first;
    for scene in segments.chunk_by(|one, other| one.scene == other.scene) {
        let mut frames = SceneFrames::open(plan, scene[0].scene, scene[0].frames.start, watch.stop)?;
        for segment in scene {
            for index in segment.frames.clone() {
                if watch.stop.load(Ordering::Relaxed) {
                    return Err(RenderError::Stopped);
                }
                frames.draw(index, feed.frame(), fonts)?;
                feed.send(&mut tool, watch.stop)?;
                (watch.drawn)();
            }
            // The muxer closes a file before it opens the next one.
            while completed + 1 < first + segments.len() && folder.join(join::segment_name(completed + 1)).exists() {
                (watch.complete)(completed)?;
                completed += 1;
            }
        }
    }
    tool.finish_until(watch.stop)?;
    (completed..first + segments.len()).try_for_each(watch.complete)
}

fn command_line(plan: &Plan, (first, segments): (usize, &[Segment]), quality: Quality, encoder: Encoder) -> Vec<OsString> {
    let timeline = &plan.timeline;
    let (size, rate) = (format!("{}x{}", timeline.size.width, timeline.size.height), timeline.fps.to_string());
    let mut line: Vec<String> = device_arguments(encoder).iter().map(ToString::to_string).collect();
    line.extend(["-f", "rawvideo", "-pix_fmt", "yuv420p", "-video_size", &size, "-framerate", &rate].map(String::from));
    line.extend(colour_arguments().map(String::from));
    line.extend(["-i", "pipe:0", "-an"].map(String::from));
    line.extend(arguments(timeline.fps, quality, encoder));
    if !arguments(timeline.fps, quality, encoder).contains(&"-vf".to_owned()) {
        line.extend(["-pix_fmt", "yuv420p"].map(String::from));
    }
    // Where segments meet: each begins with a keyframe and a file.
    let lengths = segments[..segments.len() - 1].iter().map(Segment::len);
    let cuts: Vec<u64> = lengths
        .scan(0, |frames, length| {
            *frames += length;
            Some(*frames)
        })
        .collect();
    if !cuts.is_empty() {
        // Times are rounded to frames again; an expression of frame numbers may only have a hundred of them.
        let each: Vec<String> = cuts.iter().map(|cut| format!("{:.6}", *cut as f64 / f64::from(timeline.fps))).collect();
        line.extend(["-force_key_frames".to_owned(), each.join(",")]);
    }
    let list = cuts.iter().map(u64::to_string).collect::<Vec<_>>().join(",");
    // Without a cut of its own the muxer would cut every two seconds.
    let list = if list.is_empty() { (i32::MAX - 1).to_string() } else { list };
    line.extend(["-fflags", "+bitexact", "-flags:v", "+bitexact", "-f", "segment", "-segment_format", "mp4"].map(String::from));
    let options = format!("video_track_timescale={}:{}", join::timescale(timeline.fps), join::SEGMENT_FLAGS);
    line.extend(["-segment_frames", &list, "-segment_start_number", &first.to_string()].map(String::from));
    line.extend(
        ["-reset_timestamps", "1", "-avoid_negative_ts", "disabled", "-segment_format_options", &options].map(String::from),
    );
    line.push(join::SEGMENT_NAMES.to_owned());
    line.into_iter().map(OsString::from).collect()
}
