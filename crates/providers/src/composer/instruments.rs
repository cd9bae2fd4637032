//! How a note sounds: small synthesisers, each a function from pitch, length and strength to samples.

use std::f32::consts::TAU;

use super::dice::Dice;
use super::mood::Keys;

/// Samples per second.
pub(super) const RATE: f32 = 48_000.0;

const TABLE: usize = 2048;

/// One period of each waveform that is looked up.
pub(super) struct Waves {
    sine: Vec<f32>,
    /// A soft and a bright pad.
    pad: [Vec<f32>; 2],
}

impl Waves {
    pub(super) fn new() -> Self {
        // The wave's harmonics as a saw's, rolled off so that little is left where a voice is understood.
        let harmonics = |cutoff: f32| wave(24, |harmonic| 1.0 / harmonic / (1.0 + (harmonic / cutoff).powi(3)));
        Self { sine: wave(1, |_| 1.0), pad: [harmonics(2.6), harmonics(9.0)] }
    }
}

fn wave(harmonics: usize, level: impl Fn(f32) -> f32) -> Vec<f32> {
    let mut wave = vec![0.0; TABLE + 1];
    for harmonic in 1..=harmonics {
        let level = level(harmonic as f32);
        for (index, sample) in wave.iter_mut().enumerate() {
            *sample += level * (TAU * ((index * harmonic) % TABLE) as f32 / TABLE as f32).sin();
        }
    }
    wave
}

/// The part after the point of a phase that is not negative; quicker than `fract`, which calls into the C library.
fn wrap(phase: f32) -> f32 {
    phase - phase as i32 as f32
}

/// The wave at `phase` (0 to 1).
fn look(wave: &[f32], phase: f32) -> f32 {
    let place = phase * TABLE as f32;
    let index = (place as usize).min(TABLE - 1);
    wave[index] + (wave[index + 1] - wave[index]) * (place - index as f32)
}

pub(super) fn hertz(pitch: i32) -> f32 {
    440.0 * ((pitch - 69) as f32 / 12.0).exp2()
}

/// Factor for each sample of a fall by 60 dB within `seconds`.
fn fall(seconds: f32) -> f32 {
    0.001f32.powf(1.0 / (seconds * RATE))
}

fn samples(seconds: f32) -> usize {
    (seconds * RATE) as usize
}

/// One side of a pad: two detuned voices, each note a little brighter or softer than the last. Both sides differ in detuning and phase.
pub(super) fn pad(waves: &Waves, hertz: f32, seconds: f32, bright: f32, dice: &mut Dice) -> Vec<f32> {
    let (attack, release) = ((seconds * 0.3).min(0.7), 0.9);
    let total = samples(seconds + release);
    let cents = dice.between(3.0, 7.0);
    let steps = [hertz * (cents / 1200.0).exp2() / RATE, hertz * (-cents / 1200.0).exp2() / RATE];
    let mut phases = [dice.unit(), dice.unit()];
    let clear = bright * dice.between(0.6, 1.0);
    let wave: Vec<f32> = waves.pad[0].iter().zip(&waves.pad[1]).map(|(soft, bright)| soft + (bright - soft) * clear).collect();
    let mut out = Vec::with_capacity(total);
    for index in 0..total {
        let time = index as f32 / RATE;
        // Squared sine ramps: neighbouring chords cross-fade without a dip or a bump.
        let rise = (time / attack).min(1.0);
        let sink = ((seconds + release - time) / release).clamp(0.0, 1.0);
        let envelope = rise * rise * (3.0 - 2.0 * rise) * sink * sink * (3.0 - 2.0 * sink);
        let mut sum = 0.0;
        for (phase, step) in phases.iter_mut().zip(steps) {
            sum += look(&wave, *phase);
            *phase = wrap(*phase + step);
        }
        out.push(sum * envelope * 0.068);
    }
    out
}

/// A note of the keyed and plucked instruments.
pub(super) fn keys(waves: &Waves, keys: Keys, hertz: f32, seconds: f32, velocity: f32, dice: &mut Dice) -> Vec<f32> {
    let mut out = match keys {
        Keys::Piano => piano(hertz, seconds, velocity),
        Keys::ElectricPiano => electric_piano(waves, hertz, seconds, velocity),
        Keys::Pluck => pluck(hertz, seconds, velocity, dice),
        Keys::Mallet => partials(hertz, &[(1.0, 1.0, 0.7), (3.93, 0.22 * velocity, 0.2), (9.2, 0.07 * velocity, 0.08)], 0.9),
        Keys::Bell => {
            partials(hertz, &[(1.0, 0.7, 2.4), (2.0, 0.2, 1.6), (3.01, 0.08, 0.9), (5.4, 0.05 * velocity, 0.35)], seconds + 1.2)
        }
        Keys::Strings => strings(waves, hertz, seconds, dice),
    };
    ramps(&mut out, 0.0015, 0.02);
    out
}

