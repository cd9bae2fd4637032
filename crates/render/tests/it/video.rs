//! What comes out: format, frames, colours, sound, clips and the segment cache.

use std::sync::Arc;

use ebur128::{EbuR128, Mode};
use render::{Encoder, Flow, Part, Prepared, RenderOptions};

use crate::fixture::{Bucket, Fixture, probe, run, sound};

const SCENES: &str = r#"
    {"imageUrl":"a.png","duration":1.03},
    {"imageUrl":"b.jpg","audioUrl":"one.wav","wordTimings":[{"word":"Hello","start":0.1,"end":0.5},{"word":"there","start":0.5,"end":1}]},
    {"imageUrl":"c.png","audioUrl":"two.wav","transition":"fadeBlack"}"#;
const MUSIC: &str = r#","bgMusicUrl":"music.wav""#;

#[test]
fn the_file_is_what_players_expect() {
    let fixture = Fixture::new();
    let plan = fixture.plan(SCENES, MUSIC).expect("plans");
    let report = fixture.render(&plan, &fixture.options());
    let video = fixture.path("out/video.mp4");
    // 1.03 + 2.5 + 1.37 s.
    assert_eq!((report.frames, report.cache_hits, report.segments), (147, 0, 6));
    assert_eq!(report.bytes, std::fs::metadata(&video).expect("is there").len());
    let entries = "stream=codec_name,profile,pix_fmt,nb_read_frames,r_frame_rate,avg_frame_rate,color_range,color_space,color_primaries,\
                   color_transfer,width,height,start_time:format_tags=title";
    let facts = probe(&video, &["-count_frames", "-select_streams", "v", "-show_entries", entries]);
    for expected in [
        "codec_name=h264",
        "profile=High",
        "width=180",
        "height=320",
        "pix_fmt=yuv420p",
        "color_range=tv",
        "color_space=bt709",
        "color_transfer=bt709",
        "color_primaries=bt709",
        "r_frame_rate=30/1",
        "avg_frame_rate=30/1",
        "nb_read_frames=147",
        "start_time=0.000000",
        "TAG:title=A “test”: 100 %",
    ] {
        assert!(facts.lines().any(|line| line == expected), "{expected} is not in\n{facts}");
    }
    let facts = probe(&video, &["-select_streams", "a", "-show_entries", "stream=codec_name,profile,sample_rate,channels"]);
    assert_eq!(facts, "codec_name=aac\nprofile=LC\nsample_rate=48000\nchannels=2\n");
    // Every frame lasts exactly as long as the others, and players can jump in at least every two seconds.
    let packets = probe(&video, &["-select_streams", "v", "-show_entries", "packet=pts,flags"]);
    let mut times: Vec<i64> = packets.lines().filter_map(|line| line.strip_prefix("pts=")?.parse().ok()).collect();
    times.sort_unstable();
    assert!(times.len() == 147 && times.windows(2).all(|pair| pair[1] - pair[0] == 512), "{times:?}");
    let keys: Vec<usize> = packets
        .lines()
        .filter(|line| line.starts_with("flags="))
        .enumerate()
        .filter(|(_, line)| line.contains('K'))
        .map(|(at, _)| at)
        .collect();
    assert!(keys.starts_with(&[0, 31]) && keys.windows(2).all(|pair| pair[1] - pair[0] <= 60), "{keys:?}");
    let bytes = std::fs::read(&video).expect("reads");
    let at = |kind: &[u8]| bytes.windows(4).position(|four| four == kind).expect("the box is there");
    assert!(at(b"moov") < at(b"mdat"), "not ready for streaming");
    assert_eq!((fixture.names("out"), fixture.names("work")), (vec!["video.mp4".to_owned()], vec![]));
}

#[test]
fn the_sound_is_loud_enough_and_in_its_place() {
    let fixture = Fixture::new();
    let plan = fixture.plan(SCENES, "").expect("plans");
    fixture.render(&plan, &fixture.options());
    let samples = sound(&fixture.path("out/video.mp4"));
    let mut meter = EbuR128::new(2, 48_000, Mode::I | Mode::TRUE_PEAK).expect("a meter");
    meter.add_frames_f32(&samples).expect("whole frames");
    let lufs = meter.loudness_global().expect("loudness");
    assert!((lufs + 14.0).abs() <= 0.5, "{lufs} LUFS");
    let peak = 20.0 * meter.true_peak(0).expect("a channel").log10();
    assert!(peak <= -1.0, "{peak} dBTP");
    // The first narration starts with frame 31, the last sound ends with the video.
    let first = samples.iter().position(|sample| sample.abs() > 0.05).expect("not silent") / 2;
    assert!((first as f64 / 48_000.0 - 31.0 / 30.0).abs() < 0.01, "starts at sample {first}");
    let last = samples.iter().rposition(|sample| sample.abs() > 0.05).expect("not silent") / 2;
    assert!((last as f64 / 48_000.0 - 4.9).abs() < 0.01, "ends at sample {last}");
}

