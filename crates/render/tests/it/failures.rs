//! What goes wrong is said plainly and leaves nothing behind.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use render::{Flow, FolderMedia, RenderError, RenderOptions, Stage};

use crate::fixture::Fixture;

#[test]
fn bad_files_are_named_with_their_scene_and_reason() {
    let fixture = Fixture::new();
    let write = |name: &str, bytes: &[u8]| std::fs::write(fixture.path(name), bytes).expect("writes");
    let read = |name: &str| std::fs::read(fixture.path(name)).expect("reads");
    write("empty.png", b"");
    write("text.png", b"I am not a picture, I am only a text.");
    write("half.png", &read("a.png")[..400]);
    let jpeg = read("b.jpg");
    write("half.jpg", &jpeg[..jpeg.len() / 2]);
    write("bomb.png", &bomb());
    write("list.mp3", b"#EXTM3U\n/etc/hostname\n");
    write("half.wav", &read("one.wav")[..60_000]);
    write("noise.mp4", b"\0\0\0\x18ftypisom\0\0\0\0 and then nothing of use at all");
    let check = |scene: &str, expected: &str| {
        let scenes = format!(r#"{{"imageUrl":"a.png","duration":1}},{{{scene}}}"#);
        let error = fixture.plan(&scenes, "").expect_err(scene).to_string();
        assert!(error.contains(expected), "{error}\ndoes not say\n{expected}");
    };
    let picture = |name: &str, expected: &str| {
        check(&format!(r#""imageUrl":"{name}","duration":1"#), &format!("scene 2: {name}: {expected}"));
    };
    picture("gone.png", "the file is missing");
    picture("empty.png", "the file is empty");
    picture("text.png", "is not a picture in a known format");
    picture("half.png", "can't be decoded as PNG");
    picture("half.jpg", "the file is cut short");
    picture("bomb.png", "is 30000×30000; pictures of more than 100 megapixels are refused");
    picture("https://example.com/a.png", "is a web address");
    picture("out", "is not a file");
    let narration = |name: &str, expected: &str| {
        check(&format!(r#""imageUrl":"a.png","audioUrl":"{name}""#), &format!("scene 2: {name}: {expected}"));
    };
    narration("gone.wav", "the file is missing");
    narration("a.png", "is not a sound in a known format");
    narration("list.mp3", "is not a sound in a known format");
    narration("half.wav", "the sound is cut short");
    narration("noise.mp4", "can't be decoded");
    check(r#""videoUrl":"noise.mp4","duration":1"#, "scene 2: noise.mp4: can't be decoded");
    check(r#""videoUrl":"one.wav","duration":1"#, "scene 2: one.wav: is not a video in a known format");
    let error = fixture.plan(r#"{"imageUrl":"a.png","duration":1}"#, r#","bgMusicUrl":"list.mp3""#).expect_err("a playlist");
    assert!(error.to_string().starts_with("music: list.mp3: is not a sound"), "{error}");
}

/// A PNG whose header promises 900 megapixels.
fn bomb() -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x75\x30\0\0\x75\x30\x08\x02\0\0\0".to_vec();
    let crc = png[12..].iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
    });
    png.extend((!crc).to_be_bytes());
    png.extend(b"\0\0\0\x0aIDAT\x78\x9c\x63\0\0\0\x01\0\x01\0\0\0\0\0\0");
    png
}

#[test]
fn a_stop_leaves_nothing_behind() {
    let fixture = Fixture::new();
    let plan = fixture.plan(r#"{"imageUrl":"a.png","duration":300},{"imageUrl":"c.png","duration":300}"#, "").expect("plans");
    let calls = AtomicUsize::new(0);
    let result = render::render(&plan, &fixture.path("out/video.mp4"), &fixture.options(), &|_| {
        if calls.fetch_add(1, Ordering::Relaxed) < 3 { Flow::Continue } else { Flow::Stop }
    });
    assert_eq!(result, Err(RenderError::Stopped));
    assert_nothing_left(&fixture);
}

fn assert_nothing_left(fixture: &Fixture) {
    assert_eq!((fixture.names("out"), fixture.names("work")), (vec![], vec![]));
    let folder = fixture.folder.path().to_str().expect("a plain path").to_owned();
    let left: Vec<String> = std::fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| std::fs::read_to_string(entry.ok()?.path().join("cmdline")).ok())
        .filter(|line| line.starts_with("ffmpeg") && line.contains(&folder))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn a_file_that_goes_bad_after_the_plan_is_an_error_too() {
    let fixture = Fixture::new();
    let storyboard = fixture.storyboard(r#"{"imageUrl":"a.png","duration":1},{"imageUrl":"c.png","duration":1}"#, "");
    let options = RenderOptions { cache: Some(fixture.path("cache")), ..fixture.options() };
    // The second plan knows from the first that the pictures are good, and so doesn't decode them.
    let plan = || render::plan_cached(&storyboard, &FolderMedia::new(fixture.folder.path()), &options).expect("plans");
    plan();
    let plan = plan();
    std::fs::write(fixture.path("c.png"), b"").expect("writes");
    let error = render::render(&plan, &fixture.path("out/video.mp4"), &options, &|_| Flow::Continue).expect_err("fails");
    assert_eq!(error.to_string(), "scene 2: c.png: the file is empty (0 bytes)");
    assert_nothing_left(&fixture);
}

#[test]
fn places_that_cannot_be_written_are_known_before_any_work() {
    let fixture = Fixture::new();
    let plan = fixture.plan(r#"{"imageUrl":"a.png","duration":1}"#, "").expect("plans");
    let check = |output: &Path, options: &RenderOptions, expected: &str| {
        let never = |_| panic!("work was begun");
        let error = render::render(&plan, output, options, &never).expect_err("fails").to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(&fixture.path("nowhere/video.mp4"), &fixture.options(), "create the folder first");
    check(&fixture.path("out"), &fixture.options(), "it is a folder; give the name of a file");
    let options = RenderOptions { temp_dir: Some(fixture.path("nowhere")), ..RenderOptions::default() };
    check(&fixture.path("out/video.mp4"), &options, "can't write intermediate files to");
    assert_nothing_left(&fixture);
}

#[test]
fn progress_never_falls_and_ends_with_done() {
    let fixture = Fixture::new();
    let plan = fixture.plan(r#"{"imageUrl":"a.png","duration":2},{"imageUrl":"c.png","duration":2}"#, "").expect("plans");
    let seen = std::sync::Mutex::new(Vec::new());
    let note = |progress: render::Progress| {
        seen.lock().expect("no panic").push(progress);
        Flow::Continue
    };
    render::render(&plan, &fixture.path("out/video.mp4"), &fixture.options(), &note).expect("renders");
    let seen = seen.into_inner().expect("no panic");
    assert!(seen.is_sorted_by(|a, b| a.fraction <= b.fraction), "{seen:?}");
    assert!(seen.last().is_some_and(|last| last.stage == Stage::Done && last.fraction == 1.0), "{seen:?}");
}
