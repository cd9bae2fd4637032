//! Voices, and who finds the words in what they say.

use chrono::DateTime;
use model::words;
use providers::align::{AlignProvider, AlignRequest};
use providers::edge::Edge;
use providers::elevenlabs::alignment::ElevenLabsAlignment;
use providers::elevenlabs::speech::ElevenLabsSpeech;
use providers::espeak::Espeak;
use providers::gemini::speech::GeminiSpeech;
use providers::groq::GroqSpeech;
use providers::openai::speech::OpenAiSpeech;
use providers::parts::{self, Part};
use providers::simulator::{Fault, FaultKind};
use providers::sound::{self, Recording, Sound};
use providers::speech::{Speech, SpeechProvider, SpeechRequest};
use providers::vendor::Vendor;
use providers::{elevenlabs, gemini, groq, openai};

use super::setup::{World, key, outcome, start, waiting};

/// Each word is a sentence, so that there is silence before it.
const COUNTED: &str = "Once. Twice. Thrice. Enough.";

fn elevenlabs(world: &World, voice: Option<&str>) -> ElevenLabsSpeech {
    let api = elevenlabs::api(world.http.clone(), world.base(Vendor::ElevenLabs), key());
    ElevenLabsSpeech::new(api, "eleven_multilingual_v2".into(), voice.map(str::to_owned))
}

fn gemini(world: &World, model: &str) -> GeminiSpeech {
    let api = gemini::api(world.http.clone(), world.base(Vendor::Gemini), key());
    GeminiSpeech::new(api, model.into(), None, Some("calm".into()))
}

fn openai(world: &World) -> OpenAiSpeech {
    OpenAiSpeech::new(openai::api(world.http.clone(), world.base(Vendor::OpenAi), key()), "gpt-4o-mini-tts".into(), None)
}

fn groq(world: &World) -> GroqSpeech {
    let api = groq::api(world.http.clone(), world.base(Vendor::Groq), key());
    GroqSpeech::new(api, "canopylabs/orpheus-v1-english".into(), None)
}

fn edge(world: &World) -> Edge {
    Edge::new(world.http.clone(), &world.base(Vendor::Edge), None, || DateTime::UNIX_EPOCH)
}

/// All that speak, with whether they tell word times.
pub fn all(world: &World) -> Vec<(Box<dyn SpeechProvider>, &'static str, bool)> {
    vec![
        (Box::new(elevenlabs(world, None)), "elevenlabs", true),
        (Box::new(gemini(world, "gemini-3.8-flash-tts")), "gemini", false),
        (Box::new(gemini(world, "gemini-2.5-flash-preview-tts")), "gemini", false),
        (Box::new(openai(world)), "openai", false),
        (Box::new(groq(world)), "groq", false),
        (Box::new(edge(world)), "edge", true),
        (Box::new(Espeak), "espeak", true),
    ]
}

pub fn request(text: &str) -> SpeechRequest {
    SpeechRequest { text: text.into(), language: "en".into(), ..SpeechRequest::default() }
}

/// The sound of a narration whose file is what it says it is.
#[track_caller]
fn heard(speech: &Speech) -> Sound {
    let decoded = sound::decode(&speech.bytes).expect("ffmpeg is installed").expect("a sound");
    let Recording { media_type, sound, whole } = decoded;
    assert!(whole, "it is cut off");
    assert_eq!(media_type, speech.media_type);
    assert!((sound.seconds() - speech.seconds).abs() < 0.5 / f64::from(sound.rate), "{} {}", sound.seconds(), speech.seconds);
    if media_type == "audio/wav" {
        // Players that do not read further than the header are told the truth too.
        let size = u32::from_le_bytes(speech.bytes[40..44].try_into().expect("four bytes"));
        assert_eq!((&speech.bytes[36..40], size as usize), (b"data".as_slice(), speech.bytes.len() - 44));
    }
    sound
}

/// When sound begins after at least a tenth of a second of silence, in seconds.
fn onsets(sound: &Sound) -> Vec<f64> {
    let window = sound.rate as usize / 200;
    let peak = sound.samples.iter().fold(0.0f32, |peak, sample| peak.max(sample.abs()));
    let (mut onsets, mut silent) = (Vec::new(), 20);
    for (index, part) in sound.samples.chunks(window).enumerate() {
        let loud = part.iter().any(|sample| sample.abs() > 0.04 * peak);
        if loud && silent >= 20 {
            onsets.push((index * window) as f64 / f64::from(sound.rate));
        }
        silent = if loud { 0 } else { silent + 1 };
    }
    onsets
}

