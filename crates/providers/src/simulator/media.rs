//! Media that are real: pictures that show their prompt, speech with true times, music, short clips.
//!
//! One file for each kind is beside this one. Which vendor sends them in which wrapping is not known here.

use bytes::Bytes;

mod clip;
mod ffmpeg;
mod lettering;
mod picture;
mod song;
mod speech;

pub(super) use clip::ClipOrder;
pub(super) use ffmpeg::SoundFormat;
pub(super) use picture::{PictureFormat, PictureOrder};
pub(super) use song::SongOrder;
pub(super) use speech::{Sounds, SpeechOrder, Spoken};

/// A file with its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Media {
    pub(super) bytes: Bytes,
    pub(super) media_type: &'static str,
}

impl Media {
    /// The same label on something else: a sound where a picture or clip is promised, a picture where a sound is.
    pub(super) fn mislabelled(self) -> Self {
        let bytes = if self.media_type.starts_with("audio/") {
            let order = PictureOrder { width: 64, height: 64, ..PictureOrder::default() };
            picture::draw(&order).bytes
        } else {
            ffmpeg::wav(&[0; 2_400], 24_000).into()
        };
        Self { bytes, media_type: self.media_type }
    }
}

/// A picture that shows its prompt.
pub(super) fn picture(order: &PictureOrder) -> Media {
    picture::draw(order)
}

/// The text spoken by espeak-ng, with the time of each word.
///
/// # Errors
/// When espeak-ng or ffmpeg is missing, or the text can't be spoken.
pub(super) fn speech(order: &SpeechOrder) -> Result<Spoken, String> {
    speech::speak(order)
}

/// Music by the local composer.
///
/// # Errors
/// When ffmpeg is missing.
pub(super) fn song(order: &SongOrder) -> Result<Media, String> {
    song::play(order)
}

/// A moving clip (MP4) that shows its prompt.
///
/// # Errors
/// When ffmpeg is missing.
pub(super) fn clip(order: &ClipOrder) -> Result<Media, String> {
    clip::film(order)
}

/// The mean colour of a picture file and its size in pixels; `None` when it is none.
pub(super) fn seen(file: &[u8]) -> Option<([u8; 3], u32, u32)> {
    picture::seen(file)
}

/// A WAV as it is when its length was not known at the beginning: both sizes in the header say "until the end".
pub(super) fn streamed(wav: &Bytes) -> Bytes {
    let mut bytes = wav.to_vec();
    if let Some(at) = bytes.windows(4).position(|window| window == b"data").filter(|_| bytes.starts_with(b"RIFF")) {
        bytes[4..8].fill(0xFF);
        bytes[at + 4..at + 8].fill(0xFF);
    }
    bytes.into()
}

/// How long a sound file of any kind is, in seconds.
///
/// # Errors
/// When ffmpeg is missing or can't read it.
pub(super) fn seconds(sound: &[u8]) -> Result<f64, String> {
    ffmpeg::seconds(sound)
}
