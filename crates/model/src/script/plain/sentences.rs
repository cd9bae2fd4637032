//! Where sentences end, and where the longest ones may be cut: by Unicode's rules, mended for abbreviations, and for
//! writings without blanks.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation as _;

use crate::language::Pace;
use crate::words::is_dense;

/// What a piece of a text begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    Paragraph,
    Sentence,
    /// Behind a comma and the like.
    Clause,
    /// In the middle.
    Word,
}

/// Words in lower case whose full stop ends no sentence, of the languages that write them so.
const ABBREVIATIONS: [&str; 58] = [
    "mr", "mrs", "ms", "dr", "dra", "prof", "profa", "st", "sr", "sra", "srta", "jr", "vs", "etc", "e.g", "i.e", "no", "nº",
    "nr", "vol", "fig", "inc", "ltd", "co", "gen", "col", "lt", "sgt", "capt", "cap", "rev", "approx", "av", "ex", "pág", "pag",
    "ud", "uds", "ee.uu", "z.b", "d.h", "u.a", "bzw", "ca", "usw", "evtl", "ggf", "mme", "mlle", "sig", "dott", "ing", "pp",
    "cf", "p.ex", "p.ej", "т.е", "т.д",
];

/// Marks behind which a long sentence is cut first.
const MARKS: &str = ",;:—–…!?.，、；：。！？،؛؟।";
/// Of these, the ones that are followed by no blank.
const DENSE_MARKS: &str = "，、；：。！？…";

/// Marks of writings without blanks that open something.
const OPENING: [char; 5] = ['「', '『', '（', '《', '【'];

/// The sentences of a paragraph; those that take longer than `longest` seconds to say in parts. They cover the paragraph.
pub(super) fn pieces(paragraph: &str, longest: f64, pace: Pace) -> Vec<(Start, Range<usize>)> {
    let mut pieces = Vec::new();
    for (index, sentence) in sentences(paragraph).into_iter().enumerate() {
        let start = if index == 0 { Start::Paragraph } else { Start::Sentence };
        halve(paragraph, sentence, start, (longest, pace), &mut pieces);
    }
    pieces
}

fn sentences(paragraph: &str) -> Vec<Range<usize>> {
    let mut sentences: Vec<Range<usize>> = Vec::new();
    for (at, sentence) in paragraph.split_sentence_bound_indices() {
        // By Unicode's rules an opening mark right behind a full stop would belong to what it stands behind.
        let end = at + sentence.trim_end_matches(OPENING).len();
        let start = sentences.last().map_or(0, |last| last.end);
        let range = start..end;
        let sentence = &paragraph[range.clone()];
        let silent = !sentence.chars().any(char::is_alphanumeric);
        match sentences.last_mut() {
            Some(last) if silent || is_abbreviated(&paragraph[last.clone()]) => last.end = range.end,
            _ => sentences.push(range),
        }
    }
    if let Some(last) = sentences.last_mut() {
        last.end = paragraph.len();
    }
    sentences
}

/// Whether the full stop at the end belongs to the last word: an abbreviation, an initial, an ordinal.
fn is_abbreviated(sentence: &str) -> bool {
    let Some(text) = sentence.trim_end().strip_suffix('.') else { return false };
    let word = text.rsplit([' ', '(', '"', '“', '„', '«', '¿', '¡']).next().unwrap_or_default();
    let last = word.rsplit('.').next().unwrap_or_default();
    let initial = last.chars().count() == 1 && last.chars().all(char::is_uppercase);
    let ordinal = word.len() <= 2 && !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    initial || ordinal || ABBREVIATIONS.contains(&word.to_lowercase().as_str())
}

/// Cuts a sentence near its middle until each part is short enough or nothing can be cut.
fn halve(text: &str, range: Range<usize>, start: Start, limit: (f64, Pace), pieces: &mut Vec<(Start, Range<usize>)>) {
    let (longest, pace) = limit;
    let cut = (pace.seconds(&text[range.clone()]) > longest).then(|| best_cut(&text[range.clone()])).flatten();
    let Some((at, next)) = cut else {
        pieces.push((start, range));
        return;
    };
    let at = range.start + at;
    halve(text, range.start..at, start, limit, pieces);
    halve(text, at..range.end, next, limit, pieces);
}

