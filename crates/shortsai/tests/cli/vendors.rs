//! Whole shorts by vendors that are simulated, and where their keys must not be found.

use std::process::Command;

use providers::simulator::{Options, Simulator};
use providers::vendor::Vendor;

use crate::desk::{Desk, Ended};

/// How every key of these tests ends.
const PLANTED: &str = "planted-8d1f";

fn simulator() -> Simulator {
    Simulator::start(([127, 0, 0, 1], 0).into(), Options::default()).expect("a free port")
}

/// `make` about a topic, with a key of each vendor (`begin` is how they begin), and with all that can be logged.
fn make(desk: &Desk, simulator: &Simulator, begin: &str, settings: &[&str]) -> Ended {
    let mut command = desk.command(&["make", "Why bees dance", "-o", "bees.mp4", "--seconds", "15-25", "--scenes", "3"]);
    for setting in ["size=180x320", "fps=24"].iter().chain(settings) {
        command.args(["--set", setting]);
    }
    for variable in Vendor::ALL.into_iter().filter_map(Vendor::key_variable) {
        command.env(variable, format!("{begin}{variable}-{PLANTED}"));
    }
    ended(command.env("SHORTSAI_VENDOR_BASE", simulator.base()).env("RUST_LOG", "trace"))
}

fn ended(command: &mut Command) -> Ended {
    Ended::of(command.output().expect("the program starts"))
}

/// Looks into everything that the program has said and written.
fn look_for_keys(desk: &Desk, ended: &Ended) {
    assert!(!ended.stdout.contains(PLANTED) && !ended.stderr.contains(PLANTED), "a key was said");
    assert!(ended.stderr.contains("TRACE"), "all is logged, so that there is something to look into");
    let mut folders = vec![desk.path("").parent().expect("the desk's own folder").to_owned()];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the desk can be read") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let file = std::fs::read(&path).expect("a file can be read");
            assert!(!file.windows(PLANTED.len()).any(|part| part == PLANTED.as_bytes()), "a key is in {}", path.display());
            seen += 1;
        }
    }
    assert!(seen >= 2, "database and secret at least: {seen} files");
}

#[test]
fn three_sets_of_vendors_make_shorts_and_no_key_is_found_anywhere() {
    let simulator = simulator();
    let sets: [(&[&str], &str); 3] = [
        (
            &["image-vendor=gemini", "speech-vendor=elevenlabs", "music-vendor=suno"],
            "pictures: gemini/gemini-nano-banana-2.1; voice: elevenlabs/eleven_multilingual_v2; music: suno/V5",
        ),
        (
            &["script-vendor=openai", "image-vendor=pexels", "speech-vendor=gemini", "music-vendor=gemini"],
            "pictures: pexels/photos; voice: gemini/gemini-3.8-flash-tts; music: gemini/lyria-3.5",
        ),
        (
            &["script-vendor=ollama", "image-vendor=openverse", "speech-vendor=edge", "music-vendor=composer"],
            "pictures: openverse/photos; voice: edge/edge-1; music: composer/composer-1",
        ),
    ];
    for (settings, made_by) in sets {
        let desk = Desk::new();
        let made = make(&desk, &simulator, "", settings);
        assert_eq!(made.code, Some(0), "{}", made.stdout);
        assert!(made.stdout.contains(made_by), "{}", made.stdout);
        assert_eq!(desk.path("bees.credits.txt").is_file(), made_by.contains("photos"), "found pictures have authors");
        look_for_keys(&desk, &made);
        let calls = simulator.calls().len();
        assert!(calls >= 4, "script and pictures at least");
        make(&desk, &simulator, "", settings);
        assert_eq!(simulator.calls().len(), calls, "what is there is not paid for again");
        simulator.forget();
    }
}

#[test]
fn a_key_that_is_not_taken_is_said_without_the_key() {
    let (desk, simulator) = (Desk::new(), simulator());
    let refused = make(&desk, &simulator, "bad-", &["script-vendor=openai"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("OpenAI does not take the API key; set another one"), "{:?}", refused.complaints());
    look_for_keys(&desk, &refused);
}

#[test]
fn doctor_looks_for_the_voices_that_are_used() {
    let (desk, simulator) = (Desk::new(), simulator());
    let doctor = |config: &str| {
        let config = desk.write("doctor.toml", config);
        let mut command = desk.command(&["doctor", "--json", "--config"]);
        command.arg(config).env("SHORTSAI_VENDOR_BASE", simulator.base()).env("ELEVENLABS_API_KEY", PLANTED);
        let ended = ended(&mut command);
        let answer: serde_json::Value = serde_json::from_str(&ended.stdout).expect("JSON");
        let findings = answer["findings"].as_array().expect("findings").clone();
        let of = move |name: &str| {
            let finding = findings.iter().find(|finding| finding["name"] == name).expect("it is looked at");
            (finding["state"].as_str().expect("a state").to_owned(), finding["detail"].as_str().expect("a text").to_owned())
        };
        (ended.code, of)
    };
    let (code, of) = doctor("[vendor.groq]\nvoice = \"Fritz-PlayAI\"\n[vendor.elevenlabs]\nvoice = \"george\"");
    assert_eq!(code, Some(0));
    for (name, says) in [
        ("gemini voice", "voice Kore is there"),
        ("groq voice", "voice Fritz-PlayAI is there"),
        ("elevenlabs voice", "voice george is there"),
        ("openai voice", "has no list of voices"),
    ] {
        assert!(of(name).0 == "ok" && of(name).1.contains(says), "{name}: {:?}", of(name));
    }
    let (code, of) = doctor("[vendor.gemini]\nvoice = \"Nobody\"\n[vendor.elevenlabs]\nvoice = \"missing8901234567890\"");
    assert_eq!(code, Some(1), "something that is set up does not work");
    let (state, detail) = of("gemini voice");
    let remedy =
        "Gemini has no voice \"Nobody\"; set another one, voice under [vendor.gemini] in shortsai.toml, such as Zephyr, Puck";
    assert!(state == "missing" && detail.starts_with(remedy), "{detail}");
    assert_eq!(of("elevenlabs voice").0, "missing", "{:?}", of("elevenlabs voice"));
    assert!(simulator.calls().iter().all(|call| call.cost_usd == 0.0), "asking is free of charge");
}
