//! What stands in the lower half of a picture: mountains, waves, roofs and so on, paler with distance.
//! The sky above and the icon in front belong to `sky`, `stage` and `hero`.

use tiny_skia::{Path, PathBuilder};

use super::canvas::{Canvas, circle, linear, polygon, radial, smooth_loop, solid, vertical};
use super::colour::Lch;
use super::front;
use super::palette::{Ground, Palette, Setting};
use super::random::Dice;

/// The height of the horizon, as a share of the sheet.
pub const HORIZON: f32 = 0.585;

/// Draws the ground, and what stands in the corners before it.
pub fn draw(canvas: &mut Canvas, palette: &Palette, Setting { ground, green, .. }: Setting, dice: &mut Dice) {
    match ground {
        Ground::Ridges => ridges(canvas, palette, dice),
        Ground::Craters => craters(canvas, palette, dice),
        Ground::Waves => waves(canvas, palette, dice),
        Ground::Hills => hills(canvas, palette, green, dice),
        Ground::Dunes => dunes(canvas, palette, dice),
        Ground::City => super::city::draw(canvas, palette, dice),
        Ground::Planet => planet(canvas, palette, dice),
        Ground::Grid => grid(canvas, palette, dice),
        Ground::Paper => paper(canvas, palette, dice),
        Ground::Clouds => clouds(canvas, palette, dice),
    }
    match ground {
        Ground::Hills | Ground::Paper if green => front::leaves(canvas, palette, dice),
        Ground::Ridges if green => front::pines(canvas, palette, dice),
        Ground::Ridges | Ground::Craters | Ground::Dunes | Ground::Planet => front::rocks(canvas, palette, dice),
        Ground::Hills | Ground::Paper | Ground::Waves | Ground::City | Ground::Grid | Ground::Clouds => {}
    }
}

/// The land's colour at a depth from 0 (far) to 1 (near).
pub fn land(palette: &Palette, depth: f32) -> Lch {
    palette.far.mix(palette.near, depth)
}

/// Rows of faceted peaks.
fn ridges(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice) {
    (0..RIDGES).for_each(|row| ridge(canvas, palette, row, dice));
}

/// How many rows of peaks stand behind one another.
const RIDGES: usize = 4;

/// One row of peaks: a lit left side, a shaded right one, mist at the foot.
fn ridge(canvas: &mut Canvas, palette: &Palette, row: usize, dice: &mut Dice) {
    let (w, h) = (canvas.w, canvas.h);
    let depth = row as f32 / (RIDGES - 1) as f32;
    let foot = h * (HORIZON + 0.03 + 0.13 * depth + 0.10 * depth * depth);
    let height = h * (0.105 + 0.05 * depth) * if row == RIDGES - 1 { 0.75 } else { 1.0 };
    let colour = land(palette, depth);
    let mist = land(palette, (depth - 0.30).max(0.0)).mix(palette.sky[2], 0.45 * (1.0 - depth));
    let step = canvas.u * (0.30 + 0.16 * depth);
    let mut x = -step * dice.unit();
    let lit = colour.mix(palette.sky[2], 0.20 - 0.08 * depth);
    while x < w + step {
        let (half, tall) = (step * dice.between(0.62, 1.0), height * dice.between(0.45, 1.0));
        peak(canvas, (x, foot, half, tall), (lit, colour, mist), dice);
        x += step * dice.between(0.55, 0.95);
    }
    let shade = vertical(foot - 1.0, foot + h * 0.12, &[(0.0, mist, 1.0), (1.0, land(palette, (depth + 0.15).min(1.0)), 1.0)]);
    // The next row hides what is farther down than its own foot.
    let bottom = if row + 1 == RIDGES { h } else { (foot + h * 0.13).min(h) };
    fill(canvas, polygon(&[(0.0, foot - 1.0), (w, foot - 1.0), (w, bottom), (0.0, bottom)]), shade);
}

