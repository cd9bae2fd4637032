//! From espeak-ng's events to one time for each word of the text.
//!
//! espeak-ng counts characters and splits, joins and skips words as it speaks; here the text alone decides what a word is.

use std::ops::Range;

use model::caption::WordTiming;

use super::library::{Phoneme, Recording};
use super::polish::HEAD_SECONDS;

/// The most letters of one caption word where the script has no spaces: about as much as is read at a glance.
const CJK_LETTERS: usize = 4;
/// The same for Thai, Lao, Khmer and Burmese, whose letters are smaller and include marks.
const SOUTH_EAST_ASIAN_LETTERS: usize = 8;

/// The text as espeak-ng gets it: the same number of characters, with those silenced that it would take as commands (control
/// characters) or read out as their names (emoji, arrows).
pub(super) fn speakable(text: &str) -> String {
    text.chars().map(|character| if character != '\n' && is_silent(character) { ' ' } else { character }).collect()
}

fn is_silent(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(character,
            '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2022}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{20e3}' | '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{23ff}' | '\u{2500}'..='\u{27bf}'
            | '\u{2900}'..='\u{297f}' | '\u{2b00}'..='\u{2bff}' | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{fff0}'..='\u{ffff}' | '\u{1f000}'..='\u{1fbff}' | '\u{e0000}'..='\u{10ffff}')
}

/// One caption word in the making.
struct Unit {
    /// Its bytes in the text.
    bytes: Range<usize>,
    /// Index of its first character in the text.
    character: usize,
    /// Letters and digits: its share of time where espeak-ng tells none.
    letters: usize,
    /// Where it begins in the recording, if espeak-ng told.
    start: Option<f64>,
}

/// One timing for each whitespace-separated word of `text` that has letters or is read aloud; others (a lone dash, an emoji)
/// join the word before. Where the script has no spaces, a "word" is a few letters.
///
/// `sound` is the part of the recording that is kept. The times count in the finished file, with its silent head.
pub(super) fn timings(text: &str, recording: &Recording, sound: &Range<usize>, rate: f64) -> Vec<WordTiming> {
    let mut units = units(text);
    tell(&mut units, recording, sound);
    measure(text, join_silent(units), recording, sound, rate, HEAD_SECONDS)
}

/// One timing for each of the `words` that `model::words::cut` has made of `text`. The times count from the beginning of
/// `sound`, the part of the recording that is kept.
pub(super) fn timings_of(
    text: &str,
    words: &[String],
    recording: &Recording,
    sound: &Range<usize>,
    rate: f64,
) -> Vec<WordTiming> {
    let mut units = given_units(text, words);
    tell(&mut units, recording, sound);
    let mut timings = measure(text, units, recording, sound, rate, 0.0);
    timings.iter_mut().zip(words).for_each(|(timing, word)| timing.word.clone_from(word));
    timings
}

/// Gives the units the beginnings that espeak-ng told.
fn tell(units: &mut [Unit], recording: &Recording, sound: &Range<usize>) {
    let mut latest = (None, sound.start as f64);
    for event in &recording.words {
        let Some(index) = units.partition_point(|unit| unit.character <= event.character).checked_sub(1) else { continue };
        let start = (onset(&recording.phonemes, event.sample) as f64).max(sound.start as f64);
        // The very beginning belongs to the first unit with letters, even if espeak-ng skips that one.
        let first = latest.0.is_none() && units[..index].iter().all(|unit| unit.letters == 0);
        if latest.0 < Some(index) && (first || start > latest.1) && start < sound.end as f64 {
            units[index].start = Some(start);
            latest = (Some(index), start);
        }
    }
}

/// The times of the units; those that espeak-ng did not tell get their share. The sound begins at `head` seconds.
fn measure(
    text: &str,
    mut units: Vec<Unit>,
    recording: &Recording,
    sound: &Range<usize>,
    rate: f64,
    head: f64,
) -> Vec<WordTiming> {
    let phonemes = &recording.phonemes;
    fill(&mut units, phonemes, sound);
    let seconds = |sample: f64| head + (sample - sound.start as f64) / rate;
    let starts: Vec<f64> = units.iter().map(|unit| unit.start.unwrap_or(sound.start as f64)).collect();
    let word = |(index, unit): (usize, &Unit)| {
        let next = starts.get(index + 1).copied().unwrap_or(sound.end as f64);
        let word = text[unit.bytes.clone()].split_whitespace().collect::<Vec<_>>().join(" ");
        let start = heard(recording, starts[index], next, rate);
        WordTiming { word, start: seconds(start), end: seconds(sound_end(phonemes, start, next)) }
    };
    units.iter().enumerate().map(word).collect()
}

/// A word after a pause begins with its first phoneme; its event may come a little earlier.
fn onset(phonemes: &[Phoneme], sample: usize) -> usize {
    let next = phonemes.partition_point(|phoneme| phoneme.sample < sample);
    match phonemes.get(next) {
        Some(phoneme) if follows_pause(phonemes, sample) && !phoneme.pause => phoneme.sample,
        _ => sample,
    }
}

fn follows_pause(phonemes: &[Phoneme], sample: usize) -> bool {
    let next = phonemes.partition_point(|phoneme| phoneme.sample < sample);
    next == 0 || phonemes[next - 1].pause
}

/// Where a word that begins at `start` is first heard. After a pause that is later: the silence of a stop before its release
/// (the first 50 ms of "today") counts as part of the word.
fn heard(recording: &Recording, start: f64, next: f64, rate: f64) -> f64 {
    /// Longer than the closure of any stop, in seconds.
    const SEARCH_SECONDS: f64 = 0.08;
    /// Sum of the amplitudes of an audible window, as a share of a window full of the loudest sample.
    const AUDIBLE: f64 = 0.007;
    const WINDOW: usize = 64;
    let from = start as usize;
    if !follows_pause(&recording.phonemes, from) {
        return start;
    }
    let until = (start + SEARCH_SECONDS * rate).min((start + next) / 2.0) as usize;
    let threshold = f64::from(recording.peak) * WINDOW as f64 * AUDIBLE;
    let loud = |at: &usize| match recording.samples.get(*at..*at + WINDOW) {
        Some(window) => window.iter().map(|sample| f64::from(sample.unsigned_abs())).sum::<f64>() > threshold,
        None => false,
    };
    (from..until).step_by(WINDOW / 4).find(loud).map_or(start, |at| start.max(at as f64))
}

/// Where the sound of a word that begins at `start` ends: at the pause before the word that begins at `next`, if there is one.
fn sound_end(phonemes: &[Phoneme], start: f64, next: f64) -> f64 {
    let before = phonemes.partition_point(|phoneme| (phoneme.sample as f64) < next);
    let Some(last) = phonemes[..before].iter().rposition(|phoneme| !phoneme.pause) else { return next };
    match phonemes.get(last + 1) {
        Some(pause) if pause.pause && pause.sample as f64 > start => (pause.sample as f64).min(next),
        _ => next,
    }
}

/// Joins units without letters and without sound to the unit before (the first ones to the unit after).
fn join_silent(units: Vec<Unit>) -> Vec<Unit> {
    let mut joined: Vec<Unit> = Vec::with_capacity(units.len());
    for unit in units {
        match joined.last_mut() {
            Some(last) if unit.letters == 0 && unit.start.is_none() => last.bytes.end = unit.bytes.end,
            Some(last) if last.letters == 0 && last.start.is_none() => {
                *last = Unit { bytes: last.bytes.start..unit.bytes.end, ..unit };
            }
            _ => joined.push(unit),
        }
    }
    joined
}

/// Gives the units that espeak-ng joined to their neighbour ("of the") their share of the time, by letters, at the nearest
/// beginning of a phoneme.
fn fill(units: &mut [Unit], phonemes: &[Phoneme], sound: &Range<usize>) {
    if let Some(first) = units.first_mut() {
        first.start.get_or_insert(sound.start as f64);
    }
    let mut index = 1;
    while index < units.len() {
        if units[index].start.is_some() {
            index += 1;
            continue;
        }
        let known = units[index..].iter().position(|unit| unit.start.is_some()).map_or(units.len(), |offset| index + offset);
        let from = units[index - 1].start.unwrap_or(sound.start as f64);
        let next = units.get(known).and_then(|unit| unit.start).unwrap_or(sound.end as f64);
        share(&mut units[index - 1..known], phonemes, from, sound_end(phonemes, from, next));
        index = known;
    }
}

/// Spreads units over `from..to`; the first one stays at `from`.
fn share(units: &mut [Unit], phonemes: &[Phoneme], from: f64, to: f64) {
    let mut rest: f64 = units.iter().map(|unit| unit.letters.max(1) as f64).sum();
    let mut previous = from;
    for index in 1..units.len() {
        let own = units[index - 1].letters.max(1) as f64;
        let ideal = previous + (to - previous) * own / rest;
        rest -= own;
        // Half the way to the ideal on either side: nearer to the neighbours the snap would distort more than it repairs.
        let reach = (ideal - previous).min(to - ideal) / 2.0;
        let nearest = phonemes
            .iter()
            .filter(|phoneme| !phoneme.pause)
            .map(|phoneme| phoneme.sample as f64)
            .filter(|sample| (sample - ideal).abs() < reach)
            .min_by(|a, b| (a - ideal).abs().total_cmp(&(b - ideal).abs()));
        previous = nearest.unwrap_or(ideal);
        units[index].start = Some(previous);
    }
}

/// The words of a text by whitespace, and by letters where its script has no spaces.
fn units(text: &str) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut word: Vec<(usize, usize, char)> = Vec::new();
    for (index, (byte, character)) in text.char_indices().enumerate() {
        if !character.is_whitespace() {
            word.push((index, byte, character));
        } else if !word.is_empty() {
            split_word(&word, &mut units);
            word.clear();
        }
    }
    split_word(&word, &mut units);
    units
}

