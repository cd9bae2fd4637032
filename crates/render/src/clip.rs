//! Moving pictures of one's own: what is in them, whether all that will be shown is there, and their frames one by one.
//!
//! Holding the last frame and everything that is drawn over a clip is in `scene`.

use std::ffi::OsString;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use model::storyboard::{MAX_SCENE_SECONDS, Size};
use serde::{Deserialize, Serialize};

use crate::error::RenderError;
use crate::ffmpeg::{self, Output, Tool};
use crate::frame::Frame;
use crate::media;
use crate::picture;
use crate::probe::{probe, reason};

/// Videos from this height on are in BT.709 when they don't say what they are in, smaller ones in BT.601: so do players.
const HD: u32 = 720;
/// A clip may end this much before the time it promises: the last frame's length is often not in the file.
const TOLERANCE: f64 = 0.5;

/// The size of the first video stream.
pub(crate) fn video_size(path: &Path, demuxer: &str) -> Result<(u32, u32), String> {
    let probed = probe(path, demuxer)?;
    let size = probed.streams.iter().find_map(|stream| Some((stream.width?, stream.height?)));
    size.filter(|(width, height)| *width > 0 && *height > 0).ok_or_else(|| "holds no picture".to_owned())
}

/// What is known of a clip.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ClipFacts {
    /// The demuxer to open it with.
    pub(crate) demuxer: String,
    /// Whether its pixels are not square.
    pub(crate) odd_pixels: bool,
    /// The matrix of its colours, where the file doesn't say it.
    pub(crate) matrix: Option<String>,
    /// How long it shows something, in seconds.
    pub(crate) seconds: f64,
    /// Where it breaks off although it promises more, in seconds.
    pub(crate) cut_at: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct Looked {
    #[serde(default)]
    packets: Vec<Packet>,
    #[serde(default)]
    streams: Vec<Stream>,
    #[serde(default)]
    format: Format,
}

#[derive(Debug, Deserialize)]
struct Packet {
    stream_index: usize,
    pts_time: Option<String>,
    duration_time: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Stream {
    index: usize,
    codec_type: Option<String>,
    width: Option<u32>,
    height: Option<u32>,
    sample_aspect_ratio: Option<String>,
    color_space: Option<String>,
    start_time: Option<String>,
    duration: Option<String>,
    #[serde(default)]
    disposition: Disposition,
}

#[derive(Debug, Default, Deserialize)]
struct Disposition {
    #[serde(default)]
    attached_pic: u8,
}

#[derive(Debug, Default, Deserialize)]
struct Format {
    start_time: Option<String>,
    duration: Option<String>,
}

/// Looks through a clip, as far as a scene can show it, and decodes its first frame.
pub(crate) fn clip(path: &Path) -> Result<ClipFacts, String> {
    let head = media::head(path)?;
    let demuxer = media::demuxer(&head)
        .filter(|demuxer| ["mov", "matroska"].contains(demuxer))
        .ok_or("is not a video in a known format; use MP4, MOV or WebM")?;
    let looked = look(path, demuxer)?;
    let stream = looked
        .streams
        .iter()
        .find(|stream| stream.codec_type.as_deref() == Some("video") && stream.disposition.attached_pic == 0)
        .ok_or("holds no moving picture")?;
    let (width, height) = (stream.width.unwrap_or(0), stream.height.unwrap_or(0));
    if width == 0 || height == 0 || u64::from(width) * u64::from(height) > picture::MOST_PIXELS {
        return Err(format!("has a frame size of {width}×{height}, which can't be used"));
    }
    let mut arguments: Vec<OsString> = ["-f", demuxer, "-i"].map(OsString::from).to_vec();
    arguments.push(media::ffmpeg_path(path));
    arguments.extend(["-map", "0:V:0", "-frames:v", "1", "-f", "framecrc", "pipe:1"].map(OsString::from));
    let output = ffmpeg::ffmpeg("decoding a clip", arguments).and_then(Tool::output).map_err(|error| reason(&error))?;
    if !String::from_utf8_lossy(&output).lines().any(|line| line.starts_with("0,")) {
        return Err("not even its first frame can be decoded".to_owned());
    }
    let odd_pixels = stream.sample_aspect_ratio.as_deref().is_some_and(|ratio| !["1:1", "0:1", "N/A"].contains(&ratio));
    let told = stream.color_space.as_deref().is_some_and(|matrix| matrix != "unknown" && matrix != "reserved");
    let matrix = (!told).then_some(if width.min(height) >= HD { "bt709" } else { "bt601" }.to_owned());
    let seconds = looked.end(Some(stream.index)) - number(&looked.format.start_time).unwrap_or(0.0);
    Ok(ClipFacts {
        demuxer: demuxer.to_owned(),
        odd_pixels,
        matrix,
        seconds: seconds.max(0.0),
        cut_at: cut_at(&looked, stream, seconds.max(0.0)),
    })
}

/// Walks through the packets without decoding them.
fn look(path: &Path, demuxer: &str) -> Result<Looked, String> {
    let within = format!("%+{}", MAX_SCENE_SECONDS + 10.0);
    let entries = "stream=index,codec_type,width,height,sample_aspect_ratio,color_space,start_time,duration\
                   :stream_disposition=attached_pic:format=start_time,duration:packet=stream_index,pts_time,duration_time";
    let mut arguments: Vec<OsString> = ["-f", demuxer, "-read_intervals", &within].map(OsString::from).to_vec();
    arguments.extend(["-show_streams", "-show_format", "-show_packets", "-show_entries", entries].map(OsString::from));
    arguments.push(media::ffmpeg_path(path));
    let output = ffmpeg::ffprobe("looking into a file", arguments).and_then(Tool::output).map_err(|error| reason(&error))?;
    serde_json::from_slice(&output).map_err(|error| format!("ffprobe gave no usable answer: {error}"))
}

fn number(text: &Option<String>) -> Option<f64> {
    text.as_deref().and_then(|text| text.parse().ok())
}

impl Looked {
    /// Where the last packet of a stream, or of all streams, ends.
    fn end(&self, stream: Option<usize>) -> f64 {
        let packets = || self.packets.iter().filter(|packet| stream.is_none_or(|stream| packet.stream_index == stream));
        // The last frames may come without a length of their own; they last as long as the others.
        let usual = packets().find_map(|packet| number(&packet.duration_time)).unwrap_or(0.0);
        packets()
            .filter_map(|packet| Some(number(&packet.pts_time)? + number(&packet.duration_time).unwrap_or(usual)))
            .fold(0.0, f64::max)
    }
}

/// Where the clip's pictures end (after `shown` seconds), if that is before the time that the file promises.
fn cut_at(looked: &Looked, stream: &Stream, shown: f64) -> Option<f64> {
    // Some containers know how long each stream is; of others only the whole is known, whatever lasts longest in it.
    let (promised, reached) = match number(&stream.duration) {
        Some(duration) => (number(&stream.start_time).unwrap_or(0.0) + duration, looked.end(Some(stream.index))),
        None => (number(&looked.format.start_time).unwrap_or(0.0) + number(&looked.format.duration)?, looked.end(None)),
    };
    (reached < promised.min(MAX_SCENE_SECONDS) - TOLERANCE).then_some(shown)
}

/// A clip that is being decoded, in the frame's size, shape, rate and colours.
pub(crate) struct Player<'a> {
    /// Taken when the stream has ended; dropped, and so killed, with the player.
    tool: Option<Tool>,
    stream: Output,
    /// The last frame that was read.
    pub(crate) current: Frame,
    next: u64,
    /// The frame number after the clip's last own frame.
    pub(crate) ended: Option<u64>,
    stop: &'a AtomicBool,
}

