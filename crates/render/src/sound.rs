//! The sound track: the mix brought to −14 LUFS under a true-peak ceiling and encoded as AAC.
//!
//! What is heard when is decided in `mix`.

use std::fs::File;
use std::io::{BufWriter, Seek, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use ebur128::{EbuR128, Mode};
use serde::{Deserialize, Serialize};

use crate::error::RenderError;
use crate::ffmpeg::{self, Tool};
use crate::limiter::Limiter;
use crate::mix;
use crate::plan::Plan;
use crate::probe::{self, RATE};

/// Integrated loudness of the programme.
const TARGET_LUFS: f64 = -14.0;
/// True peak before encoding: AAC adds some tenths of a dB, and the result must stay under −1 dBTP.
const CEILING_DBTP: f64 = -2.0;
/// The most that the whole programme is raised, in dB: more would be noise made loud.
const MOST_GAIN: f64 = 30.0;
/// Limiting takes loudness away; the gain is corrected at most this often.
const CORRECTIONS: usize = 6;

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
        let narration = files.sound.as_ref().map(|sound| (&sound.hash, sound.facts));
        writeln!(recipe, "{} {} {narration:?}", scene.first_frame, scene.frame_count).expect("writing to a string can't fail");
    }
    let music = plan.music.as_ref().map(|music| (&music.hash, music.facts));
    recipe + &format!("{music:?} {:?}", timeline.music.as_ref().map(|music| music.options))
}

/// Mixes, masters and encodes the sound to `path` (an `.m4a`). Intermediate files go to `folder`.
pub(crate) fn make(plan: &Plan, folder: &Path, path: &Path, stop: &AtomicBool) -> Result<Loudness, RenderError> {
    let failed = |error: std::io::Error| RenderError::file("can't write the sound to", folder, &error);
    let mut meter = meter(Mode::I)?;
    let mut mixed = BufWriter::with_capacity(1 << 16, tempfile::tempfile_in(folder).map_err(failed)?);
    mix::mix(plan, folder, stop, &mut |block| {
        meter.add_frames_f32(block).map_err(measuring)?;
        block.iter().try_for_each(|sample| mixed.write_all(&sample.to_le_bytes())).map_err(failed)
    })?;
    let mut mixed = mixed.into_inner().map_err(|error| failed(error.into_error()))?;
    let gain = settle(&mut mixed, lufs(&meter), stop)?;
    let mut encoder = encoder(path)?;
    let mut meter = self::meter(Mode::I | Mode::TRUE_PEAK)?;
    let mut bytes = Vec::new();
    master(&mut mixed, gain, stop, &mut |samples| {
        meter.add_frames_f32(samples).map_err(measuring)?;
        bytes.clear();
        bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
        encoder.write(&bytes)
    })?;
    encoder.finish()?;
    let peak = (0..2).filter_map(|channel| meter.true_peak(channel).ok()).fold(0.0, f64::max);
    Ok(Loudness { lufs: lufs(&meter), true_peak_dbtp: (peak > 0.0).then(|| 20.0 * peak.log10()) })
}

/// Finds the gain (in dB) that makes the limited programme as loud as wanted; silence stays as it is.
fn settle(mixed: &mut File, before: Option<f64>, stop: &AtomicBool) -> Result<f64, RenderError> {
    let Some(before) = before else { return Ok(0.0) };
    let mut gain = (TARGET_LUFS - before).min(MOST_GAIN);
    for _ in 0..CORRECTIONS {
        let mut meter = meter(Mode::I)?;
        master(mixed, gain, stop, &mut |samples| meter.add_frames_f32(samples).map_err(measuring))?;
        let missing = TARGET_LUFS - lufs(&meter).unwrap_or(TARGET_LUFS);
        if missing.abs() < 0.15 || gain + missing > MOST_GAIN {
            break;
        }
        gain += missing;
    }
    Ok(gain)
}

/// Gives the mix, raised and limited, to `sink`.
fn master(
    mixed: &mut File,
    gain: f64,
    stop: &AtomicBool,
    sink: &mut dyn FnMut(&[f32]) -> Result<(), RenderError>,
) -> Result<(), RenderError> {
    let failed =
        |error: std::io::Error| RenderError::Ffmpeg { doing: "reading the mixed sound".to_owned(), detail: error.to_string() };
    mixed.rewind().map_err(failed)?;
    let factor = |db: f64| 10f64.powf(db / 20.0) as f32;
    let mut limiter = Limiter::new(factor(gain), factor(CEILING_DBTP));
    let (mut block, mut out) = (vec![0; 8 * 4800], Vec::new());
    loop {
        if stop.load(Ordering::Relaxed) {
            return Err(RenderError::Stopped);
        }
        let length = probe::fill(mixed, &mut block).map_err(failed)?;
        if length == 0 {
            break;
        }
        limiter.push(&probe::floats(&block[..length]), &mut out);
        sink(&out)?;
        out.clear();
    }
    limiter.finish(&mut out);
    sink(&out)
}

fn meter(mode: Mode) -> Result<EbuR128, RenderError> {
    EbuR128::new(2, RATE, mode).map_err(measuring)
}

fn measuring(error: ebur128::Error) -> RenderError {
    RenderError::Ffmpeg { doing: "measuring the loudness".to_owned(), detail: error.to_string() }
}

fn lufs(meter: &EbuR128) -> Option<f64> {
    meter.loudness_global().ok().filter(|lufs| lufs.is_finite())
}

fn encoder(path: &Path) -> Result<Tool, RenderError> {
    let path = crate::media::ffmpeg_path(path);
    let arguments =
        ["-f", "f32le", "-ar", "48000", "-ac", "2", "-i", "pipe:0", "-c:a", "aac", "-profile:a", "aac_low", "-b:a", "192k"];
    let rest = ["-fflags", "+bitexact", "-flags:a", "+bitexact", "-f", "mp4"];
    let arguments: Vec<std::ffi::OsString> =
        arguments.into_iter().chain(rest).map(std::ffi::OsString::from).chain(std::iter::once(path)).collect();
    ffmpeg::ffmpeg("encoding the sound", arguments)
}
