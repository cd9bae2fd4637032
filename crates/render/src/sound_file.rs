//! Sound files: opened with the one demuxer their first bytes name, decoded from end to end, measured, and kept in memory
//! when they are short.
//!
//! What is done with them is decided in `mix`; reading what was kept is in `decoded`.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::{Deserialize, Serialize};

use crate::cut_short;
use crate::ffmpeg;
use crate::known::Known;
use crate::loudness::{self, Meter};
use crate::media;
use crate::probe::{self, fill};
use crate::voice::Levels;

/// Samples per second of everything that is mixed.
pub(crate) const RATE: u32 = 48_000;
/// Samples (of one channel) that all sounds of a plan may keep in memory: 24 MB, two minutes.
const KEPT: usize = 6 << 20;

/// A sound and its measures.
#[derive(Debug, Clone)]
pub(crate) struct SoundFile {
    pub(crate) path: PathBuf,
    /// SHA-256 of the file in hex.
    pub(crate) hash: String,
    pub(crate) demuxer: String,
    pub(crate) facts: SoundFacts,
    /// How loud it is from moment to moment.
    pub(crate) levels: Arc<Levels>,
    /// Whether time 0 is the picture's and not the sound's own first sample.
    pub(crate) of_clip: bool,
    pub(crate) kept: Option<Arc<Kept>>,
}

/// What was measured of a sound.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct SoundFacts {
    /// Sample frames at [`RATE`].
    pub(crate) samples: u64,
    /// Integrated loudness; `None` for silence.
    pub(crate) lufs: Option<f64>,
}

impl SoundFacts {
    /// Length in seconds.
    pub(crate) fn seconds(&self) -> f64 {
        self.samples as f64 / f64::from(RATE)
    }
}

/// Decoded samples; those of a mono sound stand once.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) stereo: bool,
    pub(crate) samples: Vec<f32>,
}

/// How many samples may still be kept in memory.
#[derive(Debug)]
pub(crate) struct Memory(AtomicUsize);

impl Memory {
    pub(crate) fn new() -> Self {
        Self(AtomicUsize::new(KEPT))
    }

    fn take(&self, samples: usize) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |rest| rest.checked_sub(samples)).is_ok()
    }
}

/// What is found out about a sound and can be remembered.
#[derive(Serialize, Deserialize)]
struct Measured {
    demuxer: String,
    facts: SoundFacts,
    levels: Levels,
}

/// Opens, decodes and measures a sound. With `most` seconds no more than these are decoded. Errors are plain sentences.
pub(crate) fn open(path: PathBuf, most: Option<f64>, (memory, known): (&Memory, &Known)) -> Result<SoundFile, String> {
    let mut kept = None;
    let (measured, hash) = known.facts(&path, &format!("sound {most:?}"), |_| {
        let measured;
        (measured, kept) = check(&path, most, memory)?;
        Ok(measured)
    })?;
    let Measured { demuxer, facts, levels } = measured;
    Ok(SoundFile { path, hash, demuxer, facts, levels: Arc::new(levels), of_clip: false, kept })
}

fn check(path: &Path, most: Option<f64>, memory: &Memory) -> Result<(Measured, Option<Arc<Kept>>), String> {
    let demuxer = demuxer(path)?;
    cut_short::check(path, demuxer)?;
    // Only containers that write their length down are asked for it; others have it estimated from the bit rate.
    let mut declared = None;
    if ["mov", "flac", "matroska"].contains(&demuxer) {
        let probed = probe::probe(path, demuxer)?;
        if !probed.has_sound() {
            return Err("holds no sound".to_owned());
        }
        declared = probed.format_seconds();
    }
    let (measured, kept, words) = decode(path, demuxer, false, most, memory)?;
    if measured.facts.samples == 0 {
        return Err("holds no sound".to_owned());
    }
    if words.contains("partial file") || words.contains("ended prematurely") {
        return Err("the sound is cut short; make or fetch it again".to_owned());
    }
    let decoded = measured.facts.seconds();
    match declared {
        Some(declared) if decoded < declared.min(most.unwrap_or(declared)) * 0.97 - 0.15 => {
            let problem = format!("the sound is cut short: {decoded:.1} s of {declared:.1} s could be decoded");
            Err(format!("{problem}; make or fetch it again"))
        }
        _ => Ok((measured, kept)),
    }
}

/// Decodes and measures the first `most` seconds of a clip's own sound; `None` if it has none.
pub(crate) fn open_clip(
    path: &Path,
    demuxer: &str,
    most: f64,
    (memory, known): (&Memory, &Known),
) -> Result<Option<SoundFile>, String> {
    let mut kept = None;
    let (measured, hash) = known.facts(path, &format!("clip's sound {most}"), |_| {
        if !probe::probe(path, demuxer)?.has_sound() {
            return Ok(None);
        }
        let measured;
        (measured, kept, _) =
            decode(path, demuxer, true, Some(most), memory).map_err(|problem| format!("its own sound {problem}"))?;
        Ok(Some(measured))
    })?;
    let sound = measured.filter(|measured| measured.facts.samples > 0).map(|measured| {
        let Measured { demuxer, facts, levels } = measured;
        SoundFile { path: path.to_owned(), hash, demuxer, facts, levels: Arc::new(levels), of_clip: true, kept }
    });
    Ok(sound)
}

