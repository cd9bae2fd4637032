//! What happens to a voice before it reaches the aligner: telephones, noise, rooms, silence and lossy files.
//!
//! Everything is deterministic, and the times of the words follow.

use std::f64::consts::{PI, TAU};
use std::io::{Cursor, Write};
use std::process::{Command, Stdio};

use anyhow::Context;
use bytes::Bytes;

use super::speakers::Spoken;

/// One way to spoil a sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    Clean,
    /// White noise and the hum of mains, 20 dB under the voice.
    Noise,
    /// 8 kHz.
    Telephone,
    /// 48 kHz, two channels.
    Stereo,
    /// Silence before and behind.
    Silence,
    /// Reflections for a quarter of a second.
    Room,
    /// 44.1 kHz, MP3 of 64 kbit/s.
    Lossy,
}

pub const CONDITIONS: [Condition; 7] = [
    Condition::Clean,
    Condition::Noise,
    Condition::Telephone,
    Condition::Stereo,
    Condition::Silence,
    Condition::Room,
    Condition::Lossy,
];

impl Condition {
    pub fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Noise => "noise, 20 dB",
            Self::Telephone => "8 kHz",
            Self::Stereo => "48 kHz stereo",
            Self::Silence => "silence around",
            Self::Room => "room",
            Self::Lossy => "44.1 kHz MP3",
        }
    }
}

/// A finished file.
pub struct File {
    pub bytes: Bytes,
    pub media_type: &'static str,
    pub seconds: f64,
}

/// Spoils a sound, moves its words along, and writes it to a file.
pub fn spoil(spoken: &mut Spoken, condition: Condition) -> anyhow::Result<File> {
    let rate = f64::from(spoken.rate);
    match condition {
        Condition::Clean => {}
        Condition::Noise => noise(&mut spoken.samples, rate),
        Condition::Telephone => resample(spoken, 8_000),
        Condition::Stereo => resample(spoken, 48_000),
        Condition::Silence => {
            spoken.samples.splice(0..0, std::iter::repeat_n(0.0, (0.75 * rate) as usize));
            spoken.samples.extend(std::iter::repeat_n(0.0, (0.5 * rate) as usize));
            let moved = (0.75 * rate).floor() / rate;
            spoken.words.iter_mut().for_each(|word| (word.start, word.end) = (word.start + moved, word.end + moved));
        }
        Condition::Room => room(&mut spoken.samples, rate),
        Condition::Lossy => resample(spoken, 44_100),
    }
    let seconds = spoken.samples.len() as f64 / f64::from(spoken.rate);
    let bytes = wav(spoken, if condition == Condition::Stereo { 2 } else { 1 })?;
    match condition {
        Condition::Lossy => Ok(File { bytes: mp3(&bytes)?.into(), media_type: "audio/mpeg", seconds }),
        _ => Ok(File { bytes: bytes.into(), media_type: "audio/wav", seconds }),
    }
}

/// Numbers from −1 to 1 without a pattern that the ear would hear.
fn white() -> impl FnMut() -> f64 {
    let mut state = 0x2545_F491_4F6C_DD1Du64;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

fn noise(samples: &mut [f32], rate: f64) {
    let loud: Vec<f32> = samples.iter().copied().filter(|sample| sample.abs() > 0.01).collect();
    let power = loud.iter().map(|sample| f64::from(sample * sample)).sum::<f64>() / loud.len().max(1) as f64;
    // Half the power each; white noise from −1 to 1 has the power 1/3 and a sine 1/2.
    let amplitude = (power / 100.0 / 2.0).sqrt();
    let mut white = white();
    for (at, sample) in samples.iter_mut().enumerate() {
        let hum = (TAU * 50.0 * at as f64 / rate).sin() * 0.8 + (TAU * 150.0 * at as f64 / rate).sin() * 0.6;
        *sample += (amplitude * (white() * 3f64.sqrt() + hum * 2f64.sqrt())) as f32;
    }
}

/// Sparse reflections that die away, as a small room has them.
fn room(samples: &mut [f32], rate: f64) {
    let mut white = white();
    let taps: Vec<(usize, f32)> = (0..80)
        .map(|tap| {
            let seconds = 0.004 + 0.25 * (f64::from(tap) / 80.0).powf(1.3) + 0.002 * white();
            ((seconds * rate) as usize, (0.28 * white().signum() * (-seconds / 0.07).exp()) as f32)
        })
        .collect();
    let dry = samples.to_vec();
    for (delay, gain) in taps {
        for at in delay..samples.len() {
            samples[at] += gain * dry[at - delay];
        }
    }
    let peak = samples.iter().fold(0.0f32, |peak, sample| peak.max(sample.abs()));
    if peak > 0.95 {
        samples.iter_mut().for_each(|sample| *sample *= 0.95 / peak);
    }
}

/// Brings a sound to another rate with a windowed sinc.
fn resample(spoken: &mut Spoken, rate: u32) {
    const SIDE: f64 = 24.0;
    let step = f64::from(spoken.rate) / f64::from(rate);
    let cutoff = 0.95f64.min(0.95 / step);
    let count = (spoken.samples.len() as f64 / step) as usize;
    let sample = |index: usize| {
        let middle = index as f64 * step;
        let reach = SIDE / cutoff;
        let (from, to) = ((middle - reach).ceil().max(0.0) as usize, (middle + reach).floor() as usize);
        let sum: f64 = (from..=to.min(spoken.samples.len() - 1))
            .map(|at| {
                let away = at as f64 - middle;
                let sinc = if away == 0.0 { 1.0 } else { (PI * away * cutoff).sin() / (PI * away * cutoff) };
                f64::from(spoken.samples[at]) * sinc * (0.5 + 0.5 * (PI * away / reach).cos()) * cutoff
            })
            .sum();
        sum as f32
    };
    spoken.samples = (0..count).map(sample).collect();
    spoken.rate = rate;
}

fn wav(spoken: &Spoken, channels: u16) -> anyhow::Result<Vec<u8>> {
    let (sample_rate, sample_format) = (spoken.rate, hound::SampleFormat::Int);
    let mut file = Cursor::new(Vec::new());
    let mut writer =
        hound::WavWriter::new(&mut file, hound::WavSpec { channels, sample_rate, bits_per_sample: 16, sample_format })?;
    for sample in &spoken.samples {
        for channel in 0..channels {
            // The second channel is quieter: the voice stands a little to the left.
            let gain = if channel == 0 { 32_767.0 } else { 18_000.0 };
            writer.write_sample((sample.clamp(-1.0, 1.0) * gain).round() as i16)?;
        }
    }
    writer.finalize()?;
    Ok(file.into_inner())
}

fn mp3(wav: &[u8]) -> anyhow::Result<Vec<u8>> {
    let folder = tempfile::tempdir()?;
    // A real file, so that the length of the encoder's own delay can be written at its beginning.
    let path = folder.path().join("voice.mp3");
    let mut child = Command::new("ffmpeg")
        .args(["-v", "error", "-i", "pipe:0", "-c:a", "libmp3lame", "-b:a", "64k"])
        .arg(&path)
        .stdin(Stdio::piped())
        .spawn()
        .context("ffmpeg could not be started")?;
    child.stdin.take().context("the pipe was asked for")?.write_all(wav)?;
    anyhow::ensure!(child.wait()?.success(), "ffmpeg could not write MP3");
    Ok(std::fs::read(&path)?)
}