/// The units of a text that has been cut elsewhere: the words, without their blanks, are the text without its blanks.
fn given_units(text: &str, words: &[String]) -> Vec<Unit> {
    let mut letters = text.char_indices().enumerate().filter(|(_, (_, letter))| !letter.is_whitespace());
    let unit = |word: &String| {
        let count = word.chars().filter(|letter| !letter.is_whitespace()).count();
        let (character, (first, _)) = letters.next()?;
        let last = if count > 1 { letters.nth(count - 2).map(|(_, (byte, letter))| byte + letter.len_utf8()) } else { None };
        let end = last.unwrap_or_else(|| first + text[first..].chars().next().map_or(0, char::len_utf8));
        let spoken = word.chars().filter(|letter| letter.is_alphanumeric()).count();
        Some(Unit { bytes: first..end, character, letters: spoken, start: None })
    };
    words.iter().map_while(unit).collect()
}

fn split_word(word: &[(usize, usize, char)], units: &mut Vec<Unit>) {
    let characters: Vec<char> = word.iter().map(|(_, _, character)| *character).collect();
    let mut start = 0;
    for end in cuts(&characters) {
        let (first, last) = (word[start], word[end - 1]);
        units.push(Unit {
            bytes: first.1..last.1 + last.2.len_utf8(),
            character: first.0,
            letters: characters[start..end].iter().filter(|character| character.is_alphanumeric()).count(),
            start: None,
        });
        start = end;
    }
}

