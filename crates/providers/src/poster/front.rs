//! Dark shapes in the lower corners, nearest to the eye, which give a picture depth. They stay below the captions.
//! Everything farther away belongs to `land`.

use tiny_skia::PathBuilder;

use super::canvas::{Canvas, linear, polygon, vertical};
use super::colour::Lch;
use super::palette::Palette;
use super::random::Dice;

/// Fans of large leaves.
pub fn leaves(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice) {
    for side in [-1.0f32, 1.0] {
        let count = 6;
        let size = canvas.u * dice.between(0.30, 0.38) * if side > 0.0 { 0.78 } else { 1.0 };
        let root = (canvas.w * (0.5 + side * 0.5) - side * canvas.u * 0.02, canvas.h * 1.015);
        for i in 0..count {
            let t = i as f32 / (count - 1) as f32;
            // Degrees from upright: outer leaves first, so that the inner ones lie on top.
            let lean = side * (18.0 - 88.0 * t) + dice.between(-5.0, 5.0);
            let long = size * (1.0 - 0.35 * (t - 0.35).abs()) * dice.between(0.85, 1.1);
            leaf(canvas, root, lean.to_radians(), long, tone(palette, 0.06 - 0.05 * t));
        }
    }
}

fn leaf(canvas: &mut Canvas, (x, y): (f32, f32), lean: f32, long: f32, colour: Lch) {
    let (sin, cos) = lean.sin_cos();
    let at =
        |across: f32, along: f32| (x + along * long * sin + across * long * cos, y - along * long * cos + across * long * sin);
    let (base, tip) = (at(0.0, 0.0), at(0.05, 1.0));
    for (wide, shade) in [(-0.24f32, 0.03f32), (0.24, -0.02)] {
        let (a, b) = (at(wide, 0.25), at(wide * 0.85, 0.72));
        let mut path = PathBuilder::new();
        path.move_to(base.0, base.1);
        path.cubic_to(a.0, a.1, b.0, b.1, tip.0, tip.1);
        path.close();
        if let Some(path) = path.finish() {
            let colour = colour.lift(shade);
            canvas.fill(&path, linear(base, tip, &[(0.0, colour.lift(-0.06), 1.0), (1.0, colour.lift(0.05), 1.0)]));
        }
    }
}

/// A few fir trees.
pub fn pines(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice) {
    for side in [-1.0f32, 1.0] {
        for i in 0..5 {
            let t = i as f32 / 4.0;
            let x = canvas.w * 0.5 + side * (canvas.w * 0.5 - canvas.u * (0.26 * t - 0.01 + dice.between(-0.015, 0.015)));
            let tall = canvas.u * (0.42 - 0.24 * t) * dice.between(0.8, 1.05) * if side > 0.0 { 0.75 } else { 1.0 };
            pine(canvas, (x, canvas.h * 1.01), tall, tone(palette, 0.03 * t));
        }
    }
}

fn pine(canvas: &mut Canvas, (x, y): (f32, f32), tall: f32, colour: Lch) {
    for tier in 0..4 {
        let t = tier as f32 / 3.0;
        let half = tall * (0.24 - 0.15 * t);
        let foot = y - tall * (0.08 + 0.60 * t);
        let top = foot - tall * (0.40 - 0.08 * t);
        for (edge, shade) in [(-half, 0.025f32), (half, -0.015)] {
            if let Some(path) = polygon(&[(x, top), (x + edge, foot), (x + edge * 0.4, foot - tall * 0.03), (x, foot)]) {
                let colour = colour.lift(shade);
                canvas.fill(&path, vertical(top, foot, &[(0.0, colour.lift(0.02), 1.0), (1.0, colour.lift(-0.03), 1.0)]));
            }
        }
    }
}

/// Faceted boulders.
pub fn rocks(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice) {
    for side in [-1.0f32, 1.0] {
        for i in 0..3 {
            let size = canvas.u * [0.17, 0.11, 0.06][i] * dice.between(0.85, 1.15) * if side > 0.0 { 0.8 } else { 1.0 };
            let x = canvas.w * 0.5 + side * (canvas.w * 0.5 - canvas.u * [0.06, 0.21, 0.31][i]);
            rock(canvas, (x, canvas.h * 1.005), size, tone(palette, 0.02 + 0.02 * i as f32), dice);
        }
    }
}

fn rock(canvas: &mut Canvas, (x, y): (f32, f32), size: f32, colour: Lch, dice: &mut Dice) {
    let mut vary = |v: f32| v * dice.between(0.88, 1.12) * size;
    let left = (x - vary(1.0), y);
    let shoulder = (x - vary(0.62), y - vary(0.62));
    let top = (x - vary(0.05), y - vary(0.95));
    let brow = (x + vary(0.55), y - vary(0.62));
    let right = (x + vary(1.0), y);
    let heart = (x - vary(0.10), y - vary(0.42));
    let facets = [
        ([left, shoulder, heart], 0.015f32),
        ([shoulder, top, heart], 0.05),
        ([top, brow, heart], 0.0),
        ([brow, right, heart], -0.025),
        ([left, heart, right], -0.005),
    ];
    for (points, shade) in facets {
        if let Some(path) = polygon(&points) {
            canvas.fill(&path, vertical(y - size, y, &[(0.0, colour.lift(shade), 1.0), (1.0, colour.lift(shade - 0.03), 1.0)]));
        }
    }
}

fn tone(palette: &Palette, lift: f32) -> Lch {
    palette.near.lift(lift - if palette.dark { 0.05 } else { 0.09 })
}
