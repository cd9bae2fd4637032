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

#[test]
fn styles_keep_inside_the_safe_area() {
    let fixture = fixture();
    let long = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft";
    for style in ["karaoke", "box", "plain", "none"] {
        for position in ["top", "middle", "bottom"] {
            let more = format!(r#","captions":{{"style":"{style}","position":"{position}"}}"#);
            let plan = fixture.plan(&WORDS.replace("Größe", long), &more).expect("plans");
            let frame = render::frame_at(&plan, 0.5).expect("draws");
            let changed: Vec<(u32, u32)> = frame
                .enumerate_pixels()
                .filter(|(_, _, pixel)| pixel.0.iter().zip([70u8, 110, 140]).any(|(value, flat)| value.abs_diff(flat) > 40))
                .map(|(x, y, _)| (x, y))
                .collect();
            assert_eq!(changed.is_empty(), style == "none", "{style} {position}");
            // 14 % from the top, 24 % from the bottom, 8 % from the sides; shadows may reach a little further.
            for (x, y) in changed {
                assert!((12..168).contains(&x) && (42..246).contains(&y), "{style} {position}: {x},{y}");
            }
        }
    }
}

#[test]
fn letters_that_no_font_has_are_reported() {
    let fixture = fixture();
    let plan = fixture.plan(&WORDS.replace("Größe", "你好"), "").expect("plans");
    let report = fixture.render(&plan, &fixture.options());
    assert_eq!(report.warnings, ["scene 1: no bundled font has 你好; the captions leave them out"]);
}

/// `UPDATE_GOLDEN=1 cargo test -p render` writes the picture anew; look at it before it is kept.
#[test]
fn a_frame_looks_as_it_did() {
    let fixture = fixture();
    let plan = fixture.plan(WORDS, "").expect("plans");
    let frame = render::frame_at(&plan, 1.0).expect("draws");
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/caption.png");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        frame.save(golden).expect("saves the golden picture");
    }
    let expected = image::open(golden).expect("the golden picture is there").into_rgb8();
    assert_eq!(frame.dimensions(), expected.dimensions());
    let worst = frame.iter().zip(expected.iter()).map(|(a, b)| a.abs_diff(*b)).max();
    assert!(worst <= Some(3), "differs by up to {worst:?}; see the comment above");
}
