//! Words to outlines: shaping, line breaking and fitting.
//!
//! The fonts are in `fonts`; colours and pixels are in `page`.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use cosmic_text::{Align, Attrs, Buffer, Command, FontSystem, LayoutGlyph, LayoutRun, Metrics, Shaping, SwashCache, Wrap};
use model::caption::{CaptionFont, blank_between};
use tiny_skia::{Path, PathBuilder, Pixmap, Rect, Stroke};

use crate::breaks::{self, with_breaks};
use crate::emoji::{self, Pictures};
use crate::fonts;

/// Line height in font sizes, and in scripts whose signs stand high above and hang far below the letters.
const LINE_HEIGHT: f32 = 1.22;
const TALL_LINE_HEIGHT: f32 = 1.45;
/// Devanagari hangs from its line: most of its signs stand above.
const HANGING_LIFT: f32 = 0.17;
/// Emoji are larger than letters of the same font size.
const EMOJI_SIZE: f32 = 0.92;
/// A word in unbroken letters is shrunk in such steps.
const STEP: f32 = 0.95;
/// Under this size in pixels nothing can be read, and no further try is made.
const LEAST_SIZE: f32 = 0.5;

/// The bundled fonts, ready to shape. Making one takes some milliseconds; use it again.
pub(crate) struct Fonts {
    system: FontSystem,
    swash: SwashCache,
    pictures: Pictures,
}

/// The letters and the room that they have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fit {
    pub(crate) font: CaptionFont,
    /// The font size in pixels, if everything fits.
    pub(crate) size: f32,
    /// Text is shrunk down to this size before words are broken; then further.
    pub(crate) least: f32,
    /// The most lines.
    pub(crate) lines: usize,
    /// The room in pixels, for letters with what stands around them.
    pub(crate) width: f32,
    pub(crate) height: f32,
    /// How far outlines or boxes reach over the letters on each side, in font sizes.
    pub(crate) edge: f32,
}

/// Words laid out around (0, 0): x is centred, y starts at the top of the first line.
pub(crate) struct Layout {
    /// In the order of the words that were given.
    pub(crate) words: Vec<WordShape>,
    /// Height of all lines.
    pub(crate) height: f32,
    /// The font size that fitted, in pixels.
    pub(crate) font_size: f32,
    /// Characters that no bundled font has.
    pub(crate) missing: BTreeSet<char>,
}

/// One word's outline and the boxes it fills, one for each line it stands on.
#[derive(Default)]
pub(crate) struct WordShape {
    /// `None` when no letter is visible.
    pub(crate) path: Option<Path>,
    /// Emoji: the picture, and where its upper left corner is.
    pub(crate) pictures: Vec<(Arc<Pixmap>, (f32, f32))>,
    /// From the top to the bottom of the line.
    pub(crate) boxes: Vec<Rect>,
    widened: OnceCell<Option<Path>>,
}

impl WordShape {
    /// The letters with a line around them, as one shape. It is made once: a layout is only ever drawn with one line.
    pub(crate) fn widened(&self, line: &Stroke) -> Option<&Path> {
        let widened = || {
            let letters = self.path.as_ref()?;
            let mut all = PathBuilder::new();
            all.push_path(letters);
            all.push_path(&letters.stroke(line, 1.0)?);
            all.finish()
        };
        self.widened.get_or_init(widened).as_ref()
    }

    /// What the word's letters and emoji fill. `None` when nothing is visible.
    pub(crate) fn bounds(&self) -> Option<Rect> {
        let emoji = self
            .pictures
            .iter()
            .filter_map(|(pixels, (x, y))| Rect::from_xywh(*x, *y, pixels.width() as f32, pixels.height() as f32));
        let letters = self.path.iter().map(Path::bounds);
        letters.chain(emoji).reduce(|all, next| all.join(&next).unwrap_or(all))
    }
}

impl Layout {
    /// What all words fill. `None` when nothing is visible.
    pub(crate) fn bounds(&self) -> Option<Rect> {
        self.words.iter().filter_map(WordShape::bounds).reduce(|all, next| all.join(&next).unwrap_or(all))
    }
}

impl Fonts {
    /// Reads the bundled fonts.
    pub(crate) fn bundled() -> Self {
        Self { system: fonts::system(), swash: SwashCache::new(), pictures: Pictures::default() }
    }

