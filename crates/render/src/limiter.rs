//! A look-ahead limiter that also sees the peaks between samples.
//!
//! How loud the programme becomes before it is decided in `sound`.

use std::collections::VecDeque;

/// Samples of look-ahead and of gain smoothing: 5 ms at 48 kHz.
const LOOK: usize = 240;
/// Taps of the filters that find the peaks between samples.
const TAPS: usize = 12;
/// The gain comes back with this time constant, in samples: 80 ms at 48 kHz.
const RELEASE: f32 = 3840.0;

/// Keeps a stereo stream under a ceiling. Output comes `2 * LOOK + TAPS` samples late; [`Limiter::finish`] gives the rest.
pub(crate) struct Limiter {
    gain: f32,
    ceiling: f32,
    filters: [[f32; TAPS]; 3],
    /// The last samples of both channels, for the filters.
    recent: [[f32; TAPS]; 2],
    /// Samples that wait for their gain.
    waiting: VecDeque<[f32; 2]>,
    /// Falling gains with their positions: the first is the least within the look-ahead.
    least: VecDeque<(u64, f32)>,
    position: u64,
    held: f32,
    /// The last `LOOK` held gains and their sum.
    smooth: VecDeque<f32>,
    sum: f64,
    skip: usize,
}

impl Limiter {
    /// `gain` is applied first; `ceiling` is the largest true peak of the output. Both are factors.
    pub(crate) fn new(gain: f32, ceiling: f32) -> Self {
        Self {
            gain,
            ceiling,
            filters: [0.25, 0.5, 0.75].map(between),
            recent: [[0.0; TAPS]; 2],
            waiting: VecDeque::new(),
            least: VecDeque::new(),
            position: 0,
            held: 1.0,
            smooth: VecDeque::from(vec![1.0; LOOK]),
            sum: LOOK as f64,
            skip: 2 * LOOK + TAPS / 2,
        }
    }

    /// Takes interleaved stereo samples and appends what is ready to `out`.
    pub(crate) fn push(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        for pair in samples.chunks_exact(2) {
            self.step([pair[0] * self.gain, pair[1] * self.gain], out);
        }
    }

    /// Appends the samples that are still waiting.
    pub(crate) fn finish(mut self, out: &mut Vec<f32>) {
        for _ in 0..2 * LOOK + TAPS / 2 {
            self.step([0.0; 2], out);
        }
    }

    fn step(&mut self, sample: [f32; 2], out: &mut Vec<f32>) {
        let mut peak = 0.0f32;
        for (recent, sample) in self.recent.iter_mut().zip(sample) {
            recent.copy_within(1.., 0);
            recent[TAPS - 1] = sample;
            peak = peak.max(recent[TAPS / 2].abs()).max(recent[TAPS / 2 - 1].abs());
            // The filters cost most of the time; quiet samples can't have a loud peak between them.
            let loudest = recent.iter().fold(0.0f32, |loudest, sample| loudest.max(sample.abs()));
            if loudest > self.ceiling * 0.4 {
                for filter in &self.filters {
                    let value: f32 = recent.iter().zip(filter).map(|(sample, weight)| sample * weight).sum();
                    peak = peak.max(value.abs());
                }
            }
        }
        self.waiting.push_back(sample);
        let needed = if peak > self.ceiling { self.ceiling / peak } else { 1.0 };
        let least = self.least_of_window(needed);
        self.held = if least < self.held { least } else { self.held + (least - self.held) / RELEASE };
        self.smooth.push_back(self.held);
        self.sum += f64::from(self.held) - f64::from(self.smooth.pop_front().unwrap_or(1.0));
        if self.skip > 0 {
            self.skip -= 1;
            return;
        }
        let gain = (self.sum / LOOK as f64) as f32;
        let sample = self.waiting.pop_front().unwrap_or_default();
        out.extend(sample.map(|sample| sample * gain));
    }

    /// The least gain among the last two look-aheads: it is in force before the peak comes, and until it is through.
    fn least_of_window(&mut self, needed: f32) -> f32 {
        while self.least.back().is_some_and(|(_, gain)| *gain >= needed) {
            self.least.pop_back();
        }
        self.least.push_back((self.position, needed));
        while self.least.front().is_some_and(|(at, _)| *at + 2 * (LOOK as u64) < self.position) {
            self.least.pop_front();
        }
        self.position += 1;
        self.least.front().map_or(1.0, |(_, gain)| *gain)
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

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn the_true_peak_stays_under_the_ceiling_and_nothing_is_lost(
            frequency in 50.0f32..15_000.0, level in 0.2f32..6.0, bursts in 1.0f32..40.0, length in 3000usize..20_000,
        ) {
            let samples: Vec<f32> = (0..length).flat_map(|index| {
                let t = index as f32 / 48_000.0;
                let value = (t * frequency * std::f32::consts::TAU).sin() * if (t * bursts).fract() < 0.5 { level } else { 0.1 };
                [value, -value * 0.7]
            }).collect();
            let mut limiter = Limiter::new(1.0, 0.8);
            let mut out = Vec::new();
            samples.chunks(1000).for_each(|block| limiter.push(block, &mut out));
            limiter.finish(&mut out);
            prop_assert_eq!(out.len(), samples.len());
            let mut meter = EbuR128::new(2, 48_000, Mode::TRUE_PEAK).expect("a meter");
            meter.add_frames_f32(&out).expect("whole frames");
            prop_assert!(meter.true_peak(0).expect("a channel") <= 0.8 * 1.06, "{:?}", meter.true_peak(0));
        }
    }

    #[test]
    fn quiet_sound_is_only_delayed_by_nothing() {
        let samples: Vec<f32> = (0..4000).map(|index| (index as f32 * 0.01).sin() * 0.5).collect();
        let mut limiter = Limiter::new(1.0, 0.8);
        let mut out = Vec::new();
        limiter.push(&samples, &mut out);
        limiter.finish(&mut out);
        assert!(samples.iter().zip(&out).all(|(sample, out)| (sample - out).abs() < 1e-5));
    }
}
