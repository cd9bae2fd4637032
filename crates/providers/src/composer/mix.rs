//! From notes to the finished loop: placing them round the circle of time, reverb, tone, level, and the WAV file.
//!
//! Time is a circle here: what sounds on at the end (tails, reverb, filters) goes on at the beginning.

use std::f32::consts::TAU;
use std::io::Cursor;

use super::arrange::{BEATS, Note, Part, Piece};
use super::dice::Dice;
use super::instruments::{RATE, Waves, bass, hertz, keys, noise, pad, skin};
use super::mood::Keys;

/// Highest sample of the result: −3.2 dBFS.
const CEILING: f32 = 0.69;
/// Level of the result, as the RMS of both sides without the sub-bass: about −20 LUFS.
const LEVEL: f32 = 0.075;
/// How long before the beginning the effects start to run, so that they are in their stride there.
const RUN_UP_SECONDS: f32 = 5.0;

/// Two sides of a loop.
struct Stereo {
    left: Vec<f32>,
    right: Vec<f32>,
}

impl Stereo {
    fn silent(length: usize) -> Self {
        Self { left: vec![0.0; length], right: vec![0.0; length] }
    }
}

/// Samples in one loop: each beat has a whole number of them.
pub(super) fn length(piece: &Piece) -> usize {
    piece.bars * BEATS * (60.0 / piece.tempo * RATE).round() as usize
}

/// Plays a piece; both sides are as long as [`length`] says.
pub(super) fn play(piece: &Piece, dice: &mut Dice) -> (Vec<f32>, Vec<f32>) {
    let total = length(piece);
    let beat = (total / (piece.bars * BEATS)) as f32;
    let waves = Waves::new();
    let mut dry = Stereo::silent(total);
    let mut send = Stereo::silent(total);
    for note in &piece.notes {
        let at = (note.start * beat).round() as i64;
        let at = at.rem_euclid(total as i64) as usize;
        let seconds = note.length * beat / RATE;
        let (left, right, share) = sound(&waves, piece, note, seconds, dice);
        add(&mut dry.left, at, &left, 1.0);
        add(&mut dry.right, at, &right, 1.0);
        add(&mut send.left, at, &left, share * piece.reverb.0);
        add(&mut send.right, at, &right, share * piece.reverb.0);
    }
    reverb(&send, &mut dry, piece.reverb.1);
    for side in [&mut dry.left, &mut dry.right] {
        tone(side);
    }
    level(&mut dry);
    (dry.left, dry.right)
}

/// A note's two sides, and how much of it goes to the reverb.
fn sound(waves: &Waves, piece: &Piece, note: &Note, seconds: f32, dice: &mut Dice) -> (Vec<f32>, Vec<f32>, f32) {
    let pitch = hertz(note.pitch);
    let (mono, gain, place, share) = match note.part {
        Part::Pad => {
            let mut sides = [0, 1].map(|_| pad(waves, pitch, seconds, piece.bright, dice));
            sides.iter_mut().flatten().for_each(|sample| *sample *= note.velocity);
            let [left, right] = sides;
            return (left, right, 0.9);
        }
        // Low notes to the left, high ones to the right, as at a piano.
        Part::Keys(kind) => {
            let place = ((note.pitch - 62) as f32 / 30.0).clamp(-0.45, 0.45);
            (keys(waves, kind, pitch, seconds, note.velocity, dice), 0.2 * presence(kind), place, 1.0)
        }
        Part::Lead(kind) => (keys(waves, kind, pitch, seconds, note.velocity, dice), 0.2 * presence(kind), -0.12, 1.3),
        Part::Bass => (bass(waves, pitch, seconds), 0.3, 0.0, 0.05),
        Part::Kick => (skin(118.0, 47.0, 0.11, 0.34, 0.25, dice), 0.3, 0.0, 0.06),
        Part::Taiko => (skin(104.0, 56.0, 0.25, 0.95, 0.5, dice), 0.42, dice.between(-0.3, 0.3), 0.7),
        Part::Snare => (brush(dice), 0.3, 0.05, 0.5),
        Part::Hat => (noise(6500.0, 15_000.0, 0.001, 0.09, dice), 0.15, 0.25, 0.15),
        Part::Shaker => (noise(4200.0, 11_000.0, 0.022, 0.11, dice), 0.16, -0.3, 0.25),
        Part::Rim => (rim(dice), 0.16, 0.15, 0.5),
    };
    // Equal power across the middle.
    let angle = (place + 1.0) * TAU / 8.0;
    let gain = gain * note.velocity * std::f32::consts::SQRT_2;
    let side = |level: f32| mono.iter().map(|sample| sample * level * gain).collect();
    (side(angle.cos()), side(angle.sin()), share)
}

