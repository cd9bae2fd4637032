//! The sheet a picture is drawn on: fills, gradients, glows and soft shadows over a pixel buffer.
//! What is drawn, and where, is decided in `backdrop`, `stage` and `hero`.

use tiny_skia::{
    BlendMode, Color, FillRule, GradientStop, LineCap, LineJoin, LinearGradient, Mask, Paint, Path, PathBuilder, Pixmap, Point,
    RadialGradient, Rect, Shader, SpreadMode, Stroke, Transform,
};

use super::colour::Lch;

/// Soft shapes are drawn this many times smaller and scaled up: nobody can tell, and it costs a sixteenth.
const SOFT: f32 = 4.0;

/// Gradients over fewer pixels are left to the drawing library.
const SMALL: f32 = 4_096.0;

/// The last entry of a gradient's table.
const LAST_SHADE: f32 = 511.0;

/// The sheet and its measures.
#[derive(Debug)]
pub struct Canvas {
    /// The pixels.
    pub pixels: Pixmap,
    /// Width in pixels.
    pub w: f32,
    /// Height in pixels.
    pub h: f32,
    /// The length that sizes are fractions of: the width of an upright sheet, less than the height of a wide one.
    pub u: f32,
}

/// A round light: centre and radius in pixels, colour, and strength 0–1.
#[derive(Debug, Clone, Copy)]
pub struct Glow {
    /// Centre.
    pub x: f32,
    /// Centre.
    pub y: f32,
    /// Where the light ends.
    pub r: f32,
    /// Its colour.
    pub colour: Lch,
    /// Its strength in the centre.
    pub alpha: f32,
}

impl Glow {
    /// Takes the light's share from the darkness of a small sheet whose corner lies at (`left`, `top`) of the large one.
    fn dim(&self, dark: &mut [[f32; 3]], columns: usize, (left, top): (f32, f32)) {
        let rgb = self.colour.rgb();
        for (row, cells) in dark.chunks_exact_mut(columns).enumerate() {
            let dy = top + row as f32 * SOFT + 0.5 - self.y;
            if dy.abs() >= self.r {
                continue;
            }
            for (column, cell) in cells.iter_mut().enumerate() {
                let dx = left + column as f32 * SOFT + 0.5 - self.x;
                let far = (dx * dx + dy * dy) / (self.r * self.r);
                if far < 1.0 {
                    let light = self.alpha * (1.0 - far).powi(2) * (-1.6 * far).exp();
                    cell.iter_mut().zip(rgb).for_each(|(v, own)| *v *= 1.0 - own * light);
                }
            }
        }
    }
}

/// One colour on a gradient: position 0–1, colour, opacity 0–1.
pub type Stop = (f32, Lch, f32);

impl Canvas {
    /// An empty sheet; both sides at least one pixel.
    pub fn new(width: u32, height: u32) -> Self {
        let (w, h) = (width.max(1), height.max(1));
        let mut pixels = Pixmap::new(w, h).expect("both sides are at least 1 and bounded by the caller");
        pixels.fill(Color::BLACK);
        let (w, h) = (w as f32, h as f32);
        Self { pixels, w, h, u: w.min(h * 0.72) }
    }

    /// Fills a shape.
    pub fn fill(&mut self, path: &Path, shade: Shade) {
        self.wash(path, FillRule::EvenOdd, &shade);
    }

    /// Fills a shape with another way of mixing, such as `Screen`.
    pub fn blend(&mut self, path: &Path, shade: Shade, blend_mode: BlendMode) {
        let paint = Paint { shader: shade.shader(), blend_mode, anti_alias: true, ..Paint::default() };
        self.pixels.fill_path(path, &paint, FillRule::EvenOdd, Transform::identity(), None);
    }

