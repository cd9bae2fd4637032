//! How strong a sound is in bands of pitch, from moment to moment, and in which of these moments somebody speaks.
//!
//! What makes two voices comparable is in `features`.

use realfft::RealFftPlanner;

use crate::sound::Sound;

/// Bands of equal width to the ear.
pub(super) const BANDS: usize = 26;
/// Where the lowest band begins, in Hertz: above the hum of mains.
const LOWEST: f64 = 110.0;
/// Where the highest band ends, in Hertz, if the sound reaches that far.
const HIGHEST: f64 = 7_000.0;
/// The window of one frame is about this long, in seconds: shorter than a sound of speech, longer than a beat of the voice.
const WINDOW: f64 = 0.025;
/// Speech is at most this much quieter than its loud parts, in dB.
const DEPTH: f32 = 32.0;
/// What is quieter than this is never speech, in dB of full scale.
const SILENCE: f32 = -75.0;
/// A sound shorter than this is a click and no speech, in frames.
const CLICK: usize = 3;

/// A sound, cut into frames.
pub(super) struct Spectra {
    /// Seconds from frame to frame; the middle of the first one lies half of that after the beginning.
    pub hop: f64,
    /// Where the highest band ends, in Hertz.
    highest: f64,
    /// The power of each frame in each band.
    pub bands: Vec<[f32; BANDS]>,
}

/// Where the highest band may end for a sound with so many samples per second.
pub(super) fn highest(rate: u32) -> f64 {
    (0.47 * f64::from(rate)).min(HIGHEST)
}

/// Measures a sound every `hop` seconds, in bands that end at `highest` Hertz.
///
/// The bands are laid in Hertz rather than in samples, so that sounds of any sampling rate can be compared as they are.
pub(super) fn measure(sound: &Sound, hop: f64, highest: f64) -> Spectra {
    let rate = f64::from(sound.rate);
    // The power of two that is nearest to the wanted length; between 18 and 36 ms all windows see the same.
    let size = 1usize << (WINDOW * rate).log2().round() as u32;
    let window: Vec<f32> =
        (0..size).map(|at| (0.5 - 0.5 * (std::f64::consts::TAU * (at as f64 + 0.5) / size as f64).cos()) as f32).collect();
    let filters = filters(size, rate, highest);
    let transform = RealFftPlanner::<f32>::new().plan_fft_forward(size);
    let (mut input, mut output) = (transform.make_input_vec(), transform.make_output_vec());
    let mut scratch = transform.make_scratch_vec();
    let frames = (sound.seconds() / hop) as usize;
    let mut bands = Vec::with_capacity(frames);
    let mut power = vec![0.0f32; size / 2 + 1];
    // The mean power of a sample in a frame that a full-scale sine fills is 0 dB.
    let scale = 16.0 / (3.0 * (size * size) as f32) * 2.0;
    for frame in 0..frames {
        let middle = ((frame as f64 + 0.5) * hop * rate).round() as isize;
        let start = middle - (size / 2) as isize;
        for (at, value) in input.iter_mut().enumerate() {
            let sample = usize::try_from(start + at as isize).ok().and_then(|index| sound.samples.get(index));
            *value = sample.copied().unwrap_or(0.0) * window[at];
        }
        // The lengths are the transform's own, so that it can't refuse.
        if transform.process_with_scratch(&mut input, &mut output, &mut scratch).is_err() {
            continue;
        }
        for (power, bin) in power.iter_mut().zip(&output) {
            *power = bin.norm_sqr() * scale;
        }
        let mut frame = [0.0; BANDS];
        for (band, filter) in frame.iter_mut().zip(&filters) {
            *band = filter.weights.iter().zip(&power[filter.first..]).map(|(weight, power)| weight * power).sum();
        }
        bands.push(frame);
    }
    Spectra { hop, highest, bands }
}

/// One band: a triangle over the bins of the transform.
struct Filter {
    first: usize,
    weights: Vec<f32>,
}

fn mel(hertz: f64) -> f64 {
    2595.0 * (1.0 + hertz / 700.0).log10()
}

fn hertz(mel: f64) -> f64 {
    700.0 * (10f64.powf(mel / 2595.0) - 1.0)
}

fn filters(size: usize, rate: f64, highest: f64) -> Vec<Filter> {
    let (low, high) = (mel(LOWEST), mel(highest));
    let edge = |index: usize| hertz(low + (high - low) * index as f64 / (BANDS + 1) as f64) * size as f64 / rate;
    let filter = |band: usize| {
        let (left, middle, right) = (edge(band), edge(band + 1), edge(band + 2));
        let first = left.ceil() as usize;
        let last = (right.floor() as usize).min(size / 2);
        let weight = |bin: usize| {
            let bin = bin as f64;
            let weight = if bin < middle { (bin - left) / (middle - left) } else { (right - bin) / (right - middle) };
            weight.clamp(0.0, 1.0) as f32
        };
        Filter { first, weights: (first..=last).map(weight).collect() }
    };
    (0..BANDS).map(filter).collect()
}

