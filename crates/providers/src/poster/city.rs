//! Roofs with lit windows, for scenes in a city.
//! Every other ground is drawn in `land`.

use super::canvas::{Canvas, polygon, solid, vertical};
use super::colour::Lch;
use super::land::{HORIZON, fill, land};
use super::palette::Palette;
use super::random::Dice;

/// Three rows of roofs; some windows are lit.
pub fn draw(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice) {
    let (w, h, u) = (canvas.w, canvas.h, canvas.u);
    for row in 0..3 {
        let depth = row as f32 / 2.0;
        let colour = land(palette, 0.12 + depth * 0.80);
        let base = h * (HORIZON + 0.05 + 0.17 * depth);
        let mut x = -u * 0.05 * dice.unit();
        while x < w {
            let wide = u * dice.between(0.07, 0.15) * (1.0 + 0.45 * depth);
            // Lower in the middle, so that the row frames the icon.
            let frame = 0.45 + 1.1 * ((x + wide / 2.0) / w - 0.5).abs() * 2.0;
            let tall = h * dice.between(0.045, 0.125) * frame * (1.0 + 0.15 * depth);
            house(canvas, (x, base - tall, wide, h - base + tall), depth, colour, palette, dice);
            x += wide + if dice.chance(0.25) { u * 0.012 } else { 0.0 };
        }
        let fog = vertical(
            base - h * 0.05,
            base + h * 0.10,
            &[(0.0, colour, 0.0), (1.0, land(palette, (depth + 0.12).min(1.0)).mix(palette.sky[2], 0.18 * (1.0 - depth)), 0.85)],
        );
        fill(canvas, polygon(&[(0.0, base - h * 0.05), (w, base - h * 0.05), (w, h), (0.0, h)]), fog);
    }
}

fn house(canvas: &mut Canvas, (x, y, w, h): (f32, f32, f32, f32), depth: f32, colour: Lch, palette: &Palette, dice: &mut Dice) {
    let u = canvas.u;
    let lit = colour.mix(palette.sky[2], 0.22 - 0.12 * depth);
    let side = w * 0.30;
    fill(canvas, polygon(&[(x, y), (x + w, y), (x + w, y + h), (x, y + h)]), solid(lit.lift(-0.015), 1.0));
    fill(
        canvas,
        polygon(&[(x + w - side, y), (x + w, y), (x + w, y + h), (x + w - side, y + h)]),
        solid(colour.lift(-0.02), 1.0),
    );
    match dice.below(5) {
        0 => fill(
            canvas,
            polygon(&[
                (x + w * 0.46, y - u * 0.06),
                (x + w * 0.50, y - u * 0.06),
                (x + w * 0.53, y + 1.0),
                (x + w * 0.43, y + 1.0),
            ]),
            solid(lit, 1.0),
        ),
        1 => fill(canvas, polygon(&[(x, y + 1.0), (x + w * 0.5, y - u * 0.035), (x + w, y + 1.0)]), solid(lit, 1.0)),
        2 => fill(
            canvas,
            polygon(&[
                (x + w * 0.2, y - u * 0.022),
                (x + w * 0.7, y - u * 0.022),
                (x + w * 0.7, y + 1.0),
                (x + w * 0.2, y + 1.0),
            ]),
            solid(lit, 1.0),
        ),
        _ => {}
    }
    let pane = u * (0.010 + 0.004 * depth);
    let across = ((w - side) / (pane * 2.1)) as usize;
    for line in 0..4 {
        for at in 0..across {
            if dice.chance(0.24) {
                let (px, py) = (x + pane * (0.7 + 2.1 * at as f32), y + pane * (1.4 + 2.5 * line as f32));
                let glow = palette.accent.mix(palette.paper, dice.between(0.0, 0.4));
                let dim = (0.75 - 0.16 * line as f32) * if palette.dark { 1.0 } else { 0.8 };
                fill(
                    canvas,
                    polygon(&[(px, py), (px + pane, py), (px + pane, py + pane * 1.35), (px, py + pane * 1.35)]),
                    solid(glow, dim),
                );
            }
        }
    }
}