/// Where a word without inner spaces is cut: only its end, unless its script is written without spaces.
fn cuts(word: &[char]) -> Vec<usize> {
    let mut cuts = Vec::new();
    let mut start = 0;
    while start < word.len() {
        // A run is everything of one kind, with the punctuation that follows it.
        let kind = word[start..].iter().find(|character| character.is_alphanumeric()).map(|character| limit(*character));
        let kind = kind.unwrap_or(usize::MAX);
        let mut end = start;
        let mut letters_end = start;
        while end < word.len() {
            let character = word[end];
            let letter = character.is_alphanumeric();
            let after_punctuation = letters_end > start && letters_end < end && kind < usize::MAX;
            if letter && letters_end > start && (limit(character) != kind || after_punctuation) && may_cut(word, end) {
                break;
            }
            if !letter && letters_end > start && opens(character) && kind < usize::MAX {
                break;
            }
            end += 1;
            if letter || !may_cut(word, end - 1) {
                letters_end = end;
            }
        }
        cut_run(word, start..letters_end, kind, &mut cuts);
        cuts.push(end);
        start = end;
    }
    cuts
}

/// Cuts a run of letters into nearly equal pieces of at most `limit` letters, never before a mark; the last cut is the caller's.
fn cut_run(word: &[char], run: Range<usize>, limit: usize, cuts: &mut Vec<usize>) {
    let pieces = run.len().div_ceil(limit);
    let mut last = run.start;
    for piece in 1..pieces {
        let mut cut = run.start + run.len() * piece / pieces;
        while cut < run.end && !may_cut(word, cut) {
            cut += 1;
        }
        if cut > last && cut < run.end {
            cuts.push(cut);
            last = cut;
        }
    }
}

