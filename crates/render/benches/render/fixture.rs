//! The storyboard that everything is measured on: synthetic textures and real photographs, made-up narration, music.
//!
//! It is the same on every machine: nothing in it is random, and no program but ours makes it.

use std::f64::consts::TAU;
use std::path::{Path, PathBuf};

use anyhow::Context;
use image::{Rgb, RgbImage};
use serde_json::{Value, json};

/// Seconds of the eight scenes: 49.5 in all.
const SECONDS: [f64; 8] = [5.1, 6.4, 7.2, 5.8, 6.9, 4.7, 7.6, 5.8];
const PHOTOGRAPHS: [&str; 4] = ["astronaut.png", "coffee.png", "hubble_deep_field.jpg", "rocket.jpg"];
const SPEECH_RATE: u32 = 24_000;
const MUSIC_RATE: u32 = 44_100;
const WORDS: [&str; 16] = [
    "Nobody", "expected", "the", "quiet", "harbour", "to", "wake", "before", "sunrise,", "yet", "every", "window", "glowed",
    "with", "copper", "light.",
];

/// Where the files are.
pub struct Fixture {
    pub folder: PathBuf,
}

impl Fixture {
    /// Makes the media in `folder`.
    pub fn make(folder: &Path) -> anyhow::Result<Self> {
        for number in 0..4 {
            texture(number).save(folder.join(format!("texture{number}.png")))?;
        }
        let photographs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/photos");
        for name in PHOTOGRAPHS {
            std::fs::copy(photographs.join(name), folder.join(name)).with_context(|| format!("examples/photos/{name}"))?;
        }
        for (scene, seconds) in SECONDS.iter().enumerate() {
            narration(&folder.join(format!("narration{scene}.wav")), *seconds, scene)?;
        }
        music(&folder.join("music.wav"))?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Writes a storyboard of `scenes` scenes (after eight they begin again) and answers its path. In the scene `changed` another
    /// picture is shown.
    pub fn storyboard(&self, name: &str, scenes: usize, changed: Option<usize>) -> anyhow::Result<PathBuf> {
        let scenes: Vec<Value> = (0..scenes)
            .map(|scene| {
                let picture = if changed == Some(scene) { scene + 1 } else { scene };
                let picture = match picture % 2 {
                    0 => format!("texture{}.png", picture / 2 % 4),
                    _ => PHOTOGRAPHS[picture / 2 % 4].to_owned(),
                };
                let words: Vec<Value> = words(SECONDS[scene % 8], scene % 8)
                    .map(|(word, start, end)| json!({ "word": word, "start": start, "end": end }))
                    .collect();
                json!({ "imageUrl": picture, "audioUrl": format!("narration{}.wav", scene % 8), "wordTimings": words })
            })
            .collect();
        let path = self.folder.join(name);
        let storyboard = json!({ "title": "Benchmark", "scenes": scenes, "bgMusicUrl": "music.wav" });
        std::fs::write(&path, serde_json::to_vec(&storyboard)?)?;
        Ok(path)
    }
}

/// Words with their start and end in seconds, about 2.6 a second.
fn words(seconds: f64, scene: usize) -> impl Iterator<Item = (&'static str, f64, f64)> {
    let count = (seconds * 2.6) as usize;
    let each = (seconds - 0.3) / count as f64;
    (0..count).map(move |index| {
        let start = 0.1 + index as f64 * each;
        (WORDS[(index + scene * 5) % WORDS.len()], start, start + each * 0.85)
    })
}

/// A picture with detail at every size: sums of waves, blobs and a fine grain, in two colours.
fn texture(number: u32) -> RgbImage {
    let seed = f64::from(number);
    RgbImage::from_fn(1200, 2000, |x, y| {
        let (u, v) = (f64::from(x) / 1200.0, f64::from(y) / 1200.0);
        let mut height = 0.0;
        for octave in 0..7 {
            let size = 2.3f64.powi(octave);
            let angle = seed * 1.7 + f64::from(octave) * 2.1;
            let (across, down) = (angle.cos() * u + angle.sin() * v, angle.cos() * v - angle.sin() * u);
            height += ((across * size * 5.0 + (down * size * 3.0).sin() * 1.3) * TAU / 2.0 + seed).sin() / size.powf(0.8);
        }
        // A small hash: the grain that film and sensors have.
        let grain = x.wrapping_mul(0x9e37_79b1) ^ y.wrapping_mul(0x85eb_ca77) ^ number.wrapping_mul(0xc2b2_ae3d);
        let grain = f64::from((grain ^ grain >> 15).wrapping_mul(0x2c1b_3c6d) >> 24) / 255.0 - 0.5;
        let t = (0.5 + height * 0.22 + grain * 0.05).clamp(0.0, 1.0);
        let colour = |from: f64, to: f64| (from + (to - from) * t).clamp(0.0, 255.0) as u8;
        Rgb([colour(20.0 + seed * 25.0, 250.0), colour(40.0, 215.0 - seed * 20.0), colour(90.0, 150.0 + seed * 30.0)])
    })
}

/// A hum with syllables: loud where the words are.
fn narration(path: &Path, seconds: f64, scene: usize) -> anyhow::Result<()> {
    let mut loudness = vec![0.0f64; (seconds * f64::from(SPEECH_RATE)) as usize];
    for (_, start, end) in words(seconds, scene) {
        let span = (start * f64::from(SPEECH_RATE)) as usize..(end * f64::from(SPEECH_RATE)) as usize;
        let length = span.len() as f64;
        for (index, sample) in loudness[span].iter_mut().enumerate() {
            *sample = (index as f64 / length * TAU / 2.0).sin().sqrt();
        }
    }
    write_wav(
        path,
        SPEECH_RATE,
        1,
        loudness.iter().enumerate().map(|(index, loudness)| {
            let t = index as f64 / f64::from(SPEECH_RATE);
            let pitch = 110.0 + 25.0 * (t * 1.3 + scene as f64).sin();
            let voice: f64 = (1..24)
                .map(|harmonic| {
                    let frequency = pitch * f64::from(harmonic);
                    let formants = 1.0 / (1.0 + ((frequency - 600.0) / 200.0).powi(2))
                        + 0.5 / (1.0 + ((frequency - 1700.0) / 300.0).powi(2));
                    (t * frequency * TAU).sin() * (0.05 + formants)
                })
                .sum();
            loudness * voice * 0.08
        }),
    )
}

/// Twenty seconds of chords with a beat.
fn music(path: &Path) -> anyhow::Result<()> {
    let samples = (0..20 * MUSIC_RATE).flat_map(|index| {
        let t = f64::from(index) / f64::from(MUSIC_RATE);
        let root = [220.0, 174.6, 261.6, 196.0][(t / 2.0) as usize % 4];
        let chord: f64 = [1.0, 1.26, 1.5, 2.0].iter().map(|ratio| (t * root * ratio * TAU).sin()).sum();
        let beat = (t * 55.0 * TAU).sin() * (-(t % 0.5) * 18.0).exp();
        let level = chord * 0.07 + beat * 0.35;
        [level, level * 0.9]
    });
    write_wav(path, MUSIC_RATE, 2, samples)
}

fn write_wav(path: &Path, rate: u32, channels: u16, samples: impl Iterator<Item = f64>) -> anyhow::Result<()> {
    let spec = hound::WavSpec { channels, sample_rate: rate, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut wav = hound::WavWriter::create(path, spec)?;
    for sample in samples {
        wav.write_sample((sample.clamp(-1.0, 1.0) * 32_000.0) as i16)?;
    }
    Ok(wav.finalize()?)
}
