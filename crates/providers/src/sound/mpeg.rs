//! MP3, read in this process: nearly all voices come in it, and a start of ffmpeg takes longer than the reading.

use std::io::Cursor;

use symphonia::core::audio::sample::Sample as _;
use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::errors::Error;
use symphonia::core::formats::{FormatOptions, TrackType, probe::Hint};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;

use super::Sound;

/// Whether a file begins with a tag, or with a frame of MPEG layer III.
pub(super) fn is_mp3(file: &[u8]) -> bool {
    file.starts_with(b"ID3") || matches!(file, [0xff, second, ..] if second & 0xe6 == 0xe2)
}

/// The samples of an MP3 without the encoder's own delay; damaged frames are left out. `None` for what can't be read, and
/// for files that change their kind on the way.
pub(super) fn read(file: &[u8], most_seconds: u32) -> Option<Sound> {
    let source = MediaSourceStream::new(Box::new(Cursor::new(file.to_vec())), Default::default());
    let probe = symphonia::default::get_probe();
    let mut format = probe.probe(&Hint::new(), source, FormatOptions::default(), MetadataOptions::default()).ok()?;
    let track = format.default_track(TrackType::Audio)?;
    let (id, parameters) = (track.id, track.codec_params.as_ref()?.audio()?.clone());
    let mut decoder = symphonia::default::get_codecs().make_audio_decoder(&parameters, &AudioDecoderOptions::default()).ok()?;
    let (mut samples, mut part, mut kind) = (Vec::new(), Vec::new(), None);
    while let Ok(Some(packet)) = format.next_packet() {
        if packet.track_id != id {
            continue;
        }
        let decoded = match decoder.decode(&packet) {
            Ok(decoded) => decoded,
            Err(Error::DecodeError(_)) => continue,
            Err(_) => break,
        };
        let (rate, channels) = (decoded.spec().rate(), decoded.spec().channels().count().max(1));
        if *kind.get_or_insert((rate, channels)) != (rate, channels) {
            return None;
        }
        part.resize(decoded.samples_interleaved(), f32::MID);
        decoded.copy_to_slice_interleaved(&mut part);
        samples.extend(part.chunks_exact(channels).map(mixed));
        if samples.len() > most_seconds as usize * rate as usize {
            break;
        }
    }
    let (rate, _) = kind?;
    (!samples.is_empty()).then_some(Sound { samples, rate })
}

/// The mean of all channels.
fn mixed(frame: &[f32]) -> f32 {
    let mean = frame.iter().sum::<f32>() / frame.len() as f32;
    if mean.is_finite() { mean } else { 0.0 }
}

/// An MP3 that begins with a frame of facts says how many bytes it has; others are taken as they are.
pub(super) fn is_whole(file: &[u8]) -> bool {
    const FACTS_WITHIN: usize = 4096;
    const HAS_FRAMES: u8 = 1;
    const HAS_BYTES: u8 = 2;
    let start = match file {
        // The length of a tag is written in four times seven bits.
        [b'I', b'D', b'3', _, _, _, a, b, c, d, ..] => {
            10 + [a, b, c, d].iter().fold(0, |sum, part| sum << 7 | usize::from(**part))
        }
        _ => 0,
    };
    let Some(stream) = file.get(start..) else { return false };
    let head = &stream[..stream.len().min(FACTS_WITHIN)];
    let Some(facts) = head.windows(4).position(|name| name == b"Xing" || name == b"Info") else { return true };
    let flags = head.get(facts + 7).copied().unwrap_or_default();
    let place = facts + 8 + if flags & HAS_FRAMES == 0 { 0 } else { 4 };
    match head.get(place..place + 4) {
        Some(bytes) if flags & HAS_BYTES != 0 => {
            let promised = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize;
            stream.len() >= promised
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_mp3_is_as_long_as_it_says() {
        // A tag of two bytes, then a frame of facts that promises 20 bytes.
        let file = |length: usize| {
            let mut file = b"ID3\x04\0\0\0\0\0\x02..\xff\xfbInfo\0\0\0\x03\0\0\0\x01\0\0\0\x14".to_vec();
            file.resize(12 + length, 0);
            file
        };
        let check = |file: &[u8], expected| assert_eq!(is_whole(file), expected, "{}", file.len());
        check(&file(20), true);
        check(&file(30), true);
        check(&file(19), false);
        check(b"\xff\xfb and no facts", true);
        check(b"ID3\x04\0\0\0\0\x7f\x7f", false);
    }
}
