//! Files and places made to cause harm, and storyboards at the edges of what is allowed.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use image::RgbImage;
use render::{Flow, RenderOptions};

use crate::fixture::{Fixture, has_encoder, probe, run};

#[test]
fn bombs_are_refused_by_their_headers() {
    let fixture = Fixture::empty();
    let side = 60_000u32;
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    png.extend([side.to_be_bytes(), side.to_be_bytes()].concat());
    png.extend(b"\x08\x02\0\0\0");
    let crc = png[12..].iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
    });
    png.extend((!crc).to_be_bytes());
    png.extend(b"\0\0\0\x0aIDAT\x78\x9c\x63\0\0\0\x01\0\x01\0\0\0\0\0\0");
    let short = (side as u16).to_le_bytes();
    let gif = [b"GIF89a".as_slice(), &short, &short, b"\0\0\0,\0\0\0\0", &short, &short, b"\0\x02\x02\x44\x01\0;"].concat();
    let mut webp = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0".to_vec();
    webp.extend(&(side - 1).to_le_bytes()[..3]);
    webp.extend(&(side - 1).to_le_bytes()[..3]);
    webp.extend(b"VP8L\x06\0\0\0\x2f\0\0\0\0\0");
    let length = (webp.len() as u32 - 8).to_le_bytes();
    webp[4..8].copy_from_slice(&length);
    let mut jpeg = b"\xff\xd8\xff\xc0\0\x11\x08".to_vec();
    jpeg.extend([(side as u16).to_be_bytes(), (side as u16).to_be_bytes()].concat());
    jpeg.extend(b"\x03\x01\x11\0\x02\x11\0\x03\x11\0\xff\xda\0\x0c\x03\x01\0\x02\0\x03\0\0\x3f\0\0\xff\xd9");
    for (name, bytes) in [("bomb.png", png), ("bomb.gif", gif), ("bomb.webp", webp), ("bomb.jpg", jpeg)] {
        std::fs::write(fixture.path(name), bytes).expect("writes");
        let error = fixture.plan(&format!(r#"{{"imageUrl":"{name}","duration":1}}"#), "").expect_err(name).to_string();
        // Some decoders say so themselves before the size can be asked for.
        let refused = error.contains("more than 100 megapixels are refused") || error.contains("can't be decoded as");
        assert!(error.starts_with(&format!("scene 1: {name}: ")) && refused, "{error}");
    }
}

#[test]
fn a_file_that_is_cut_anywhere_is_refused_and_never_shown_in_part() {
    let fixture = Fixture::new();
    let picture = RgbImage::from_fn(120, 90, |x, y| image::Rgb([(x * y) as u8, (x * 7) as u8, (y * 5) as u8]));
    for name in ["whole.png", "whole.jpg", "whole.webp", "whole.gif"] {
        picture.save(fixture.path(name)).expect("saves");
    }
    let mut names = vec!["whole.png", "whole.jpg", "whole.webp", "whole.gif"];
    let (from, avif) = (fixture.path("whole.png"), fixture.path("whole.avif"));
    if has_encoder("libaom-av1") {
        let paths = [from.to_str().expect("a plain path"), avif.to_str().expect("a plain path")];
        run("ffmpeg", &["-v", "error", "-i", paths[0], "-c:v", "libaom-av1", "-still-picture", "1", "-cpu-used", "8", paths[1]]);
        names.push("whole.avif");
    }
    for name in names {
        let bytes = std::fs::read(fixture.path(name)).expect("reads");
        assert!(fixture.plan(&format!(r#"{{"imageUrl":"{name}","duration":1}}"#), "").is_ok(), "{name}");
        for percent in [1, 20, 50, 80] {
            let cut = name.replace("whole", "cut");
            std::fs::write(fixture.path(&cut), &bytes[..(bytes.len() * percent / 100).max(1)]).expect("writes");
            let result = fixture.plan(&format!(r#"{{"imageUrl":"{cut}","duration":1}}"#), "");
            let error = result.expect_err(&format!("{cut} at {percent} %")).to_string();
            assert!(error.starts_with(&format!("scene 1: {cut}: ")), "{error}");
        }
    }
}

#[test]
fn playlists_and_drawings_in_disguise_reach_nothing() {
    let fixture = Fixture::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("can be asked");
    let web = format!("http://{}", listener.local_addr().expect("an address"));
    let canary = fixture.path("a.png");
    let canary = canary.display();
    let texts = [
        format!("#EXTM3U\n#EXTINF:1,\n{web}/a.ts\n#EXTINF:1,\n{canary}\n#EXT-X-ENDLIST\n"),
        format!("ffconcat version 1.0\nfile {canary}\nfile {web}/a.mp4\n"),
        format!(
            "<svg xmlns='http://www.w3.org/2000/svg' width='99' height='99'><image href='{web}/a.png'/><image href='file://{canary}'/></svg>"
        ),
        format!("push graphic-context\nviewbox 0 0 99 99\nimage over 0,0 0,0 '{web}/a.png'\npop graphic-context\n"),
        format!("v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5000 RTP/AVP 96\na=control:{web}\n"),
        format!("<?xml version='1.0'?><MPD><Period><AdaptationSet><BaseURL>{web}/</BaseURL></AdaptationSet></Period></MPD>"),
    ];
    for text in &texts {
        for (name, field) in
            [("x.png", "imageUrl"), ("x.svg", "imageUrl"), ("x.mp4", "videoUrl"), ("x.m3u8", "videoUrl"), ("x.mp3", "audioUrl")]
        {
            std::fs::write(fixture.path(name), text).expect("writes");
            let picture = if field == "audioUrl" { r#""imageUrl":"a.png","# } else { "" };
            let error =
                fixture.plan(&format!(r#"{{{picture}"{field}":"{name}","duration":1}}"#), "").expect_err(text).to_string();
            assert!(error.contains("in a known format"), "{error}");
        }
    }
    let connection = listener.accept().map(|(_, from)| from);
    assert_eq!(connection.expect_err("nobody called").kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn any_name_is_only_a_name() {
    let fixture = Fixture::new();
    let folder = fixture.path("a folder: it's 100%d \"odd\" 😀");
    std::fs::create_dir(&folder).expect("makes a folder");
    let source = ["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=64x64:rate=25:duration=0.2", "-pix_fmt", "yuv420p"];
    fixture.tone("short.wav", 48_000, 0.2, 300.0, 0.3);
    let clip = fixture.path("clip.mp4");
    run("ffmpeg", &[&source[..], &[clip.to_str().expect("a plain path")]].concat());
    let (mut pictures, mut clips) = (Vec::new(), Vec::new());
    for stem in [
        "with space",
        "it's \"quoted\"",
        "new\nline",
        "-y",
        "emoji 😀 ünï",
        "file:x",
        "pipe:0",
        "concat:a|b",
        "100%d%03d",
        "[0:v]",
        "a\\b",
        "*?",
    ] {
        for (from, kind) in [("a.png", "png"), ("clip.mp4", "mp4"), ("short.wav", "wav")] {
            std::fs::copy(fixture.path(from), folder.join(format!("{stem}.{kind}"))).expect("copies");
        }
        pictures.push(serde_json::json!({ "imageUrl": format!("{stem}.png"), "duration": 0.1 }));
        clips.push(serde_json::json!({ "videoUrl": format!("{stem}.mp4"), "audioUrl": format!("{stem}.wav") }));
    }
    let plan = |scenes: Vec<serde_json::Value>| {
        let json = serde_json::json!({ "size": { "width": 64, "height": 64 }, "fps": 24, "scenes": scenes });
        let storyboard = model::storyboard::Storyboard::from_json(&json.to_string()).expect("valid");
        render::plan(&storyboard, &render::FolderMedia::new(&folder)).unwrap_or_else(|error| panic!("{error}"))
    };
    plan(pictures);
    let plan = plan(clips);
    let output = folder.join("-out: 'the' %d\nvideo 😀.mp4");
    let options = RenderOptions { temp_dir: Some(folder.clone()), ..RenderOptions::default() };
    let report = render::render(&plan, &output, &options, &|_| Flow::Continue).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(std::fs::metadata(&output).expect("is there").len(), report.bytes);
}

#[test]
fn the_most_scenes_are_taken_and_one_more_is_refused() {
    let fixture = Fixture::new();
    let scenes = |count: usize| vec![r#"{"imageUrl":"a.png","duration":0.05}"#; count].join(",");
    let error = fixture.plan_sized((64, 64), &scenes(501)).expect_err("too many").to_string();
    assert_eq!(error, "storyboard: scenes: 501 scenes are more than 500");
    let error = fixture.plan_sized((64, 64), "").expect_err("none").to_string();
    assert_eq!(error, "storyboard: scenes: there is no scene; give at least one");
    let plan = fixture.plan_sized((64, 64), &scenes(500)).expect("plans");
    assert_eq!(plan.timeline.frame_count(), 750);
    // All of them would take half a minute, for an encoder starts for each: fifty show that the frames add up.
    let plan = fixture.plan_sized((64, 64), &scenes(50)).expect("plans");
    let report = fixture.render(&plan, &fixture.options());
    // A scene of two frames is a transition and a rest.
    assert_eq!((report.frames, report.segments), (75, 74));
    let facts = probe(
        &fixture.path("out/video.mp4"),
        &["-count_packets", "-select_streams", "v", "-show_entries", "stream=nb_read_packets"],
    );
    assert_eq!(facts, "nb_read_packets=75\n");
}

#[test]
fn the_longest_scene_is_as_long_as_it_says() {
    let fixture = Fixture::new();
    let options = RenderOptions { quality: render::Quality::Draft, ..fixture.options() };
    let plan = |seconds: u32| fixture.plan_sized((64, 64), &format!(r#"{{"imageUrl":"a.png","duration":{seconds}}}"#));
    assert_eq!(plan(600).expect("plans").timeline.frame_count(), 18_000);
    assert!(plan(601).is_err());
    // A part of it is drawn: it too is cut into segments for all cores.
    let report = fixture.render(&plan(90).expect("plans"), &options);
    assert_eq!((report.seconds, report.frames, report.segments), (90.0, 2700, 45));
}

#[test]
fn a_video_never_takes_the_place_of_its_own_parts() {
    let fixture = Fixture::new();
    let plan = fixture.plan(r#"{"imageUrl":"a.png","audioUrl":"two.wav"}"#, r#","bgMusicUrl":"music.wav""#).expect("plans");
    for name in ["a.png", "out/../a.png", "two.wav", "music.wav"] {
        let before = std::fs::read(fixture.path(name)).expect("reads");
        let result = render::render(&plan, &fixture.path(name), &fixture.options(), &|_| Flow::Continue);
        let error = result.expect_err(name).to_string();
        assert!(error.contains("it is one of the files that the video is made of"), "{error}");
        assert_eq!(std::fs::read(fixture.path(name)).expect("reads"), before);
    }
    assert_eq!(fixture.names("work"), Vec::<String>::new());
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error() {
    let fixture = Fixture::new();
    let plan = fixture.plan(r#"{"imageUrl":"a.png","duration":0.1}"#, "").expect("plans");
    // Even the administrator can't make files there.
    for output in
        ["/proc/self/video.mp4", "/proc/video.mp4"].map(Path::new).into_iter().filter(|_| Path::new("/proc/self").exists())
    {
        let result = render::render(&plan, output, &fixture.options(), &|_| Flow::Continue);
        let error = result.expect_err("nothing can be written there").to_string();
        assert!(error.starts_with("can't write to /proc"), "{error}");
    }
    assert_eq!(fixture.names("work"), Vec::<String>::new());
}

/// Set in the process that is not allowed to write large files.
const LIMITED: &str = "RENDER_TEST_LIMITED_FOLDER";

#[test]
#[cfg(unix)]
fn when_no_more_can_be_written_nothing_is_left_behind() {
    let fixture = Fixture::new();
    let test = ["--exact", "hostile::limited_process", "--ignored", "--nocapture"];
    let mut child = Command::new(std::env::current_exe().expect("this program"));
    let output = child.args(test).env(LIMITED, fixture.folder.path()).output().expect("runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!((fixture.names("out"), fixture.names("work")), (vec![], vec![]));
}

/// The other half of the test above, in a process of its own: the limit would hit all tests.
#[test]
#[ignore = "is run by when_no_more_can_be_written_nothing_is_left_behind"]
#[cfg(unix)]
fn limited_process() {
    let folder = std::env::var(LIMITED).expect("is run by another test");
    let json =
        r#"{"size":{"width":540,"height":960},"scenes":[{"imageUrl":"a.png","duration":3},{"imageUrl":"b.jpg","duration":3}]}"#;
    let storyboard = model::storyboard::Storyboard::from_json(json).expect("valid");
    let plan = render::plan(&storyboard, &render::FolderMedia::new(&folder)).expect("plans");
    // SAFETY: the calls only change what this process and its children may do.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        let limit = libc::rlimit { rlim_cur: 20_000, rlim_max: 20_000 };
        assert_eq!(libc::setrlimit(libc::RLIMIT_FSIZE, &limit), 0);
    }
    let options = RenderOptions { temp_dir: Some(Path::new(&folder).join("work")), ..RenderOptions::default() };
    let begun = Instant::now();
    let error = render::render(&plan, &Path::new(&folder).join("out/video.mp4"), &options, &|_| Flow::Continue);
    let error = error.expect_err("the files are too large").to_string();
    assert!(error.contains("File too large") && begun.elapsed() < Duration::from_secs(60), "{error}");
}
