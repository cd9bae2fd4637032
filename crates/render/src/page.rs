//! A page of captions as pixels: letters, outlines, shadows, boxes and emoji.
//!
//! Which page and word a frame shows is in `captions`, where it stands in `look`; letters come as outlines from `text`.

use std::ops::Range;

use model::caption::CaptionStyle;
use model::storyboard::Size;
use tiny_skia::{
    BlendMode, Color, FillRule, FilterQuality, LineJoin, Mask, Paint, Path, PathBuilder, Pixmap, PixmapPaint, Rect, Stroke,
    Transform,
};

use crate::frame::yuv;
use crate::look::{Look, OUTLINE, padded, place, place_scaled, reach, unit_of};
use crate::overlay::Overlay;
use crate::shadow::{Cast, over_shadow};
use crate::text::Layout;

/// The shadow, in pixels at the usual font size like all lengths here.
const SHADOW: Cast = Cast { below: 7.0, softness: 8.0, strength: 0.55 };
/// The shadow of letters that have no outline: near and strong, so that they can be read on a white ground.
const THIN_SHADOW: Cast = Cast { below: 3.0, softness: 7.0, strength: 0.85 };
/// What such letters' shadow is wider than they are.
const THIN_OUTLINE: f32 = 2.5;
/// The visible line around hollow letters, within the outline's width.
const RING: f32 = 4.0;
/// How much is taken away of what lies in hollow letters: a little shade is left, so that they can be read.
const HOLLOW: f32 = 0.8;
/// How bright words are that are not spoken where the spoken one is only brighter.
const QUIET: f32 = 0.82;
const BOX_RADIUS: f32 = 16.0;
/// Words drawn as far as all their states share it.
pub(crate) struct PageDrawing {
    /// Shadow and outlines.
    under: Pixmap,
    /// With the letters, none of them spoken.
    base: Overlay,
    /// The words of the page that it shows.
    pub(crate) words: Range<usize>,
    /// From the layout to the pixmap.
    origin: Transform,
}

/// A rectangle of whole and even pixels on the frame.
struct Canvas {
    x: usize,
    y: usize,
    width: u32,
    height: u32,
}

/// The canvas for what fills `rect` of the frame, with its shadow.
fn canvas(rect: Rect, unit: f32, size: Size) -> Option<Canvas> {
    let soft = soft(unit);
    even(rect.outset(soft, soft)?, (size.width, size.height))
}

/// How far a shadow reaches.
fn soft(unit: f32) -> f32 {
    unit * (SHADOW.below + 2.0 * SHADOW.softness) + 2.0
}

/// The even rectangle around `rect` within a picture of even sides.
fn even(rect: Rect, (width, height): (u32, u32)) -> Option<Canvas> {
    let span = |from: f32, to: f32, most: u32| {
        let from = (from.floor().max(0.0) as u32) & !1;
        let to = (to.ceil().max(0.0) as u32).next_multiple_of(2).min(most);
        to.checked_sub(from).filter(|length| *length > 0).map(|length| (from, length))
    };
    let ((x, width), (y, height)) = (span(rect.left(), rect.right(), width)?, span(rect.top(), rect.bottom(), height)?);
    Some(Canvas { x: x as usize, y: y as usize, width, height })
}

/// Draws some `words` of a page. `None` when nothing of it is visible.
pub(crate) fn page(layout: &Layout, words: Range<usize>, look: Look) -> Option<PageDrawing> {
    let (to_frame, filled) = place(layout, words.clone(), look)?;
    let (under, pixmap, canvas, origin) = draw(layout, words.clone(), None, look, to_frame, filled)?;
    Some(PageDrawing { under, base: Overlay::new(&pixmap, canvas.x, canvas.y), words, origin })
}

/// Draws one word of a page as it is spoken and `scale` times its size. It is held inside what apps leave free. `None` when
/// nothing of it is visible.
pub(crate) fn scaled_word(layout: &Layout, word: usize, scale: f32, look: Look) -> Option<Overlay> {
    let (to_frame, filled) = place_scaled(layout, word, scale, look)?;
    let (_, pixmap, canvas, _) = draw(layout, word..word + 1, Some(word), look, to_frame, filled)?;
    Some(Overlay::new(&pixmap, canvas.x, canvas.y))
}

