//! Moving pictures of one's own: what is in them, and whether all that will be shown can be decoded.
//!
//! Drawing their frames is in `scene`.

use std::ffi::OsString;
use std::path::Path;

use crate::ffmpeg::{self, Tool};
use crate::media;
use crate::picture;
use crate::probe::{probe, reason};

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
    Ok(ClipFacts { demuxer, odd_pixels })
}
