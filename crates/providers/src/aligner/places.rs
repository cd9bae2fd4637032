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
/// How far, in seconds, a boundary may lie from a pause that it belongs to; from a short one less, see [`reach`].
const NEAR: f64 = 0.15;
/// Silence that is nearer to an end of the sound, in seconds, reaches to that end.
const EDGE: f64 = 0.02;

/// The words of the reference at their times in the sound of `seconds`.
pub(super) fn words(told: &[WordTiming], reference: &Features, sound: &Features, path: &Path, seconds: f64) -> Vec<WordTiming> {
    let carried = Carried { path, from: reference.hop, to: sound.hop };
    let mut words: Vec<WordTiming> = told
        .iter()
        .map(|word| WordTiming { word: word.word.clone(), start: carried.time(word.start), end: carried.time(word.end) })
        .collect();
    to_pauses(&mut words, told, &pauses(sound), sound.voiced.len() as f64 * sound.hop);
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

/// Puts each pause between the two words whose boundary is nearest, and takes the silence at both ends away from the words.
fn to_pauses(words: &mut [WordTiming], told: &[WordTiming], pauses: &[Range<f64>], seconds: f64) {
    let Some(last) = words.len().checked_sub(1) else { return };
    let mut inner: Vec<&Range<f64>> = Vec::new();
    for pause in pauses {
        if pause.start < EDGE {
            if pause.end > words[0].start - NEAR {
                words[0].start = pause.end;
            }
        } else if pause.end > seconds - EDGE {
            if pause.start < words[last].end + NEAR {
                words[last].end = pause.start;
            }
        } else {
            inner.push(pause);
        }
    }
    // The longest ones are surely pauses and choose first.
    inner.sort_by(|one, other| (other.end - other.start).total_cmp(&(one.end - one.start)));
    let mut taken = vec![false; words.len()];
    for pause in inner {
        let nearest = (1..=last)
            .filter(|boundary| !taken[*boundary])
            .filter_map(|boundary| Some((boundary, away(pause, boundary, words, told)?)))
            .min_by(|one, other| one.1.total_cmp(&other.1));
        if let Some((boundary, _)) = nearest {
            taken[boundary] = true;
            words[boundary - 1].end = pause.start;
            words[boundary].start = pause.end;
        }
    }
}

/// How far a pause lies from the boundary in front of a word; `None` if it can't belong there.
fn away(pause: &Range<f64>, boundary: usize, words: &[WordTiming], told: &[WordTiming]) -> Option<f64> {
    let (left, right) = (&words[boundary - 1], &words[boundary]);
    let length = pause.end - pause.start;
    // Where the reference pauses too, it is most likely the same pause.
    let pauses_too = told[boundary].start - told[boundary - 1].end > 0.03;
    let (least, doubt) = if pauses_too { (SHORT_PAUSE, 0.0) } else { (PAUSE, 0.04) };
    let away = (pause.start - right.start).max(left.end - pause.end).max(0.0);
    let fits = length >= least && pause.end > left.start && pause.start < right.end && away <= reach(length);
    fits.then_some(away + doubt)
}

/// How far a pause of so many seconds may lie from its boundary.
fn reach(length: f64) -> f64 {
    NEAR.min(0.03 + length / 2.0)
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn timings(words: &[(f64, f64)]) -> Vec<WordTiming> {
        words.iter().map(|(start, end)| WordTiming { word: "la".to_owned(), start: *start, end: *end }).collect()
    }

    #[track_caller]
    fn check(told: &[(f64, f64)], carried: &[(f64, f64)], pauses: &[Range<f64>], expected: &[(f64, f64)]) {
        let mut words = timings(carried);
        to_pauses(&mut words, &timings(told), pauses, 2.0);
        set_right(&mut words, 2.0);
        let got: Vec<(f64, f64)> = words.iter().map(|word| (word.start, word.end)).collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn pauses_lie_between_words() {
        let together: &[(f64, f64)] = &[(0.0, 0.5), (0.5, 1.0), (1.0, 1.5)];
        let apart: &[(f64, f64)] = &[(0.0, 0.5), (0.6, 1.0), (1.0, 1.5)];
        check(together, together, &[], together);
        // The voice pauses where the reference does not.
        check(together, &[(0.0, 0.5), (0.6, 1.0), (1.0, 1.5)], &[0.45..0.65], &[(0.0, 0.45), (0.65, 1.0), (1.0, 1.5)]);
        // The closure of a consonant is no pause, unless the reference pauses too.
        check(together, together, &[0.47..0.55], together);
        check(apart, together, &[0.47..0.55], &[(0.0, 0.47), (0.55, 1.0), (1.0, 1.5)]);
        // The longer silence takes the boundary, whatever is nearer.
        check(apart, together, &[0.48..0.54, 0.56..0.8], &[(0.0, 0.56), (0.8, 1.0), (1.0, 1.5)]);
        // Silence within a long word is left alone.
        check(together, together, &[0.7..0.8], together);
        // Silence at both ends.
        check(together, together, &[0.0..0.1, 1.4..2.0], &[(0.1, 0.5), (0.5, 1.0), (1.0, 1.4)]);
    }

    #[test]
    fn boundaries_are_carried_over_between_frames() {
        let path = Path { spans: vec![(0, 0), (1, 1), (2, 5), (6, 6)], unlike: 0.0 };
        let carried = Carried { path: &path, from: 0.02, to: 0.01 };
        for (time, expected) in [(0.0, 0.0), (0.02, 0.01), (0.04, 0.02), (0.05, 0.04), (0.06, 0.06), (0.08, 0.07), (9.0, 0.07)] {
            assert!((carried.time(time) - expected).abs() < 1e-9, "{time}: {}", carried.time(time));
        }
    }

    proptest! {
        #[test]
        fn times_rise_and_lie_within_the_sound(
            carried in prop::collection::vec((-1.0f64..4.0, -1.0f64..4.0), 0..12),
            told in prop::collection::vec((0.0f64..3.0, 0.0f64..3.0), 12),
            gaps in prop::collection::vec((0.0f64..0.5, 0.01f64..0.5), 0..8),
        ) {
            let mut words = timings(&carried);
            let mut clock = 0.0;
            let pauses: Vec<Range<f64>> = gaps.iter().map(|(gap, length)| {
                let start = clock + gap;
                clock = start + length;
                start..clock
            }).collect();
            to_pauses(&mut words, &timings(&told), &pauses, 3.0);
            set_right(&mut words, 3.0);
            let mut last = 0.0;
            for word in &words {
                prop_assert!(word.start >= last && word.end >= word.start && word.end <= 3.0, "{:?}", words);
                last = word.end;
            }
        }
    }
}
