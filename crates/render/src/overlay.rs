//! Captions as pixels: one small box of premultiplied YUV and alpha for each distinct state, blended onto frames.
//!
//! Which state a frame has is in `captions`; letters come as outlines from `text`.

use model::caption::{CaptionPosition, CaptionStyle};
use model::storyboard::Size;
use tiny_skia::{Color, FillRule, LineJoin, Paint, Path, PathBuilder, Pixmap, PremultipliedColorU8, Rect, Stroke, Transform};

use crate::frame::{Frame, yuv};
use crate::picture::box_blur;
use crate::text::Layout;

/// Font size at a width of 1080.
pub(crate) const FONT_SIZE: f32 = 80.0;
/// The black outline's visible width at a width of 1080.
const OUTLINE: f32 = 9.0;
/// The shadow's distance, softness and strength.
const SHADOW: (f32, f32, f32) = (7.0, 8.0, 0.55);
/// Left and right are kept free by this part of the width.
pub(crate) const SIDE: f32 = 0.08;
/// The parts of the height that phone apps cover with their own things.
const TOP: f32 = 0.14;
const BOTTOM: f32 = 0.24;

/// Colours and style of the captions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    pub(crate) style: CaptionStyle,
    pub(crate) highlight: [u8; 3],
    pub(crate) position: CaptionPosition,
}

/// A box of pixels to blend onto frames; x, y, width and height are even.
#[derive(Debug, Clone)]
pub(crate) struct Overlay {
    x: usize,
    y: usize,
    width: usize,
    /// Premultiplied Y, U and V.
    colour: [Vec<u8>; 3],
    /// Alpha at full and at half size.
    alpha: [Vec<u8>; 2],
}

/// A page drawn as far as all its states share it: shadow and outlines.
pub(crate) struct PageDrawing {
    under: Pixmap,
    /// Where the layout's (0, 0) is in the pixmap.
    origin: Transform,
    x: i32,
    y: i32,
}

/// How much larger or smaller than at 1080 pixels everything is drawn.
pub(crate) fn unit(size: Size) -> f32 {
    size.width.min(size.height) as f32 / 1080.0
}

/// Draws what all states of a page share. `None` when nothing of it is visible.
pub(crate) fn page(layout: &Layout, look: Look, size: Size) -> Option<PageDrawing> {
    let unit = unit(size) * layout.font_size / (FONT_SIZE * unit(size)).max(1.0);
    let margin = ((OUTLINE + SHADOW.0 + 2.0 * SHADOW.1) * unit).ceil() + 2.0;
    let (width, height) = ((layout.width + 2.0 * margin).ceil() as u32, (layout.height + 2.0 * margin).ceil() as u32);
    let mut under = Pixmap::new(width.next_multiple_of(2), height.next_multiple_of(2))?;
    let origin = Transform::from_translate(under.width() as f32 / 2.0, margin);
    let outlines = outlines(layout, unit);
    if let Some(outlines) = &outlines {
        shadow(&mut under, outlines, origin, unit);
        under.fill_path(outlines, &paint([0, 0, 0]), FillRule::Winding, origin, None);
    }
    let x = ((size.width as i32 - under.width() as i32) / 2) & !1;
    let y = (top_of(look.position, layout.height, size) - margin).round() as i32 & !1;
    Some(PageDrawing { under, origin, x, y })
}

/// The top of a text block of `height`, within what apps leave free.
fn top_of(position: CaptionPosition, height: f32, size: Size) -> f32 {
    let whole = size.height as f32;
    let top = match position {
        CaptionPosition::Top => whole * (TOP + 0.02),
        CaptionPosition::Middle => (whole - height) / 2.0,
        CaptionPosition::Bottom => whole * 0.66 - height / 2.0,
    };
    top.min(whole * (1.0 - BOTTOM) - height).max(whole * TOP)
}

fn outlines(layout: &Layout, unit: f32) -> Option<Path> {
    let stroke = Stroke { width: 2.0 * OUTLINE * unit, line_join: LineJoin::Round, ..Stroke::default() };
    let mut all = PathBuilder::new();
    for path in layout.words.iter().filter_map(|word| word.path.as_ref()) {
        all.push_path(path);
        if let Some(outline) = path.stroke(&stroke, 1.0) {
            all.push_path(&outline);
        }
    }
    all.finish()
}

