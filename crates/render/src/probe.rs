//! What is inside sound files, found out before the first frame is drawn; and the question to ffprobe about any file.
//!
//! Every file is opened with the demuxer its first bytes name and no other; clips are looked into in `clip`, pictures in
//! `picture`.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use ebur128::{EbuR128, Mode};
use serde::Deserialize;

use crate::error::RenderError;
use crate::ffmpeg::{self, Tool};
use crate::media;

/// Samples per second of everything that is mixed.
pub(crate) const RATE: u32 = 48_000;

/// A measured sound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct SoundFacts {
    /// Sample frames at [`RATE`].
    pub(crate) samples: u64,
    /// Integrated loudness; `None` for silence and for less than 0.4 s.
    pub(crate) lufs: Option<f64>,
    /// Mean power in dB below full scale, for sounds too short to have a loudness.
    pub(crate) rms_db: f64,
}

impl SoundFacts {
    /// Length in seconds.
    pub(crate) fn seconds(&self) -> f64 {
        self.samples as f64 / f64::from(RATE)
    }
}

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

/// Arguments that decode a sound to 48 kHz stereo floats on stdout.
pub(crate) fn decode_arguments(path: &Path, demuxer: &str) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = ["-f", demuxer, "-i"].map(OsString::from).to_vec();
    arguments.push(media::ffmpeg_path(path));
    arguments.extend(["-map", "0:a:0", "-vn", "-ac", "2", "-ar", "48000", "-f", "f32le", "pipe:1"].map(OsString::from));
    arguments
}

/// Decodes a sound from end to end and measures it. Errors are plain sentences.
pub(crate) fn sound(path: &Path) -> Result<(SoundFacts, &'static str), String> {
    let head = media::head(path)?;
    let demuxer = media::demuxer(&head).ok_or("is not a sound in a known format; use MP3, WAV, M4A, OGG, Opus or FLAC")?;
    if demuxer == "wav" {
        check_wav_length(path)?;
    }
    if demuxer == "mp3" {
        check_mp3_length(path)?;
    }
    // Only containers that write their length down are asked for it; others have it estimated from the bit rate.
    let mut declared = None;
    if ["mov", "flac", "matroska"].contains(&demuxer) {
        let probed = probe(path, demuxer)?;
        if !probed.streams.iter().any(|stream| stream.codec_type.as_deref() == Some("audio")) {
            return Err("holds no sound".to_owned());
        }
        declared = probed.format.duration.and_then(|text| text.parse::<f64>().ok());
    }
    let mut tool = ffmpeg::ffmpeg("decoding a sound", decode_arguments(path, demuxer)).map_err(|error| error.to_string())?;
    let measured = measure(tool.reader());
    let words = tool.finish().map_err(|error| reason(&error))?;
    let facts = measured?;
    if facts.samples == 0 {
        return Err("holds no sound".to_owned());
    }
    if words.contains("partial file") {
        return Err("the sound is cut short; make or fetch it again".to_owned());
    }
    if let Some(declared) = declared
        && facts.seconds() < declared * 0.97 - 0.15
    {
        let problem = format!("the sound is cut short: {:.1} s of {declared:.1} s could be decoded", facts.seconds());
        return Err(format!("{problem}; make or fetch it again"));
    }
    Ok((facts, demuxer))
}

fn measure(mut stream: impl Read) -> Result<SoundFacts, String> {
    let mut meter = EbuR128::new(2, RATE, Mode::I).map_err(|error| error.to_string())?;
    let (mut samples, mut power) = (0u64, 0.0f64);
    let mut block = vec![0u8; 8 * 4800];
    loop {
        let length = fill(&mut stream, &mut block).map_err(|error| error.to_string())?;
        let floats = floats(&block[..length]);
        if floats.is_empty() {
            break;
        }
        samples += floats.len() as u64 / 2;
        power += floats.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>();
        meter.add_frames_f32(&floats).map_err(|error| error.to_string())?;
    }
    let lufs = meter.loudness_global().ok().filter(|lufs| lufs.is_finite());
    let rms_db = 10.0 * (power / (samples.max(1) * 2) as f64).max(1e-12).log10();
    Ok(SoundFacts { samples, lufs, rms_db })
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

/// Little-endian floats; what is not a number becomes silence. An odd rest is left out.
pub(crate) fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes
        .chunks_exact(8)
        .flat_map(|pair| [&pair[..4], &pair[4..]].map(|four| f32::from_le_bytes(four.try_into().expect("four bytes"))))
        .map(|sample| if sample.is_finite() { sample } else { 0.0 })
        .collect()
}

/// ffmpeg plays a WAV that ends too early without a word, so its header is compared with the file.
fn check_wav_length(path: &Path) -> Result<(), String> {
    let bytes = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    let mut head = vec![0; 4096];
    let length = std::fs::File::open(path).and_then(|mut file| fill(&mut file, &mut head)).map_err(|error| error.to_string())?;
    let mut at = 12;
    while at + 8 <= length {
        let size = u32::from_le_bytes(head[at + 4..at + 8].try_into().expect("four bytes"));
        if &head[at..at + 4] == b"data" {
            // Programs that write to a pipe put a huge number there.
            let known = size < 0x7f00_0000;
            return match at as u64 + 8 + u64::from(size) {
                end if known && end > bytes + 1 => Err(cut_short(bytes, end)),
                _ => Ok(()),
            };
        }
        at += 8 + size as usize + size as usize % 2;
    }
    Ok(())
}

/// ffmpeg plays a cut-off MP3 without a word too. Most encoders write the stream's length into its first frame.
fn check_mp3_length(path: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| error.to_string();
    let bytes = std::fs::metadata(path).map_err(failed)?.len();
    let mut file = std::fs::File::open(path).map_err(failed)?;
    let mut head = [0; 10];
    let length = fill(&mut file, &mut head).map_err(failed)?;
    // An ID3 tag may stand in front; its size is written in four times seven bits.
    let start = match length == head.len() && head.starts_with(b"ID3") {
        true => 10 + head[6..].iter().fold(0, |size, byte| size << 7 | u64::from(byte & 0x7f)),
        false => 0,
    };
    let mut frame = [0; 64];
    let read = file.seek(SeekFrom::Start(start)).and_then(|_| fill(&mut file, &mut frame)).map_err(failed)?;
    let Some(mark) = frame[..read].windows(4).position(|four| four == b"Xing" || four == b"Info") else { return Ok(()) };
    let number =
        |at: usize| frame[..read].get(mark + at..mark + at + 4).and_then(|four| four.try_into().ok()).map(u32::from_be_bytes);
    // Bit 0 says that the number of frames follows, bit 1 that the number of bytes does.
    let declared = match number(4) {
        Some(flags) if flags & 2 != 0 => number(if flags & 1 == 0 { 8 } else { 12 }),
        _ => None,
    };
    match declared.map(|declared| start + u64::from(declared)) {
        Some(end) if end > bytes => Err(cut_short(bytes, end)),
        _ => Ok(()),
    }
}

fn cut_short(bytes: u64, end: u64) -> String {
    format!("the sound is cut short: {bytes} bytes of {end} are there; make or fetch it again")
}
