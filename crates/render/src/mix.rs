//! The mix before mastering: every narration at its exact place and level, and the music under it.
//!
//! Loudness of the whole and encoding are in `sound`.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use model::storyboard::MusicOptions;

use crate::error::RenderError;
use crate::ffmpeg::{self, Output, Tool};
use crate::plan::{Plan, SoundFile};
use crate::probe::{self, RATE, SoundFacts};

/// Loudness of the narration before mastering.
const SPEECH_LUFS: f64 = -18.0;
/// The most that a narration is raised or lowered, in dB.
const MOST_GAIN: f64 = 15.0;
/// How far the music steps back under speech, in dB.
const DUCK_DB: f32 = 9.0;
/// Speech is what is louder than this factor of full scale, and 0.2 s after it.
const SPEECH_LEVEL: f32 = 0.02;
const SPEECH_HANGOVER: u32 = RATE / 5;
/// Time constants of the ducking, in seconds.
const DUCK_ATTACK: f32 = 0.06;
const DUCK_RELEASE: f32 = 0.35;
/// Fades of the music, in seconds.
const MUSIC_IN: f64 = 0.3;
const MUSIC_OUT: f64 = 1.5;
/// Narrations are opened and closed over these samples, so that a cut never clicks: 2 ms.
const EDGE: u64 = 96;
/// Sample frames per block.
const BLOCK: usize = 4800;

/// The sample at which a frame starts.
pub(crate) fn sample_of(frame: u64, fps: u32) -> u64 {
    (frame * u64::from(RATE) + u64::from(fps) / 2) / u64::from(fps)
}

/// Mixes the whole programme and gives it to `sink` block by block, as interleaved stereo.
pub(crate) fn mix(
    plan: &Plan,
    folder: &Path,
    stop: &AtomicBool,
    sink: &mut dyn FnMut(&[f32]) -> Result<(), RenderError>,
) -> Result<(), RenderError> {
    let timeline = &plan.timeline;
    let total = sample_of(timeline.frame_count(), timeline.fps);
    let mut music = match (&plan.music, &timeline.music) {
        (Some(file), Some(music)) => Some(Music::open(file, music.options, total, folder, stop)?),
        _ => None,
    };
    for (scene, files) in timeline.scenes.iter().zip(&plan.scenes) {
        let start = sample_of(scene.first_frame, timeline.fps);
        let end = sample_of(scene.first_frame + scene.frame_count, timeline.fps);
        let mut speech = files.sound.as_ref().map(|file| Speech::open(file, scene.number, end - start)).transpose()?;
        let mut at = start;
        while at < end {
            if stop.load(Ordering::Relaxed) {
                return Err(RenderError::Stopped);
            }
            let mut block = vec![0.0; 2 * BLOCK.min((end - at) as usize)];
            if let Some(speech) = &mut speech {
                speech.fill(&mut block)?;
            }
            if let Some(music) = &mut music {
                music.add(&mut block, at)?;
            }
            sink(&block)?;
            at += block.len() as u64 / 2;
        }
    }
    Ok(())
}

/// One narration that is being decoded.
struct Speech {
    /// Dropped, and so killed, with the narration.
    _tool: Tool,
    stream: Output,
    gain: f32,
    position: u64,
    length: u64,
}

impl Speech {
    fn open(file: &SoundFile, scene: usize, most: u64) -> Result<Self, RenderError> {
        let arguments = probe::decode_arguments(&file.path, file.demuxer);
        let mut tool = ffmpeg::ffmpeg(format!("decoding the narration of scene {scene}"), arguments)?;
        let stream = tool.reader();
        let gain = factor(level_gain(&file.facts, SPEECH_LUFS));
        Ok(Self { _tool: tool, stream, gain, position: 0, length: file.facts.samples.min(most) })
    }

    fn fill(&mut self, block: &mut [f32]) -> Result<(), RenderError> {
        let mut bytes = vec![0; block.len() * 4];
        let length = probe::fill(&mut self.stream, &mut bytes)
            .map_err(|error| RenderError::Ffmpeg { doing: "decoding a narration".to_owned(), detail: error.to_string() })?;
        for (out, sample) in block.chunks_exact_mut(2).zip(probe::floats(&bytes[..length]).chunks_exact(2)) {
            let edge = (self.position + 1).min(self.length.saturating_sub(self.position)).min(EDGE) as f32 / EDGE as f32;
            for (out, sample) in out.iter_mut().zip(sample) {
                *out = sample * self.gain * edge;
            }
            self.position += 1;
        }
        Ok(())
    }
}

