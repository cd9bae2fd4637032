//! Putting segments and sound together by copying, without encoding anything again.
//!
//! A segment is a fragmented MP4. Put one after another with their times moved they are one stream, which
//! ffmpeg reads at once; opening hundreds of files would take longer than all the copying.

use std::ffi::OsString;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use crate::error::RenderError;
use crate::ffmpeg;
use crate::media;

/// What segments are called in the working folder, as ffmpeg takes it.
pub(crate) const SEGMENT_NAMES: &str = "segment-%05d.mp4";
/// The muxer's settings that make such a file.
pub(crate) const SEGMENT_FLAGS: &str = "movflags=+empty_moov+default_base_moof";
/// Ticks of one frame.
const FRAME: u64 = 512;

/// A segment's file name in the working folder.
pub(crate) fn segment_name(index: usize) -> String {
    format!("segment-{index:05}.mp4")
}

/// Ticks per second of the video.
pub(crate) fn timescale(fps: u32) -> u32 {
    fps * FRAME as u32
}

/// Joins the segments in `folder` (their frame counts in their order) with the sound into the MP4 `target`.
///
/// `arrived` is asked for each segment before it is read and answers when it is there; the sound must be there already.
pub(crate) fn join(
    folder: &Path,
    frame_counts: &[u64],
    fps: u32,
    (sound, title): (&Path, &str),
    target: &Path,
    (arrived, stop): (&dyn Fn(usize) -> Result<(), RenderError>, &AtomicBool),
) -> Result<(), RenderError> {
    let mut arguments: Vec<OsString> = ["-f", "mov", "-i", "pipe:0", "-i"].map(OsString::from).to_vec();
    arguments.push(media::ffmpeg_path(sound));
    arguments.extend(["-map", "0:v:0", "-map", "1:a:0", "-c", "copy", "-map_metadata", "-1"].map(OsString::from));
    arguments.extend(["-metadata".into(), OsString::from(format!("title={}", title.replace('\0', " ")))]);
    let timescale = timescale(fps).to_string();
    arguments.extend(
        ["-fflags", "+bitexact", "-video_track_timescale", &timescale, "-movflags", "+faststart", "-f", "mp4"]
            .map(OsString::from),
    );
    arguments.push(media::ffmpeg_path(target));
    let mut tool = ffmpeg::ffmpeg("joining the scenes", arguments)?;
    let (mut head, mut frames, mut fragments) = (Vec::new(), 0, 0);
    for (index, count) in frame_counts.iter().enumerate() {
        arrived(index)?;
        let path = folder.join(segment_name(index));
        let bytes = std::fs::read(&path).map_err(|error| RenderError::file("can't read", &path, &error))?;
        let fits = Parts::of(bytes).filter(|parts| index == 0 || parts.head == head);
        let Some(mut parts) = fits else {
            let detail = format!("segment {} does not fit to the others; render again without the cache", index + 1);
            return Err(RenderError::Ffmpeg { doing: "joining the scenes".to_owned(), detail });
        };
        parts.move_by(fragments, frames * FRAME);
        if index == 0 {
            head.clone_from(&parts.head);
            tool.write_until(&head, stop)?;
        }
        tool.write_until(&parts.fragments, stop)?;
        fragments += parts.places.len() as u32;
        frames += count;
    }
    tool.finish_until(stop).map(|_| ())
}

/// A segment's file.
struct Parts {
    /// What says how to decode it; it is the same in all segments of a video.
    head: Vec<u8>,
    /// The frames: pairs of `moof` and `mdat` boxes.
    fragments: Vec<u8>,
    /// Where each fragment's number and its start time stand in them.
    places: Vec<(usize, usize)>,
}