    /// Fills a shape; gradients over large ones come from a table, which takes a fraction of the drawing library's time.
    fn wash(&mut self, path: &Path, rule: FillRule, shade: &Shade) {
        let bounds = path.bounds();
        let (left, top) = (bounds.left().max(0.0).floor(), bounds.top().max(0.0).floor());
        let (right, bottom) = (bounds.right().min(self.w).ceil(), bounds.bottom().min(self.h).ceil());
        if right <= left || bottom <= top {
            return;
        }
        if matches!(shade, Shade::Solid(..)) || (right - left) * (bottom - top) < SMALL {
            let paint = Paint { shader: shade.shader(), anti_alias: true, ..Paint::default() };
            self.pixels.fill_path(path, &paint, rule, Transform::identity(), None);
            return;
        }
        let Some(mut cover) = Mask::new((right - left) as u32, (bottom - top) as u32) else { return };
        cover.fill_path(path, rule, true, Transform::from_translate(-left, -top));
        let table = shade.table();
        let (columns, first, width) = ((right - left) as usize, left as usize, self.w as usize);
        for (row, cover) in cover.data().chunks_exact(columns).enumerate() {
            let y = top as usize + row;
            let pixels = &mut self.pixels.data_mut()[(y * width + first) * 4..][..columns * 4];
            let at = shade.along(y as f32 + 0.5);
            let colour_at = |x: f32| table[(at(x) * LAST_SHADE).clamp(0.0, LAST_SHADE) as usize];
            // Rows of a vertical gradient have one colour each.
            let level = matches!(shade, Shade::Linear(from, to, _) if from.0 == to.0).then(|| colour_at(0.0));
            for ((x, cover), pixel) in (first..).zip(cover).zip(pixels.chunks_exact_mut(4)) {
                if *cover == 0 {
                    continue;
                }
                let [r, g, b, alpha] = level.unwrap_or_else(|| colour_at(x as f32 + 0.5));
                if *cover == 255 && alpha == 256 {
                    pixel.copy_from_slice(&[r as u8, g as u8, b as u8, 255]);
                    continue;
                }
                let amount = alpha * (i32::from(*cover) + i32::from(*cover >> 7));
                for (v, own) in pixel.iter_mut().zip([r, g, b]) {
                    *v = (i32::from(*v) + (((own - i32::from(*v)) * amount + 32_768) >> 16)) as u8;
                }
            }
        }
    }

    /// Fills overlapping outlines as one shape, over their soft shadow (blur, colour, opacity).
    pub fn bank(&mut self, path: &Path, (blur, colour, alpha): (f32, Lch, f32), shade: Shade) {
        self.shade(path, FillRule::Winding, (0.0, -blur * 0.2), blur, (colour, alpha), self.sheet());
        self.wash(path, FillRule::Winding, &shade);
    }

    /// Draws along a path with round ends.
    pub fn stroke(&mut self, path: &Path, width: f32, shade: Shade) {
        let paint = Paint { shader: shade.shader(), anti_alias: true, ..Paint::default() };
        let stroke = Stroke { width, line_cap: LineCap::Round, line_join: LineJoin::Round, ..Stroke::default() };
        self.pixels.stroke_path(path, &paint, &stroke, Transform::identity(), None);
    }

    /// Fills the whole sheet.
    pub fn flood(&mut self, shade: Shade) {
        if let Some(rect) = Rect::from_xywh(0.0, 0.0, self.w, self.h) {
            self.wash(&PathBuilder::from_rect(rect), FillRule::Winding, &shade);
        }
    }

    /// A round light that falls off softly to nothing at radius `r`. What is below must be opaque.
    pub fn glow(&mut self, x: f32, y: f32, r: f32, colour: Lch, alpha: f32) {
        self.glows(&[Glow { x, y, r, colour, alpha }]);
    }

