//! A look-ahead limiter that also sees the peaks between samples.
//!
//! It works in two steps: peaks of each millisecond are gathered once, and from them the gain of any mastering is known
//! without looking at the sound again. How loud the programme becomes is decided in `sound`.

/// Sample frames for which one peak is kept: 1 ms.
pub(crate) const STEP: usize = 48;
/// Steps of look-ahead, and of smoothing on both sides.
const LOOK: usize = 4;
/// The gain comes back with this time constant, in steps: 80 ms.
const RELEASE: f32 = 80.0;
/// Taps of the filters that find the peaks between samples.
const TAPS: usize = 12;

/// Gathers the true peaks of a stereo stream, one for each step.
pub(crate) struct Peaks {
    filters: [[f32; TAPS]; 3],
    /// Both channels, with the last `TAPS - 1` samples of what came before in front.
    channels: [Vec<f32>; 2],
    values: [f32; STEP],
    steps: Vec<f32>,
    /// Samples between peaks and steps: a value is known only when the filter's second half is there.
    skip: usize,
}

impl Peaks {
    pub(crate) fn new() -> Self {
        Self {
            filters: [0.25, 0.5, 0.75].map(between),
            channels: [vec![0.0; TAPS - 1], vec![0.0; TAPS - 1]],
            values: [0.0; STEP],
            steps: Vec::new(),
            skip: TAPS / 2,
        }
    }

    /// Takes interleaved stereo samples.
    pub(crate) fn push(&mut self, samples: &[f32]) {
        for (channel, kept) in self.channels.iter_mut().enumerate() {
            kept.extend(samples.iter().skip(channel).step_by(2));
        }
        let ready = self.channels[0].len() - (TAPS - 1);
        let mut at = 0;
        if self.skip > 0 && ready >= self.skip {
            (at, self.skip) = (self.skip, 0);
        }
        if self.skip == 0 {
            while at + STEP <= ready {
                let peak = self.peak(at);
                self.steps.push(peak);
                at += STEP;
            }
            self.channels.iter_mut().for_each(|kept| drop(kept.drain(..at)));
        }
    }

    /// The peak of the step whose filters begin at `at`.
    fn peak(&mut self, at: usize) -> f32 {
        let mut peak = 0.0f32;
        for kept in &self.channels {
            let part = &kept[at..at + STEP + TAPS - 1];
            let own = part[TAPS / 2 - 1..].iter().take(STEP + 1).fold(0.0f32, |peak, value| peak.max(value.abs()));
            peak = peak.max(own);
            // Nothing is limited that stays far under any ceiling.
            if own < 1e-4 {
                continue;
            }
            for filter in &self.filters {
                self.values.fill(0.0);
                for (tap, weight) in filter.iter().enumerate() {
                    for (value, sample) in self.values.iter_mut().zip(&part[tap..tap + STEP]) {
                        *value += sample * weight;
                    }
                }
                peak = self.values.iter().fold(peak, |peak, value| peak.max(value.abs()));
            }
        }
        peak
    }

    /// The peaks of all steps, also of an unfinished last one.
    pub(crate) fn finish(mut self) -> Vec<f32> {
        self.push(&[0.0; 2 * (STEP + TAPS)]);
        self.steps
    }
}

/// The limiter's gain at the start of each step and at the end of the last, for peaks that are raised by `gain` and must
/// stay under `ceiling`. Between two of them the gain is a straight line. Without `gain`: 1 is what needs no limiting.
pub(crate) fn curve(peaks: &[f32], gain: f32, ceiling: f32) -> Vec<f32> {
    let needed: Vec<f32> = peaks.iter().map(|peak| (ceiling / (peak * gain).max(1e-9)).min(1.0)).collect();
    if needed.iter().all(|needed| *needed == 1.0) {
        return vec![1.0; peaks.len() + 1];
    }
    let mut held = Vec::with_capacity(needed.len());
    let mut last = 1.0f32;
    for index in 0..needed.len() {
        let around = &needed[index.saturating_sub(LOOK)..(index + LOOK + 1).min(needed.len())];
        let least = around.iter().copied().fold(1.0, f32::min);
        last = if least < last { least } else { last + (least - last) / RELEASE };
        held.push(last);
    }
    let smooth: Vec<f32> = (0..held.len())
        .map(|index| {
            let around = &held[index.saturating_sub(LOOK)..(index + LOOK + 1).min(held.len())];
            around.iter().sum::<f32>() / around.len() as f32
        })
        .collect();
    // A line between two steps must be low enough for both.
    let edge = |index: usize| {
        let before = index.checked_sub(1).map_or(1.0, |before| smooth[before]);
        before.min(smooth.get(index).copied().unwrap_or(1.0))
    };
    (0..=smooth.len()).map(edge).collect()
}

