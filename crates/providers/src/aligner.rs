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
use features::Features;

/// Seconds from frame to frame of the narration.
const HOP: f64 = 0.01;

/// The provider. It holds nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Aligner;

#[async_trait]
impl AlignProvider for Aligner {
    fn vendor(&self) -> &'static str {
        "local"
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
    let highest = spectra::highest(sound.rate);
    let heard = spectra::measure(&sound, HOP, highest);
    let voiced = spectra::voiced(&heard.levels());
    let estimated = |why: &str| Ok(Aligned::estimated(estimates(&request.text, &voiced, seconds), why));
    let spoken = voiced.iter().filter(|voiced| **voiced).count() as f64 * HOP;
    if spoken < 0.1 {
        return estimated("the narration is silent");
    }
    let reference = match reference::read(&request.text, &cut, &request.language) {
        Ok(Some(reference)) => reference,
        Ok(None) => return estimated("espeak-ng has no reading of this text to compare the narration with"),
        Err(error) => return estimated(&error.to_string()),
    };
    let floor = features::floor(&heard);
    let features = features::features(&heard, &floor, Some(voiced.clone()));
    let (described, pausable) = describe(&reference, spoken, highest, &floor);
    let path = path::find(&described, pausable, &features);
    Ok(Aligned::measured(places::words(&reference.words, &described, &features, &path, seconds)))
}

/// Describes the reference in frames that are stretched to the tempo of the narration, and says where the other voice may
/// pause.
fn describe(reference: &Reference, spoken: f64, highest: f64, floor: &features::Floor) -> (Features, Vec<bool>) {
    let samples = reference.samples.iter().map(|sample| f32::from(*sample) / 32_768.0).collect();
    let sound = Sound { samples, rate: reference.rate };
    let own: f64 = reference.words.iter().map(|word| word.end - word.start).sum();
    let hop = HOP * (own / spoken).clamp(0.4, 2.5);
    let spectra = spectra::measure(&sound, hop, highest);
    let described = features::features(&spectra, floor, None);
    let mut pausable = vec![false; described.frames.len()];
    for time in reference.words.iter().flat_map(|word| [word.start, word.end]) {
        let at = (time / hop) as usize;
        let from = at.saturating_sub(2).min(pausable.len());
        let to = (at + 2).min(pausable.len());
        pausable[from..to].fill(true);
    }
    for (pausable, voiced) in pausable.iter_mut().zip(&described.voiced) {
        *pausable |= !voiced;
    }
    (described, pausable)
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
