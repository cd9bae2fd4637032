//! Narration by espeak-ng: offline, in more than a hundred languages, with the exact time of each word.
//!
//! This file is the provider; finding a voice, reading word times and polishing the sound are in the files beside it. The
//! library is GPL-3 and therefore never linked: it is opened at run time if the machine has it.

use async_trait::async_trait;

use crate::error::ProviderError;
use crate::speech::{Speech, SpeechProvider, SpeechRequest};

mod library;
mod polish;
mod voice;
mod words;

pub use voice::{Gender, Voice};

/// Reading speed in words per minute: brisk enough for shorts, slow enough to follow.
const RATE: i32 = 165;
/// espeak's scale of 0 to 100; a little under its default sounds less strained.
const PITCH: i32 = 46;
/// espeak's scale of 0 to 100: livelier than the default of 50.
const RANGE: i32 = 62;

/// The provider. It holds nothing: espeak-ng's state is one per process and lives in `library`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Espeak;

#[async_trait]
impl SpeechProvider for Espeak {
    fn vendor(&self) -> &'static str {
        "espeak"
    }

    fn model(&self) -> &str {
        "espeak-ng-1"
    }

    fn check(&self, language: &str, voice: &str) -> Result<(), ProviderError> {
        library::with(|engine| voice::choose(&engine.voices, language, voice).map(drop))
    }

    async fn speak(&self, request: &SpeechRequest, _: &str) -> Result<Speech, ProviderError> {
        let request = request.clone();
        tokio::task::spawn_blocking(move || speak(&request))
            .await
            .map_err(|error| ProviderError::Fatal(format!("The thread that ran espeak-ng stopped: {error}.")))?
    }
}

/// All voices of the installed espeak-ng: first one for each language, then the variants (`+f3`) that colour any of them.
///
/// # Errors
/// When espeak-ng is not installed.
pub fn voices() -> Result<Vec<Voice>, ProviderError> {
    library::with(|engine| Ok(engine.voices.clone()))
}

/// Speaks on this thread.
pub(crate) fn speak(request: &SpeechRequest) -> Result<Speech, ProviderError> {
    let spoken = words::speakable(&request.text);
    if !spoken.chars().any(char::is_alphanumeric) {
        return Err(ProviderError::Fatal("The narration has no words to speak; write at least one word.".to_owned()));
    }
    let (recording, rate) = library::with(|engine| {
        let voice = voice::choose(&engine.voices, &request.language, &request.voice)?;
        Ok((engine.synthesise(&spoken, &voice, manner(request.take))?, engine.rate))
    })?;
    let nothing = || {
        ProviderError::Fatal(format!(
            "espeak-ng can't pronounce this text in the language \"{}\"; check that the language fits the text.",
            request.language
        ))
    };
    let trimmed = polish::trim(&recording.samples, rate).ok_or_else(nothing)?;
    let timings = words::timings(&request.text, &recording, &trimmed, f64::from(rate));
    let samples = polish::polish(&recording.samples[trimmed], rate);
    let seconds = samples.len() as f64 / f64::from(rate);
    let bytes = polish::wav(&samples, rate)
        .map_err(|error| ProviderError::Fatal(format!("The narration could not be written as WAV: {error}.")))?;
    Ok(Speech { bytes: bytes.into(), media_type: "audio/wav", seconds, words: Some(timings) })
}

/// Another take is read a little faster or slower, higher or lower; take 0 is the plain reading.
fn manner(take: u32) -> library::Manner {
    const STEPS: [(i32, i32, i32); 6] = [(0, 0, 0), (-8, -5, 6), (7, 5, -4), (-4, 8, 10), (5, -8, -8), (-12, 2, 12)];
    let (rate, pitch, range) = STEPS[take as usize % STEPS.len()];
    library::Manner { rate: RATE + rate, pitch: PITCH + pitch, range: RANGE + range }
}