    /// Several lights in one pass. What is below must be opaque.
    ///
    /// Each light lets through a share of the darkness below it, and these shares multiply: they are worked out on a small
    /// sheet first, because the drawing library's gradients of many steps took most of the time.
    pub fn glows(&mut self, glows: &[Glow]) {
        let far = |low: bool, centre: fn(&Glow) -> f32, most: f32| {
            let ends = glows.iter().map(|glow| centre(glow) + if low { -glow.r } else { glow.r });
            if low { ends.fold(most, f32::min).max(0.0) } else { ends.fold(0.0, f32::max).min(most) }
        };
        let (left, right) = (far(true, |glow| glow.x, self.w) as usize, far(false, |glow| glow.x, self.w).ceil() as usize);
        let (top, bottom) = (far(true, |glow| glow.y, self.h) as usize, far(false, |glow| glow.y, self.h).ceil() as usize);
        if right <= left || bottom <= top {
            return;
        }
        let step = SOFT as usize;
        let (columns, rows) = ((right - left).div_ceil(step) + 1, (bottom - top).div_ceil(step) + 1);
        let mut dark = vec![[1.0f32; 3]; columns * rows];
        glows.iter().for_each(|glow| glow.dim(&mut dark, columns, (left as f32, top as f32)));
        let width = self.w as usize;
        let data = self.pixels.data_mut();
        let mut line = vec![[0.0f32; 3]; columns];
        for y in top..bottom {
            let (row, t) = ((y - top) / step, ((y - top) % step) as f32 / SOFT);
            let (upper, lower) = (&dark[row * columns..][..columns], &dark[(row + 1) * columns..][..columns]);
            for (v, (a, b)) in line.iter_mut().zip(upper.iter().zip(lower)) {
                *v = std::array::from_fn(|c| (a[c] + (b[c] - a[c]) * t) * 4_096.0);
            }
            let pixels = &mut data[(y * width + left) * 4..(y * width + right) * 4];
            for (cell, ends) in pixels.chunks_mut(step * 4).zip(line.windows(2)) {
                if ends.iter().flatten().all(|kept| *kept > 4_095.0) {
                    continue;
                }
                for (i, pixel) in cell.chunks_exact_mut(4).enumerate() {
                    for c in 0..3 {
                        let kept = (ends[0][c] + (ends[1][c] - ends[0][c]) * (i as f32 / SOFT)) as i32;
                        pixel[c] = (255 - (((255 - i32::from(pixel[c])) * kept + 2_048) >> 12)) as u8;
                    }
                }
            }
        }
    }

    /// The soft shadow of a shape, moved by (`dx`, `dy`) and blurred over `blur` pixels.
    pub fn shadow(&mut self, path: &Path, shift: (f32, f32), blur: f32, colour: Lch, alpha: f32) {
        self.shade(path, FillRule::EvenOdd, shift, blur, (colour, alpha), self.sheet());
    }

    /// The same, but only within `clip` (left, top, right, bottom): what covers the rest anyway need not be shaded.
    pub fn shadow_within(&mut self, clip: [f32; 4], path: &Path, shift: (f32, f32), blur: f32, (colour, alpha): (Lch, f32)) {
        self.shade(path, FillRule::EvenOdd, shift, blur, (colour, alpha), clip);
    }

    fn sheet(&self) -> [f32; 4] {
        [0.0, 0.0, self.w, self.h]
    }

    fn shade(
        &mut self,
        path: &Path,
        rule: FillRule,
        (dx, dy): (f32, f32),
        blur: f32,
        (colour, alpha): (Lch, f32),
        clip: [f32; 4],
    ) {
        let pad = blur * 2.0;
        let bounds = path.bounds();
        let left = (bounds.left() + dx - pad).max(clip[0].max(0.0) - pad).floor();
        let top = (bounds.top() + dy - pad).max(clip[1].max(0.0) - pad).floor();
        let right = (bounds.right() + dx + pad).min(clip[2].min(self.w) + pad);
        let bottom = (bounds.bottom() + dy + pad).min(clip[3].min(self.h) + pad);
        if right <= left || bottom <= top {
            return;
        }
        let (w, h) = (((right - left) / SOFT).ceil() as u32 + 1, ((bottom - top) / SOFT).ceil() as u32 + 1);
        let Some(mut small) = Pixmap::new(w, h) else { return };
        let paint = Paint { shader: Shader::SolidColor(Color::BLACK), anti_alias: true, ..Paint::default() };
        let shrink = Transform::from_translate(dx - left, dy - top).post_scale(1.0 / SOFT, 1.0 / SOFT);
        small.fill_path(path, &paint, rule, shrink, None);
        let mut cover: Vec<f32> = small.pixels().iter().map(|p| f32::from(p.alpha()) / 255.0).collect();
        blur_alpha(&mut cover, w as usize, h as usize, blur / SOFT);
        self.lay_soft(&cover, w, left, top, colour, alpha);
    }