/// The gain in dB that brings a sound to `target`; silence is left alone.
fn level_gain(facts: &SoundFacts, target: f64) -> f64 {
    match facts.lufs {
        Some(lufs) => (target - lufs).clamp(-2.0 * MOST_GAIN, MOST_GAIN),
        None if facts.rms_db > -60.0 => (target - facts.rms_db).clamp(-2.0 * MOST_GAIN, MOST_GAIN),
        None => 0.0,
    }
}

fn factor(db: f64) -> f32 {
    10f64.powf(db / 20.0) as f32
}

/// The music, looped sample by sample from a decoded temporary file.
struct Music {
    reader: BufReader<File>,
    level: f32,
    duck: bool,
    total: u64,
    /// Samples until the speech counts as over.
    hangover: u32,
    ducked_db: f32,
}

impl Music {
    fn open(file: &SoundFile, options: MusicOptions, total: u64, folder: &Path, stop: &AtomicBool) -> Result<Self, RenderError> {
        let failed = |error: std::io::Error| RenderError::file("can't write the decoded music to", folder, &error);
        let mut tool = ffmpeg::ffmpeg("decoding the music", probe::decode_arguments(&file.path, file.demuxer))?;
        let mut stream = tool.reader();
        let mut decoded = BufWriter::new(tempfile::tempfile_in(folder).map_err(failed)?);
        let mut block = vec![0; 8 * BLOCK];
        // More than the programme's length is never heard.
        let (mut rest, mut written) = (total * 8, 0u64);
        while rest > 0 {
            if stop.load(Ordering::Relaxed) {
                return Err(RenderError::Stopped);
            }
            let length = probe::fill(&mut stream, &mut block).map_err(failed)? / 8 * 8;
            if length == 0 {
                break;
            }
            decoded.write_all(&block[..length]).map_err(failed)?;
            rest = rest.saturating_sub(length as u64);
            written += length as u64;
        }
        drop(tool);
        if written == 0 {
            return Err(RenderError::Ffmpeg { doing: "decoding the music".to_owned(), detail: "it gave no sound".to_owned() });
        }
        let mut decoded = decoded.into_inner().map_err(|error| failed(error.into_error()))?;
        decoded.rewind().map_err(failed)?;
        let level = factor(level_gain(&file.facts, SPEECH_LUFS) + options.volume_db);
        Ok(Self {
            reader: BufReader::with_capacity(1 << 16, decoded),
            level,
            duck: options.duck,
            total,
            hangover: 0,
            ducked_db: 0.0,
        })
    }

    /// Adds the music from sample `at` to a block of speech.
    fn add(&mut self, block: &mut [f32], at: u64) -> Result<(), RenderError> {
        let mut bytes = vec![0; block.len() * 4];
        self.read_looped(&mut bytes)
            .map_err(|error| RenderError::Ffmpeg { doing: "reading the decoded music".to_owned(), detail: error.to_string() })?;
        let music = probe::floats(&bytes);
        for (index, (out, music)) in block.chunks_exact_mut(2).zip(music.chunks_exact(2)).enumerate() {
            let gain = self.level * self.duck_gain(out) * self.fade(at + index as u64);
            for (out, music) in out.iter_mut().zip(music) {
                *out += music * gain;
            }
        }
        Ok(())
    }

    fn read_looped(&mut self, bytes: &mut [u8]) -> std::io::Result<()> {
        let mut filled = 0;
        while filled < bytes.len() {
            match self.reader.read(&mut bytes[filled..])? {
                0 => self.reader.rewind()?,
                length => filled += length,
            }
        }
        Ok(())
    }

    fn duck_gain(&mut self, speech: &[f32]) -> f32 {
        if !self.duck {
            return 1.0;
        }
        let speaks = speech.iter().any(|sample| sample.abs() > SPEECH_LEVEL);
        self.hangover = if speaks { SPEECH_HANGOVER } else { self.hangover.saturating_sub(1) };
        let (target, seconds) = if self.hangover > 0 { (DUCK_DB, DUCK_ATTACK) } else { (0.0, DUCK_RELEASE) };
        self.ducked_db += (target - self.ducked_db) / (seconds * RATE as f32);
        // exp2 of decibels / 6.02.
        (-self.ducked_db * 0.166_096_4).exp2()
    }

    fn fade(&self, at: u64) -> f32 {
        let seconds = |samples: u64| samples as f64 / f64::from(RATE);
        let half = seconds(self.total) / 2.0;
        let fade_in = seconds(at) / MUSIC_IN.min(half).max(1e-3);
        let fade_out = seconds(self.total - at.min(self.total)) / MUSIC_OUT.min(half).max(1e-3);
        let t = fade_in.min(fade_out).clamp(0.0, 1.0);
        (t * t * (3.0 - 2.0 * t)) as f32
    }
}
