//! The poster artist from the outside: files, sizes, sameness, and room for captions.

use image::RgbImage;
use model::storyboard::Size;
use providers::image::{ImageProvider, ImageRequest};
use providers::poster::{PosterArtist, poster};

fn request(style: &str, description: &str) -> ImageRequest {
    ImageRequest {
        description: description.into(),
        title: "A title".into(),
        style: style.into(),
        language: "en".into(),
        size: Size { width: 108, height: 192 },
        scene_number: 1,
        scene_count: 6,
        ..ImageRequest::default()
    }
}

fn draw(request: &ImageRequest) -> RgbImage {
    let picture = poster(request).expect("every request can be drawn");
    assert_eq!(picture.media_type, "image/jpeg");
    image::load_from_memory(&picture.bytes).expect("the file is a JPEG").into_rgb8()
}

#[test]
fn the_same_request_gives_the_same_bytes() {
    for description in ["A whale", "xyzzy"] {
        let request = request("retro", description);
        assert_eq!(poster(&request).expect("drawable").bytes, poster(&request).expect("drawable").bytes);
    }
}

#[tokio::test]
async fn the_provider_draws_what_the_function_draws() {
    let request = request("", "A whale");
    let drawn = PosterArtist.draw(&request, "").await.expect("drawable");
    assert_eq!(drawn, poster(&request).expect("drawable"));
    assert_eq!((PosterArtist.vendor(), PosterArtist.model()), ("poster", "poster-1"));
}

#[test]
fn takes_scenes_and_styles_differ() {
    let first = request("", "A whale");
    let others = [
        ImageRequest { take: 1, ..first.clone() },
        ImageRequest { scene_number: 2, ..first.clone() },
        ImageRequest { style: "pastel".into(), ..first.clone() },
        ImageRequest { title: "Another title".into(), ..first.clone() },
    ];
    let picture = draw(&first);
    for other in others {
        let drawn = draw(&other);
        let apart: u64 = picture.iter().zip(drawn.iter()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        assert!(apart as f64 / picture.len() as f64 > 4.0, "{other:?}");
    }
}

#[test]
fn pictures_have_pixels_to_spare_at_any_size() {
    let check = |width, height, expected: (u32, u32)| {
        let request = ImageRequest { size: Size { width, height }, ..request("", "A lion at night") };
        assert_eq!(draw(&request).dimensions(), expected, "{width}×{height}");
    };
    check(64, 64, (74, 74));
    check(540, 540, (621, 621));
    check(640, 360, (736, 414));
    check(64, 1920, (74, 2208));
    check(0, 0, (18, 18));
}

#[test]
fn hostile_texts_are_drawn() {
    let long = "lion ".repeat(2_000);
    for text in ["", "🦁🚀", "ملك الغابة", "\u{202e}\0\u{7}", "_ __ a_b *", "日本の歴史", &"é".repeat(10_000), &long]
    {
        let request = ImageRequest {
            narration: text.into(),
            title: text.into(),
            language: text.into(),
            size: Size { width: 64, height: 112 },
            take: u32::MAX,
            scene_number: u32::MAX,
            ..request(text, text)
        };
        draw(&request);
    }
}

/// White captions need a dark and quiet ground: contrast against white from the mean, and few bright spots.
#[test]
fn white_captions_are_readable_on_every_ground() {
    let styles = ["", "dark", "playful", "pastel", "minimal", "retro", "documentary", "neon", "corporate", "space"];
    let words = ["planet", "wave", "volcano", "money", "city", "flower", "desert", "angel", "heart", "xyzzy"];
    for (i, style) in styles.iter().enumerate() {
        for word in words {
            let request = ImageRequest { scene_number: i as u32, ..request(style, word) };
            let (mean, bright) = caption_band(&draw(&request));
            assert!(1.05 / (mean + 0.05) > 4.5, "{style} {word}: mean luminance {mean}");
            assert!(bright < 0.03, "{style} {word}: {bright} of the band is bright");
        }
    }
}

/// Mean luminance of the caption band, and the share of it that is brighter than half.
fn caption_band(picture: &RgbImage) -> (f64, f64) {
    let (w, h) = picture.dimensions();
    let light = |v: u8| (f64::from(v) / 255.0).powf(2.2);
    let (mut sum, mut bright, mut count) = (0.0, 0.0, 0.0);
    for y in h * 60 / 100..h * 72 / 100 {
        for x in w * 8 / 100..w * 92 / 100 {
            let [r, g, b] = picture.get_pixel(x, y).0.map(light);
            let luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b;
            sum += luminance;
            bright += f64::from(u8::from(luminance > 0.5));
            count += 1.0;
        }
    }
    (sum / count, bright / count)
}
