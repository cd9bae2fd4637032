//! Words with their times, and how they are grouped into caption pages.
//!
//! Drawing captions is the renderer's work; writing them as SRT, VTT or ASS is in [`crate::subtitles`].

mod options;
mod safe_area;

pub(crate) use options::SIZES;
pub use options::{CaptionCase, CaptionFont, CaptionOptions, CaptionPosition, CaptionStyle};
pub use safe_area::{SafeArea, safe_area};

use serde::{Deserialize, Serialize};

/// One spoken word and when it is heard, in seconds from the start of its scene.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WordTiming {
    /// The word as it is shown, with its punctuation.
    pub word: String,
    /// Seconds from the start of the scene's audio.
    pub start: f64,
    /// Seconds from the start of the scene's audio; never before `start`.
    pub end: f64,
}

/// One page of captions: neighbouring words that stand on the screen together.
#[derive(Debug, Clone, PartialEq)]
pub struct CaptionPage {
    /// The words as indexes into the scene's word timings.
    pub words: std::ops::Range<usize>,
    /// When the page appears, in seconds from the start of the scene.
    pub start: f64,
    /// When it disappears. Pages of one scene never overlap.
    pub end: f64,
}

/// A pause longer than this ends a page, in seconds: a caption must not hang in silence.
const PAGE_BREAK_PAUSE: f64 = 0.6;
/// A page stays this long after its last word if nothing follows, in seconds.
const PAGE_LINGER: f64 = 0.35;

/// How much one page may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageLimits {
    /// The most words, at least 1.
    pub words: usize,
    /// The most characters, so that the lines still fit; letters as wide as Chinese ones count twice. One word always fits.
    pub characters: usize,
}

/// Groups a scene's words into pages within `limits`, breaking at the end of sentences, after long pauses and before pages
/// become too long to read at a glance; lone last words are avoided by splitting a run evenly.
///
/// `scene_end` (seconds) is where the last page must be gone.
pub fn pages(words: &[WordTiming], limits: PageLimits, scene_end: f64) -> Vec<CaptionPage> {
    let mut ranges = Vec::new();
    let mut start = 0;
    for index in 0..words.len() {
        let last = index + 1 == words.len();
        let pause = !last && words[index + 1].start - words[index].end > PAGE_BREAK_PAUSE;
        if last || pause || ends_sentence(&words[index].word) {
            split_run(words, start..index + 1, limits, &mut ranges);
            start = index + 1;
        }
    }
    let mut pages = Vec::with_capacity(ranges.len());
    for (position, range) in ranges.iter().enumerate() {
        let next_start = ranges.get(position + 1).map_or(scene_end, |next| words[next.start].start);
        let page_start = words[range.start].start;
        let last_end = words[range.end - 1].end;
        // Bridging short gaps keeps the captions from flickering between pages.
        let end = if next_start - last_end <= PAGE_BREAK_PAUSE { next_start } else { last_end + PAGE_LINGER };
        pages.push(CaptionPage { words: range.clone(), start: page_start, end: end.min(scene_end).max(page_start) });
    }
    pages
}

/// Whether a blank stands between two neighbouring words: not in scripts that are written without them.
pub fn blank_between(left: &str, right: &str) -> bool {
    let closed = |letter: Option<char>| letter.is_some_and(is_written_without_blanks);
    !(closed(left.trim_end().chars().next_back()) && closed(right.trim_start().chars().next()))
}

/// Words as one text, with blanks where their script has them.
pub fn joined<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for word in words {
        if !text.is_empty() && blank_between(&text, word) {
            text.push(' ');
        }
        text.push_str(word.trim());
    }
    text
}

/// Chinese and Japanese letters with their punctuation, Thai, Lao, Burmese and Khmer.
fn is_written_without_blanks(letter: char) -> bool {
    matches!(letter,
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3000}'..='\u{30ff}'
        | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}' | '\u{20000}'..='\u{3ffff}')
}

/// Cuts a run without inner breaks into pages of nearly equal word counts.
fn split_run(words: &[WordTiming], run: std::ops::Range<usize>, limits: PageLimits, ranges: &mut Vec<std::ops::Range<usize>>) {
    let total = run.len();
    if total == 0 {
        return;
    }
    let page_count = total.div_ceil(limits.words.max(1));
    let (base, extra) = (total / page_count, total % page_count);
    let mut start = run.start;
    for page in 0..page_count {
        let end = start + base + usize::from(page < extra);
        split_long(words, start..end, limits.characters, ranges);
        start = end;
    }
}

