//! Sounds that vendors send: recognised by content, decoded wholly, measured, and written as WAV.
//!
//! WAV is read in `riff`, MP3 in `mpeg`; everything else by the ffmpeg program, which the renderer needs anyway. What is said in a sound is
//! not known here.

use std::io::Write;
use std::process::{Command, Stdio};

use bytes::Bytes;

use crate::error::ProviderError;

mod mpeg;
mod riff;
mod stretch;

pub use stretch::stretch;

/// Longer sounds are cut here: no scene comes near, and memory stays bounded.
const MOST_SECONDS: u32 = 3600;

/// One channel of sound.
#[derive(Debug, Clone, PartialEq)]
pub struct Sound {
    /// From −1 to 1.
    pub samples: Vec<f32>,
    /// Samples per second.
    pub rate: u32,
}

impl Sound {
    /// Its length.
    pub fn seconds(&self) -> f64 {
        self.samples.len() as f64 / f64::from(self.rate)
    }

    /// The level of its loudest twentieth of a second, in decibels of full scale; minus infinity for silence.
    pub fn level(&self) -> f64 {
        let window = (self.rate as usize / 20).max(1);
        let power = |part: &[f32]| part.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / part.len() as f64;
        10.0 * self.samples.chunks(window).map(power).fold(0.0, f64::max).log10()
    }
}

/// A sound file that was decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// By content, such as `audio/mpeg`.
    pub media_type: &'static str,
    /// What is heard, all channels mixed into one.
    pub sound: Sound,
    /// Whether the file is as long as it says; `false` for one that was cut off.
    pub whole: bool,
}

/// Decodes a sound file: WAV, MP3, AAC, FLAC, Ogg, MP4 or WebM; `None` when it is none that can be decoded. Runs ffmpeg for
/// all but WAV and MP3, so it belongs on a thread that may wait.
///
/// # Errors
/// When ffmpeg is needed and can't be run.
pub fn decode(file: &[u8]) -> Result<Option<Recording>, ProviderError> {
    if file.starts_with(b"RIFF") {
        let whole = |(sound, whole)| Recording { media_type: "audio/wav", sound, whole };
        return Ok(riff::read(file, MOST_SECONDS).map(whole));
    }
    if mpeg::is_mp3(file) {
        let whole = mpeg::is_whole(file);
        return Ok(mpeg::read(file, MOST_SECONDS).map(|sound| Recording { media_type: "audio/mpeg", sound, whole }));
    }
    let Some((media_type, demuxer)) = kind(file) else { return Ok(None) };
    let Some(wav) = by_ffmpeg(file, demuxer)? else { return Ok(None) };
    Ok(riff::read(&wav, MOST_SECONDS).map(|(sound, _)| Recording { media_type, sound, whole: true }))
}

/// The media type of a compressed sound and ffmpeg's name of its format. ffmpeg is never left to guess: some of the formats
/// it knows are lists of other files.
fn kind(file: &[u8]) -> Option<(&'static str, &'static str)> {
    Some(match file {
        [0xff, second, ..] if second & 0xf6 == 0xf0 => ("audio/aac", "aac"),
        [b'f', b'L', b'a', b'C', ..] => ("audio/flac", "flac"),
        [b'O', b'g', b'g', b'S', ..] => ("audio/ogg", "ogg"),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => ("audio/mp4", "mov"),
        [0x1a, 0x45, 0xdf, 0xa3, ..] => ("audio/webm", "matroska"),
        _ => return None,
    })
}

/// A WAV of one channel of what ffmpeg can decode; from a file rather than a pipe because MP4 keeps its index at the end.
fn by_ffmpeg(file: &[u8], demuxer: &str) -> Result<Option<Vec<u8>>, ProviderError> {
    let on_disk =
        |error: std::io::Error| ProviderError::retry(format!("the narration could not be put into a temporary file: {error}"));
    let mut copy = tempfile::NamedTempFile::new().map_err(on_disk)?;
    copy.write_all(file).map_err(on_disk)?;
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-protocol_whitelist", "file,pipe", "-threads", "1", "-f", demuxer, "-i"])
        .arg(copy.path())
        .args(["-map", "0:a:0", "-t", &MOST_SECONDS.to_string(), "-ac", "1", "-c:a", "pcm_s16le", "-f", "wav", "pipe:1"])
        .stdin(Stdio::null())
        .output();
    let output = output.map_err(|error| {
        ProviderError::Fatal(format!("ffmpeg could not be started to read the narration ({error}); install ffmpeg"))
    })?;
    Ok((output.status.success() && !output.stdout.is_empty()).then_some(output.stdout))
}

/// A sound as a WAV of 16 bits.
pub fn wav(sound: &Sound) -> Bytes {
    riff::write(sound).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(seconds: f64, level: f32) -> Sound {
        let sample = |index: usize| level * (index as f32 * 0.1).sin();
        Sound { samples: (0..(seconds * 24_000.0) as usize).map(sample).collect(), rate: 24_000 }
    }

    #[test]
    fn what_is_no_sound_is_none() {
        let others = ["", "<html>", "RIFF....WAVE", "ID3 and nothing more", "#EXTM3U\nfile:///etc/passwd", "\u{89}PNG"];
        for file in others {
            assert_eq!(decode(file.as_bytes()), Ok(None), "{file}");
        }
    }

    #[test]
    fn a_file_that_was_cut_off_gives_what_is_there_and_says_so() {
        let file = wav(&tone(0.5, 0.5));
        let decoded = |file: &[u8]| decode(file).expect("no ffmpeg is needed").expect("a WAV");
        assert!(decoded(&file).whole);
        let half = decoded(&file[..file.len() / 2]);
        assert!(!half.whole && (half.sound.seconds() - 0.25).abs() < 0.001);
    }

    #[test]
    fn an_mp3_is_as_long_as_ffmpeg_hears_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let (from, to) = (folder.path().join("in.wav"), folder.path().join("out.mp3"));
        let original = tone(1.2345, 0.5);
        std::fs::write(&from, wav(&original)).expect("the folder is ours");
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg.args(["-v", "error", "-i"]).arg(&from).args(["-b:a", "64k"]).arg(&to);
        assert!(ffmpeg.status().expect("ffmpeg is installed").success());
        let file = std::fs::read(&to).expect("an MP3");
        let ours = decode(&file).expect("no ffmpeg is needed").expect("an MP3");
        let theirs = by_ffmpeg(&file, "mp3").expect("ffmpeg is installed").expect("an MP3");
        let (theirs, _) = riff::read(&theirs, 10).expect("a WAV");
        assert_eq!((ours.media_type, ours.whole, ours.sound.rate), ("audio/mpeg", true, 24_000));
        assert_eq!(ours.sound.samples.len(), theirs.samples.len());
        assert_eq!(ours.sound.samples.len(), original.samples.len());
        assert!(!decode(&file[..file.len() / 2]).expect("no ffmpeg is needed").expect("half an MP3").whole);
    }

    #[test]
    fn levels_are_those_of_the_loudest_moment() {
        let mut sound = tone(1.0, 0.5);
        assert!((sound.level() + 9.03).abs() < 0.1, "{}", sound.level());
        sound.samples.extend(vec![0.0; 240_000]);
        assert!((sound.level() + 9.03).abs() < 0.1, "{}", sound.level());
    }
}
