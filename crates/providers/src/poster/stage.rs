//! What the icon stands before: a sun, an arch, rays, rings. It binds the icon to the sky and gives the picture its middle.
//! The icon itself belongs to `hero`.

use std::f32::consts::TAU;

use tiny_skia::{BlendMode, PathBuilder};

use super::canvas::{Canvas, Stop, circle, linear, radial, smooth_loop, solid};
use super::colour::Lch;
use super::palette::Palette;
use super::random::Dice;

/// The shape behind the icon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// A sun or moon with fine rings.
    Disc,
    /// A round-headed gate.
    Arch,
    /// Rays from the middle, and a smaller disc.
    Rays,
    /// Rings that fade outwards.
    Rings,
    /// Soft blobs of cut paper.
    Blobs,
    /// Bands of colour, as on a poster of the seventies.
    Bands,
}

/// The middle of the icon and its room.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Centre, in pixels.
    pub x: f32,
    /// Centre, in pixels.
    pub y: f32,
    /// Radius of the stage.
    pub r: f32,
}

/// Where the icon goes: the middle of the upper part.
pub fn place(canvas: &Canvas) -> Place {
    Place { x: canvas.w * 0.5, y: canvas.h * 0.355, r: canvas.u * 0.375 }
}

/// Draws the stage in `face`, the colour the icon stands out from.
pub fn draw(canvas: &mut Canvas, palette: &Palette, stage: Stage, face: Lch, dice: &mut Dice) {
    let at = place(canvas);
    canvas.glow(at.x, at.y, at.r * 2.0, face.mix(palette.second, 0.4), if palette.dark { 0.62 } else { 0.35 });
    match stage {
        Stage::Disc => {
            rings(canvas, at, palette, &[1.14, 1.30, 1.50]);
            disc(canvas, at, palette, face);
        }
        Stage::Rays => {
            rays(canvas, at, palette, dice);
            rings(canvas, at, palette, &[1.08]);
            disc(canvas, Place { r: at.r * 0.93, ..at }, palette, face);
        }
        Stage::Arch => arch(canvas, at, palette, face),
        Stage::Rings => halo(canvas, at, palette, face),
        Stage::Blobs => blobs(canvas, at, palette, face, dice),
        Stage::Bands => bands(canvas, at, palette, face),
    }
}

/// Fills the upper middle with `face`, lit around the icon, for sheets of cut paper to lie on; they cover the rest.
pub fn hollow(canvas: &mut Canvas, palette: &Palette, face: Lch) {
    let at = place(canvas);
    let stops = [(0.0, face.lift(0.06), 1.0), (0.55, face, 1.0), (1.0, face.lift(-0.12), 1.0)];
    let (rx, ry) = super::land::hole(canvas);
    let (rx, ry) = (rx * 1.12, ry * 1.12);
    if let Some(path) =
        super::canvas::polygon(&[(at.x - rx, at.y - ry), (at.x + rx, at.y - ry), (at.x + rx, at.y + ry), (at.x - rx, at.y + ry)])
    {
        canvas.fill(&path, radial(at.x - at.r * 0.3, at.y - at.r * 0.3, at.r * 1.8, &stops));
    }
    rings(canvas, at, palette, &[0.99]);
}

fn disc(canvas: &mut Canvas, at: Place, palette: &Palette, face: Lch) {
    let Some(path) = circle(at.x, at.y, at.r) else { return };
    canvas.shadow(&path, (at.r * 0.03, at.r * 0.07), at.r * 0.16, palette.ink, if palette.dark { 0.34 } else { 0.20 });
    canvas.fill(&path, light(at, face));
    rim(canvas, at, palette, 0.55);
}

/// The face of a stage, lit from the upper left.
fn light(at: Place, face: Lch) -> super::canvas::Shade {
    let stops = [(0.0, face.lift(0.075), 1.0), (0.45, face, 1.0), (1.0, face.lift(-0.095), 1.0)];
    linear((at.x - at.r * 0.75, at.y - at.r * 0.85), (at.x + at.r * 0.7, at.y + at.r * 0.9), &stops)
}

