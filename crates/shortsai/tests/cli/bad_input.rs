//! Scripts and pictures that can't become a video: one sentence that names the thing and the remedy, and no output.

use crate::desk::{Desk, Ended, QUICK};

/// The run failed with that code and one sentence with those parts, and wrote nothing under the output's name.
#[track_caller]
pub fn refused(desk: &Desk, ended: &Ended, code: i32, parts: &[&str]) {
    assert_eq!(ended.code, Some(code), "{ended:?}");
    assert_eq!(ended.stdout, "");
    let complaints = ended.complaints();
    assert_eq!(complaints.len(), 1, "{complaints:?}");
    for part in ["error: "].iter().chain(parts) {
        assert!(complaints[0].contains(part), "no \"{part}\" in: {}", complaints[0]);
    }
    let written = |name: &String| {
        [".mp4", ".srt", ".vtt", ".ass", ".jpg"].iter().any(|ending| name.ends_with(ending)) || name.starts_with('.')
    };
    let left: Vec<String> = desk.left(&["text.jpg", "zero.jpg", "cut.jpg", "folder.mp4"]).into_iter().filter(written).collect();
    assert_eq!(left, Vec::<String>::new(), "after {}", complaints[0]);
}

#[test]
fn scripts_that_are_none() {
    let desk = Desk::new();
    desk.write("empty.md", "");
    desk.write("title.md", "# Only a title\n");
    desk.write("latin.md", b"# A\n\ncaf\xe9\n");
    desk.write("key.md", "---\nsise: 9:16\n---\n\nHi.\n");
    std::fs::create_dir(desk.path("folder")).expect("a new folder");
    let check = |argument: &str, code, parts: &[&str]| refused(&desk, &desk.run(&["make", argument]), code, parts);
    check("missing.md", 1, &["there is no script missing.md", "check the path"]);
    check("folder", 1, &["folder is a folder", "give a script such as folder/script.md"]);
    check("empty.md", 1, &["empty.md: line 1", "write at least one paragraph"]);
    check("title.md", 1, &["title.md: line 1", "write at least one paragraph"]);
    check("latin.md", 1, &["latin.md is not UTF-8 text", "save it as UTF-8"]);
    check("key.md", 1, &["key.md: line 2: \"sise\" is not a setting", "did you mean size?"]);
    check("-", 1, &["a script is read from a file", "save it as my-script.md"]);
    let topic = ["needs a language model", "set GEMINI_API_KEY or OPENAI_API_KEY", "shortsai make my-script.md"];
    check("why cats purr", 2, &topic);
}

#[test]
fn words_that_nobody_can_speak() {
    let desk = Desk::new();
    let check = |front: &str, body: &str, code, parts: &[&str]| {
        desk.write("it.md", format!("{}{body}", QUICK.replace("fps: 24\n", &format!("fps: 24\n{front}"))));
        refused(&desk, &desk.run(&["make", "it.md"]), code, parts);
    };
    check("language: tlh\n", "Hi.", 2, &["it.md: ", "does not speak the language \"tlh\""]);
    check("voice: nobody\n", "Hi.", 2, &["it.md: ", "has no voice \"nobody\""]);
    check("", "Hi.\n\n🚀 🎉\n", 1, &["it.md: line 9: scene 2", "no words to speak; write at least one word"]);
}

#[test]
fn pictures_that_are_none() {
    let desk = Desk::new();
    desk.picture("whole.jpg");
    desk.picture("whole.png");
    for (whole, cut) in [("whole.jpg", "cut.jpg"), ("whole.png", "cut.png")] {
        let bytes = std::fs::read(desk.path(whole)).expect("it is there");
        desk.write(cut, &bytes[..bytes.len() / 2]);
        std::fs::remove_file(desk.path(whole)).expect("it is there");
    }
    desk.write("text.jpg", "not a picture");
    desk.write("zero.jpg", "");
    // The head of a WAV is enough to be taken for one.
    desk.write("sound.wav", b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\xbb\0\0\0\x77\x01\0\x02\0\x10\0data\0\0\0\0");
    let check = |picture: &str, problem: &str| {
        desk.script("it.md", &format!("One.\n\n![x]({picture})\n\nTwo.\n"));
        refused(&desk, &desk.run(&["make", "it.md"]), 1, &["it.md: line 11: scene 2: ", picture, problem]);
    };
    check("nope.jpg", "the file is missing; check its name");
    check("text.jpg", "is not a picture in a known format; use JPEG");
    check("zero.jpg", "is empty (0 bytes)");
    check("cut.jpg", "cut short");
    check("cut.png", "can't be decoded as PNG");
    check("sound.wav", "is not a picture in a known format; use JPEG");
    assert!(!desk.data().exists(), "bad pictures are found before any work");
}

#[test]
fn a_picture_is_not_replaced_by_a_thumbnail() {
    let desk = Desk::new();
    desk.picture("it.png");
    std::fs::rename(desk.path("it.png"), desk.path("it.jpg")).expect("it is there");
    let before = std::fs::read(desk.path("it.jpg")).expect("it is there");
    desk.script("it.md", "![x](it.jpg)\n\nOne.\n");
    let ended = desk.run(&["make", "it.md"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    let problem = "error: the output would replace it.jpg, which the video is made of; choose another name with -o";
    assert_eq!(ended.complaints(), [problem]);
    assert_eq!(std::fs::read(desk.path("it.jpg")).expect("it is there"), before);
}
