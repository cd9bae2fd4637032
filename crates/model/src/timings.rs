//! Word times as they come from speech services, set right: in order, without overlap and within their scene.
//!
//! What can't be a time at all is refused by [`crate::storyboard`]; times that are missing are guessed in
//! [`crate::estimate`].

use crate::caption::WordTiming;

/// Words that start this much earlier than the one in front of them are in the wrong order, in seconds; less is only
/// imprecise, and the order of the text counts.
const WRONG_ORDER: f64 = 0.5;
/// What is too little to be worth a word, in seconds.
const UNSEEN: f64 = 0.05;

/// Sorts and clamps the words of a scene of `seconds`, leaves out empty ones, and answers how many were noticeably wrong.
///
/// Afterwards every word starts where the one in front of it ends, or later, and none ends after the scene.
pub fn set_right(words: &mut Vec<WordTiming>, seconds: f64) -> usize {
    words.retain(|word| !word.word.trim().is_empty());
    if words.windows(2).any(|pair| pair[1].start < pair[0].start - WRONG_ORDER) {
        let before: Vec<f64> = words.iter().map(|word| word.start).collect();
        words.sort_by(|one, other| one.start.total_cmp(&other.start));
        let moved = words.iter().zip(before).filter(|(word, before)| word.start != *before).count();
        return moved.max(clamp(words, seconds));
    }
    clamp(words, seconds)
}

fn clamp(words: &mut [WordTiming], seconds: f64) -> usize {
    let mut wrong = 0;
    let mut last = 0.0;
    for index in 0..words.len() {
        let next = words.get(index + 1).map_or(f64::INFINITY, |next| next.start);
        let word = &mut words[index];
        let start = word.start.max(last).min(seconds);
        // A next word that starts even earlier is moved itself.
        let end = word.end.max(start).min(next.max(start)).min(seconds);
        if (start - word.start).abs() > UNSEEN || (end - word.end).abs() > UNSEEN {
            wrong += 1;
        }
        (word.start, word.end, last) = (start, end, end);
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(words: &[(&str, f64, f64)], expected: &[(&str, f64, f64)], wrong: usize) {
        let mut timings: Vec<WordTiming> =
            words.iter().map(|(word, start, end)| WordTiming { word: (*word).to_owned(), start: *start, end: *end }).collect();
        assert_eq!(set_right(&mut timings, 2.0), wrong, "{timings:?}");
        let got: Vec<(&str, f64, f64)> = timings.iter().map(|word| (word.word.as_str(), word.start, word.end)).collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn times_are_set_right() {
        check(&[("a", 0.0, 0.5), ("b", 0.5, 1.0)], &[("a", 0.0, 0.5), ("b", 0.5, 1.0)], 0);
        // Overlap; backwards by a little: the order of the text counts.
        check(&[("a", 0.0, 0.8), ("b", 0.5, 1.0)], &[("a", 0.0, 0.5), ("b", 0.5, 1.0)], 1);
        check(&[("a", 0.5, 0.9), ("b", 0.4, 1.0)], &[("a", 0.5, 0.5), ("b", 0.5, 1.0)], 2);
        // The wrong way round.
        check(&[("b", 1.0, 1.5), ("a", 0.0, 0.5)], &[("a", 0.0, 0.5), ("b", 1.0, 1.5)], 2);
        // Outside of the scene; a hair too long is nobody's fault.
        check(&[("a", 1.5, 2.4), ("b", 2.4, 3.0)], &[("a", 1.5, 2.0), ("b", 2.0, 2.0)], 2);
        check(&[("a", 1.5, 2.01)], &[("a", 1.5, 2.0)], 0);
        check(&[("a", 1.0, 0.9), (" ", 1.0, 1.2)], &[("a", 1.0, 1.0)], 1);
    }

    proptest! {
        #[test]
        fn any_times_come_out_in_order(times in prop::collection::vec((0.0f64..5.0, -0.4f64..2.0), 0..30), seconds in 0.1f64..5.0) {
            let mut words: Vec<WordTiming> =
                times.iter().map(|(start, length)| WordTiming { word: "x".into(), start: *start, end: start + length }).collect();
            set_right(&mut words, seconds);
            prop_assert_eq!(words.len(), times.len());
            let mut last = 0.0;
            for word in &words {
                prop_assert!(word.start >= last && word.end >= word.start && word.end <= seconds, "{:?}", words);
                last = word.end;
            }
            let copy = words.clone();
            prop_assert_eq!(set_right(&mut words, seconds), 0);
            prop_assert_eq!(copy, words);
        }
    }
}
