//! When each word of a text is said, guessed from the stretches in which somebody speaks.
//!
//! Measuring those stretches is the renderer's work; where the words begin and end in the text is in [`crate::words`].

use std::ops::Range;

use crate::caption::WordTiming;
use crate::words::{cut, weight};

/// Boundaries that are tried for a pause, on both sides of where it should be.
const REACH: usize = 40;
/// Pauses in a row that may lie inside words.
const MOST_SKIPPED: usize = 3;
/// What it costs that a pause lies inside a word.
const SKIPPED: f64 = 6.0;

/// What stands behind a word.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mark {
    Nothing,
    Comma,
    Sentence,
}

impl Mark {
    fn behind(word: &str) -> Self {
        let bare = word.trim_end_matches(['"', '\'', '”', '’', ')', ']', '»', '」', '』', ' ']);
        match bare.chars().next_back() {
            Some('.' | '!' | '?' | '…' | '。' | '！' | '？' | '؟' | '।') => Self::Sentence,
            Some(',' | ';' | ':' | '—' | '–' | '，' | '、' | '；' | '：' | '،') => Self::Comma,
            _ => Self::Nothing,
        }
    }

    /// What a pause costs behind a word with this mark, and what it costs that there is none.
    fn costs(self) -> (f64, f64) {
        match self {
            Self::Nothing => (3.0, 0.0),
            Self::Comma => (0.5, 0.6),
            Self::Sentence => (0.0, 2.5),
        }
    }
}

/// Spreads the words of `text` over the `voiced` stretches (seconds, in rising order): by their spoken length, and so that
/// pauses fall between words, best of all where a sentence or a part of one ends.
///
/// The times rise and lie within the stretches. Without a word or without a stretch there is nothing.
pub fn word_timings(text: &str, voiced: &[Range<f64>]) -> Vec<WordTiming> {
    let words = cut(text);
    let voice = Voice::new(voiced);
    if words.is_empty() || voice.total() <= 0.0 {
        return Vec::new();
    }
    let mut weights = vec![0.0];
    let mut unused = vec![0.0];
    let marks: Vec<Mark> = words.iter().map(|word| Mark::behind(word)).collect();
    for (word, mark) in words.iter().zip(&marks) {
        // The last word before a pause is drawn out.
        let drawn_out = if *mark == Mark::Nothing { 1.0 } else { 1.15 };
        weights.push(weights[weights.len() - 1] + weight(word) * drawn_out);
        unused.push(unused[unused.len() - 1] + mark.costs().1);
    }
    let anchors = anchors(&weights, &unused, &marks, &voice);
    let mut timings = Vec::with_capacity(words.len());
    let mut words = words.into_iter().enumerate();
    for pair in anchors.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let rate = (to.voiced - from.voiced) / (weights[to.word] - weights[from.word]);
        let at = |word: usize| match word {
            _ if word == to.word => to.voiced,
            _ => from.voiced + (weights[word] - weights[from.word]) * rate,
        };
        for (index, word) in words.by_ref().take(to.word - from.word) {
            let start = voice.start_at(at(index));
            timings.push(WordTiming { word, start, end: voice.end_at(at(index + 1)).max(start) });
        }
    }
    timings
}

/// The voiced stretches laid end to end.
struct Voice {
    /// Each stretch and the voiced seconds in front of it.
    spans: Vec<(Range<f64>, f64)>,
}

impl Voice {
    fn new(voiced: &[Range<f64>]) -> Self {
        let mut spans: Vec<(Range<f64>, f64)> = Vec::with_capacity(voiced.len());
        for span in voiced {
            let (before, last) = spans.last().map_or((0.0, 0.0), |(span, before)| (before + span.end - span.start, span.end));
            let start = span.start.max(last);
            if start < span.end && span.end.is_finite() {
                spans.push((start..span.end, before));
            }
        }
        Self { spans }
    }

    fn total(&self) -> f64 {
        self.spans.last().map_or(0.0, |(span, before)| before + span.end - span.start)
    }

    /// The time of a place in the voice; a place at a pause is behind it.
    fn start_at(&self, voiced: f64) -> f64 {
        let index = self.spans.partition_point(|(_, before)| *before <= voiced + 1e-9).saturating_sub(1);
        let (span, before) = &self.spans[index];
        (span.start + voiced - before).clamp(span.start, span.end)
    }

    /// The time of a place in the voice; a place at a pause is in front of it.
    fn end_at(&self, voiced: f64) -> f64 {
        let index = self.spans.partition_point(|(_, before)| *before < voiced - 1e-9).saturating_sub(1);
        let (span, before) = &self.spans[index];
        (span.start + voiced - before).clamp(span.start, span.end)
    }
}

/// A place in the voice where a word is known to begin.
#[derive(Debug, Clone, Copy)]
struct Anchor {
    word: usize,
    voiced: f64,
}

/// The best path to an anchor.
struct Step {
    anchor: Anchor,
    /// Its place among the pauses.
    pause: usize,
    cost: f64,
    from: usize,
}

