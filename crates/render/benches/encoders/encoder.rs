//! One encoding: its size, its likeness to the raw frames, and the processor time that it took.
//!
//! Which settings there are is in `settings`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

use crate::material::{self, Material};
use crate::settings::Setting;

/// What one setting gave on one material.
#[derive(Debug, Clone, Copy, Default)]
pub struct Measured {
    pub kbit_per_second: f64,
    /// SSIM over all planes, 0 to 1.
    pub ssim_all: f64,
    /// SSIM of luma, in dB.
    pub ssim_luma_db: f64,
    /// PSNR over all planes, in dB.
    pub psnr_db: f64,
    /// Processor seconds for a second of video, with reading the raw frames.
    pub processor: f64,
    /// Its size ÷ that of a reference setting with the same SSIM of luma; `table` fills it in.
    pub relative_size: f64,
}

/// Encodes once and compares with the raw frames.
pub fn measure(material: &Material, setting: &Setting, index: usize) -> anyhow::Result<Measured> {
    let video = video(material, index);
    let processor = encode(material, setting, &video)?;
    let bytes = std::fs::metadata(&video)?.len();
    let (ssim_all, ssim_luma_db, psnr_db) = likeness(material, &video)?;
    if let Some(folder) = std::env::var_os("KEEP_ENCODINGS") {
        let name = format!("{} {}.mp4", material.name, setting.name).replace('/', "-");
        std::fs::copy(&video, Path::new(&folder).join(name))?;
    }
    std::fs::remove_file(video)?;
    let kbit_per_second = bytes as f64 * 8.0 / 1000.0 / material.seconds();
    Ok(Measured { kbit_per_second, ssim_all, ssim_luma_db, psnr_db, processor, relative_size: 1.0 })
}

/// Encodes once more and keeps the lesser time.
pub fn again(material: &Material, setting: &Setting, index: usize, before: Measured) -> anyhow::Result<Measured> {
    let video = video(material, index);
    let processor = encode(material, setting, &video)?.min(before.processor);
    std::fs::remove_file(video)?;
    Ok(Measured { processor, ..before })
}

fn video(material: &Material, index: usize) -> PathBuf {
    material.raw.with_extension(format!("{index}.mp4"))
}

/// Processor seconds for a second of video.
fn encode(material: &Material, setting: &Setting, video: &Path) -> anyhow::Result<f64> {
    let parameters = format!("keyint={}:open-gop=0:stitchable=1:force-cfr=1{}", material.stretch, setting.parameters);
    let mut command = ffmpeg();
    command.args(["-loglevel", "error"]).args(raw_input(material));
    command.args(["-c:v", "libx264", "-threads", "1", "-preset", setting.preset, "-crf", &setting.crf.to_string()]);
    command.args(["-g", &material.stretch.to_string(), "-x264-params", &parameters, "-pix_fmt", "yuv420p"]).arg(video);
    let child = command.spawn().context("starting ffmpeg")?;
    let (mut status, process) = (0, libc::pid_t::try_from(child.id())?);
    // SAFETY: the structure is plain numbers, wait4 writes all of it, and nobody else waits for this child.
    let (waited, usage) = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        (libc::wait4(process, &raw mut status, 0, &raw mut usage), usage)
    };
    ensure!(waited == process && status == 0, "{}: ffmpeg ended with status {status}", setting.name);
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    Ok((seconds(usage.ru_utime) + seconds(usage.ru_stime)) / material.seconds())
}

/// SSIM over all planes, SSIM of luma in dB, PSNR over all planes in dB.
fn likeness(material: &Material, video: &Path) -> anyhow::Result<(f64, f64, f64)> {
    let mut command = ffmpeg();
    command.arg("-i").arg(video).args(raw_input(material));
    let filter = "[0:v]split[a][b];[1:v]split[c][d];[a][c]ssim[e];[b][d]psnr[f]";
    command.args(["-filter_complex", filter, "-map", "[e]", "-map", "[f]", "-f", "null", "-"]);
    let output = command.stderr(Stdio::piped()).output().context("starting ffmpeg")?;
    let text = String::from_utf8_lossy(&output.stderr);
    let after = |line: &str, name: &str| -> anyhow::Result<String> {
        let line = text.lines().find(|it| it.contains(line)).with_context(|| format!("ffmpeg gives no {line}: {text}"))?;
        let (_, rest) = line.split_once(name).with_context(|| format!("no {name} in {line}"))?;
        Ok(rest.to_owned())
    };
    let number = |text: &str| -> anyhow::Result<f64> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        text[..end].parse().with_context(|| format!("{text} is no number"))
    };
    let luma = after("SSIM Y:", "SSIM Y:")?;
    let (_, luma_db) = luma.split_once('(').context("SSIM has no dB")?;
    Ok((number(&after("SSIM Y:", "All:")?)?, number(luma_db)?, number(&after("PSNR y:", "average:")?)?))
}

/// Options that read the raw frames.
fn raw_input(material: &Material) -> Vec<std::ffi::OsString> {
    let (size, rate) = (format!("{}x{}", material::SIZE.0, material::SIZE.1), material::FPS.to_string());
    let mut arguments: Vec<std::ffi::OsString> =
        ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-video_size", &size, "-framerate", &rate, "-i"].map(Into::into).into();
    arguments.push(material.raw.clone().into());
    arguments
}

/// An ffmpeg that asks nothing.
pub fn ffmpeg() -> Command {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-hide_banner", "-y"]).stdin(Stdio::null());
    command
}
