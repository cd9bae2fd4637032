//! What ffprobe says of sound and video files, and what is inside clips, found out before the first frame is drawn.
//!
//! Every file is opened with the demuxer its first bytes name and no other; pictures are checked in `picture`, sounds in
//! `sound_file`.

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::path::Path;

use serde::Deserialize;

use crate::error::RenderError;
use crate::ffmpeg::{self, Tool};
use crate::media;

#[derive(Debug, Deserialize)]
pub(crate) struct Probed {
    #[serde(default)]
    streams: Vec<Stream>,
    #[serde(default)]
    format: Format,
}

#[derive(Debug, Deserialize)]
struct Stream {
    codec_type: Option<String>,
    width: Option<u32>,
    height: Option<u32>,
    sample_aspect_ratio: Option<String>,
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
    duration: Option<String>,
    start_time: Option<String>,
}

impl Probed {
    pub(crate) fn has_sound(&self) -> bool {
        self.streams.iter().any(|stream| stream.codec_type.as_deref() == Some("audio"))
    }

    /// The length that the container writes down, in seconds.
    pub(crate) fn format_seconds(&self) -> Option<f64> {
        self.format.duration.as_deref().and_then(|text| text.parse().ok())
    }
}

/// Asks ffprobe about a file.
pub(crate) fn probe(path: &Path, demuxer: &str) -> Result<Probed, String> {
    let input = media::ffmpeg_path(path);
    let arguments: [&OsStr; 7] = [
        "-f".as_ref(),
        demuxer.as_ref(),
        "-show_streams".as_ref(),
        "-show_format".as_ref(),
        "-show_entries".as_ref(),
        "stream=codec_type,width,height,sample_aspect_ratio:stream_disposition=attached_pic:format=duration".as_ref(),
        &input,
    ];
    let output = ffmpeg::ffprobe("looking into a file", arguments).and_then(Tool::output).map_err(|error| reason(&error))?;
    serde_json::from_slice(&output).map_err(|error| format!("ffprobe gave no usable answer: {error}"))
}

/// An ffmpeg error about an input, without the path that it repeats.
pub(crate) fn reason(error: &RenderError) -> String {
    match error {
        RenderError::Ffmpeg { detail, .. } => {
            let detail = detail.rsplit("; ").next().unwrap_or(detail);
            format!("can't be decoded ({})", detail.rsplit(": ").next().unwrap_or(detail).trim_end_matches('.'))
        }
        other => other.to_string(),
    }
}

/// Reads until the block is full or the stream ends.
pub(crate) fn fill(stream: &mut impl Read, block: &mut [u8]) -> std::io::Result<usize> {
    let mut length = 0;
    while length < block.len() {
        match stream.read(&mut block[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

/// The length of a clip's picture in seconds, by the times of its frames.
pub(crate) fn clip_seconds(path: &Path, demuxer: &str) -> Result<f64, String> {
    let input = media::ffmpeg_path(path);
    let entries = "packet=pts_time,duration_time:format=start_time";
    let arguments: [&OsStr; 7] = [
        "-f".as_ref(),
        demuxer.as_ref(),
        "-select_streams".as_ref(),
        "V:0".as_ref(),
        "-show_entries".as_ref(),
        entries.as_ref(),
        &input,
    ];
    let output = ffmpeg::ffprobe("measuring a clip", arguments).and_then(Tool::output).map_err(|error| reason(&error))?;
    let times: Times = serde_json::from_slice(&output).map_err(|error| format!("ffprobe gave no usable answer: {error}"))?;
    let number = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<f64>().ok());
    // The last frames may come without a length of their own; they last as long as the others.
    let usual = times.packets.iter().find_map(|packet| number(&packet.duration_time)).unwrap_or(0.0);
    let ends = times
        .packets
        .iter()
        .filter_map(|packet| Some(number(&packet.pts_time)? + number(&packet.duration_time).unwrap_or(usual)));
    let seconds = ends.fold(0.0, f64::max) - number(&times.format.start_time).unwrap_or(0.0);
    match seconds > 0.0 {
        true => Ok(seconds),
        false => Err("does not say how long it is; give the scene a duration".to_owned()),
    }
}

#[derive(Debug, Deserialize)]
struct Times {
    #[serde(default)]
    packets: Vec<Packet>,
    #[serde(default)]
    format: Format,
}

#[derive(Debug, Deserialize)]
struct Packet {
    pts_time: Option<String>,
    duration_time: Option<String>,
}

/// The size of the first video stream.
pub(crate) fn video_size(path: &Path, demuxer: &str) -> Result<(u32, u32), String> {
    let probed = probe(path, demuxer)?;
    let size = probed.streams.iter().find_map(|stream| Some((stream.width?, stream.height?)));
    size.filter(|(width, height)| *width > 0 && *height > 0).ok_or_else(|| "holds no picture".to_owned())
}

/// What is known of a clip.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ClipFacts {
    /// The demuxer to open it with.
    pub(crate) demuxer: &'static str,
    /// Whether its pixels are not square.
    pub(crate) odd_pixels: bool,
}

/// Looks into a clip and decodes its first frame.
pub(crate) fn clip(path: &Path) -> Result<ClipFacts, String> {
    let head = media::head(path)?;
    let demuxer = media::demuxer(&head)
        .filter(|demuxer| ["mov", "matroska"].contains(demuxer))
        .ok_or("is not a video in a known format; use MP4, MOV or WebM")?;
    let probed = probe(path, demuxer)?;
    let stream = probed
        .streams
        .iter()
        .find(|stream| stream.codec_type.as_deref() == Some("video") && stream.disposition.attached_pic == 0)
        .ok_or("holds no moving picture")?;
    let (width, height) = (stream.width.unwrap_or(0), stream.height.unwrap_or(0));
    if width == 0 || height == 0 || u64::from(width) * u64::from(height) > crate::picture::MOST_PIXELS {
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
    Ok(ClipFacts { demuxer, odd_pixels })
}
