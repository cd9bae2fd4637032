//! Words to outlines: the bundled fonts, shaping, line breaking and fitting.
//!
//! Colours and pixels are in `overlay`; only bundled fonts are ever used, so every machine draws the same.

use std::collections::BTreeSet;
use std::sync::Arc;

use cosmic_text::fontdb::{self, Source, Weight};
use cosmic_text::{
    Align, Attrs, Buffer, CacheKeyFlags, Command, Fallback, Family, FontSystem, LayoutRun, Metrics, Shaping, SwashCache, Wrap,
};
use model::caption::blank_between;
use tiny_skia::{Path, PathBuilder, Rect};

/// Every bundled font, the main one first.
const FONTS: [&[u8]; 7] = [
    include_bytes!("../fonts/Montserrat-ExtraBold.ttf"),
    include_bytes!("../fonts/NotoSans-Bold.ttf"),
    include_bytes!("../fonts/NotoSansArabic-Bold.ttf"),
    include_bytes!("../fonts/NotoSansHebrew-Bold.ttf"),
    include_bytes!("../fonts/NotoSansDevanagari-Bold.ttf"),
    include_bytes!("../fonts/NotoSansThai-Bold.ttf"),
    include_bytes!("../fonts/NotoSansCJK-Bold.otf"),
];
const MAIN_FAMILY: &str = "Montserrat";
const FALLBACKS: [&str; 6] =
    ["Noto Sans", "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Devanagari", "Noto Sans Thai", "Noto Sans CJK SC"];
/// Line height in font sizes.
const LINE_HEIGHT: f32 = 1.22;
/// The most lines of a page.
const MOST_LINES: usize = 2;

/// The bundled fonts, ready to shape. Making one takes some milliseconds; use it again.
pub(crate) struct Fonts {
    system: FontSystem,
    outlines: SwashCache,
}

/// Words laid out around (0, 0): x is centred, y starts at the top of the first line.
pub(crate) struct Layout {
    /// In the order of the words that were given.
    pub(crate) words: Vec<WordShape>,
    /// Width of the widest line.
    pub(crate) width: f32,
    /// Height of all lines.
    pub(crate) height: f32,
    /// The font size that fitted, in pixels.
    pub(crate) font_size: f32,
    /// Characters that no bundled font has.
    pub(crate) missing: BTreeSet<char>,
}

/// One word's outline and the boxes it fills, one for each line it stands on.
pub(crate) struct WordShape {
    /// `None` when nothing is visible.
    pub(crate) path: Option<Path>,
    /// From the top to the bottom of the line.
    pub(crate) boxes: Vec<Rect>,
}

struct Bundled;

impl Fallback for Bundled {
    fn common_fallback(&self) -> &[&'static str] {
        &FALLBACKS
    }

    fn forbidden_fallback(&self) -> &[&'static str] {
        &[]
    }

    fn script_fallback(&self, _script: unicode_script::Script, _locale: &str) -> &[&'static str] {
        &[]
    }
}

impl Fonts {
    /// Reads the bundled fonts.
    pub(crate) fn bundled() -> Self {
        let mut database = fontdb::Database::new();
        for font in FONTS {
            database.load_font_source(Source::Binary(Arc::new(font)));
        }
        let system = FontSystem::new_with_locale_and_db_and_fallback("en-US".to_owned(), database, Bundled);
        Self { system, outlines: SwashCache::new() }
    }

    /// Lays words out in at most two balanced lines of at most `width`, in the first of the `sizes` or as much smaller as needed;
    /// under the second, words are broken.
    pub(crate) fn lay_out(&mut self, words: &[&str], sizes: (f32, f32), width: f32) -> Layout {
        let (mut size, least) = sizes;
        let mut buffer = self.shape(words, size, width, Wrap::Word);
        while !fits(&buffer, width) {
            size *= 0.95;
            if size < least {
                buffer = self.shape_broken(words, least, width);
                break;
            }
            buffer = self.shape(words, size, width, Wrap::Word);
        }
        if buffer.layout_runs().count() == MOST_LINES {
            buffer = self.balance(buffer, words, width);
        }
        self.collect(&buffer, words)
    }

    /// The last resort for a word of absurd length: break it, and shrink until even the pieces fit in two lines.
    fn shape_broken(&mut self, words: &[&str], mut size: f32, width: f32) -> Buffer {
        loop {
            let buffer = self.shape(words, size, width, Wrap::WordOrGlyph);
            if fits(&buffer, width) || size < 6.0 {
                return buffer;
            }
            size *= 0.9;
        }
    }

    /// Two lines of nearly the same width look calmer than a long one over a short one.
    fn balance(&mut self, buffer: Buffer, words: &[&str], width: f32) -> Buffer {
        let size = buffer.metrics().font_size;
        let (mut narrow, mut wide) = (width / 2.0, width);
        let mut best = buffer;
        for _ in 0..6 {
            let middle = (narrow + wide) / 2.0;
            let candidate = self.shape(words, size, middle, Wrap::Word);
            if fits(&candidate, middle) {
                (best, wide) = (candidate, middle);
            } else {
                narrow = middle;
            }
        }
        best
    }