fn shadow(pixmap: &mut Pixmap, outlines: &Path, origin: Transform, unit: f32) {
    let (width, height) = (pixmap.width() as usize, pixmap.height() as usize);
    pixmap.fill_path(outlines, &paint([0, 0, 0]), FillRule::Winding, origin.post_translate(0.0, SHADOW.0 * unit), None);
    let mut alpha: Vec<u8> = pixmap.pixels().iter().map(|pixel| pixel.alpha()).collect();
    let radius = ((SHADOW.1 * unit * 0.75).round() as usize).max(1);
    for _ in 0..2 {
        alpha = box_blur(&alpha, width, height, radius, 1, width);
        alpha = box_blur(&alpha, height, width, radius, width, 1);
    }
    for (pixel, alpha) in pixmap.pixels_mut().iter_mut().zip(alpha) {
        let alpha = (f32::from(alpha) * SHADOW.2).round() as u8;
        *pixel = PremultipliedColorU8::from_rgba(0, 0, 0, alpha).expect("black is premultiplied at any alpha");
    }
}

fn paint([red, green, blue]: [u8; 3]) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color(Color::from_rgba8(red, green, blue, 255));
    paint.anti_alias = true;
    paint
}

/// Draws one state of a page: `active` is the word being spoken, as an index into the page.
pub(crate) fn state(page: &PageDrawing, layout: &Layout, active: usize, look: Look, size: Size) -> Overlay {
    let mut pixmap = page.under.clone();
    let highlighted = look.style != CaptionStyle::Plain;
    if look.style == CaptionStyle::Box {
        draw_box(&mut pixmap, page, layout, active, look.highlight);
    }
    for (index, word) in layout.words.iter().enumerate() {
        let colour = match (index == active && highlighted, look.style) {
            (true, CaptionStyle::Box) => readable_on(look.highlight),
            (true, _) => look.highlight,
            (false, _) => [255; 3],
        };
        if let Some(path) = &word.path {
            pixmap.fill_path(path, &paint(colour), FillRule::Winding, page.origin, None);
        }
    }
    overlay(&pixmap, page.x, page.y, size)
}

fn draw_box(pixmap: &mut Pixmap, page: &PageDrawing, layout: &Layout, active: usize, colour: [u8; 3]) {
    let Some(word) = layout.words.get(active) else { return };
    let pad = layout.font_size * 0.14;
    for word in &word.boxes {
        // Lines are higher than letters: the box is pulled in so that boxes of two lines never touch.
        let inset = layout.font_size * 0.06;
        let rect = Rect::from_ltrb(word.left() - pad, word.top() + inset, word.right() + pad, word.bottom() - inset);
        if let Some(path) = rect.and_then(|rect| rounded(rect, layout.font_size * 0.2)) {
            pixmap.fill_path(&path, &paint(colour), FillRule::Winding, page.origin, None);
        }
    }
}

fn rounded(rect: Rect, radius: f32) -> Option<Path> {
    let (left, top, right, bottom) = (rect.left(), rect.top(), rect.right(), rect.bottom());
    let radius = radius.min(rect.width() / 2.0).min(rect.height() / 2.0);
    // The usual distance of the control points that makes four curves a circle.
    let near = radius * (1.0 - 0.552_285);
    let mut path = PathBuilder::new();
    path.move_to(left + radius, top);
    path.line_to(right - radius, top);
    path.cubic_to(right - near, top, right, top + near, right, top + radius);
    path.line_to(right, bottom - radius);
    path.cubic_to(right, bottom - near, right - near, bottom, right - radius, bottom);
    path.line_to(left + radius, bottom);
    path.cubic_to(left + near, bottom, left, bottom - near, left, bottom - radius);
    path.line_to(left, top + radius);
    path.cubic_to(left, top + near, left + near, top, left + radius, top);
    path.close();
    path.finish()
}

