//! The last pass over a picture: a calm dark band for the captions, darker corners, film grain, and the file.
//! Nothing is drawn here.

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder, ImageError};

use super::canvas::Canvas;
use super::colour::luminance;
use super::palette::Palette;
use super::random::scramble;

/// Where captions are set, as shares of the height.
pub const BAND: (f32, f32) = (0.60, 0.72);

/// White text reads well (contrast above 5 to 1) on a mean luminance up to this.
pub const BAND_LUMINANCE: f32 = 0.15;

/// JPEG quality, 1 to 100.
const QUALITY: u8 = 92;

/// Finishes the picture and encodes it as JPEG.
pub fn finish(canvas: &Canvas, palette: &Palette, seed: u64) -> Result<Vec<u8>, ImageError> {
    let rgb = grade(canvas, palette, seed);
    let mut out = Vec::with_capacity(rgb.len() / 6);
    let encoder = JpegEncoder::new_with_quality(&mut out, QUALITY);
    encoder.write_image(&rgb, canvas.pixels.width(), canvas.pixels.height(), ExtendedColorType::Rgb8)?;
    Ok(out)
}

/// The picture as RGB rows with band, vignette and grain.
fn grade(canvas: &Canvas, palette: &Palette, seed: u64) -> Vec<u8> {
    let (w, h) = (canvas.pixels.width() as usize, canvas.pixels.height() as usize);
    let band = band_factor(canvas);
    let across: Vec<f32> = (0..w).map(|x| ((x as f32 + 0.5) / w as f32 * 2.0 - 1.0).powi(2)).collect();
    let look = palette.look;
    let mut rgb = vec![0; w * h * 3];
    let rows = canvas.pixels.data().chunks_exact(w * 4).zip(rgb.chunks_exact_mut(w * 3));
    for (y, (row, out)) in rows.enumerate() {
        let v = (y as f32 + 0.5) / h as f32;
        let down = (v * 2.0 - 1.0).powi(2);
        // Full strength from just above the captions to the lower edge.
        let calm = 1.0 - (1.0 - band) * ease((v - 0.53) / 0.09);
        let mut noise = scramble(seed ^ (y as u64).wrapping_mul(0x9E37_79B9));
        for ((pixel, out), across) in row.chunks_exact(4).zip(out.chunks_exact_mut(3)).zip(&across) {
            let corner = (across * 0.55 + down * 0.75 - 0.28).max(0.0);
            let factor = calm * (1.0 - look.vignette * 0.62 * corner * corner.sqrt().min(1.0));
            noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // Two uniform numbers make a triangle, which hides the steps of gradients best.
            let grain = ((noise >> 33 & 0xFFFF) as f32 + (noise >> 48) as f32) / 65_536.0 - 1.0;
            let grain = grain * look.grain + 0.5;
            for c in 0..3 {
                // Turning floats to bytes clamps them.
                out[c] = (f32::from(pixel[c]) * factor + grain) as u8;
            }
        }
    }
    rgb
}

/// What the caption band must be multiplied with to be dark enough for white text; 1 if it already is.
fn band_factor(canvas: &Canvas) -> f32 {
    let (w, h) = (canvas.pixels.width() as usize, canvas.pixels.height() as usize);
    let rows = (h as f32 * BAND.0) as usize..((h as f32 * BAND.1) as usize).max((h as f32 * BAND.0) as usize + 1);
    let (mut sum, mut count) = (0.0, 0.0f32);
    for y in rows.step_by(3) {
        for x in (w / 12..w - w / 12).step_by(5) {
            let at = (y.min(h - 1) * w + x) * 4;
            let pixel = &canvas.pixels.data()[at..at + 3];
            sum += luminance([pixel[0], pixel[1], pixel[2]]);
            count += 1.0;
        }
    }
    let mean = sum / count.max(1.0);
    if mean <= BAND_LUMINANCE * 0.95 { 1.0 } else { (BAND_LUMINANCE * 0.95 / mean).powf(1.0 / 2.2) }
}

fn ease(t: f32) -> f32 {
    let t = t.clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}