    /// Lays words out in balanced lines, in the size of `fit` or as much smaller as needed.
    pub(crate) fn lay_out(&mut self, words: &[Cow<'_, str>], fit: &Fit) -> Layout {
        let text = Text::new(words, fit.font);
        let mut size = fit.size;
        loop {
            let buffer = self.fit(&text, size, fit);
            let buffer = self.balance(buffer, &text, fit);
            let layout = self.collect(&buffer, words.len(), text.box_lift);
            // Letters may reach over their own advance and line.
            let edge = 2.0 * fit.edge * layout.font_size;
            let inside = |ink: Rect| ink.width() + edge <= fit.width && ink.height() + edge <= fit.height;
            if layout.font_size < LEAST_SIZE || layout.bounds().is_none_or(inside) {
                return layout;
            }
            size = layout.font_size * STEP;
        }
    }

    /// The largest lines that have room: first of whole words, then of broken ones.
    fn fit(&mut self, text: &Text<'_>, mut size: f32, fit: &Fit) -> Buffer {
        let mut wrap = Wrap::Word;
        loop {
            if size < fit.least {
                wrap = Wrap::WordOrGlyph;
            }
            let room = fit.width - 2.0 * fit.edge * size;
            let buffer = self.shape(text, size, room, wrap);
            if fits(&buffer, room, fit.lines, fit.height - 2.0 * fit.edge * size) || size < LEAST_SIZE {
                return buffer;
            }
            let widest = buffer.layout_runs().map(|run| extent(&run)).map(|(left, right)| right - left).fold(0.0, f32::max);
            let next = size * STEP.min(if widest > room { room / widest } else { STEP });
            // The first try with broken words is made in the largest size that is allowed for it.
            size = if size >= fit.least && next < fit.least { fit.least * 0.999 } else { next };
        }
    }

    /// Lines of nearly the same width look calmer than long ones over a short one.
    fn balance(&mut self, buffer: Buffer, text: &Text<'_>, fit: &Fit) -> Buffer {
        let (lines, size) = (buffer.layout_runs().count(), buffer.metrics().font_size);
        if lines < 2 {
            return buffer;
        }
        let room = fit.width - 2.0 * fit.edge * size;
        let (mut narrow, mut wide) = (room / lines as f32, room);
        let mut best = buffer;
        for _ in 0..6 {
            let middle = (narrow + wide) / 2.0;
            let candidate = self.shape(text, size, middle, Wrap::Word);
            if fits(&candidate, middle, lines, f32::INFINITY) {
                (best, wide) = (candidate, middle);
            } else {
                narrow = middle;
            }
        }
        best
    }

    fn shape(&mut self, text: &Text<'_>, size: f32, width: f32, wrap: Wrap) -> Buffer {
        let mut buffer = Buffer::new(&mut self.system, Metrics::new(size, size * text.line_height));
        buffer.set_wrap(wrap);
        buffer.set_size(Some(width.max(1.0)), None);
        let emoji = Metrics::new(size * EMOJI_SIZE, size * text.line_height);
        let spans = text.spans.iter().map(|span| {
            let attributes = if span.emoji { fonts::emoji().metrics(emoji) } else { text.letters.clone() };
            (&*span.text, attributes.metadata(span.word))
        });
        buffer.set_rich_text(spans, &text.letters, Shaping::Advanced, Some(Align::Center));
        buffer.shape_until_scroll(&mut self.system, false);
        buffer
    }

    fn collect(&mut self, buffer: &Buffer, word_count: usize, box_lift: f32) -> Layout {
        let mut paths: Vec<PathBuilder> = (0..word_count).map(|_| PathBuilder::new()).collect();
        let mut words: Vec<WordShape> = (0..word_count).map(|_| WordShape::default()).collect();
        let mut missing = BTreeSet::new();
        let mut height = 0.0f32;
        for run in buffer.layout_runs() {
            let (left, right) = extent(&run);
            let shift = -(left + right) / 2.0;
            height = height.max(run.line_top + run.line_height);
            for glyph in run.glyphs.iter().filter(|glyph| glyph.metadata != NO_WORD) {
                if glyph.glyph_id == 0 {
                    missing.extend(run.text[glyph.start..glyph.end].chars().filter(|letter| is_visible(*letter)));
                    continue;
                }
                let word = &mut words[glyph.metadata];
                let (x, top) = (glyph.x + shift, run.line_top - box_lift * buffer.metrics().font_size);
                widen(&mut word.boxes, Rect::from_ltrb(x, top, x + glyph.w, top + run.line_height));
                let x = x + glyph.font_size * glyph.x_offset;
                let y = run.line_y + glyph.y - glyph.font_size * glyph.y_offset;
                self.draw(glyph, &mut paths[glyph.metadata], word, x, y);
            }
        }
        for (word, path) in words.iter_mut().zip(paths) {
            word.path = path.finish();
        }
        Layout { words, height, font_size: buffer.metrics().font_size, missing }
    }

    /// Adds a glyph's outline or picture to its word, with the pen at `x` and `y`.
    fn draw(&mut self, glyph: &LayoutGlyph, path: &mut PathBuilder, word: &mut WordShape, x: f32, y: f32) {
        let key = glyph.physical((0.0, 0.0), 1.0).cache_key;
        if let Some(commands) = self.swash.get_outline_commands(&mut self.system, key) {
            append(path, commands, x, y);
        } else if let Some(picture) = self.pictures.get(&mut self.system, &mut self.swash, key) {
            word.pictures.push((picture.pixels, (x + picture.offset.0, y + picture.offset.1)));
        }
    }
}

/// What belongs to no word: the blanks between them.
const NO_WORD: usize = usize::MAX;

/// Words as they are shaped.
struct Text<'a> {
    spans: Vec<Span<'a>>,
    letters: Attrs<'static>,
    line_height: f32,
    /// How much higher than their line boxes stand, in font sizes.
    box_lift: f32,
}

