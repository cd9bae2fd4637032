//! What ffprobe says of sound and video files, found out before the first frame is drawn.
//!
//! Every file is opened with the demuxer its first bytes name and no other; clips are looked into in `clip`, pictures in
//! `picture`, sounds in `sound_file`.

use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;

use crate::error::RenderError;
use crate::ffmpeg::{self, Tool};
use crate::media;

#[derive(Debug, Deserialize)]
pub(crate) struct Probed {
    #[serde(default)]
    pub(crate) streams: Vec<Stream>,
    #[serde(default)]
    pub(crate) format: Format,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Stream {
    pub(crate) codec_type: Option<String>,
    pub(crate) width: Option<u32>,
    pub(crate) height: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Format {
    pub(crate) duration: Option<String>,
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
        "stream=codec_type,width,height:format=duration".as_ref(),
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
