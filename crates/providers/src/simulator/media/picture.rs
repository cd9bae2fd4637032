//! Pictures: the prompt as text on a colour that comes from it, who drew it, and the references that came along.

use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};
use tiny_skia::{
    Color, FilterQuality, GradientStop, LinearGradient, Paint, PathBuilder, Pixmap, PixmapPaint, Point, Rect, SpreadMode,
    Transform,
};

use super::super::call::seed;
use super::Media;
use super::lettering::{self, Room};

/// More pixels on a side are not drawn.
const MOST: u32 = 5_504;

/// What to draw.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct PictureOrder {
    /// Shown on the picture; its hash gives the colour.
    pub(in super::super) prompt: String,
    /// Shown small on top: the model, or who took the photograph.
    pub(in super::super) label: String,
    pub(in super::super) width: u32,
    pub(in super::super) height: u32,
    pub(in super::super) format: PictureFormat,
    /// Pictures that came with the prompt: shown small at the bottom.
    pub(in super::super) references: Vec<Bytes>,
}

/// The file's format.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in super::super) enum PictureFormat {
    #[default]
    Png,
    Jpeg,
}

pub(super) fn draw(order: &PictureOrder) -> Media {
    encode(&paint(order, None), order.format)
}

/// The picture's pixels. With a backdrop (a picture file), that takes the colour's place and most of it stays visible.
pub(super) fn paint(order: &PictureOrder, backdrop: Option<&[u8]>) -> Pixmap {
    let (width, height) = (order.width.clamp(16, MOST), order.height.clamp(16, MOST));
    let found = backdrop.and_then(|file| decoded(file, width, height));
    let (top, tall) = if found.is_some() { (height * 9 / 16, height / 4) } else { (height / 5, height / 2) };
    let mut picture = found.unwrap_or_else(|| background(&order.prompt, width, height));
    let margin = width / 16;
    let line = (height / 24).max(8);
    plate(&mut picture, Room { left: 0, top: 0, width, height: line * 2 });
    let label = Room { left: margin, top: line / 2, width: width - 2 * margin, height: line };
    lettering::write(&mut picture, &order.label, label);
    let text = Room { left: margin, top, width: width - 2 * margin, height: tall };
    plate(&mut picture, Room { left: margin / 2, width: width - margin, ..text });
    lettering::write(&mut picture, &order.prompt, text);
    thumbnails(&mut picture, &order.references);
    picture
}

/// Red, green and blue that a prompt always gets.
pub(super) fn colour(prompt: &str) -> [u8; 3] {
    let seed = seed(prompt);
    // Strong enough to tell two prompts apart, dark enough for white letters.
    [0, 8, 16].map(|shift| 40 + ((seed >> shift) & 0xFF) as u8 / 2)
}

/// The colour, brighter towards the top, with a disc whose place comes from the prompt too.
fn background(prompt: &str, width: u32, height: u32) -> Pixmap {
    let mut picture = Pixmap::new(width, height).expect("both sides are at least 16 pixels");
    let (width, height) = (width as f32, height as f32);
    let [red, green, blue] = colour(prompt);
    let lighter = |channel: u8| channel.saturating_add(60);
    let stops = vec![
        GradientStop::new(0.0, Color::from_rgba8(lighter(red), lighter(green), lighter(blue), 255)),
        GradientStop::new(1.0, Color::from_rgba8(red, green, blue, 255)),
    ];
    let ends = (Point::from_xy(0.0, 0.0), Point::from_xy(width * 0.2, height));
    let shader = LinearGradient::new(ends.0, ends.1, stops, SpreadMode::Pad, Transform::identity());
    picture.fill(Color::from_rgba8(red, green, blue, 255));
    let all = Rect::from_xywh(0.0, 0.0, width, height);
    if let (Some(shader), Some(all)) = (shader, all) {
        picture.fill_rect(all, &Paint { shader, ..Paint::default() }, Transform::identity(), None);
    }
    let seed = seed(prompt) >> 24;
    let place = |bits: u64, length: f32| length * (0.2 + 0.6 * (bits & 0xFF) as f32 / 255.0);
    let disc = PathBuilder::from_circle(place(seed, width), place(seed >> 8, height), width.min(height) * 0.22);
    if let Some(disc) = disc {
        let mut paint = Paint::default();
        paint.set_color_rgba8(255 - red, 255 - green, 255 - blue, 110);
        paint.anti_alias = true;
        picture.fill_path(&disc, &paint, tiny_skia::FillRule::Winding, Transform::identity(), None);
    }
    picture
}