fn demuxer(path: &Path) -> Result<&'static str, String> {
    let head = media::head(path)?;
    let known = media::demuxer(&head).ok_or("is not a sound in a known format; use MP3, WAV, M4A, OGG, Opus or FLAC")?;
    let tag = cut_short::id3_bytes(&head);
    if known != "mp3" || tag == 0 {
        return Ok(known);
    }
    // An ID3 tag may stand in front of other sounds too.
    let mut head = [0; 64];
    let read = std::fs::File::open(path).and_then(|mut file| {
        std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(tag))?;
        fill(&mut file, &mut head)
    });
    let length = read.map_err(|error| format!("can't be read: {error}"))?;
    Ok(media::demuxer(&head[..length]).filter(|behind| ["aac", "flac"].contains(behind)).unwrap_or("mp3"))
}

/// Arguments that decode a sound to 48 kHz stereo floats on stdout.
pub(crate) fn decode_arguments(path: &Path, demuxer: &str, of_clip: bool, most: Option<f64>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = ["-threads", "1", "-f", demuxer, "-i"].map(OsString::from).to_vec();
    arguments.push(media::ffmpeg_path(path));
    arguments.extend(["-map", "0:a:0", "-vn"].map(OsString::from));
    if of_clip {
        // A clip's sound may begin later than its picture, or have holes.
        arguments.extend(["-af", "aresample=async=1:first_pts=0"].map(OsString::from));
    }
    if let Some(most) = most {
        arguments.extend(["-t".to_owned(), format!("{most:.3}")].map(OsString::from));
    }
    arguments.extend(["-ac", "2", "-ar", "48000", "-f", "f32le", "pipe:1"].map(OsString::from));
    arguments
}

/// Decodes and measures; answers also the samples, if they may be kept, and what ffmpeg said although it succeeded.
fn decode(
    path: &Path,
    demuxer: &str,
    of_clip: bool,
    most: Option<f64>,
    memory: &Memory,
) -> Result<(Measured, Option<Arc<Kept>>, String), String> {
    let arguments = decode_arguments(path, demuxer, of_clip, most);
    let mut tool = ffmpeg::ffmpeg("decoding a sound", arguments).map_err(|error| error.to_string())?;
    let mut measuring = Measuring::default();
    let read = measuring.read(tool.reader());
    let words = tool.finish().map_err(|error| probe::reason(&error))?;
    read.map_err(|error| format!("can't be decoded ({error})"))?;
    let Measuring { samples, meter, levels, keep, .. } = measuring;
    let facts = SoundFacts { samples, lufs: loudness::integrated(meter.finish().into_iter()) };
    let kept = keep.filter(|keep| memory.take(keep.samples.len())).map(Arc::new);
    Ok((Measured { demuxer: demuxer.to_owned(), facts, levels }, kept, words))
}

/// What is gathered while a sound is decoded.
#[derive(Default)]
struct Measuring {
    samples: u64,
    meter: Meter,
    levels: Levels,
    /// `None` once it is too much.
    keep: Option<Kept>,
}

impl Measuring {
    fn read(&mut self, mut stream: impl Read) -> std::io::Result<()> {
        self.keep = Some(Kept { stereo: false, samples: Vec::new() });
        let (mut bytes, mut samples) = (vec![0; 1 << 16], Vec::new());
        loop {
            let length = fill(&mut stream, &mut bytes)?;
            floats(&bytes[..length / 8 * 8], &mut samples);
            if samples.is_empty() {
                return Ok(());
            }
            self.samples += samples.len() as u64 / 2;
            self.meter.push(&samples);
            self.levels.push(&samples);
            if let Some(keep) = &mut self.keep {
                keep.push(&samples);
            }
            self.keep = self.keep.take().filter(|keep| keep.samples.len() <= KEPT);
        }
    }
}

impl Kept {
    fn push(&mut self, samples: &[f32]) {
        if !self.stereo && samples.chunks_exact(2).any(|pair| pair[0] != pair[1]) {
            self.stereo = true;
            self.samples = self.samples.iter().flat_map(|sample| [*sample; 2]).collect();
        }
        match self.stereo {
            true => self.samples.extend_from_slice(samples),
            false => self.samples.extend(samples.iter().step_by(2)),
        }
    }
}

/// Little-endian floats into `samples`; what is not a number becomes silence, and what is absurdly large is bounded.
pub(crate) fn floats(bytes: &[u8], samples: &mut Vec<f32>) {
    samples.clear();
    samples.extend(bytes.chunks_exact(4).map(|four| {
        let sample = f32::from_le_bytes(four.try_into().expect("four bytes"));
        if sample.is_finite() { sample.clamp(-1e6, 1e6) } else { 0.0 }
    }));
}

/// Floats as little-endian bytes.
pub(crate) fn bytes<'a>(samples: &[f32], bytes: &'a mut Vec<u8>) -> &'a [u8] {
    bytes.resize(samples.len() * 4, 0);
    for (four, sample) in bytes.chunks_exact_mut(4).zip(samples) {
        four.copy_from_slice(&sample.to_le_bytes());
    }
    bytes
}
