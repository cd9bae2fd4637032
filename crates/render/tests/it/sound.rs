//! Everything that is heard: which files are taken, how loud it comes out, how music repeats and steps back, and that sound
//! and picture stay together.

use std::f64::consts::TAU;
use std::path::Path;

use ebur128::{EbuR128, Mode};
use model::storyboard::Storyboard;
use render::{FolderMedia, Plan, Quality, RenderError, RenderOptions};

use crate::fixture::{Fixture, probe, run, sound};

const RATE: f64 = 48_000.0;

/// A storyboard's scene with a still.
const STILL: &str = r#""imageUrl":"a.png""#;

/// Writes a mono WAV at 48 kHz.
fn write(fixture: &Fixture, name: &str, seconds: f64, wave: impl Fn(f64) -> f64) {
    let spec =
        hound::WavSpec { channels: 1, sample_rate: 48_000, bits_per_sample: 32, sample_format: hound::SampleFormat::Float };
    let mut wav = hound::WavWriter::create(fixture.path(name), spec).expect("creates a WAV");
    for index in 0..(seconds * RATE) as u32 {
        wav.write_sample(wave(f64::from(index) / RATE) as f32).expect("writes a sample");
    }
    wav.finalize().expect("finishes the WAV");
}

/// Something like speech: a buzz in syllables of 0.2 s, with a pause after every fifth.
fn speech(t: f64) -> f64 {
    let (syllable, place) = ((t / 0.2) as u32, (t / 0.2).fract());
    if syllable % 6 == 5 {
        return 0.0;
    }
    let pitch = 110.0 + 15.0 * f64::from(syllable % 4);
    let buzz: f64 = (1..20).map(|harmonic| (t * pitch * f64::from(harmonic) * TAU).sin() / f64::from(harmonic)).sum();
    0.3 * buzz * (place * std::f64::consts::PI).sin().powi(2)
}

/// Something like music: a chord with a drum on every beat at 120 beats per minute.
fn song(t: f64) -> f64 {
    let chord = [220.0, 277.2, 329.6][(t / 2.0) as usize % 3];
    let drum = (-(t % 0.5) * 30.0).exp() * ((t % 0.5) * 90.0 * TAU).sin();
    0.2 * (t * chord * TAU).sin() + 0.15 * (t * chord * 2.0 * TAU).sin() + 0.5 * drum
}

fn convert(fixture: &Fixture, from: &str, to: &str, options: &[&str]) {
    let (from, to) = (fixture.path(from), fixture.path(to));
    let mut arguments = vec!["-v", "error", "-y", "-i", from.to_str().expect("a plain path")];
    arguments.extend(options);
    arguments.push(to.to_str().expect("a plain path"));
    run("ffmpeg", &arguments);
}