    /// Lays a small sheet of opacities (a quarter of the size, row by row) on this one, with its corner at (`left`, `top`),
    /// to the nearest pixel. What is below must be opaque.
    pub fn lay_soft(&mut self, cover: &[f32], columns: u32, left: f32, top: f32, colour: Lch, alpha: f32) {
        let (columns, width, step) = (columns as usize, self.w as usize, SOFT as usize);
        let rows = cover.len() / columns.max(1);
        if columns < 2 || rows < 2 {
            return;
        }
        let ink = colour.rgb().map(|v| (v * 255.0 + 0.5) as i32);
        let (left, top) = (left.round() as isize, top.round() as isize);
        let below = (top + ((rows - 1) * step) as isize).min(self.h as isize);
        let mut line = vec![0i32; columns];
        let data = self.pixels.data_mut();
        for y in top.max(0)..below {
            let (row, t) = ((y - top) as usize / step, ((y - top) as usize % step) as f32 / SOFT);
            let (upper, lower) = (&cover[row * columns..][..columns], &cover[(row + 1) * columns..][..columns]);
            let most = alpha * 4_096.0;
            line.iter_mut().zip(upper.iter().zip(lower)).for_each(|(v, (a, b))| *v = ((a + (b - a) * t) * most) as i32);
            let pixels = &mut data[y as usize * width * 4..][..width * 4];
            for (cell, ends) in line.windows(2).enumerate() {
                let (a, b) = (ends[0], ends[1]);
                if a.max(b) <= 8 {
                    continue;
                }
                let first = left + (cell * step) as isize;
                let (from, to) = (first.clamp(0, width as isize), (first + step as isize).clamp(0, width as isize));
                for (x, pixel) in (from..to).zip(pixels[from as usize * 4..to as usize * 4].chunks_exact_mut(4)) {
                    let amount = (a + ((b - a) * (x - first) as i32) / step as i32).min(4_096);
                    for c in 0..3 {
                        let below = i32::from(pixel[c]);
                        pixel[c] = (below + (((ink[c] - below) * amount + 2_048) >> 12)) as u8;
                    }
                }
            }
        }
    }
}

/// The size ratio of the small sheets that `Canvas::lay_soft` takes.
pub const fn softness() -> f32 {
    SOFT
}

/// What a shape is filled with.
#[derive(Debug, Clone)]
pub enum Shade {
    /// One colour and its opacity.
    Solid(Lch, f32),
    /// A gradient along a line: start, end, colours.
    Linear((f32, f32), (f32, f32), Vec<Stop>),
    /// A gradient from a centre out to a radius.
    Radial((f32, f32), f32, Vec<Stop>),
}