/// Raises interleaved stereo samples by `gain` and limits them by a [`curve`]; `step` is the first sample's step.
pub(crate) fn apply(samples: &mut [f32], step: usize, curve: &[f32], gain: f32) {
    for (index, part) in samples.chunks_mut(2 * STEP).enumerate() {
        let at = |step: usize| curve.get(step).or(curve.last()).copied().unwrap_or(1.0) * gain;
        let (from, to) = (at(step + index), at(step + index + 1));
        let slope = (to - from) / STEP as f32;
        for (index, pair) in part.chunks_exact_mut(2).enumerate() {
            let gain = from + slope * index as f32;
            pair[0] *= gain;
            pair[1] *= gain;
        }
    }
}

/// A windowed sinc that reads the value `fraction` of a sample after the middle of the taps.
fn between(fraction: f32) -> [f32; TAPS] {
    let mut filter = [0.0f32; TAPS];
    for (index, weight) in filter.iter_mut().enumerate() {
        let x = index as f32 - (TAPS / 2 - 1) as f32 - fraction;
        let angle = std::f32::consts::PI * x;
        *weight = angle.sin() / angle * (0.5 + 0.5 * (angle / (TAPS / 2) as f32).cos());
    }
    let sum: f32 = filter.iter().sum();
    filter.map(|weight| weight / sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebur128::{EbuR128, Mode};
    use proptest::prelude::*;

    fn limited(samples: &[f32], gain: f32, ceiling: f32) -> Vec<f32> {
        let mut peaks = Peaks::new();
        samples.chunks(1000).for_each(|block| peaks.push(block));
        let peaks = peaks.finish();
        assert!(peaks.len() * STEP >= samples.len() / 2, "{} steps for {} samples", peaks.len(), samples.len());
        let curve = curve(&peaks, gain, ceiling);
        let mut out = samples.to_vec();
        for (index, block) in out.chunks_mut(20 * STEP).enumerate() {
            apply(block, 10 * index, &curve, gain);
        }
        out
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn the_true_peak_stays_under_the_ceiling(
            frequency in 50.0f32..15_000.0, level in 0.2f32..6.0, bursts in 1.0f32..40.0, length in 3000usize..20_000,
        ) {
            let samples: Vec<f32> = (0..length).flat_map(|index| {
                let t = index as f32 / 48_000.0;
                let value = (t * frequency * std::f32::consts::TAU).sin() * if (t * bursts).fract() < 0.5 { level } else { 0.1 };
                [value, -value * 0.7]
            }).collect();
            let out = limited(&samples, 1.0, 0.8);
            let mut meter = EbuR128::new(2, 48_000, Mode::TRUE_PEAK).expect("a meter");
            meter.add_frames_f32(&out).expect("whole frames");
            prop_assert!(meter.true_peak(0).expect("a channel") <= 0.8 * 1.06, "{:?}", meter.true_peak(0));
        }
    }

    #[test]
    fn quiet_sound_is_only_raised() {
        let samples: Vec<f32> = (0..4000).map(|index| (index as f32 * 0.01).sin() * 0.25).collect();
        let out = limited(&samples, 2.0, 0.8);
        assert!(samples.iter().zip(&out).all(|(sample, out)| (2.0 * sample - out).abs() < 1e-5));
    }

    #[test]
    fn a_peak_is_turned_down_smoothly() {
        let mut samples = vec![0.5f32; 48_000];
        samples[24_000] = 2.0;
        samples[24_001] = 2.0;
        let out = limited(&samples, 1.0, 0.8);
        let step = out.windows(4).filter(|four| four[3] < 0.7 && four[1] < 0.7).map(|four| (four[3] - four[1]).abs());
        assert!(step.fold(0.0, f32::max) < 0.01);
        assert!(out[24_000] <= 0.8001 && out[1000] > 0.49 && out[47_000] > 0.45, "{} {} {}", out[24_000], out[1000], out[47_000]);
    }
}
