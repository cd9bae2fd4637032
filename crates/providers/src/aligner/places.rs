//! From the way through two sounds to the time of each word: boundaries are carried over and set right by what is heard.
//!
//! The way itself is found in `path`.

use std::ops::Range;

use model::caption::WordTiming;

use super::features::Features;
use super::path::Path;

/// A silence this long, in seconds, is a pause, wherever it is; a shorter one may be the closure of a consonant.
const PAUSE: f64 = 0.13;
/// A silence this long is a pause where the reference pauses too.
const SHORT_PAUSE: f64 = 0.04;
/// How far a boundary may lie from a pause that it belongs to, in seconds.
const NEAR: f64 = 0.15;

/// The words of the reference at their times in the sound of `seconds`.
pub(super) fn words(told: &[WordTiming], reference: &Features, sound: &Features, path: &Path, seconds: f64) -> Vec<WordTiming> {
    let carried = Carried { path, from: reference.hop, to: sound.hop };
    let mut words: Vec<WordTiming> = told
        .iter()
        .map(|word| WordTiming { word: word.word.clone(), start: carried.time(word.start), end: carried.time(word.end) })
        .collect();
    to_pauses(&mut words, told, &pauses(sound), seconds);
    set_right(&mut words, seconds);
    words
}

/// Times of the reference carried over to the sound.
struct Carried<'a> {
    path: &'a Path,
    from: f64,
    to: f64,
}

impl Carried<'_> {
    fn time(&self, time: f64) -> f64 {
        let at = (time / self.from).max(0.0);
        let (before, share) = (at.floor() as usize, at.fract());
        self.edge(before) * (1.0 - share) + self.edge(before + 1) * share
    }

    /// Where in the sound the reference's frame `index` begins.
    fn edge(&self, index: usize) -> f64 {
        let spans = &self.path.spans;
        let end = spans.last().map_or(0, |span| span.1 + 1);
        let first = spans.get(index).map_or(end, |span| span.0);
        let last = match index.checked_sub(1) {
            Some(before) => spans.get(before).map_or(end, |span| span.1 + 1),
            None => first,
        };
        (first + last) as f64 / 2.0 * self.to
    }
}

/// The silences of a sound, those at its beginning and end included, in seconds.
fn pauses(sound: &Features) -> Vec<Range<f64>> {
    let mut pauses = Vec::new();
    let mut start = None;
    for (frame, voiced) in sound.voiced.iter().copied().chain(std::iter::once(true)).enumerate() {
        match (voiced, start) {
            (false, None) => start = Some(frame),
            (true, Some(from)) => {
                pauses.push(from as f64 * sound.hop..frame as f64 * sound.hop);
                start = None;
            }
            _ => {}
        }
    }
    pauses
}

/// Puts each pause between the two words whose boundary is nearest.
fn to_pauses(words: &mut [WordTiming], told: &[WordTiming], pauses: &[Range<f64>], seconds: f64) {
    let count = words.len();
    if let Some(pause) = pauses.first().filter(|pause| pause.start <= 0.0 && pause.end - words[0].start > -NEAR) {
        words[0].start = pause.end;
    }
    if let Some(pause) = pauses.last().filter(|pause| pause.end >= seconds - 0.02 && words[count - 1].end - pause.start > -NEAR) {
        words[count - 1].end = pause.start;
    }
    for pause in pauses.iter().filter(|pause| pause.start > 0.0 && pause.end < seconds - 0.02) {
        let length = pause.end - pause.start;
        let away = |boundary: usize| {
            let (left, right) = (words[boundary - 1].end, words[boundary].start);
            // Where the reference pauses too, it is most likely the same pause.
            let pauses_too = told[boundary].start - told[boundary - 1].end > 0.03;
            let least = if pauses_too { SHORT_PAUSE } else { PAUSE };
            let away = (pause.start - right).max(left - pause.end).max(0.0) + if pauses_too { 0.0 } else { 0.04 };
            if length < least { f64::INFINITY } else { away }
        };
        let nearest = (1..count).map(|boundary| (boundary, away(boundary))).min_by(|one, other| one.1.total_cmp(&other.1));
        let Some((boundary, _)) = nearest.filter(|(_, away)| *away <= NEAR) else { continue };
        words[boundary - 1].end = pause.start;
        words[boundary].start = pause.end;
    }
}

/// Puts the times in order and into the sound.
fn set_right(words: &mut [WordTiming], seconds: f64) {
    let mut last = 0.0f64;
    for index in 0..words.len() {
        let next = words.get(index + 1).map_or(seconds, |next| next.start.min(seconds));
        let word = &mut words[index];
        word.start = word.start.max(last).min(seconds);
        word.end = word.end.min(next.max(word.start)).clamp(word.start, seconds);
        last = word.end;
    }
}
