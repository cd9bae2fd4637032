//! Soft shadows: one plane of coverage, moved down, blurred and weakened.
//!
//! What casts a shadow is drawn in `page`.

use tiny_skia::{Mask, Pixmap, PremultipliedColorU8};

/// How a shadow falls, in pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cast {
    /// How far it lies below.
    pub(crate) below: f32,
    /// How soft it is.
    pub(crate) softness: f32,
    /// How dark it is, 0 to 1.
    pub(crate) strength: f32,
}

/// The picture of `solid` in one colour over the shadow of `caster`; both have the same size.
pub(crate) fn over_shadow(solid: Option<&Mask>, caster: &Mask, colour: [u8; 3], cast: Cast) -> Option<Pixmap> {
    let (width, height) = (caster.width() as usize, caster.height() as usize);
    let mut pixmap = Pixmap::new(caster.width(), caster.height())?;
    let below = cast.below.round() as usize;
    let mut soft = vec![0; width * height];
    let kept = height.saturating_sub(below) * width;
    soft[width * height - kept..].copy_from_slice(&caster.data()[..kept]);
    let radius = ((cast.softness * 0.75).round() as usize).max(1);
    let mut other = vec![0; width * height];
    for _ in 0..2 {
        blur_lines(&soft, &mut other, width, radius);
        blur_columns(&other, &mut soft, width, radius);
    }
    let strength = (cast.strength * 256.0).round() as u16;
    let pixels = pixmap.pixels_mut().iter_mut().zip(&soft);
    match solid {
        Some(solid) => pixels.zip(solid.data()).for_each(|((pixel, soft), solid)| {
            if *solid == 0 && *soft == 0 {
                return;
            }
            let shade = ((u16::from(*soft) * strength) >> 8) as u8;
            let alpha = *solid + times(255 - *solid, shade);
            *pixel = premultiplied(colour.map(|value| times(value, *solid)), alpha);
        }),
        None => pixels.for_each(|(pixel, soft)| *pixel = premultiplied([0; 3], ((u16::from(*soft) * strength) >> 8) as u8)),
    }
    Some(pixmap)
}

fn premultiplied([red, green, blue]: [u8; 3], alpha: u8) -> PremultipliedColorU8 {
    PremultipliedColorU8::from_rgba(red, green, blue, alpha).expect("no colour is above the alpha that it was multiplied with")
}

fn times(value: u8, share: u8) -> u8 {
    ((u16::from(value) * u16::from(share) + 127) / 255) as u8
}

/// Means over `2 radius + 1` samples of each line; there is nothing outside.
fn blur_lines(samples: &[u8], blurred: &mut [u8], width: usize, radius: usize) {
    let scale = mean(radius);
    for (line, blurred) in samples.chunks_exact(width).zip(blurred.chunks_exact_mut(width)) {
        let mut sum: u32 = line.iter().take(radius).map(|sample| u32::from(*sample)).sum();
        for (at, blurred) in blurred.iter_mut().enumerate() {
            sum += u32::from(line.get(at + radius).copied().unwrap_or(0));
            *blurred = ((sum * scale + 32_768) >> 16) as u8;
            sum -= u32::from(at.checked_sub(radius).map_or(0, |at| line[at]));
        }
    }
}

/// The same along columns, all columns of a line at once.
fn blur_columns(samples: &[u8], blurred: &mut [u8], width: usize, radius: usize) {
    let scale = mean(radius);
    let height = samples.len() / width;
    let line = |at: usize| &samples[at * width..][..width];
    let mut sums = vec![0u32; width];
    for at in 0..radius.min(height) {
        sums.iter_mut().zip(line(at)).for_each(|(sum, sample)| *sum += u32::from(*sample));
    }
    for (at, blurred) in blurred.chunks_exact_mut(width).enumerate() {
        if at + radius < height {
            sums.iter_mut().zip(line(at + radius)).for_each(|(sum, sample)| *sum = sum.wrapping_add(u32::from(*sample)));
        }
        for (blurred, sum) in blurred.iter_mut().zip(&sums) {
            *blurred = (sum.wrapping_mul(scale).wrapping_add(32_768) >> 16) as u8;
        }
        if let Some(gone) = at.checked_sub(radius) {
            sums.iter_mut().zip(line(gone)).for_each(|(sum, sample)| *sum = sum.wrapping_sub(u32::from(*sample)));
        }
    }
}

/// One over the number of samples, of 65,536; rounded down, so that no mean is above 255.
fn mean(radius: usize) -> u32 {
    65_536 / (2 * radius as u32 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_blur_alike_and_keep_the_sum() {
        let mut dot = vec![0u8; 15 * 15];
        dot[7 * 15 + 7] = 250;
        let (mut lines, mut columns) = (vec![0; 225], vec![0; 225]);
        blur_lines(&dot, &mut lines, 15, 2);
        blur_columns(&dot, &mut columns, 15, 2);
        assert_eq!(lines[7 * 15 + 4..7 * 15 + 11], [0, 50, 50, 50, 50, 50, 0]);
        assert!((0..225).all(|at| lines[at] == columns[at % 15 * 15 + at / 15]));
        let full = vec![255u8; 225];
        blur_columns(&full, &mut columns, 15, 3);
        assert_eq!(columns[7 * 15..8 * 15], [255; 15]);
    }
}
