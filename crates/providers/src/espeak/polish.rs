//! From espeak-ng's raw samples to a pleasant file: trimmed, softened, evened out, with a little silence around it.
//!
//! Nothing here moves sound in time, so that word times stay exact.

use std::f64::consts::TAU;
use std::io::Cursor;
use std::ops::Range;

/// Silence before the first sound, in seconds.
pub(super) const HEAD_SECONDS: f64 = 0.12;
/// Silence after the last sound, in seconds.
const TAIL_SECONDS: f64 = 0.35;
/// Quieter than this (of 32,768) is silence: about −50 dBFS.
const SILENCE: u16 = 100;
/// Kept before the first and after the last loud sample, in seconds.
const MARGIN_SECONDS: f64 = 0.005;
/// Level that speech is brought to, as the RMS of its loud parts: −19 dBFS.
const LEVEL: f64 = 0.112;
/// Highest sample of the result: −1.5 dBFS.
const CEILING: f64 = 0.84;

/// The part of a recording with sound in it; `None` if it is silent throughout.
pub(super) fn trim(samples: &[i16], rate: u32) -> Option<Range<usize>> {
    let loud = |sample: &i16| sample.unsigned_abs() > SILENCE;
    let first = samples.iter().position(loud)?;
    let last = samples.iter().rposition(loud)?;
    let margin = (MARGIN_SECONDS * f64::from(rate)) as usize;
    Some(first.saturating_sub(margin)..(last + 1 + margin).min(samples.len()))
}

/// Filters, compresses and levels, and adds the silence. The result's length is `samples` plus head and tail exactly.
pub(super) fn polish(samples: &[i16], rate: u32) -> Vec<i16> {
    let rate = f64::from(rate);
    let mut sound: Vec<f64> = samples.iter().map(|sample| f64::from(*sample) / 32768.0).collect();
    for filter in [
        Biquad::high_pass(80.0, 0.707, rate),
        // The body that a small speaker lacks, less of the buzz, and less hiss.
        Biquad::peak(190.0, 0.8, 1.5, rate),
        Biquad::peak(3300.0, 0.9, -3.0, rate),
        Biquad::high_shelf(6500.0, -3.0, rate),
    ] {
        filter.run(&mut sound);
    }
    level(&mut sound);
    compress(&mut sound, rate);
    level(&mut sound);
    fade(&mut sound, (MARGIN_SECONDS * rate) as usize);
    let head = (HEAD_SECONDS * rate).round() as usize;
    let tail = (TAIL_SECONDS * rate).round() as usize;
    let mut result = vec![0; head];
    result.extend(sound.iter().map(|sample| (soft_limit(*sample) * 32767.0).round() as i16));
    result.resize(head + sound.len() + tail, 0);
    result
}

