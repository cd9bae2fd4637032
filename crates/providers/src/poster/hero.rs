//! The icons of a picture: recoloured to the palette, lit from the upper left, and laid on with their shadows.
//! Which icons is decided in `choice`; what they stand before is `stage`.

use tiny_skia::{FillRule, LineJoin, Mask, Paint, Path, Pixmap, PixmapPaint, PremultipliedColorU8, Stroke, Transform};

use super::canvas::{Canvas, blur_alpha, circle, linear, radial, softness, solid};
use super::colour::{Lch, from_rgb, lch, turn};
use super::icons::Icon;
use super::palette::Palette;
use super::random::Dice;
use super::stage::Place;

/// An icon, drawn and lit, ready to be laid on a sheet.
#[derive(Debug)]
pub struct Art {
    pixels: Pixmap,
    /// Mean colour along the outline, which decides what background it stands out from.
    pub edge: Lch,
}

/// Draws an icon `size` pixels large, tilted by `tilt` degrees.
pub fn art(icon: &Icon, size: f32, tilt: f32, palette: &Palette, tint: f32) -> Option<Art> {
    let parts = icon.parts();
    let bounds = parts.iter().map(|part| part.path.bounds()).reduce(|a, b| a.join(&b).unwrap_or(a))?;
    let scale = size / bounds.width().max(bounds.height()).max(1.0);
    let margin = size * 0.10;
    let side = (size + margin * 2.0).ceil().max(4.0);
    let mut pixels = Pixmap::new(side as u32, side as u32)?;
    let (cx, cy) = (bounds.x() + bounds.width() / 2.0, bounds.y() + bounds.height() / 2.0);
    let fit =
        Transform::from_translate(-cx, -cy).post_scale(scale, scale).post_rotate(tilt).post_translate(side / 2.0, side / 2.0);
    let window = if icon.round { round_window(side, fit) } else { None };
    if palette.look.sticker {
        match &window {
            Some((rim, _)) => outline(&mut pixels, [rim], fit, palette),
            None => outline(&mut pixels, parts.iter().map(|part| &part.path), fit, palette),
        }
    }
    for part in &parts {
        let colour = recolour(part.rgb, palette, tint);
        let b = part.path.bounds();
        let (from, to) = ((b.left(), b.top()), (b.left() + b.width() * 0.8, b.bottom()));
        let stops = [(0.0, colour.lift(0.055), part.alpha), (0.45, colour, part.alpha), (1.0, colour.lift(-0.075), part.alpha)];
        let paint = Paint { shader: linear(from, to, &stops).shader(), anti_alias: true, ..Paint::default() };
        let rule = if part.even_odd { FillRule::EvenOdd } else { FillRule::Winding };
        pixels.fill_path(&part.path, &paint, rule, fit, window.as_ref().map(|(_, mask)| mask));
    }
    let edge = light(&mut pixels, palette);
    Some(Art { pixels, edge })
}

/// The colour of the stage behind an icon: the one of the palette that stands out best from its outline.
pub fn face(palette: &Palette, edge: Lch, dice: &mut Dice) -> Lch {
    let [top, _, low] = palette.sky;
    let choices = if palette.look.dim {
        [
            lch(0.30, 0.075, top.h),
            lch(0.56, 0.115, low.h),
            lch(0.74, 0.10, palette.accent.h),
            lch(0.40, 0.10, low.h),
            lch(0.62, 0.05, top.h),
        ]
    } else if palette.dark {
        [
            lch(0.86, 0.085, palette.accent.h),
            lch(0.91, 0.035, low.h),
            lch(0.30, 0.085, top.h),
            lch(0.68, 0.15, low.h),
            lch(0.44, 0.11, top.h),
        ]
    } else {
        [
            lch(0.97, 0.02, palette.accent.h),
            lch(0.90, 0.075, palette.accent.h),
            lch(0.52, 0.11, top.h),
            lch(0.80, 0.09, low.h),
            lch(0.62, 0.11, top.h),
        ]
    };
    let far = |c: Lch| {
        let (a, b) = (c.h.to_radians(), edge.h.to_radians());
        let (da, db) = (c.c * a.cos() - edge.c * b.cos(), c.c * a.sin() - edge.c * b.sin());
        ((c.l - edge.l).powi(2) + 1.4 * (da * da + db * db)).sqrt()
    };
    let best = choices.iter().map(|c| far(*c)).fold(0.0, f32::max);
    let good: Vec<Lch> = choices.into_iter().filter(|c| far(*c) > best * 0.72).collect();
    good[dice.below(good.len())]
}