/// Far mountains, and before them a plain of craters.
fn craters(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice) {
    let (w, h, u) = (canvas.w, canvas.h, canvas.u);
    (0..2).for_each(|row| ridge(canvas, palette, row, dice));
    let top = h * (HORIZON + 0.075);
    let (phase, swell) = (dice.between(0.0, 6.3), u * 0.012);
    let shade = vertical(top, h, &[(0.0, land(palette, 0.55), 1.0), (0.35, land(palette, 0.85), 1.0), (1.0, palette.near, 1.0)]);
    fill(canvas, under(canvas, |x| top + swell * (x / u * 3.3 + phase).sin()), shade);
    for i in 0..10 {
        // Far ones first and flatter, in turn left and right; the middle stays calm for the captions.
        let depth = i as f32 / 9.0;
        let side = if i % 2 == 0 { 1.0 } else { -1.0 };
        let y = h * (HORIZON + 0.115 + 0.275 * depth);
        let x = w * (0.5 + side * dice.between(0.19, 0.47) * (1.0 - 0.2 * depth));
        let size = u * dice.between(0.030, 0.060) * (0.75 + 1.1 * depth);
        crater(canvas, (x, y, size), land(palette, 0.66 + 0.30 * depth), palette);
    }
}

/// A bowl seen at a flat angle: a lit rim, a dark inside, and light on the far wall.
fn crater(canvas: &mut Canvas, (x, y, size): (f32, f32, f32), colour: Lch, palette: &Palette) {
    let flat = 0.30;
    let rim = colour.mix(palette.sky[2], 0.22);
    let sides = |a: Lch, b: Lch| linear((x - size, y), (x + size, y), &[(0.0, a, 1.0), (1.0, b, 1.0)]);
    fill(canvas, oval(x, y, size * 1.12, size * flat * 1.18), sides(rim, colour.lift(0.02)));
    fill(canvas, oval(x, y + size * 0.02, size, size * flat), sides(colour.lift(-0.11), colour.lift(-0.03)));
    fill(
        canvas,
        oval(x + size * 0.06, y + size * flat * 0.26, size * 0.84, size * flat * 0.68),
        sides(colour.lift(-0.07), colour.lift(0.01)),
    );
}

fn peak(canvas: &mut Canvas, (x, foot, half, tall): (f32, f32, f32, f32), (lit, shaded, mist): (Lch, Lch, Lch), dice: &mut Dice) {
    let top = (x + half * dice.between(-0.15, 0.15), foot - tall);
    let left: Vec<(f32, f32)> = vec![
        (x - half, foot),
        (x - half * dice.between(0.55, 0.66), foot - tall * dice.between(0.30, 0.42)),
        (x - half * dice.between(0.26, 0.38), foot - tall * dice.between(0.55, 0.66)),
        top,
    ];
    let right = [
        (x + half * dice.between(0.24, 0.36), foot - tall * dice.between(0.58, 0.72)),
        (x + half * dice.between(0.52, 0.66), foot - tall * dice.between(0.28, 0.42)),
        (x + half, foot),
    ];
    let spine = [
        (top.0 - half * dice.between(0.02, 0.10), foot - tall * 0.70),
        (top.0 + half * dice.between(0.02, 0.12), foot - tall * 0.48),
        (top.0 - half * dice.between(0.00, 0.14), foot - tall * 0.22),
        (top.0 + half * dice.between(0.05, 0.20), foot),
    ];
    let whole: Vec<_> = left.iter().chain(&right).copied().collect();
    let dark: Vec<_> = std::iter::once(&top).chain(&right).chain(spine.iter().rev()).copied().collect();
    let fade = |c: Lch| vertical(foot - tall, foot, &[(0.0, c, 1.0), (0.35, c, 1.0), (1.0, mist, 1.0)]);
    fill(canvas, polygon(&whole), fade(lit));
    fill(canvas, polygon(&dark), fade(shaded));
}

/// Rows of rounded waves with a light crest each.
fn waves(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice) {
    let (w, h, u) = (canvas.w, canvas.h, canvas.u);
    let rows = 7;
    for row in 0..rows {
        let depth = row as f32 / (rows - 1) as f32;
        let y = h * (HORIZON - 0.015 + 0.36 * depth.powf(1.25));
        let (swell, length) = (u * (0.008 + 0.034 * depth), u * (0.26 + 0.42 * depth));
        let phase = dice.unit() * length;
        let colour = land(palette, 0.10 + 0.85 * depth);
        let mut b = PathBuilder::new();
        // What later rows cover need not be filled.
        let bottom = if row + 1 == rows { h + 1.0 } else { y + h * 0.17 };
        b.move_to(-length, bottom);
        b.line_to(-length, y);
        let mut x = -length - phase;
        b.line_to(x, y);
        while x < w + length {
            b.quad_to(x + length * 0.25, y - swell * 1.6, x + length * 0.5, y);
            b.quad_to(x + length * 0.75, y + swell * 1.6, x + length, y);
            x += length;
        }
        b.line_to(x, bottom);
        b.close();
        let Some(path) = b.finish() else { continue };
        canvas.shadow(&path, (0.0, -u * 0.006), u * 0.022, palette.ink, 0.22);
        let crest = colour.mix(palette.sky[2], 0.30 - 0.16 * depth);
        canvas.fill(
            &path,
            vertical(y - swell, y + h * 0.11, &[(0.0, crest, 1.0), (0.28, colour, 1.0), (1.0, colour.lift(-0.05), 1.0)]),
        );
    }
    glints(canvas, palette, dice);
}

