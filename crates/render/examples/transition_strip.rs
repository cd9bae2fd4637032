//! Draws the transitions frame by frame, one row each: `transition_strip OLD_PICTURE NEW_PICTURE STRIP.jpg`, or
//! `transition_strip OLD_PICTURE NEW_PICTURE TRANSITION FRAME FRAME.png` for one frame in full size.

use std::path::Path;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};
use model::storyboard::Storyboard;
use render::{FolderMedia, Plan, frame_at, plan};

/// Transitions in the order of the documentation, with their lengths in frames.
const TRANSITIONS: [(&str, u32); 4] = [("crossfade", 12), ("fadeBlack", 18), ("slide", 15), ("zoomThrough", 15)];
const COLUMNS: u32 = 7;
/// One picture on the strip.
const CELL: (u32, u32) = (144, 256);
const GAP: u32 = 6;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [old, new, strip] => write_strip(Path::new(old), Path::new(new), Path::new(strip)),
        [old, new, transition, number, frame] => {
            Ok(draw(&short(Path::new(old), Path::new(new), transition)?, number.parse()?)?.save(frame)?)
        }
        _ => {
            Err("give two pictures and the name of the strip, or two pictures, a transition, a frame number and the frame's name"
                .into())
        }
    }
}

fn write_strip(old: &Path, new: &Path, strip: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let rows = TRANSITIONS.len() as u32;
    let size = (COLUMNS * (CELL.0 + GAP) - GAP, rows * (CELL.1 + GAP) - GAP);
    let mut canvas = RgbImage::from_pixel(size.0, size.1, Rgb([255; 3]));
    for (row, (transition, length)) in (0u32..).zip(TRANSITIONS) {
        let plan = short(old, new, transition)?;
        for column in 0..COLUMNS {
            let frame = draw(&plan, (length - 1) * column / (COLUMNS - 1))?;
            let frame = imageops::resize(&frame, CELL.0, CELL.1, FilterType::Lanczos3);
            imageops::replace(&mut canvas, &frame, i64::from(column * (CELL.0 + GAP)), i64::from(row * (CELL.1 + GAP)));
        }
    }
    let file = std::io::BufWriter::new(std::fs::File::create(strip)?);
    Ok(JpegEncoder::new_with_quality(file, 78).encode_image(&canvas)?)
}

/// Two scenes of two seconds with the transition between them.
fn short(old: &Path, new: &Path, transition: &str) -> Result<Plan, Box<dyn std::error::Error>> {
    let name = |path: &Path| std::path::absolute(path).map(|path| path.to_string_lossy().into_owned());
    let storyboard = serde_json::json!({
        "transition": transition,
        "scenes": [{ "imageUrl": name(old)?, "duration": 2 }, { "imageUrl": name(new)?, "duration": 2 }],
    });
    Ok(plan(&Storyboard::from_json(&storyboard.to_string())?, &FolderMedia::new("."))?)
}

/// Frame `number` of the second scene.
fn draw(plan: &Plan, number: u32) -> Result<RgbImage, Box<dyn std::error::Error>> {
    Ok(frame_at(plan, 2.0 + (f64::from(number) + 0.5) / f64::from(plan.timeline.fps))?)
}