struct Span<'a> {
    text: Cow<'a, str>,
    word: usize,
    emoji: bool,
}

impl<'a> Text<'a> {
    fn new(words: &'a [Cow<'_, str>], font: CaptionFont) -> Self {
        let mut spans = Vec::new();
        for (index, word) in words.iter().enumerate() {
            if index > 0 {
                let between = match &words[index - 1] {
                    left if blank_between(left, word) => " ",
                    left if breaks::breaks_between(left, word) => "\u{200b}",
                    _ => "",
                };
                spans.push(Span { text: between.into(), word: NO_WORD, emoji: false });
            }
            for (text, emoji) in emoji::runs(word) {
                spans.push(Span { text: if emoji { text.into() } else { with_breaks(text) }, word: index, emoji });
            }
        }
        let tall = words.iter().any(|word| word.chars().any(is_tall));
        let hangs = words.iter().any(|word| word.chars().any(|letter| matches!(letter, '\u{900}'..='\u{97f}')));
        Self {
            spans,
            letters: fonts::letters(font),
            line_height: if tall { TALL_LINE_HEIGHT } else { LINE_HEIGHT },
            box_lift: if hangs { HANGING_LIFT } else { fonts::box_lift(font) },
        }
    }
}

/// Arabic and the scripts of India and South-East Asia have signs above and below; Vietnamese stacks them.
fn is_tall(letter: char) -> bool {
    matches!(letter, '\u{600}'..='\u{8ff}' | '\u{900}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{1ea0}'..='\u{1ef9}' | '\u{300}'..='\u{36f}')
}

/// Whether a reader would miss it: joiners and signs of direction have no shape of their own.
fn is_visible(letter: char) -> bool {
    !letter.is_control()
        && !letter.is_whitespace()
        && !matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

fn fits(buffer: &Buffer, width: f32, lines: usize, height: f32) -> bool {
    let runs = || buffer.layout_runs();
    let narrow = |run: LayoutRun<'_>| {
        let (left, right) = extent(&run);
        right - left <= width + 0.5
    };
    runs().count() <= lines && runs().all(narrow) && runs().last().is_none_or(|run| run.line_top + run.line_height <= height)
}

/// Left and right end of a line without the spaces around it.
fn extent(run: &LayoutRun) -> (f32, f32) {
    let inked = || run.glyphs.iter().filter(|glyph| glyph.metadata != NO_WORD);
    let left = inked().map(|glyph| glyph.x).fold(f32::INFINITY, f32::min);
    let right = inked().map(|glyph| glyph.x + glyph.w).fold(f32::NEG_INFINITY, f32::max);
    if left <= right { (left, right) } else { (0.0, 0.0) }
}

