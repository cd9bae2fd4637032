//! Captions as they stand in the picture.

use image::RgbImage;

use crate::fixture::Fixture;

const WORDS: &str = r#"{"imageUrl":"grey.png","duration":2,"motion":"still","wordTimings":[
    {"word":"Größe","start":0.1,"end":0.6},{"word":"zählt!","start":0.7166,"end":1.1}]}"#;

fn fixture() -> Fixture {
    let fixture = Fixture::new();
    RgbImage::from_pixel(180, 320, image::Rgb([70, 110, 140])).save(fixture.path("grey.png")).expect("saves");
    fixture
}

fn yellow(frame: &RgbImage) -> Vec<u32> {
    let pixels = frame.enumerate_pixels().filter(|(_, _, pixel)| pixel[0] > 200 && pixel[1] > 170 && pixel[2] < 110);
    pixels.map(|(x, _, _)| x).collect()
}

#[test]
fn the_highlight_moves_on_the_exact_frame() {
    let fixture = fixture();
    let plan = fixture.plan(WORDS, "").expect("plans");
    // The middle of a frame, so that no rounding decides which one it is.
    let at = |frame: u32| yellow(&render::frame_at(&plan, (f64::from(frame) + 0.5) / 30.0).expect("draws"));
    assert!(at(2).is_empty());
    let (before, after) = (at(20), at(21));
    assert_eq!(at(19), before);
    assert_eq!(at(22), after);
    // 0.7166 s × 30 = 21.498: frame 21 is nearest. The second word stands to the right of the first.
    assert!(before.iter().max() < after.iter().min() && !before.is_empty(), "{before:?} {after:?}");
}

/// Where something stands on the flat ground, shadows aside.
fn ink(frame: &RgbImage) -> Vec<(u32, u32)> {
    let flat = [70u8, 110, 140];
    let differs = |pixel: &image::Rgb<u8>| pixel.0.iter().zip(flat).any(|(value, flat)| value.abs_diff(flat) > 40);
    frame.enumerate_pixels().filter(|(_, _, pixel)| differs(pixel)).map(|(x, y, _)| (x, y)).collect()
}

#[test]
fn styles_keep_inside_the_safe_area() {
    use model::caption::{CaptionPosition::*, CaptionStyle::*};
    let fixture = fixture();
    let longest = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft";
    for (word, positions) in [(longest, vec![Bottom]), ("Rindfleischetikettierungsgesetz", vec![Top, Middle, Bottom])] {
        let mut plan = fixture.plan(&WORDS.replace("Größe", word), "").expect("plans");
        for style in [Karaoke, Box, Pop, Typewriter, Word, Outline, Minimal, Plain, None] {
            plan.timeline.captions.style = style;
            for position in positions.iter().copied() {
                plan.timeline.captions.position = position;
                // Frames 6 and 24 are within a bounce.
                for frame in [6.5, 15.5, 24.5] {
                    let ink = ink(&render::frame_at(&plan, frame / 30.0).expect("draws"));
                    assert_eq!(ink.is_empty(), style == None, "{style:?} {position:?} {frame}");
                    // 14 % from the top, 25 % from the bottom, 13 % from the sides; shadows may reach a little further.
                    for (x, y) in ink {
                        assert!((21..159).contains(&x) && (42..244).contains(&y), "{style:?} {position:?} {frame}: {x},{y}");
                    }
                }
            }
        }
    }
}

