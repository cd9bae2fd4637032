//! The local poster artist: draws a designed still from the words of a scene, without network, key or model.
//!
//! What lives here puts the parts together; words, icons, palette, sky, land, stage and finish have a file each. Moving the
//! picture, and the captions over it, belong to the renderer.

mod canvas;
pub(crate) mod choice;
mod city;
mod colour;
mod finish;
mod front;
mod hero;
mod icons;
mod land;
mod palette;
mod random;
mod sky;
mod stage;
pub(crate) mod words;

use async_trait::async_trait;
use model::storyboard::Size;

use crate::error::ProviderError;
use crate::image::{Image, ImageProvider, ImageRequest};
use canvas::Canvas;
use choice::Choice;
use palette::{Ground, Palette, Setting};
use random::{Dice, hash};
use stage::Stage;

/// Version of the look; raise it with every change that shows.
const MODEL: &str = "poster-1";

/// Pictures are larger than the video by this, so that a slow zoom has pixels to spare.
const SPARE: f32 = 1.15;

/// What must stay visible keeps off the edges by these shares of width and height: a zoom and pan may crop what is beyond.
const SAFE: (f32, f32) = (0.12, 0.08);

/// The longer side of the large icon, and those of the small ones, as shares of the sheet's `u`.
const HERO: f32 = 0.54;
const ACCENTS: [f32; 3] = [0.165, 0.145, 0.125];

/// No picture has more pixels than this (a 3840×2160 video with its spare edge just fits), which bounds the memory.
const MOST_PIXELS: f32 = 11.2e6;

/// Draws pictures on this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct PosterArtist;

#[async_trait]
impl ImageProvider for PosterArtist {
    fn vendor(&self) -> &'static str {
        "poster"
    }

    fn model(&self) -> &str {
        MODEL
    }

    async fn draw(&self, request: &ImageRequest, _: &str) -> Result<Image, ProviderError> {
        let request = request.clone();
        let drawn = tokio::task::spawn_blocking(move || poster(&request)).await;
        drawn.map_err(|error| ProviderError::Fatal(format!("the poster artist stopped while drawing: {error}")))?
    }
}

/// Draws the picture of a scene. The same request gives the same bytes.
pub fn poster(request: &ImageRequest) -> Result<Image, ProviderError> {
    let (width, height) = sheet(request.size);
    let choice = choice::choose(request);
    let video = Dice::new(hash(&format!("{}\n{}", words::fold(&request.title), words::fold(&request.style))));
    let scene_words = format!("{}\n{}\n{}\n{}", request.description, request.narration, request.scene_number, request.take);
    let seed = video.clone().bits() ^ hash(&scene_words);
    let mut scene = Dice::new(seed);

    let look = palette::look(&request.style);
    let palette = palette::palette(look, choice.video_mood, choice.mood, &video, &mut scene);
    // Scenes take turns, so that neighbours never look alike; the video decides who begins.
    let turn = (video.fork("turns").bits() % 64) as usize + request.scene_number as usize + request.take as usize * 5;
    let setting = palette::setting(look, choice.mood, turn);
    let mut canvas = Canvas::new(width, height);
    // Sheets of paper leave nothing of the sky to be seen.
    if setting.ground != Ground::Paper {
        sky::draw(&mut canvas, &palette, setting, &mut scene.fork("sky"));
    }
    scenery(&mut canvas, &palette, &choice, setting, look.stages[turn % look.stages.len()], &scene);
    let bytes = finish::finish(&canvas, &palette, seed)
        .map_err(|error| ProviderError::Fatal(format!("the drawn picture could not be saved as JPEG: {error}")))?;
    Ok(Image { bytes: bytes.into(), media_type: "image/jpeg", credit: None })
}

/// Stage, land and icons, back to front.
fn scenery(canvas: &mut Canvas, palette: &Palette, choice: &Choice, setting: Setting, stage: Stage, scene: &Dice) {
    let mut dice = scene.fork("scenery");
    let at = stage::place(canvas);
    let tint = palette.look.tint;
    let large = choice.hero.and_then(|icon| hero::art(icon, canvas.u * HERO, dice.between(-4.0, 4.0), palette, tint));
    let edge = large.as_ref().map_or(palette.sky[1], |art| art.edge);
    let face = hero::face(palette, edge, &mut dice);
    let hollow = setting.ground == Ground::Paper;
    if hollow {
        stage::hollow(canvas, palette, face);
    } else {
        stage::draw(canvas, palette, stage, face, &mut dice);
    }
    land::draw(canvas, palette, setting, &mut scene.fork("land"));
    accents(canvas, palette, choice, at, &mut dice);
    match large {
        Some(art) => {
            let round = hollow || matches!(stage, Stage::Disc | Stage::Rays | Stage::Rings | Stage::Bands);
            hero::lay(canvas, &art, (at.x, at.y), round.then_some(at), palette);
        }
        None => hero::orrery(canvas, at, palette, face, &mut dice),
    }
}