#[test]
fn music_alone_is_looped_to_the_end() {
    let fixture = Fixture::new();
    let plan = fixture.plan(r#"{"imageUrl":"a.png","duration":6}"#, MUSIC).expect("plans");
    fixture.render(&plan, &fixture.options());
    let samples = sound(&fixture.path("out/video.mp4"));
    let power = |from: f64, to: f64| {
        let part = &samples[(from * 96_000.0) as usize..(to * 96_000.0) as usize];
        (part.iter().map(|sample| sample * sample).sum::<f32>() / part.len() as f32).sqrt()
    };
    // 1.1 s of tone last for 6 s: even in the middle, gone at the end.
    assert!((power(1.0, 1.2) / power(3.9, 4.1) - 1.0).abs() < 0.1 && power(5.9, 6.0) < 0.1 * power(3.9, 4.1));
}

#[test]
fn colours_are_those_of_the_picture() {
    let fixture = Fixture::new();
    image::RgbImage::from_pixel(200, 360, image::Rgb([200, 100, 50])).save(fixture.path("flat.png")).expect("saves");
    let plan = fixture.plan(r#"{"imageUrl":"flat.png","duration":0.5}"#, "").expect("plans");
    fixture.render(&plan, &fixture.options());
    let path = fixture.path("out/video.mp4");
    let path = path.to_str().expect("a plain path");
    let filter = "scale=in_color_matrix=bt709:in_range=tv:out_range=pc:flags=accurate_rnd+full_chroma_int";
    let rgb = run("ffmpeg", &["-v", "error", "-i", path, "-vf", filter, "-pix_fmt", "rgb24", "-f", "rawvideo", "-"]);
    for (channel, expected) in [200.0, 100.0, 50.0].into_iter().enumerate() {
        let mean = rgb.iter().skip(channel).step_by(3).map(|value| f64::from(*value)).sum::<f64>() / (rgb.len() / 3) as f64;
        assert!((mean - expected).abs() <= 2.0, "channel {channel} is {mean} instead of {expected}");
    }
}

#[test]
fn a_clip_is_held_or_cut_to_its_scene() {
    let fixture = Fixture::new();
    let clip = fixture.path("clip, it's 100% :-) ünï.mp4");
    let source = "testsrc2=size=320x240:rate=25:duration=0.8";
    run("ffmpeg", &["-v", "error", "-f", "lavfi", "-i", source, "-pix_fmt", "yuv420p", clip.to_str().expect("a plain path")]);
    let name = "clip, it's 100% :-) ünï.mp4";
    let scenes = format!(r#"{{"videoUrl":"{name}","duration":1.5}},{{"videoUrl":"{name}","duration":0.4}}"#);
    let plan = fixture.plan(&scenes, "").expect("plans");
    assert_eq!(fixture.render(&plan, &fixture.options()).frames, 57);
    let facts = probe(
        &fixture.path("out/video.mp4"),
        &["-count_frames", "-select_streams", "v", "-show_entries", "stream=nb_read_frames"],
    );
    assert_eq!(facts, "nb_read_frames=57\n");
    let difference = |a: f64, b: f64| {
        let (a, b) = (render::frame_at(&plan, a).expect("draws"), render::frame_at(&plan, b).expect("draws"));
        a.iter().zip(b.iter()).map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / a.len() as f64
    };
    assert!(difference(0.1, 0.5) > 5.0, "the clip does not move");
    assert!(difference(1.2, 1.4) < 4.0, "the last frame is not held");
}

#[test]
fn only_what_changed_is_drawn_again() {
    let fixture = Fixture::new();
    let options = RenderOptions { cache: Some(fixture.path("cache")), ..fixture.options() };
    let hits = |scenes: &str, more: &str| {
        let plan = fixture.plan(scenes, more).expect("plans");
        fixture.render(&plan, &options).cache_hits
    };
    let bytes = || std::fs::read(fixture.path("out/video.mp4")).expect("reads");
    assert_eq!(hits(SCENES, MUSIC), 0);
    let first = bytes();
    // One second, two transitions, and two scenes of which one is longer than two seconds.
    assert_eq!(hits(SCENES, MUSIC), 6);
    assert!(first == bytes(), "the same storyboard gives the same bytes");
    // Other words in the second scene, and no music.
    assert_eq!(hits(&SCENES.replace("there", "you"), ""), 3);
    // Another picture there: the third scene's transition shows it too.
    assert_eq!(hits(&SCENES.replace("b.jpg", "a.png"), MUSIC), 2);
    assert_eq!(hits(SCENES, MUSIC), 6);
    for entry in std::fs::read_dir(fixture.path("cache")).expect("lists") {
        let path = entry.expect("an entry").path();
        let length = std::fs::metadata(&path).expect("is there").len();
        std::fs::File::options().write(true).open(&path).and_then(|file| file.set_len(length - 7)).expect("cuts it short");
    }
    assert_eq!(hits(SCENES, MUSIC), 0);
    assert!(first == bytes(), "damaged entries are made anew");
}

#[test]
fn the_same_bytes_come_out_whoever_makes_which_part() {
    let fixture = Fixture::new();
    let scenes = format!(r#"{SCENES},{{"imageUrl":"a.png","duration":7,"transition":"slide"}}"#);
    let plan = fixture.plan(&scenes, "").expect("plans");
    let bytes = |options: &RenderOptions| {
        let hits = fixture.render(&plan, options).cache_hits;
        (std::fs::read(fixture.path("out/video.mp4")).expect("reads"), hits)
    };
    let (one_worker, _) = bytes(&RenderOptions { workers: 1, ..fixture.options() });
    for workers in [2, 5] {
        assert!(one_worker == bytes(&RenderOptions { workers, ..fixture.options() }).0, "{workers} workers");
    }
    let cached = RenderOptions { cache: Some(fixture.path("cache")), workers: 3, ..fixture.options() };
    let (_, hits) = bytes(&cached);
    assert_eq!(hits, 0);
    let segments = || {
        let files = fixture.names("cache").into_iter().filter(|name| name.starts_with("segment-"));
        files.map(|name| fixture.path("cache").join(name)).collect::<Vec<_>>()
    };
    let count = segments().len();
    for entry in segments() {
        std::fs::remove_file(&entry).expect("one part is lost");
        let (now, hits) = bytes(&cached);
        assert!(
            now == one_worker && hits + 2 >= count && hits < count,
            "{hits} of {count}: at most the part's unit is made anew"
        );
    }
}

#[test]
fn parts_that_were_made_on_other_machines_are_put_together_here() {
    let fixture = Fixture::new();
    let plan = fixture.plan(SCENES, MUSIC).expect("plans");
    fixture.render(&plan, &fixture.options());
    let whole = || std::fs::read(fixture.path("out/video.mp4")).expect("reads");
    let in_one_place = whole();

    let bucket = Arc::new(Bucket::default());
    let machine = |name: &str| RenderOptions {
        cache: Some(fixture.path(name)),
        shared: Some(bucket.clone()),
        workers: 1,
        ..fixture.options()
    };
    let prepare = |name: &str, scenes: &[usize], sound| {
        let part = Part { scenes: scenes.iter().copied().collect(), sound };
        render::prepare(&plan, &part, &machine(name), &|_| Flow::Continue).expect("a part is made")
    };
    assert_eq!(prepare("one", &[0, 2], false), Prepared { segments: 3, cache_hits: 0 });
    assert_eq!(prepare("two", &[1], true), Prepared { segments: 3, cache_hits: 0 });
    assert_eq!(prepare("three", &[0], true), Prepared { segments: 1, cache_hits: 1 });
    assert_eq!(fixture.names("work"), Vec::<String>::new());
    let report = fixture.render(&plan, &machine("four"));
    assert_eq!(report.cache_hits, report.segments);
    assert!(whole() == in_one_place);

    let beyond = Part { scenes: [3].into(), sound: false };
    let refused = render::prepare(&plan, &beyond, &machine("one"), &|_| Flow::Continue).expect_err("there are three");
    assert_eq!(refused.to_string(), "can't make a part of the video: there is no scene with index 3; the video has 3");
}

#[test]
fn another_length_of_a_scene_leaves_its_neighbour_alone() {
    let fixture = Fixture::new();
    let options = RenderOptions { cache: Some(fixture.path("cache")), ..fixture.options() };
    let hits = |seconds: f64| {
        let scenes = format!(
            r#"{{"imageUrl": "a.png", "duration": {seconds}}}, {{"imageUrl": "b.jpg", "duration": 1, "transition": "crossfade"}}"#
        );
        fixture.render(&fixture.plan(&scenes, "").expect("plans"), &options).cache_hits
    };
    // The transition and the rest of the second scene; nothing of the first.
    assert_eq!((hits(3.0), hits(3.5)), (0, 2));
    // A very short scene ends before its camera has come all the way, which its neighbour shows.
    assert_eq!(hits(1.0), 1);
}

#[test]
fn an_encoder_that_is_not_there_is_replaced_and_named() {
    let fixture = Fixture::new();
    let plan = fixture.plan(r#"{"imageUrl":"a.png","duration":0.2}"#, "").expect("plans");
    // Only Apple's systems have it.
    let encoder = if cfg!(target_os = "macos") { Encoder::Vaapi } else { Encoder::VideoToolbox };
    let report = fixture.render(&plan, &RenderOptions { encoder, ..fixture.options() });
    let expected = format!("the encoder {} does not work here, so libx264 was used (", encoder.name());
    assert!(report.warnings.iter().any(|warning| warning.starts_with(&expected)), "{:?}", report.warnings);
    let facts = probe(&fixture.path("out/video.mp4"), &["-select_streams", "v", "-show_entries", "stream=codec_name"]);
    assert_eq!(facts, "codec_name=h264\n");
}