/// Short strokes of light on the water, below the sun.
fn glints(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice) {
    let (w, h, u) = (canvas.w, canvas.h, canvas.u);
    for i in 0..16 {
        let t = i as f32 / 15.0;
        let y = h * (HORIZON + 0.004 + 0.15 * t);
        let wide = u * dice.between(0.03, 0.16) * (1.0 - 0.55 * t);
        let x = w * 0.5 + u * dice.between(-0.16, 0.16) * (1.0 + t) - wide / 2.0;
        let light = palette.sky[2].mix(palette.paper, 0.5);
        fill(canvas, super::canvas::rounded(x, y, wide, u * 0.005, u * 0.0025), solid(light, 0.38 * (1.0 - t).powi(2)));
    }
}

/// Soft hills, where trees grow with small ones along the edges.
fn hills(canvas: &mut Canvas, palette: &Palette, green: bool, dice: &mut Dice) {
    let (w, h, u) = (canvas.w, canvas.h, canvas.u);
    let rows = 4;
    for row in 0..rows {
        let depth = row as f32 / (rows - 1) as f32;
        let y = h * (HORIZON - 0.01 + 0.24 * depth.powf(1.15));
        let colour = land(palette, depth * 0.92);
        let (a, b, slope) = (dice.between(0.0, 6.3), dice.between(0.0, 6.3), dice.sign() * dice.between(0.2, 0.6));
        let swell = u * (0.035 + 0.05 * depth);
        let edge = |x: f32| {
            let t = x / u;
            y + swell * ((t * 3.1 + a).sin() * 0.6 + (t * 5.3 + b).sin() * 0.3 + (t - 0.5) * slope)
        };
        let trees = if green { [9, 8, 6, 0][row] } else { 0 };
        for _ in 0..trees {
            let x = w * dice.unit();
            // The middle stays free for the captions and the icon.
            let x = if row > 0 && (x / w - 0.5).abs() < 0.25 { x + w * 0.34 * (x / w - 0.5).signum() } else { x };
            tree(canvas, (x, edge(x) + u * 0.006), u * dice.between(0.035, 0.06) * (1.0 + 1.3 * depth), colour, palette, dice);
        }
        let Some(path) = under(canvas, edge) else { continue };
        canvas.shadow(&path, (0.0, -u * 0.005), u * 0.03, palette.ink, 0.16);
        let light = colour.mix(palette.sky[2], 0.28 - 0.15 * depth);
        canvas.fill(
            &path,
            vertical(y - swell, y + h * 0.13, &[(0.0, light, 1.0), (0.4, colour, 1.0), (1.0, colour.lift(-0.05), 1.0)]),
        );
    }
}

fn tree(canvas: &mut Canvas, (x, y): (f32, f32), size: f32, colour: Lch, palette: &Palette, dice: &mut Dice) {
    let (body, light) = (colour.lift(-0.03), colour.mix(palette.sky[2], 0.18));
    let sides = linear(
        (x - size * 0.4, y),
        (x + size * 0.4, y),
        &[(0.0, light, 1.0), (0.5, light, 1.0), (0.52, body, 1.0), (1.0, body, 1.0)],
    );
    if dice.chance(0.6) {
        let points = [(x, y - size * 1.9), (x + size * 0.42, y), (x - size * 0.42, y)];
        fill(canvas, polygon(&points), sides);
    } else {
        fill(
            canvas,
            polygon(&[(x - size * 0.05, y), (x + size * 0.05, y), (x + size * 0.04, y - size), (x - size * 0.04, y - size)]),
            solid(body, 1.0),
        );
        fill(canvas, oval(x, y - size * 1.05, size * 0.40, size * 0.55), sides);
    }
}

