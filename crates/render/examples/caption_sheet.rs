//! Draws every caption style over one picture, each named by its own words: `caption_sheet PICTURE SHEET.jpg`, or
//! `caption_sheet PICTURE STYLE WORDS SECONDS FRAME.png` for one frame in full size.

use std::path::Path;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};
use model::storyboard::Storyboard;
use render::{FolderMedia, frame_at, plan};

/// Styles in the order of the documentation, and the words that stand in the picture.
const STYLES: [(&str, &str); 8] = [
    ("karaoke", "this is karaoke style"),
    ("box", "this is box style"),
    ("pop", "this is pop style"),
    ("typewriter", "the typewriter style"),
    ("word", "word"),
    ("outline", "this is outline style"),
    ("minimal", "this is minimal style"),
    ("plain", "this is plain style"),
];
const COLUMNS: u32 = 2;
/// Each picture on the sheet: the part of the frame around its captions.
const CELL: (u32, u32) = (540, 190);
const GAP: u32 = 8;
/// Seconds from word to word.
const PACE: f64 = 0.4;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [picture, sheet] => write_sheet(Path::new(picture), Path::new(sheet)),
        [picture, style, words, seconds, frame] => Ok(draw(Path::new(picture), style, words, seconds.parse()?)?.save(frame)?),
        _ => {
            Err("give a picture and the name of the sheet, or a picture, a style, words, seconds and the name of the frame"
                .into())
        }
    }
}

fn write_sheet(picture: &Path, sheet: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let rows = (STYLES.len() as u32).div_ceil(COLUMNS);
    let size = (COLUMNS * (CELL.0 + GAP) - GAP, rows * (CELL.1 + GAP) - GAP);
    let mut canvas = RgbImage::from_pixel(size.0, size.1, Rgb([255; 3]));
    for (index, (style, words)) in (0u32..).zip(STYLES) {
        // The style's name is the spoken word, shortly after it began.
        let spoken = words.split(' ').position(|word| word == style).unwrap_or(0);
        let frame = draw(picture, style, words, spoken as f64 * PACE + 0.12)?;
        let height = frame.width() * CELL.1 / CELL.0;
        let top = (frame.height() * 66 / 100).saturating_sub(height / 2);
        let part = imageops::crop_imm(&frame, 0, top, frame.width(), height).to_image();
        let part = imageops::resize(&part, CELL.0, CELL.1, FilterType::Lanczos3);
        let (x, y) = (index % COLUMNS * (CELL.0 + GAP), index / COLUMNS * (CELL.1 + GAP));
        imageops::replace(&mut canvas, &part, i64::from(x), i64::from(y));
    }
    let file = std::io::BufWriter::new(std::fs::File::create(sheet)?);
    Ok(JpegEncoder::new_with_quality(file, 84).encode_image(&canvas)?)
}

/// The frame at `seconds` of a short with these words and nothing else.
fn draw(picture: &Path, style: &str, words: &str, seconds: f64) -> Result<RgbImage, Box<dyn std::error::Error>> {
    let name = picture.file_name().ok_or("the picture has no name")?.to_string_lossy();
    let timings: Vec<serde_json::Value> = words
        .split(' ')
        .enumerate()
        .map(|(index, word)| (word, index as f64 * PACE))
        .map(|(word, start)| serde_json::json!({ "word": word, "start": start, "end": start + PACE * 0.9 }))
        .collect();
    let storyboard = serde_json::json!({
        "scenes": [{ "imageUrl": name, "duration": 4, "motion": "still", "wordTimings": timings }],
        "captions": { "style": style },
    });
    let storyboard = Storyboard::from_json(&storyboard.to_string())?;
    let media = FolderMedia::new(picture.parent().unwrap_or(Path::new(".")));
    Ok(frame_at(&plan(&storyboard, &media)?, seconds)?)
}
