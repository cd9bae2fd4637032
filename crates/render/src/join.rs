//! Putting segments and sound together by copying, without encoding anything again.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::Path;

use crate::error::RenderError;
use crate::ffmpeg::{self, Tool};
use crate::media;

/// What segments are called in the working folder, as ffmpeg takes it.
pub(crate) const SEGMENT_NAMES: &str = "segment-%05d.mp4";

/// A segment's file name in the working folder.
pub(crate) fn segment_name(index: usize) -> String {
    format!("segment-{index:05}.mp4")
}

/// Ticks per second of the video: a multiple of every frame rate's own.
pub(crate) fn timescale(fps: u32) -> u32 {
    fps * 512
}

/// Joins the segments in `folder` (their frame counts in their order) with the sound into the MP4 `target`.
pub(crate) fn join(
    folder: &Path,
    frame_counts: &[u64],
    fps: u32,
    (sound, title): (&Path, &str),
    target: &Path,
) -> Result<(), RenderError> {
    let mut list = String::from("ffconcat version 1.0\n");
    for (index, frames) in frame_counts.iter().enumerate() {
        let seconds = *frames as f64 / f64::from(fps);
        writeln!(list, "file {}\nduration {seconds:.9}", segment_name(index)).expect("writing to a string can't fail");
    }
    let list_path = folder.join("segments.ffconcat");
    std::fs::write(&list_path, list).map_err(|error| RenderError::file("can't write", &list_path, &error))?;
    let mut arguments: Vec<OsString> = ["-f", "concat", "-i"].map(OsString::from).to_vec();
    arguments.push(media::ffmpeg_path(&list_path));
    arguments.push("-i".into());
    arguments.push(media::ffmpeg_path(sound));
    arguments.extend(["-map", "0:v:0", "-map", "1:a:0", "-c", "copy", "-map_metadata", "-1"].map(OsString::from));
    arguments.extend(["-metadata".into(), OsString::from(format!("title={}", title.replace('\0', " ")))]);
    let timescale = timescale(fps).to_string();
    arguments.extend(
        ["-fflags", "+bitexact", "-video_track_timescale", &timescale, "-movflags", "+faststart", "-f", "mp4"]
            .map(OsString::from),
    );
    arguments.push(media::ffmpeg_path(target));
    ffmpeg::ffmpeg("joining the scenes", arguments).and_then(Tool::finish).map(|_| ())
}
