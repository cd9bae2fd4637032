//! The music under a programme: played once, or in a loop without a seam, at its level and faded at both ends.
//!
//! Where it loops is found in `music_loop`, how it steps back under speech is in `duck`.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use crate::decoded::Decoded;
use crate::duck::Duck;
use crate::error::RenderError;
use crate::music_loop::{self, Loop};
use crate::sound_file::{RATE, SoundFile};

/// Fades of the music, in seconds.
const FADE_IN: f64 = 0.3;
const FADE_OUT: f64 = 1.5;
/// Sample frames for which one gain is worked out; between them it is a straight line.
const STEP: usize = 64;

/// Music that is being played.
pub(crate) struct Music {
    decoded: Decoded,
    /// `None` if the music is long enough.
    repeat: Option<Loop>,
    /// The next sample frame of the file.
    place: u64,
    level: f32,
    duck: Option<Duck>,
    /// Sample frames of the programme.
    total: u64,
    /// The last gain.
    gain: f32,
    samples: Vec<f32>,
    other: Vec<f32>,
}

impl Music {
    /// Opens the music of a programme of `total` sample frames; `level` is a factor.
    pub(crate) fn open(
        file: &SoundFile,
        (level, duck): (f32, Option<Duck>),
        total: u64,
        folder: &Path,
        stop: &AtomicBool,
    ) -> Result<Self, RenderError> {
        let mut decoded = Decoded::open(file, total, folder, "decoding the music".to_owned(), stop)?;
        let repeat = if decoded.samples < total { Some(music_loop::find(&mut decoded, stop)?) } else { None };
        let place = repeat.map_or(0, |repeat| repeat.begin);
        let (samples, other) = (Vec::new(), Vec::new());
        Ok(Self { decoded, repeat, place, level, duck, total, gain: 0.0, samples, other })
    }

    /// Adds the music from sample frame `at` of the programme to a block.
    pub(crate) fn add(&mut self, block: &mut [f32], at: u64) -> Result<(), RenderError> {
        let mut done = 0;
        while done < block.len() {
            let frames = self.read((block.len() - done) / 2)?;
            let part = &mut block[done..done + 2 * frames];
            let mut begin = at + done as u64 / 2;
            for (out, music) in part.chunks_mut(2 * STEP).zip(self.samples.chunks(2 * STEP)) {
                let frames = out.len() / 2;
                let duck = self.duck.as_mut().map_or(1.0, |duck| duck.gain(begin + frames as u64));
                let target = self.level * duck * fade(begin + frames as u64, self.total);
                let slope = (target - self.gain) / frames as f32;
                for (index, (out, music)) in out.chunks_exact_mut(2).zip(music.chunks_exact(2)).enumerate() {
                    let gain = self.gain + slope * (index + 1) as f32;
                    out[0] += music[0] * gain;
                    out[1] += music[1] * gain;
                }
                self.gain = target;
                begin += frames as u64;
            }
            done += 2 * frames;
        }
        Ok(())
    }

    /// Reads what comes next, at most `frames`, up to where something changes; answers how much it is.
    fn read(&mut self, frames: usize) -> Result<usize, RenderError> {
        let Some(repeat) = self.repeat else {
            self.decoded.read(self.place, &mut self.samples, frames)?;
            self.place += frames as u64;
            return Ok(frames);
        };
        if self.place >= repeat.leave + repeat.fade {
            self.place -= repeat.leave - repeat.enter;
        }
        let fading = self.place >= repeat.leave;
        let end = if fading { repeat.leave + repeat.fade } else { repeat.leave };
        let frames = frames.min((end - self.place) as usize);
        self.decoded.read(self.place, &mut self.samples, frames)?;
        if fading {
            self.decoded.read(self.place - (repeat.leave - repeat.enter), &mut self.other, frames)?;
            let into = self.place - repeat.leave;
            for (index, (old, new)) in self.samples.chunks_exact_mut(2).zip(self.other.chunks_exact(2)).enumerate() {
                let turn = (into as f32 + index as f32 + 0.5) / repeat.fade as f32 * std::f32::consts::FRAC_PI_2;
                let (new_gain, old_gain) = turn.sin_cos();
                // Of equal power whatever both sides have in common.
                let even = (1.0 + 2.0 * repeat.alike * new_gain * old_gain).sqrt().recip();
                for (old, new) in old.iter_mut().zip(new) {
                    *old = (*old * old_gain + new * new_gain) * even;
                }
            }
        }
        self.place += frames as u64;
        Ok(frames)
    }
}

/// The music comes in at the start of the programme and goes out at its end.
fn fade(at: u64, total: u64) -> f32 {
    let seconds = |samples: u64| samples as f64 / f64::from(RATE);
    let half = seconds(total) / 2.0;
    let fade_in = seconds(at) / FADE_IN.min(half).max(1e-3);
    let fade_out = seconds(total - at.min(total)) / FADE_OUT.min(half).max(1e-3);
    let t = fade_in.min(fade_out).clamp(0.0, 1.0);
    (t * t * (3.0 - 2.0 * t)) as f32
}
