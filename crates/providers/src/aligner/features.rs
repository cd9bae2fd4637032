//! What is said in each frame of a sound, with the voice that says it and the room around it taken away as far as possible.
//!
//! The numbers are cepstra of mel bands, each evened out over the frames in which somebody speaks.

use super::spectra::{BANDS, Spectra, share};

/// Cepstral numbers that are kept beside the loudness; higher ones tell of the pitch rather than of what is said.
const CEPSTRA: usize = 11;
/// All numbers of a frame: loudness, cepstra and the slopes of both; a multiple of four, which is quicker to compare.
const NUMBERS: usize = 2 * (CEPSTRA + 1);
/// Frames on either side over which a slope is taken.
const SLOPE: usize = 2;

/// No number counts more than this: a click must not outweigh a word.
const MOST: f32 = 4.0;

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

/// Describes a sound; `voiced` says in which frames somebody speaks, and `floor` is the noise that both sounds shall have, so that a quiet studio and a loud street compare.
pub(super) fn features(spectra: &Spectra, floor: &Floor, voiced: Vec<bool>) -> Features {
    let loud: [f32; BANDS] = std::array::from_fn(|band| {
        let powers: Vec<f32> = spectra.bands.iter().map(|bands| bands[band]).collect();
        share(&powers, 0.95).max(1e-12)
    });
    let cosines = cosines();
    let cepstra = |bands: &[f32; BANDS]| -> [f32; CEPSTRA + 1] {
        let logs: [f32; BANDS] = std::array::from_fn(|band| (bands[band] + floor[band] * loud[band]).ln());
        std::array::from_fn(|number| cosines[number].iter().zip(&logs).map(|(cosine, log)| cosine * log).sum())
    };
    let cepstra: Vec<_> = spectra.bands.iter().map(cepstra).collect();
    let with_slopes = |at: usize| -> Frame {
        let before = cepstra[at.saturating_sub(SLOPE)];
        let after = cepstra[(at + SLOPE).min(cepstra.len() - 1)];
        std::array::from_fn(|number| match number.checked_sub(CEPSTRA + 1) {
            None => cepstra[at][number],
            Some(number) => after[number] - before[number],
        })
    };
    let mut frames: Vec<Frame> = (0..cepstra.len()).map(with_slopes).collect();
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
    let spoken = || frames.iter().zip(voiced).filter(|(_, voiced)| **voiced).map(|(frame, _)| frame);
    let mean: Frame = std::array::from_fn(|number| spoken().map(|frame| frame[number]).sum::<f32>() / count);
    let scale: Frame = std::array::from_fn(|number| {
        let variance = spoken().map(|frame| (frame[number] - mean[number]).powi(2)).sum::<f32>() / count;
        weight(number) / variance.max(1e-9).sqrt()
    });
    for frame in frames {
        for number in 0..NUMBERS {
            frame[number] = ((frame[number] - mean[number]) * scale[number]).clamp(-MOST, MOST);
        }
    }
}

/// How much a number counts: the loudness most, fine detail of the spectrum (which differs from voice to voice) least.
fn weight(number: usize) -> f32 {
    const LOUDNESS: f32 = 1.5;
    const FINEST: f32 = 0.6;
    const SLOPES: f32 = 0.8;
    let of_static = |number: usize| match number {
        0 => LOUDNESS,
        _ => 1.0 - (1.0 - FINEST) * number as f32 / CEPSTRA as f32,
    };
    if number > CEPSTRA { SLOPES * of_static(number - CEPSTRA - 1) } else { of_static(number) }
}

#[cfg(test)]
mod tests {
    use super::super::spectra::{highest, measure};
    use super::*;
    use crate::sound::Sound;

    #[test]
    fn loudness_and_tone_of_the_channel_are_taken_away() {
        // A siren over a soft hiss, and the same quieter.
        let mut noise = 1u32;
        let wave = |at: u32| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let time = f64::from(at) / 16_000.0;
            let hiss = f64::from(noise >> 16) / 65_536.0 - 0.5;
            ((500.0 * time + 40.0 * (9.0 * time).sin()) * 6.0).sin() * 0.4 + hiss * 0.01
        };
        let samples: Vec<f32> = (0..32_000).map(wave).map(|sample| sample as f32).collect();
        let quiet = Sound { samples: samples.iter().map(|sample| sample * 0.1).collect(), rate: 16_000 };
        let describe = |sound: &Sound| {
            let spectra = measure(sound, 0.01, highest(16_000));
            features(&spectra, &floor(&spectra), vec![true; spectra.bands.len()])
        };
        let (loud, quiet) = (describe(&Sound { samples, rate: 16_000 }), describe(&quiet));
        assert_eq!(loud.frames.len(), 200);
        for (one, other) in loud.frames.iter().zip(&quiet.frames) {
            assert!(one.iter().zip(other).all(|(one, other)| (one - other).abs() < 0.01), "{one:?} {other:?}");
        }
        let spread: f32 = loud.frames.iter().map(|frame| frame[1] * frame[1]).sum::<f32>() / 200.0;
        assert!((spread.sqrt() - weight(1)).abs() < 0.05, "{spread}");
    }
}