impl Spectra {
    /// The same as a smaller throat would say it: what lies at `share` times a pitch is heard at that pitch.
    pub(super) fn bent(&self, share: f64) -> Self {
        let (low, high) = (mel(LOWEST), mel(self.highest));
        let width = (high - low) / (BANDS + 1) as f64;
        let source: [(usize, f32); BANDS] = std::array::from_fn(|band| {
            let wanted = mel(share * hertz(low + width * (band + 1) as f64));
            let at = ((wanted - low) / width - 1.0).clamp(0.0, (BANDS - 1) as f64);
            let before = (at as usize).min(BANDS - 2);
            (before, (at - before as f64) as f32)
        });
        let bend = |bands: &[f32; BANDS]| source.map(|(before, share)| bands[before] * (1.0 - share) + bands[before + 1] * share);
        Self { hop: self.hop, highest: self.highest, bands: self.bands.iter().map(bend).collect() }
    }

    /// The level of each frame in dB of full scale.
    pub(super) fn levels(&self) -> Vec<f32> {
        self.bands.iter().map(|bands| 10.0 * bands.iter().sum::<f32>().max(1e-12).log10()).collect()
    }
}

/// In which frames somebody speaks; the threshold follows the level of the speech and of the noise behind it.
pub(super) fn voiced(levels: &[f32]) -> Vec<bool> {
    let (noise, loud) = (share(levels, 0.05), share(levels, 0.95));
    // Where nobody ever pauses, the quietest parts are speech too.
    let threshold = (loud - DEPTH).max((noise + 7.0).min(loud - 18.0)).max(SILENCE);
    let mut voiced: Vec<bool> = levels.iter().map(|level| *level >= threshold).collect();
    for part in voiced.chunk_by_mut(|one, other| one == other) {
        if part[0] && part.len() < CLICK {
            part.fill(false);
        }
    }
    voiced
}

/// The value below which this share of the values lies.
pub(super) fn share(values: &[f32], share: f64) -> f32 {
    let mut values = values.to_vec();
    let index = (values.len() as f64 * share) as usize;
    if index >= values.len() {
        return SILENCE;
    }
    *values.select_nth_unstable_by(index, f32::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hertz: f64, rate: u32, amplitude: f64) -> Sound {
        let wave = |at: u32| (std::f64::consts::TAU * hertz * f64::from(at) / f64::from(rate)).sin() * amplitude;
        Sound { samples: (0..rate).map(|at| wave(at) as f32).collect(), rate }
    }

    #[test]
    fn a_tone_is_found_in_the_same_band_at_any_rate() {
        let check = |hertz: f64, amplitude: f64, level: f32| {
            let found: Vec<(usize, f32)> = [8_000, 16_000, 22_050, 44_100, 48_000]
                .map(|rate| {
                    let spectra = measure(&tone(hertz, rate, amplitude), 0.01, highest(8_000));
                    let middle = &spectra.bands[50];
                    let loudest = (0..BANDS).max_by(|one, other| middle[*one].total_cmp(&middle[*other])).unwrap_or(0);
                    (loudest, spectra.levels()[50])
                })
                .to_vec();
            assert!(found.iter().all(|(band, _)| *band == found[0].0), "{hertz}: {found:?}");
            assert!(found.iter().all(|(_, found)| (found - level).abs() < 1.5), "{hertz}: {found:?}");
        };
        check(440.0, 1.0, 0.0);
        check(1_000.0, 0.1, -20.0);
        check(2_500.0, 0.01, -40.0);
    }

    #[test]
    fn speech_is_told_from_silence_noise_and_clicks() {
        let check = |levels: &[(usize, f32)], expected: &[(usize, bool)]| {
            let levels: Vec<f32> = levels.iter().flat_map(|(count, level)| vec![*level; *count]).collect();
            let expected: Vec<bool> = expected.iter().flat_map(|(count, voiced)| vec![*voiced; *count]).collect();
            assert_eq!(voiced(&levels), expected);
        };
        check(&[(20, -90.0), (60, -20.0), (20, -90.0)], &[(20, false), (60, true), (20, false)]);
        check(&[(20, -42.0), (60, -20.0), (20, -42.0)], &[(20, false), (60, true), (20, false)]);
        check(&[(20, -90.0), (2, -20.0), (20, -90.0), (60, -20.0)], &[(42, false), (60, true)]);
        check(&[(50, -20.0)], &[(50, true)]);
        check(&[(50, -120.0)], &[(50, false)]);
        check(&[], &[]);
    }
}
