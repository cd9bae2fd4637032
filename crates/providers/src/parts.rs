//! Narrations longer than a vendor takes at once: the text cut where a speaker would pause, and the sounds put together
//! without clicks. Each part is a call of its own, so that whoever keeps what was heard pays for no part twice.

use std::ops::Range;

use model::caption::WordTiming;

use crate::error::ProviderError;
use crate::sound::{self, Sound};
use crate::speech::{Speech, SpeechProvider, SpeechRequest};
use crate::spoken::{self, Piece};

/// Silence between two parts, in seconds.
const AFTER_SENTENCE: f64 = 0.32;
const AFTER_CLAUSE: f64 = 0.16;
const AFTER_WORD: f64 = 0.05;
/// What is quieter than this share of the loudest sample is silence at the ends of a part.
const AUDIBLE: f32 = 0.015;
/// Kept before the first and after the last audible sample, in seconds: soft beginnings, and voices that die away.
const BEFORE: f64 = 0.015;
const AFTER: f64 = 0.05;
/// Seconds that a part takes to come in and go out.
const FADE: f64 = 0.008;

/// What is said in one call.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The request with this part of the text.
    pub request: SpeechRequest,
    /// Seconds of silence after it; 0 after the last.
    pub pause: f64,
}

/// The calls that a narration takes, in the order of the text: the request itself, unless its text is too long for one.
pub fn of(provider: &dyn SpeechProvider, request: &SpeechRequest) -> Vec<Part> {
    let whole = || vec![Part { request: request.clone(), pause: 0.0 }];
    let Some(most) = provider.longest().filter(|most| request.text.trim().chars().count() > *most) else { return whole() };
    let part = |(text, pause): (String, f64)| Part { request: SpeechRequest { text, ..request.clone() }, pause };
    let mut parts: Vec<Part> = split(&request.text, most).into_iter().map(part).collect();
    // Signs alone can't be said.
    parts.retain(|part| part.request.check_words().is_ok());
    match parts.last_mut() {
        Some(last) => last.pause = 0.0,
        None => return whole(),
    }
    parts
}

/// The idempotency key of a call for one of several parts, counted from 0.
pub fn key(key: &str, part: usize) -> String {
    if key.is_empty() { String::new() } else { format!("{key}-{}", part + 1) }
}

/// Speaks a narration in as many calls as it takes, and keeps nothing in between.
///
/// # Errors
/// Those of the calls, with all that was made before, and those of [`join`].
pub async fn speak(provider: &dyn SpeechProvider, request: &SpeechRequest, order: &str) -> Result<Speech, ProviderError> {
    let parts = of(provider, request);
    if let [only] = parts.as_slice() {
        return provider.speak(&only.request, order).await;
    }
    let mut spoken = Vec::with_capacity(parts.len());
    for (index, part) in parts.into_iter().enumerate() {
        spoken.push((provider.speak(&part.request, &key(order, index)).await?, part.pause));
    }
    join(request, spoken).await
}

/// Puts what was said of the parts of a narration together, each with the pause after it.
///
/// # Errors
/// [`ProviderError::Fatal`] when they don't fit together.
pub async fn join(request: &SpeechRequest, spoken: Vec<(Speech, f64)>) -> Result<Speech, ProviderError> {
    let (text, speed) = (request.text.clone(), request.speed);
    let joined = tokio::task::spawn_blocking(move || {
        let said: Result<Vec<Said>, _> = spoken.into_iter().map(|(speech, pause)| Said::of(speech, pause / speed)).collect();
        let (sound, pieces) = joined(said?)?;
        let seconds = sound.seconds();
        let words = pieces.and_then(|pieces| spoken::words(&text, &pieces, seconds));
        Ok(Speech { bytes: sound::wav(&sound), media_type: "audio/wav", seconds, words })
    });
    joined.await.map_err(|error| ProviderError::Fatal(format!("the thread that joined the narration stopped: {error}")))?
}

/// What was said of one part.
#[derive(Debug)]
struct Said {
    sound: Sound,
    /// What is heard when, if the vendor tells.
    pieces: Option<Vec<Piece>>,
    /// Seconds of silence after it.
    pause: f64,
}

impl Said {
    fn of(speech: Speech, pause: f64) -> Result<Self, ProviderError> {
        let unreadable = || unfit("one of them can't be decoded");
        let sound = sound::decode(&speech.bytes)?.ok_or_else(unreadable)?.sound;
        let piece = |word: WordTiming| Piece { text: word.word, start: word.start, end: word.end };
        Ok(Self { sound, pieces: speech.words.map(|words| words.into_iter().map(piece).collect()), pause })
    }
}