impl Parts {
    fn of(bytes: Vec<u8>) -> Option<Self> {
        let boxes = boxes(&bytes, 0..bytes.len())?;
        let begin = boxes.iter().find(|(kind, _)| kind == b"moof")?.1.start;
        let end = boxes.iter().rfind(|(kind, _)| kind == b"mdat")?.1.end;
        let inside = |range: &Range<usize>, kind: &[u8]| {
            let inner = self::boxes(&bytes, range.start + 8..range.end)?;
            inner.into_iter().find(|(found, _)| found == kind).map(|(_, range)| range)
        };
        let mut places = Vec::new();
        for (kind, range) in boxes.iter().filter(|(_, range)| range.start >= begin && range.end <= end) {
            match kind {
                b"mdat" => {}
                b"moof" => {
                    let (number, time) = (inside(range, b"mfhd")?, inside(&inside(range, b"traf")?, b"tfdt")?);
                    // Version 1 has 64 bits for the time.
                    if number.len() != 16 || time.len() != 20 || bytes[time.start + 8] != 1 {
                        return None;
                    }
                    places.push((number.start + 12 - begin, time.start + 12 - begin));
                }
                _ => return None,
            }
        }
        Some(Self { head: bytes[..begin].to_vec(), fragments: bytes[begin..end].to_vec(), places })
    }

    /// Numbers the fragments from `before` on and moves them by `time` ticks.
    fn move_by(&mut self, before: u32, time: u64) {
        for ((number_at, time_at), number) in self.places.iter().zip(before + 1..) {
            self.fragments[*number_at..number_at + 4].copy_from_slice(&number.to_be_bytes());
            let place = &mut self.fragments[*time_at..time_at + 8];
            let own = u64::from_be_bytes(place.try_into().expect("eight bytes"));
            place.copy_from_slice(&own.saturating_add(time).to_be_bytes());
        }
    }
}

/// The boxes in a part of an MP4, with their headers; `None` if they don't fill it exactly.
fn boxes(bytes: &[u8], within: Range<usize>) -> Option<Vec<([u8; 4], Range<usize>)>> {
    let (mut at, mut found) = (within.start, Vec::new());
    while at < within.end {
        let header = bytes.get(at..at + 8)?;
        let length = u32::from_be_bytes(header[..4].try_into().expect("four bytes")) as usize;
        let end = at.checked_add(length).filter(|end| length >= 8 && *end <= within.end)?;
        found.push((header[4..].try_into().expect("four bytes"), at..end));
        at = end;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        [&(content.len() as u32 + 8).to_be_bytes()[..], kind, content].concat()
    }

    fn fragment(time: u8, frames: &[u8]) -> Vec<u8> {
        let tfdt = boxed(b"tfdt", &[&[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], &[time]].concat());
        let traf = boxed(b"traf", &[boxed(b"tfhd", &[0; 20]), tfdt].concat());
        [boxed(b"moof", &[boxed(b"mfhd", &[0; 8]), traf].concat()), boxed(b"mdat", frames)].concat()
    }

    fn head() -> Vec<u8> {
        [boxed(b"ftyp", b"isom"), boxed(b"moov", b"how")].concat()
    }

    fn segment() -> Vec<u8> {
        [head(), fragment(0, b"first"), fragment(9, b"second"), boxed(b"mfra", b"")].concat()
    }

    #[test]
    fn fragments_move_to_their_place() {
        let mut parts = Parts::of(segment()).expect("a segment");
        parts.move_by(6, 0x0102_0304_0500);
        assert_eq!(parts.head, head());
        assert!(parts.fragments.ends_with(b"mdatsecond"));
        let found = |kind: &[u8], length: usize| -> Vec<Vec<u8>> {
            let starts = (0..parts.fragments.len()).filter(|at| parts.fragments[*at..].starts_with(kind));
            starts.map(|at| parts.fragments[at + 8..at + 8 + length].to_vec()).collect()
        };
        assert_eq!(found(b"mfhd", 4), [[0, 0, 0, 7], [0, 0, 0, 8]]);
        assert_eq!(found(b"tfdt", 8), [[0, 0, 1, 2, 3, 4, 5, 0], [0, 0, 1, 2, 3, 4, 5, 9]]);
    }

    proptest! {
        #[test]
        fn no_damage_is_a_panic(place in 0usize..200, value in any::<u8>(), length in 0usize..200) {
            let mut bytes = segment();
            if let Some(byte) = bytes.get_mut(place) {
                *byte = value;
            }
            bytes.truncate(length);
            let _ = Parts::of(bytes);
        }
    }
}
