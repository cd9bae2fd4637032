//! Where music that is too short can be repeated so that nobody hears it: whole bars apart, where it sounds alike.
//!
//! The search works on the loudness of three bands every 10 ms, and only refines its find on samples; playing the loop is
//! in `music`.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::decoded::Decoded;
use crate::error::RenderError;
use crate::sound_file::RATE;

/// Sample frames per step of the search: 10 ms.
const HOP: usize = RATE as usize / 100;
/// What is this much quieter than the loudest moment is silence, as a factor of power: 55 dB.
const SILENCE: f32 = 3e-6;
/// Steps over which the level is averaged to see a fade: 1 s.
const SECOND: usize = 100;
/// Beats are 0.3 to 1 s apart, in steps.
const BEATS: std::ops::Range<usize> = 30..100;
/// How much of the onsets must repeat with the beat.
const CLEAR_BEAT: f32 = 0.2;
/// The crossfade of music with a beat (30 ms) and how far in front of the beat it ends (20 ms), in sample frames.
const SHORT_FADE: u64 = RATE as u64 * 3 / 100;
const BEFORE_BEAT: u64 = RATE as u64 / 50;
/// The longest crossfade of music without a beat, in sample frames.
const LONG_FADE: u64 = RATE as u64 * 3 / 2;

/// A place where the music jumps back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Loop {
    /// The first sample frame that is heard.
    pub(crate) begin: u64,
    /// Where the crossfade begins that leaves the music, and where it enters again.
    pub(crate) leave: u64,
    pub(crate) enter: u64,
    /// Sample frames of the crossfade.
    pub(crate) fade: u64,
    /// How alike both sides are, 0 to 1: what is alike adds up louder.
    pub(crate) alike: f32,
}

/// Finds the best loop of a sound.
pub(crate) fn find(music: &mut Decoded, stop: &AtomicBool) -> Result<Loop, RenderError> {
    let features = Features::of(music, stop)?;
    let heard = features.heard();
    let body = features.body(&heard);
    let seam = match features.beat(&body).and_then(|beat| features.seam(&body, beat)) {
        Some(seam) => with_beat(music, seam)?,
        None => None,
    };
    let begin = (heard.start * HOP) as u64;
    match seam {
        Some(seam) => Ok(Loop { begin, ..seam }),
        None => without_beat(music, begin, ((body.start * HOP) as u64, (body.end * HOP) as u64)),
    }
}

/// Loudness in three bands, step by step, as logarithms.
struct Features {
    bands: [Vec<f32>; 3],
    /// Power of all bands together.
    power: Vec<f32>,
    /// How much louder each step is than the one before.
    onsets: Vec<f32>,
}

impl Features {
    fn of(music: &mut Decoded, stop: &AtomicBool) -> Result<Self, RenderError> {
        let (mut bands, mut power): ([Vec<f32>; 3], Vec<f32>) = Default::default();
        let (mut samples, mut lows) = (Vec::new(), [0.0f32; 2]);
        let block = 100 * HOP;
        for at in (0..music.samples).step_by(block) {
            if stop.load(Ordering::Relaxed) {
                return Err(RenderError::Stopped);
            }
            music.read(at, &mut samples, block.min((music.samples - at) as usize))?;
            for step in samples.chunks_exact(2 * HOP) {
                let mut sums = [0.0f32; 3];
                for pair in step.chunks_exact(2) {
                    let sample = 0.5 * (pair[0] + pair[1]);
                    // Two plain low passes, at about 150 Hz and 2 kHz.
                    lows[0] += 0.0194 * (sample - lows[0]);
                    lows[1] += 0.23 * (sample - lows[1]);
                    for (sum, value) in sums.iter_mut().zip([lows[0], lows[1] - lows[0], sample - lows[1]]) {
                        *sum += value * value;
                    }
                }
                power.push(sums.iter().sum());
                bands.iter_mut().zip(sums).for_each(|(band, sum)| band.push(sum));
            }
        }
        for band in &mut bands {
            let floor = band.iter().copied().fold(1e-9, f32::max) * 1e-5;
            band.iter_mut().for_each(|power| *power = (*power + floor).ln());
        }
        let mut onsets = vec![0.0; power.len()];
        for band in &bands {
            for (onset, pair) in onsets.iter_mut().skip(1).zip(band.windows(2)) {
                *onset += (pair[1] - pair[0]).max(0.0);
            }
        }
        Ok(Self { bands, power, onsets })
    }