/// A felt piano: eight slightly stretched partials, softer notes darker.
fn piano(hertz: f32, seconds: f32, velocity: f32) -> Vec<f32> {
    let mut list = [(0.0, 0.0, 0.1); 8];
    for (index, partial) in list.iter_mut().enumerate() {
        let number = index as f32 + 1.0;
        let stretched = number * (1.0 + 0.0004 * number * number).sqrt();
        let level = 0.62 / number.powf(2.3 - 0.8 * velocity);
        *partial = (stretched, level, 3.6 * (220.0 / hertz).powf(0.35) / number.powf(0.7));
    }
    let mut out = partials(hertz, &list, seconds + 0.5);
    // The felt damps the string after the key is let go.
    let (release, from) = (fall(0.5), samples(seconds));
    let mut gain = 1.0;
    for sample in out.iter_mut().skip(from) {
        gain *= release;
        *sample *= gain;
    }
    out
}

/// Ringing sine waves: factor of the pitch, level, and seconds to fall by 60 dB.
fn partials(hertz: f32, list: &[(f32, f32, f32)], seconds: f32) -> Vec<f32> {
    const LANES: usize = 8;
    let (mut now, mut before, mut turn, mut shrink) = ([0.0f32; LANES], [0.0f32; LANES], [0.0f32; LANES], [0.0f32; LANES]);
    for (lane, (factor, level, ring)) in list.iter().take(LANES).enumerate() {
        let angle = TAU * hertz * factor / RATE;
        // Nothing above 9 kHz: it would only hiss.
        if angle > TAU * 9000.0 / RATE {
            continue;
        }
        let decay = fall(*ring);
        // A resonator that begins as a sine from zero.
        before[lane] = -angle.sin() * level / decay;
        turn[lane] = 2.0 * decay * angle.cos();
        shrink[lane] = decay * decay;
    }
    let mut out = Vec::with_capacity(samples(seconds));
    for _ in 0..samples(seconds) {
        let mut sum = 0.0;
        for lane in 0..LANES {
            let next = turn[lane] * now[lane] - shrink[lane] * before[lane];
            before[lane] = now[lane];
            now[lane] = next;
            sum += next;
        }
        out.push(sum * 0.5);
    }
    out
}

/// Two-operator FM with a bell at the attack and a slow tremolo.
fn electric_piano(waves: &Waves, hertz: f32, seconds: f32, velocity: f32) -> Vec<f32> {
    let total = samples(seconds + 0.35);
    let (mut carrier, mut modulator, mut tine, mut wobble) = (0.0f32, 0.0f32, 0.0f32, 0.0f32);
    let step = hertz / RATE;
    let (body, bite, ping) = (fall(3.2 * (220.0 / hertz).powf(0.3)), fall(1.1), fall(0.18));
    let (mut loud, mut depth, mut bell, mut gain) = (0.42, 0.16 + 0.14 * velocity, 0.035 * velocity, 1.0f32);
    let (held, release) = (samples(seconds), fall(0.35));
    let mut out = Vec::with_capacity(total);
    for index in 0..total {
        let bend = look(&waves.sine, modulator) * depth;
        let sound = look(&waves.sine, wrap(carrier + bend + 1.0)) * loud + look(&waves.sine, tine) * bell;
        let tremolo = 1.0 - 0.12 * (0.5 + 0.5 * look(&waves.sine, wobble));
        if index > held {
            gain *= release;
        }
        out.push(sound * tremolo * gain);
        for (phase, step) in [(&mut carrier, step), (&mut modulator, step), (&mut tine, step * 7.0), (&mut wobble, 4.6 / RATE)] {
            *phase = wrap(*phase + step);
        }
        loud *= body;
        depth *= bite;
        bell *= ping;
    }
    out
}

/// A plucked string after Karplus and Strong: noise that runs round a damped loop.
fn pluck(hertz: f32, seconds: f32, velocity: f32, dice: &mut Dice) -> Vec<f32> {
    let period = RATE / hertz - 0.5;
    let size = period as usize;
    let fraction = period - size as f32;
    let mut string = vec![0.0f32; size + 2];
    let (mut soft, mut mean) = (0.0, 0.0);
    for slot in &mut string {
        soft += (dice.noise() - soft) * (0.25 + 0.35 * velocity);
        *slot = soft;
        mean += soft;
    }
    mean /= string.len() as f32;
    string.iter_mut().for_each(|slot| *slot -= mean);
    let ring = (1.9 * (220.0 / hertz).powf(0.3)).min(seconds + 0.8);
    let keep = 0.001f32.powf(1.0 / (ring * hertz));
    let total = samples(ring);
    let (mut at, mut last) = (0usize, 0.0f32);
    let mut out = Vec::with_capacity(total);
    let length = string.len();
    for _ in 0..total {
        // `size` and `size + 1` samples ago, mixed for the pitch between.
        let near = string[(at + length - size) % length];
        let far = string[(at + 1) % length];
        let delayed = near + (far - near) * fraction;
        let value = keep * 0.5 * (delayed + last);
        last = delayed;
        string[at] = value;
        at = (at + 1) % length;
        out.push(value * 0.95);
    }
    out
}

