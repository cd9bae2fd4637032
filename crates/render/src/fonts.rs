//! The bundled fonts and their order. Only these are ever used, so that every machine draws the same.
//!
//! Shaping with them is in `text`, colour pictures of emoji are in `emoji`.

use std::sync::Arc;

use cosmic_text::fontdb::{self, Source, Weight};
use cosmic_text::{Attrs, CacheKeyFlags, Fallback, Family, FontSystem};
use model::caption::CaptionFont;

/// Every bundled font. They are part of the program's own memory and read where they lie.
const FONTS: [&[u8]; 10] = [
    include_bytes!("../fonts/Montserrat-ExtraBold.ttf"),
    include_bytes!("../fonts/Anton-Regular.ttf"),
    include_bytes!("../fonts/BebasNeue-Bold.otf"),
    include_bytes!("../fonts/NotoSans-Bold.ttf"),
    include_bytes!("../fonts/NotoSansArabic-Bold.ttf"),
    include_bytes!("../fonts/NotoSansHebrew-Bold.ttf"),
    include_bytes!("../fonts/NotoSansDevanagari-Bold.ttf"),
    include_bytes!("../fonts/NotoSansThai-Bold.ttf"),
    include_bytes!("../fonts/NotoSansCJK-Bold.otf"),
    include_bytes!("../fonts/NotoColorEmoji.ttf"),
];
const EMOJI: &str = "Noto Color Emoji";
/// Where letters are looked for that the chosen font lacks. Emoji come last: some letters are among them, in colour.
const FALLBACKS: [&str; 7] =
    ["Noto Sans", "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Devanagari", "Noto Sans Thai", "Noto Sans CJK SC", EMOJI];

/// All bundled fonts. Takes a millisecond or so: a font's own tables are read when its first letter is needed.
pub(crate) fn system() -> FontSystem {
    let mut database = fontdb::Database::new();
    for font in FONTS {
        database.load_font_source(Source::Binary(Arc::new(font)));
    }
    FontSystem::new_with_locale_and_db_and_fallback("en-US".to_owned(), database, Bundled)
}

/// How letters in `font` are asked for.
pub(crate) fn letters(font: CaptionFont) -> Attrs<'static> {
    let (family, weight) = match font {
        CaptionFont::Montserrat => ("Montserrat", Weight::EXTRA_BOLD),
        CaptionFont::Noto => ("Noto Sans", Weight::BOLD),
        CaptionFont::Anton => ("Anton", Weight::NORMAL),
        CaptionFont::Bebas => ("Bebas Neue", Weight::BOLD),
    };
    Attrs::new().family(Family::Name(family)).weight(weight).cache_key_flags(CacheKeyFlags::DISABLE_HINTING)
}

/// How much higher than the line a box must stand to have the letters in its middle, in font sizes.
pub(crate) fn box_lift(font: CaptionFont) -> f32 {
    if font == CaptionFont::Bebas { 0.17 } else { 0.0 }
}

/// How emoji are asked for: by name, because some letter fonts have black and white ones.
pub(crate) fn emoji() -> Attrs<'static> {
    Attrs::new().family(Family::Name(EMOJI)).cache_key_flags(CacheKeyFlags::DISABLE_HINTING)
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