/// A thin bright edge on the lit side.
fn rim(canvas: &mut Canvas, at: Place, palette: &Palette, alpha: f32) {
    let width = at.r * 0.010;
    if let Some(edge) = circle(at.x, at.y, at.r - width * 0.5) {
        let stops: [Stop; 3] = [(0.0, palette.paper, alpha), (0.5, palette.paper, 0.06), (1.0, palette.paper, 0.0)];
        canvas.stroke(
            &edge,
            width,
            linear((at.x - at.r * 0.7, at.y - at.r * 0.7), (at.x + at.r * 0.7, at.y + at.r * 0.7), &stops),
        );
    }
}

/// Fine concentric lines with a small bead each.
fn rings(canvas: &mut Canvas, at: Place, palette: &Palette, sizes: &[f32]) {
    for (i, size) in sizes.iter().enumerate() {
        let r = at.r * size;
        let line = palette.sky[2].mix(palette.paper, 0.6);
        if let Some(path) = circle(at.x, at.y, r) {
            let alpha = 0.40 / (1.0 + i as f32 * 0.7);
            canvas.stroke(&path, at.r * 0.006, solid(line, alpha));
        }
        let angle = -0.9 + 2.1 * i as f32;
        let bead = at.r * (0.024 - 0.004 * i as f32);
        if let Some(path) = circle(at.x + r * angle.cos(), at.y + r * angle.sin(), bead) {
            canvas.fill(&path, solid(palette.accent, 0.95));
        }
    }
}

fn rays(canvas: &mut Canvas, at: Place, palette: &Palette, dice: &mut Dice) {
    let count = 18;
    let turn = dice.between(0.0, TAU / count as f32);
    let reach = at.r * 3.2;
    let mut b = PathBuilder::new();
    for i in 0..count {
        let angle = turn + i as f32 * TAU / count as f32;
        let half = TAU / count as f32 * 0.25;
        b.move_to(at.x, at.y);
        b.line_to(at.x + reach * (angle - half).cos(), at.y + reach * (angle - half).sin());
        b.line_to(at.x + reach * (angle + half).cos(), at.y + reach * (angle + half).sin());
        b.close();
    }
    if let Some(path) = b.finish() {
        let colour = palette.sky[2].mix(palette.paper, 0.25);
        let strength = if palette.dark { 0.36 } else { 0.5 };
        let stops: [Stop; 3] = [(0.0, colour, strength), (0.35, colour, strength * 0.7), (0.85, colour, 0.0)];
        canvas.blend(
            &path,
            radial(at.x, at.y, at.r * 2.5, &stops),
            if palette.dark { BlendMode::Screen } else { BlendMode::SourceOver },
        );
    }
}

fn arch(canvas: &mut Canvas, at: Place, palette: &Palette, face: Lch) {
    // The land in front covers the foot.
    let floor = canvas.h * (super::land::HORIZON + 0.075);
    for (i, grow) in [1.18f32, 1.0].into_iter().enumerate() {
        let (r, top) = (at.r * 0.96 * grow, at.y - at.r * 0.12);
        let k = r * 0.552_3;
        let mut b = PathBuilder::new();
        b.move_to(at.x - r, floor);
        b.line_to(at.x - r, top);
        b.cubic_to(at.x - r, top - k, at.x - k, top - r, at.x, top - r);
        b.cubic_to(at.x + k, top - r, at.x + r, top - k, at.x + r, top);
        b.line_to(at.x + r, floor);
        b.close();
        let Some(path) = b.finish() else { continue };
        let colour = if i == 0 { face.mix(palette.sky[1], 0.62) } else { face };
        canvas.shadow(&path, (at.r * 0.04, at.r * 0.06), at.r * 0.14, palette.ink, if palette.dark { 0.36 } else { 0.2 });
        let stops = [(0.0, colour.lift(0.06), 1.0), (0.5, colour, 1.0), (1.0, colour.lift(-0.12), 1.0)];
        canvas.fill(&path, linear((at.x - r * 0.6, top - r), (at.x + r * 0.6, floor), &stops));
        let edge: [Stop; 2] = [(0.0, palette.paper, 0.5), (1.0, palette.paper, 0.0)];
        canvas.stroke(&path, at.r * 0.008, linear((at.x - r, top - r * 0.7), (at.x + r * 0.4, top + r * 0.5), &edge));
    }
}

