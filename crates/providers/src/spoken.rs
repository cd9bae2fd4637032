//! From what a vendor says is heard (characters or words with times) to one time for each word of the text.
//!
//! Vendors drop punctuation, write numbers out and join words; here the text alone decides what a word is. Nothing is
//! guessed from the sound.

use model::caption::WordTiming;
use model::words;

/// More letters than a scene has; comparing takes their product in time and memory.
const MOST_LETTERS: usize = 2_000;
/// At least this share of the words must be found among what is heard.
const LEAST_FOUND: f64 = 0.75;
/// Between two words that were found, so many may be missing: a number that is written out, say.
const MOST_MISSING: usize = 3;

/// A character or word that is heard.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// As the vendor writes it.
    pub text: String,
    /// Seconds from the start of the sound.
    pub start: f64,
    /// Seconds from the start of the sound.
    pub end: f64,
}

/// One letter with its time.
#[derive(Debug, Clone, Copy)]
struct Letter {
    letter: char,
    start: f64,
    end: f64,
}

/// One timing for each word of the text as [`words::cut`] cuts it, in a sound of `seconds`; `None` when too little of the
/// text is found among the pieces, or when their times can't be true.
pub fn words(text: &str, pieces: &[Piece], seconds: f64) -> Option<Vec<WordTiming>> {
    let cut = words::cut(text);
    let possible = |piece: &Piece| piece.start.is_finite() && piece.end >= piece.start && piece.start >= 0.0;
    let rising = pieces.windows(2).all(|pair| pair[0].start <= pair[1].start);
    if cut.is_empty() || !pieces.iter().all(possible) || !rising {
        return None;
    }
    let heard: Vec<Letter> = pieces.iter().flat_map(letters).collect();
    let found = find(&cut, &heard)?;
    let known = found.iter().flatten().count();
    let missing = found.split(Option::is_some).map(<[_]>::len).max().unwrap_or_default();
    if (known as f64) < LEAST_FOUND * cut.len() as f64 || missing > MOST_MISSING {
        return None;
    }
    let whole = pieces.first()?.start..pieces.last()?.end.min(seconds);
    Some(settle(cut, &found, whole, seconds))
}

/// The letters of a piece, which share its time; signs have a share if they are all there is.
fn letters(piece: &Piece) -> Vec<Letter> {
    let mut kept = spelling(&piece.text);
    if kept.is_empty() {
        kept = piece.text.chars().filter(|sign| !sign.is_whitespace()).collect();
    }
    let step = (piece.end - piece.start) / kept.len().max(1) as f64;
    let letter = |(index, letter): (usize, &char)| {
        let start = piece.start + step * index as f64;
        Letter { letter: *letter, start, end: start + step }
    };
    kept.iter().enumerate().map(letter).collect()
}