impl<'a> Player<'a> {
    /// Starts decoding at most `limit` frames. `doing` is for errors, such as "decoding the clip of scene 2".
    pub(crate) fn start(
        (path, facts): (&Path, &ClipFacts),
        (size, fps): (Size, u32),
        limit: u64,
        doing: String,
        stop: &'a AtomicBool,
    ) -> Result<Self, RenderError> {
        let mut arguments: Vec<OsString> = ["-threads", "1", "-f", facts.demuxer.as_str(), "-i"].map(OsString::from).to_vec();
        arguments.push(media::ffmpeg_path(path));
        let (filter, limit) = (filter(size, fps, facts), limit.to_string());
        arguments.extend(["-map", "0:V:0", "-an", "-vf", &filter].map(OsString::from));
        arguments.extend(["-frames:v", &limit, "-pix_fmt", "yuv420p", "-f", "rawvideo", "pipe:1"].map(OsString::from));
        let mut tool = ffmpeg::ffmpeg(doing, arguments)?;
        let stream = tool.reader();
        Ok(Self { tool: Some(tool), stream, current: Frame::black(size), next: 0, ended: None, stop })
    }

    /// Goes on to frame `index`, or to the last one if there are fewer.
    pub(crate) fn advance(&mut self, index: u64) -> Result<(), RenderError> {
        while self.next <= index && self.ended.is_none() {
            // A partly read frame must not be shown: it goes to its own memory first.
            let mut frame = vec![0; self.current.data.len()];
            let length = self.stream.fill(&mut frame, self.stop);
            if self.stop.load(Ordering::Relaxed) {
                return Err(RenderError::Stopped);
            }
            if length.is_ok_and(|length| length == frame.len()) {
                self.current.data = frame;
                self.next += 1;
                continue;
            }
            // The end, or a failure: it knows best.
            if let Some(tool) = self.tool.take() {
                tool.finish_until(self.stop)?;
            }
            if self.next == 0 {
                let detail = "the clip gave no frame".to_owned();
                return Err(RenderError::Ffmpeg { doing: "decoding a clip".to_owned(), detail });
            }
            self.ended = Some(self.next);
        }
        Ok(())
    }
}

fn filter(size: Size, fps: u32, facts: &ClipFacts) -> String {
    let Size { width, height } = size;
    let square = if facts.odd_pixels { "scale=w='max(2,trunc(iw*sar/2)*2)':h=ih,setsar=1," } else { "" };
    let matrix = facts.matrix.as_deref().map_or(String::new(), |matrix| format!(":in_color_matrix={matrix}"));
    format!(
        "fps={fps}:start_time=0,{square}scale={width}:{height}:force_original_aspect_ratio=increase:flags=bicubic+accurate_rnd\
         {matrix}:out_color_matrix=bt709:out_range=tv,crop={width}:{height},format=yuv420p"
    )
}
