//! Clips of every kind come out upright, unstretched, in their own colours and at their own pace.

use image::{Rgb, RgbImage};

use crate::fixture::{Fixture, has_encoder, run};

/// The quarters of the test picture: top left, top right, bottom left, bottom right.
const QUARTERS: [[u8; 3]; 4] = [[190, 50, 40], [50, 150, 70], [40, 70, 180], [210, 210, 200]];

fn fixture() -> Fixture {
    let fixture = Fixture::empty();
    let quarters = RgbImage::from_fn(96, 96, |x, y| Rgb(QUARTERS[usize::from(x >= 48) + 2 * usize::from(y >= 48)]));
    quarters.save(fixture.path("quarters.png")).expect("saves");
    fixture
}

/// Makes a clip of one second from the test picture.
fn make(fixture: &Fixture, name: &str, arguments: &str) {
    let (from, to) = (fixture.path("quarters.png"), fixture.path(name));
    let paths = [from.to_str().expect("a plain path"), to.to_str().expect("a plain path")];
    let arguments: Vec<&str> = arguments.split_whitespace().collect();
    let input = ["-v", "error", "-y", "-loop", "1", "-r", "10", "-i", paths[0], "-t", "1"];
    run("ffmpeg", &[&input[..], &arguments, &[paths[1]]].concat());
}