fn unfit(why: &str) -> ProviderError {
    ProviderError::Fatal(format!("the parts of this narration can't be joined, since {why}; ask for another take of it"))
}

/// Cuts a text into parts of at most `most` characters, each with the seconds of silence after it: between sentences if it can
/// be, else between clauses, else between words, else anywhere.
fn split(text: &str, most: usize) -> Vec<(String, f64)> {
    let mut parts = Vec::new();
    let mut rest = text.trim();
    while let Some((beyond, _)) = rest.char_indices().nth(most.max(1)) {
        let (end, pause) = last_cut(rest, beyond);
        parts.push((rest[..end].trim_end().to_owned(), pause));
        rest = rest[end..].trim_start();
    }
    if !rest.is_empty() {
        parts.push((rest.to_owned(), 0.0));
    }
    parts
}

/// The best place to cut within the first `beyond` bytes, with the pause there.
fn last_cut(text: &str, beyond: usize) -> (usize, f64) {
    let mut best = (beyond, 0.0);
    let mut before = ' ';
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let end = at + letter.len_utf8();
        if end > beyond {
            break;
        }
        let next = letters.peek().map_or(' ', |(_, next)| *next);
        // Closing quotes and brackets belong to what they close.
        let closes = |letter: char| matches!(letter, '"' | '”' | '’' | '»' | ')' | ']' | '」' | '』' | '）');
        let mark = if closes(letter) { before } else { letter };
        let dense = matches!(mark, '。' | '！' | '？' | '，' | '、' | '；' | '：');
        let pause = match mark {
            _ if closes(next) || !(dense || next.is_whitespace()) => None,
            '.' | '!' | '?' | '…' | '؟' | '।' | '。' | '！' | '？' => Some(AFTER_SENTENCE),
            ',' | ';' | ':' | '–' | '—' | '،' | '؛' | '，' | '、' | '；' | '：' => Some(AFTER_CLAUSE),
            _ => Some(AFTER_WORD),
        };
        if let Some(pause) = pause.filter(|pause| *pause >= best.1) {
            best = (end, pause);
        }
        if !closes(letter) {
            before = letter;
        }
    }
    best
}

/// Puts parts together, each followed by its pause instead of the silence that it brought along. The pieces are those of all,
/// if all have some.
fn joined(parts: Vec<Said>) -> Result<(Sound, Option<Vec<Piece>>), ProviderError> {
    let rate = parts.first().map_or(0, |said| said.sound.rate);
    if rate == 0 || parts.iter().any(|said| said.sound.rate != rate) {
        return Err(unfit("they came in different sample rates"));
    }
    let (count, per_second) = (parts.len(), f64::from(rate));
    let (mut samples, mut pieces) = (Vec::new(), Some(Vec::new()));
    for (index, Said { sound, pieces: own, pause }) in parts.into_iter().enumerate() {
        let audible = audible(&sound);
        // The outer ends stay as the vendor made them.
        let from = if index == 0 { 0 } else { audible.start };
        let to = if index + 1 == count { sound.samples.len() } else { audible.end };
        let offset = (samples.len() as f64 - from as f64) / per_second;
        let shifted =
            |piece: Piece| Piece { start: (piece.start + offset).max(0.0), end: (piece.end + offset).max(0.0), ..piece };
        pieces = pieces.zip(own).map(|(mut before, own)| {
            before.extend(own.into_iter().map(shifted));
            before
        });
        samples.extend(faded(&sound.samples[from..to], (FADE * per_second) as usize, index > 0, index + 1 < count));
        samples.resize(samples.len() + (pause * per_second) as usize, 0.0);
    }
    Ok((Sound { samples, rate }, pieces))
}

/// Where a sound is heard, with what belongs before and after.
fn audible(sound: &Sound) -> Range<usize> {
    let peak = sound.samples.iter().fold(0.0f32, |peak, sample| peak.max(sample.abs()));
    let loud = |sample: &f32| sample.abs() > AUDIBLE * peak;
    let margin = |seconds: f64| (seconds * f64::from(sound.rate)) as usize;
    let first = sound.samples.iter().position(loud).unwrap_or_default();
    let last = sound.samples.iter().rposition(loud).map_or(sound.samples.len(), |last| last + 1);
    first.saturating_sub(margin(BEFORE))..(last + margin(AFTER)).min(sound.samples.len())
}