/// The most letters of a piece in this character's script; no limit where words are separated by spaces.
fn limit(character: char) -> usize {
    match character {
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' => SOUTH_EAST_ASIAN_LETTERS,
        '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}' => CJK_LETTERS,
        '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9f}' | '\u{20000}'..='\u{3ffff}' => CJK_LETTERS,
        _ => usize::MAX,
    }
}

fn opens(character: char) -> bool {
    matches!(character, '「' | '『' | '（' | '《' | '〈' | '【' | '“' | '‘' | '(' | '[' | '«')
}

/// Whether the character at `index` begins a syllable of its own, rather than marking or completing the one before.
fn may_cut(word: &[char], index: usize) -> bool {
    let mark = matches!(word[index],
        // combining marks in general, selectors, joiners
        '\u{300}'..='\u{36f}' | '\u{3099}'..='\u{309a}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}'
        | '\u{200c}'..='\u{200d}'
        // Thai, Lao, Burmese, Khmer
        | '\u{e31}' | '\u{e33}'..='\u{e3a}' | '\u{e45}' | '\u{e47}'..='\u{e4e}'
        | '\u{eb1}' | '\u{eb3}'..='\u{ebc}' | '\u{ec8}'..='\u{ece}'
        | '\u{102b}'..='\u{103e}' | '\u{1056}'..='\u{1059}' | '\u{105e}'..='\u{1060}' | '\u{1062}'..='\u{1064}'
        | '\u{1067}'..='\u{106d}' | '\u{1071}'..='\u{1074}' | '\u{1082}'..='\u{108d}' | '\u{17b4}'..='\u{17d3}'
        // Japanese: small kana and the signs of length and repetition
        | 'ぁ' | 'ぃ' | 'ぅ' | 'ぇ' | 'ぉ' | 'っ' | 'ゃ' | 'ゅ' | 'ょ' | 'ァ' | 'ィ' | 'ゥ' | 'ェ' | 'ォ' | 'ッ' | 'ャ' | 'ュ' | 'ョ'
        | 'ー' | '々' | '\u{ff9e}' | '\u{ff9f}');
    // Thai and Lao vowels that are written first, and the signs that stack the next consonant.
    let leads = index > 0
        && matches!(word[index - 1], '\u{e40}'..='\u{e44}' | '\u{ec0}'..='\u{ec4}' | '\u{17d2}' | '\u{1039}' | '\u{200d}');
    !mark && !leads
}