/// Dunes: each a wave of sand with a sharp line between light and shade.
fn dunes(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice) {
    let (w, h, u) = (canvas.w, canvas.h, canvas.u);
    let rows = 4;
    for row in 0..rows {
        let depth = row as f32 / (rows - 1) as f32;
        let y = h * (HORIZON + 0.035 + 0.235 * depth.powf(1.1));
        let colour = land(palette, 0.08 + depth * 0.80);
        let top = w * if row % 2 == 0 { dice.between(0.08, 0.36) } else { dice.between(0.64, 0.92) };
        let rise = u * (0.11 + 0.06 * depth);
        let spread = w.max(u) * dice.between(0.55, 0.8);
        let crest = y - rise;
        let mut b = PathBuilder::new();
        b.move_to(top - spread * 1.6, y + rise * 0.2);
        b.cubic_to(top - spread * 0.7, y + rise * 0.1, top - spread * 0.30, crest + rise * 0.05, top, crest);
        b.cubic_to(
            top + spread * 0.30,
            crest + rise * 0.25,
            top + spread * 0.6,
            y + rise * 0.1,
            top + spread * 1.8,
            y + rise * 0.1,
        );
        b.line_to(top + spread * 1.8, h + 1.0);
        b.line_to(top - spread * 1.6, h + 1.0);
        b.close();
        let Some(path) = b.finish() else { continue };
        canvas.shadow(&path, (0.0, -u * 0.004), u * 0.03, palette.ink, 0.14);
        let light = colour.mix(palette.second, 0.16).mix(palette.sky[2], 0.24 - 0.14 * depth);
        canvas.fill(
            &path,
            vertical(crest, crest + h * 0.22, &[(0.0, light, 1.0), (0.5, colour, 1.0), (1.0, colour.lift(-0.05), 1.0)]),
        );
        let mut b = PathBuilder::new();
        b.move_to(top, crest);
        b.cubic_to(
            top + spread * 0.30,
            crest + rise * 0.25,
            top + spread * 0.6,
            y + rise * 0.1,
            top + spread * 1.8,
            y + rise * 0.1,
        );
        b.line_to(top + spread * 1.8, h + 1.0);
        b.line_to(top + spread * 0.35, h + 1.0);
        b.cubic_to(top + spread * 0.05, y + rise * 2.2, top + spread * 0.34, y + rise * 0.7, top, crest);
        b.close();
        let shade = colour.lift(-0.085 + 0.04 * depth);
        fill(canvas, b.finish(), vertical(crest, crest + h * 0.2, &[(0.0, shade, 1.0), (1.0, shade.lift(-0.02), 0.15)]));
    }
}

/// The edge of a planet with a bright rim of air, and a few craters.
fn planet(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice) {
    let (w, h, u) = (canvas.w, canvas.h, canvas.u);
    let r = w.max(u * 1.2) * 1.05;
    let (x, y) = (w * dice.between(0.40, 0.60), h * (HORIZON + 0.02) + r);
    canvas.glow(x, y - r * 0.72, r * 1.02, palette.second, 0.85);
    let (rim, body, deep) = (palette.second.mix(palette.paper, 0.45), land(palette, 0.42), land(palette, 1.0));
    let stops = [
        (0.0, deep, 1.0),
        (0.70, deep, 1.0),
        (0.90, body.mix(deep, 0.5), 1.0),
        (0.965, body, 1.0),
        (0.992, palette.second, 1.0),
        (1.0, rim, 1.0),
    ];
    fill(canvas, circle(x, y, r), radial(x, y, r, &stops));
    for _ in 0..9 {
        let (angle, far) = (dice.between(-2.5, -0.64), dice.between(0.66, 0.93));
        let (cx, cy) = (x + angle.cos() * r * far, y + angle.sin() * r * far);
        let size = u * dice.between(0.02, 0.075) * (1.25 - far * 0.6);
        fill(canvas, oval(cx, cy + size * 0.07, size, size * 0.36), solid(body.lift(0.05), 0.55));
        fill(canvas, oval(cx, cy, size * 0.95, size * 0.33), solid(deep, 0.75));
    }
}