/// Instruments of equal velocity shall be equally loud.
fn presence(keys: Keys) -> f32 {
    match keys {
        Keys::Piano => 1.0,
        Keys::ElectricPiano => 0.75,
        Keys::Pluck => 1.15,
        Keys::Mallet => 1.1,
        Keys::Bell => 0.7,
        Keys::Strings => 0.9,
    }
}

fn brush(dice: &mut Dice) -> Vec<f32> {
    let mut out = noise(1100.0, 7000.0, 0.004, 0.17, dice);
    for (sample, body) in out.iter_mut().zip(skin(230.0, 175.0, 0.05, 0.12, 0.0, dice)) {
        *sample = *sample * 0.8 + body * 0.45;
    }
    out
}

fn rim(dice: &mut Dice) -> Vec<f32> {
    let mut out = skin(980.0, 820.0, 0.02, 0.05, 0.6, dice);
    for (sample, knock) in out.iter_mut().zip(skin(440.0, 410.0, 0.02, 0.06, 0.0, dice)) {
        *sample = *sample * 0.5 + knock * 0.6;
    }
    out
}

/// Adds a sound from `at` on, round the circle.
fn add(side: &mut [f32], at: usize, sound: &[f32], gain: f32) {
    let mut at = at;
    let mut rest = sound;
    while !rest.is_empty() {
        let count = rest.len().min(side.len() - at);
        for (sample, new) in side[at..at + count].iter_mut().zip(&rest[..count]) {
            *sample += new * gain;
        }
        rest = &rest[count..];
        at = 0;
    }
}

/// Eight damped delay lines that feed each other (a feedback delay network with a Householder matrix).
fn reverb(send: &Stereo, out: &mut Stereo, seconds: f32) {
    const LINES: [usize; 8] = [1423, 1777, 2129, 2503, 2903, 3301, 3767, 4253];
    const DAMPING: f32 = 0.36;
    /// Nothing below this feeds the reverb, so that the bass stays clear; as a one-pole step for 180 Hz.
    const RUMBLE: f32 = 0.0233;
    let total = send.left.len();
    let mut lines = LINES.map(|length| vec![0.0f32; length]);
    let mut places = [0usize; 8];
    let mut damped = [0.0f32; 8];
    let mut low = [0.0f32; 2];
    let gains = LINES.map(|length| 0.001f32.powf(length as f32 / (seconds * RATE)));
    let run_up = ((RUN_UP_SECONDS * RATE) as usize).min(total);
    for step in 0..run_up + total {
        let index = if step < run_up { total - run_up + step } else { step - run_up };
        let input = [send.left[index], send.right[index]];
        for side in 0..2 {
            low[side] += (input[side] - low[side]) * RUMBLE;
        }
        let mut values = [0.0f32; 8];
        for line in 0..8 {
            damped[line] += (lines[line][places[line]] - damped[line]) * (1.0 - DAMPING);
            values[line] = damped[line] * gains[line];
        }
        let mean = values.iter().sum::<f32>() * 0.25;
        for line in 0..8 {
            lines[line][places[line]] = values[line] - mean + input[line % 2] - low[line % 2];
            places[line] += 1;
            if places[line] == LINES[line] {
                places[line] = 0;
            }
        }
        if step >= run_up {
            out.left[index] += values[0] - values[2] + values[4] - values[6];
            out.right[index] += values[1] - values[3] + values[5] - values[7];
        }
    }
}

