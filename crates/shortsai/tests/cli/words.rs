//! Each word is seen when it is heard, whoever has spoken it: the frames of the video against its own sound.

use std::path::Path;
use std::process::Command;

use image::{Rgb, RgbImage};
use providers::simulator::{Options, Simulator};
use providers::vendor::Vendor;

use crate::desk::{Desk, Ended};

const FPS: usize = 60;
const FRAME: f64 = 1.0 / FPS as f64;
/// Pixels of the picture.
const PIXELS: usize = 180 * 320;
/// Each begins with a sound that is loud from its start, so that its beginning can be measured to a few milliseconds.
const WORDS: [&str; 6] = ["Morning.", "Army.", "Lemon.", "Evening.", "River.", "Almond."];
/// Samples a second.
const RATE: usize = 16_000;
/// Samples of one window of the loudness: five milliseconds.
const WINDOW: usize = 80;

/// How far a word may be seen from when it is heard, in seconds: the worst of all words, and half of them.
const MOST: f64 = 0.05;
const MEDIAN: f64 = 0.025;

#[test]
fn each_word_is_seen_when_it_is_heard_whoever_speaks() {
    let simulator = Simulator::start(([127, 0, 0, 1], 0).into(), Options::default()).expect("a free port");
    // The first three say when each word is spoken; in the sound of the others the words are found.
    for vendor in ["espeak", "edge", "elevenlabs", "gemini", "groq", "openai"] {
        let desk = Desk::new();
        // Of one colour, so that nothing but words changes in the picture.
        RgbImage::from_pixel(180, 320, Rgb([20, 30, 60])).save(desk.path("plain.png")).expect("the picture is written");
        let settings = format!("size: 180x320\nfps: {FPS}\nmusic: none\ncaptions: word\nspeech-vendor: {vendor}");
        desk.write("words.md", format!("---\n{settings}\n---\n\n![](plain.png)\n\n{}\n", WORDS.join(" ")));
        let mut command = desk.command(&["make", "words.md"]);
        for variable in Vendor::ALL.into_iter().filter_map(Vendor::key_variable) {
            command.env(variable, "a-key");
        }
        let ended = Ended::of(command.env("SHORTSAI_VENDOR_BASE", simulator.base()).output().expect("the program starts"));
        assert_eq!(ended.code, Some(0), "{vendor}: {ended:?}");
        check(vendor, &desk.path("words.mp4"));
    }
}

#[track_caller]
fn check(vendor: &str, video: &Path) {
    let (seen, heard) = (words_seen(video), words_heard(video));
    assert_eq!((seen.len(), heard.len()), (WORDS.len(), WORDS.len()), "{vendor}: seen at {seen:?}, heard at {heard:?}");
    let mut errors: Vec<f64> = seen.iter().zip(&heard).map(|(seen, heard)| (seen - heard).abs()).collect();
    errors.sort_by(f64::total_cmp);
    let (median, most) = (errors[errors.len() / 2], errors[errors.len() - 1]);
    let said = format!("{vendor}: median {median:.3} s, most {most:.3} s; seen at {seen:.3?}, heard at {heard:.3?}");
    assert!(median <= MEDIAN && most <= MOST, "{said}");
}

fn ffmpeg(video: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(video)
        .args(arguments)
        .arg("-")
        .output()
        .expect("ffmpeg is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Seconds at which another word appears in the picture.
fn words_seen(video: &Path) -> Vec<f64> {
    /// A new word moves in for so many frames at the most.
    const MOVING: usize = 24;
    let frames = ffmpeg(video, &["-f", "rawvideo", "-pix_fmt", "gray"]);
    let frames: Vec<&[u8]> = frames.chunks_exact(PIXELS).collect();
    let shows_a_word = |frame: &[u8]| frame.iter().filter(|&&luma| luma > 150).count() > 20;
    let mut seen: Vec<usize> = Vec::new();
    for (index, pair) in frames.windows(2).enumerate() {
        let changed = pair[0].iter().zip(pair[1]).filter(|(old, new)| old.abs_diff(**new) > 60).count();
        let still_moving = seen.last().is_some_and(|&last| index + 1 - last < MOVING);
        if changed > 20 && !still_moving && shows_a_word(pair[1]) {
            seen.push(index + 1);
        }
    }
    if frames.first().is_some_and(|first| shows_a_word(first)) {
        seen.insert(0, 0);
    }
    seen.into_iter().map(|frame| frame as f64 * FRAME).collect()
}

/// Seconds at which it becomes loud after some silence.
fn words_heard(video: &Path) -> Vec<f64> {
    const SILENCE: usize = 24;
    let samples = ffmpeg(video, &["-f", "f32le", "-ac", "1", "-ar", &RATE.to_string()]);
    let samples: Vec<f32> =
        samples.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect();
    let power = |window: &[f32]| window.iter().map(|sample| sample * sample).sum::<f32>();
    let loudness: Vec<f32> = samples.chunks(WINDOW).map(power).collect();
    // 30 dB below the loudest window.
    let loud = loudness.iter().copied().fold(0.0, f32::max) / 1000.0;
    let (mut heard, mut silent) = (Vec::new(), SILENCE);
    for (index, power) in loudness.into_iter().enumerate() {
        if power < loud {
            silent += 1;
            continue;
        }
        if silent >= SILENCE {
            heard.push((index * WINDOW) as f64 / RATE as f64);
        }
        silent = 0;
    }
    heard
}
