//! `shortsai render`: a storyboard with local files, without a data folder.

use std::process::Command;

use serde_json::{Value, json};

use crate::bad_input::refused;
use crate::desk::{Desk, names_in};
use crate::video::Video;

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples");

fn one_scene(extra: Value) -> String {
    let mut scene = json!({ "imageUrl": "it.png" });
    scene.as_object_mut().expect("an object").extend(extra.as_object().expect("an object").clone());
    json!({ "size": { "width": 180, "height": 320 }, "fps": 24, "scenes": [scene] }).to_string()
}

#[test]
fn the_example_is_rendered_alike_each_time() {
    let desk = Desk::new();
    let text = std::fs::read_to_string(format!("{EXAMPLES}/storyboard.json")).expect("the example is there");
    let mut storyboard: Value = serde_json::from_str(&text).expect("JSON");
    storyboard["size"] = json!({ "width": 90, "height": 160 });
    storyboard["fps"] = json!(24);
    for scene in storyboard["scenes"].as_array_mut().expect("scenes") {
        scene["imageUrl"] = format!("{EXAMPLES}/{}", scene["imageUrl"].as_str().expect("a name")).into();
    }
    desk.write("board.json", storyboard.to_string());
    let ended = desk.succeed(&["render", "board.json", "-o", "a.mp4"]);
    assert!(ended.stdout.starts_with("a.mp4\n  13.0 s long, "), "{}", ended.stdout);
    desk.succeed(&["render", "board.json", "-o", "b.mp4"]);
    for ending in ["mp4", "srt", "vtt", "ass", "jpg"] {
        let read = |name: &str| std::fs::read(desk.path(&format!("{name}.{ending}"))).expect("it is there");
        assert!(read("a") == read("b"), "{ending} differs");
    }
    assert_eq!(Video::look(&desk.path("a.mp4")).packets.len(), 13 * 24);
    assert_eq!(names_in(&desk.temporary()), Vec::<String>::new());
    assert!(!desk.data().exists());
}

#[test]
fn storyboards_that_can_not_be_rendered() {
    let desk = Desk::new();
    desk.picture("it.png");
    let check = |board: &str, parts: &[&str]| {
        desk.write("board.json", board);
        refused(&desk, &desk.run(&["render", "board.json"]), 1, parts);
    };
    check("{\"scenes\":[", &["board.json: storyboard: ", "EOF while parsing a list at line 1"]);
    check("", &["board.json: storyboard: the document: EOF while parsing"]);
    check("{\"scenes\":[]}", &["scenes: there is no scene; give at least one"]);
    check(&one_scene(json!({})), &["scenes[0]: there is neither audioUrl nor duration"]);
    check(&one_scene(json!({ "duration": -1 })), &["scenes[0].duration: -1 is not from"]);
    check(&one_scene(json!({ "duration": 1 })).replace("\"duration\":1", "\"duration\":NaN"), &["scenes[0].duration: "]);
    let negative = json!({ "duration": 1, "wordTimings": [{ "word": "x", "start": -0.5, "end": 0.2 }] });
    check(&one_scene(negative), &["scenes[0].wordTimings[0]: -0.5 to 0.2 is not a span"]);
    check(&one_scene(json!({ "duration": 1, "imageUrl": "no.png" })), &["scene 1: no.png: the file is missing; check its name"]);
    check(&one_scene(json!({ "duration": 1, "imageUrl": "https://x.org/a.png" })), &["is a web address; download it"]);
    refused(&desk, &desk.run(&["render", "nope.json"]), 1, &["the storyboard nope.json can't be read", "no such file"]);
}

#[test]
fn sounds_that_are_none() {
    let desk = Desk::new();
    desk.picture("it.png");
    for name in ["s.wav", "s.mp3", "s.m4a"] {
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg.args(["-v", "error", "-f", "lavfi", "-i", "sine", "-t", "1"]).arg(desk.path(name));
        assert!(ffmpeg.status().expect("ffmpeg is installed").success());
        let bytes = std::fs::read(desk.path(name)).expect("it was made");
        desk.write(&format!("cut-{name}"), &bytes[..bytes.len() / 2]);
    }
    desk.write("zero.wav", "");
    desk.write("text.wav", "not a sound");
    let check = |sound: &str, problem: &str| {
        desk.write("board.json", one_scene(json!({ "audioUrl": sound })));
        refused(&desk, &desk.run(&["render", "board.json"]), 1, &["scene 1: ", sound, problem]);
    };
    check("nope.wav", "the file is missing; check its name");
    check("zero.wav", "is empty (0 bytes)");
    check("text.wav", "is not a sound in a known format; use MP3");
    check("cut-s.wav", "cut short");
    check("cut-s.mp3", "cut short");
    check("cut-s.m4a", "can't be decoded");
    desk.write("board.json", one_scene(json!({ "audioUrl": "s.mp3" })));
    desk.succeed(&["render", "board.json"]);
}
