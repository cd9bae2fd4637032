//! Loudness after ITU-R BS.1770: K-weighted power in blocks of 100 ms, and the gated loudness of such blocks.
//!
//! The blocks stay with the caller, who can ask how loud the same sound would be with other gains.

use crate::sound_file::RATE;

/// Sample frames per block: 100 ms.
pub(crate) const BLOCK: usize = RATE as usize / 10;

/// Two filters in a row: the head's shelf and the low cut, for 48 kHz.
const FILTERS: [[f64; 5]; 2] = [
    [1.535_124_859_586_97, -2.691_696_189_406_38, 1.198_392_810_852_85, -1.690_659_293_182_41, 0.732_480_774_215_85],
    [1.0, -2.0, 1.0, -1.990_047_454_833_98, 0.990_072_250_366_21],
];

/// K-weights a stereo stream and adds up its power.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    state: [[[f64; 2]; 2]; 2],
    sum: f64,
    filled: usize,
    blocks: Vec<f32>,
}

impl Meter {
    /// Takes interleaved stereo samples.
    pub(crate) fn push(&mut self, samples: &[f32]) {
        let mut rest = samples;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(2 * (BLOCK - self.filled)));
            self.sum += self.power(now);
            self.filled += now.len() / 2;
            if self.filled == BLOCK {
                self.blocks.push((self.sum / BLOCK as f64) as f32);
                (self.sum, self.filled) = (0.0, 0);
            }
            rest = later;
        }
        // Silence would otherwise end in numbers so small that they are slow.
        self.state
            .as_flattened_mut()
            .as_flattened_mut()
            .iter_mut()
            .filter(|value| value.abs() < 1e-30)
            .for_each(|value| *value = 0.0);
    }

    fn power(&mut self, samples: &[f32]) -> f64 {
        let mut state = self.state;
        let mut sum = [0.0; 2];
        for pair in samples.chunks_exact(2) {
            let mut value = [f64::from(pair[0]), f64::from(pair[1])];
            for ([b0, b1, b2, a1, a2], state) in FILTERS.iter().zip(&mut state) {
                for (value, [z1, z2]) in value.iter_mut().zip(state) {
                    let out = b0 * *value + *z1;
                    *z1 = b1 * *value - a1 * out + *z2;
                    *z2 = b2 * *value - a2 * out;
                    *value = out;
                }
            }
            sum[0] += value[0] * value[0];
            sum[1] += value[1] * value[1];
        }
        self.state = state;
        sum[0] + sum[1]
    }

    /// The power of every block; a sound of less than 0.4 s counts as one block that is repeated.
    pub(crate) fn finish(mut self) -> Vec<f32> {
        if self.blocks.len() < 4 {
            let samples = self.blocks.len() * BLOCK + self.filled;
            let sum = self.sum + self.blocks.iter().map(|power| f64::from(*power) * BLOCK as f64).sum::<f64>();
            self.blocks = vec![(sum / samples.max(1) as f64) as f32; 4];
        }
        self.blocks
    }
}

/// The gated loudness in LUFS; `None` for silence.
pub(crate) fn integrated(blocks: impl Iterator<Item = f32>) -> Option<f64> {
    let blocks: Vec<f64> = blocks.map(f64::from).collect();
    let windows: Vec<f64> = blocks.windows(4).map(|four| four.iter().sum::<f64>() / 4.0).collect();
    let mean_over = |gate: f64| {
        let (count, sum) =
            windows.iter().filter(|power| **power > gate).fold((0u64, 0.0), |(count, sum), power| (count + 1, sum + power));
        (count > 0).then(|| sum / count as f64)
    };
    let power = |lufs: f64| 10f64.powf((lufs + 0.691) / 10.0);
    let mean = mean_over(power(-70.0))?;
    mean_over((mean / 10.0).max(power(-70.0))).map(|power| -0.691 + 10.0 * power.log10())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebur128::{EbuR128, Mode};
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn it_agrees_with_another_meter(
            frequency in 30.0f32..12_000.0, quiet in 0.0001f32..0.3, loud in 0.1f32..1.0, period in 0.3f32..3.0, length in 20_000usize..200_000,
        ) {
            let samples: Vec<f32> = (0..length).flat_map(|index| {
                let t = index as f32 / 48_000.0;
                let level = if (t / period).fract() < 0.5 { loud } else { quiet };
                let value = (t * frequency * std::f32::consts::TAU).sin() * level;
                [value, value * 0.3]
            }).collect();
            let mut ours = Meter::default();
            samples.chunks(1234).for_each(|block| ours.push(block));
            let mut other = EbuR128::new(2, 48_000, Mode::I).expect("a meter");
            other.add_frames_f32(&samples).expect("whole frames");
            let (ours, other) = (integrated(ours.finish().into_iter()).expect("not silent"), other.loudness_global().expect("a loudness"));
            prop_assert!((ours - other).abs() < 0.05, "{ours} {other}");
        }
    }

    #[test]
    fn short_sounds_have_a_loudness_and_silence_has_none() {
        let loudness = |samples: &[f32]| {
            let mut meter = Meter::default();
            meter.push(samples);
            integrated(meter.finish().into_iter())
        };
        let tone: Vec<f32> = (0..4800).flat_map(|index| [(index as f32 * 0.13).sin(); 2]).collect();
        assert!(loudness(&tone).is_some_and(|lufs| (lufs + 0.0).abs() < 1.0), "{:?}", loudness(&tone));
        assert_eq!((loudness(&[0.0; 96_000]), loudness(&[])), (None, None));
    }
}
