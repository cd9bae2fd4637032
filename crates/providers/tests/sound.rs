//! What the local narrator and the local composer promise, measured on the sound itself.

use std::io::Cursor;

use model::caption::WordTiming;
use proptest::prelude::*;
use providers::composer::Composer;
use providers::espeak::{Espeak, voices};
use providers::music::{Music, MusicProvider, MusicRequest};
use providers::speech::{Speech, SpeechProvider, SpeechRequest};

/// Runs a future on this thread.
fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime needs no resources here").block_on(future)
}

fn speak(language: &str, text: &str) -> Result<Speech, String> {
    let request = SpeechRequest { text: text.to_owned(), language: language.to_owned(), ..SpeechRequest::default() };
    wait(Espeak.speak(&request, "")).map_err(|error| error.to_string())
}

/// The samples of a WAV from −1 to 1, channels interleaved, and its format.
fn samples(bytes: &[u8]) -> (Vec<f64>, hound::WavSpec) {
    let mut reader = hound::WavReader::new(Cursor::new(bytes)).expect("the provider wrote a WAV file");
    let samples = reader.samples::<i16>().map(|sample| f64::from(sample.expect("the file is complete")) / 32768.0).collect();
    (samples, reader.spec())
}

fn rms(samples: &[f64]) -> f64 {
    (samples.iter().map(|sample| sample * sample).sum::<f64>() / samples.len().max(1) as f64).sqrt()
}

/// What holds for the narration of any text.
fn check_speech(text: &str, speech: &Speech) -> Vec<WordTiming> {
    let (sound, format) = samples(&speech.bytes);
    assert_eq!((format.channels, format.sample_rate, format.bits_per_sample), (1, 22_050, 16));
    assert!((speech.seconds - sound.len() as f64 / 22_050.0).abs() < 1e-9);
    let words = speech.words.clone().expect("espeak-ng tells the times");
    let mut last = 0.0;
    for word in &words {
        assert!(word.start > last && word.end >= word.start && word.end <= speech.seconds, "{word:?} after {last} in {text:?}");
        last = word.start;
    }
    let squeeze = |text: &str| text.chars().filter(|character| !character.is_whitespace()).collect::<String>();
    assert_eq!(squeeze(&words.iter().map(|word| word.word.as_str()).collect::<String>()), squeeze(text));
    words
}

/// Looks in the sound itself for the beginning of each word after a pause and answers the farthest distance from the told
/// time, in seconds, and the number of such words.
fn worst_onset(speech: &Speech, words: &[WordTiming]) -> (f64, usize) {
    let (sound, _) = samples(&speech.bytes);
    let loud_from = |from: f64| {
        let mut at = (from * 22_050.0) as usize;
        while at + 88 < sound.len() && rms(&sound[at..at + 88]) < 0.008 {
            at += 11;
        }
        at as f64 / 22_050.0
    };
    let mut found = (0.0f64, 0);
    let mut last_end = 0.0;
    for word in words {
        if word.start - last_end > 0.08 {
            let error = loud_from((last_end + word.start) / 2.0) - word.start;
            found = (if error.abs() > found.0.abs() { error } else { found.0 }, found.1 + 1);
        }
        last_end = word.end;
    }
    found
}

#[test]
fn words_begin_in_the_sound_where_they_are_said_to_begin() {
    for (language, text) in [
        ("en", "Hello, brave new world! In 1969, well-known men – not 3.5 – walked. I am here, really; the end of the story."),
        ("pt-BR", "Olá, você sabia? O café da manhã, muito bom, custa R$ 15,50. Depois, vamos para a praia; tudo bem?"),
        ("es", "Hola, ¿sabías esto? El agua, en 1492, era clara. Después, todos fueron a la playa; nada más."),
        ("de", "Guten Tag, liebe Leute! Im Jahr 1989, im Herbst, fiel die Mauer. Danach, so heißt es, war alles anders."),
        ("fr", "Bonjour, le monde ! En 1789, à Paris, tout changea. Aujourd'hui, c'est l'heure : regardons."),
        ("ru", "Привет, мир! В 1961 году, весной, человек полетел в космос. Потом, конечно, всё изменилось."),
        ("ar", "مرحبا بالعالم، كيف حالك؟ اليوم، الطقس جميل جدا. شكرا لكم."),
        ("hi", "नमस्ते दुनिया, आज मौसम अच्छा है। कल, हम बाज़ार जाएंगे। धन्यवाद।"),
        ("zh", "你好，世界。今天天气很好，我们去公园。谢谢大家。"),
    ] {
        let speech = speak(language, text).expect("espeak-ng is installed");
        let words = check_speech(text, &speech);
        if language != "zh" {
            let letters = |word: &&str| word.chars().any(char::is_alphanumeric);
            assert_eq!(words.len(), text.split_whitespace().filter(letters).count(), "{language}");
        }
        let (error, count) = worst_onset(&speech, &words);
        assert!(error.abs() <= 0.03 && count >= 5, "{language}: {error:+.3} s over {count} pauses");
    }
}

