//! Text on a picture: wrapped, as large as its box allows.
//!
//! One bundled font is enough here: Latin, Greek and Cyrillic. Other scripts show boxes.

use std::cell::RefCell;
use std::sync::Arc;

use cosmic_text::fontdb::{Database, Source};
use cosmic_text::{Align, Attrs, Buffer, Color, Family, FontSystem, Metrics, Shaping, SwashCache};
use tiny_skia::Pixmap;

/// The renderer's font: the file is shared, because a crate of the same floor can't be asked for it.
const FONT: &[u8] = include_bytes!("../../../../render/fonts/NotoSans-Bold.ttf");
/// Sizes that are tried, in shares of the box's width; the first that fits is taken.
const SIZES: [f32; 9] = [0.11, 0.09, 0.075, 0.06, 0.05, 0.042, 0.036, 0.03, 0.024];

/// Where the text goes, in pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    pub(super) left: u32,
    pub(super) top: u32,
    pub(super) width: u32,
    pub(super) height: u32,
}

/// Writes `text` in white into the middle of the room; what has no room even in the smallest size is left out.
pub(super) fn write(picture: &mut Pixmap, text: &str, room: Room) {
    thread_local! {
        static FONTS: RefCell<(FontSystem, SwashCache)> = RefCell::new((system(), SwashCache::new()));
    }
    FONTS.with_borrow_mut(|(system, cache)| {
        let mut buffer = laid_out(system, text, room);
        let down = (room.height.saturating_sub(height(&buffer) as u32) / 2) as i32;
        buffer.draw(system, cache, Color::rgb(255, 255, 255), |x, y, width, height, colour| {
            // Glyphs come pixel by pixel; lines under the box are cut off.
            if y >= 0 && (y as u32).saturating_add(height) <= room.height {
                blend(picture, x + room.left as i32, y + room.top as i32 + down, width, colour.a());
            }
        });
    });
}

fn system() -> FontSystem {
    let mut database = Database::new();
    database.load_font_source(Source::Binary(Arc::new(FONT)));
    FontSystem::new_with_locale_and_db("en-US".to_owned(), database)
}

fn laid_out(system: &mut FontSystem, text: &str, room: Room) -> Buffer {
    let attributes = Attrs::new().family(Family::Name("Noto Sans")).weight(cosmic_text::Weight::BOLD);
    let mut buffer = Buffer::new(system, Metrics::new(12.0, 15.0));
    for share in SIZES {
        let size = (room.width as f32 * share).max(6.0);
        buffer = Buffer::new(system, Metrics::new(size, size * 1.25));
        buffer.set_size(Some(room.width as f32), None);
        buffer.set_text(text, &attributes, Shaping::Advanced, Some(Align::Center));
        buffer.shape_until_scroll(system, false);
        if height(&buffer) <= room.height as f32 {
            break;
        }
    }
    buffer
}

/// From the top of the first line to the bottom of the last, in pixels.
fn height(buffer: &Buffer) -> f32 {
    buffer.layout_runs().map(|run| run.line_top + run.line_height).fold(0.0, f32::max)
}

/// White over what is there.
fn blend(picture: &mut Pixmap, x: i32, y: i32, width: u32, alpha: u8) {
    let (all_width, all_height) = (picture.width() as i32, picture.height() as i32);
    if y < 0 || y >= all_height || alpha == 0 {
        return;
    }
    let alpha = u16::from(alpha);
    for x in x.max(0)..(x + width as i32).min(all_width) {
        let at = (y * all_width + x) as usize * 4;
        for channel in &mut picture.data_mut()[at..at + 4] {
            *channel = ((u16::from(*channel) * (255 - alpha) + 255 * alpha) / 255) as u8;
        }
    }
}