/// What counts when spellings are compared: letters and digits, in lower case.
fn spelling(text: &str) -> Vec<char> {
    text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The time of each word of which at least half is heard, in its order; `None` when the text is too long to compare.
fn find(cut: &[String], heard: &[Letter]) -> Option<Vec<Option<(f64, f64)>>> {
    let spelled: Vec<Vec<char>> = cut
        .iter()
        .map(|word| {
            let kept = spelling(word);
            if kept.is_empty() { word.chars().filter(|sign| !sign.is_whitespace()).collect() } else { kept }
        })
        .collect();
    let wanted: Vec<char> = spelled.concat();
    let places = matches(&wanted, heard)?;
    let mut rest = places.as_slice();
    let mut found = Vec::with_capacity(cut.len());
    for word in &spelled {
        let (own, after) = rest.split_at(word.len());
        rest = after;
        let mut heard_letters = own.iter().flatten().map(|place| heard[*place]);
        let count = own.iter().flatten().count();
        let time = match heard_letters.next() {
            Some(first) if 2 * count >= word.len() => Some((first.start, heard_letters.next_back().unwrap_or(first).end)),
            _ => None,
        };
        found.push(time);
    }
    Some(found)
}

/// For each wanted letter its place among those heard: as many as can be, and letters that stand together rather than
/// scattered ones.
fn matches(wanted: &[char], heard: &[Letter]) -> Option<Vec<Option<usize>>> {
    if wanted.iter().eq(heard.iter().map(|letter| &letter.letter)) {
        return Some((0..wanted.len()).map(Some).collect());
    }
    if wanted.len() > MOST_LETTERS || heard.len() > MOST_LETTERS {
        return None;
    }
    // `best` is worth the most that can still be had from wanted[i] and heard[j] on, `pair` the same if these two are one: 2,
    // and 1 more if the next two are one as well.
    let width = heard.len() + 1;
    let mut best = vec![0u16; (wanted.len() + 1) * width];
    let mut pair = best.clone();
    for i in (0..wanted.len()).rev() {
        for j in (0..heard.len()).rev() {
            let (here, next) = (i * width + j, (i + 1) * width + j + 1);
            if wanted[i] == heard[j].letter {
                pair[here] = 2 + best[next].max(if pair[next] > 0 { pair[next] + 1 } else { 0 });
            }
            best[here] = pair[here].max(best[here + 1]).max(best[next - 1]);
        }
    }
    let mut places = vec![None; wanted.len()];
    let (mut i, mut j, mut together) = (0, 0, false);
    while i < wanted.len() && j < heard.len() {
        let (here, next) = (i * width + j, (i + 1) * width + j + 1);
        if pair[here] > 0 && (together || pair[here] == best[here]) {
            places[i] = Some(j);
            together = pair[next] > 0 && pair[next] + 1 >= best[next];
            (i, j) = (i + 1, j + 1);
        } else if best[here] == best[here + 1] {
            j += 1;
        } else {
            i += 1;
        }
    }
    Some(places)
}

/// The words with their times; those that were not found share the time between their neighbours, by how long they take to
/// say.
fn settle(cut: Vec<String>, found: &[Option<(f64, f64)>], whole: std::ops::Range<f64>, seconds: f64) -> Vec<WordTiming> {
    let mut words: Vec<WordTiming> = Vec::with_capacity(cut.len());
    for (index, word) in cut.iter().enumerate() {
        let before = words.last().map_or(whole.start.min(seconds), |word| word.end);
        let (start, end) = found[index].unwrap_or_else(|| {
            let next = found[index..].iter().flatten().next().map_or(whole.end, |(start, _)| *start);
            let missing = found[index..].iter().take_while(|time| time.is_none()).count();
            let weights: f64 = cut[index..index + missing].iter().map(|word| words::weight(word)).sum();
            (before, before + (next - before).max(0.0) * words::weight(word) / weights)
        });
        let start = start.clamp(before, seconds.max(before));
        words.push(WordTiming { word: word.clone(), start, end: end.clamp(start, seconds.max(start)) });
    }
    words
}

/// When the last of the pieces ends; 0 when there are none.
pub fn end(pieces: &[Piece]) -> f64 {
    pieces.iter().map(|piece| piece.end).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Pieces that follow each other without pause, each a tenth of a second for each of its characters.
    fn pieces(texts: &[&str]) -> Vec<Piece> {
        let mut now = 0.0;
        let piece = |text: &&str| {
            let start = now;
            now += 0.1 * text.chars().count() as f64;
            Piece { text: (*text).to_owned(), start, end: now }
        };
        texts.iter().map(piece).collect()
    }

    fn characters(text: &str) -> Vec<Piece> {
        pieces(&text.chars().map(|letter| letter.to_string()).collect::<Vec<_>>().iter().map(String::as_str).collect::<Vec<_>>())
    }

    #[track_caller]
    fn check(text: &str, pieces: &[Piece], expected: Option<&[(&str, f64, f64)]>) {
        let got = words(text, pieces, end(pieces) + 0.5);
        let shown = got.as_ref().map(|words| {
            let tenths = |seconds: f64| (seconds * 10.0).round() / 10.0;
            words.iter().map(|word| (word.word.as_str(), tenths(word.start), tenths(word.end))).collect::<Vec<_>>()
        });
        assert_eq!(shown.as_deref(), expected);
    }

    #[test]
    fn characters_become_words() {
        check("Hi, you!", &characters("Hi, you!"), Some(&[("Hi,", 0.0, 0.2), ("you!", 0.4, 0.7)]));
        check("“Go” now", &characters("“Go” now"), Some(&[("“Go”", 0.1, 0.3), ("now", 0.5, 0.8)]));
        check("It’s 5 %.", &characters("It’s 5 %."), Some(&[("It’s", 0.0, 0.4), ("5", 0.5, 0.6), ("%.", 0.7, 0.9)]));
        check("你好，世界。", &characters("你好，世界。"), Some(&[("你好，", 0.0, 0.2), ("世界。", 0.3, 0.5)]));
    }

    #[test]
    fn words_that_are_written_otherwise_are_found() {
        let heard = pieces(&["In", "nineteen", "sixty", "nine", "we", "won"]);
        check("In 1969, we won.", &heard, Some(&[("In", 0.0, 0.2), ("1969,", 0.2, 1.9), ("we", 1.9, 2.1), ("won.", 2.1, 2.4)]));
        let heard = pieces(&["Dont", "stop", "uh", "here"]);
        check(
            "Don't stop here — no",
            &heard,
            Some(&[("Don't", 0.0, 0.4), ("stop", 0.4, 0.8), ("here —", 1.0, 1.4), ("no", 1.4, 1.4)]),
        );
        let heard = pieces(&["mother", "in", "law", "speaks"]);
        check("Mother-in-law speaks", &heard, Some(&[("Mother-in-law", 0.0, 1.1), ("speaks", 1.1, 1.7)]));
    }

    #[test]
    fn what_is_not_the_text_is_not_taken_for_it() {
        check("One two three", &pieces(&["Something", "else"]), None);
        check("One two three", &[], None);
        check("", &pieces(&["One"]), None);
        let mut backwards = pieces(&["One", "two", "three"]);
        backwards.swap(0, 2);
        check("One two three", &backwards, None);
        let mut odd = pieces(&["One", "two", "three"]);
        odd[1].end = f64::NAN;
        check("One two three", &odd, None);
        // Two thirds of it are missing.
        check("One two three four five six", &pieces(&["One", "two"]), None);
    }

    proptest! {
        #[test]
        fn words_are_those_of_the_text_and_in_order(text in "[a-cA-C0-9 ,.]{0,40}", heard in "[a-c0-9 ]{0,40}", seconds in 0.0..5.0f64) {
            if let Some(words) = words(&text, &characters(&heard), seconds) {
                let spelled: Vec<&str> = words.iter().map(|word| word.word.as_str()).collect();
                prop_assert_eq!(spelled, words::cut(&text));
                prop_assert!(words.iter().all(|word| 0.0 <= word.start && word.start <= word.end && word.end <= seconds));
                prop_assert!(words.windows(2).all(|pair| pair[0].end <= pair[1].start));
            }
        }
    }
}
