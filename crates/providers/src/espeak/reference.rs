//! The plain reading of a text with the time of each of its words, for whoever wants to compare another voice with it.
//!
//! How the words are found in espeak-ng's events is in `words`.

use model::caption::WordTiming;

use super::library::Manner;
use super::{library, polish, voice, words};
use crate::error::ProviderError;

/// A brisk, even reading: less to compute, and nothing that other voices don't do.
const MANNER: Manner = Manner { rate: 190, pitch: 50, range: 50 };

/// What espeak-ng says for a text.
pub struct Reference {
    /// Without silence around it.
    pub samples: Vec<i16>,
    /// Samples per second.
    pub rate: u32,
    /// One for each of the given words.
    pub words: Vec<WordTiming>,
}

/// Reads a text that has been cut into `words` by `model::words::cut`; `None` if the language's voice has nothing to say for it.
///
/// # Errors
/// When espeak-ng is not installed or does not speak the language.
pub fn read(text: &str, words: &[String], language: &str) -> Result<Option<Reference>, ProviderError> {
    let spoken = words::speakable(text);
    let (recording, rate) = library::with(|engine| {
        let voice = voice::choose(&engine.voices, language, "")?;
        Ok((engine.synthesise(&spoken, &voice, MANNER)?, engine.rate))
    })?;
    let Some(sound) = polish::trim(&recording.samples, rate) else { return Ok(None) };
    let words = words::timings_of(text, words, &recording, &sound, f64::from(rate));
    Ok(Some(Reference { samples: recording.samples[sound].to_vec(), rate, words }))
}
