//! Speech made faster or slower at the same pitch, for vendors that know no speed.
//!
//! Overlapping windows of the sound are laid closer together or further apart, each moved by up to a few milliseconds to
//! where it continues the wave of the one before (WSOLA, waveform similarity overlap-add).

use std::ops::RangeInclusive;

use super::Sound;

/// A window holds at least two periods of the deepest voice.
const WINDOW_SECONDS: f64 = 0.03;
/// A window may be moved by a little more than half a period of the deepest voice.
const REACH_SECONDS: f64 = 0.008;
/// Samples between two that are compared: similarity is in the low tones.
const STRIDE: usize = 2;

/// The same speech at another speed: 2.0 takes half the time. Speeds beyond 0.5 to 2.0 are not reached, and 1.0 changes
/// nothing.
pub fn stretch(sound: &Sound, speed: f64) -> Sound {
    let speed = speed.clamp(0.5, 2.0);
    let half = (WINDOW_SECONDS * f64::from(sound.rate) / 2.0) as usize;
    let reach = (REACH_SECONDS * f64::from(sound.rate)) as usize;
    let input = &sound.samples;
    if (speed - 1.0).abs() < 0.005 || input.len() < 2 * half {
        return sound.clone();
    }
    let length = (input.len() as f64 / speed).round() as usize;
    let mut output = vec![0.0; length];
    let at = |index: usize| input.get(index).copied().unwrap_or(0.0);
    // Halves of raised cosines that overlap by half add up to one.
    let weight = |index: usize| 0.5 - 0.5 * (std::f32::consts::PI * (index as f32 + 0.5) / half as f32).cos();
    // The first half window is taken as it is, so that the beginning has no fade of its own.
    for (index, sample) in output.iter_mut().take(half).enumerate() {
        *sample = at(index);
    }
    let mut following = half;
    let mut to = half;
    while to < length {
        let ideal = (to as f64 * speed) as usize;
        let from = best(input, following, ideal.saturating_sub(reach)..=ideal + reach, half);
        for index in 0..half.min(length - to) {
            let rising = weight(index);
            output[to + index] = (1.0 - rising) * at(following + index) + rising * at(from + index);
        }
        following = from + half;
        to += half;
    }
    Sound { samples: output, rate: sound.rate }
}

/// Where within `places` the sound is most like that at `wanted`: found roughly first, then exactly.
fn best(input: &[f32], wanted: usize, places: RangeInclusive<usize>, length: usize) -> usize {
    const ROUGHLY: usize = 4;
    let Some(model) = input.get(wanted..(wanted + length).min(input.len())) else { return *places.start() };
    let likeness = |place: usize| {
        let Some(part) = input.get(place..) else { return f32::MIN };
        let pairs = || model.iter().zip(part).step_by(STRIDE);
        let product: f32 = pairs().map(|(a, b)| a * b).sum();
        let power: f32 = pairs().map(|(_, b)| b * b).sum();
        product / (power + 1e-6).sqrt()
    };
    let likeliest = |places: &mut dyn Iterator<Item = usize>| {
        places.map(|place| (place, likeness(place))).max_by(|a, b| a.1.total_cmp(&b.1)).map(|(place, _)| place)
    };
    let rough = likeliest(&mut places.clone().step_by(ROUGHLY)).unwrap_or(*places.start());
    let mut near = rough.saturating_sub(ROUGHLY - 1).max(*places.start())..=(rough + ROUGHLY - 1).min(*places.end());
    likeliest(&mut near).unwrap_or(rough)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(seconds: f64) -> Sound {
        let sample = |index: usize| 0.5 * (index as f64 * 150.0 * std::f64::consts::TAU / 24_000.0).sin() as f32;
        Sound { samples: (0..(seconds * 24_000.0) as usize).map(sample).collect(), rate: 24_000 }
    }

    #[test]
    fn the_length_changes_and_the_pitch_does_not() {
        for speed in [0.5, 0.8, 1.0, 1.25, 2.0] {
            let sound = stretch(&tone(2.0), speed);
            assert!((sound.seconds() - 2.0 / speed).abs() < 0.001, "{speed}: {}", sound.seconds());
            let inner = &sound.samples[2_400..sound.samples.len() - 2_400];
            let rises = inner.windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count();
            let pitch = rises as f64 * 24_000.0 / inner.len() as f64;
            assert!((pitch - 150.0).abs() < 2.0, "{speed}: {pitch} Hz");
            // The steepest step of the tone itself is 0.02.
            let step = inner.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
            assert!(step < 0.025, "{speed}: a step of {step}");
            let level = (sound.level() - tone(2.0).level()).abs();
            assert!(level < 0.5, "{speed}: {level} dB apart");
        }
    }

    #[test]
    fn what_happens_happens_at_its_share_of_the_time() {
        // Two taps, at 0.5 s and 1.5 s.
        let mut sound = Sound { samples: vec![0.0; 48_000], rate: 24_000 };
        for at in [12_000, 36_000] {
            sound.samples[at..at + 480].iter_mut().enumerate().for_each(|(index, sample)| *sample = (index as f32 * 0.2).sin());
        }
        for speed in [0.6, 0.9, 1.2, 1.8] {
            let faster = stretch(&sound, speed);
            let loud = |from: usize| faster.samples[from..].iter().position(|sample| sample.abs() > 0.2).map(|at| from + at);
            let first = loud(0).expect("the first tap");
            let second = loud(first + 2_400).expect("the second tap");
            for (found, true_place) in [(first, 0.5), (second, 1.5)] {
                let error = (found as f64 / 24_000.0 - true_place / speed).abs();
                assert!(error < 0.03, "{speed}: {error} s");
            }
        }
    }

    #[test]
    fn what_is_shorter_than_a_window_stays() {
        let sound = Sound { samples: vec![0.5; 100], rate: 24_000 };
        assert_eq!(stretch(&sound, 2.0), sound);
    }
}