#[test]
fn the_sound_has_measured_silence_around_it_and_an_even_level() {
    let speech = speak("en", "The quick brown fox jumps over the lazy dog.").expect("espeak-ng is installed");
    let (sound, _) = samples(&speech.bytes);
    let loud = |sample: &f64| sample.abs() > 0.005;
    let head = sound.iter().position(loud).expect("it speaks") as f64 / 22_050.0;
    let tail = sound.iter().rev().position(loud).expect("it speaks") as f64 / 22_050.0;
    assert!((0.115..0.15).contains(&head) && (0.345..0.39).contains(&tail), "{head} {tail}");
    let peak = sound.iter().fold(0.0f64, |peak, sample| peak.max(sample.abs()));
    assert!((0.3..0.85).contains(&peak), "{peak}");
    let level = 20.0 * rms(&sound).log10();
    assert!((-27.0..-17.0).contains(&level), "{level}");
}

#[test]
fn takes_differ_in_pace_and_are_repeatable() {
    let take = |take| {
        let request = SpeechRequest { text: "One take.".to_owned(), language: "en".to_owned(), take, ..SpeechRequest::default() };
        wait(Espeak.speak(&request, "")).expect("espeak-ng is installed").seconds
    };
    assert!((take(0) - take(5)).abs() > 0.04);
    // espeak-ng's breath noise is random, so that the trimmed ends differ by some milliseconds (13 seen).
    let (first, second) = (take(2), take(2));
    assert!((first - second).abs() < 0.03, "{first} {second}");
}

#[test]
fn refusals_are_plain_sentences() {
    let check = |language: &str, text: &str, expected: &str| {
        let error = speak(language, text).expect_err("there is nothing to speak");
        assert!(error.starts_with(expected), "{error}");
    };
    check("en", "", "The narration has no words to speak");
    check("en", " … – 😀 \u{7}", "The narration has no words to speak");
    check("qq", "Hello", "espeak-ng does not speak the language \"qq\"");
    assert!(Espeak.check("pt-BR", "+f3").is_ok());
    let error = Espeak.check("en", "xena").expect_err("there is no such voice").to_string();
    assert!(error.starts_with("espeak-ng has no voice \"xena\""), "{error}");
}

#[test]
fn every_listed_voice_and_variant_can_be_asked_for() {
    let voices = voices().expect("espeak-ng is installed");
    assert!(voices.len() > 100);
    for voice in &voices {
        Espeak.check("en", &voice.name).expect("a listed voice exists");
        if let Some(language) = voice.languages.first() {
            Espeak.check(language, "").expect("a listed language has a voice");
        }
    }
    let woman = SpeechRequest { text: "Olá.".into(), language: "pt-BR".into(), voice: "+f3".into(), ..SpeechRequest::default() };
    let (woman, man) = (wait(Espeak.speak(&woman, "")), speak("pt-BR", "Olá."));
    assert!(woman.expect("the variant exists").bytes != man.expect("espeak-ng is installed").bytes);
}

