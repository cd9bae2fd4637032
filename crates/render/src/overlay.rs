//! Captions as pixels: one small box of premultiplied YUV and alpha for each distinct state, blended onto frames.
//!
//! Which state a frame has is in `captions`; letters come as outlines from `text`.

use std::ops::Range;

use model::caption::{CaptionPosition, CaptionStyle};
use model::storyboard::Size;
use tiny_skia::{
    BlendMode, Color, FillRule, LineJoin, Paint, Path, PathBuilder, Pixmap, PremultipliedColorU8, Rect, Stroke, Transform,
};

use crate::frame::{Frame, yuv};
use crate::picture::box_blur;
use crate::text::Layout;

/// Font size at a width of 1080.
const FONT_SIZE: f32 = 80.0;
/// Text is shrunk to this part of its size, or of the usual size if that is less, before words are broken.
const LEAST_SCALE: f32 = 0.45;
/// The black outline's visible width at a width of 1080 and [`FONT_SIZE`].
const OUTLINE: f32 = 9.0;
/// The shadow's distance, softness and strength.
const SHADOW: (f32, f32, f32) = (7.0, 8.0, 0.55);
/// The shadow of letters that have no outline: near and strong, so that they can be read on a white ground.
const THIN_SHADOW: (f32, f32, f32) = (3.0, 7.0, 0.85);
/// What such letters' shadow is wider than they are.
const THIN_OUTLINE: f32 = 2.5;
/// The visible line around hollow letters, within the outline's width.
const RING: f32 = 4.0;
/// How much is taken away of what lies in hollow letters: a little shade is left, so that they can be read.
const HOLLOW: f32 = 0.8;
/// White of the words that are not spoken where the spoken one is only brighter.
const QUIET: u8 = 210;
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

/// Words drawn as far as all their states share it: shadow and outlines.
pub(crate) struct PageDrawing {
    under: Pixmap,
    /// The words of the page that it shows.
    pub(crate) words: Range<usize>,
    /// Where the layout's (0, 0) is in the pixmap, and its scale.
    origin: Transform,
    x: i32,
    y: i32,
}

/// Where a page's box stands on the frame.
struct Place {
    x: i32,
    y: i32,
    width: u32,
    height: u32,
    /// Room for outline and shadow on each side.
    margin: f32,
}

/// How much larger or smaller than at 1080 pixels everything is drawn.
pub(crate) fn unit(size: Size) -> f32 {
    size.width.min(size.height) as f32 / 1080.0
}

/// A style's font size in pixels before anything is shrunk, and the least before words are broken.
pub(crate) fn font_sizes(style: CaptionStyle, size: Size) -> (f32, f32) {
    let scale = match style {
        CaptionStyle::Word => 1.5,
        CaptionStyle::Minimal => 0.7,
        _ => 1.0,
    };
    let most = FONT_SIZE * scale * unit(size);
    (most, most.min(FONT_SIZE * unit(size)) * LEAST_SCALE)
}

/// The widest line of a style in pixels: the outlines keep free what apps cover.
pub(crate) fn text_width(style: CaptionStyle, size: Size) -> f32 {
    safe_width(size) - 2.0 * OUTLINE * font_sizes(style, size).0 / FONT_SIZE
}

fn safe_width(size: Size) -> f32 {
    size.width as f32 * (1.0 - 2.0 * SIDE)
}

/// The unit of a layout, whose letters may be shrunk: outline and shadow shrink with them.
fn layout_unit(layout: &Layout, size: Size) -> f32 {
    unit(size) * layout.font_size / (FONT_SIZE * unit(size)).max(1.0)
}

fn place(layout: &Layout, look: Look, size: Size) -> Place {
    let margin = ((OUTLINE + SHADOW.0 + 2.0 * SHADOW.1) * layout_unit(layout, size)).ceil() + 2.0;
    let (width, height) = ((layout.width + 2.0 * margin).ceil() as u32, (layout.height + 2.0 * margin).ceil() as u32);
    let (width, height) = (width.next_multiple_of(2), height.next_multiple_of(2));
    let x = ((size.width as i32 - width as i32) / 2) & !1;
    let y = (top_of(look.position, layout.height, size) - margin).round() as i32 & !1;
    Place { x, y, width, height, margin }
}

/// Draws what all states of some `words` of a page share. `None` when nothing of it is visible.
pub(crate) fn page(layout: &Layout, words: Range<usize>, look: Look, size: Size) -> Option<PageDrawing> {
    let Place { x, y, width, height, margin } = place(layout, look, size);
    let mut under = Pixmap::new(width, height)?;
    let origin = Transform::from_translate(width as f32 / 2.0, margin);
    draw_under(&mut under, layout, words.clone(), look.style, origin, layout_unit(layout, size));
    Some(PageDrawing { under, words, origin, x, y })
}

/// Draws shadow and outlines; `unit` is of the layout, before `origin` scales it.
fn draw_under(under: &mut Pixmap, layout: &Layout, words: Range<usize>, style: CaptionStyle, origin: Transform, unit: f32) {
    let thin = style == CaptionStyle::Minimal;
    let (outline, cast) = if thin { (THIN_OUTLINE, THIN_SHADOW) } else { (OUTLINE, SHADOW) };
    if let Some(outlines) = outlines(layout, words, outline * unit) {
        shadow(under, &outlines, origin, unit, cast);
        if !thin {
            under.fill_path(&outlines, &paint([0, 0, 0]), FillRule::Winding, origin, None);
        }
    }
}