/// A dark ground for letters.
fn plate(picture: &mut Pixmap, room: Room) {
    let mut paint = Paint::default();
    paint.set_color_rgba8(0, 0, 0, 150);
    let rect = Rect::from_xywh(room.left as f32, room.top as f32, room.width as f32, room.height as f32);
    if let Some(rect) = rect {
        picture.fill_rect(rect, &paint, Transform::identity(), None);
    }
}

/// The references side by side in the lowest fifth. What is no picture is left out.
fn thumbnails(picture: &mut Pixmap, references: &[Bytes]) {
    let side = (picture.height() / 6).min(picture.width() / 4);
    let gap = side / 8;
    let (mut left, top) = (gap, picture.height() - side - gap);
    for reference in references.iter().take(3) {
        let Some(small) = decoded(reference, side, side) else { continue };
        let paint = PixmapPaint { quality: FilterQuality::Nearest, ..PixmapPaint::default() };
        picture.draw_pixmap(left as i32, top as i32, small.as_ref(), &paint, Transform::identity(), None);
        left += side + gap;
    }
}

/// A picture file cropped and scaled to a size; `None` when it is none.
pub(super) fn decoded(bytes: &[u8], width: u32, height: u32) -> Option<Pixmap> {
    let picture = image::load_from_memory(bytes).ok()?;
    let picture = picture.resize_to_fill(width, height, image::imageops::FilterType::Triangle).into_rgba8();
    let mut pixels = Pixmap::new(width, height)?;
    for (from, to) in picture.pixels().zip(pixels.pixels_mut()) {
        let [red, green, blue, alpha] = from.0;
        *to = tiny_skia::ColorU8::from_rgba(red, green, blue, alpha).premultiply();
    }
    Some(pixels)
}

/// The mean colour of a picture file and its size; `None` when it is none.
pub(in super::super) fn seen(bytes: &[u8]) -> Option<([u8; 3], u32, u32)> {
    let picture = image::load_from_memory(bytes).ok()?.into_rgb8();
    let count = u64::from(picture.width()) * u64::from(picture.height());
    let sums =
        picture.pixels().fold([0u64; 3], |sums, pixel| [0, 1, 2].map(|channel| sums[channel] + u64::from(pixel.0[channel])));
    Some((sums.map(|sum| (sum / count.max(1)) as u8), picture.width(), picture.height()))
}

pub(super) fn encode(picture: &Pixmap, format: PictureFormat) -> Media {
    let rgb: Vec<u8> = picture.pixels().iter().flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue()]).collect();
    let mut bytes = Vec::with_capacity(rgb.len() / 8);
    let (width, height) = (picture.width(), picture.height());
    let (written, media_type) = match format {
        PictureFormat::Png => {
            let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Sub);
            (encoder.write_image(&rgb, width, height, ExtendedColorType::Rgb8), "image/png")
        }
        PictureFormat::Jpeg => {
            let encoder = JpegEncoder::new_with_quality(&mut bytes, 88);
            (encoder.write_image(&rgb, width, height, ExtendedColorType::Rgb8), "image/jpeg")
        }
    };
    written.expect("memory takes every picture of a valid size");
    Media { bytes: bytes.into(), media_type }
}
