//! Sounds that end too early and that ffmpeg would play without a word: their frames, pages or chunks are compared with
//! the file.
//!
//! Containers that write their length down (MP4, FLAC, WebM) are compared with what could be decoded, in `sound_file`.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// A file that is walked through from header to header.
struct Walk {
    file: BufReader<File>,
    at: u64,
    bytes: u64,
}

impl Walk {
    fn open(path: &Path) -> std::io::Result<Self> {
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        Ok(Self { file: BufReader::with_capacity(1 << 15, file), at: 0, bytes })
    }

    /// The bytes at a place; fewer at the end of the file.
    fn peek(&mut self, at: u64, length: usize) -> std::io::Result<Vec<u8>> {
        let step = i64::try_from(at).unwrap_or(i64::MAX) - i64::try_from(self.at).unwrap_or(i64::MAX);
        self.file.seek_relative(step)?;
        let mut bytes = Vec::with_capacity(length);
        self.file.by_ref().take(length as u64).read_to_end(&mut bytes)?;
        self.at = at + bytes.len() as u64;
        Ok(bytes)
    }
}

/// Refuses a sound that ends in the middle. The sentence says how much is there where that is known.
pub(crate) fn check(path: &Path, demuxer: &str) -> Result<(), String> {
    let end = Walk::open(path).and_then(|mut walk| match demuxer {
        "wav" => chunks(&mut walk, b"data", u32::from_le_bytes),
        "aiff" => chunks(&mut walk, b"SSND", u32::from_be_bytes),
        "mp3" => mp3(&mut walk),
        "aac" => frames(&mut walk, 0, adts_frame),
        "ogg" => ogg(&mut walk),
        _ => Ok(None),
    });
    let bytes = std::fs::metadata(path).map(|metadata| metadata.len());
    match (end.map_err(|error| format!("can't be read: {error}"))?, bytes) {
        (Some(end), Ok(bytes)) if end > bytes => {
            Err(format!("the sound is cut short: {bytes} bytes of at least {end} are there; make or fetch it again"))
        }
        _ => Ok(()),
    }
}

/// WAV and AIFF: where the sound's chunk should end.
fn chunks(walk: &mut Walk, wanted: &[u8; 4], number: fn([u8; 4]) -> u32) -> std::io::Result<Option<u64>> {
    let mut at = 12;
    loop {
        let head = walk.peek(at, 8)?;
        let Ok(size) = <[u8; 4]>::try_from(head.get(4..).unwrap_or_default()) else { return Ok(None) };
        let size = number(size);
        if &head[..4] == wanted {
            // Programs that write to a pipe put a huge number there. A missing padding byte is common.
            return Ok((size < 0x7f00_0000).then(|| at + 8 + u64::from(size)));
        }
        at += 8 + u64::from(size) + u64::from(size % 2);
    }
}

/// Ogg: where the last page should end.
fn ogg(walk: &mut Walk) -> std::io::Result<Option<u64>> {
    let mut at = 0;
    while at < walk.bytes {
        let head = walk.peek(at, 27)?;
        if !b"OggS".starts_with(&head[..head.len().min(4)]) {
            // Something else that was put behind the sound.
            break;
        }
        let Some(segments) = head.get(26) else { return Ok(Some(at + 27)) };
        let sizes = walk.peek(at + 27, usize::from(*segments))?;
        let missing = u64::from(*segments) - sizes.len() as u64;
        at += 27 + u64::from(*segments) + sizes.iter().map(|size| u64::from(*size)).sum::<u64>() + missing;
    }
    Ok(Some(at))
}

/// MP3: where the encoder says that the stream ends, or where the last frame should end.
fn mp3(walk: &mut Walk) -> std::io::Result<Option<u64>> {
    let start = id3_bytes(&walk.peek(0, 10)?);
    let first = walk.peek(start, 64)?;
    let number = |at: usize| first.get(at..at + 4).and_then(|four| four.try_into().ok()).map(u32::from_be_bytes);
    let mark = |name: &[u8]| first.windows(4).position(|four| four == name);
    let declared = match (mark(b"Xing").or(mark(b"Info")), mark(b"VBRI")) {
        // Bit 0 says that the number of frames follows, bit 1 that the number of bytes does.
        (Some(at), _) => match number(at + 4) {
            Some(flags) if flags & 2 != 0 => number(at + if flags & 1 == 0 { 8 } else { 12 }),
            _ => None,
        },
        (None, Some(at)) => number(at + 10),
        _ => None,
    };
    match declared.map(|declared| start + u64::from(declared)) {
        Some(end) if end > walk.bytes => Ok(Some(end)),
        _ => frames(walk, start, mp3_frame),
    }
}

/// The length of an ID3v2 tag, which is written in four times seven bits.
pub(crate) fn id3_bytes(head: &[u8]) -> u64 {
    match head.get(6..10) {
        Some(size) if head.starts_with(b"ID3") => 10 + size.iter().fold(0, |size, byte| size << 7 | u64::from(byte & 0x7f)),
        _ => 0,
    }
}

/// Goes from frame to frame and answers where the last one should end. Tags behind them are no frames and end the walk.
fn frames(walk: &mut Walk, start: u64, length: fn(&[u8]) -> Option<u64>) -> std::io::Result<Option<u64>> {
    let mut at = start;
    while at < walk.bytes {
        let head = walk.peek(at, 8)?;
        match length(&head) {
            Some(length) => at += length,
            None => break,
        }
    }
    Ok(Some(at))
}

fn adts_frame(head: &[u8]) -> Option<u64> {
    if head.len() < 6 || head[0] != 0xff || head[1] & 0xf6 != 0xf0 {
        return None;
    }
    let length = u64::from(head[3] & 3) << 11 | u64::from(head[4]) << 3 | u64::from(head[5]) >> 5;
    (length >= 7).then_some(length)
}

fn mp3_frame(head: &[u8]) -> Option<u64> {
    const V1: [[u64; 15]; 3] = [
        [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
        [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
        [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    ];
    const V2: [[u64; 15]; 2] = [
        [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
        [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ];
    let [0xff, second, third, ..] = *head else { return None };
    let (version, layer) = (second >> 3 & 3, 4 - usize::from(second >> 1 & 3));
    let (rate, samples) = (usize::from(third >> 4), usize::from(third >> 2 & 3));
    if second & 0xe0 != 0xe0 || version == 1 || layer == 4 || rate == 0 || rate == 15 || samples == 3 {
        return None;
    }
    let kilobits = if version == 3 { V1[layer - 1][rate] } else { V2[(layer - 1).min(1)][rate] };
    let hertz = [44_100, 48_000, 32_000][samples] >> [2, 0, 1, 0][usize::from(version)];
    let padding = u64::from(third >> 1 & 1);
    Some(match layer {
        1 => (12 * kilobits * 1000 / hertz + padding) * 4,
        3 if version != 3 => 72 * kilobits * 1000 / hertz + padding,
        _ => 144 * kilobits * 1000 / hertz + padding,
    })
}
