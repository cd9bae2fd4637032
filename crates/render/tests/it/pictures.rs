//! Every kind of still picture that people have comes out in its own colours, upright and never stretched.

use std::io::BufWriter;

use image::codecs::gif::GifEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{DynamicImage, ExtendedColorType, Frame, ImageBuffer, ImageEncoder, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

use crate::fixture::{Fixture, has_encoder, run};
use crate::jpeg::{self, Adobe, Kind};

/// The quarters of the test picture: top left, top right, bottom left, bottom right.
const QUARTERS: [[u8; 3]; 4] = [[200, 40, 30], [40, 160, 60], [30, 60, 190], [220, 220, 210]];
/// What is seen through a transparent quarter.
const BACKDROP: [u8; 3] = [24; 3];

fn quarters(side: u32) -> RgbImage {
    RgbImage::from_fn(side, side, |x, y| Rgb(QUARTERS[usize::from(x >= side / 2) + 2 * usize::from(y >= side / 2)]))
}

/// The same with a transparent last quarter.
fn with_hole(side: u32) -> RgbaImage {
    RgbaImage::from_fn(side, side, |x, y| {
        let at = usize::from(x >= side / 2) + 2 * usize::from(y >= side / 2);
        let [red, green, blue] = QUARTERS[at];
        Rgba([red, green, blue, if at == 3 { 0 } else { 255 }])
    })
}

fn grey([red, green, blue]: [u8; 3]) -> u8 {
    DynamicImage::ImageRgb8(RgbImage::from_pixel(1, 1, Rgb([red, green, blue]))).to_luma8()[(0, 0)].0[0]
}

const HOLED: [[u8; 3]; 4] = [QUARTERS[0], QUARTERS[1], QUARTERS[2], BACKDROP];

/// Draws a picture into a square and compares the middle of each quarter.
#[track_caller]
fn check(fixture: &Fixture, name: &str, expected: [[u8; 3]; 4], tolerance: u8) {
    let scene = format!(r#"{{"imageUrl":"{name}","duration":1,"motion":"still"}}"#);
    let plan = fixture.plan_sized((64, 64), &scene).unwrap_or_else(|error| panic!("{error}"));
    let frame = render::frame_at(&plan, 0.0).expect("draws");
    let seen = [(16, 16), (48, 16), (16, 48), (48, 48)].map(|(x, y)| frame.get_pixel(x, y).0);
    let near = seen.iter().flatten().zip(expected.iter().flatten()).all(|(a, b)| a.abs_diff(*b) <= tolerance);
    assert!(near, "{name}: {seen:?} instead of {expected:?}");
}

#[test]
fn every_kind_of_png_gif_and_webp_is_drawn_in_its_colours() {
    let fixture = Fixture::empty();
    let save = |name: &str, picture: DynamicImage| picture.save(fixture.path(name)).expect("saves");
    let (plain, holed) = (DynamicImage::from(quarters(96)), DynamicImage::from(with_hole(96)));
    let greys = QUARTERS.map(|colour| [grey(colour); 3]);
    let holed_greys = [greys[0], greys[1], greys[2], BACKDROP];
    for (name, picture, expected) in [
        ("rgb8.png", plain.clone(), QUARTERS),
        ("rgb16.png", plain.to_rgb16().into(), QUARTERS),
        ("grey8.png", plain.to_luma8().into(), greys),
        ("grey16.png", plain.to_luma16().into(), greys),
        ("rgba8.png", holed.clone(), HOLED),
        ("rgba16.png", holed.to_rgba16().into(), HOLED),
        ("greya8.png", holed.to_luma_alpha8().into(), holed_greys),
        ("greya16.png", holed.to_luma_alpha16().into(), holed_greys),
        ("lossless.webp", plain.clone(), QUARTERS),
        ("lossless alpha.webp", holed.clone(), HOLED),
    ] {
        save(name, picture);
        check(&fixture, name, expected, 2);
    }
    let mut gif = GifEncoder::new(BufWriter::new(std::fs::File::create(fixture.path("two frames.gif")).expect("creates")));
    gif.encode_frames([Frame::new(with_hole(96)), Frame::new(RgbaImage::new(96, 96))]).expect("encodes");
    drop(gif);
    check(&fixture, "two frames.gif", HOLED, 4);
    let convert = |from: &str, arguments: &[&str], to: &str| {
        let (from, to) = (fixture.path(from), fixture.path(to));
        let paths = [from.to_str().expect("a plain path"), to.to_str().expect("a plain path")];
        run("ffmpeg", &[&["-v", "error", "-i", paths[0]], arguments, &[paths[1]]].concat());
    };
    convert("rgba8.png", &["-flags", "+ildct"], "interlaced.png");
    check(&fixture, "interlaced.png", HOLED, 2);
    convert(
        "rgba8.png",
        &["-vf", "split[a][b];[a]palettegen=reserve_transparent=1[p];[b][p]paletteuse=dither=none"],
        "palette.png",
    );
    check(&fixture, "palette.png", HOLED, 4);
    if has_encoder("libwebp") {
        convert("rgb8.png", &["-c:v", "libwebp", "-quality", "95"], "lossy.webp");
        check(&fixture, "lossy.webp", QUARTERS, 6);
        convert("rgba8.png", &["-c:v", "libwebp", "-quality", "95", "-pix_fmt", "yuva420p"], "lossy alpha.webp");
        check(&fixture, "lossy alpha.webp", HOLED, 6);
    }
    if has_encoder("libwebp_anim") {
        let moving = ["-loop", "1", "-t", "0.3", "-r", "10"];
        let (from, to) = (fixture.path("rgb8.png"), fixture.path("animated.webp"));
        let input = ["-i", from.to_str().expect("a plain path"), "-vf", "negate=enable='gte(n,1)'", "-c:v", "libwebp_anim"];
        let output = ["-lossless", "1", to.to_str().expect("a plain path")];
        run("ffmpeg", &[&["-v", "error"], &moving[..], &input, &output].concat());
        check(&fixture, "animated.webp", QUARTERS, 4);
    }
    if has_encoder("libaom-av1") {
        let colours = ["-vf", "scale=out_color_matrix=bt709:out_range=pc", "-colorspace", "bt709", "-color_range", "pc"];
        let encode = ["-c:v", "libaom-av1", "-still-picture", "1", "-crf", "10", "-cpu-used", "8", "-pix_fmt", "yuv444p"];
        convert("rgb8.png", &[&colours[..], &encode].concat(), "still.avif");
        check(&fixture, "still.avif", QUARTERS, 6);
    }
}

#[test]
fn every_kind_of_jpeg_is_drawn_in_its_colours() {
    let fixture = Fixture::empty();
    let write = |name: &str, bytes: Vec<u8>| std::fs::write(fixture.path(name), bytes).expect("writes");
    let quarter = |column: u16, row: u16| QUARTERS[usize::from(column >= 6) + 2 * usize::from(row >= 6)];
    let ycc = |[red, green, blue]: [u8; 3]| {
        let [red, green, blue] = [red, green, blue].map(f32::from);
        let luma = 0.299 * red + 0.587 * green + 0.114 * blue;
        [luma, 128.0 + (blue - luma) / 1.772, 128.0 + (red - luma) / 1.402].map(|value| value.round() as u8)
    };
    // Adobe's programs write inks upside down: 255 is no ink. Black is a quarter everywhere.
    let inks = |colour: [u8; 3]| colour.map(|value| (f32::from(value) / 0.95).min(255.0) as u8);
    let black = (255.0f32 * 0.95) as u8;
    let kind = |progressive, adobe| Kind { progressive, precision: 8, adobe };
    for progressive in [false, true] {
        let name = |what: &str| format!("{what} {progressive}.jpg");
        let plain = kind(progressive, Adobe::None);
        write(&name("grey"), jpeg::write(&plain, (12, 12), 1, |column, row| vec![grey(quarter(column, row))]));
        check(&fixture, &name("grey"), QUARTERS.map(|colour| [grey(colour); 3]), 3);
        write(&name("ycc"), jpeg::write(&plain, (12, 12), 3, |column, row| ycc(quarter(column, row)).to_vec()));
        check(&fixture, &name("ycc"), QUARTERS, 4);
        let rgb = kind(progressive, Adobe::Transform(0));
        write(&name("rgb"), jpeg::write(&rgb, (12, 12), 3, |column, row| quarter(column, row).to_vec()));
        check(&fixture, &name("rgb"), QUARTERS, 4);
        let cmyk = |column, row| [&inks(quarter(column, row))[..], &[black]].concat();
        write(&name("cmyk"), jpeg::write(&rgb, (12, 12), 4, cmyk));
        check(&fixture, &name("cmyk"), QUARTERS, 5);
        let ycck = |column, row| [&ycc(inks(quarter(column, row)).map(|ink| 255 - ink))[..], &[black]].concat();
        write(&name("ycck"), jpeg::write(&kind(progressive, Adobe::Transform(2)), (12, 12), 4, ycck));
        check(&fixture, &name("ycck"), QUARTERS, 5);
    }
    let deep = Kind { progressive: false, precision: 12, adobe: Adobe::None };
    write("deep.jpg", jpeg::write(&deep, (12, 12), 1, |_, _| vec![128]));
    let error = fixture.plan(r#"{"imageUrl":"deep.jpg","duration":1}"#, "").expect_err("12 bits").to_string();
    assert_eq!(error, "scene 1: deep.jpg: is a JPEG with 12 bits a sample; save it with 8 bits");
    quarters(96).save(fixture.path("a.png")).expect("saves");
    for format in ["yuvj420p", "yuvj422p", "yuvj444p"] {
        let (from, to) = (fixture.path("a.png"), fixture.path(&format!("{format}.jpg")));
        let paths = [from.to_str().expect("a plain path"), to.to_str().expect("a plain path")];
        run("ffmpeg", &["-v", "error", "-i", paths[0], "-pix_fmt", format, "-q:v", "2", paths[1]]);
        check(&fixture, &format!("{format}.jpg"), QUARTERS, 5);
    }
}

#[test]
fn pictures_are_turned_as_their_camera_says() {
    let fixture = Fixture::empty();
    for orientation in 1..=8u8 {
        let exif = [b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".as_slice(), &[orientation, 0, 0, 0, 0, 0, 0]].concat();
        let mut lying = DynamicImage::from(quarters(96));
        let turn = image::metadata::Orientation::from_exif(match orientation {
            6 => 8,
            8 => 6,
            other => other,
        });
        lying.apply_orientation(turn.expect("1 to 8"));
        let name = format!("turned {orientation}.jpg");
        let mut file = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut file, 95);
        encoder.set_exif_metadata(exif).expect("takes it");
        encoder.encode_image(&lying).expect("encodes");
        std::fs::write(fixture.path(&name), file).expect("writes");
        check(&fixture, &name, QUARTERS, 5);
    }
}

#[test]
fn colours_of_other_profiles_become_those_of_the_screen() {
    use moxcms::{ColorProfile, Layout, TransformOptions};
    let fixture = Fixture::empty();
    let picture = quarters(96);
    for (name, profile) in [("p3", ColorProfile::new_display_p3()), ("adobe", ColorProfile::new_adobe_rgb())] {
        let to_screen = profile
            .create_transform_8bit(Layout::Rgb, &ColorProfile::new_srgb(), Layout::Rgb, TransformOptions::default())
            .expect("a conversion");
        let expected = QUARTERS.map(|colour| {
            let mut screen = [0; 3];
            to_screen.transform(&colour, &mut screen).expect("converts");
            screen
        });
        assert!(expected[0][0] > QUARTERS[0][0] + 5, "the profile makes a difference: {expected:?}");
        let icc = profile.encode().expect("a profile");
        let save = |name: &str, file: &[u8]| std::fs::write(fixture.path(name), file).expect("writes");
        let mut file = Vec::new();
        let mut png = PngEncoder::new(&mut file);
        png.set_icc_profile(icc.clone()).expect("takes it");
        png.write_image(&picture, 96, 96, ExtendedColorType::Rgb8).expect("encodes");
        save(&format!("{name}.png"), &file);
        check(&fixture, &format!("{name}.png"), expected, 3);
        file.clear();
        let mut jpeg = JpegEncoder::new_with_quality(&mut file, 95);
        jpeg.set_icc_profile(icc).expect("takes it");
        jpeg.encode_image(&picture).expect("encodes");
        save(&format!("{name}.jpg"), &file);
        check(&fixture, &format!("{name}.jpg"), expected, 6);
    }
    let mut png = PngEncoder::new(BufWriter::new(std::fs::File::create(fixture.path("odd.png")).expect("creates")));
    png.set_icc_profile(b"this is no profile".to_vec()).expect("takes it");
    png.write_image(&picture, 96, 96, ExtendedColorType::Rgb8).expect("encodes");
    check(&fixture, "odd.png", QUARTERS, 2);
}

#[test]
fn any_shape_is_cropped_and_never_stretched() {
    let fixture = Fixture::empty();
    // A round dot in the middle stays round.
    let dot = |width: u32, height: u32| {
        let radius = f64::from(width.min(height)) / 4.0;
        ImageBuffer::from_fn(width, height, |x, y| {
            let (x, y) = (f64::from(x) + 0.5 - f64::from(width) / 2.0, f64::from(y) + 0.5 - f64::from(height) / 2.0);
            Rgb(if x.hypot(y) < radius { [240u8; 3] } else { [10; 3] })
        })
    };
    for (width, height) in [(16, 16), (16, 6000), (6000, 16), (300, 400), (1999, 31)] {
        let name = format!("{width} by {height}.png");
        dot(width, height).save_with_format(fixture.path(&name), ImageFormat::Png).expect("saves");
        let scene = format!(r#"{{"imageUrl":"{name}","duration":1,"motion":"still","focus":{{"x":0.5,"y":0.5}}}}"#);
        let plan = fixture.plan_sized((64, 64), &scene).unwrap_or_else(|error| panic!("{error}"));
        let frame = render::frame_at(&plan, 0.0).expect("draws");
        let bright = |x: u32, y: u32| frame.get_pixel(x, y).0[0] > 120;
        let across = (0..64).filter(|x| bright(*x, 32)).count();
        let down = (0..64).filter(|y| bright(32, *y)).count();
        assert!(across.abs_diff(down) <= 2 && across.abs_diff(32) <= 2, "{name}: {across} across, {down} down");
    }
}