#[track_caller]
fn check(fixture: &Fixture, name: &str) {
    let plan = fixture.plan_sized((64, 64), &format!(r#"{{"videoUrl":"{name}","duration":1}}"#));
    let plan = plan.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(plan.warnings, Vec::<String>::new(), "{name}");
    let frame = render::frame_at(&plan, 0.4).expect("draws");
    let seen = [(16, 16), (48, 16), (16, 48), (48, 48)].map(|(x, y)| frame.get_pixel(x, y).0);
    let near = seen.iter().flatten().zip(QUARTERS.iter().flatten()).all(|(a, b)| a.abs_diff(*b) <= 8);
    assert!(near, "{name}: {seen:?} instead of {QUARTERS:?}");
    // The seam between the quarters is in the middle: nothing was stretched or moved.
    let jump = |x: u32| frame.get_pixel(x, 10).0[0];
    assert!(
        jump(28).abs_diff(QUARTERS[0][0]) <= 12 && jump(35).abs_diff(QUARTERS[1][0]) <= 12,
        "{name}: {} {}",
        jump(28),
        jump(35)
    );
}

#[test]
fn every_kind_of_clip_is_drawn_in_its_colours() {
    let fixture = fixture();
    let to601 = "-vf scale=out_color_matrix=bt601:out_range=tv -colorspace smpte170m";
    let to709 = "-vf scale=out_color_matrix=bt709:out_range=tv -colorspace bt709";
    for (name, encoder, arguments) in [
        ("h264.mp4", "libx264", to709.to_owned()),
        ("old colours.mov", "libx264", to601.to_owned()),
        ("unsaid colours.mkv", "libx264", "-vf scale=out_color_matrix=bt601:out_range=tv".to_owned()),
        (
            "full range.mp4",
            "libx264",
            "-vf scale=out_color_matrix=bt709:out_range=pc -color_range pc -colorspace bt709 -pix_fmt yuvj420p".to_owned(),
        ),
        (
            "odd size.mkv",
            "libx264",
            "-vf scale=97:95:out_color_matrix=bt709:out_range=tv -colorspace bt709 -pix_fmt yuv444p".to_owned(),
        ),
        (
            "wide pixels.mp4",
            "libx264",
            "-vf scale=48:96:out_color_matrix=bt709:out_range=tv,setsar=2 -colorspace bt709".to_owned(),
        ),
        ("hevc.mp4", "libx265", format!("{to709} -x265-params log-level=error")),
        ("ten bits.mov", "libx265", format!("{to709} -pix_fmt yuv420p10le -x265-params log-level=error")),
        ("vp8.webm", "libvpx", format!("{to601} -b:v 500k")),
        ("vp9.webm", "libvpx-vp9", format!("{to709} -b:v 500k -cpu-used 8")),
        ("vp9 alpha.webm", "libvpx-vp9", format!("{to709} -b:v 500k -cpu-used 8 -pix_fmt yuva420p")),
        ("av1.mp4", "libaom-av1", format!("{to709} -cpu-used 8 -crf 20")),
        ("av1.mkv", "libsvtav1", format!("{to709} -preset 10 -crf 20")),
    ] {
        if has_encoder(encoder) {
            let pixels = if arguments.contains("-pix_fmt") { "" } else { "-pix_fmt yuv420p" };
            make(&fixture, name, &format!("{arguments} {pixels} -c:v {encoder}"));
            check(&fixture, name);
        }
    }
}

#[test]
fn phone_videos_are_turned() {
    let fixture = fixture();
    for (rotate, turn) in [("90", "transpose=2"), ("180", "hflip,vflip"), ("270", "transpose=1")] {
        make(
            &fixture,
            "lying.mp4",
            &format!("-vf {turn},scale=out_color_matrix=bt709:out_range=tv -colorspace bt709 -pix_fmt yuv420p -c:v libx264"),
        );
        let name = format!("turned {rotate}.mp4");
        let (from, to) = (fixture.path("lying.mp4"), fixture.path(&name));
        let paths = [from.to_str().expect("a plain path"), to.to_str().expect("a plain path")];
        std::fs::write(&to, turned(&std::fs::read(paths[0]).expect("reads"), rotate.parse().expect("a number"))).expect("writes");
        check(&fixture, &name);
    }
}

/// An MP4 whose video track says that it is to be turned clockwise.
fn turned(mp4: &[u8], degrees: u16) -> Vec<u8> {
    let mut mp4 = mp4.to_vec();
    let header = mp4.windows(4).position(|four| four == b"tkhd").expect("a track");
    let (one, minus) = (0x1_0000i32, -0x1_0000i32);
    let (a, b, c, d) = match degrees {
        90 => (0, one, minus, 0),
        180 => (minus, 0, 0, minus),
        _ => (0, minus, one, 0),
    };
    // Version 0: times, numbers and volume are 40 bytes; then the matrix, by rows of three.
    let matrix: Vec<u8> = [a, b, 0, c, d, 0, 0, 0, 0x4000_0000].iter().flat_map(|number: &i32| number.to_be_bytes()).collect();
    mp4[header + 44..header + 80].copy_from_slice(&matrix);
    mp4
}

#[test]
fn a_clip_keeps_its_pace_with_any_frame_rate() {
    let fixture = fixture();
    // Dark for half a second, then bright.
    let picture = "-f lavfi -i color=black:size=64x64:rate=RATE:duration=0.5 -f lavfi -i color=white:size=64x64:rate=RATE:duration=0.5 \
                   -filter_complex [0][1]concat=n=2,FILTER -c:v libx264 -pix_fmt yuv420p";
    for (name, rate, filter) in [
        ("slow.mp4", "8", "null"),
        ("film.mp4", "24000/1001", "null"),
        ("fast.mp4", "120", "null"),
        ("uneven.mkv", "60", "select='not(between(n,5,23))+gt(n,50)' -vsync vfr"),
        ("late start.mkv", "30", "setpts=PTS+3/TB"),
    ] {
        let arguments = picture.replace("RATE", rate).replace("FILTER", filter).replace("-vsync", " -vsync");
        let path = fixture.path(name);
        let arguments: Vec<&str> = arguments.split_whitespace().collect();
        run("ffmpeg", &[&["-v", "error", "-y"], &arguments[..], &[path.to_str().expect("a plain path")]].concat());
        let plan = fixture.plan_sized((64, 64), &format!(r#"{{"videoUrl":"{name}","duration":1}}"#)).expect("plans");
        let luma = |seconds: f64| render::frame_at(&plan, seconds).expect("draws").get_pixel(32, 32).0[0];
        let seen = [0.05, 0.42, 0.58, 0.95].map(luma);
        assert!(seen[0] < 20 && seen[1] < 20 && seen[2] > 235 && seen[3] > 235, "{name}: {seen:?}");
    }
}

#[test]
fn a_cut_clip_fails_only_where_the_missing_part_would_be_shown() {
    let fixture = fixture();
    let source =
        ["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=4", "-pix_fmt", "yuv420p", "-g", "25"];
    for (name, more) in [("cut.mp4", vec!["-c:v", "libx264", "-movflags", "+faststart"]), ("cut.mkv", vec!["-c:v", "libx264"])] {
        let path = fixture.path(name);
        run("ffmpeg", &[&source[..], &more, &[path.to_str().expect("a plain path")]].concat());
        let bytes = std::fs::read(&path).expect("reads");
        std::fs::write(&path, &bytes[..bytes.len() * 6 / 10]).expect("writes");
        let plan = |seconds: f64| fixture.plan(&format!(r#"{{"videoUrl":"{name}","duration":{seconds}}}"#), "");
        let error = plan(3.5).expect_err("the end is missing").to_string();
        assert!(error.starts_with(&format!("scene 1: {name}: the clip is cut short after ")), "{error}");
        let plan = plan(1.0).expect("the first second is there");
        assert!(plan.warnings.len() == 1 && plan.warnings[0].contains("is cut short after"), "{:?}", plan.warnings);
        fixture.render(&plan, &fixture.options());
    }
}