#[tokio::test]
async fn narrations_are_whole_and_words_are_when_they_are_heard() {
    let world = start();
    for (voices, vendor, timed) in all(&world) {
        world.simulator.forget();
        let speech = voices.speak(&request(COUNTED), "order-1").await.expect("a narration");
        let onsets = onsets(&heard(&speech));
        assert_eq!(voices.vendor(), vendor);
        assert_eq!(onsets.len(), 4, "{vendor}: {onsets:?}");
        assert_eq!(speech.words.is_some(), timed, "{vendor}");
        let told = speech.words.unwrap_or_default();
        for (word, onset) in told.iter().zip(&onsets) {
            assert!((word.start - onset).abs() <= 0.05, "{vendor}: {} at {}, heard at {onset}", word.word, word.start);
        }
        if timed {
            let spelled: Vec<&str> = told.iter().map(|word| word.word.as_str()).collect();
            assert_eq!(spelled, words::cut(COUNTED));
            assert!(told.iter().all(|word| word.start < word.end && word.end <= speech.seconds), "{vendor}: {told:?}");
        }
        let calls = world.calls("speech");
        match vendor {
            "espeak" => assert!(calls.is_empty()),
            // A websocket's talk has no such header.
            "edge" => assert_eq!(calls.len(), 1),
            _ => assert_eq!(calls[0].idempotency_key.as_deref(), Some("order-1"), "{vendor}"),
        }
        assert!(calls.iter().all(|call| call.details["prompt"] == COUNTED), "{vendor}: every word is sent as it is");
    }
}

#[tokio::test]
async fn speed_is_everybodys() {
    let world = start();
    for (voices, vendor, _) in all(&world) {
        let seconds = async |speed| {
            let request = SpeechRequest { speed, ..request("It is quite a long way to the moon and back again.") };
            voices.speak(&request, "").await.expect("a narration").seconds
        };
        let (usual, fast) = (seconds(1.0).await, seconds(1.2).await);
        // Pauses at the ends are not spoken faster by all.
        assert!((1.1..1.25).contains(&(usual / fast)), "{vendor}: {usual} s and {fast} s");
    }
}

#[tokio::test]
async fn what_is_said_otherwise_is_still_the_text() {
    let world = start();
    let text = "“R&D” costs <b>5 %</b> — it's 1,969 dollars… 😀";
    for (voices, vendor, timed) in all(&world).into_iter().filter(|(_, _, timed)| *timed) {
        let speech = voices.speak(&request(text), "").await.expect("a narration");
        let Some(told) = speech.words.filter(|_| timed) else { continue };
        // espeak-ng's own words are cut a little differently.
        let spelled: String = told.iter().flat_map(|word| word.word.split_whitespace()).collect();
        assert_eq!(spelled, text.split_whitespace().collect::<String>(), "{vendor}");
        assert!(told.windows(2).all(|pair| pair[0].start <= pair[1].start), "{vendor}: {told:?}");
        assert!(told.iter().all(|word| word.end <= speech.seconds), "{vendor}: {told:?}");
    }
}

#[tokio::test]
async fn long_texts_are_said_in_parts_that_join_without_clicks() {
    let world = start();
    let sentence = "The moon is far away, and yet people went there in a small ship, walked around, and came back home. ";
    let check = async |voices: &dyn SpeechProvider, count: usize, most: usize, count_of_parts: usize| {
        world.simulator.forget();
        let text = sentence.repeat(count);
        let speech = parts::speak(voices, &request(&text), "order-2").await.expect("a narration");
        let calls = world.calls("speech");
        assert_eq!(calls.len(), count_of_parts);
        let prompts: Vec<&str> = calls.iter().filter_map(|call| call.details["prompt"].as_str()).collect();
        assert!(prompts.iter().all(|prompt| prompt.chars().count() <= most && prompt.ends_with('.')), "{prompts:?}");
        assert_eq!(prompts.join(" "), text.trim());
        let keys: Vec<_> = calls.iter().filter_map(|call| call.idempotency_key.clone()).collect();
        let expected: Vec<_> = (1..=count_of_parts).map(|part| format!("order-2-{part}")).collect();
        assert!(keys.is_empty() && voices.vendor() == "edge" || keys == expected, "{keys:?}");
        let sound = heard(&speech);
        let joints = joints(&sound);
        assert_eq!(joints.len(), count_of_parts - 1, "{joints:?}");
        // A voice begins and ends with small steps of its own; a click would stand out even among those within its words.
        let loudest = sound.samples.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
        for step in joints {
            assert!(step < 0.01 && step < 0.1 * loudest, "a step of {step} at a joint, {loudest} within words");
        }
        speech
    };
    check(&groq(&world), 5, 200, 3).await;
    let speech = check(&edge(&world), 16, 1500, 2).await;
    let told = speech.words.as_deref().expect("Edge tells");
    assert_eq!(told.len(), words::cut(&sentence.repeat(16)).len());
    let last = told.last().expect("words");
    assert!(speech.seconds - last.end < 1.0, "{last:?} of {}", speech.seconds);
    // The first word of each sentence is heard after a pause.
    let onsets = onsets(&heard(&speech));
    for word in told.iter().filter(|word| word.word == "The") {
        let nearest = onsets.iter().map(|onset| (onset - word.start).abs()).fold(f64::MAX, f64::min);
        assert!(nearest <= 0.06, "{word:?}");
    }
}