/// The place nearest to the middle: behind a mark if there is one in the middle half, else between words, else between
/// characters of a writing without blanks.
fn best_cut(text: &str) -> Option<(usize, Start)> {
    let length = text.len();
    let from_middle = |at: &usize| at.abs_diff(length / 2);
    let cuts = cuts(text);
    let nearest = |clause: bool| cuts.iter().filter(|(_, mark)| *mark == clause).map(|(at, _)| *at).min_by_key(from_middle);
    let clause = nearest(true).filter(|at| from_middle(at) * 4 <= length);
    clause.map(|at| (at, Start::Clause)).or_else(|| {
        let word = nearest(false).or_else(|| between_characters(text).min_by_key(from_middle));
        word.map(|at| (at, Start::Word)).or_else(|| nearest(true).map(|at| (at, Start::Clause)))
    })
}

/// Places with words on both sides where a new piece may begin, and whether there is a mark in front.
fn cuts(text: &str) -> Vec<(usize, bool)> {
    let mut cuts = Vec::new();
    let last_word = text.char_indices().rev().find(|(_, letter)| letter.is_alphanumeric()).map_or(0, |(at, _)| at);
    let mut before: Option<char> = None;
    let mut seen = false;
    for (at, letter) in text.char_indices() {
        let mark = before.is_some_and(|before| MARKS.contains(before));
        let blank = text[..at].ends_with(char::is_whitespace);
        let dense = before.is_some_and(|before| DENSE_MARKS.contains(before)) && letter.is_alphanumeric();
        if seen && at <= last_word && !letter.is_whitespace() && (blank || dense) {
            cuts.push((at, mark && !is_abbreviated(&text[..at])));
        }
        seen |= letter.is_alphanumeric();
        before = if letter.is_whitespace() { before } else { Some(letter) };
    }
    cuts
}

/// Places between two characters of a writing without blanks.
fn between_characters(text: &str) -> impl Iterator<Item = usize> {
    let starts: Vec<(usize, bool)> =
        text.grapheme_indices(true).map(|(at, cluster)| (at, cluster.chars().next().is_some_and(is_dense))).collect();
    let cuts: Vec<usize> = starts.windows(2).filter(|pair| pair[0].1 && pair[1].1).map(|pair| pair[1].0).collect();
    cuts.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_where_people_end_them() {
        let check = |text: &str, expected: &[&str]| {
            let found: Vec<&str> = sentences(text).into_iter().map(|range| text[range].trim()).collect();
            assert_eq!(found, expected);
        };
        check("It rose. It set.", &["It rose.", "It set."]);
        check("Mr. Smith paid $3.50, e.g. for tea. He left.", &["Mr. Smith paid $3.50, e.g. for tea.", "He left."]);
        check("J. R. R. Tolkien wrote. We read.", &["J. R. R. Tolkien wrote.", "We read."]);
        check("Am 3. Mai kam er. Dann ging er.", &["Am 3. Mai kam er.", "Dann ging er."]);
        check("O Dr. Silva e a Sra. Lima vieram. Ótimo!", &["O Dr. Silva e a Sra. Lima vieram.", "Ótimo!"]);
        check("He said “Stop.” Then he ran… and ran. ¿Why? ¡No!", &["He said “Stop.”", "Then he ran… and ran.", "¿Why?", "¡No!"]);
        check("Wait... what? Yes.", &["Wait... what?", "Yes."]);
        check("月亮不远。「真的吗？」他问。", &["月亮不远。", "「真的吗？」", "他问。"]);
        check("चाँद दूर नहीं। लोग देखते हैं।", &["चाँद दूर नहीं।", "लोग देखते हैं।"]);
        check("", &[]);
    }

    #[test]
    fn long_sentences_are_cut_behind_marks_then_words_then_characters() {
        let check = |text: &str, at: &str, start: Start| {
            let cut = best_cut(text).map(|(at, start)| (&text[at..], start));
            assert_eq!(cut, Some((at, start)), "{text}");
        };
        check("the sea was calm, and the sky was dark", "and the sky was dark", Start::Clause);
        check("a, the sea was calm and the sky dark", "and the sky dark", Start::Word);
        check("月亮不远的地方，人们看着", "人们看着", Start::Clause);
        check("人们已经观察了它几千年", "察了它几千年", Start::Word);
        assert_eq!(best_cut("incomprehensibilities"), None);
        assert_eq!(best_cut("3,500.75"), None);
    }
}