/// Draws `words`, of which one may be spoken; `to_frame` places the layout on the frame, where the words fill `filled`. Answers
/// what is under the letters, all of it, where it stands, and the way from the layout to the pixmaps.
fn draw(
    layout: &Layout,
    words: Range<usize>,
    active: Option<usize>,
    look: Look,
    to_frame: Transform,
    filled: Rect,
) -> Option<(Pixmap, Pixmap, Canvas, Transform)> {
    let canvas = canvas(filled, unit_of(layout) * to_frame.sx.max(1.0), look.size)?;
    let origin = to_frame.post_translate(-(canvas.x as f32), -(canvas.y as f32));
    let under = draw_under(&canvas, layout, &words.clone().collect::<Vec<_>>(), None, look, origin)?;
    let mut pixmap = under.clone();
    draw_words(&mut pixmap, layout, words, active, look, origin);
    Some((under, pixmap, canvas, origin))
}

/// Draws shadow and outlines, and the shadow of `boxes`. Emoji have a shadow alone: an outline would only make them smaller.
fn draw_under(
    canvas: &Canvas,
    layout: &Layout,
    words: &[usize],
    boxes: Option<&Path>,
    look: Look,
    origin: Transform,
) -> Option<Pixmap> {
    let unit = unit_of(layout);
    let thin = look.style == CaptionStyle::Minimal;
    let (outline, cast) = if thin { (THIN_OUTLINE, THIN_SHADOW) } else { (OUTLINE, SHADOW) };
    let scale = unit * origin.sx;
    let cast = Cast { below: cast.below * scale, softness: cast.softness * scale, ..cast };
    let mut outlines = Mask::new(canvas.width, canvas.height)?;
    for path in words.iter().filter_map(|word| layout.words[*word].widened(&round_stroke(outline * unit))) {
        outlines.fill_path(path, FillRule::Winding, true, origin);
    }
    let pictures = words.iter().flat_map(|word| &layout.words[*word].pictures);
    let mut emoji = Pixmap::new(canvas.width, canvas.height).filter(|_| pictures.clone().next().is_some());
    let mut caster = Some(outlines.clone()).filter(|_| emoji.is_some() || boxes.is_some());
    if let (Some(emoji), Some(caster)) = (&mut emoji, &mut caster) {
        pictures.for_each(|(picture, at)| draw_picture(emoji, picture, *at, origin));
        caster.data_mut().iter_mut().zip(emoji.pixels()).for_each(|(cast, pixel)| *cast = (*cast).max(pixel.alpha()));
    }
    if let (Some(boxes), Some(caster)) = (boxes, &mut caster) {
        caster.fill_path(boxes, FillRule::Winding, true, origin);
    }
    let solid = Some(&outlines).filter(|_| !thin);
    over_shadow(solid, caster.as_ref().unwrap_or(&outlines), look.outline, cast)
}

/// Draws letters, boxes and emoji; `active` is the word being spoken.
fn draw_words(pixmap: &mut Pixmap, layout: &Layout, words: Range<usize>, active: Option<usize>, look: Look, origin: Transform) {
    let (width, height) = (pixmap.width() as f32, pixmap.height() as f32);
    let seen = Rect::from_xywh(0.0, 0.0, width, height);
    if let Some(boxes) = active.filter(|_| look.style == CaptionStyle::Box).and_then(|active| boxes(layout, active)) {
        pixmap.fill_path(&boxes, &paint(look.highlight), FillRule::Winding, origin, None);
    }
    for index in words {
        let word = &layout.words[index];
        // A state draws again only what is near its word.
        let near = word.bounds().and_then(|ink| ink.outset(RING, RING)?.transform(origin));
        if near.zip(seen).is_none_or(|(near, seen)| near.intersect(&seen).is_none()) {
            continue;
        }
        if let Some(path) = &word.path {
            draw_letters(pixmap, path, Some(index) == active, look, unit_of(layout), origin);
        }
        word.pictures.iter().for_each(|(picture, at)| draw_picture(pixmap, picture, *at, origin));
    }
}

fn draw_letters(pixmap: &mut Pixmap, path: &Path, spoken: bool, look: Look, unit: f32, origin: Transform) {
    let colour = match (spoken, look.style) {
        (true, CaptionStyle::Box) => readable_on(look.highlight),
        (true, CaptionStyle::Minimal) => look.text,
        (true, _) => look.highlight,
        (false, CaptionStyle::Minimal) => look.text.map(|value| (f32::from(value) * QUIET).round() as u8),
        (false, _) => look.text,
    };
    if look.style == CaptionStyle::Outline {
        pixmap.stroke_path(path, &paint(look.text), &round_stroke(RING * unit), origin, None);
        if !spoken {
            return hollow_out(pixmap, path, origin);
        }
    }
    pixmap.fill_path(path, &paint(colour), FillRule::Winding, origin, None);
}

