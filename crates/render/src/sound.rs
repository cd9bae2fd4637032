//! The sound track: the mix brought to −14 LUFS under a true-peak ceiling and encoded as AAC.
//!
//! What is heard when is decided in `mix`.

use std::fs::File;
use std::io::{Seek, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use crate::error::RenderError;
use crate::ffmpeg::{self, Tool};
use crate::limiter::{self, Peaks};
use crate::loudness::{self, Meter};
use crate::mix;
use crate::plan::Plan;
use crate::probe;
use crate::sound_file;

/// Integrated loudness of the programme.
const TARGET_LUFS: f64 = -14.0;
/// True peak before encoding: AAC adds some tenths of a dB, and the result must stay under −1 dBTP.
const CEILING_DBTP: f64 = -2.0;
/// The most that the whole programme is raised, in dB: more would be noise made loud.
const MOST_GAIN: f64 = 30.0;
/// Limiting takes loudness away; the gain is corrected at most this often.
const CORRECTIONS: usize = 12;
/// What was predicted is mastered at most this often, until it comes this near to the target, in LU.
const ATTEMPTS: usize = 3;
const NEAR_ENOUGH: f64 = 0.25;
/// Sample frames that are read at once: a whole number of steps of the limiter.
const BLOCK: usize = 256 * limiter::STEP;

/// The finished sound's measures; `None` for silence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Loudness {
    pub(crate) lufs: Option<f64>,
    pub(crate) true_peak_dbtp: Option<f64>,
}

/// Everything that shapes the sound, as text to be hashed. Files count by their content, not by their names.
pub(crate) fn recipe(plan: &Plan) -> String {
    use std::fmt::Write;
    let timeline = &plan.timeline;
    let mut recipe = format!("sound {}\n{}\n{}\n", crate::RENDER_VERSION, plan.ffmpeg, timeline.fps);
    for (scene, files) in timeline.scenes.iter().zip(&plan.scenes) {
        let narration = files.sound.as_ref().map(|sound| &sound.hash);
        let clip = files.clip_sound.as_ref().map(|(sound, volume_db)| (&sound.hash, volume_db));
        // Under a transition the sound of the clip before goes on.
        let place = (scene.first_frame, scene.frame_count, scene.transition);
        writeln!(recipe, "{place:?} {narration:?} {clip:?}").expect("writing to a string can't fail");
    }
    let music = plan.music.as_ref().map(|music| &music.hash);
    recipe + &format!("{music:?} {:?}", timeline.music.as_ref().map(|music| music.options))
}

/// What is known of the mix after it was made: enough to say how it sounds with any gain.
struct Mixed {
    file: File,
    /// Power in blocks of [`loudness::BLOCK`].
    power: Vec<f32>,
    /// True peaks in steps of [`limiter::STEP`].
    peaks: Vec<f32>,
}

/// Mixes, masters and encodes the sound to `path` (an `.m4a`). Intermediate files go to `folder`.
pub(crate) fn make(plan: &Plan, folder: &Path, path: &Path, stop: &AtomicBool) -> Result<Loudness, RenderError> {
    let mut mixed = mixed(plan, folder, stop)?;
    let mut target = TARGET_LUFS;
    for attempt in 1.. {
        let (gain, curve) = mixed.settle(target);
        let (mut meter, mut bytes) = (Meter::default(), Vec::new());
        let mut encoder = encoder(path)?;
        mixed.master(gain, &curve, stop, &mut |samples| {
            meter.push(samples);
            encoder.write(sound_file::bytes(samples, &mut bytes))
        })?;
        encoder.finish()?;
        let lufs = loudness::integrated(meter.finish().into_iter());
        let missing = lufs.map_or(0.0, |lufs| TARGET_LUFS - lufs);
        // The prediction is exact for nearly every sound; single clicks among quiet parts need a second attempt.
        if missing.abs() < NEAR_ENOUGH || gain >= factor(MOST_GAIN) || attempt == ATTEMPTS {
            let highest = |(index, peak): (usize, &f32)| peak * gain * curve[index].max(curve[index + 1]);
            let peak = f64::from(mixed.peaks.iter().enumerate().map(highest).fold(0.0, f32::max));
            return Ok(Loudness { lufs, true_peak_dbtp: (peak > 0.0).then(|| 20.0 * peak.log10()) });
        }
        target += missing;
    }
    unreachable!("the last attempt is taken as it is")
}

