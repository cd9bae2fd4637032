//! Draws the sheets of the documentation over one picture: `caption_sheet PICTURE styles SHEET.jpg` has every caption style,
//! `caption_sheet PICTURE scripts SHEET.jpg` every script. `caption_sheet PICTURE OPTIONS WORDS SECONDS FRAME.png` draws one
//! frame in full size; options are a style or the storyboard's `captions` as JSON.

use std::path::Path;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};
use model::storyboard::Storyboard;
use render::{FolderMedia, frame_at, plan};
use serde_json::{Value, json};

/// Captions on a sheet: their options, their words, and which of them is spoken.
type Sample = (&'static str, &'static str, usize);

/// Styles in the order of the documentation, each named by its own words, then some with more options.
const STYLES: [Sample; 12] = [
    ("karaoke", "this is karaoke style", 2),
    ("box", "this is box style", 2),
    ("pop", "this is pop style", 2),
    ("typewriter", "the typewriter style", 1),
    ("word", "word", 0),
    ("outline", "this is outline style", 2),
    ("minimal", "this is minimal style", 2),
    ("plain", "this is plain style", 2),
    (r##"{"font":"anton","case":"upper","highlight":"#4be38f"}"##, "letters in Anton", 2),
    (r##"{"font":"bebas","style":"box","highlight":"#ff5a5f"}"##, "letters in Bebas Neue", 2),
    (r##"{"font":"noto","textColour":"#bfe3ff"}"##, "letters in Noto Sans", 2),
    (r##"{"size":1.3,"textColour":"#1d2b53","highlight":"#d6226a"}"##, "large and dark", 1),
];

/// One caption in each script.
const SCRIPTS: [Sample; 18] = [
    ("karaoke", "Naïve façades, žluťoučký kůň!", 1),
    ("karaoke", "Tiếng Việt rất đẹp", 1),
    ("karaoke", "Далёкая звезда светит", 1),
    ("karaoke", "Η θάλασσα είναι γαλάζια", 1),
    ("karaoke", "في عام 1969 هبط الإنسان", 2),
    ("box", "السلام عليكم يا أصدقاء", 1),
    ("karaoke", "בשנת 1969 נחתנו על הירח", 1),
    ("box", "שלום ל־GPS החדש", 1),
    ("karaoke", "हिन्दी में स्वागत है", 0),
    ("box", "क्षत्रिय विद्यार्थी श्रीमान्", 1),
    ("karaoke", "ภาษาไทย ที่นี่ น้ำใส", 2),
    ("karaoke", "วันนี้อากาศดีมากเราจึงไปเที่ยวทะเลกับเพื่อน", 0),
    ("karaoke", "今天 天气 很好， 我们 去 公园。", 1),
    ("karaoke", "カタカナと ひらがなと 漢字", 2),
    ("karaoke", "한국어 자막도 예쁘게", 1),
    ("karaoke", "Ready 🚀 go 👍🏽🎉", 2),
    ("box", "our 👨‍🍳 cooks 🍜 ❤️", 2),
    ("outline", "1️⃣ 🇧🇷 🏴󠁧󠁢󠁳󠁣󠁴󠁿 👩‍🚀 flags", 4),
];
/// Each picture on the sheet: the part of the frame around its captions.
const CELL: (u32, u32) = (540, 190);
const GAP: u32 = 8;
/// Seconds from word to word.
const PACE: f64 = 0.4;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [picture, "styles", sheet] => write_sheet(Path::new(picture), &STYLES, 2, Path::new(sheet)),
        [picture, "scripts", sheet] => write_sheet(Path::new(picture), &SCRIPTS, 3, Path::new(sheet)),
        [picture, options, words, seconds, frame] => Ok(draw(Path::new(picture), options, words, seconds.parse()?)?.save(frame)?),
        _ => Err("give a picture, styles or scripts, and the sheet; or a picture, options, words, seconds and the frame".into()),
    }
}

fn write_sheet(picture: &Path, samples: &[Sample], columns: u32, sheet: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let rows = (samples.len() as u32).div_ceil(columns);
    let size = (columns * (CELL.0 + GAP) - GAP, rows * (CELL.1 + GAP) - GAP);
    let mut canvas = RgbImage::from_pixel(size.0, size.1, Rgb([255; 3]));
    for (index, (options, words, spoken)) in (0u32..).zip(samples) {
        let frame = draw(picture, options, words, *spoken as f64 * PACE + 0.12)?;
        let height = frame.width() * CELL.1 / CELL.0;
        let top = (frame.height() * 66 / 100).saturating_sub(height / 2);
        let part = imageops::crop_imm(&frame, 0, top, frame.width(), height).to_image();
        let part = imageops::resize(&part, CELL.0, CELL.1, FilterType::Lanczos3);
        let (x, y) = (index % columns * (CELL.0 + GAP), index / columns * (CELL.1 + GAP));
        imageops::replace(&mut canvas, &part, i64::from(x), i64::from(y));
    }
    if sheet.extension().is_some_and(|extension| extension == "png") {
        return Ok(canvas.save(sheet)?);
    }
    let file = std::io::BufWriter::new(std::fs::File::create(sheet)?);
    Ok(JpegEncoder::new_with_quality(file, 72).encode_image(&canvas)?)
}

/// The frame at `seconds` of a short with these words and nothing else.
fn draw(picture: &Path, options: &str, words: &str, seconds: f64) -> Result<RgbImage, Box<dyn std::error::Error>> {
    let name = picture.file_name().ok_or("the picture has no name")?.to_string_lossy();
    let timings: Vec<Value> = words
        .split(' ')
        .enumerate()
        .map(|(index, word)| (word, index as f64 * PACE))
        .map(|(word, start)| json!({ "word": word, "start": start, "end": start + PACE * 0.9 }))
        .collect();
    let mut captions = if options.starts_with('{') { serde_json::from_str(options)? } else { json!({ "style": options }) };
    if captions.get("maxWords").is_none() {
        captions["maxWords"] = 8.into();
    }
    let storyboard = json!({
        "scenes": [{ "imageUrl": name, "duration": 6, "motion": "still", "wordTimings": timings }],
        "captions": captions,
    });
    let storyboard = Storyboard::from_json(&storyboard.to_string())?;
    let media = FolderMedia::new(picture.parent().unwrap_or(Path::new(".")));
    Ok(frame_at(&plan(&storyboard, &media)?, seconds)?)
}
