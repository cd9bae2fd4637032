//! A sound file of any format as one channel of samples.
//!
//! WAV and MP3, which nearly all voices come in, are read in this process: a start of ffmpeg would take longer than all that
//! follows. Everything else is left to the ffmpeg program, which the renderer needs anyway.

use std::io::{Cursor, Write};
use std::process::{Command, Stdio};

use symphonia::core::audio::sample::Sample as _;
use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::errors::Error;
use symphonia::core::formats::{FormatOptions, TrackType, probe::Hint};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;

use crate::error::ProviderError;

/// What ffmpeg is asked for: enough for all that tells speech sounds apart.
const RATE: u32 = 16_000;
/// Longer sounds are cut here: no scene comes near, and memory stays bounded.
const MOST_SECONDS: u32 = 3600;

/// One channel of sound.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sound {
    /// From −1 to 1.
    pub samples: Vec<f32>,
    /// Samples per second.
    pub rate: u32,
}

impl Sound {
    pub(super) fn seconds(&self) -> f64 {
        self.samples.len() as f64 / f64::from(self.rate)
    }
}

/// Decodes a file.
///
/// # Errors
/// When nothing in it is sound, or it is no WAV and ffmpeg is not installed.
pub(super) fn decode(file: &[u8]) -> Result<Sound, ProviderError> {
    let own = if is_mp3(file) { mp3(file) } else { wav(file) };
    match own {
        Some(sound) => Ok(sound),
        None => by_ffmpeg(file),
    }
}

/// The samples of an ordinary WAV; `None` for other files and for rare kinds of WAV. A file that was cut off gives what is
/// there.
fn wav(file: &[u8]) -> Option<Sound> {
    let mut reader = hound::WavReader::new(Cursor::new(file)).ok()?;
    let format = reader.spec();
    let sensible = (4_000..=384_000).contains(&format.sample_rate) && (1..=8).contains(&format.channels);
    if !sensible {
        return None;
    }
    let most = MOST_SECONDS as usize * format.sample_rate as usize * usize::from(format.channels);
    let interleaved: Vec<f32> = match format.sample_format {
        hound::SampleFormat::Float => reader.samples::<f32>().map_while(Result::ok).take(most).collect(),
        hound::SampleFormat::Int if format.bits_per_sample == 16 => {
            reader.samples::<i16>().map_while(Result::ok).take(most).map(|sample| f32::from(sample) / 32_768.0).collect()
        }
        hound::SampleFormat::Int => {
            let full = (1u64 << (format.bits_per_sample - 1)) as f32;
            reader.samples::<i32>().map_while(Result::ok).take(most).map(|sample| sample as f32 / full).collect()
        }
    };
    mixed(&interleaved, usize::from(format.channels), format.sample_rate)
}

/// The mean of all channels; `None` if there is nothing.
fn mixed(interleaved: &[f32], channels: usize, rate: u32) -> Option<Sound> {
    let finite = |sample: f32| if sample.is_finite() { sample } else { 0.0 };
    let mix = |frame: &[f32]| finite(frame.iter().sum::<f32>() / channels as f32);
    let samples: Vec<f32> = interleaved.chunks_exact(channels.max(1)).map(mix).collect();
    (!samples.is_empty()).then_some(Sound { samples, rate })
}

/// Whether a file begins with a tag, or with a frame of MPEG layer III.
fn is_mp3(file: &[u8]) -> bool {
    file.starts_with(b"ID3") || matches!(file, [0xff, second, ..] if second & 0xe6 == 0xe2)
}

