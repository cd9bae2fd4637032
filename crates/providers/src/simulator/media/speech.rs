//! Speech by espeak-ng: the vendor's voice picks one of espeak's variants, and the times are true.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use model::caption::WordTiming;

use super::super::call::{hash, seed};
use super::super::language;
use super::Media;
use super::ffmpeg::{self, SoundFormat};
use crate::espeak;
use crate::speech::SpeechRequest;

/// espeak's variants of women's and men's voices.
const WOMEN: [&str; 4] = ["+f1", "+f2", "+f3", "+f4"];
const MEN: [&str; 5] = ["+m1", "+m2", "+m3", "+m4", "+m7"];

/// What to say.
#[derive(Debug, Clone)]
pub(in super::super) struct SpeechOrder {
    pub(in super::super) text: String,
    /// A tag such as `pt-BR`; guessed from the text when missing.
    pub(in super::super) language: Option<String>,
    /// The vendor's voice: any name; the same name always sounds the same.
    pub(in super::super) voice: String,
    /// Is it a woman's voice? By its name when missing.
    pub(in super::super) woman: Option<bool>,
    /// 1 is the usual speed.
    pub(in super::super) speed: f64,
    pub(in super::super) format: SoundFormat,
}

/// Speech as a file, and when its words are heard.
#[derive(Debug, Clone)]
pub(in super::super) struct Spoken {
    pub(in super::super) media: Media,
    pub(in super::super) seconds: f64,
    pub(in super::super) words: Vec<WordTiming>,
}

/// What is known of a sound that was made here.
#[derive(Debug, Clone)]
pub(in super::super) struct Known {
    pub(in super::super) words: Vec<WordTiming>,
}

/// The word times of all sounds made here, by the hash of their file: an aligner that gets one back knows the truth.
#[derive(Debug, Default)]
pub(in super::super) struct Sounds {
    known: Mutex<HashMap<String, Known>>,
}

impl Sounds {
    pub(in super::super) fn remember(&self, spoken: &Spoken) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(hash(&spoken.media.bytes), Known { words: spoken.words.clone() });
    }

    pub(in super::super) fn of(&self, file: &[u8]) -> Option<Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&hash(file)).cloned()
    }
}

pub(super) fn speak(order: &SpeechOrder) -> Result<Spoken, String> {
    let seed = seed(&order.voice);
    let variants: &[&str] = if order.woman.unwrap_or(seed & 1 == 0) { &WOMEN } else { &MEN };
    let request = SpeechRequest {
        text: order.text.clone(),
        language: order.language.clone().unwrap_or_else(|| language::of(&order.text).to_owned()),
        voice: variants[(seed >> 1) as usize % variants.len()].to_owned(),
        speed: 1.0,
        take: 0,
    };
    let speech = espeak::speak(&request).map_err(|error| error.to_string())?;
    let speed = order.speed.clamp(0.25, 4.0);
    let media = ffmpeg::sound(&speech.bytes, order.format, speed, None)?;
    let mut words = speech.words.unwrap_or_default();
    for word in &mut words {
        word.start /= speed;
        word.end /= speed;
    }
    Ok(Spoken { media, seconds: speech.seconds / speed, words })
}