fn readable_on(colour: [u8; 3]) -> [u8; 3] {
    if yuv(colour.map(f32::from))[0] > 120.0 { [17; 3] } else { [255; 3] }
}

/// Converts a pixmap to a box on a frame of `size`; what would stand outside is cut off.
fn overlay(pixmap: &Pixmap, x: i32, y: i32, size: Size) -> Overlay {
    let (left, top) = ((-x).max(0), (-y).max(0));
    let width = (pixmap.width() as i32 - left).min(size.width as i32 - x.max(0)).max(0) as usize & !1;
    let height = (pixmap.height() as i32 - top).min(size.height as i32 - y.max(0)).max(0) as usize & !1;
    let (left, top, stride) = (left as usize, top as usize, pixmap.width() as usize);
    let mut full = [vec![0.0f32; width * height], vec![0.0f32; width * height], vec![0.0f32; width * height]];
    let mut alpha = vec![0u8; width * height];
    for row in 0..height {
        for column in 0..width {
            let pixel = pixmap.pixels()[(row + top) * stride + column + left];
            let share = f32::from(pixel.alpha()) / 255.0;
            let [luma, blue, red] = yuv([pixel.red(), pixel.green(), pixel.blue()].map(f32::from));
            // The offsets of luma and chroma are premultiplied too.
            let at = row * width + column;
            (full[0][at], full[1][at], full[2][at]) =
                (luma - 16.0 * (1.0 - share), blue - 128.0 * (1.0 - share), red - 128.0 * (1.0 - share));
            alpha[at] = pixel.alpha();
        }
    }
    let half = |plane: &[f32]| -> Vec<u8> {
        (0..width / 2 * (height / 2))
            .map(|index| {
                let at = index / (width / 2) * 2 * width + index % (width / 2) * 2;
                ((plane[at] + plane[at + 1] + plane[at + width] + plane[at + width + 1]) / 4.0).round() as u8
            })
            .collect()
    };
    let half_alpha = half(&alpha.iter().map(|alpha| f32::from(*alpha)).collect::<Vec<_>>());
    let luma = full[0].iter().map(|luma| luma.round() as u8).collect();
    let colour = [luma, half(&full[1]), half(&full[2])];
    Overlay { x: x.max(0) as usize, y: y.max(0) as usize, width, colour, alpha: [alpha, half_alpha] }
}

impl Overlay {
    /// Blends the box onto a frame, `lower` pixels (even) further down, with `opacity` 0 to 256.
    pub(crate) fn blend(&self, frame: &mut Frame, lower: usize, opacity: u16) {
        let frame_width = frame.width;
        for (index, plane) in frame.planes_mut().into_iter().enumerate() {
            let half = if index == 0 { 1 } else { 2 };
            let (width, stride) = (self.width / half, frame_width / half);
            let (x, y) = (self.x / half, (self.y + lower) / half);
            let alpha = &self.alpha[half - 1];
            if width == 0 {
                continue;
            }
            let lines = plane.chunks_exact_mut(stride).skip(y);
            for ((line, colour), alpha) in lines.zip(self.colour[index].chunks_exact(width)).zip(alpha.chunks_exact(width)) {
                blend_line(&mut line[x..x + width], colour, alpha, opacity);
            }
        }
    }
}

/// Wrapping arithmetic, although nothing here can wrap: overflow checks would keep the loop from being vectorised.
fn blend_line(line: &mut [u8], colour: &[u8], alpha: &[u8], opacity: u16) {
    for ((sample, colour), alpha) in line.iter_mut().zip(colour).zip(alpha) {
        let alpha = u16::from(*alpha).wrapping_mul(opacity).wrapping_add(128) >> 8;
        // 255 becomes 256, so that full alpha hides everything.
        let through = 256u16.wrapping_sub(alpha.wrapping_add(alpha >> 7));
        let drawn = u16::from(*colour).wrapping_mul(opacity).wrapping_add(128) >> 8;
        let below = u16::from(*sample).wrapping_mul(through).wrapping_add(128) >> 8;
        *sample = drawn.wrapping_add(below).min(255) as u8;
    }
}