    /// The steps without the silence at both ends.
    fn heard(&self) -> std::ops::Range<usize> {
        let threshold = self.power.iter().copied().fold(0.0, f32::max) * SILENCE;
        let first = self.power.iter().position(|power| *power > threshold).unwrap_or(0);
        let last = self.power.iter().rposition(|power| *power > threshold).map_or(self.power.len(), |last| last + 1);
        first..last
    }

    /// What is heard without fades at both ends.
    fn body(&self, heard: &std::ops::Range<usize>) -> std::ops::Range<usize> {
        let mut sums = vec![0.0f64];
        sums.extend(self.power.iter().scan(0.0, |sum, power| {
            *sum += f64::from(*power);
            Some(*sum)
        }));
        let mean = |index: usize| {
            let (from, to) = (index.saturating_sub(SECOND / 2).max(heard.start), (index + SECOND / 2).min(heard.end));
            (sums[to] - sums[from]) / (to - from).max(1) as f64
        };
        let levels: Vec<f64> = heard.clone().map(mean).collect();
        let mut sorted = levels.clone();
        sorted.sort_by(f64::total_cmp);
        // 5 dB under the middle.
        let threshold = sorted.get(sorted.len() / 2).copied().unwrap_or(0.0) * 0.32;
        let first = levels.iter().position(|level| *level >= threshold).unwrap_or(0);
        let last = levels.iter().rposition(|level| *level >= threshold).map_or(levels.len(), |last| last + 1);
        let body = heard.start + first..heard.start + last;
        if 10 * body.len() >= 6 * heard.len() { body } else { heard.clone() }
    }

    /// The time from beat to beat in steps; `None` without a clear beat.
    fn beat(&self, body: &std::ops::Range<usize>) -> Option<f64> {
        let onsets = &self.onsets[body.clone()];
        // Less than a doubling of one band is no onset.
        if onsets.len() < 4 * SECOND || onsets.iter().copied().fold(0.0, f32::max) < 0.7 {
            return None;
        }
        let mean = onsets.iter().sum::<f32>() / onsets.len() as f32;
        let centred: Vec<f32> = onsets.iter().map(|onset| onset - mean).collect();
        // A minute tells the tempo; the whole makes it exact below.
        let minute = &centred[..centred.len().min(60 * SECOND)];
        let own = likeness(minute, 0).max(1e-9);
        // A beat on the grid of 10 ms falls into two neighbouring steps.
        let around = |part: &[f32], lag: usize| (lag - 1..=lag + 1).map(|lag| likeness(part, lag)).sum::<f32>();
        let lag = BEATS.filter(|lag| 4 * lag < minute.len()).max_by(|one, other| {
            let score = |lag: usize| around(minute, lag) + 0.5 * around(minute, 2 * lag) + 0.25 * around(minute, 4 * lag);
            score(*one).total_cmp(&score(*other))
        })?;
        if around(minute, lag) / own < CLEAR_BEAT {
            return None;
        }
        let mut beat = lag as f64;
        for beats in [2, 4, 8, 16, 32, 64] {
            let about = (beat * f64::from(beats)).round() as usize;
            if about * 2 > centred.len() {
                break;
            }
            let best =
                (about - 3..=about + 3).max_by(|one, other| around(&centred, *one).total_cmp(&around(&centred, *other)))?;
            let near = [best - 1, best, best + 1].map(|lag| around(&centred, lag));
            beat = (best as f64 + vertex(near)) / f64::from(beats);
        }
        Some(beat)
    }