#[cfg(test)]
mod tests {
    use super::super::library::WordEvent;
    use super::*;

    #[track_caller]
    fn check_units(text: &str, expected: &[&str]) {
        let got: Vec<&str> = join_silent(units(text)).iter().map(|unit| &text[unit.bytes.clone()]).collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn words_are_what_the_text_separates() {
        check_units("", &[]);
        check_units("  Hello, brave\nnew world! ", &["Hello,", "brave", "new", "world!"]);
        check_units("well-known men – not 3.5 –", &["well-known", "men –", "not", "3.5 –"]);
        check_units("“ Stop ” 😀 now", &["“ Stop ” 😀", "now"]);
        check_units("नमस्ते दुनिया", &["नमस्ते", "दुनिया"]);
    }

    #[test]
    fn scripts_without_spaces_are_cut_between_syllables() {
        check_units("你好，世界。今天天气很好。", &["你好，", "世界。", "今天天", "气很好。"]);
        check_units("他说「你好」了", &["他说", "「你好」", "了"]);
        check_units("iPhone手机2024年。", &["iPhone", "手机", "2024", "年。"]);
        check_units("きょうはいいてんきです", &["きょう", "はいいて", "んきです"]);
        check_units("สวัสดีชาวโลก", &["สวัสดี", "ชาวโลก"]);
    }

    #[test]
    fn speakable_keeps_the_places_of_characters() {
        let text = "a\u{1}b 😀❤️ <b> →\nc";
        assert_eq!(speakable(text), "a b     <b>  \nc");
        assert_eq!(speakable(text).chars().count(), text.chars().count());
    }

    #[track_caller]
    fn check_times(text: &str, words: &[(usize, usize)], phonemes: &[(usize, bool)], expected: &[(&str, f64, f64)]) {
        let recording = Recording {
            samples: Vec::new(),
            peak: 0,
            words: words.iter().map(|&(character, sample)| WordEvent { character, sample }).collect(),
            phonemes: phonemes.iter().map(|&(sample, pause)| Phoneme { sample, pause }).collect(),
        };
        let timings = timings(text, &recording, &(10..110), 100.0);
        let got: Vec<_> = timings
            .iter()
            .map(|timing| (timing.word.as_str(), (timing.start * 100.0).round() / 100.0, (timing.end * 100.0).round() / 100.0))
            .collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn times_come_from_events_and_fill_the_gaps() {
        // Trimmed by 10 samples; a head of 0.12 s is added.
        check_times(
            "one two",
            &[(0, 0), (4, 60)],
            &[(10, false), (50, true), (60, false), (100, true)],
            &[("one", 0.12, 0.52), ("two", 0.62, 1.02)],
        );
        // "in the" is spoken as one: the second begins at the phoneme nearest to its share.
        check_times(
            "in the end",
            &[(0, 10), (7, 60)],
            &[(10, false), (28, false), (50, false), (60, false)],
            &[("in", 0.12, 0.30), ("the", 0.30, 0.62), ("end", 0.62, 1.12)],
        );
        // A number has several events, and none may go back.
        check_times("1969 was", &[(0, 10), (1, 30), (0, 40), (5, 70)], &[], &[("1969", 0.12, 0.72), ("was", 0.72, 1.12)]);
        // The first word is skipped.
        check_times("ab cd", &[(3, 0)], &[], &[("ab", 0.12, 0.62), ("cd", 0.62, 1.12)]);
        // No event at all.
        check_times("ab cd", &[], &[], &[("ab", 0.12, 0.62), ("cd", 0.62, 1.12)]);
        // A symbol that is read aloud is a word; one that is not joins its neighbour.
        check_times("a & – b", &[(0, 10), (2, 30), (6, 60)], &[], &[("a", 0.12, 0.32), ("& –", 0.32, 0.62), ("b", 0.62, 1.12)]);
    }
}