/// Lays an icon on the sheet with its centre at (`x`, `y`): long shadow within the stage, soft shadow, then the icon.
pub fn lay(canvas: &mut Canvas, art: &Art, (x, y): (f32, f32), stage: Option<Place>, palette: &Palette) {
    let side = art.pixels.width() as f32;
    let (left, top) = ((x - side / 2.0).round(), (y - side / 2.0).round());
    if let Some(stage) = stage {
        long_shadow(canvas, art, (left, top), stage, palette);
    }
    soft_shadow(canvas, art, (left, top), (side * 0.012, side * 0.030), side * 0.05, palette, 0.42);
    soft_shadow(canvas, art, (left, top), (side * 0.004, side * 0.008), side * 0.012, palette, 0.30);
    let paint = PixmapPaint::default();
    canvas.pixels.draw_pixmap(left as i32, top as i32, art.pixels.as_ref(), &paint, Transform::identity(), None);
}

/// A shaded ball.
fn ball(canvas: &mut Canvas, (x, y): (f32, f32), r: f32, colour: Lch, palette: &Palette) {
    let Some(path) = circle(x, y, r) else { return };
    canvas.shadow(&path, (r * 0.10, r * 0.22), r * 0.4, palette.ink, 0.45);
    let (lx, ly) = (x - r * 0.38, y - r * 0.42);
    let stops = [
        (0.0, colour.lift(0.13), 1.0),
        (0.35, colour, 1.0),
        (0.8, colour.lift(-0.17).mix(palette.sky[0], 0.25), 1.0),
        (1.0, colour.lift(-0.12).mix(palette.second, 0.3), 1.0),
    ];
    canvas.fill(&path, radial(lx, ly, r * 1.55, &stops));
    if let Some(spot) = circle(lx, ly, r * 0.34) {
        canvas.fill(&spot, radial(lx, ly, r * 0.34, &[(0.0, palette.paper, 0.55), (1.0, palette.paper, 0.0)]));
    }
}

/// A ball with a tilted ring and small companions, for pictures without an icon.
pub fn orrery(canvas: &mut Canvas, at: Place, palette: &Palette, face: Lch, dice: &mut Dice) {
    // Its widest ring stays within the part of the sheet that no zoom crops.
    let at = Place { r: at.r * 0.86, ..at };
    let main = if face.l > 0.6 { palette.sky[0].at(0.46) } else { palette.accent };
    let main = Lch { c: 0.12, ..main };
    let tilt = dice.sign() * dice.between(0.30, 0.55);
    let ring = |grow: f32, front: bool| {
        let steps = 40;
        let mut b = tiny_skia::PathBuilder::new();
        for i in 0..=steps {
            let angle = i as f32 / steps as f32 * std::f32::consts::PI + if front { 0.0 } else { std::f32::consts::PI };
            let (x, y) = (angle.cos() * at.r * grow, angle.sin() * at.r * grow * 0.26);
            let (x, y) = (at.x + x * tilt.cos() - y * tilt.sin(), at.y + x * tilt.sin() + y * tilt.cos());
            if i == 0 { b.move_to(x, y) } else { b.line_to(x, y) }
        }
        b.finish()
    };
    let rings =
        [(0.98f32, 0.045f32, palette.accent, 1.0f32), (1.12, 0.014, palette.second, 0.9), (0.86, 0.014, palette.second, 0.9)];
    for front in [false, true] {
        for (grow, width, colour, alpha) in rings {
            if let Some(path) = ring(grow, front) {
                let colour = if front { colour } else { colour.lift(-0.12) };
                canvas.stroke(&path, at.r * width, solid(colour, alpha));
            }
        }
        if !front {
            ball(canvas, (at.x, at.y), at.r * 0.60, main, palette);
        }
    }
    for (angle, far, size) in [(-0.75f32, 0.98f32, 0.13f32), (2.45, 0.90, 0.085), (3.75, 1.02, 0.055)] {
        let angle = angle + dice.between(-0.2, 0.2);
        let colour = if size > 0.1 { palette.second } else { palette.accent };
        ball(canvas, (at.x + angle.cos() * at.r * far, at.y + angle.sin() * at.r * far), at.r * size, colour, palette);
    }
}