#[tokio::test]
async fn what_fits_into_one_call_is_asked_for_as_it_is() {
    let world = start();
    for (voices, vendor, _) in all(&world) {
        let request = request(" Once,  upon a time. ");
        assert_eq!(parts::of(&*voices, &request), [Part { request, pause: 0.0 }], "{vendor}");
    }
    // Signs that would be a call of their own are not sent.
    let signs = request(&format!("{} {}", "word ".repeat(38).trim_end(), "… ".repeat(40)));
    let cut = parts::of(&groq(&world), &signs);
    assert_eq!((cut.len(), cut[0].pause), (1, 0.0), "{cut:?}");
    let only_signs = request(&"… ".repeat(200));
    assert_eq!(parts::of(&groq(&world), &only_signs), [Part { request: only_signs, pause: 0.0 }]);
}

/// The greatest step between two samples within a millisecond of each silence that was put in.
fn joints(sound: &Sound) -> Vec<f32> {
    let near = sound.rate as usize / 1000;
    let mut joints = Vec::new();
    let mut from = 0;
    for run in sound.samples.chunk_by(|a, b| (*a == 0.0) == (*b == 0.0)) {
        let to = from + run.len();
        if run[0] == 0.0 && run.len() > sound.rate as usize / 4 && from > 0 && to < sound.samples.len() {
            let around = &sound.samples[from.saturating_sub(near)..(to + near).min(sound.samples.len())];
            joints.push(around.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max));
        }
        from = to;
    }
    joints
}

#[tokio::test]
async fn files_that_were_streamed_get_their_length() {
    let world = start();
    for (voices, vendor, _) in all(&world).into_iter().filter(|(_, vendor, _)| ["gemini", "openai", "groq"].contains(vendor)) {
        world.misbehave(vendor, "speech", FaultKind::StreamedWav, Some(1));
        let speech = voices.speak(&request(COUNTED), "").await.expect("a narration");
        assert!(heard(&speech).seconds() > 1.0, "{vendor}");
    }
}