/// Adds a glyph's box: to the word's box on the same line, or as a new one.
fn widen(boxes: &mut Vec<Rect>, glyph: Option<Rect>) {
    let Some(glyph) = glyph else { return };
    match boxes.iter_mut().find(|word| word.top() == glyph.top()) {
        Some(word) => *word = word.join(&glyph).unwrap_or(*word),
        None => boxes.push(glyph),
    }
}

fn append(path: &mut PathBuilder, commands: &[Command], x: f32, y: f32) {
    for command in commands {
        match command {
            Command::MoveTo(to) => path.move_to(x + to.x, y - to.y),
            Command::LineTo(to) => path.line_to(x + to.x, y - to.y),
            Command::QuadTo(by, to) => path.quad_to(x + by.x, y - by.y, x + to.x, y - to.y),
            Command::CurveTo(one, two, to) => {
                path.cubic_to(x + one.x, y - one.y, x + two.x, y - two.y, x + to.x, y - to.y);
            }
            Command::Close => path.close(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(lines: usize) -> Fit {
        Fit { font: CaptionFont::Montserrat, size: 80.0, least: 36.0, lines, width: 900.0, height: 1100.0, edge: 0.1 }
    }

    fn words<'a>(words: &[&'a str]) -> Vec<Cow<'a, str>> {
        words.iter().map(|word| Cow::Borrowed(*word)).collect()
    }

    #[test]
    fn every_script_fits_and_has_its_glyphs() {
        let mut fonts = Fonts::bundled();
        let mut check = |given: &[&str], missing: &str| {
            let layout = fonts.lay_out(&words(given), &fit(2));
            let ink = layout.bounds();
            assert!(ink.is_none_or(|ink| ink.width() <= 900.0), "{given:?} is {ink:?}");
            assert!(layout.height <= 2.0 * 80.0 * TALL_LINE_HEIGHT + 1.0, "{given:?} is {} high", layout.height);
            assert_eq!(layout.missing.iter().collect::<String>(), missing, "{given:?}");
            assert!(!missing.is_empty() || layout.words.iter().all(|word| word.bounds().is_some()), "{given:?}");
        };
        check(&["Hello", "world"], "");
        check(&["extraordinarily", "complicated", "Wörter", "žluťoučký"], "");
        check(&["Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"], "");
        check(&[&"x".repeat(400)], "");
        check(&["Привет,", "Καλημέρα", "Việt", "e\u{301}\u{323}"], "");
        check(&["مرحبا", "שלום", "123"], "");
        check(&["नमस्ते", "สวัสดี"], "");
        check(&["今天天气很好，", "世界。"], "");
        check(&["カタカナと", "ひらがな、", "漢字です。", "안녕하세요"], "");
        check(&["😀", "👩‍🚀👍🏽", "🇧🇷", "7️⃣", "❤️", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"], "");
        check(&["ქართული"], "ათილრუქ");
    }

    #[test]
    fn what_belongs_together_is_one_picture() {
        let layout = Fonts::bundled().lay_out(&words(&["👩‍👩‍👧", "👍🏽", "🇧🇷", "7️⃣", "❤️", "a🚀b"]), &fit(2));
        let pictures: Vec<usize> = layout.words.iter().map(|word| word.pictures.len()).collect();
        assert_eq!(pictures, [1; 6]);
        assert!(layout.words[5].path.is_some() && layout.words[4].path.is_none());
    }

    #[test]
    fn thai_breaks_between_words() {
        let text = words(&["วันนี้อากาศดีมากเราจึงไปเที่ยวทะเลกับเพื่อน"]);
        let layout = Fonts::bundled().lay_out(&text, &fit(2));
        assert_eq!(layout.words[0].boxes.len(), 2);
        assert!(layout.font_size > 60.0, "{}", layout.font_size);
    }

    #[test]
    fn lines_are_balanced() {
        let text = words(&["one", "two", "three", "four", "five", "six"]);
        let check = |lines, widest: f32| {
            let layout = Fonts::bundled().lay_out(&text, &fit(lines));
            assert!(layout.bounds().expect("words").width() < widest, "{lines}");
            layout.font_size
        };
        assert!(check(1, 900.0) < 65.0);
        assert_eq!(check(2, 700.0), 80.0);
        assert_eq!(check(3, 700.0), 80.0);
    }
}