/// Plans with tiny pictures, so that nearly all time goes into the sound.
fn planned(fixture: &Fixture, scenes: &str, more: &str) -> Result<Plan, RenderError> {
    let json = format!(r#"{{"size":{{"width":64,"height":64}},"captions":{{"style":"none"}},"scenes":[{scenes}]{more}}}"#);
    let board = Storyboard::from_json(&json).expect("a valid storyboard");
    render::plan(&board, &FolderMedia::new(fixture.folder.path()))
}

/// Renders a draft and answers the sound of the finished file.
fn heard(fixture: &Fixture, plan: &Plan) -> Vec<f32> {
    fixture.render(plan, &RenderOptions { quality: Quality::Draft, ..fixture.options() });
    sound(&fixture.path("out/video.mp4"))
}

fn lufs(samples: &[f32]) -> f64 {
    let mut meter = EbuR128::new(2, 48_000, Mode::I).expect("a meter");
    meter.add_frames_f32(samples).expect("whole frames");
    meter.loudness_global().expect("a loudness")
}

fn seconds(samples: &[f32], from: f64, to: f64) -> &[f32] {
    &samples[2 * (from * RATE) as usize..2 * (to * RATE) as usize]
}

fn level_db(samples: &[f32]) -> f64 {
    let power = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / samples.len() as f64;
    10.0 * power.max(1e-12).log10()
}

const KINDS: [(&str, &[&str]); 21] = [
    ("8bit.wav", &["-c:a", "pcm_u8", "-ar", "8000"]),
    ("16bit.wav", &["-c:a", "pcm_s16le", "-ac", "2"]),
    ("24bit.wav", &["-c:a", "pcm_s24le", "-ar", "192000"]),
    ("32bit.wav", &["-c:a", "pcm_s32le", "-ac", "6"]),
    ("float.wav", &["-c:a", "pcm_f32le", "-ac", "8"]),
    ("double.wav", &["-c:a", "pcm_f64le", "-ar", "11025"]),
    ("law.wav", &["-c:a", "pcm_mulaw", "-ar", "8000"]),
    ("tagged.wav", &["-c:a", "pcm_s16le", "-metadata", "title=a title"]),
    ("usual.mp3", &["-c:a", "libmp3lame", "-b:a", "64k"]),
    ("plain.mp3", &["-c:a", "libmp3lame", "-b:a", "64k", "-write_xing", "0", "-id3v2_version", "0"]),
    ("tags.mp3", &["-c:a", "libmp3lame", "-q:a", "5", "-write_xing", "0", "-write_id3v1", "1", "-metadata", "title=a"]),
    ("low.mp3", &["-c:a", "libmp3lame", "-b:a", "16k", "-ar", "16000", "-write_xing", "0"]),
    ("usual.m4a", &["-c:a", "aac", "-ac", "1", "-b:a", "96k"]),
    ("fast.m4a", &["-c:a", "aac", "-ac", "1", "-b:a", "96k", "-movflags", "+faststart"]),
    ("usual.aac", &["-c:a", "aac", "-ac", "1", "-b:a", "96k"]),
    ("vorbis.ogg", &["-c:a", "libvorbis"]),
    ("usual.opus", &["-c:a", "libopus", "-ac", "1", "-b:a", "48k"]),
    ("usual.flac", &["-c:a", "flac", "-ac", "2"]),
    ("usual.webm", &["-c:a", "libopus", "-ac", "1", "-b:a", "48k"]),
    ("usual.aiff", &["-c:a", "pcm_s16be"]),
    ("usual.mka", &["-c:a", "flac"]),
];

#[test]
fn every_kind_of_sound_is_taken_whole_and_refused_when_cut_short() {
    let fixture = Fixture::new();
    write(&fixture, "speech.wav", 3.0, speech);
    for (name, options) in KINDS {
        convert(&fixture, "speech.wav", name, options);
        let one = |name: &str| planned(&fixture, &format!(r#"{{{STILL},"audioUrl":"{name}"}}"#), "");
        let length = one(name).unwrap_or_else(|error| panic!("{error}")).timeline.seconds();
        // Raw AAC and MP3 can't say how much of their start is only the encoder's delay.
        assert!((length - 3.0).abs() < 0.15, "{name}: {length} s");
        let bytes = std::fs::read(fixture.path(name)).expect("reads");
        let cut = format!("cut-{name}");
        std::fs::write(fixture.path(&cut), &bytes[..bytes.len() * 6 / 10 + 1]).expect("writes");
        let error = one(&cut).expect_err(name).to_string();
        let sentence = ["the sound is cut short", "can't be decoded"].iter().any(|part| error.contains(part));
        assert!(sentence && error.starts_with(&format!("scene 1: {cut}: ")), "{error}");
    }
}

#[test]
fn samples_that_are_no_numbers_are_silent() {
    let fixture = Fixture::new();
    let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e38];
    write(&fixture, "odd.wav", 1.0, |t| if (t * 1000.0) as u32 % 100 == 7 { odd[(t * 10.0) as usize % 4] } else { speech(t) });
    let plan = planned(&fixture, &format!(r#"{{{STILL},"audioUrl":"odd.wav"}}"#), "").expect("plans");
    assert!(heard(&fixture, &plan).iter().all(|sample| sample.abs() < 1.0));
}

#[test]
fn narrations_come_out_equally_loud() {
    let fixture = Fixture::new();
    for (name, db) in [("quiet.wav", -40.0), ("usual.wav", -18.0), ("loud.wav", -6.0)] {
        write(&fixture, name, 4.0, |t| speech(t) * 10f64.powf((db + 14.0) / 20.0));
    }
    let scene = |name: &str| format!(r#"{{{STILL},"transition":"cut","audioUrl":"{name}"}}"#);
    let scenes = [scene("quiet.wav"), scene("usual.wav"), scene("loud.wav")].join(",");
    let samples = heard(&fixture, &planned(&fixture, &scenes, "").expect("plans"));
    let levels = [0.0, 4.0, 8.0].map(|start| lufs(seconds(&samples, start, start + 4.0)));
    let spread = levels.iter().copied().fold(f64::MIN, f64::max) - levels.iter().copied().fold(f64::MAX, f64::min);
    assert!(spread < 1.0, "{levels:?}");
}

#[test]
fn the_finished_file_is_as_loud_as_it_should_be() {
    let fixture = Fixture::new();
    write(&fixture, "speech.wav", 6.0, speech);
    write(&fixture, "quiet.wav", 5.0, |t| speech(t) * 0.01);
    write(&fixture, "short.wav", 0.4, |t| (t * 300.0 * TAU).sin() * 0.2);
    write(&fixture, "clicks.wav", 5.0, |t| if t % 0.5 < 0.002 { 0.9 } else { 0.3 * speech(t) });
    write(&fixture, "song.wav", 9.0, song);
    let mut noise = 1u32;
    let noise: Vec<f64> = (0..240_000)
        .map(|_| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(noise >> 8) / f64::from(1 << 23) - 1.0
        })
        // Like rain: AAC leaves out much of what is above 16 kHz.
        .scan(0.0, |last, sample| {
            *last += 0.2 * (sample - *last);
            Some(*last)
        })
        .collect();
    write(&fixture, "noise.wav", 5.0, |t| noise[(t * RATE) as usize] * 0.5);
    let check = |scene: &str, more: &str| {
        let samples = heard(&fixture, &planned(&fixture, &format!("{{{STILL},{scene}}}"), more).expect("plans"));
        let mut meter = EbuR128::new(2, 48_000, Mode::I | Mode::TRUE_PEAK).expect("a meter");
        meter.add_frames_f32(&samples).expect("whole frames");
        let lufs = meter.loudness_global().expect("a loudness");
        let peak = (0..2).map(|channel| 20.0 * meter.true_peak(channel).expect("a channel").log10()).fold(f64::MIN, f64::max);
        assert!((lufs + 14.0).abs() <= 0.5 && peak <= -1.0, "{scene}{more}: {lufs:.2} LUFS, {peak:.2} dBTP");
    };
    let music = r#","bgMusicUrl":"song.wav""#;
    check(r#""audioUrl":"speech.wav""#, "");
    check(r#""audioUrl":"speech.wav""#, music);
    check(r#""audioUrl":"quiet.wav""#, music);
    check(r#""audioUrl":"short.wav""#, "");
    check(r#""audioUrl":"clicks.wav""#, "");
    check(r#""audioUrl":"noise.wav""#, "");
    check(r#""duration":7"#, music);
    check(r#""duration":20"#, music);
}

#[test]
fn music_is_repeated_on_the_beat() {
    let fixture = Fixture::new();
    // A click every half second, every fourth one lower; silence at both ends; no whole number of beats.
    write(&fixture, "beats.wav", 11.23, |t| {
        let t = t - 0.31;
        let place = t.rem_euclid(0.5);
        let pitch = if ((t / 0.5) as u32).is_multiple_of(4) { 700.0 } else { 1400.0 };
        if (0.0..10.6).contains(&t) { 0.6 * (-place * 60.0).exp() * (place * pitch * TAU).sin() } else { 0.0 }
    });
    let plan = planned(&fixture, &format!(r#"{{{STILL},"duration":40}}"#), r#","bgMusicUrl":"beats.wav""#).expect("plans");
    let samples = heard(&fixture, &plan);
    let mut onsets: Vec<f64> = Vec::new();
    for (index, pair) in samples.chunks_exact(2).enumerate() {
        let t = index as f64 / RATE;
        if pair[0].abs() > 0.12 && onsets.last().is_none_or(|last| t - last > 0.2) {
            onsets.push(t);
        }
    }
    assert!((75..=80).contains(&onsets.len()), "{} onsets", onsets.len());
    // Quieter clicks at both ends reach the threshold later; the seams are all in between.
    for pair in onsets[2..onsets.len() - 6].windows(2) {
        assert!((pair[1] - pair[0] - 0.5).abs() < 0.01, "{} s after {}", pair[1] - pair[0], pair[0]);
    }
}

#[test]
fn music_without_a_beat_is_repeated_without_a_click_or_a_hole() {
    let fixture = Fixture::new();
    let pad = |t: f64| [220.0, 331.3, 447.7].iter().map(|pitch| (t * pitch * TAU).sin() * 0.2).sum::<f64>();
    write(&fixture, "pad.wav", 7.3, pad);
    let plan = planned(&fixture, &format!(r#"{{{STILL},"duration":30}}"#), r#","bgMusicUrl":"pad.wav""#).expect("plans");
    let samples = heard(&fixture, &plan);
    let middle = seconds(&samples, 1.0, 27.0);
    let steepest = |part: &[f32]| part.windows(3).map(|three| (three[2] - three[0]).abs()).fold(0.0, f32::max);
    let inside = steepest(seconds(&samples, 1.0, 4.0));
    assert!(steepest(middle) < 1.1 * inside, "{} against {inside}", steepest(middle));
    let levels: Vec<f64> = middle.chunks(9600).map(level_db).collect();
    let spread = levels.iter().copied().fold(f64::MIN, f64::max) - levels.iter().copied().fold(f64::MAX, f64::min);
    assert!(spread < 4.0, "{spread} dB between the parts");
}

#[test]
fn music_steps_back_before_the_speech_begins() {
    let fixture = Fixture::new();
    // High music and low speech can be told apart again.
    write(&fixture, "high.wav", 12.0, |t| (t * 3000.0 * TAU).sin() * 0.3);
    write(&fixture, "low.wav", 8.0, |t| if (3.0..6.0).contains(&t) { (t * 150.0 * TAU).sin() * 0.5 } else { 0.0 });
    let plan =
        planned(&fixture, &format!(r#"{{{STILL},"audioUrl":"low.wav"}}"#), r#","bgMusicUrl":"high.wav","music":{"volumeDb":-6}"#);
    let samples = heard(&fixture, &plan.expect("plans"));
    // The level of 3 kHz in every 10 ms.
    let levels: Vec<f64> = samples
        .chunks_exact(960)
        .map(|part| {
            let turned = |wave: fn(f64) -> f64| -> f64 {
                part.chunks_exact(2).enumerate().map(|(index, pair)| f64::from(pair[0]) * wave(index as f64 / 16.0 * TAU)).sum()
            };
            10.0 * (turned(f64::sin).powi(2) + turned(f64::cos).powi(2)).max(1e-9).log10()
        })
        .collect();
    let mean = |from: usize, to: usize| levels[from..to].iter().sum::<f64>() / (to - from) as f64;
    let depth = mean(100, 200) - mean(320, 580);
    assert!((8.0..=12.0).contains(&depth), "{depth} dB");
    assert!(mean(100, 200) - mean(296, 300) > 6.0, "it is late: {:?}", &levels[270..310]);
    let steepest = levels[50..620].windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f64::max);
    assert!(steepest < 1.5, "a step of {steepest} dB in 10 ms");
}

#[test]
fn sound_and_picture_stay_together() {
    let fixture = Fixture::new();
    for (name, grey) in [("black.png", 0), ("white.png", 255)] {
        image::RgbImage::from_pixel(64, 64, image::Rgb([grey; 3])).save(fixture.path(name)).expect("saves");
    }
    // Each flash begins with its scene, and so does its click.
    write(&fixture, "click.wav", 0.2, |t| if t < 0.02 { (t * 1000.0 * TAU).cos() * 0.5 } else { 0.0 });
    let flash = r#"{"imageUrl":"white.png","motion":"still","audioUrl":"click.wav"}"#;
    let dark = |seconds: f64| format!(r#"{{"imageUrl":"black.png","motion":"still","duration":{seconds}}}"#);
    for (fps, last) in [(24, 2.37), (25, 1.13), (29, 61.71), (30, 1.0), (60, 3.011)] {
        let scenes = [dark(0.83), flash.into(), dark(1.31), flash.into(), dark(last), flash.into(), dark(0.5)].join(",");
        let plan = planned(&fixture, &scenes, &format!(r#","fps":{fps},"transition":"cut""#)).expect("plans");
        let samples = heard(&fixture, &plan);
        let video = fixture.path("out/video.mp4");
        let (flashes, mut clicks) = (flashes(&video), Vec::new());
        let loudest = samples.iter().fold(0.0f32, |loudest, sample| loudest.max(sample.abs()));
        for (index, pair) in samples.chunks_exact(2).enumerate() {
            let t = index as f64 / RATE;
            if pair[0].abs() > 0.3 * loudest && clicks.last().is_none_or(|last| t - last > 0.1) {
                clicks.push(t);
            }
        }
        assert_eq!((flashes.len(), clicks.len()), (3, 3), "{fps}: {flashes:?} {clicks:?}");
        for (flash, click) in flashes.iter().zip(&clicks) {
            assert!((flash - click).abs() < 0.01, "{fps} frames per second: {flashes:?} {clicks:?}");
        }
        let lengths = probe(&video, &["-show_entries", "stream=duration"]);
        let lengths: Vec<f64> = lengths.lines().filter_map(|line| line.strip_prefix("duration=")?.parse().ok()).collect();
        assert!((lengths[0] - lengths[1]).abs() < 1024.0 / RATE, "{fps}: {lengths:?}");
    }
}

/// When the picture turns from black to white, in seconds.
fn flashes(video: &Path) -> Vec<f64> {
    let path = video.to_str().expect("a plain path");
    let filter = "signalstats,metadata=print:key=lavfi.signalstats.YAVG:file=-";
    let text = run("ffmpeg", &["-v", "error", "-i", path, "-vf", filter, "-an", "-f", "null", "-"]);
    let text = String::from_utf8(text).expect("text");
    let (mut time, mut bright, mut flashes) = (0.0, false, Vec::new());
    for line in text.lines() {
        if let Some((_, seconds)) = line.split_once("pts_time:") {
            time = seconds.trim().parse().expect("a time");
        } else if let Some((_, level)) = line.split_once("YAVG=") {
            let now = level.parse::<f64>().expect("a level") > 128.0;
            if now && !bright {
                flashes.push(time);
            }
            bright = now;
        }
    }
    flashes
}

/// A clip of 2 s with a tone of its own.
fn clip(fixture: &Fixture, name: &str, pitch: u32) {
    let path = fixture.path(name);
    let tone = format!("sine=frequency={pitch}:duration=2:sample_rate=44100");
    let arguments = ["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=64x64:rate=25:duration=2", "-f", "lavfi", "-i", &tone];
    let rest = ["-pix_fmt", "yuv420p", "-c:a", "aac", path.to_str().expect("a plain path")];
    run("ffmpeg", &[&arguments[..], &rest[..]].concat());
}

#[test]
fn a_clip_is_heard_and_gives_its_length() {
    let fixture = Fixture::new();
    clip(&fixture, "one.mp4", 400);
    clip(&fixture, "two.mp4", 600);
    write(&fixture, "speech.wav", 2.0, speech);
    let pitch = |samples: &[f32], pitch: f64| {
        let turned = |wave: fn(f64) -> f64| -> f64 {
            let parts = samples.chunks_exact(2).enumerate();
            parts.map(|(index, pair)| f64::from(pair[0]) * wave(index as f64 / RATE * pitch * TAU)).sum()
        };
        20.0 * (turned(f64::sin).hypot(turned(f64::cos)) / samples.len() as f64).max(1e-9).log10()
    };
    // Neither length nor narration: both come from the clip; the first is heard on under the transition to the second.
    let plan = planned(&fixture, r#"{"videoUrl":"one.mp4","duration":1.5},{"videoUrl":"two.mp4"}"#, "").expect("plans");
    assert_eq!(plan.timeline.scenes.iter().map(|scene| scene.frame_count).collect::<Vec<_>>(), [45, 60]);
    let samples = heard(&fixture, &plan);
    assert!((lufs(&samples) + 14.0).abs() < 0.5);
    let (own, next) =
        (|from, to| pitch(seconds(&samples, from, to), 400.0), |from, to| pitch(seconds(&samples, from, to), 600.0));
    assert!(own(0.5, 1.4) - next(0.5, 1.4) > 20.0 && next(2.1, 3.3) - own(2.1, 3.3) > 20.0);
    assert!((own(1.65, 1.75) - next(1.65, 1.75)).abs() < 4.0, "{} {}", own(1.65, 1.75), next(1.65, 1.75));
    // Under a narration it is silent unless it is asked for.
    let under = |more: &str| {
        let scenes = format!(r#"{{"videoUrl":"one.mp4","audioUrl":"speech.wav"{more}}}"#);
        let samples = heard(&fixture, &planned(&fixture, &scenes, "").expect("plans"));
        pitch(seconds(&samples, 1.0, 1.2), 400.0)
    };
    let (silent, quiet, loud) = (under(""), under(r#","clipVolumeDb":-20"#), under(r#","clipVolumeDb":-8"#));
    assert!(silent < quiet - 10.0 && (loud - quiet - 12.0).abs() < 2.0, "{silent} {quiet} {loud}");
}

#[test]
fn missing_word_times_are_estimated_and_wrong_ones_set_right() {
    let fixture = Fixture::new();
    write(&fixture, "two.wav", 4.0, |t| if (0.5..1.5).contains(&t) || (2.5..3.5).contains(&t) { speech(t) + 0.05 } else { 0.0 });
    let scenes = format!(
        r#"{{{STILL},"audioUrl":"two.wav","narration":"One small step. One giant leap."}},
        {{{STILL},"duration":2,"narration":"No sound here"}}, {{{STILL},"duration":2}},
        {{{STILL},"duration":2,"wordTimings":[{{"word":"a","start":0.5,"end":1.2}},{{"word":"b","start":0.9,"end":9}}]}}"#
    );
    let plan = planned(&fixture, &scenes, "").expect("plans");
    let times = |scene: usize| -> Vec<(f64, f64)> {
        plan.timeline.scenes[scene].words.iter().map(|word| (word.start, word.end)).collect()
    };
    let (first, second) = (times(0), times(1));
    assert_eq!((first.len(), second.len(), times(2).len()), (6, 3, 0));
    assert!((first[0].0 - 0.5).abs() < 0.05 && (first[2].1 - 1.5).abs() < 0.05 && (first[3].0 - 2.5).abs() < 0.05, "{first:?}");
    assert_eq!((second[0].0, second[2].1), (0.0, 2.0));
    assert_eq!(times(3), [(0.5, 0.9), (0.9, 2.0)]);
    let expected = [
        "scene 1: word timings were estimated",
        "scene 2: word timings were estimated",
        "scene 4: 2 of 2 word timings overlap, run backwards or lie outside of the scene's 2.00 s; they were set right",
    ];
    assert_eq!(
        (plan.warnings.as_slice(), plan.estimated_scenes.as_slice()),
        (expected.map(String::from).as_slice(), &[1, 2][..])
    );
    let report = fixture.render(&plan, &fixture.options());
    assert_eq!(report.estimated_scenes, [1, 2]);
}
