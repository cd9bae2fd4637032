//! Line breaks in scripts that are written without blanks: within Thai, Lao, Khmer and Burmese words, whose ends only a model
//! finds, and not within short Chinese and Japanese ones.
//!
//! All other line breaks are found while shaping, in `text`.

use std::borrow::Cow;

use icu_segmenter::LineSegmenter;
use icu_segmenter::options::LineBreakOptions;
use unicode_segmentation::UnicodeSegmentation;

/// Seen by nobody; a line may break at it.
pub(crate) const BREAK: char = '\u{200b}';

/// Seen by nobody; no line breaks at it.
const JOINER: &str = "\u{2060}";
/// A Chinese or Japanese word of more letters is likely a whole sentence.
const SHORT_WORD: usize = 6;

/// The text with invisible signs where lines may break and, within short words, where they may not.
pub(crate) fn with_breaks(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_chinese_or_japanese) && text.chars().count() <= SHORT_WORD {
        return Cow::Owned(text.graphemes(true).collect::<Vec<_>>().join(JOINER));
    }
    if !text.chars().any(hides_words) {
        return Cow::Borrowed(text);
    }
    let ends: Vec<usize> = LineSegmenter::new_lstm(LineBreakOptions::default()).segment_str(text).collect();
    let mut broken = String::with_capacity(text.len() * 2);
    let mut from = 0;
    for (index, at) in ends.iter().copied().enumerate() {
        // The model at times cuts the last letter off a word; no word has only one.
        let next = ends.get(index + 1).map_or("", |end| &text[at..*end]);
        if breaks_between(&text[..at], next) && [&text[from..at], next].iter().all(|word| word.chars().nth(1).is_some()) {
            broken.push_str(&text[from..at]);
            broken.push(BREAK);
            from = at;
        }
    }
    broken.push_str(&text[from..]);
    Cow::Owned(broken)
}

/// Whether a line may break between two neighbouring words of these scripts.
pub(crate) fn breaks_between(left: &str, right: &str) -> bool {
    left.chars().next_back().is_some_and(hides_words) && right.chars().next().is_some_and(hides_words)
}

fn hides_words(letter: char) -> bool {
    matches!(letter, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}')
}

fn is_chinese_or_japanese(letter: char) -> bool {
    matches!(letter, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_thai() {
        let check = |text: &str, expected: &str| assert_eq!(with_breaks(text).replace(BREAK, "|"), expected);
        check("", "");
        check("no Thai", "no Thai");
        check("สวัสดีชาวโลก", "สวัสดี|ชาว|โลก");
        check("วันนี้อากาศดีมาก", "วัน|นี้|อากาศ|ดี|มาก");
        check("ใช้GPSได้", "ใช้GPSได้");
    }

    #[test]
    fn short_words_are_kept_whole() {
        let check = |text: &str, expected: &str| assert_eq!(with_breaks(text).replace(JOINER, "+"), expected);
        check("漢字。", "漢+字+。");
        check("ひらがなと", "ひ+ら+が+な+と");
        check("我们一起去公园吧", "我们一起去公园吧");
        check("한국어", "한국어");
    }
}
