//! The ffmpeg program, for what this crate does not encode itself. It gets argument lists and files of our own, nothing else.

use std::fs;
use std::io::Cursor;
use std::path::Path;
use std::process::{Command, Stdio};

use super::Media;

/// How a sound is wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum SoundFormat {
    /// Samples of 16 bits in a WAV.
    Wav {
        /// Hertz.
        rate: u32,
    },
    /// Samples of 16 bits, little-endian, with nothing around them.
    Pcm {
        /// Hertz.
        rate: u32,
    },
    /// MP3.
    Mp3 {
        /// Hertz.
        rate: u32,
        /// Kilobits per second.
        kilobits: u32,
    },
    /// Opus in Ogg.
    Opus,
    /// AAC in ADTS frames.
    Aac,
    /// FLAC.
    Flac,
}

impl SoundFormat {
    pub(in super::super) fn media_type(self) -> &'static str {
        match self {
            Self::Wav { .. } => "audio/wav",
            Self::Pcm { .. } => "audio/pcm",
            Self::Mp3 { .. } => "audio/mpeg",
            Self::Opus => "audio/ogg",
            Self::Aac => "audio/aac",
            Self::Flac => "audio/flac",
        }
    }

    fn arguments(self) -> Vec<String> {
        let words = match self {
            Self::Wav { rate } => format!("-ar {rate} -c:a pcm_s16le -bitexact -f wav"),
            Self::Pcm { rate } => format!("-ar {rate} -c:a pcm_s16le -f s16le"),
            Self::Mp3 { rate, kilobits } => format!("-ar {rate} -c:a libmp3lame -b:a {kilobits}k -f mp3"),
            Self::Opus => "-ar 48000 -c:a libopus -b:a 64k -f ogg".to_owned(),
            Self::Aac => "-ar 44100 -c:a aac -b:a 128k -f adts".to_owned(),
            Self::Flac => "-c:a flac -f flac".to_owned(),
        };
        words.split(' ').map(str::to_owned).collect()
    }
}

/// Wraps a WAV in another way. `tempo` over 1 is faster, at the same pitch; `seconds` repeats or cuts it to that length.
pub(super) fn sound(wav: &[u8], format: SoundFormat, tempo: f64, seconds: Option<f64>) -> Result<Media, String> {
    let folder = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
    let (from, to) = (folder.path().join("in.wav"), folder.path().join("out"));
    write(&from, wav)?;
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-y"]);
    if seconds.is_some() {
        command.args(["-stream_loop", "-1"]);
    }
    command.arg("-i").arg(&from);
    if (tempo - 1.0).abs() > 1e-6 {
        command.args(["-af", &tempo_filter(tempo)]);
    }
    if let Some(seconds) = seconds {
        command.args(["-t", &format!("{seconds:.3}")]);
    }
    command.args(format.arguments()).arg(&to);
    run(command)?;
    Ok(Media { bytes: read(&to)?.into(), media_type: format.media_type() })
}

/// ffmpeg's filter takes 0.5 to 100; slower speech needs it twice.
fn tempo_filter(tempo: f64) -> String {
    if tempo >= 0.5 { format!("atempo={tempo:.4}") } else { format!("atempo=0.5,atempo={:.4}", (tempo / 0.5).max(0.5)) }
}

/// Runs a command that is ready but for its program's own noise.
pub(super) fn run(mut command: Command) -> Result<(), String> {
    let output =
        command.stdin(Stdio::null()).output().map_err(|error| format!("ffmpeg can't be started: {error}; install it"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("ffmpeg failed: {}", said.lines().last().unwrap_or("it said nothing")))
}

/// The length of a sound file, found by decoding it.
pub(super) fn seconds(sound: &[u8]) -> Result<f64, String> {
    const RATE: u32 = 16_000;
    let folder = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
    let (from, to) = (folder.path().join("in"), folder.path().join("out"));
    write(&from, sound)?;
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-y", "-protocol_whitelist", "file", "-i"]).arg(&from).args(["-vn", "-ac", "1"]);
    command.args(SoundFormat::Pcm { rate: RATE }.arguments()).arg(&to);
    run(command)?;
    Ok(read(&to)?.len() as f64 / 2.0 / f64::from(RATE))
}

/// One channel of samples as a WAV.
pub(super) fn wav(samples: &[i16], rate: u32) -> Vec<u8> {
    let spec = hound::WavSpec { channels: 1, sample_rate: rate, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut bytes = Vec::new();
    let written = hound::WavWriter::new(Cursor::new(&mut bytes), spec).and_then(|mut writer| {
        samples.iter().try_for_each(|sample| writer.write_sample(*sample))?;
        writer.finalize()
    });
    written.expect("memory takes every sound");
    bytes
}

pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    fs::write(path, bytes).map_err(|error| format!("a temporary file can't be written: {error}"))
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("ffmpeg has written nothing: {error}"))
}