/// Frames of the two words in a style, by number; the second word begins on frame 21.
fn frames(style: &str) -> impl Fn(u32) -> RgbImage {
    let fixture = fixture();
    let mut storyboard = fixture.storyboard(WORDS, &format!(r#","captions":{{"style":"{style}"}}"#));
    storyboard.size = model::storyboard::Size { width: 360, height: 640 };
    let plan = render::plan(&storyboard, &render::FolderMedia::new(fixture.folder.path())).expect("plans");
    move |frame| {
        let _keep = &fixture;
        render::frame_at(&plan, (f64::from(frame) + 0.5) / 30.0).expect("draws")
    }
}

/// Left and right end.
fn extent(columns: impl Iterator<Item = u32> + Clone) -> (u32, u32) {
    (columns.clone().min().expect("something is there"), columns.max().expect("something is there"))
}

fn ink_extent(frame: &RgbImage) -> (u32, u32) {
    extent(ink(frame).into_iter().map(|(x, _)| x))
}

/// Left and right end of the second word's letters on a whole page.
fn second_word() -> (u32, u32) {
    extent(yellow(&frames("karaoke")(27)).into_iter())
}

#[test]
fn typewriter_words_come_when_they_are_spoken() {
    let at = frames("typewriter");
    assert!(ink(&at(2)).is_empty());
    let (first, both) = (at(20), at(21));
    assert_eq!(at(3), first, "the word is there on its first frame");
    assert_eq!(at(22), both);
    // The second word's ground is free, and the first word keeps its place.
    let (second_left, second_right) = second_word();
    let ((left, end), (left_then, right)) = (ink_extent(&first), ink_extent(&both));
    assert!(left == left_then && end + 3 < second_left, "{left}..{end}, then {left_then}..{right}");
    assert!(right >= second_right, "{right} {second_right}");
    assert!(yellow(&both).is_empty());
}

#[test]
fn word_shows_one_big_word_in_the_middle() {
    let (at, small) = (frames("word"), frames("karaoke"));
    let height = |frame: &RgbImage| {
        let (top, bottom) = extent(ink(frame).into_iter().map(|(_, y)| y));
        bottom - top
    };
    for (frame, letters) in [(18, "Größe"), (28, "zählt!")] {
        let picture = at(frame);
        let (left, right) = ink_extent(&picture);
        assert!((left + right).abs_diff(360) < 8, "{letters} stands from {left} to {right}");
        assert!(height(&picture) as f64 > height(&small(frame)) as f64 * 1.35, "{letters}");
    }
    let (one, two) = (yellow(&at(20)).len(), yellow(&at(21)).len());
    assert!(one > 500 && two > 300, "each word is there from its first frame to its last: {one}, {two}");
}

#[test]
fn pop_bounces_and_comes_to_rest() {
    let at = frames("pop");
    assert!(ink(&at(2)).is_empty());
    assert!(ink_extent(&at(20)).1 + 3 < second_word().0, "the second word is not there before it is spoken");
    let width = |frame: u32| {
        let (left, right) = extent(yellow(&at(frame)).into_iter());
        right - left
    };
    let rest = width(27);
    assert!(width(21) < rest && width(23) > rest, "{} {} {rest}", width(21), width(23));
    // 0.2 s are 6 frames.
    assert_ne!(at(26), at(27));
    assert_eq!(at(27), at(28));
    // At rest it stands where a karaoke page has it.
    assert_eq!(yellow(&at(27)), yellow(&frames("karaoke")(27)));
}

#[test]
fn outline_letters_are_hollow_until_they_are_spoken() {
    let (outline, karaoke) = (frames("outline")(27), frames("karaoke")(27));
    let count = |frame: &RgbImage, wanted: fn(&image::Rgb<u8>) -> bool| {
        let letters = frame.pixels().zip(karaoke.pixels()).filter(|(_, filled)| wanted(filled));
        letters.filter(|(pixel, _)| wanted(pixel)).count()
    };
    let (white, filled) = (
        |pixel: &image::Rgb<u8>| pixel.0.iter().all(|value| *value > 235),
        |pixel: &image::Rgb<u8>| pixel[0] > 200 && pixel[2] < 110,
    );
    assert!(count(&outline, white) * 5 < count(&karaoke, white), "white letters are see-through");
    assert!(count(&outline, filled) * 10 > count(&karaoke, filled) * 9, "the spoken word is filled");
}

#[test]
fn minimal_is_small_without_outline_and_only_brightens_the_spoken_word() {
    let (minimal, karaoke) = (frames("minimal")(27), frames("karaoke")(27));
    let ((left, right), (wide_left, wide_right)) = (ink_extent(&minimal), ink_extent(&karaoke));
    assert!((right - left) * 10 < (wide_right - wide_left) * 8);
    assert!(yellow(&minimal).is_empty());
    assert!(minimal.pixels().all(|pixel| pixel[2] > 12), "a soft shadow is never black");
    let bright = extent(
        minimal.enumerate_pixels().filter(|(_, _, pixel)| pixel[0] > 240).map(|(x, _, _)| x).collect::<Vec<_>>().into_iter(),
    );
    assert!(bright.0 > 180 && bright.1 > 200, "only the second word is bright: {bright:?}");
}

#[test]
fn letters_that_no_font_has_are_reported() {
    let fixture = fixture();
    let plan = fixture.plan(&WORDS.replace("Größe", "😀ლ"), "").expect("plans");
    let report = fixture.render(&plan, &fixture.options());
    assert_eq!(report.warnings, ["scene 1: no bundled font has ლ; the captions leave them out"]);
}

/// `UPDATE_GOLDEN=1 cargo test -p render` writes the pictures anew; look at them before they are kept.
#[test]
fn frames_look_as_they_did() {
    let fixture = fixture();
    let check = |name: &str, words: &str, captions: &str, seconds: f64| {
        let timings: Vec<String> = (0u32..)
            .zip(words.split(' '))
            .map(|(index, word)| (word, f64::from(index) * 0.4))
            .map(|(word, start)| format!(r#"{{"word":"{word}","start":{start},"end":{}}}"#, start + 0.4))
            .collect();
        let scene = format!(r#"{{"imageUrl":"grey.png","duration":3,"motion":"still","wordTimings":[{}]}}"#, timings.join(","));
        let mut storyboard = fixture.storyboard(&scene, &format!(r#","captions":{captions}"#));
        storyboard.size = model::storyboard::Size { width: 270, height: 480 };
        let plan = render::plan(&storyboard, &render::FolderMedia::new(fixture.folder.path())).expect("plans");
        let frame = render::frame_at(&plan, seconds).expect("draws");
        // The part with the caption.
        let part = image::imageops::crop_imm(&frame, 30, 276, 210, 80).to_image();
        let golden = format!("{}/tests/golden/{name}.png", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            part.save(&golden).expect("saves the golden picture");
        }
        let expected = image::open(&golden).expect("the golden picture is there").into_rgb8();
        assert_eq!(part.dimensions(), expected.dimensions(), "{name}");
        let worst = part.iter().zip(expected.iter()).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(worst <= Some(3), "{name} differs by up to {worst:?}; see the comment above");
    };
    check("karaoke-latin", "Größe zählt wirklich sehr", "{}", 0.6);
    check("box-arabic", "السلام 1969 عليكم", r#"{"style":"box"}"#, 1.0);
    check("emoji", "Go 🚀 👍🏽 7️⃣", "{}", 0.2);
    check("typewriter-thai", "ภาษาไทยที่นี่สวยงามมากทุกวัน", r#"{"style":"typewriter"}"#, 0.2);
    check("outline-bebas", "Tall and hollow", r##"{"style":"outline","font":"bebas","highlight":"#4be38f"}"##, 0.6);
}