/// Halves a page until its text is short enough; a single word always stands alone, however long it is.
fn split_long(words: &[WordTiming], range: std::ops::Range<usize>, most: usize, ranges: &mut Vec<std::ops::Range<usize>>) {
    let characters: usize = words[range.clone()].iter().map(|word| columns(&word.word) + 1).sum();
    if characters > most + 1 && range.len() > 1 {
        let middle = range.start + range.len().div_ceil(2);
        split_long(words, range.start..middle, most, ranges);
        split_long(words, middle..range.end, most, ranges);
    } else {
        ranges.push(range);
    }
}

/// How wide a word is in letters: those of Chinese, Japanese and Korean are twice as wide as others, and emoji too.
fn columns(word: &str) -> usize {
    let wide = |letter| {
        matches!(letter, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ff60}' | '\u{1f300}'..='\u{3ffff}')
    };
    word.chars().map(|letter| if wide(letter) { 2 } else { 1 }).sum()
}

fn ends_sentence(word: &str) -> bool {
    let bare = word.trim_end_matches(['"', '\'', '”', '’', ')', ']', '»']);
    bare.ends_with(['.', '!', '?', '…', '。', '！', '？', '؟', '।'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spoken(text: &str) -> Vec<WordTiming> {
        text.split_whitespace()
            .enumerate()
            .map(|(index, word)| WordTiming { word: word.to_owned(), start: index as f64 * 0.4, end: index as f64 * 0.4 + 0.35 })
            .collect()
    }

    #[track_caller]
    fn check(text: &str, max_words: usize, expected: &[&str]) {
        let words = spoken(text);
        let got: Vec<String> = pages(&words, PageLimits { words: max_words, characters: 32 }, 60.0)
            .iter()
            .map(|page| words[page.words.clone()].iter().map(|word| word.word.as_str()).collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn pages_follow_sentences_and_stay_even() {
        check("", 4, &[]);
        check("Hello.", 4, &["Hello."]);
        check("One two three four five", 4, &["One two three", "four five"]);
        check("We came. We saw. We won!", 4, &["We came.", "We saw.", "We won!"]);
        check(
            "extraordinarily complicated incomprehensible words",
            4,
            &["extraordinarily complicated", "incomprehensible words"],
        );
        check("He said “stop.” Then left", 4, &["He said “stop.”", "Then left"]);
        check("今天天气很好真的很 好我们一起去公园吧", 4, &["今天天气很好真的很", "好我们一起去公园吧"]);
    }

    #[test]
    fn blanks_stand_where_the_script_has_them() {
        let check = |words: &[&str], expected: &str| assert_eq!(joined(words.iter().copied()), expected);
        check(&["One", "small", "step."], "One small step.");
        check(&["你好，", "世界。"], "你好，世界。");
        check(&["今日は", "GPS", "です。"], "今日は GPS です。");
        check(&["안녕", "하세요"], "안녕 하세요");
        check(&[], "");
    }

    #[test]
    fn a_page_does_not_hang_in_a_long_pause() {
        let words = vec![
            WordTiming { word: "before".into(), start: 0.0, end: 0.5 },
            WordTiming { word: "after".into(), start: 3.0, end: 3.5 },
        ];
        let pages = pages(&words, PageLimits { words: 4, characters: 32 }, 4.0);
        assert_eq!(pages.len(), 2);
        assert!((pages[0].end - 0.85).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn every_word_is_on_exactly_one_page_and_pages_never_overlap(
            gaps in prop::collection::vec((0.0f64..1.5, 0.01f64..1.0, "[a-z]{1,40}[.]?"), 0..60), max_words in 1usize..8,
        ) {
            let mut clock = 0.0;
            let words: Vec<WordTiming> = gaps.into_iter().map(|(gap, length, word)| {
                let start = clock + gap;
                clock = start + length;
                WordTiming { word, start, end: clock }
            }).collect();
            let pages = pages(&words, PageLimits { words: max_words, characters: 32 }, clock + 0.2);
            let mut next_word = 0;
            let mut last_end = 0.0;
            for page in &pages {
                prop_assert_eq!(page.words.start, next_word);
                prop_assert!(page.words.len() <= max_words && !page.words.is_empty());
                prop_assert!(page.start >= last_end - 1e-9 && page.end >= page.start);
                next_word = page.words.end;
                last_end = page.end;
            }
            prop_assert_eq!(next_word, words.len());
        }
    }
}
