//! What is said in each frame of a sound, with the voice that says it and the room around it taken away as far as possible.
//!
//! The numbers are cepstra of mel bands, each evened out over the frames in which somebody speaks.

use super::spectra::{BANDS, Spectra, share, voiced};

/// Cepstral numbers that are kept; higher ones tell of the pitch rather than of what is said.
const CEPSTRA: usize = 12;
/// All numbers of a frame: cepstra and their slopes.
pub(super) const NUMBERS: usize = 2 * (CEPSTRA + 1);
/// Frames on either side over which a slope is taken.
const SLOPE: usize = 2;

/// The numbers of one frame.
pub(super) type Frame = [f32; NUMBERS];

/// A sound as it is compared.
pub(super) struct Features {
    /// Seconds from frame to frame.
    pub hop: f64,
    pub frames: Vec<Frame>,
    /// In which frames somebody speaks.
    pub voiced: Vec<bool>,
}

/// How far the noise of each band lies under its loud moments, as a ratio of powers.
pub(super) type Floor = [f32; BANDS];

/// The noise of a sound.
pub(super) fn floor(spectra: &Spectra) -> Floor {
    std::array::from_fn(|band| {
        let powers: Vec<f32> = spectra.bands.iter().map(|bands| bands[band]).collect();
        (share(&powers, 0.1) / share(&powers, 0.95).max(1e-12)).clamp(1e-5, 0.3)
    })
}

/// Describes a sound; `floor` is the noise that both sounds shall have, so that a quiet studio and a loud street compare.
pub(super) fn features(spectra: &Spectra, floor: &Floor, mask: Option<Vec<bool>>) -> Features {
    let voiced = mask.unwrap_or_else(|| voiced(&spectra.levels()));
    let loud: [f32; BANDS] = std::array::from_fn(|band| {
        let powers: Vec<f32> = spectra.bands.iter().map(|bands| bands[band]).collect();
        share(&powers, 0.95).max(1e-12)
    });
    let cosines = cosines();
    let static_numbers: Vec<[f32; CEPSTRA + 1]> = spectra
        .bands
        .iter()
        .map(|bands| {
            let logs: [f32; BANDS] = std::array::from_fn(|band| (bands[band] + floor[band] * loud[band]).ln());
            std::array::from_fn(|number| cosines[number].iter().zip(&logs).map(|(cosine, log)| cosine * log).sum())
        })
        .collect();
    let mut frames: Vec<Frame> = (0..static_numbers.len())
        .map(|at| {
            let before = static_numbers[at.saturating_sub(SLOPE)];
            let after = static_numbers[(at + SLOPE).min(static_numbers.len() - 1)];
            std::array::from_fn(|number| match number.checked_sub(CEPSTRA + 1) {
                None => static_numbers[at][number],
                Some(number) => after[number] - before[number],
            })
        })
        .collect();
    even_out(&mut frames, &voiced);
    Features { hop: spectra.hop, frames, voiced }
}

/// The rows of a discrete cosine transform.
fn cosines() -> [[f32; BANDS]; CEPSTRA + 1] {
    std::array::from_fn(|number| {
        std::array::from_fn(|band| {
            let angle = std::f64::consts::PI * number as f64 * (band as f64 + 0.5) / BANDS as f64;
            (angle.cos() * (2.0 / BANDS as f64).sqrt()) as f32
        })
    })
}

/// Gives every number the mean 0 and the variance of its weight over the voiced frames.
fn even_out(frames: &mut [Frame], voiced: &[bool]) {
    let count = voiced.iter().filter(|voiced| **voiced).count().max(1) as f32;
    let mut mean = [0.0f32; NUMBERS];
    let mut square = [0.0f32; NUMBERS];
    for (frame, _) in frames.iter().zip(voiced).filter(|(_, voiced)| **voiced) {
        for number in 0..NUMBERS {
            mean[number] += frame[number] / count;
        }
    }
    for (frame, _) in frames.iter().zip(voiced).filter(|(_, voiced)| **voiced) {
        for number in 0..NUMBERS {
            square[number] += (frame[number] - mean[number]).powi(2) / count;
        }
    }
    let scale: [f32; NUMBERS] = std::array::from_fn(|number| weight(number) / square[number].max(1e-9).sqrt());
    for frame in frames {
        for number in 0..NUMBERS {
            frame[number] = ((frame[number] - mean[number]) * scale[number]).clamp(-4.0, 4.0);
        }
    }
}

/// How much a number counts.
fn weight(number: usize) -> f32 {
    if number > CEPSTRA { 0.5 } else { 1.0 }
}