/// A floor of lines that run to the horizon.
fn grid(canvas: &mut Canvas, palette: &Palette, _dice: &mut Dice) {
    let (w, h, u) = (canvas.w, canvas.h, canvas.u);
    let y = h * HORIZON;
    let floor = vertical(y, h, &[(0.0, land(palette, 0.45), 1.0), (0.22, land(palette, 0.85), 1.0), (1.0, palette.near, 1.0)]);
    fill(canvas, polygon(&[(0.0, y), (w, y), (w, h), (0.0, h)]), floor);
    let line = palette.second.mix(palette.paper, 0.15);
    let fade = || vertical(y, h, &[(0.0, line, 0.70), (0.25, line, 0.30), (1.0, line, 0.18)]);
    for i in -9..=9 {
        let x = w * 0.5 + i as f32 * u * 0.035;
        let far = w * 0.5 + i as f32 * u * 0.42;
        let half = (u * 0.0006, u * 0.0032);
        fill(canvas, polygon(&[(x - half.0, y), (x + half.0, y), (far + half.1, h), (far - half.1, h)]), fade());
    }
    for i in 1..12 {
        let t = (i as f32 / 11.0).powf(2.3);
        let at = y + (h - y) * t;
        let thick = u * (0.0008 + 0.003 * t);
        fill(canvas, polygon(&[(0.0, at), (w, at), (w, at + thick), (0.0, at + thick)]), fade());
    }
    let bright = vertical(y - u * 0.004, y + u * 0.004, &[(0.0, line, 0.0), (0.5, palette.paper, 0.9), (1.0, line, 0.0)]);
    fill(canvas, polygon(&[(0.0, y - u * 0.004), (w, y - u * 0.004), (w, y + u * 0.004), (0.0, y + u * 0.004)]), bright);
    canvas.glow(w * 0.5, y, u * 0.7, palette.second, 0.45);
}

/// Half the width and height of the innermost hole in the sheets of paper.
pub fn hole(canvas: &Canvas) -> (f32, f32) {
    (canvas.w.min(canvas.u * 1.5) * 0.415, canvas.h.min(canvas.u * 1.7) * 0.232)
}

/// Sheets of paper with a hole each, one over the other, around a lit hollow; paper hills at the foot.
fn paper(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice) {
    let (w, h, u) = (canvas.w, canvas.h, canvas.u);
    let turns = (dice.between(0.0, 6.3), dice.between(0.0, 6.3));
    let holes: Vec<Path> = (0..SHEETS).filter_map(|sheet| paper_hole(canvas, sheet, turns)).collect();
    for (sheet, hole) in holes.iter().enumerate() {
        let t = sheet as f32 / (SHEETS - 1) as f32;
        let mut b = PathBuilder::new();
        b.push_path(hole);
        // Of a sheet only what shows through the hole of the next one need be drawn.
        let clip = holes.get(sheet + 1).map_or([0.0, 0.0, w, h], |next| around(next, u * 0.01));
        let around_all = u * 0.2;
        let edges = (clip[0] - around_all, clip[1] - around_all, clip[2] + around_all, clip[3] + around_all);
        if let Some(rect) = tiny_skia::Rect::from_ltrb(edges.0, edges.1, edges.2, edges.3) {
            b.push_rect(rect);
        }
        let Some(frame) = b.finish() else { continue };
        canvas.shadow_within(around(hole, u * 0.01), &frame, (u * 0.010, u * 0.020), u * 0.05, (palette.ink, 0.42));
        let colour = sheet_colour(palette, 0.62 * t);
        let stops = [(0.0, colour.lift(0.05), 1.0), (0.7, colour.lift(-0.05), 1.0), (1.0, colour.lift(-0.08), 1.0)];
        canvas.fill(&frame, linear((w * 0.2, 0.0), (w * 0.8, h), &stops));
        let edge = [(0.0, palette.paper, 0.0), (0.6, palette.paper, 0.03), (1.0, palette.paper, 0.26)];
        canvas.stroke(hole, u * 0.0020, linear((w * 0.3, h * 0.1), (w * 0.7, h * 0.6), &edge));
    }
    paper_hills(canvas, palette, dice);
}

/// How many sheets of paper lie around the hollow.
const SHEETS: usize = 4;

/// The hole of a sheet, from 0 (inmost): an oval that wobbles, each a little differently.
fn paper_hole(canvas: &Canvas, sheet: usize, (a, b): (f32, f32)) -> Option<Path> {
    let t = sheet as f32 / (SHEETS - 1) as f32;
    let (inner_x, inner_y) = hole(canvas);
    let (rx, ry) = (inner_x * (1.0 + 0.386 * t), inner_y * (1.0 + 0.496 * t));
    let (cx, cy) = (canvas.w * 0.5, canvas.h * (0.355 - 0.012 * t));
    let points: Vec<_> = (0..12)
        .map(|i| {
            let angle = i as f32 / 12.0 * std::f32::consts::TAU;
            let wobble = 1.0 + 0.040 * (angle * 2.0 + a + t * 0.9).sin() + 0.030 * (angle * 3.0 + b - t * 1.1).sin();
            (cx + angle.cos() * rx * wobble, cy + angle.sin() * ry * wobble)
        })
        .collect();
    smooth_loop(&points)
}