/// Turns an icon's colour towards the nearest hue of the palette and calms it.
fn recolour(rgb: [u8; 3], palette: &Palette, tint: f32) -> Lch {
    let own = from_rgb(rgb);
    if own.c < 0.035 {
        let shade = if own.l > 0.7 { palette.paper } else { palette.sky[0] };
        return lch(0.16 + own.l * 0.81, 0.012 + 0.030 * tint, shade.h);
    }
    let anchors = [palette.accent.h, palette.second.h, palette.sky[0].h, palette.sky[2].h];
    let nearest = anchors.into_iter().map(|h| turn(own.h, h)).min_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or(0.0);
    // Skin, sand and gold look wrong soonest, so warm hues turn least.
    let most = if (25.0..105.0).contains(&own.h) { 9.0 } else { 32.0 };
    let h = (own.h + (nearest * tint).clamp(-most, most)).rem_euclid(360.0);
    let calm = lch(0.07 + own.l * 0.90, own.c * (0.92 - 0.30 * tint), h);
    calm.mix(Lch { l: calm.l, ..palette.sky[2] }, tint * 0.16)
}

/// The round window through which an icon on a square tile is seen: its rim, and the mask that cuts the corners off.
fn round_window(side: f32, fit: Transform) -> Option<(Path, Mask)> {
    let rim = circle(16.0, 16.0, 14.0)?;
    let mut mask = Mask::new(side as u32, side as u32)?;
    mask.fill_path(&rim, FillRule::Winding, true, fit);
    Some((rim, mask))
}

fn outline<'a>(pixels: &mut Pixmap, paths: impl IntoIterator<Item = &'a Path>, fit: Transform, palette: &Palette) {
    let paint = Paint { shader: solid(palette.paper, 1.0).shader(), anti_alias: true, ..Paint::default() };
    let stroke = Stroke { width: 1.9, line_join: LineJoin::Round, ..Stroke::default() };
    for path in paths {
        pixels.stroke_path(path, &paint, &stroke, fit, None);
    }
}

