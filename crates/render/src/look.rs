//! How captions look in one video, and where they stand on its frames: always within what phone apps leave free.
//!
//! Drawing them is in `page`; shaping letters is in `text`.

use std::ops::Range;

use model::caption::{CaptionFont, CaptionOptions, CaptionPosition, CaptionStyle, safe_area};
use model::storyboard::{Size, parse_colour};
use tiny_skia::{Rect, Transform};

use crate::text::{Fit, Layout, WordShape};

/// Font size at a width of 1080.
const FONT_SIZE: f32 = 80.0;
/// Text is shrunk to this part of its size, or of the usual size if that is less, before words are broken.
const LEAST_SCALE: f32 = 0.45;
/// The outline's visible width at [`FONT_SIZE`], like all lengths here.
pub(crate) const OUTLINE: f32 = 9.0;
/// A box reaches over its word on both sides; it stands a little lower than the line, so that it holds what hangs below.
const BOX_PAD: f32 = 11.2;
const BOX_LOWER: (f32, f32) = (8.0, 4.8);
/// Pages stay this much off the upper end of what is free, as a share of the height, and in shorts stand around this line.
const OFF: f32 = 0.02;
const LOWER_THIRD: f32 = 0.66;
/// How far a page that comes in starts below its place, in pixels at a width of 1080.
pub(crate) const RISE: f32 = 14.0;

/// How captions look, ready to draw.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    pub(crate) style: CaptionStyle,
    pub(crate) position: CaptionPosition,
    pub(crate) highlight: [u8; 3],
    pub(crate) text: [u8; 3],
    pub(crate) outline: [u8; 3],
    pub(crate) font: CaptionFont,
    /// How much larger than usual letters are.
    pub(crate) scale: f32,
    pub(crate) lines: usize,
    /// The whole picture.
    pub(crate) size: Size,
}

impl Look {
    pub(crate) fn new(options: &CaptionOptions, size: Size) -> Self {
        Self {
            style: options.style,
            position: options.position,
            highlight: parse_colour(&options.highlight).unwrap_or([0xff, 0xd9, 0x3d]),
            text: parse_colour(&options.text_colour).unwrap_or([255; 3]),
            outline: options.outline(),
            font: options.font,
            scale: options.size as f32,
            lines: options.max_lines,
            size,
        }
    }

    /// How much larger or smaller than at 1080 pixels everything is drawn.
    pub(crate) fn unit(&self) -> f32 {
        self.size.width.min(self.size.height) as f32 / 1080.0
    }

    /// The font size and the room that it has.
    pub(crate) fn fit(&self) -> Fit {
        let usual = FONT_SIZE * self.unit() * self.font.scale() as f32;
        let size = usual * self.scale * self.style.scale() as f32;
        let room = self.free();
        Fit {
            font: self.font,
            size,
            least: size.min(usual) * LEAST_SCALE,
            lines: self.lines,
            width: room.width(),
            height: room.height(),
            edge: self.edge() / FONT_SIZE,
        }
    }

    /// Where letters with their outlines and boxes may stand.
    pub(crate) fn free(&self) -> Rect {
        let area = safe_area(self.size);
        // Whole pixels within the area; a page that comes in is a little lower at first.
        let (left, top) = (area.left.ceil() as f32, area.top.ceil() as f32);
        let (right, bottom) = (area.right.floor() as f32, (area.bottom - f64::from(RISE * self.unit())).floor() as f32);
        Rect::from_ltrb(left, top, right, bottom).expect("more than half of every picture is free")
    }

    /// How far what is drawn reaches over the letters.
    fn edge(&self) -> f32 {
        match self.style {
            CaptionStyle::Box => BOX_PAD.max(OUTLINE),
            CaptionStyle::Minimal => 0.0,
            _ => OUTLINE,
        }
    }
}

/// Pixels of a layout for one of the lengths above.
pub(crate) fn unit_of(layout: &Layout) -> f32 {
    layout.font_size / FONT_SIZE
}

/// What some words fill with outlines and boxes, in the layout's coordinates.
pub(crate) fn reach(layout: &Layout, words: Range<usize>, look: Look) -> Option<Rect> {
    let edge = if look.style == CaptionStyle::Minimal { 0.0 } else { OUTLINE * unit_of(layout) };
    let words = &layout.words[words];
    let letters = words.iter().filter_map(WordShape::bounds).filter_map(|ink| ink.outset(edge, edge));
    let boxes = words.iter().flat_map(|word| &word.boxes).filter_map(|word| padded(*word, unit_of(layout)));
    let boxes = boxes.filter(|_| look.style == CaptionStyle::Box);
    letters.chain(boxes).reduce(|all, next| all.join(&next).unwrap_or(all))
}

/// The way from the layout to the frame, and what some `words` fill there.
pub(crate) fn place(layout: &Layout, words: Range<usize>, look: Look) -> Option<(Transform, Rect)> {
    // The place is that of the whole page, so that words stay where they are when others come.
    let all = reach(layout, 0..layout.words.len(), look)?;
    let (free, whole) = (look.free(), look.size.height as f32);
    let y = match look.position {
        CaptionPosition::Top => free.top() + OFF * whole,
        CaptionPosition::Middle => (whole - layout.height) / 2.0,
        CaptionPosition::Bottom if look.size.height > look.size.width => whole * LOWER_THIRD - layout.height / 2.0,
        CaptionPosition::Bottom => free.bottom() - layout.height,
    };
    let x = look.size.width as f32 / 2.0;
    let inside = |at: f32, from: f32, to: f32, least: f32, most: f32| at.min(most - to).max(least - from).round();
    let to_frame = Transform::from_translate(
        inside(x, all.left().floor(), all.right().ceil(), free.left(), free.right()),
        inside(y, all.top().floor(), all.bottom().ceil(), free.top(), free.bottom()),
    );
    Some((to_frame, reach(layout, words, look)?.transform(to_frame)?))
}

/// The same for one word that is `scale` times its size; it is held inside what apps leave free.
pub(crate) fn place_scaled(layout: &Layout, word: usize, scale: f32, look: Look) -> Option<(Transform, Rect)> {
    let (to_frame, rest) = place(layout, word..word + 1, look)?;
    let free = look.free();
    let scale = scale.min((free.width() / rest.width()).min(free.height() / rest.height()).max(1.0));
    if scale == 1.0 {
        return Some((to_frame, rest));
    }
    let (x, y) = ((rest.left() + rest.right()) / 2.0, (rest.top() + rest.bottom()) / 2.0);
    let inside = |middle: f32, half: f32, least: f32, most: f32| middle.min(most - half).max(least + half);
    let grown = Transform::from_translate(
        inside(x, rest.width() / 2.0 * scale, free.left(), free.right()),
        inside(y, rest.height() / 2.0 * scale, free.top(), free.bottom()),
    );
    let grown = grown.pre_scale(scale, scale).pre_translate(-x, -y);
    Some((grown.pre_concat(to_frame), rest.transform(grown)?))
}

/// The box behind a word, from the word's place on its line.
pub(crate) fn padded(word: Rect, unit: f32) -> Option<Rect> {
    let (pad, (above, below)) = (BOX_PAD * unit, BOX_LOWER);
    Rect::from_ltrb(word.left() - pad, word.top() + above * unit, word.right() + pad, word.bottom() + below * unit)
}