    /// The best pair of beats, whole beats apart: the later one as a step and the exact distance in steps.
    fn seam(&self, body: &std::ops::Range<usize>, beat: f64) -> Option<(usize, f64)> {
        let phase = (0..beat as usize).max_by(|one, other| {
            let sum = |phase: usize| {
                let beats = (0..).map(|index| body.start + phase + (f64::from(index) * beat).round() as usize);
                beats.take_while(|at| *at < body.end).map(|at| self.onsets[at]).sum::<f32>()
            };
            sum(*one).total_cmp(&sum(*other))
        })?;
        let reach = (2.0 * beat) as usize;
        let count = ((body.len() - phase) as f64 / beat) as usize;
        let place = |index: usize| body.start + phase + (index as f64 * beat).round() as usize;
        let mut best: Option<(f64, usize, usize)> = None;
        for late in count.saturating_sub(16)..=count {
            for beats in (count * 2 / 5).max(2)..=late {
                let (one, other) = (place(late - beats), place(late));
                let bonus = match beats % 16 {
                    0 => 0.08,
                    4 | 8 | 12 => 0.05,
                    _ => 0.0,
                };
                let Some(alike) = self.alike(one, other, reach, body) else { continue };
                let score = f64::from(alike) + bonus + 0.1 * beats as f64 / count as f64;
                if best.is_none_or(|(most, _, _)| score > most) {
                    best = Some((score, other, beats));
                }
            }
        }
        let (_, late, beats) = best?;
        let about = (beats as f64 * beat).round() as usize;
        let at =
            |distance: usize| late.checked_sub(distance).and_then(|early| self.alike(early, late, reach, body)).unwrap_or(-1.0);
        let best = (about.saturating_sub(4).max(1)..=about + 4).max_by(|one, other| at(*one).total_cmp(&at(*other)))?;
        Some((late, best as f64 + vertex([best - 1, best, best + 1].map(at))))
    }

    /// How alike the music is around two steps, −1 to 1.
    fn alike(&self, one: usize, other: usize, reach: usize, body: &std::ops::Range<usize>) -> Option<f32> {
        let before = reach.min(one - body.start.min(one));
        let after = reach.min(body.end.saturating_sub(other));
        // Half of the window must be there to say something.
        if before + after < reach {
            return None;
        }
        let mut sums = [0.0f32; 3];
        for band in &self.bands {
            let (one, other) = (&band[one - before..one + after], &band[other - before..other + after]);
            let mean = |part: &[f32]| part.iter().sum::<f32>() / part.len() as f32;
            let (mean_one, mean_other) = (mean(one), mean(other));
            for (one, other) in one.iter().zip(other) {
                let (one, other) = (one - mean_one, other - mean_other);
                sums[0] += one * other;
                sums[1] += one * one;
                sums[2] += other * other;
            }
        }
        Some(sums[0] / (sums[1] * sums[2]).sqrt().max(1e-9))
    }
}

/// The sum of products of a signal with itself `lag` steps later.
fn likeness(signal: &[f32], lag: usize) -> f32 {
    signal.iter().zip(&signal[lag.min(signal.len())..]).map(|(one, other)| one * other).sum()
}

/// Where between −0.5 and 0.5 a parabola through three values has its top.
fn vertex([left, middle, right]: [f32; 3]) -> f64 {
    let bend = left - 2.0 * middle + right;
    if bend >= 0.0 { 0.0 } else { f64::from(0.5 * (left - right) / bend).clamp(-0.5, 0.5) }
}