#[tokio::test]
async fn every_fault_has_its_class() {
    // Columns: those that are asked by HTTP, and Edge, which charges nothing and has no key.
    let table: [(Fault, &str, &str); 15] = [
        (FaultKind::Unauthorized.into(), "unavailable", "unavailable"),
        (FaultKind::PaymentRequired.into(), "quota", "unavailable"),
        (FaultKind::ModelNotFound.into(), "unavailable", "unavailable"),
        (FaultKind::RateLimited.into(), "retry", "retry"),
        (waiting(FaultKind::RateLimited), "retry in 7 s", "retry in 7 s"),
        (waiting(FaultKind::Unavailable), "retry in 7 s", "retry in 7 s"),
        (FaultKind::Empty.into(), "retry", "retry"),
        (FaultKind::WrongMediaType.into(), "retry", "retry"),
        // It was paid for, and what has become of it is not known.
        (FaultKind::Cut.into(), "unknown", "retry"),
        (FaultKind::Drip.into(), "ok", "ok"),
        (FaultKind::Latency.into(), "ok", "ok"),
        (FaultKind::Refusal.into(), "refused", "retry"),
        (Fault { status: Some(200), ..FaultKind::Html.into() }, "retry", "unavailable"),
        (FaultKind::Html.into(), "retry", "retry"),
        (FaultKind::ServerError.into(), "retry", "retry"),
    ];
    for (voices, vendor, _) in all(&start()).into_iter().filter(|(_, vendor, _)| *vendor != "espeak") {
        drop(voices);
        let world = start();
        let model = if vendor == "gemini" { "both" } else { "" };
        for voices in all(&world).into_iter().filter(|(_, known, _)| *known == vendor).map(|(voices, ..)| voices) {
            for (fault, by_http, by_edge) in &table {
                world.misbehave(vendor, "speech", fault.clone(), Some(1));
                let result = voices.speak(&request("Good."), "").await;
                let expected = if vendor == "edge" { by_edge } else { by_http };
                assert_eq!(outcome(&result), *expected, "{vendor} {model} {fault:?}: {result:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_silent_edge_is_left_alone_like_everybody_else() {
    let check = async |fault: FaultKind, expected: &str, arrived: usize| {
        let world = start();
        let voices = edge(&world);
        world.misbehave("edge", "speech", fault, None);
        for _ in 0..5 {
            voices.speak(&request("Good."), "").await.expect_err("it is in trouble");
        }
        world.simulator.behave();
        let sixth = voices.speak(&request("Good."), "").await;
        assert!(outcome(&sixth).starts_with(expected), "{fault:?}: {sixth:?}");
        assert_eq!(world.calls("speech").len(), arrived, "{fault:?}");
    };
    check(FaultKind::ServerError, "retry in", 5).await;
    check(FaultKind::Cut, "retry in", 5).await;
    // Whoever says no is there.
    check(FaultKind::RateLimited, "ok", 6).await;
}

#[tokio::test]
async fn broken_json_is_only_a_trouble_where_there_is_json() {
    let world = start();
    for (voices, vendor, timed) in all(&world).into_iter().filter(|(_, vendor, _)| *vendor != "espeak") {
        world.misbehave(vendor, "speech", FaultKind::MalformedJson, Some(1));
        let result = voices.speak(&request("Good."), "").await;
        let expected = if ["elevenlabs", "gemini"].contains(&vendor) { "retry" } else { "ok" };
        assert_eq!(outcome(&result), expected, "{vendor}");
        // Edge's times were in the messages that could not be read, so that the aligner is asked.
        assert!(!timed || result.is_err() || result.is_ok_and(|speech| speech.words.is_none()), "{vendor}");
    }
}

#[tokio::test]
async fn nothing_to_say_is_never_sent() {
    let world = start();
    for (voices, vendor, _) in all(&world) {
        let result = voices.speak(&request(" … — "), "").await;
        assert_eq!(outcome(&result), "fatal", "{vendor}");
    }
    assert!(world.simulator.calls().is_empty());
}

#[tokio::test]
async fn voices_can_be_chosen_from_the_list() {
    let world = start();
    let check = async |voices: &dyn SpeechProvider, wanted: &str, expected: &str| {
        world.simulator.forget();
        let request = SpeechRequest { voice: wanted.into(), ..request("Good.") };
        voices.speak(&request, "").await.expect("a narration");
        assert_eq!(world.calls("speech")[0].details["voice"], expected);
    };
    check(&elevenlabs(&world, None), "", "21m00Tcm4TlvDq8ikWAM").await;
    check(&elevenlabs(&world, None), "george", "JBFqnCBsd6RMkjVDRZzb").await;
    check(&elevenlabs(&world, Some("Daniel")), "", "onwK4e9ZLuTAKqWW03F9").await;
    check(&elevenlabs(&world, None), "aB3dE6gH9jK2mN5pQ8sT", "aB3dE6gH9jK2mN5pQ8sT").await;
    check(&gemini(&world, "gemini-3.8-flash-tts"), "puck", "Puck").await;
    check(&groq(&world), "Fritz-PlayAI", "troy").await;
    check(&edge(&world), "en-GB-RyanNeural", "en-GB-RyanNeural").await;
    for (voices, vendor, _) in all(&world).into_iter().filter(|(_, vendor, _)| *vendor != "openai") {
        let list = voices.voices().await.expect("a list");
        assert!(list.len() > 5 && list.iter().all(|voice| !voice.id.is_empty() && !voice.label.is_empty()), "{vendor}");
        assert!(list.iter().any(|voice| voice.female == Some(true)), "{vendor}");
        assert_eq!(list.iter().any(|voice| voice.preview.is_some()), vendor == "elevenlabs");
        voices.check("en", &list[0].id).expect("what is listed can be chosen");
    }
}

#[tokio::test]
async fn voices_that_do_not_exist_are_refused() {
    let world = start();
    let check = async |voices: &dyn SpeechProvider, wanted: &str, expected: &str| {
        let request = SpeechRequest { voice: wanted.into(), ..request("Good.") };
        let result = voices.speak(&request, "").await;
        assert_eq!(outcome(&result), "fatal", "{wanted}: {result:?}");
        let error = result.expect_err("no such voice").to_string();
        assert!(error.starts_with(expected), "{error}");
    };
    check(&elevenlabs(&world, None), "Nobody", "ElevenLabs has no voice \"Nobody\" in this account").await;
    check(&elevenlabs(&world, None), "../music", "ElevenLabs has no voice \"../music\" in this account").await;
    check(&elevenlabs(&world, None), "missing8901234567890", "ElevenLabs has no such voice in this account").await;
    check(&gemini(&world, "gemini-3.8-flash-tts"), "Nobody", "Gemini has no voice \"Nobody\"; choose one of").await;
    check(&groq(&world), "Nobody", "Groq has no English voice \"Nobody\"; choose one of").await;
    check(&edge(&world), "en-US-NobodyNeural", "Edge has no voice \"en-US-NobodyNeural\"").await;
    check(&edge(&world), "Nobody", "Edge has no voice \"Nobody\"; its voices have names such as").await;
}

#[tokio::test]
async fn gemini_is_told_the_style_apart_from_the_text() {
    let world = start();
    gemini(&world, "gemini-3.8-flash-tts").speak(&request("Good."), "").await.expect("a narration");
    let call = world.calls("speech").remove(0);
    assert_eq!((&call.details["prompt"], &call.details["style"]), (&"Good.".into(), &"calm".into()));
}

#[tokio::test]
async fn arabic_has_a_model_of_its_own_at_groq() {
    let world = start();
    let request = SpeechRequest { language: "ar".into(), ..request("مرحبا بكم في القمر.") };
    groq(&world).speak(&request, "").await.expect("a narration");
    let call = world.calls("speech").remove(0);
    assert_eq!((call.model.as_str(), &call.details["voice"]), ("canopylabs/orpheus-arabic-saudi", &"noura".into()));
}

#[tokio::test]
async fn elevenlabs_finds_the_words_of_a_narration() {
    let world = start();
    let speech = elevenlabs(&world, None).speak(&request(COUNTED), "").await.expect("a narration");
    let onsets = onsets(&heard(&speech));
    let api = elevenlabs::api(world.http.clone(), world.base(Vendor::ElevenLabs), key());
    let aligner = ElevenLabsAlignment::new(api, "forced-alignment".into());
    let request = AlignRequest {
        sound: speech.bytes,
        sound_media_type: speech.media_type.into(),
        seconds: speech.seconds,
        text: COUNTED.into(),
        language: "en".into(),
    };
    let aligned = aligner.align(&request, "order-3").await.expect("words");
    assert_eq!((aligned.words.len(), aligned.estimated), (4, None));
    for (word, onset) in aligned.words.iter().zip(onsets) {
        assert!((word.start - onset).abs() <= 0.05, "{word:?} heard at {onset}");
    }
    assert_eq!(world.calls("align")[0].idempotency_key.as_deref(), Some("order-3"));
    let table = [
        (FaultKind::Unauthorized, "unavailable"),
        (FaultKind::PaymentRequired, "quota"),
        (FaultKind::RateLimited, "retry"),
        (FaultKind::Empty, "retry"),
        (FaultKind::MalformedJson, "retry"),
        (FaultKind::Cut, "unknown"),
        (FaultKind::Drip, "ok"),
        (FaultKind::WrongMediaType, "ok"),
        (FaultKind::Html, "retry"),
        (FaultKind::ServerError, "retry"),
    ];
    for (fault, expected) in table {
        world.misbehave("elevenlabs", "align", fault, Some(1));
        assert_eq!(outcome(&aligner.align(&request, "").await), expected, "{fault:?}");
    }
}

#[tokio::test]
async fn probes_say_what_works() {
    let world = start();
    let elevenlabs = elevenlabs::api(world.http.clone(), world.base(Vendor::ElevenLabs), key());
    let groq = groq::api(world.http.clone(), world.base(Vendor::Groq), key());
    let works = |model: &str| Ok(format!("key works, model {model} is there"));
    assert_eq!(elevenlabs::probe(&elevenlabs, "eleven_multilingual_v2").await, works("eleven_multilingual_v2"));
    assert_eq!(outcome(&elevenlabs::probe(&elevenlabs, "eleven_v0").await), "unavailable");
    assert_eq!(groq::probe(&groq, "canopylabs/orpheus-v1-english").await, works("canopylabs/orpheus-v1-english"));
    assert_eq!(outcome(&groq::probe(&groq, "playai-tts").await), "unavailable");
    for vendor in ["elevenlabs", "groq"] {
        world.misbehave(vendor, "models", FaultKind::Unauthorized, Some(1));
    }
    assert_eq!(outcome(&elevenlabs::probe(&elevenlabs, "eleven_multilingual_v2").await), "unavailable");
    assert_eq!(outcome(&groq::probe(&groq, "canopylabs/orpheus-v1-english").await), "unavailable");
}