/// The bounds of a path with a margin: left, top, right, bottom.
fn around(path: &Path, margin: f32) -> [f32; 4] {
    let bounds = path.bounds();
    [bounds.left() - margin, bounds.top() - margin, bounds.right() + margin, bounds.bottom() + margin]
}

fn paper_hills(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice) {
    let (h, u) = (canvas.h, canvas.u);
    for row in 0..3 {
        let y = h * (0.745 + 0.085 * row as f32);
        let (phase, swell) = (dice.between(0.0, 6.3), u * 0.035);
        let Some(path) = under(canvas, |x| y + swell * (x / u * 4.2 + phase).sin() + swell * 0.5 * (x / u * 7.9 - phase).sin())
        else {
            continue;
        };
        canvas.shadow(&path, (0.0, -u * 0.010), u * 0.035, palette.ink, 0.34);
        let colour = sheet_colour(palette, 0.74 + 0.13 * row as f32);
        canvas.fill(&path, vertical(y - swell, y + h * 0.12, &[(0.0, colour.lift(0.035), 1.0), (1.0, colour.lift(-0.03), 1.0)]));
    }
}

/// A sheet's colour, from 0 (inmost, light) to 1 (outmost, dark); more colourful than the land of other grounds.
fn sheet_colour(palette: &Palette, t: f32) -> Lch {
    let light = palette.sky[2].mix(palette.second, 0.35);
    let colour = light.mix(palette.near.lift(0.03), t);
    Lch { c: colour.c.max(palette.sky[1].c * 0.95), ..colour }
}

/// Banks of round clouds.
fn clouds(canvas: &mut Canvas, palette: &Palette, dice: &mut Dice) {
    let (w, h, u) = (canvas.w, canvas.h, canvas.u);
    let rows = 4;
    for row in 0..rows {
        let depth = row as f32 / (rows - 1) as f32;
        let y = h * (HORIZON + 0.035 + 0.26 * depth.powf(1.15));
        let colour = land(palette, depth * 0.9);
        let mut b = PathBuilder::new();
        let mut x = -u * 0.1 * dice.unit();
        while x < w + u * 0.1 {
            let r = u * dice.between(0.07, 0.15) * (1.0 + 0.35 * depth);
            let edge = ((x / w - 0.5).abs() * 2.0).min(1.0);
            b.push_circle(x, y - u * 0.10 * edge, r);
            x += r * dice.between(0.9, 1.25);
        }
        if let Some(rect) = tiny_skia::Rect::from_ltrb(0.0, y, w, h + 1.0) {
            b.push_rect(rect);
        }
        let Some(path) = b.finish() else { continue };
        let light = colour.mix(palette.sky[2], 0.42 - 0.24 * depth).mix(palette.paper, 0.08 * (1.0 - depth));
        canvas.bank(
            &path,
            (u * 0.03, palette.ink, 0.18),
            vertical(y - u * 0.26, y + h * 0.12, &[(0.0, light, 1.0), (0.6, colour, 1.0), (1.0, colour.lift(-0.04), 1.0)]),
        );
    }
}

fn oval(x: f32, y: f32, rx: f32, ry: f32) -> Option<Path> {
    PathBuilder::from_oval(tiny_skia::Rect::from_ltrb(x - rx, y - ry, x + rx, y + ry)?)
}

/// The area below an edge that runs from side to side.
fn under(canvas: &Canvas, edge: impl Fn(f32) -> f32) -> Option<Path> {
    let (w, h) = (canvas.w, canvas.h);
    let mut points: Vec<_> = (0..=48).map(|i| w * (i as f32 / 48.0)).map(|x| (x, edge(x))).collect();
    points.extend([(w, h + 1.0), (0.0, h + 1.0)]);
    polygon(&points)
}

/// Fills a shape, if there is one.
pub fn fill(canvas: &mut Canvas, path: Option<Path>, shade: super::canvas::Shade) {
    if let Some(path) = path {
        canvas.fill(&path, shade);
    }
}