/// Lights the whole icon: brighter towards the upper left, a fine bright edge there and a dark one opposite.
fn light(pixels: &mut Pixmap, palette: &Palette) -> Lch {
    let side = pixels.width() as usize;
    let alpha: Vec<u8> = pixels.pixels().iter().map(|p| p.alpha()).collect();
    let at = |x: usize, y: usize, d: i32| -> f32 {
        let (x, y) = (x as i32 + d, y as i32 + d);
        let inside = (0..side as i32).contains(&x) && (0..side as i32).contains(&y);
        if inside { f32::from(alpha[y as usize * side + x as usize]) / 255.0 } else { 0.0 }
    };
    let step = ((side as f32 * 0.006).round() as i32).max(1);
    let (shine, shade) = (palette.paper.rgb(), palette.ink.mix(palette.sky[0], 0.6).rgb());
    let (mut sum, mut count) = ([0.0f32; 3], 0.0f32);
    for (i, pixel) in pixels.pixels_mut().iter_mut().enumerate() {
        let a = f32::from(pixel.alpha()) / 255.0;
        if a == 0.0 {
            continue;
        }
        let (x, y) = (i % side, i / side);
        let slope = (x + y) as f32 / side as f32 - 1.0;
        let bright = 0.15 * (-slope).max(0.0) + 0.40 * (a - at(x, y, -step)).max(0.0);
        let dark = 0.30 * slope.max(0.0) + 0.28 * (a - at(x, y, step)).max(0.0);
        let own = [pixel.red(), pixel.green(), pixel.blue()].map(|v| f32::from(v) / 255.0);
        let lit: [f32; 3] = std::array::from_fn(|c| {
            let up = own[c] + (shine[c] * a - own[c]) * bright;
            up + (shade[c] * a - up) * dark
        });
        if a > 0.9 && (at(x, y, -3 * step) < 0.5 || at(x, y, 3 * step) < 0.5) {
            sum.iter_mut().zip(lit).for_each(|(total, v)| *total += v);
            count += 1.0;
        }
        let [r, g, b] = lit.map(|v| ((v * 255.0 + 0.5) as u8).min(pixel.alpha()));
        *pixel = PremultipliedColorU8::from_rgba(r, g, b, pixel.alpha()).unwrap_or(*pixel);
    }
    from_rgb(sum.map(|v| (v / count.max(1.0) * 255.0) as u8))
}

/// The icon's opacities at the size of soft shapes, with `pad` empty cells around: cells and the side's length in cells.
fn small_alpha(art: &Art, pad: usize) -> (Vec<f32>, usize) {
    let (side, step) = (art.pixels.width() as usize, softness() as usize);
    let inner = side.div_ceil(step);
    let wide = inner + pad * 2;
    let mut cells = vec![0.0; wide * wide];
    let data = art.pixels.pixels();
    for y in 0..inner {
        for x in 0..inner {
            let (px, py) = ((x * step + step / 2).min(side - 1), (y * step + step / 2).min(side - 1));
            cells[(y + pad) * wide + x + pad] = f32::from(data[py * side + px].alpha()) / 255.0;
        }
    }
    (cells, wide)
}

fn soft_shadow(
    canvas: &mut Canvas,
    art: &Art,
    (left, top): (f32, f32),
    (dx, dy): (f32, f32),
    blur: f32,
    palette: &Palette,
    alpha: f32,
) {
    let pad = (blur * 2.0 / softness()).ceil() as usize + 1;
    let (mut cells, wide) = small_alpha(art, pad);
    blur_alpha(&mut cells, wide, wide, blur / softness());
    let away = pad as f32 * softness();
    canvas.lay_soft(&cells, wide as u32, left - away + dx, top - away + dy, palette.ink, alpha);
}

/// The shadow the icon throws to the lower right, cut off at the edge of the stage.
fn long_shadow(canvas: &mut Canvas, art: &Art, (left, top): (f32, f32), stage: Place, palette: &Palette) {
    let pad = (stage.r * 0.5 / softness()) as usize + 2;
    let (mut cells, wide) = small_alpha(art, pad);
    for y in 1..wide {
        for x in 1..wide {
            let behind = cells[(y - 1) * wide + x - 1] * 0.985;
            let own = &mut cells[y * wide + x];
            *own = own.max(behind);
        }
    }
    blur_alpha(&mut cells, wide, wide, 2.0);
    let away = pad as f32 * softness();
    let cell = softness();
    for (i, v) in cells.iter_mut().enumerate() {
        let (x, y) = (left - away + (i % wide) as f32 * cell - stage.x, top - away + (i / wide) as f32 * cell - stage.y);
        *v *= ((stage.r - x.hypot(y)) / (cell * 1.5)).clamp(0.0, 1.0);
    }
    canvas.lay_soft(&cells, wide as u32, left - away, top - away, palette.ink, if palette.dark { 0.26 } else { 0.16 });
}