/// Takes away what lies below hearing and some of the thickness of low chords, and makes room for the voice around 2 kHz.
fn tone(side: &mut [f32]) {
    let total = side.len();
    let run_up = (RATE as usize).min(total);
    let mut filters = [Filter::high_pass(32.0), Filter::dip(260.0, 0.7, -2.5), Filter::dip(1900.0, 0.7, -2.5)];
    let before = side[total - run_up..].to_vec();
    for sample in before {
        filters.iter_mut().fold(sample, |sample, filter| filter.run(sample));
    }
    for sample in side.iter_mut() {
        *sample = filters.iter_mut().fold(*sample, |sample, filter| filter.run(sample));
    }
}

/// A filter of second order, one sample at a time.
struct Filter {
    b: [f32; 3],
    a: [f32; 2],
    first: f32,
    second: f32,
}

impl Filter {
    fn new(b: [f64; 3], a: [f64; 3]) -> Self {
        Self { b: b.map(|value| (value / a[0]) as f32), a: [(a[1] / a[0]) as f32, (a[2] / a[0]) as f32], first: 0.0, second: 0.0 }
    }

    fn high_pass(hertz: f64) -> Self {
        let (sin, cos) = (f64::from(TAU) * hertz / f64::from(RATE)).sin_cos();
        let alpha = sin / std::f64::consts::SQRT_2;
        Self::new([(1.0 + cos) / 2.0, -(1.0 + cos), (1.0 + cos) / 2.0], [1.0 + alpha, -2.0 * cos, 1.0 - alpha])
    }

    fn dip(hertz: f64, q: f64, decibels: f64) -> Self {
        let gain = 10f64.powf(decibels / 40.0);
        let (sin, cos) = (f64::from(TAU) * hertz / f64::from(RATE)).sin_cos();
        let alpha = sin / (2.0 * q);
        Self::new([1.0 + alpha * gain, -2.0 * cos, 1.0 - alpha * gain], [1.0 + alpha / gain, -2.0 * cos, 1.0 - alpha / gain])
    }

    fn run(&mut self, input: f32) -> f32 {
        let output = self.b[0] * input + self.first;
        self.first = self.b[1] * input - self.a[0] * output + self.second;
        self.second = self.b[2] * input - self.a[1] * output;
        output
    }
}

/// Brings the loop to [`LEVEL`], rounds off peaks below [`CEILING`] and removes any offset.
fn level(loop_: &mut Stereo) {
    let gain = LEVEL / loudness(loop_).max(1e-6);
    for side in [&mut loop_.left, &mut loop_.right] {
        side.iter_mut().for_each(|sample| *sample = soft_limit(*sample * gain));
        let mean = (side.iter().map(|sample| f64::from(*sample)).sum::<f64>() / side.len() as f64) as f32;
        side.iter_mut().for_each(|sample| *sample -= mean);
    }
}

/// RMS of both sides above the sub-bass, which ears and phones hardly notice.
fn loudness(loop_: &Stereo) -> f32 {
    let mut power = 0.0f64;
    for side in [&loop_.left, &loop_.right] {
        let mut filter = Filter::high_pass(120.0);
        power += side.iter().map(|sample| f64::from(filter.run(*sample)).powi(2)).sum::<f64>() / side.len() as f64;
    }
    (power / 2.0).sqrt() as f32
}

fn soft_limit(sample: f32) -> f32 {
    const KNEE: f32 = 0.42;
    const ROOM: f32 = CEILING - KNEE;
    let over = sample.abs() - KNEE;
    if over <= 0.0 { sample } else { sample.signum() * (KNEE + ROOM * (over / ROOM).tanh()) }
}

/// A stereo 16-bit WAV file.
pub(super) fn wav(left: &[f32], right: &[f32]) -> Result<Vec<u8>, hound::Error> {
    let format =
        hound::WavSpec { channels: 2, sample_rate: RATE as u32, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut file = Cursor::new(Vec::with_capacity(44 + left.len() * 4));
    let mut writer = hound::WavWriter::new(&mut file, format)?;
    let mut writer_16 = writer.get_i16_writer(left.len() as u32 * 2);
    for (left, right) in left.iter().zip(right) {
        writer_16.write_sample((left * 32767.0).round() as i16);
        writer_16.write_sample((right * 32767.0).round() as i16);
    }
    writer_16.flush()?;
    writer.finalize()?;
    Ok(file.into_inner())
}