fn mixed(plan: &Plan, folder: &Path, stop: &AtomicBool) -> Result<Mixed, RenderError> {
    let failed = |error: std::io::Error| RenderError::file("can't write the sound to", folder, &error);
    let mut file = tempfile::tempfile_in(folder).map_err(failed)?;
    let (mut meter, mut peaks, mut bytes) = (Meter::default(), Peaks::new(), Vec::new());
    mix::mix(plan, folder, stop, &mut |block| {
        meter.push(block);
        peaks.push(block);
        file.write_all(sound_file::bytes(block, &mut bytes)).map_err(failed)
    })?;
    Ok(Mixed { file, power: meter.finish(), peaks: peaks.finish() })
}

impl Mixed {
    /// Finds the gain (a factor) that makes the limited programme as loud as wanted, and the limiter's curve for it; silence
    /// stays as it is.
    fn settle(&self, target: f64) -> (f32, Vec<f32>) {
        let Some(before) = loudness::integrated(self.power.iter().copied()) else {
            return (1.0, vec![1.0; self.peaks.len() + 1]);
        };
        let mut gain = (target - before).min(MOST_GAIN);
        for correction in 0.. {
            let curve = limiter::curve(&self.peaks, factor(gain), factor(CEILING_DBTP));
            let missing = target - self.limited(gain, &curve);
            let next = (gain + missing).min(MOST_GAIN);
            if (next - gain).abs() < 0.02 || correction == CORRECTIONS {
                return (factor(gain), curve);
            }
            gain = next;
        }
        unreachable!("the last correction ends the search")
    }

    /// How loud the programme is with a gain (in dB) and a limiter's curve.
    fn limited(&self, gain: f64, curve: &[f32]) -> f64 {
        let steps = loudness::BLOCK / limiter::STEP;
        let power = self.power.iter().enumerate().map(|(index, power)| {
            // What is loud counts most in a block, and it is what the limiter turns down.
            let from = (index * steps).min(self.peaks.len());
            let to = (from + steps).min(self.peaks.len());
            let weighted =
                |step: usize| f64::from(self.peaks[step]).powi(2) * f64::from(0.5 * (curve[step] + curve[step + 1])).powi(2);
            let all: f64 = self.peaks[from..to].iter().map(|peak| f64::from(*peak).powi(2)).sum();
            let kept = if all > 0.0 { (from..to).map(weighted).sum::<f64>() / all } else { 1.0 };
            (f64::from(*power) * kept * 10f64.powf(gain / 10.0)) as f32
        });
        loudness::integrated(power).unwrap_or(TARGET_LUFS)
    }

    /// Gives the mix, raised and limited, to `sink`.
    fn master(
        &mut self,
        gain: f32,
        curve: &[f32],
        stop: &AtomicBool,
        sink: &mut dyn FnMut(&[f32]) -> Result<(), RenderError>,
    ) -> Result<(), RenderError> {
        let failed = |error: std::io::Error| RenderError::Ffmpeg {
            doing: "reading the mixed sound".to_owned(),
            detail: error.to_string(),
        };
        self.file.rewind().map_err(failed)?;
        let (mut bytes, mut samples) = (vec![0; 8 * BLOCK], Vec::new());
        for step in (0..).step_by(BLOCK / limiter::STEP) {
            if stop.load(Ordering::Relaxed) {
                return Err(RenderError::Stopped);
            }
            bytes.resize(8 * BLOCK, 0);
            let length = probe::fill(&mut self.file, &mut bytes).map_err(failed)?;
            if length == 0 {
                break;
            }
            sound_file::floats(&bytes[..length], &mut samples);
            limiter::apply(&mut samples, step, curve, gain);
            sink(&samples)?;
        }
        Ok(())
    }
}

fn factor(db: f64) -> f32 {
    10f64.powf(db / 20.0) as f32
}

fn encoder(path: &Path) -> Result<Tool, RenderError> {
    let path = crate::media::ffmpeg_path(path);
    let input = ["-f", "f32le", "-ar", "48000", "-ac", "2", "-i", "pipe:0"];
    // At this bit rate the fast search is nearer to the original than the default one, and takes half the time; without
    // trying the sum and the difference of the channels it takes half of that, and is still nearer.
    let coder = ["-c:a", "aac", "-profile:a", "aac_low", "-aac_coder", "fast", "-aac_ms", "0", "-b:a", "192k"];
    let rest = ["-fflags", "+bitexact", "-flags:a", "+bitexact", "-f", "mp4"];
    let arguments: Vec<std::ffi::OsString> =
        input.into_iter().chain(coder).chain(rest).map(std::ffi::OsString::from).chain(std::iter::once(path)).collect();
    ffmpeg::ffmpeg("encoding the sound", arguments)
}