/// Finds which pause lies behind which word, so that the words between keep the tempo of the whole.
fn anchors(weights: &[f64], unused: &[f64], marks: &[Mark], voice: &Voice) -> Vec<Anchor> {
    let (last, total) = (weights.len() - 1, voice.total());
    let rate = total / weights[last];
    let mut steps = vec![Step { anchor: Anchor { word: 0, voiced: 0.0 }, pause: 0, cost: 0.0, from: 0 }];
    // The last "pause" is the end of the voice.
    for pause in 1..=voice.spans.len() {
        let end = pause == voice.spans.len();
        let voiced = if end { total } else { voice.spans[pause].1 };
        let expected = weights.partition_point(|weight| *weight < voiced / rate);
        let words = match end {
            true => last..last + 1,
            false => expected.saturating_sub(REACH).max(1)..(expected + REACH).min(last),
        };
        // The start of the voice is always within reach, so that some path leads to the end.
        let first = steps.partition_point(|step| step.pause + MOST_SKIPPED + 1 < pause);
        let known = steps.len();
        for word in words {
            let own = if end { 0.0 } else { marks[word - 1].costs().0 };
            let best = std::iter::once(0)
                .chain(first.max(1)..known)
                .filter(|from| steps[*from].anchor.word < word)
                .map(|from| (from, steps[from].cost + way(&steps[from], (word, voiced, pause), weights, unused, rate)))
                .min_by(|one, other| one.1.total_cmp(&other.1));
            if let Some((from, cost)) = best {
                steps.push(Step { anchor: Anchor { word, voiced }, pause, cost: cost + own, from });
            }
        }
    }
    let mut anchors = Vec::new();
    let mut at = steps.len() - 1;
    while at > 0 {
        anchors.push(steps[at].anchor);
        at = steps[at].from;
    }
    anchors.push(steps[0].anchor);
    anchors.reverse();
    anchors
}

/// What it costs that the words from an anchor to `word` fill the voice from there to `voiced`.
fn way(from: &Step, (word, voiced, pause): (usize, f64, usize), weights: &[f64], unused: &[f64], rate: f64) -> f64 {
    let weight = weights[word] - weights[from.anchor.word];
    let (expected, there) = (weight * rate, voiced - from.anchor.voiced);
    // Words differ by a third, the tempo of whole parts by a tenth, and the edges of pauses by some hundredths of a second.
    let spread = weight * (0.33 * rate).powi(2) + (0.1 * expected).powi(2) + 0.03f64.powi(2);
    let skipped = (pause - from.pause - 1) as f64;
    (there - expected).powi(2) / (2.0 * spread) + unused[word - 1] - unused[from.anchor.word] + skipped * SKIPPED
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check_starts(text: &str, voiced: &[Range<f64>], expected: &[f64]) {
        let starts: Vec<f64> = word_timings(text, voiced).iter().map(|word| word.start).collect();
        assert_eq!(starts.len(), expected.len(), "{starts:?}");
        assert!(starts.iter().zip(expected).all(|(start, expected)| (start - expected).abs() < 0.02), "{starts:?}");
    }

    #[test]
    fn words_share_the_voice_by_their_weight() {
        check_starts("la la la la", &[1.0..3.0], &[1.0, 1.5, 2.0, 2.5]);
        check_starts("", &[1.0..3.0], &[]);
        check_starts("la", &[], &[]);
        let words = word_timings("A extraordinarily long word", &[0.0..2.0]);
        assert!(words[1].end - words[1].start > 3.0 * (words[0].end - words[0].start), "{words:?}");
    }

    #[test]
    fn pauses_fall_between_words_and_best_between_sentences() {
        check_starts("lala lala. lala lala", &[0.0..0.9, 1.5..2.6], &[0.0, 0.42, 1.5, 2.05]);
        check_starts("lala lala lala lala", &[0.0..0.9, 1.5..2.6], &[0.0, 0.45, 1.5, 2.05]);
        // The pause would fit better after the third word, but the comma is after the second.
        check_starts("lala lala, lala lala lala", &[0.0..1.25, 2.0..3.25], &[0.0, 0.58, 2.0, 2.42, 2.83]);
        // One word with a pause inside.
        let words = word_timings("la", &[0.0..1.0, 2.0..3.0]);
        assert_eq!((words[0].start, words[0].end), (0.0, 3.0));
    }

    proptest! {
        #[test]
        fn times_rise_and_lie_within_the_voice(
            text in "([a-zа-я0-9你好はก]{1,9}[,.]? ?){0,40}", spans in prop::collection::vec((0.0f64..1.0, 0.0f64..3.0), 0..30),
        ) {
            let mut clock = 0.0;
            let voiced: Vec<Range<f64>> = spans.iter().map(|(gap, length)| {
                let start = clock + gap;
                clock = start + length;
                start..clock
            }).collect();
            let words = word_timings(&text, &voiced);
            let spoken = spans.iter().any(|(_, length)| *length > 0.0);
            prop_assert_eq!(words.len(), if spoken { cut(&text).len() } else { 0 });
            let inside = |time: f64| voiced.iter().any(|span| span.start - 1e-6 <= time && time <= span.end + 1e-6);
            let mut last = 0.0;
            for word in &words {
                prop_assert!(word.start >= last - 1e-6 && word.end >= word.start, "{:?}", words);
                prop_assert!(inside(word.start) && inside(word.end), "{:?} {:?}", word, voiced);
                last = word.end;
            }
        }
    }
}