fn halo(canvas: &mut Canvas, at: Place, palette: &Palette, face: Lch) {
    for (i, grow) in [1.62f32, 1.40, 1.19, 0.98].into_iter().enumerate() {
        let t = i as f32 / 3.0;
        let r = at.r * grow;
        let Some(path) = circle(at.x, at.y, r) else { continue };
        let colour = palette.sky[1].mix(face, 0.25 + 0.75 * t);
        canvas.shadow(&path, (0.0, at.r * 0.03), at.r * 0.12, palette.ink, 0.18 * (0.5 + 0.5 * t));
        let whole = Place { r, ..at };
        let alpha = 0.35 + 0.65 * t;
        let stops = [(0.0, colour.lift(0.05), alpha), (1.0, colour.lift(-0.07), alpha)];
        canvas.fill(&path, linear((at.x - r * 0.7, at.y - r * 0.7), (at.x + r * 0.7, at.y + r * 0.7), &stops));
        rim(canvas, whole, palette, 0.20 + 0.3 * t);
    }
}

fn blobs(canvas: &mut Canvas, at: Place, palette: &Palette, face: Lch, dice: &mut Dice) {
    let phase = dice.between(0.0, TAU);
    for (i, grow) in [1.42f32, 1.20, 0.99].into_iter().enumerate() {
        let t = i as f32 / 2.0;
        let points: Vec<_> = (0..12)
            .map(|j| {
                let angle = j as f32 / 12.0 * TAU;
                let wobble = 1.0 + 0.060 * (angle * 2.0 + phase + t).sin() + 0.045 * (angle * 3.0 - phase * 1.7 + 2.0 * t).sin();
                (at.x + angle.cos() * at.r * grow * wobble, at.y + angle.sin() * at.r * grow * wobble)
            })
            .collect();
        let Some(path) = smooth_loop(&points) else { continue };
        let colour = palette.sky[1].mix(palette.second, 0.25).mix(face, 0.22 + 0.78 * t);
        canvas.shadow(&path, (at.r * 0.03, at.r * 0.06), at.r * 0.13, palette.ink, if palette.dark { 0.36 } else { 0.22 });
        canvas.fill(&path, light(Place { r: at.r * grow, ..at }, colour));
        let stops: [Stop; 2] = [(0.0, palette.paper, 0.45), (1.0, palette.paper, 0.0)];
        canvas.stroke(&path, at.r * 0.007, linear((at.x - at.r, at.y - at.r), (at.x + at.r * 0.3, at.y + at.r * 0.3), &stops));
    }
}

/// Three bands of colour that rise from the ground and turn around the disc.
fn bands(canvas: &mut Canvas, at: Place, palette: &Palette, face: Lch) {
    let colours = [
        palette.second.mix(palette.sky[1], 0.35),
        palette.accent.mix(palette.second, 0.55),
        palette.accent.mix(palette.paper, 0.15),
    ];
    for (i, colour) in colours.into_iter().enumerate() {
        let r = at.r * (1.36 - 0.12 * i as f32);
        // The land covers everything below.
        let bottom = canvas.h * 0.76;
        let k = r * 0.552_3;
        let mut b = PathBuilder::new();
        b.move_to(at.x - r, bottom);
        b.line_to(at.x - r, at.y);
        b.cubic_to(at.x - r, at.y - k, at.x - k, at.y - r, at.x, at.y - r);
        b.cubic_to(at.x + k, at.y - r, at.x + r, at.y - k, at.x + r, at.y);
        b.line_to(at.x + r, bottom);
        b.close();
        let Some(path) = b.finish() else { continue };
        let stops = [(0.0, colour, 0.95), (1.0, colour.lift(-0.14), 0.95)];
        canvas.fill(&path, linear((at.x - r, at.y - r), (at.x + r * 0.5, canvas.h * 0.6), &stops));
    }
    disc(canvas, at, palette, face);
}
