//! Word times without a model: the narration is laid beside espeak-ng's own reading of the same text, and the times of the
//! words, which espeak-ng tells exactly, are carried over.
//!
//! This file is the provider; decoding, describing, comparing and carrying over are in the files beside it.

mod features;
mod path;
mod places;
mod spectra;

use std::ops::Range;

use async_trait::async_trait;
use model::caption::WordTiming;
use model::{estimate, words};

use crate::align::{AlignProvider, AlignRequest, Aligned};
use crate::error::ProviderError;
use crate::espeak::reference::{self, Reference};
use crate::sound::{self, Sound};
use crate::vendor::Vendor;
use features::{Features, Floor};
use spectra::Spectra;

/// Seconds from frame to frame of the narration.
const HOP: f64 = 0.01;
/// Less speech than this, in seconds, is none.
const LEAST_SPEECH: f64 = 0.1;
/// A voice that is so many times slower or faster than the reference does not say all of the text, or says more.
const SAME_TEXT: Range<f64> = 0.4..2.5;
/// From this likeness on (see `Path::unlike`) the narration does not say the text. `make bench` shows both sides of it.
const UNLIKE: f32 = 0.85;
/// Throats that are tried: that of espeak-ng's own voice, which is a man's, a woman's and a child's (see `Spectra::bent`).
const THROATS: [f64; 3] = [1.0, 0.92, 0.84];

/// The provider. It holds nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Aligner;

#[async_trait]
impl AlignProvider for Aligner {
    fn vendor(&self) -> &'static str {
        Vendor::Aligner.name()
    }

    fn model(&self) -> &str {
        "aligner-1"
    }

    async fn align(&self, request: &AlignRequest, _: &str) -> Result<Aligned, ProviderError> {
        let request = request.clone();
        tokio::task::spawn_blocking(move || align(&request))
            .await
            .map_err(|error| ProviderError::Fatal(format!("The thread that aligned the words stopped: {error}.")))?
    }
}

fn align(request: &AlignRequest) -> Result<Aligned, ProviderError> {
    let cut = words::cut(&request.text);
    if cut.is_empty() {
        return Ok(Aligned::default());
    }
    let nothing = || ProviderError::Fatal("the narration is no sound that can be read; make it again".to_owned());
    // What was cut off is aligned as far as it goes.
    let sound = sound::decode(&request.sound)?.ok_or_else(nothing)?.sound;
    let seconds = if request.seconds > 0.0 { request.seconds } else { sound.seconds() };
    let heard = spectra::measure(&sound, HOP, spectra::highest(sound.rate));
    let voiced = spectra::voiced(&heard.levels());
    match measured(request, &cut, &sound, &heard, &voiced, seconds) {
        Ok(words) => Ok(Aligned::measured(words)),
        Err(why) => Ok(Aligned::estimated(estimates(&request.text, &voiced, seconds), why)),
    }
}

/// The words at their measured times, or why they can't be measured.
fn measured(
    request: &AlignRequest,
    cut: &[String],
    sound: &Sound,
    heard: &Spectra,
    voiced: &[bool],
    seconds: f64,
) -> Result<Vec<WordTiming>, String> {
    let spoken = voiced.iter().filter(|voiced| **voiced).count() as f64 * HOP;
    if spoken < LEAST_SPEECH {
        return Err("the narration is silent".to_owned());
    }
    let reading = reference::read(&request.text, cut, &request.language).map_err(|error| error.to_string())?;
    let reading = reading.ok_or("espeak-ng has nothing to say for this text")?;
    let own: f64 = reading.words.iter().map(|word| word.end - word.start).sum();
    if !SAME_TEXT.contains(&(own / spoken)) {
        return Err(format!("{spoken:.1} s of speech can't be this text, which takes about {own:.1} s"));
    }
    let floor = features::floor(heard);
    // Frames that fit the tempo: both have about the same number of them.
    let references = describe(&reading, HOP * own / spoken, spectra::highest(sound.rate), &floor);
    let narration = features::features(heard, &floor, voiced.to_vec());
    if references[0].frames.is_empty() {
        return Err("the text is too short to be compared".to_owned());
    }
    let path = path::find(&references, &pausable(&reading, &references[0]), &narration);
    if path.unlike > UNLIKE {
        return Err("the narration does not sound like this text".to_owned());
    }
    Ok(places::words(&reading.words, &references[0], &narration, &path, seconds))
}

/// Describes the reading in frames of `hop` seconds, once for each throat.
fn describe(reading: &Reference, hop: f64, highest: f64, floor: &Floor) -> [Features; THROATS.len()] {
    let samples = reading.samples.iter().map(|sample| f32::from(*sample) / 32_768.0).collect();
    let spectra = spectra::measure(&Sound { samples, rate: reading.rate }, hop, highest);
    let voiced = spectra::voiced(&spectra.levels());
    THROATS.map(|throat| features::features(&spectra.bent(throat), floor, voiced.clone()))
}

/// At which frames of the reference the other voice may pause: at both ends, between words, and where the reference pauses.
fn pausable(reading: &Reference, reference: &Features) -> Vec<bool> {
    let mut pausable: Vec<bool> = reference.voiced.iter().map(|voiced| !voiced).collect();
    let last = pausable.len() - 1;
    let edges = reading.words.iter().flat_map(|word| [word.start, word.end]);
    for at in edges.map(|time| (time / reference.hop) as usize).chain([0, last]) {
        pausable[at.saturating_sub(2).min(last)..(at + 2).min(last + 1)].fill(true);
    }
    pausable
}

/// Times guessed from where somebody speaks.
fn estimates(text: &str, voiced: &[bool], seconds: f64) -> Vec<WordTiming> {
    let mut spans: Vec<Range<f64>> = Vec::new();
    for (frame, _) in voiced.iter().enumerate().filter(|(_, voiced)| **voiced) {
        let (start, end) = ((frame as f64 * HOP).min(seconds), ((frame + 1) as f64 * HOP).min(seconds));
        match spans.last_mut() {
            // Shorter pauses are part of a word or of its neighbours.
            Some(last) if start - last.end < 0.25 => last.end = end,
            _ => spans.push(start..end),
        }
    }
    if spans.iter().all(|span| span.end <= span.start) {
        spans = std::iter::once(0.0..seconds).collect();
    }
    estimate::word_timings(text, &spans)
}