#[test]
fn long_and_odd_texts_are_spoken() {
    let long = "I am of the opinion that the man was there. It is a matter of fact, and 100% of <b>it</b> counts! ".repeat(100);
    let speech = speak("en", &long).expect("ten thousand characters are no trouble");
    assert_eq!(check_speech(&long, &speech).len(), long.split_whitespace().count());
    for text in
        ["palavra ".repeat(600), "a".repeat(3000), "x\u{1}5P [[h@loU]] <speak> &amp; \u{0} é́́ 😀😀 ok\r\n\r\nend".to_owned()]
    {
        check_speech(&text, &speak("pt-BR", &text).expect("it has letters"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_breaks_the_narration(text in "(\\PC{1,8}|[a-z]{1,9}|[0-9.,%-]{1,7}|[ก-๛ァ-ン一-丿]{1,9}| |\n){0,12}", language in "en|pt-BR|zh|hi|th") {
        match speak(&language, &text) {
            Ok(speech) => drop(check_speech(&text, &speech)),
            Err(message) => prop_assert!(message.contains("no words") || message.contains("can't pronounce"), "{}", message),
        }
    }
}

fn compose(prompt: &str, title: &str, take: u32) -> Music {
    let request = MusicRequest { prompt: prompt.to_owned(), title: title.to_owned(), take, ..MusicRequest::default() };
    wait(Composer.compose(&request, "")).expect("composing needs nothing from outside")
}

const MOODS: [&str; 12] =
    ["calm", "uplifting", "epic", "dark", "playful", "lofi", "documentary", "corporate", "sad", "energetic", "ambient", "space"];

#[test]
fn music_is_the_same_for_the_same_request_only() {
    let first = compose("calm", "The sea", 0);
    assert!(first == compose("calm", "The sea", 0));
    assert!(first != compose("calm", "The sea", 1));
    assert!(first != compose("calm", "The sky", 0));
    assert!(first != compose("sad", "The sea", 0));
}

#[test]
fn a_loop_is_a_whole_number_of_bars_at_the_wanted_tempo() {
    let music = compose("calm 100 bpm", "", 0);
    let bars = music.seconds / 2.4;
    assert!((bars - bars.round()).abs() < 1e-9 && (23.0..41.0).contains(&music.seconds), "{bars}");
}

#[test]
fn every_mood_is_clean_even_and_seamless() {
    for mood in MOODS {
        let music = compose(mood, "Loop", 0);
        let (sound, format) = samples(&music.bytes);
        assert_eq!((format.channels, format.sample_rate), (2, 48_000));
        assert!((music.seconds - sound.len() as f64 / 96_000.0).abs() < 1e-9 && (20.0..41.0).contains(&music.seconds));
        let peak = sound.iter().fold(0.0f64, |peak, sample| peak.max(sample.abs()));
        assert!((0.25..0.708).contains(&peak), "{mood}: peak {peak}");
        let mut meter = ebur128::EbuR128::new(2, 48_000, ebur128::Mode::I).expect("two channels are allowed");
        meter.add_frames_f64(&sound).expect("whole frames");
        let loudness = meter.loudness_global().expect("the mode measures it");
        assert!((-22.0..-16.5).contains(&loudness), "{mood}: {loudness} LUFS");
        for side in 0..2 {
            let side: Vec<f64> = sound.iter().skip(side).step_by(2).copied().collect();
            let mean = side.iter().sum::<f64>() / side.len() as f64;
            assert!(mean.abs() < 0.001, "{mood}: offset {mean}");
            check_seam(mood, &side);
        }
    }
}

/// The step from the last sample to the first must be like the steps around it, and so must the change of direction, which
/// gives a click away even where the step is small; and the sound must go on rather than fade out and in.
fn check_seam(mood: &str, side: &[f64]) {
    let around: Vec<f64> = side[side.len() - 480..].iter().chain(&side[..480]).copied().collect();
    let steps: Vec<f64> = around.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
    let bends: Vec<f64> = around.windows(3).map(|three| (three[2] - 2.0 * three[1] + three[0]).abs()).collect();
    let largest = |values: &[f64]| values.iter().fold(0.0f64, |largest, value| largest.max(*value));
    let beside = |values: &[f64], seam: std::ops::Range<usize>| largest(&values[..seam.start]).max(largest(&values[seam.end..]));
    assert!(steps[479] <= beside(&steps, 479..480) * 1.2 + 1e-4, "{mood}: step {} of {}", steps[479], beside(&steps, 479..480));
    assert!(largest(&bends[478..480]) <= beside(&bends, 478..480) * 1.2 + 1e-4, "{mood}: bend {}", largest(&bends[478..480]));
    let (before, after) = (rms(&side[side.len() - 2400..]), rms(&side[..2400]));
    assert!(before > 0.003 && after > 0.003 && (before / after).log10().abs() < 1.0, "{mood}: {before} then {after}");
}