/// Refines a seam on samples; `None` if there is no room for it.
fn with_beat(music: &mut Decoded, (late, distance): (usize, f64)) -> Result<Option<Loop>, RenderError> {
    // 0.6 s before the beat to 0.2 s after it are compared, up to 8 ms apart from what was found.
    let (before, window, reach) = (RATE as u64 * 6 / 10, RATE as usize * 8 / 10, RATE as u64 / 125);
    let (late, distance) = ((late * HOP) as u64, (distance * HOP as f64).round() as u64);
    let Some(early) = (late.saturating_sub(before + reach)).checked_sub(distance) else { return Ok(None) };
    let (moved, alike) = best_match(music, (late - before, window), (early, 2 * reach as usize), 4)?;
    // What is hardly alike says nothing about the place.
    let distance = if alike > 0.3 { late - before - moved } else { distance };
    let leave = late - BEFORE_BEAT - SHORT_FADE;
    let Some(enter) = leave.checked_sub(distance) else { return Ok(None) };
    let alike = likeness_at(music, leave, enter, SHORT_FADE as usize)?;
    Ok((enter + SHORT_FADE < leave).then_some(Loop { begin: 0, leave, enter, fade: SHORT_FADE, alike }))
}

/// A long crossfade from the end into where the start is most like it.
fn without_beat(music: &mut Decoded, begin: u64, (first, last): (u64, u64)) -> Result<Loop, RenderError> {
    let (first, last) = if last > first { (first, last.min(music.samples)) } else { (0, music.samples) };
    let fade = LONG_FADE.min((last - first) / 4).max(1).min(music.samples);
    let leave = last.saturating_sub(fade);
    let reach = (u64::from(RATE) * 2).min(leave.saturating_sub(first + fade) / 2);
    let (enter, _) = best_match(music, (leave, fade as usize), (first.min(leave), reach as usize), 16)?;
    let alike = likeness_at(music, leave, enter, fade as usize)?;
    Ok(Loop { begin: begin.min(leave), leave, enter, fade, alike })
}

/// Finds where, in a reach of places, the music is most like a part of it. First on every `coarse`th sample, then on all.
fn best_match(
    music: &mut Decoded,
    (part, length): (u64, usize),
    (from, reach): (u64, usize),
    coarse: usize,
) -> Result<(u64, f32), RenderError> {
    let template = mono(music, part, length, coarse)?;
    let field = mono(music, from, length + reach, coarse)?;
    let (about, _) = best_offset(&template, &field);
    let from_exact = from + (about * coarse).saturating_sub(coarse + 8) as u64;
    let template = mono(music, part, length, 1)?;
    let field = mono(music, from_exact, length + (2 * coarse + 16).min(reach), 1)?;
    let (offset, alike) = best_offset(&template, &field);
    Ok((from_exact + offset as u64, alike))
}

/// The place in a field where a template fits best, and how alike both are.
fn best_offset(template: &[f32], field: &[f32]) -> (usize, f32) {
    let dot = |one: &[f32], other: &[f32]| {
        // Sixteen sums side by side, so that the processor can work on them together.
        let mut sums = [0.0f32; 16];
        for (one, other) in one.chunks_exact(16).zip(other.chunks_exact(16)) {
            for ((sum, one), other) in sums.iter_mut().zip(one).zip(other) {
                *sum += one * other;
            }
        }
        sums.iter().sum::<f32>()
    };
    let own = dot(template, template);
    let mut best = (0, f32::MIN);
    for offset in 0..=field.len().saturating_sub(template.len()) {
        let part = &field[offset..(offset + template.len()).min(field.len())];
        let alike = dot(template, part) / (own * dot(part, part)).sqrt().max(1e-9);
        if alike > best.1 {
            best = (offset, alike);
        }
    }
    best
}

fn likeness_at(music: &mut Decoded, one: u64, other: u64, length: usize) -> Result<f32, RenderError> {
    let (one, other) = (mono(music, one, length, 1)?, mono(music, other, length, 1)?);
    Ok(best_offset(&one, &other).1.clamp(0.0, 1.0))
}

/// The mean of both channels, and of every `coarse` samples.
fn mono(music: &mut Decoded, at: u64, frames: usize, coarse: usize) -> Result<Vec<f32>, RenderError> {
    let mut samples = Vec::new();
    music.read(at, &mut samples, frames)?;
    Ok(samples.chunks_exact(2 * coarse).map(|part| part.iter().sum::<f32>() / part.len() as f32).collect())
}