    fn shape(&mut self, words: &[&str], size: f32, width: f32, wrap: Wrap) -> Buffer {
        let attributes = Attrs::new()
            .family(Family::Name(MAIN_FAMILY))
            .weight(Weight::EXTRA_BOLD)
            .cache_key_flags(CacheKeyFlags::DISABLE_HINTING);
        let mut buffer = Buffer::new(&mut self.system, Metrics::new(size, size * LINE_HEIGHT));
        buffer.set_wrap(wrap);
        buffer.set_size(Some(width), None);
        let spans = words.iter().enumerate().flat_map(|(index, word)| {
            let apart = index > 0 && blank_between(words[index - 1], word);
            let space = apart.then_some((" ", attributes.clone().metadata(usize::MAX)));
            space.into_iter().chain(std::iter::once((*word, attributes.clone().metadata(index))))
        });
        buffer.set_rich_text(spans, &attributes, Shaping::Advanced, Some(Align::Center));
        buffer.shape_until_scroll(&mut self.system, false);
        buffer
    }

    fn collect(&mut self, buffer: &Buffer, words: &[&str]) -> Layout {
        let mut paths: Vec<PathBuilder> = words.iter().map(|_| PathBuilder::new()).collect();
        let mut boxes: Vec<Vec<Rect>> = vec![Vec::new(); words.len()];
        let mut missing = BTreeSet::new();
        let (mut widest, mut height) = (0.0f32, 0.0f32);
        for run in buffer.layout_runs() {
            let (left, right) = extent(&run);
            let shift = -(left + right) / 2.0;
            widest = widest.max(right - left);
            height = height.max(run.line_top + run.line_height);
            for glyph in run.glyphs {
                if glyph.metadata >= words.len() {
                    continue;
                }
                if glyph.glyph_id == 0 {
                    missing.extend(run.text[glyph.start..glyph.end].chars().filter(|character| !character.is_control()));
                    continue;
                }
                let (x, top) = (glyph.x + shift, run.line_top);
                widen(&mut boxes[glyph.metadata], Rect::from_ltrb(x, top, x + glyph.w, top + run.line_height));
                let key = glyph.physical((0.0, 0.0), 1.0).cache_key;
                let x = x + glyph.font_size * glyph.x_offset;
                let y = run.line_y + glyph.y - glyph.font_size * glyph.y_offset;
                if let Some(commands) = self.outlines.get_outline_commands(&mut self.system, key) {
                    append(&mut paths[glyph.metadata], commands, x, y);
                }
            }
        }
        let words = paths.into_iter().zip(boxes).map(|(path, boxes)| WordShape { path: path.finish(), boxes }).collect();
        Layout { words, width: widest, height, font_size: buffer.metrics().font_size, missing }
    }
}

fn fits(buffer: &Buffer, width: f32) -> bool {
    let widths = || buffer.layout_runs().map(|run| extent(&run));
    widths().count() <= MOST_LINES && widths().all(|(left, right)| right - left <= width + 0.5)
}

/// Left and right end of a line without the spaces around it.
fn extent(run: &LayoutRun) -> (f32, f32) {
    let inked = || run.glyphs.iter().filter(|glyph| glyph.metadata != usize::MAX);
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

    #[test]
    fn every_script_fits_and_has_its_glyphs() {
        let mut fonts = Fonts::bundled();
        let mut check = |words: &[&str], missing: &str| {
            let layout = fonts.lay_out(words, (80.0, 36.0), 900.0);
            assert!(layout.width <= 901.0, "{words:?} is {} wide", layout.width);
            assert!(layout.height <= 2.0 * 80.0 * LINE_HEIGHT + 1.0, "{words:?} is {} high", layout.height);
            assert_eq!(layout.missing.iter().collect::<String>(), missing, "{words:?}");
            assert!(!missing.is_empty() || layout.words.iter().all(|word| word.path.is_some()), "{words:?}");
        };
        check(&["Hello", "world"], "");
        check(&["extraordinarily", "complicated", "Wörter", "žluťoučký"], "");
        check(&["Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"], "");
        check(&[&"x".repeat(400)], "");
        check(&["Привет,", "Καλημέρα", "Việt"], "");
        check(&["مرحبا", "שלום", "123"], "");
        check(&["नमस्ते", "สวัสดี"], "");
        check(&["今天天气很好，", "世界。"], "");
        check(&["カタカナと", "ひらがな、", "漢字です。", "안녕하세요"], "");
        check(&["😀"], "😀");
    }

    #[test]
    fn two_lines_are_balanced() {
        let layout = Fonts::bundled().lay_out(&["one", "two", "three", "four", "five", "six"], (80.0, 36.0), 900.0);
        assert!(layout.width < 700.0, "{}", layout.width);
    }
}