/// Draws one word of a page in the highlight colour and `scale` times its size, in a box of its own. It is held inside what
/// apps leave free. `None` when nothing of it is visible.
pub(crate) fn scaled_word(layout: &Layout, word: usize, scale: f32, look: Look, size: Size) -> Option<Overlay> {
    let bounds = layout.words.get(word)?.path.as_ref()?.bounds();
    let (unit, page) = (layout_unit(layout, size), place(layout, look, size));
    let half = bounds.width() / 2.0 + OUTLINE * unit;
    let most = safe_width(size) / 2.0;
    let scale = scale.min((most / half).max(1.0));
    let (x, y) = ((bounds.left() + bounds.right()) / 2.0, (bounds.top() + bounds.bottom()) / 2.0);
    let shift = x.clamp((half * scale - most).min(0.0), (most - half * scale).max(0.0)) - x;
    // The middle of the word on the frame; the page's own middle and top are where its origin puts them.
    let (middle_x, middle_y) = (page.x as f32 + page.width as f32 / 2.0 + x + shift, page.y as f32 + page.margin + y);
    let margin = page.margin * scale.max(1.0);
    let (reach_x, reach_y) = (bounds.width() / 2.0 * scale + margin, bounds.height() / 2.0 * scale + margin);
    let (left, top) = ((middle_x - reach_x).floor() as i32 & !1, (middle_y - reach_y).floor() as i32 & !1);
    let side = |from: i32, middle: f32, reach: f32| ((middle + reach - from as f32).ceil() as u32).next_multiple_of(2);
    let mut under = Pixmap::new(side(left, middle_x, reach_x), side(top, middle_y, reach_y))?;
    let to = Transform::from_translate(middle_x - left as f32, middle_y - top as f32);
    let origin = to.pre_scale(scale, scale).pre_translate(-x, -y);
    draw_under(&mut under, layout, word..word + 1, look.style, origin, unit);
    let drawing = PageDrawing { under, words: word..word + 1, origin, x: left, y: top };
    Some(state(&drawing, layout, Some(word), look, size))
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

fn outlines(layout: &Layout, words: Range<usize>, width: f32) -> Option<Path> {
    let mut all = PathBuilder::new();
    for path in layout.words[words].iter().filter_map(|word| word.path.as_ref()) {
        all.push_path(path);
        if let Some(outline) = path.stroke(&round_stroke(width), 1.0) {
            all.push_path(&outline);
        }
    }
    all.finish()
}

/// A line whose outer half is `width` wide.
fn round_stroke(width: f32) -> Stroke {
    Stroke { width: 2.0 * width, line_join: LineJoin::Round, ..Stroke::default() }
}

/// Draws a shadow: its distance, softness and strength are `cast`.
fn shadow(pixmap: &mut Pixmap, outlines: &Path, origin: Transform, unit: f32, cast: (f32, f32, f32)) {
    let (width, height) = (pixmap.width() as usize, pixmap.height() as usize);
    pixmap.fill_path(outlines, &paint([0, 0, 0]), FillRule::Winding, origin.post_translate(0.0, cast.0 * unit), None);
    let mut alpha: Vec<u8> = pixmap.pixels().iter().map(|pixel| pixel.alpha()).collect();
    let radius = ((cast.1 * unit * 0.75).round() as usize).max(1);
    for _ in 0..2 {
        alpha = box_blur(&alpha, width, height, radius, 1, width);
        alpha = box_blur(&alpha, height, width, radius, width, 1);
    }
    for (pixel, alpha) in pixmap.pixels_mut().iter_mut().zip(alpha) {
        let alpha = (f32::from(alpha) * cast.2).round() as u8;
        *pixel = PremultipliedColorU8::from_rgba(0, 0, 0, alpha).expect("black is premultiplied at any alpha");
    }
}

fn paint([red, green, blue]: [u8; 3]) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color(Color::from_rgba8(red, green, blue, 255));
    paint.anti_alias = true;
    paint
}

/// Draws one state of a page: `active` is the word being spoken, as an index into the page; without one all words are alike.
pub(crate) fn state(page: &PageDrawing, layout: &Layout, active: Option<usize>, look: Look, size: Size) -> Overlay {
    let mut pixmap = page.under.clone();
    if let (CaptionStyle::Box, Some(active)) = (look.style, active) {
        draw_box(&mut pixmap, page, layout, active, look.highlight);
    }
    for index in page.words.clone() {
        let Some(path) = &layout.words[index].path else { continue };
        let colour = match (Some(index) == active, look.style) {
            (true, CaptionStyle::Box) => readable_on(look.highlight),
            (true, CaptionStyle::Minimal) => [255; 3],
            (true, _) => look.highlight,
            (false, CaptionStyle::Minimal) => [QUIET; 3],
            (false, _) => [255; 3],
        };
        if look.style == CaptionStyle::Outline {
            let ring = round_stroke(RING * layout_unit(layout, size));
            pixmap.stroke_path(path, &paint([255; 3]), &ring, page.origin, None);
            if Some(index) != active {
                hollow_out(&mut pixmap, path, page.origin);
                continue;
            }
        }
        pixmap.fill_path(path, &paint(colour), FillRule::Winding, page.origin, None);
    }
    overlay(&pixmap, page.x, page.y, size)
}

/// Clears what is inside letters, so that only the outer half of the line around them stays: letters that overlap or join have
/// no lines within.
fn hollow_out(pixmap: &mut Pixmap, letters: &Path, origin: Transform) {
    pixmap.fill_path(letters, &paint([0; 3]), FillRule::Winding, origin, None);
    let mut clear = Paint { blend_mode: BlendMode::DestinationOut, ..Paint::default() };
    clear.set_color(Color::from_rgba(0.0, 0.0, 0.0, HOLLOW).unwrap_or(Color::BLACK));
    pixmap.fill_path(letters, &clear, FillRule::Winding, origin, None);
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