/// Short bowed strings: three detuned voices with a soft attack.
fn strings(waves: &Waves, hertz: f32, seconds: f32, dice: &mut Dice) -> Vec<f32> {
    let total = samples(seconds + 0.25);
    let mut voices = [-6.0f32, 0.5, 7.0].map(|cents| (dice.unit(), hertz * (cents / 1200.0).exp2() / RATE));
    let mut out = Vec::with_capacity(total);
    for index in 0..total {
        let time = index as f32 / RATE;
        let rise = (time / 0.03).min(1.0);
        let sink = ((seconds + 0.25 - time) / 0.25).clamp(0.0, 1.0);
        let mut sum = 0.0;
        for (phase, step) in &mut voices {
            sum += look(&waves.pad[1], *phase);
            *phase = wrap(*phase + *step);
        }
        out.push(sum * rise * sink * sink * 0.13);
    }
    out
}

/// A round bass: a sine with a little of its octave and of its twelfth, so that small speakers hint at it.
pub(super) fn bass(waves: &Waves, hertz: f32, seconds: f32) -> Vec<f32> {
    let total = samples(seconds + 0.12);
    let mut phase = 0.0f32;
    let (mut edge, duller) = (1.0, fall(0.9));
    let mut out = Vec::with_capacity(total);
    for _ in 0..total {
        let octave = look(&waves.sine, wrap(phase * 2.0)) * (0.16 + 0.2 * edge);
        let twelfth = look(&waves.sine, wrap(phase * 3.0)) * (0.05 + 0.1 * edge);
        out.push((look(&waves.sine, phase) + octave + twelfth) * (0.3 + 0.12 * edge));
        phase = wrap(phase + hertz / RATE);
        edge *= duller;
    }
    ramps(&mut out, 0.008, 0.11);
    out
}

/// A drum whose skin falls in pitch.
pub(super) fn skin(from: f32, to: f32, drop: f32, ring: f32, click: f32, dice: &mut Dice) -> Vec<f32> {
    let total = samples(ring);
    let (mut phase, mut soft) = (0.0f32, 0.0f32);
    let (mut loud, mut bend, mut hit) = (1.0, 1.0, click);
    let (loud_fall, bend_fall, hit_fall) = (fall(ring), fall(drop), fall(0.02));
    let mut out = Vec::with_capacity(total);
    for _ in 0..total {
        soft += (dice.noise() - soft) * 0.12;
        out.push((TAU * phase).sin() * loud * 0.8 + soft * hit);
        phase = wrap(phase + (to + (from - to) * bend) / RATE);
        loud *= loud_fall;
        bend *= bend_fall;
        hit *= hit_fall;
    }
    ramps(&mut out, 0.001, 0.02);
    out
}

/// Filtered noise: hats, shakers, brushes. `low` and `high` bound the band in hertz.
pub(super) fn noise(low: f32, high: f32, attack: f32, ring: f32, dice: &mut Dice) -> Vec<f32> {
    let total = samples(attack + ring);
    let (above, below) = (1.0 - (-TAU * high / RATE).exp(), 1.0 - (-TAU * low / RATE).exp());
    let (mut first, mut second, mut third, mut loud) = (0.0f32, 0.0f32, 0.0f32, 1.0f32);
    let decay = fall(ring);
    let mut out = Vec::with_capacity(total);
    for index in 0..total {
        first += (dice.noise() - first) * above;
        second += (first - second) * below;
        third += (first - second - third) * below;
        let rise = (index as f32 / (attack * RATE).max(1.0)).min(1.0);
        if rise >= 1.0 {
            loud *= decay;
        }
        out.push((first - second - third) * rise * loud);
    }
    ramps(&mut out, 0.001, 0.01);
    out
}

/// Short ramps against clicks.
fn ramps(out: &mut [f32], attack: f32, release: f32) {
    let (attack, release, total) = (samples(attack).max(1), samples(release).max(1), out.len());
    for (index, sample) in out.iter_mut().enumerate() {
        let rise = (index as f32 / attack as f32).min(1.0);
        let sink = ((total - index) as f32 / release as f32).min(1.0);
        *sample *= rise * sink;
    }
}
