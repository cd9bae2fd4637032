//! The upper half of a picture behind everything: the gradient, stars, thin clouds and printed dots.
//! What stands on the horizon belongs to `land`.

use super::canvas::{Canvas, Glow, circle, rounded, solid, vertical};
use super::palette::{Palette, Setting};
use super::random::Dice;

/// Draws the sky over the whole sheet.
pub fn draw(canvas: &mut Canvas, palette: &Palette, setting: Setting, dice: &mut Dice) {
    let [top, middle, low] = palette.sky;
    let horizon = super::land::HORIZON;
    let stops = [(0.0, top, 1.0), (0.48, middle, 1.0), (1.0, low, 1.0)];
    canvas.flood(vertical(-canvas.h * 0.02, canvas.h * (horizon + 0.02), &stops));
    // The key light comes from the upper left in every picture.
    let (w, h, u) = (canvas.w, canvas.h, canvas.u);
    let key = Glow { x: w * 0.14, y: h * 0.03, r: u * 0.95, colour: low, alpha: if palette.dark { 0.20 } else { 0.30 } };
    let glimmer = palette.second.mix(low, 0.5);
    let horizon = Glow { x: w * 0.5, y: h * 0.60, r: u * 0.85, colour: glimmer, alpha: if palette.dark { 0.42 } else { 0.2 } };
    let mut lights = vec![key, horizon];
    if setting.starry {
        lights.extend(nebula(canvas, palette, dice));
    }
    canvas.glows(&lights);
    if setting.starry {
        stars(canvas, palette, 170, dice);
    } else if palette.dark && dice.chance(0.6) {
        stars(canvas, palette, 80, dice);
    } else {
        streaks(canvas, palette, dice);
    }
    if palette.look.halftone {
        halftone(canvas, palette);
    }
}

fn stars(canvas: &mut Canvas, palette: &Palette, count: usize, dice: &mut Dice) {
    for i in 0..count {
        let (x, y) = (canvas.w * dice.unit(), canvas.h * dice.unit().powf(1.25) * 0.56);
        let fade = 1.0 - (y / (canvas.h * 0.58)).powi(2);
        let bright = dice.unit().powi(2);
        let r = canvas.u * (0.0009 + 0.0017 * bright);
        let colour = palette.paper.mix(palette.accent, dice.between(0.0, 0.4));
        if let Some(dot) = circle(x, y, r) {
            canvas.fill(&dot, solid(colour, fade * (0.25 + 0.7 * bright)));
        }
        if i % 23 == 0 {
            sparkle(canvas, (x, y), canvas.u * dice.between(0.010, 0.018), palette, fade * 0.85);
        }
    }
}

/// A star of four points with a faint glow.
pub fn sparkle(canvas: &mut Canvas, (x, y): (f32, f32), r: f32, palette: &Palette, alpha: f32) {
    let waist = r * 0.13;
    let points: Vec<_> = (0..8)
        .map(|i| {
            let (angle, far) = (i as f32 * std::f32::consts::FRAC_PI_4, if i % 2 == 0 { r } else { waist });
            (x + angle.sin() * far, y - angle.cos() * far)
        })
        .collect();
    canvas.glow(x, y, r * 1.8, palette.paper, alpha * 0.35);
    if let Some(path) = super::canvas::polygon(&points) {
        canvas.fill(&path, solid(palette.paper, alpha));
    }
}

/// Long thin clouds with round ends, in loose groups beside the middle.
fn streaks(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice) {
    let u = canvas.u;
    for side in [-1.0f32, 1.0] {
        for _ in 0..2 {
            let x = canvas.w * (0.5 + side * dice.between(0.30, 0.46));
            let y = canvas.h * dice.between(0.06, 0.50);
            for line in 0..3 {
                let wide = u * dice.between(0.16, 0.34) * (1.0 - 0.18 * line as f32);
                let left = x - wide / 2.0 + u * dice.between(-0.08, 0.08);
                let tone = palette.sky[2].mix(palette.paper, if palette.dark { 0.1 } else { 0.7 });
                let alpha = if palette.dark { 0.10 } else { 0.34 };
                if let Some(path) = rounded(left, y + u * 0.026 * line as f32, wide, u * 0.014, u * 0.007) {
                    canvas.fill(&path, solid(tone, alpha));
                }
            }
        }
    }
}

/// Clouds of coloured light.
fn nebula(canvas: &Canvas, palette: &Palette, dice: &mut Dice) -> Vec<Glow> {
    let light = |i: usize| Glow {
        x: canvas.w * dice.between(0.0, 1.0),
        y: canvas.h * dice.between(0.02, 0.45),
        colour: [palette.second, palette.sky[2], palette.accent.muted(0.7)][i % 3],
        r: canvas.u * dice.between(0.28, 0.6),
        alpha: dice.between(0.07, 0.19),
    };
    (0..6).map(light).collect()
}

/// A screen of printed dots that grow towards the top.
fn halftone(canvas: &mut Canvas, palette: &Palette) {
    let pitch = canvas.u * 0.019;
    let (columns, rows) = ((canvas.w / pitch) as i32 + 2, (canvas.h * 0.42 / pitch * 1.16) as i32);
    let ink = palette.sky[0].lift(-0.07);
    for row in 0..rows {
        let t = 1.0 - row as f32 / rows as f32;
        let r = pitch * 0.46 * t.powf(0.8);
        for column in 0..columns {
            let x = (column as f32 + if row % 2 == 0 { 0.0 } else { 0.5 }) * pitch;
            // One by one, because the drawing library has a quick way for very small shapes.
            if let Some(dot) = circle(x, row as f32 * pitch * 0.866, r) {
                canvas.fill(&dot, solid(ink, 0.34));
            }
        }
    }
}
