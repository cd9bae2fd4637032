//! What the aligner promises: words where they are heard, and an honest word where it can't tell.
//!
//! The large measurement is `cargo bench --bench alignment`; this is the part of it that would notice a break.

#[path = "../benches/alignment/score.rs"]
#[allow(dead_code, reason = "the measurement uses more of it")]
mod score;
#[path = "../benches/alignment/sentences.rs"]
mod sentences;
#[path = "../benches/alignment/speakers.rs"]
#[allow(dead_code, reason = "the measurement uses more of it")]
mod speakers;
#[path = "../benches/alignment/spoil.rs"]
#[allow(dead_code, reason = "the measurement uses more of it")]
mod spoil;

use bytes::Bytes;
use model::caption::WordTiming;
use proptest::prelude::*;
use providers::align::{AlignProvider, AlignRequest, Aligned};
use providers::aligner::Aligner;
use score::{Errors, share};
use sentences::LANGUAGES;
use speakers::{FESTIVAL, Spoken, VARIANTS};
use spoil::{CONDITIONS, Condition, File, spoil};

fn align(text: &str, language: &str, file: &File) -> Aligned {
    let request = AlignRequest {
        sound: file.bytes.clone(),
        sound_media_type: file.media_type.to_owned(),
        seconds: file.seconds,
        text: text.to_owned(),
        language: language.to_owned(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime needs no resources here");
    let aligned = runtime.block_on(Aligner.align(&request, "")).expect("the sound can be read");
    check_order(text, &aligned.words, file.seconds);
    aligned
}

/// What holds for any sound and text.
#[track_caller]
fn check_order(text: &str, words: &[WordTiming], seconds: f64) {
    let spelled: Vec<&str> = words.iter().map(|word| word.word.as_str()).collect();
    assert_eq!(spelled, model::words::cut(text));
    let mut last = 0.0;
    for word in words {
        assert!(word.start >= last && word.end >= word.start && word.end <= seconds, "{word:?} after {last} of {seconds}");
        last = word.end;
    }
}

fn speak(text: &str, language: &str, variant: usize) -> Spoken {
    speakers::espeak(text, language, &VARIANTS[variant]).expect("espeak-ng speaks all languages of this test")
}

fn file(spoken: &Spoken, condition: Condition) -> (File, Vec<WordTiming>) {
    let mut spoken = spoken.clone();
    let file = spoil(&mut spoken, condition).expect("the sound can be written");
    (file, spoken.words)
}

#[track_caller]
fn check_errors(errors: &Errors, starts: (f64, f64), ends: (f64, f64)) {
    let found = [&errors.starts, &errors.ends].map(|values| (share(values, 0.5), share(values, 0.95)));
    assert!(found[0].0 <= starts.0 && found[0].1 <= starts.1, "starts: {:?}", found[0]);
    assert!(found[1].0 <= ends.0 && found[1].1 <= ends.1, "ends: {:?}", found[1]);
    assert_eq!(errors.estimated, 0, "of {}", errors.sentences);
}

#[test]
fn words_are_found_whoever_speaks_and_however_it_sounds() {
    let mut errors = Errors::default();
    for (number, language) in ["en", "pt-BR", "es", "de"].into_iter().enumerate() {
        let sentences = LANGUAGES.iter().find(|known| known.tag == language).expect("it is in the list").sentences;
        for (index, text) in sentences.iter().take(3).enumerate() {
            let (file, truth) = file(&speak(text, language, index), CONDITIONS[(3 * number + index) % CONDITIONS.len()]);
            let aligned = align(text, language, &file);
            errors.add(&aligned.words, &truth, aligned.estimated.is_some()).expect("the words are the same");
        }
    }
    check_errors(&errors, (0.012, 0.06), (0.015, 0.12));
}

/// Another synthesiser, whose sounds have nothing in common with those of espeak-ng. It is installed with the tests on
/// Debian and Ubuntu; without it there is nothing to measure.
#[test]
fn words_are_found_in_a_voice_of_another_make() {
    let folder = tempfile::tempdir().expect("there is room for a few sentences");
    for voice in FESTIVAL.iter().filter(|voice| ["kal_diphone", "lp_diphone"].contains(&voice.voice)) {
        let sentences = LANGUAGES.iter().find(|known| known.tag == voice.language).expect("it is in the list").sentences;
        let sentences = &sentences[1..5];
        let Some(spoken) = speakers::festival(sentences, voice, folder.path()).expect("festival tells its words") else {
            continue;
        };
        let mut errors = Errors::default();
        for (index, (text, spoken)) in sentences.iter().zip(&spoken).enumerate() {
            let (file, truth) = file(spoken, CONDITIONS[2 * index % CONDITIONS.len()]);
            let aligned = align(text, voice.language, &file);
            errors.add(&aligned.words, &truth, aligned.estimated.is_some()).expect("the words are the same");
        }
        check_errors(&errors, (0.03, 0.12), (0.035, 0.15));
    }
}

#[test]
fn texts_of_all_kinds_keep_their_words() {
    for (text, language) in [
        ("", "en"),
        ("Go!", "en"),
        ("1969", "en"),
        ("Dr. Smith paid $5.50 & left at 7 p.m. – really?", "en"),
        ("🚀 … 🎉", "en"),
        ("🚀 Ready — 100 % “sure” 🎉!", "en"),
        ("你好，世界。我们登上了月球，大家都很高兴。", "zh"),
        ("今日はとてもいい天気ですね。", "ja"),
        ("สวัสดีครับวันนี้อากาศดีมาก", "th"),
        ("Привет, мир! В 1961 году человек полетел в космос.", "ru"),
        ("مرحبا بالعالم، اليوم جميل.", "ar"),
    ] {
        let spoken = if text.chars().any(char::is_alphanumeric) { text } else { "Hello there." };
        let aligned = align(text, language, &file(&speak(spoken, language, 0), Condition::Noise).0);
        let spoken_as_written = spoken == text && !text.is_empty();
        assert!(!spoken_as_written || aligned.estimated.is_none(), "{text}: {:?}", aligned.estimated);
    }
}

#[track_caller]
fn check_estimated(text: &str, language: &str, file: &File, why: &str) {
    let estimated = align(text, language, file).estimated.unwrap_or_default();
    assert!(estimated.contains(why), "{estimated:?}");
}

#[test]
fn what_can_not_be_measured_is_called_an_estimate() {
    let (text, other) = (LANGUAGES[0].sentences[0], LANGUAGES[0].sentences[3]);
    let spoken = speak(text, "en", 0);
    let (clean, _) = file(&spoken, Condition::Clean);
    check_estimated(other, "en", &clean, "does not sound like this text");
    check_estimated(&format!("{text} {text} {text} {text}"), "en", &clean, "can't be this text");
    check_estimated(text, "qq", &clean, "espeak-ng does not speak the language");
    let silence = Spoken { samples: vec![0.0; 40_000], ..spoken };
    check_estimated(text, "en", &file(&silence, Condition::Clean).0, "silent");
    let noise = file(&silence, Condition::Silence).0;
    assert!((align(text, "en", &noise).words.last().map_or(0.0, |word| word.end) - noise.seconds).abs() < 0.1);
}

#[test]
fn damaged_and_distorted_sounds_are_read_as_far_as_they_go() {
    let text = LANGUAGES[0].sentences[4];
    let mut spoken = speak(text, "en", 1);
    let median = |file: &File, truth: &[WordTiming]| {
        let aligned = align(text, "en", file);
        let errors: Vec<f64> = aligned.words.iter().zip(truth).map(|(one, other)| (one.start - other.start).abs()).collect();
        assert_eq!(aligned.estimated, None);
        share(&errors, 0.5)
    };
    // The file ends before the text does; the words that are there are still found.
    let (mut cut, truth) = file(&spoken, Condition::Clean);
    cut.bytes = cut.bytes.slice(..cut.bytes.len() * 9 / 10);
    cut.seconds *= 0.9;
    let error = median(&cut, &truth);
    assert!(error < 0.04, "{error}");
    spoken.samples.iter_mut().for_each(|sample| *sample = (*sample * 12.0).clamp(-1.0, 1.0));
    let (clipped, truth) = file(&spoken, Condition::Clean);
    let error = median(&clipped, &truth);
    assert!(error < 0.02, "{error}");
}

#[test]
fn formats_that_ffmpeg_reads_give_the_same_times() {
    let text = LANGUAGES[0].sentences[1];
    let (wav, _) = file(&speak(text, "en", 0), Condition::Clean);
    let expected = align(text, "en", &wav).words;
    let folder = tempfile::tempdir().expect("there is room for a sentence");
    let source = folder.path().join("voice.wav");
    std::fs::write(&source, &wav.bytes).expect("there is room for a sentence");
    for (name, media_type) in [("voice.m4a", "audio/mp4"), ("voice.ogg", "audio/ogg"), ("voice.flac", "audio/flac")] {
        let target = folder.path().join(name);
        let made = std::process::Command::new("ffmpeg").args(["-v", "error", "-i"]).arg(&source).arg(&target).status();
        assert!(made.expect("ffmpeg is installed").success(), "{name}");
        let bytes = Bytes::from(std::fs::read(&target).expect("ffmpeg has written it"));
        let found = align(text, "en", &File { bytes, media_type, seconds: wav.seconds });
        let errors: Vec<f64> = found.words.iter().zip(&expected).map(|(one, other)| (one.start - other.start).abs()).collect();
        assert!(found.estimated.is_none() && share(&errors, 0.95) < 0.05, "{name}: {errors:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any text beside any sound: no panic, and the times are in order.
    #[test]
    fn nothing_breaks_the_order(
        text in "([a-zA-Z0-9àßя你はก%&😀]{0,8}[,.!…—]?[ \n]?){0,12}", length in 1usize..40_000, rate in 4_000u32..50_000,
        loud in 0.0f32..1.0, seconds in 0.0f64..4.0,
    ) {
        let wave = |at: usize| ((at as f32 * 0.03).sin() + (at as f32 * 0.0004).sin()) * 0.5 * loud;
        let spoken = Spoken { samples: (0..length).map(wave).collect(), rate, words: Vec::new() };
        let (mut file, _) = file(&spoken, Condition::Clean);
        if seconds > 0.5 {
            file.seconds = seconds;
        }
        align(&text, "en", &file);
    }
}