/// The samples of an MP3 without the encoder's own delay; damaged frames are left out.
fn mp3(file: &[u8]) -> Option<Sound> {
    let source = MediaSourceStream::new(Box::new(Cursor::new(file.to_vec())), Default::default());
    let probe = symphonia::default::get_probe();
    let mut format = probe.probe(&Hint::new(), source, FormatOptions::default(), MetadataOptions::default()).ok()?;
    let track = format.default_track(TrackType::Audio)?;
    let (id, parameters) = (track.id, track.codec_params.as_ref()?.audio()?.clone());
    let mut decoder = symphonia::default::get_codecs().make_audio_decoder(&parameters, &AudioDecoderOptions::default()).ok()?;
    let (mut interleaved, mut part, mut kind) = (Vec::new(), Vec::new(), None);
    while let Ok(Some(packet)) = format.next_packet() {
        if packet.track_id != id {
            continue;
        }
        let decoded = match decoder.decode(&packet) {
            Ok(decoded) => decoded,
            Err(Error::DecodeError(_)) => continue,
            Err(_) => break,
        };
        let (rate, channels) = (decoded.spec().rate(), decoded.spec().channels().count());
        // A file that changes its kind on the way is ffmpeg's.
        if *kind.get_or_insert((rate, channels)) != (rate, channels) {
            return None;
        }
        part.resize(decoded.samples_interleaved(), f32::MID);
        decoded.copy_to_slice_interleaved(&mut part);
        interleaved.extend_from_slice(&part);
        if interleaved.len() > MOST_SECONDS as usize * rate as usize * channels {
            break;
        }
    }
    let (rate, channels) = kind?;
    mixed(&interleaved, channels, rate)
}

/// Decodes with the ffmpeg program, from a file rather than a pipe because MP4 keeps its index at the end.
fn by_ffmpeg(file: &[u8]) -> Result<Sound, ProviderError> {
    let on_disk = |error: std::io::Error| ProviderError::Retry {
        message: format!("The narration could not be put into a temporary file: {error}."),
        after: None,
    };
    let mut copy = tempfile::NamedTempFile::new().map_err(on_disk)?;
    copy.write_all(file).map_err(on_disk)?;
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-protocol_whitelist", "file,pipe", "-threads", "1", "-i"])
        .arg(copy.path())
        .args(["-map", "0:a:0", "-t", &MOST_SECONDS.to_string()])
        .args(["-ac", "1", "-ar", &RATE.to_string(), "-f", "s16le", "-c:a", "pcm_s16le", "pipe:1"])
        .stdin(Stdio::null())
        .output();
    let output = output.map_err(|error| {
        ProviderError::Fatal(format!("ffmpeg could not be started to read the narration ({error}); install ffmpeg"))
    })?;
    let samples: Vec<f32> =
        output.stdout.chunks_exact(2).map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32_768.0).collect();
    // A file that was cut off ends with an error, but what came before it is good.
    if samples.is_empty() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it names no reason");
        return Err(ProviderError::Fatal(format!("The narration is no sound that ffmpeg can read: {}", last.trim())));
    }
    Ok(Sound { samples, rate: RATE })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(channels: u16, rate: u32, samples: &[i16]) -> Vec<u8> {
        let format = hound::WavSpec { channels, sample_rate: rate, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
        let mut file = Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut file, format).expect("memory takes all");
        samples.iter().for_each(|sample| writer.write_sample(*sample).expect("memory takes all"));
        writer.finalize().expect("memory takes all");
        file.into_inner()
    }

    #[test]
    fn channels_are_mixed() {
        let sound = decode(&file(2, 48_000, &[16_384, 0, -16_384, 0])).expect("this is a WAV");
        assert_eq!(sound, Sound { samples: vec![0.25, -0.25], rate: 48_000 });
    }

    #[test]
    fn a_file_that_was_cut_off_gives_what_is_there() {
        let whole = file(1, 8_000, &[8_192; 100]);
        let sound = decode(&whole[..whole.len() - 101]).expect("half of it is there");
        assert_eq!((sound.samples.len(), sound.rate), (49, 8_000));
    }

    #[test]
    fn what_is_no_sound_is_said_to_be_none() {
        let error = decode(b"this is no sound at all").expect_err("text is no sound").to_string();
        assert!(error.starts_with("The narration is no sound that ffmpeg can read: "), "{error}");
    }
}