impl Shade {
    /// The drawing library's form of it.
    pub fn shader(&self) -> Shader<'static> {
        let spread = SpreadMode::Pad;
        let (shader, stops) = match self {
            Self::Solid(colour, alpha) => return Shader::SolidColor(colour.paint(*alpha)),
            Self::Linear(from, to, stops) => {
                let (start, end) = (Point::from_xy(from.0, from.1), Point::from_xy(to.0, to.1));
                (LinearGradient::new(start, end, perceptual(stops), spread, Transform::identity()), stops)
            }
            Self::Radial((x, y), r, stops) => {
                let centre = Point::from_xy(*x, *y);
                (RadialGradient::new(centre, 0.0, centre, *r, perceptual(stops), spread, Transform::identity()), stops)
            }
        };
        shader.unwrap_or_else(|| {
            stops.last().map_or(Shader::SolidColor(Color::TRANSPARENT), |(_, c, a)| Shader::SolidColor(c.paint(*a)))
        })
    }

    /// Red, green, blue and opacity (0 to 256), evenly along the gradient.
    fn table(&self) -> Vec<[i32; 4]> {
        let stops: &[Stop] = match self {
            Self::Solid(..) => &[],
            Self::Linear(_, _, stops) | Self::Radial(_, _, stops) => stops,
        };
        // Between few knots, as the drawing library does: colours beyond what a screen can show would else make steps.
        let knots = knots(stops);
        let shade = |i: usize| {
            let t = i as f32 / LAST_SHADE;
            let after = knots.iter().position(|knot| knot.0 > t).unwrap_or(knots.len());
            let (a, b) = (&knots[after.saturating_sub(1)], &knots[after.min(knots.len() - 1)]);
            let between = if b.0 > a.0 { ((t - a.0) / (b.0 - a.0)).max(0.0) } else { 0.0 };
            std::array::from_fn(|c| (a.1[c] + (b.1[c] - a.1[c]) * between + 0.5) as i32)
        };
        if knots.is_empty() { vec![[0; 4]; LAST_SHADE as usize + 1] } else { (0..=LAST_SHADE as usize).map(shade).collect() }
    }

    /// How far along the gradient the pixels of a row are, by their distance from the left.
    fn along(&self, y: f32) -> impl Fn(f32) -> f32 + use<> {
        let (linear, x0, step, start, across) = match self {
            Self::Solid(..) => (true, 0.0, 0.0, 0.0, 0.0),
            Self::Linear(from, to, _) => {
                let (dx, dy) = (to.0 - from.0, to.1 - from.1);
                let long = (dx * dx + dy * dy).max(1e-6);
                (true, from.0, dx / long, (y - from.1) * dy / long, 0.0)
            }
            Self::Radial(centre, r, _) => (false, centre.0, 1.0 / r.max(1e-6), 0.0, ((y - centre.1) / r.max(1e-6)).powi(2)),
        };
        move |x| {
            let t = (x - x0) * step;
            if linear { t + start } else { (t * t + across).sqrt() }
        }
    }
}

/// One plain colour.
pub fn solid(colour: Lch, alpha: f32) -> Shade {
    Shade::Solid(colour, alpha)
}

/// A gradient from the height `y0` down to `y1`.
pub fn vertical(y0: f32, y1: f32, stops: &[Stop]) -> Shade {
    linear((0.0, y0), (0.0, y1), stops)
}

/// A gradient along a line.
pub fn linear(from: (f32, f32), to: (f32, f32), stops: &[Stop]) -> Shade {
    Shade::Linear(from, to, stops.to_vec())
}

/// A gradient from a centre out to radius `r`.
pub fn radial(x: f32, y: f32, r: f32, stops: &[Stop]) -> Shade {
    Shade::Radial((x, y), r, stops.to_vec())
}

/// A full circle.
pub fn circle(x: f32, y: f32, r: f32) -> Option<Path> {
    PathBuilder::from_circle(x, y, r)
}

/// A rectangle with rounded corners; a pill when `r` is half the height.
pub fn rounded(x: f32, y: f32, w: f32, h: f32, r: f32) -> Option<Path> {
    let r = r.min(w / 2.0).min(h / 2.0).max(0.0);
    let k = r * 0.552_3;
    let mut b = PathBuilder::new();
    b.move_to(x + r, y);
    b.line_to(x + w - r, y);
    b.cubic_to(x + w - r + k, y, x + w, y + r - k, x + w, y + r);
    b.line_to(x + w, y + h - r);
    b.cubic_to(x + w, y + h - r + k, x + w - r + k, y + h, x + w - r, y + h);
    b.line_to(x + r, y + h);
    b.cubic_to(x + r - k, y + h, x, y + h - r + k, x, y + h - r);
    b.line_to(x, y + r);
    b.cubic_to(x, y + r - k, x + r - k, y, x + r, y);
    b.close();
    b.finish()
}

