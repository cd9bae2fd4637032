//! A script becomes a video as platforms want it, with captions and a thumbnail.

use crate::desk::{Desk, QUICK};
use crate::video::{Video, boxes, seconds};

const STORY: &str = "# Tiny\n\n![a chart](chart.png)\n\nUp it goes, into the blue sky.\n\n![the moon over hills]\n\nThe moon is near, \
                     and all of us are looking at it from down here on the ground.\n\nGood night.\n";

/// Seconds of a WAV as espeak's narrations are stored: its data by its bytes per second.
fn wav_seconds(bytes: &[u8]) -> f64 {
    let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    let data = bytes.windows(4).position(|four| four == b"data").expect("a WAV has data");
    f64::from(number(data + 4)) / f64::from(number(28))
}

#[test]
fn a_script_becomes_a_video_that_platforms_take() {
    let desk = Desk::new();
    desk.picture("chart.png");
    desk.write("story.md", format!("{}{STORY}", QUICK.replace("music: none", "music: calm")));
    let ended = desk.succeed(&["make", "story.md", "-o", "out/short.mp4"]);

    let first = ended.stdout.lines().next().unwrap_or_default();
    assert_eq!(first, "out/short.mp4");
    for part in [" s long, ", " MB, made in ", "short.srt", "short.vtt", "short.ass", "short.jpg", "Next: "] {
        assert!(ended.stdout.contains(part), "no \"{part}\" in: {}", ended.stdout);
    }
    assert_eq!(ended.complaints(), Vec::<&str>::new());

    let video = Video::look(&desk.path("out/short.mp4"));
    let check = |key: &str, expected: &str| assert_eq!(video.picture[key], expected, "{key}");
    check("codec_name", "h264");
    check("profile", "High");
    check("pix_fmt", "yuv420p");
    check("color_range", "tv");
    for key in ["color_space", "color_primaries", "color_transfer"] {
        check(key, "bt709");
    }
    check("r_frame_rate", "24/1");
    check("avg_frame_rate", "24/1");
    assert_eq!((&video.picture["width"], &video.picture["height"]), (&180.into(), &320.into()));
    for (key, expected) in [("codec_name", "aac"), ("profile", "LC"), ("sample_rate", "48000")] {
        assert_eq!(video.sound[key], expected, "{key}");
    }
    assert_eq!(video.sound["channels"], 2);
    assert_eq!(video.format["tags"]["title"], "Tiny");
}

#[test]
fn every_frame_is_where_it_belongs() {
    let desk = Desk::new();
    desk.picture("chart.png");
    desk.script("story.md", STORY);
    let ended = desk.succeed(&["make", "story.md"]);
    let video = Video::look(&desk.path("story.mp4"));

    let audio = desk.kept("objects/scenes/audio");
    assert_eq!(audio.len(), 3);
    let narrated: f64 = audio
        .keys()
        .map(|name| wav_seconds(&std::fs::read(desk.data().join("objects/scenes/audio").join(name)).expect("it is there")))
        .sum();
    let frames = (narrated * 24.0).round();
    assert_eq!(video.packets.len() as f64, frames, "frames of {narrated} s");
    assert!((seconds(&video.picture["duration"]) - frames / 24.0).abs() < 1e-3);
    assert!((seconds(&video.sound["duration"]) - frames / 24.0).abs() < 0.05);
    assert!(ended.stdout.contains(&format!("{:.1} s long", frames / 24.0)), "{}", ended.stdout);
    for (index, (time, _)) in video.packets.iter().enumerate() {
        assert!((time - index as f64 / 24.0).abs() < 1e-3, "frame {index} at {time}");
    }
    let mut keys: Vec<f64> = video.packets.iter().filter(|(_, key)| *key).map(|(time, _)| *time).collect();
    assert_eq!(keys.first(), Some(&0.0));
    keys.push(frames / 24.0);
    assert!(keys.windows(2).all(|pair| pair[1] - pair[0] < 2.0 + 1e-3), "{keys:?}");

    let boxes = boxes(&std::fs::read(desk.path("story.mp4")).expect("it is there"));
    let place = |name: &str| boxes.iter().position(|other| other == name);
    assert!(place("moov") < place("mdat") && place("moov").is_some(), "{boxes:?}");
}

#[test]
fn captions_and_thumbnail_stand_beside_the_video() {
    let desk = Desk::new();
    desk.picture("chart.png");
    desk.script("story.md", STORY);
    desk.succeed(&["make", "story.md"]);
    let read = |name: &str| std::fs::read_to_string(desk.path(name)).expect("it is there");
    let spoken = |captions: &str| {
        let timing = |line: &&str| !line.contains("-->") && line.parse::<u32>().is_err() && *line != "WEBVTT";
        captions.lines().filter(timing).flat_map(str::split_whitespace).map(str::to_owned).collect::<Vec<_>>()
    };
    let words: Vec<&str> =
        "Up it goes, into the blue sky. The moon is near, and all of us are looking at it from down here on the \
                            ground. Good night."
            .split_whitespace()
            .collect();
    assert_eq!(spoken(&read("story.srt")), words);
    assert_eq!(spoken(&read("story.vtt")), words);
    let thumbnail = image::open(desk.path("story.jpg")).expect("a picture");
    assert_eq!((thumbnail.width(), thumbnail.height()), (180, 320));
    assert_eq!(desk.left(&["story.md", "chart.png"]), ["story.ass", "story.jpg", "story.mp4", "story.srt", "story.vtt"]);
}

#[test]
fn scripts_may_have_any_name_and_come_from_any_editor() {
    let check = |name: &str, content: &str, arguments: &[&str], video: &str| {
        let desk = Desk::new();
        desk.picture("my chart.png");
        desk.write(name, content);
        desk.succeed(arguments);
        assert!(desk.path(video).is_file(), "{name} → {video}");
    };
    let windows = format!("\u{feff}{QUICK}# T\n\n![a](my chart.png)\n\nGo\non.\n").replace('\n', "\r\n");
    check("it's \"my\" 🚀 script.md", &windows, &["make", "it's \"my\" 🚀 script.md"], "it's \"my\" 🚀 script.mp4");
    check("-v.md", &format!("{QUICK}Go on."), &["make", "--", "-v.md"], "-v.mp4");
    let arabic = format!("{}مرحبا بالعالم.\n", QUICK.replace("fps", "language: ar\nfps"));
    check("ar.txt", &arabic, &["make", "./ar.txt", "-o", "a/b/C.MP4"], "a/b/C.MP4");
}

#[test]
fn a_plain_text_is_cut_into_scenes() {
    let desk = Desk::new();
    let keeper = "Em 1886, uma tempestade apagou todas as luzes da costa, menos uma pequena lâmpada.";
    let mara = "Mara subiu com óleo por duzentos degraus, porque a bomba não funcionava com o frio.";
    desk.write("a luz.txt", format!("A luz do farol\n\n{keeper} {mara}\n"));
    desk.succeed(&["make", "a luz.txt"]);
    let captions = std::fs::read_to_string(desk.path("a luz.srt")).expect("captions");
    let spoken: Vec<&str> = captions.lines().filter(|line| line.chars().any(char::is_alphabetic)).collect();
    assert_eq!(spoken.join(" "), format!("{keeper} {mara}"));
    assert_eq!(desk.kept("objects/scenes/audio").len(), 2, "one for each scene");
    assert_eq!(Video::look(&desk.path("a luz.mp4")).format["tags"]["title"], "A luz do farol");
}