/// Small icons around the large one, on the side of the light first.
fn accents(canvas: &mut Canvas, palette: &Palette, choice: &Choice, at: stage::Place, dice: &mut Dice) {
    let flip = dice.sign();
    for (i, (icon, share)) in choice.accents.iter().zip(ACCENTS).enumerate() {
        let size = canvas.u * share;
        let spot = accent_spot((canvas.w, canvas.h), at, i, flip, size);
        let tint = (palette.look.tint + 0.15).min(0.8);
        if let Some(art) = hero::art(icon, size, dice.between(-12.0, 12.0), palette, tint) {
            hero::lay(canvas, &art, spot, None, palette);
        }
    }
}

/// The centre of a small icon: upper corners of the large one, then a lower one, always within the safe part of the sheet.
fn accent_spot((w, h): (f32, f32), at: stage::Place, i: usize, flip: f32, size: f32) -> (f32, f32) {
    // Tilted by up to 12 degrees, a square reaches this far from its centre.
    let reach = size * 0.6;
    let (side, down): (f32, f32) = [(1.0, -1.0), (-1.0, -1.0), (1.0, 1.0)][i % 3];
    let far = at.r * 1.15;
    let beside = (far * 0.84).min(w * (0.5 - SAFE.0) - reach).max(0.0);
    // Where the sheet is too narrow to step aside, the icon moves up or down along the circle instead.
    let above = (far * far - beside * beside).sqrt() * if down > 0.0 { 0.95 } else { 1.0 };
    let y = (at.y + down * above).max(h * SAFE.1 + reach).min(h * (1.0 - SAFE.1) - reach);
    (at.x + flip * side * beside, y)
}

/// The picture's size in pixels for a video's size.
fn sheet(size: Size) -> (u32, u32) {
    let (w, h) = (size.width.clamp(16, 8_192) as f32, size.height.clamp(16, 8_192) as f32);
    let scale = SPARE.min((MOST_PIXELS / (w * h)).sqrt());
    ((w * scale).round() as u32, (h * scale).round() as u32)
}

#[cfg(test)]
mod tests {
    use model::storyboard::Size;

    use super::canvas::Canvas;
    use super::{ACCENTS, HERO, SAFE, accent_spot, sheet, stage};

    #[test]
    fn icons_stay_where_no_zoom_crops_them() {
        for (width, height) in [(1080, 1920), (1080, 1350), (1080, 1080), (1920, 1080), (540, 1920), (64, 64)] {
            let (w, h) = sheet(Size { width, height });
            let canvas = Canvas::new(w, h);
            let at = stage::place(&canvas);
            let check = |x: f32, y: f32, reach: f32| {
                let (left, top) = (SAFE.0 * canvas.w - 0.5, SAFE.1 * canvas.h - 0.5);
                assert!(x - reach >= left && x + reach <= canvas.w - left, "{width}×{height}: {x} ± {reach}");
                assert!(y - reach >= top && y + reach <= canvas.h - top, "{width}×{height}: {y} ± {reach}");
            };
            // Tilted by 4 and by 12 degrees, squares grow by these factors.
            check(at.x, at.y, HERO * canvas.u * 0.535);
            for (i, share) in ACCENTS.into_iter().enumerate() {
                for flip in [-1.0, 1.0] {
                    let (x, y) = accent_spot((canvas.w, canvas.h), at, i, flip, share * canvas.u);
                    check(x, y, share * canvas.u * 0.593);
                }
            }
        }
    }

    #[test]
    fn sheets_have_a_spare_edge_and_a_bounded_number_of_pixels() {
        let check = |width, height, expected| assert_eq!(sheet(Size { width, height }), expected, "{width}×{height}");
        check(1080, 1920, (1242, 2208));
        check(3840, 2160, (4416, 2484));
        check(3840, 3840, (3347, 3347));
        check(0, u32::MAX, (18, 9_421));
    }
}
