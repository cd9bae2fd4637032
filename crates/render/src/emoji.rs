//! Emoji: which letters of a word they are, and their pictures out of the font.
//!
//! Where they stand is in `text`, how they are drawn in `page`.

use std::collections::HashMap;
use std::sync::Arc;

use cosmic_text::{CacheKey, FontSystem, SubpixelBin, SwashCache, SwashContent};
use image::RgbaImage;
use image::imageops::{self, FilterType};
use tiny_skia::{IntSize, Pixmap};
use unicode_properties::{EmojiStatus, UnicodeEmoji};
use unicode_segmentation::UnicodeSegmentation;

/// Pixels per font size of the font's pictures: asked for in this size they come as they are.
const STRIKE: f32 = 109.0;
/// Pictures that are kept; a short uses a few.
const KEPT: usize = 64;

/// The picture of an emoji, sized for where it stands.
#[derive(Clone)]
pub(crate) struct Picture {
    pub(crate) pixels: Arc<Pixmap>,
    /// From the pen's position on the baseline to the picture's left and upper edge, downwards, in pixels.
    pub(crate) offset: (f32, f32),
}

/// Pictures by glyph and font size.
#[derive(Default)]
pub(crate) struct Pictures {
    kept: HashMap<(u16, u32), Option<Picture>>,
}

impl Pictures {
    /// The picture of a glyph that has one, in its size.
    pub(crate) fn get(&mut self, system: &mut FontSystem, swash: &mut SwashCache, key: CacheKey) -> Option<Picture> {
        if self.kept.len() >= KEPT {
            self.kept.clear();
        }
        let name = (key.glyph_id, key.font_size_bits);
        self.kept.entry(name).or_insert_with(|| picture(system, swash, key)).clone()
    }
}

fn picture(system: &mut FontSystem, swash: &mut SwashCache, key: CacheKey) -> Option<Picture> {
    let scale = f32::from_bits(key.font_size_bits) / STRIKE;
    let key = CacheKey { font_size_bits: STRIKE.to_bits(), x_bin: SubpixelBin::Zero, y_bin: SubpixelBin::Zero, ..key };
    let mut image = swash.get_image_uncached(system, key)?;
    if image.content != SwashContent::Color {
        return None;
    }
    for pixel in image.data.chunks_exact_mut(4) {
        let alpha = u32::from(pixel[3]);
        pixel[..3].iter_mut().for_each(|value| *value = ((u32::from(*value) * alpha + 127) / 255) as u8);
    }
    let place = image.placement;
    let whole = RgbaImage::from_raw(place.width, place.height, image.data)?;
    let side = |length: u32| ((length as f32 * scale).round() as u32).max(1);
    let mut sized = imageops::resize(&whole, side(place.width), side(place.height), FilterType::CatmullRom);
    for pixel in sized.pixels_mut() {
        // A sharp filter swings over: no colour may be brighter than its premultiplied white.
        let alpha = pixel[3];
        pixel.0.iter_mut().for_each(|value| *value = (*value).min(alpha));
    }
    let size = IntSize::from_wh(sized.width(), sized.height())?;
    let pixels = Arc::new(Pixmap::from_vec(sized.into_raw(), size)?);
    Some(Picture { pixels, offset: (place.left as f32 * scale, -place.top as f32 * scale) })
}

/// Cuts a text where emoji begin and end; `true` are emoji.
pub(crate) fn runs(text: &str) -> Vec<(&str, bool)> {
    let mut runs: Vec<(usize, bool)> = Vec::new();
    for (at, cluster) in text.grapheme_indices(true) {
        let emoji = is_emoji(cluster);
        if runs.last().is_none_or(|(_, before)| *before != emoji) {
            runs.push((at, emoji));
        }
    }
    let ends = runs.iter().skip(1).map(|(at, _)| *at).chain([text.len()]);
    runs.iter().zip(ends).map(|((from, emoji), to)| (&text[*from..to], *emoji)).collect()
}

/// Whether what a reader sees as one character is an emoji in colour.
fn is_emoji(cluster: &str) -> bool {
    let Some(first) = cluster.chars().next() else { return false };
    // Keycaps, skin tones, joined ones, and those that ask for colour make emoji of what would be a letter alone.
    let coloured = |letter| matches!(letter, '\u{fe0f}' | '\u{20e3}' | '\u{200d}' | '\u{1f3fb}'..='\u{1f3ff}');
    match first.emoji_status() {
        EmojiStatus::NonEmoji | EmojiStatus::NonEmojiButEmojiComponent => false,
        _ if cluster.contains('\u{fe0e}') => false,
        EmojiStatus::EmojiOther | EmojiStatus::EmojiModifierBase | EmojiStatus::EmojiOtherAndEmojiComponent => {
            cluster.chars().any(coloured)
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emoji_are_told_from_letters() {
        let check = |text: &str, expected: &[(&str, bool)]| assert_eq!(runs(text), expected);
        check("", &[]);
        check("Hi!", &[("Hi!", false)]);
        check("go🚀now", &[("go", false), ("🚀", true), ("now", false)]);
        check("👩‍👩‍👧👍🏽🇧🇷", &[("👩‍👩‍👧👍🏽🇧🇷", true)]);
        check("7️⃣ 7 #", &[("7️⃣", true), (" 7 #", false)]);
        check("❤️❤︎", &[("❤️", true), ("❤︎", false)]);
        check("©®™", &[("©®™", false)]);
    }
}