/// The samples, coming from zero and going to it where they are joined.
fn faded(samples: &[f32], length: usize, inward: bool, outward: bool) -> Vec<f32> {
    let length = length.min(samples.len() / 2).max(1);
    let gain = |place: usize| match place < length {
        true => 0.5 - 0.5 * (std::f32::consts::PI * place as f32 / length as f32).cos(),
        false => 1.0,
    };
    let sample = |(index, sample): (usize, &f32)| {
        let rising = if inward { gain(index) } else { 1.0 };
        let falling = if outward { gain(samples.len() - 1 - index) } else { 1.0 };
        sample * rising * falling
    };
    samples.iter().enumerate().map(sample).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_are_cut_where_a_speaker_would_pause() {
        let check = |text: &str, most: usize, expected: &[(&str, f64)]| {
            let parts = split(text, most);
            let shown: Vec<(&str, f64)> = parts.iter().map(|(text, pause)| (text.as_str(), *pause)).collect();
            assert_eq!(shown, expected);
        };
        check(" All of it. ", 20, &[("All of it.", 0.0)]);
        check("One two. Three four. Five.", 21, &[("One two. Three four.", AFTER_SENTENCE), ("Five.", 0.0)]);
        check("One two three, four five six", 20, &[("One two three,", AFTER_CLAUSE), ("four five six", 0.0)]);
        check("One two three four", 9, &[("One two", AFTER_WORD), ("three", AFTER_WORD), ("four", 0.0)]);
        check("It is 3.50 now. Go", 16, &[("It is 3.50 now.", AFTER_SENTENCE), ("Go", 0.0)]);
        check("He said “no.” Then left", 15, &[("He said “no.”", AFTER_SENTENCE), ("Then left", 0.0)]);
        check("Unbreakable", 4, &[("Unbr", 0.0), ("eaka", 0.0), ("ble", 0.0)]);
        check("你好世界。今天天气", 7, &[("你好世界。", AFTER_SENTENCE), ("今天天气", 0.0)]);
        check("", 7, &[]);
    }

    fn said(seconds: f64, quiet: f64, pieces: Vec<Piece>, pause: f64) -> Said {
        let silence = vec![0.0; (quiet * 24_000.0) as usize];
        let length = (seconds * 24_000.0) as usize;
        // It comes and goes within a hundredth of a second.
        let gain = |index: usize| (index.min(length - index) as f32 / 240.0).min(1.0);
        let tone = (0..length).map(|index| 0.5 * gain(index) * (index as f32 * 0.05).cos());
        let samples = silence.iter().copied().chain(tone).chain(silence.iter().copied()).collect();
        Said { sound: Sound { samples, rate: 24_000 }, pieces: Some(pieces), pause }
    }

    #[test]
    fn parts_are_joined_without_clicks_and_times_move_along() {
        let piece = |start, end| Piece { text: "word".into(), start, end };
        let parts = vec![
            said(1.0, 0.0, vec![piece(0.0, 1.0)], AFTER_SENTENCE),
            said(1.0, 0.4, vec![piece(0.4, 1.4)], AFTER_CLAUSE),
            said(1.0, 0.4, vec![piece(0.4, 1.4)], 0.0),
        ];
        let (sound, pieces) = joined(parts).expect("one rate");
        let samples = &sound.samples;
        // The wave's own steepest step is 0.025.
        let step = samples.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
        assert!(step < 0.028, "a step of {step}");
        for (piece, start) in pieces.expect("all have some").iter().zip([0.0, 1.335, 2.56]) {
            assert!((piece.start - start).abs() < 0.002, "{piece:?} should begin at {start}");
        }
        let seconds = 1.0 + AFTER_SENTENCE + (BEFORE + 1.0 + AFTER) + AFTER_CLAUSE + (BEFORE + 1.0 + 0.4);
        assert!((sound.seconds() - seconds).abs() < 0.003);
    }

    #[test]
    fn parts_of_different_rates_are_not_joined_and_times_are_those_of_all() {
        let mut other = said(1.0, 0.0, Vec::new(), 0.0);
        other.sound.rate = 22_050;
        joined(vec![said(1.0, 0.0, Vec::new(), 0.1), other]).expect_err("two rates");
        let silent = Said { pieces: None, ..said(1.0, 0.0, Vec::new(), 0.0) };
        let (_, pieces) = joined(vec![said(1.0, 0.0, Vec::new(), 0.1), silent]).expect("one rate");
        assert_eq!(pieces, None);
    }

    proptest! {
        #[test]
        fn no_part_is_too_long_and_nothing_is_lost(text in "[a-c.,!? “”。é]{0,120}", most in 1usize..40) {
            let parts = split(&text, most);
            prop_assert!(parts.iter().all(|(text, _)| !text.is_empty() && text.chars().count() <= most));
            let letters = |text: &str| text.split_whitespace().collect::<String>();
            let all: String = parts.iter().map(|(text, _)| letters(text)).collect();
            prop_assert_eq!(all, letters(&text));
        }
    }
}