fn draw_picture(pixmap: &mut Pixmap, picture: &Pixmap, (x, y): (f32, f32), origin: Transform) {
    let mut to = origin.pre_translate(x, y);
    let mut paint = PixmapPaint { quality: FilterQuality::Bicubic, ..PixmapPaint::default() };
    if to.is_translate() {
        // On whole pixels it stays as sharp as it is.
        (to.tx, to.ty, paint.quality) = (to.tx.round(), to.ty.round(), FilterQuality::Nearest);
    }
    pixmap.draw_pixmap(0, 0, picture.as_ref(), &paint, to, None);
}

/// A line whose outer half is `width` wide.
fn round_stroke(width: f32) -> Stroke {
    Stroke { width: 2.0 * width, line_join: LineJoin::Round, ..Stroke::default() }
}

fn paint([red, green, blue]: [u8; 3]) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color(Color::from_rgba8(red, green, blue, 255));
    paint.anti_alias = true;
    paint
}

/// One state of a page: `active` is the word being spoken, as an index into the page; without one all words are alike.
pub(crate) fn state(page: &PageDrawing, layout: &Layout, active: Option<usize>, look: Look) -> Overlay {
    let mut overlay = page.base.clone();
    if let Some((pixmap, left, top)) = active.and_then(|active| spoken(page, layout, active, look)) {
        overlay.replace(&pixmap, left, top);
    }
    overlay
}

/// The part of a page that a spoken word changes, and where it is in the page's box.
fn spoken(page: &PageDrawing, layout: &Layout, active: usize, look: Look) -> Option<(Pixmap, usize, usize)> {
    let whole = (page.under.width(), page.under.height());
    let filled = reach(layout, active..active + 1, look)?.transform(page.origin)?;
    let at = |part: &Canvas| page.origin.post_translate(-(part.x as f32), -(part.y as f32));
    let (part, mut pixmap) = if look.style == CaptionStyle::Box {
        // Under a box there is no outline, so this part's shadows are drawn anew, with what casts them from outside of it.
        let soft = soft(unit_of(layout));
        let part = even(filled.outset(soft, soft)?, whole)?;
        let around = filled.outset(2.0 * soft, 2.0 * soft)?;
        let wide = even(around, whole)?;
        let near = |word: &usize| {
            let ink = reach(layout, *word..word + 1, look).and_then(|ink| ink.transform(page.origin));
            *word != active && ink.is_some_and(|ink| ink.intersect(&around).is_some())
        };
        let others: Vec<usize> = page.words.clone().filter(near).collect();
        let under = draw_under(&wide, layout, &others, boxes(layout, active).as_ref(), look, at(&wide))?;
        let cut = cut(&under, part.x - wide.x, part.y - wide.y, &part)?;
        (part, cut)
    } else {
        let part = even(filled.outset(2.0, 2.0)?, whole)?;
        let cut = cut(&page.under, part.x, part.y, &part)?;
        (part, cut)
    };
    draw_words(&mut pixmap, layout, page.words.clone(), Some(active), look, at(&part));
    Some((pixmap, part.x, part.y))
}

/// A piece of a pixmap from `x` and `y` on, as large as `part`.
fn cut(pixmap: &Pixmap, x: usize, y: usize, part: &Canvas) -> Option<Pixmap> {
    let mut piece = Pixmap::new(part.width, part.height)?;
    let (wide, width) = (pixmap.width() as usize, part.width as usize);
    let lines = pixmap.pixels().chunks_exact(wide).skip(y);
    for (to, from) in piece.pixels_mut().chunks_exact_mut(width).zip(lines) {
        to.copy_from_slice(&from[x..x + width]);
    }
    Some(piece)
}

/// Clears what is inside letters, so that only the outer half of the line around them stays: letters that overlap or join have
/// no lines within.
fn hollow_out(pixmap: &mut Pixmap, letters: &Path, origin: Transform) {
    pixmap.fill_path(letters, &paint([0; 3]), FillRule::Winding, origin, None);
    let mut clear = Paint { blend_mode: BlendMode::DestinationOut, ..Paint::default() };
    clear.set_color(Color::from_rgba(0.0, 0.0, 0.0, HOLLOW).unwrap_or(Color::BLACK));
    pixmap.fill_path(letters, &clear, FillRule::Winding, origin, None);
}

/// The boxes of a word, one on each of its lines.
fn boxes(layout: &Layout, word: usize) -> Option<Path> {
    let unit = unit_of(layout);
    let mut all = PathBuilder::new();
    let boxes = layout.words.get(word)?.boxes.iter();
    boxes.filter_map(|word| rounded(padded(*word, unit)?, BOX_RADIUS * unit)).for_each(|path| all.push_path(&path));
    all.finish()
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

#[cfg(test)]
mod tests;
