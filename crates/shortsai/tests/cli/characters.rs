//! Scripts that name characters, a picture to go by, voices of single scenes and music of the user's own.

use providers::simulator::{Options, Simulator};
use sha2::{Digest, Sha256};

use crate::bad_input::refused;
use crate::desk::{Desk, Ended};

fn hash(desk: &Desk, name: &str) -> String {
    let file = std::fs::read(desk.path(name)).expect("it is there");
    Sha256::digest(file).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A second of a tone, as a WAV.
fn tone() -> Vec<u8> {
    const RATE: u32 = 8_000;
    let samples = (0..RATE).map(|n| ((f64::from(n) * 0.3).sin() * 9_000.0) as i16);
    let data: Vec<u8> = samples.flat_map(i16::to_le_bytes).collect();
    let mut wav = b"RIFF".to_vec();
    wav.extend((36 + data.len() as u32).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend(RATE.to_le_bytes());
    wav.extend((RATE * 2).to_le_bytes());
    wav.extend(b"\x02\0\x10\0data");
    wav.extend((data.len() as u32).to_le_bytes());
    wav.extend(data);
    wav
}

/// A script that is quick to make, with this front matter.
fn script(desk: &Desk, front: &str, body: &str) {
    desk.write("it.md", format!("---\nsize: 180x320\nfps: 24\n{front}\n---\n\n{body}"));
}

#[test]
fn vendors_that_see_are_shown_who_and_what_to_draw_after() {
    let simulator = Simulator::start(([127, 0, 0, 1], 0).into(), Options::default()).expect("a free port");
    let desk = Desk::new();
    for name in ["ana.png", "bob.jpg", "style.png"] {
        desk.picture(name);
    }
    // The pictures are alike; notes at their ends make them different files.
    let changed = [std::fs::read(desk.path("style.png")).expect("it is there"), b"style".to_vec()].concat();
    desk.write("style.png", changed);
    let make = || {
        simulator.forget();
        let mut command = desk.command(&["make", "it.md"]);
        command.env("GEMINI_API_KEY", "key").env("SHORTSAI_VENDOR_BASE", simulator.base());
        let ended = Ended::of(command.output().expect("the program starts"));
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let mut calls: Vec<_> = simulator.calls().into_iter().filter(|call| call.ability == "image").collect();
        calls.sort_by_key(|call| call.details["prompt"].as_str().map(str::to_owned));
        calls
    };
    let front = |characters: &str| {
        format!(
            "music: none\nimage-vendor: gemini\nspeech-vendor: espeak\nreference: style.png\ncharacters:\n  Ana:\n    picture: \
             ana.png\n    description: a tall woman\n{characters}"
        )
    };
    let body = "![Ana on a hill]\n\nUp.\n\n![the sea]\n\nDown.\n";
    script(&desk, &front("  Bob: bob.jpg"), body);
    let calls = make();
    let [ana, bob, style] = ["ana.png", "bob.jpg", "style.png"].map(|name| hash(&desk, name));
    let seen = |call: &providers::simulator::Entry| call.details["referenceHashes"].clone();
    assert_eq!(calls.len(), 2);
    assert_eq!(seen(&calls[0]), serde_json::json!([ana, style]), "only whoever is named");
    assert_eq!(seen(&calls[1]), serde_json::json!([ana, bob, style]), "everybody where nobody is named");
    let prompt = calls[0].details["prompt"].as_str().expect("a prompt");
    for words in ["Ana on a hill", "Ana: a tall woman", "Ana looks as in the picture of Ana", "style picture"] {
        assert!(prompt.contains(words), "{prompt}");
    }
    assert!(make().is_empty(), "what is there is not paid for again");
    script(&desk, &front(""), body);
    let calls = make();
    assert_eq!(calls.len(), 1, "the picture of Ana is the same request as before");
    assert_eq!(seen(&calls[0]), serde_json::json!([ana, style]));
    assert!(!desk.data().join("objects/characters").join(format!("{}.jpg", &bob[..32])).exists(), "nobody knows Bob any more");
}

#[test]
fn files_that_can_not_be_used_are_named_before_anything_is_made() {
    let desk = Desk::new();
    desk.picture("ana.png");
    desk.write("text.png", "no picture");
    desk.write("text.mp3", "no music");
    let whole = std::fs::read(desk.path("ana.png")).expect("it is there");
    desk.write("cut.png", &whole[..whole.len() / 2]);
    let check = |front: &str, parts: &[&str]| {
        script(&desk, front, "Hi.");
        refused(&desk, &desk.run(&["make", "it.md"]), 1, parts);
        assert!(!desk.data().exists(), "nothing was begun");
    };
    check("reference: missing.png", &["it.md: reference: missing.png: there is no such file"]);
    check("reference: text.png", &["it.md: reference: text.png: it is no PNG, JPEG or WebP picture"]);
    check("reference: .", &["it.md: reference: .: it is a folder"]);
    check("characters:\n  Ana: cut.png", &["it.md: line 5: the picture of Ana: cut.png: the picture is broken"]);
    check("music: missing.mp3", &["it.md: music: missing.mp3: the file is missing"]);
    check("music: text.mp3", &["it.md: music: text.mp3: "]);
}

#[test]
fn a_scene_speaks_with_a_voice_of_its_own() {
    let desk = Desk::new();
    desk.picture("ana.png");
    let front = "music: none\ncharacters:\n  Ana:\n    picture: ana.png\n    voice: en-gb+f3";
    let body = |settings: &str| format!("One.\n\n![Ana](<> \"{settings}\")\n\nTwo.\n");
    let make = |settings: &str| {
        script(&desk, front, &body(settings));
        desk.succeed(&["make", "it.md"]);
        desk.kept("objects/scenes/audio")
    };
    let plain = make("focus: 1 1");
    assert_eq!(plain.len(), 2);
    let own = make("character: Ana");
    assert_eq!(own.len(), 3, "one is spoken anew");
    assert_eq!(make("voice: en-gb+f3"), own, "the same voice, whoever says so");
    // Not the voice that speaks when none is named: its sound would be there already.
    assert_eq!(make("voice: en-gb+m3").len(), 4);
    assert_eq!(desk.kept("objects/scenes/images").len(), 2, "pictures have nothing to do with it");
    script(&desk, front, &body("voice: nobody"));
    let ended = desk.run(&["make", "it.md"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.complaints()[0].contains("it.md: scene 2: "), "{:?}", ended.complaints());
    script(&desk, front, &body("voice: x, speech-vendor: nobody"));
    let ended = desk.run(&["make", "it.md"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.complaints()[0].contains("it.md: scene 2: "), "{:?}", ended.complaints());
}

#[test]
fn music_of_ones_own_is_heard_until_it_is_taken_out() {
    let desk = Desk::new();
    desk.write("song.wav", tone());
    script(&desk, "music: song.wav", "Hi there.");
    let made = desk.succeed(&["make", "it.md"]);
    assert!(made.stdout.contains("music: given"), "{}", made.stdout);
    assert_eq!(desk.kept("objects/music").keys().collect::<Vec<_>>(), [&format!("{}.wav", &hash(&desk, "song.wav")[..32])]);
    script(&desk, "style: noir\nmusic: song.wav", "Hi there.");
    let made = desk.succeed(&["make", "it.md"]);
    assert!(made.stdout.contains("music: given"), "another style is no reason for other music: {}", made.stdout);
    script(&desk, "music: calm", "Hi there.");
    let made = desk.succeed(&["make", "it.md"]);
    assert!(made.stdout.contains("music: composer/"), "{}", made.stdout);
}
