//! How loud a sound is from moment to moment, and where in it somebody speaks.
//!
//! Which words are said there is guessed in `model::estimate`.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::sound_file::RATE;

/// Sample frames for which one level is kept: 10 ms.
pub(crate) const STEP: usize = RATE as usize / 100;
/// Speech is at most this much quieter than its loud parts, in dB.
const DEPTH: i16 = 30;
/// What is quieter than this is never speech, in dB below full scale.
const SILENCE: i16 = -70;
/// A sound shorter than this is a click and no speech, in steps.
const CLICK: usize = 3;

/// The level of every 10 ms in dB below full scale.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Levels {
    levels: Vec<i8>,
    sum: f32,
    filled: usize,
}

impl Levels {
    /// Takes interleaved stereo samples.
    pub(crate) fn push(&mut self, samples: &[f32]) {
        let mut rest = samples;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(2 * (STEP - self.filled)));
            self.sum += now.chunks_exact(2).map(|pair| pair[0] * pair[0] + pair[1] * pair[1]).sum::<f32>();
            self.filled += now.len() / 2;
            if self.filled == STEP {
                let db = 10.0 * (self.sum / (2 * STEP) as f32).max(1e-12).log10();
                self.levels.push(db.clamp(-120.0, 120.0) as i8);
                (self.sum, self.filled) = (0.0, 0);
            }
            rest = later;
        }
    }

    /// Where somebody speaks, in steps; pauses shorter than `pause` steps belong to the speech.
    ///
    /// The threshold follows the level of the speech and of the noise behind it.
    pub(crate) fn voiced(&self, pause: usize) -> Vec<Range<usize>> {
        let mut sorted: Vec<i16> = self.levels.iter().map(|level| i16::from(*level)).collect();
        sorted.sort_unstable();
        let part = |hundredth: usize| sorted.get(sorted.len() * hundredth / 100).copied().unwrap_or(SILENCE);
        let (noise, loud) = (part(10), part(95));
        // Where nobody ever pauses, the quietest parts are speech too.
        let threshold = (loud - DEPTH).max((noise + 6).min(loud - 20)).max(SILENCE);
        let mut spans: Vec<Range<usize>> = Vec::new();
        let mut loud_part: Option<Range<usize>> = None;
        let steps = self.levels.iter().map(|level| i16::from(*level) >= threshold).chain(std::iter::once(false));
        for (index, loud) in steps.enumerate() {
            match (&mut loud_part, loud) {
                (Some(part), true) => part.end = index + 1,
                (None, true) => loud_part = Some(index..index + 1),
                (_, false) => {
                    let Some(part) = loud_part.take().filter(|part| part.len() >= CLICK) else { continue };
                    match spans.last_mut() {
                        Some(last) if part.start - last.end < pause => last.end = part.end,
                        _ => spans.push(part),
                    }
                }
            }
        }
        spans
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speech_is_found_at_any_level_and_over_noise() {
        let check = |level: f32, noise: f32, pause: usize, expected: &[Range<usize>]| {
            let mut levels = Levels::default();
            // 0.5 s silence, 1 s speech, 0.1 s pause, 0.4 s speech, 0.6 s pause, 0.4 s speech.
            for (steps, speaks) in [(50, false), (100, true), (10, false), (40, true), (60, false), (40, true)] {
                let samples: Vec<f32> = (0..2 * STEP * steps)
                    .map(|index| {
                        let wave = (index as f32 * 0.05).sin() * level;
                        (if speaks { wave } else { 0.0 }) + noise * (index as f32 * 1.7).sin()
                    })
                    .collect();
                levels.push(&samples);
            }
            assert_eq!(levels.voiced(pause), expected, "{level} {noise}");
        };
        for (level, noise) in [(0.5, 0.0), (0.01, 0.0), (0.3, 0.003), (0.5, 0.03)] {
            check(level, noise, 25, &[50..200, 260..300]);
            check(level, noise, 5, &[50..150, 160..200, 260..300]);
        }
        check(0.0, 0.0, 25, &[]);
    }
}