/// A mono 16-bit WAV file.
pub(super) fn wav(samples: &[i16], rate: u32) -> Result<Vec<u8>, hound::Error> {
    let format = hound::WavSpec { channels: 1, sample_rate: rate, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut file = Cursor::new(Vec::with_capacity(44 + samples.len() * 2));
    let mut writer = hound::WavWriter::new(&mut file, format)?;
    for sample in samples {
        writer.write_sample(*sample)?;
    }
    writer.finalize()?;
    Ok(file.into_inner())
}

/// Brings the loud parts to [`LEVEL`].
fn level(sound: &mut [f64]) {
    let loud = sound.iter().filter(|sample| sample.abs() > 0.01);
    let (sum, count) = loud.fold((0.0, 0.0), |(sum, count), sample| (sum + sample * sample, count + 1.0));
    if count > 0.0 {
        let gain = (LEVEL / f64::sqrt(sum / count)).min(8.0);
        sound.iter_mut().for_each(|sample| *sample *= gain);
    }
}

/// Evens out loud and quiet words: 2:1 above −23 dBFS, fast to act and slow to let go.
fn compress(sound: &mut [f64], rate: f64) {
    const THRESHOLD: f64 = 0.07;
    let follow = |seconds: f64| 1.0 - (-1.0 / (seconds * rate)).exp();
    let (attack, release) = (follow(0.006), follow(0.14));
    let mut power = 0.0;
    for sample in sound {
        let now = *sample * *sample;
        power += (now - power) * if now > power { attack } else { release };
        let envelope = power.sqrt();
        if envelope > THRESHOLD {
            *sample *= (THRESHOLD / envelope).sqrt();
        }
    }
}

/// Rounds off what would pass the ceiling.
fn soft_limit(sample: f64) -> f64 {
    const KNEE: f64 = 0.6;
    let over = sample.abs() - KNEE;
    if over <= 0.0 { sample } else { sample.signum() * (KNEE + (CEILING - KNEE) * (over / (CEILING - KNEE)).tanh()) }
}

/// Short ramps at both ends against clicks; they lie within the margin that trimming keeps.
fn fade(sound: &mut [f64], length: usize) {
    let length = length.min(sound.len() / 2).max(1);
    for index in 0..length.min(sound.len()) {
        let gain = index as f64 / length as f64;
        let last = sound.len() - 1 - index;
        sound[index] *= gain;
        sound[last] *= gain;
    }
}

/// A filter of second order in the usual audio-EQ forms.
struct Biquad {
    b: [f64; 3],
    a: [f64; 2],
}

impl Biquad {
    fn new(b: [f64; 3], a: [f64; 3]) -> Self {
        Self { b: b.map(|value| value / a[0]), a: [a[1] / a[0], a[2] / a[0]] }
    }

    fn high_pass(hertz: f64, q: f64, rate: f64) -> Self {
        let (sin, cos) = (TAU * hertz / rate).sin_cos();
        let alpha = sin / (2.0 * q);
        Self::new([(1.0 + cos) / 2.0, -(1.0 + cos), (1.0 + cos) / 2.0], [1.0 + alpha, -2.0 * cos, 1.0 - alpha])
    }

    fn peak(hertz: f64, q: f64, decibels: f64, rate: f64) -> Self {
        let gain = 10f64.powf(decibels / 40.0);
        let (sin, cos) = (TAU * hertz / rate).sin_cos();
        let alpha = sin / (2.0 * q);
        Self::new([1.0 + alpha * gain, -2.0 * cos, 1.0 - alpha * gain], [1.0 + alpha / gain, -2.0 * cos, 1.0 - alpha / gain])
    }

    fn high_shelf(hertz: f64, decibels: f64, rate: f64) -> Self {
        let gain = 10f64.powf(decibels / 40.0);
        let (sin, cos) = (TAU * hertz / rate).sin_cos();
        let slope = sin * std::f64::consts::SQRT_2 * gain.sqrt();
        let (up, down) = (gain + 1.0, gain - 1.0);
        Self::new(
            [gain * (up + down * cos + slope), -2.0 * gain * (down + up * cos), gain * (up + down * cos - slope)],
            [up - down * cos + slope, 2.0 * (down - up * cos), up - down * cos - slope],
        )
    }

    fn run(&self, sound: &mut [f64]) {
        let (mut first, mut second) = (0.0, 0.0);
        for sample in sound {
            let input = *sample;
            let output = self.b[0] * input + first;
            first = self.b[1] * input - self.a[0] * output + second;
            second = self.b[2] * input - self.a[1] * output;
            *sample = output;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u32 = 22_050;

    #[test]
    fn silence_is_trimmed_and_put_back_in_measure() {
        let mut samples = vec![0i16; 3000];
        samples.extend((0..22_050).map(|index| ((f64::from(index) * 0.06).sin() * 3000.0) as i16));
        samples.extend([0; 5000]);
        let sound = trim(&samples, RATE).expect("the tone is loud");
        assert!((2880..=3000).contains(&sound.start) && (25_050..=25_170).contains(&sound.end), "{sound:?}");
        let result = polish(&samples[sound.clone()], RATE);
        assert_eq!(result.len(), sound.len() + 2646 + 7717);
        assert!(
            result[..2646].iter().all(|sample| *sample == 0) && result[result.len() - 7717..].iter().all(|sample| *sample == 0)
        );
        let peak = result.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0);
        assert!((2_000..=27_600).contains(&peak), "{peak}");
        assert_eq!(trim(&[0; 500], RATE), None);
    }

    #[test]
    fn rumble_and_hiss_are_softened_and_the_voice_stays() {
        let gain = |hertz: f64| {
            let mut tone: Vec<f64> = (0..22_050).map(|index| (TAU * hertz * f64::from(index) / 22_050.0).sin()).collect();
            Biquad::high_pass(80.0, 0.707, 22_050.0).run(&mut tone);
            Biquad::high_shelf(6500.0, -3.0, 22_050.0).run(&mut tone);
            let power: f64 = tone[11_025..].iter().map(|sample| sample * sample).sum();
            10.0 * (power / 11_025.0 * 2.0).log10()
        };
        assert!(
            gain(20.0) < -20.0 && gain(9000.0) < -2.0 && gain(500.0).abs() < 0.3,
            "{} {} {}",
            gain(20.0),
            gain(9000.0),
            gain(500.0)
        );
    }
}