/// A closed polygon.
pub fn polygon(points: &[(f32, f32)]) -> Option<Path> {
    let mut b = PathBuilder::new();
    let (first, rest) = points.split_first()?;
    b.move_to(first.0, first.1);
    rest.iter().for_each(|p| b.line_to(p.0, p.1));
    b.close();
    b.finish()
}

/// A closed smooth curve through all points (Catmull–Rom).
pub fn smooth_loop(points: &[(f32, f32)]) -> Option<Path> {
    let n = points.len();
    let at = |i: usize| points[i % n];
    if n < 3 {
        return None;
    }
    let mut b = PathBuilder::new();
    b.move_to(at(0).0, at(0).1);
    for i in 0..n {
        let (p0, p1, p2, p3) = (at(i + n - 1), at(i), at(i + 1), at(i + 2));
        let (c1, c2) =
            ((p1.0 + (p2.0 - p0.0) / 6.0, p1.1 + (p2.1 - p0.1) / 6.0), (p2.0 - (p3.0 - p1.0) / 6.0, p2.1 - (p3.1 - p1.1) / 6.0));
        b.cubic_to(c1.0, c1.1, c2.0, c2.1, p2.0, p2.1);
    }
    b.close();
    b.finish()
}

/// Three box blurs in a row, which is nearly a Gaussian one; `radius` in pixels of `cover`.
pub fn blur_alpha(cover: &mut [f32], w: usize, h: usize, radius: f32) {
    let half = (radius * 0.5).round().max(1.0) as usize;
    let mut line = vec![0.0; w.max(h)];
    for _ in 0..3 {
        for y in 0..h {
            blur_line(cover, y * w, 1, w, half, &mut line);
        }
        for x in 0..w {
            blur_line(cover, x, w, h, half, &mut line);
        }
    }
}

fn blur_line(cover: &mut [f32], start: usize, step: usize, count: usize, half: usize, line: &mut [f32]) {
    for (i, v) in line.iter_mut().enumerate().take(count) {
        *v = cover[start + i * step];
    }
    let width = (2 * half + 1) as f32;
    let mut sum: f32 = line[..count.min(half)].iter().sum();
    for i in 0..count {
        if i + half < count {
            sum += line[i + half];
        }
        if i > half {
            sum -= line[i - half - 1];
        }
        cover[start + i * step] = sum.max(0.0) / width;
    }
}

/// The same colours as screen values (0 to 255) and opacity (0 to 256).
fn knots(stops: &[Stop]) -> Vec<(f32, [f32; 4])> {
    let knot = |position: f32, colour: Lch, alpha: f32| {
        let [r, g, b] = colour.rgb().map(|v| v * 255.0);
        (position, [r, g, b, alpha * 256.0])
    };
    let halves = stops.windows(2).flat_map(|pair| {
        let ((p0, c0, a0), (p1, c1, a1)) = (pair[0], pair[1]);
        [knot(p0, c0, a0), knot((p0 + p1) / 2.0, c0.mix(c1, 0.5), (a0 + a1) / 2.0)]
    });
    halves.chain(stops.last().map(|(position, colour, alpha)| knot(*position, *colour, *alpha))).collect()
}

/// Puts steps mixed in OKLab between the stops, because the drawing library mixes screen values, which muddies the middle.
fn perceptual(stops: &[Stop]) -> Vec<GradientStop> {
    let mut out = Vec::with_capacity(stops.len() * 4);
    for pair in stops.windows(2) {
        let ((p0, c0, a0), (p1, c1, a1)) = (pair[0], pair[1]);
        let steps = if c0 == c1 { 1 } else { 2 };
        for i in 0..steps {
            let t = i as f32 / steps as f32;
            out.push(GradientStop::new(p0 + (p1 - p0) * t, c0.mix(c1, t).paint(a0 + (a1 - a0) * t)));
        }
    }
    if let Some((position, colour, alpha)) = stops.last() {
        out.push(GradientStop::new(*position, colour.paint(*alpha)));
    }
    out
}
