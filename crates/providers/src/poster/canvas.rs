//! The sheet a picture is drawn on: fills, gradients, glows and soft shadows over a pixel buffer.
//! What is drawn, and where, is decided in `backdrop`, `stage` and `hero`.

use tiny_skia::{
    BlendMode, Color, FillRule, GradientStop, LineCap, LineJoin, LinearGradient, Paint, Path, PathBuilder, Pixmap, Point,
    RadialGradient, Rect, Shader, SpreadMode, Stroke, Transform,
};

use super::colour::Lch;

/// Soft shapes are drawn this many times smaller and scaled up: nobody can tell, and it costs a sixteenth.
const SOFT: f32 = 4.0;

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

/// One colour on a gradient: position 0–1, colour, opacity 0–1.
pub type Stop = (f32, Lch, f32);

impl Canvas {
    /// An empty sheet; both sides at least one pixel.
    pub fn new(width: u32, height: u32) -> Self {
        let (w, h) = (width.max(1), height.max(1));
        let pixels = Pixmap::new(w, h).expect("both sides are at least 1 and bounded by the caller");
        let (w, h) = (w as f32, h as f32);
        Self { pixels, w, h, u: w.min(h * 0.72) }
    }

    /// Fills a shape.
    pub fn fill(&mut self, path: &Path, shader: Shader<'_>) {
        self.blend(path, shader, BlendMode::SourceOver);
    }

    /// Fills a shape with another way of mixing, such as `Screen`.
    pub fn blend(&mut self, path: &Path, shader: Shader<'_>, blend_mode: BlendMode) {
        let paint = Paint { shader, blend_mode, anti_alias: true, ..Paint::default() };
        self.pixels.fill_path(path, &paint, FillRule::EvenOdd, Transform::identity(), None);
    }

    /// Fills overlapping outlines as one shape, over their soft shadow (blur, colour, opacity).
    pub fn bank(&mut self, path: &Path, (blur, colour, alpha): (f32, Lch, f32), shader: Shader<'_>) {
        self.shade(path, FillRule::Winding, (0.0, -blur * 0.2), blur, (colour, alpha));
        let paint = Paint { shader, anti_alias: true, ..Paint::default() };
        self.pixels.fill_path(path, &paint, FillRule::Winding, Transform::identity(), None);
    }

    /// Draws along a path with round ends.
    pub fn stroke(&mut self, path: &Path, width: f32, shader: Shader<'_>) {
        let paint = Paint { shader, anti_alias: true, ..Paint::default() };
        let stroke = Stroke { width, line_cap: LineCap::Round, line_join: LineJoin::Round, ..Stroke::default() };
        self.pixels.stroke_path(path, &paint, &stroke, Transform::identity(), None);
    }

    /// Fills the whole sheet.
    pub fn flood(&mut self, shader: Shader<'_>) {
        if let Some(rect) = Rect::from_xywh(0.0, 0.0, self.w, self.h) {
            self.pixels.fill_rect(rect, &Paint { shader, ..Paint::default() }, Transform::identity(), None);
        }
    }

    /// A round light that falls off softly to nothing at radius `r`. What is below must be opaque.
    ///
    /// It is worked out pixel by pixel from a table: the drawing library's gradients of many steps took most of the time.
    pub fn glow(&mut self, x: f32, y: f32, r: f32, colour: Lch, alpha: f32) {
        let table: [f32; 257] = std::array::from_fn(|i| {
            let far = i as f32 / 256.0;
            alpha * (1.0 - far).powi(2) * (-1.6 * far).exp()
        });
        let (rgb, width) = (colour.rgb(), self.w as usize);
        let rows = (y - r).max(0.0) as usize..((y + r).max(0.0) as usize).min(self.h as usize);
        let data = self.pixels.data_mut();
        for row in rows {
            let dy = row as f32 + 0.5 - y;
            let half = (r * r - dy * dy).max(0.0).sqrt();
            let (from, to) = ((x - half).max(0.0) as usize, ((x + half).max(0.0) as usize).min(width));
            for column in from..to {
                let dx = column as f32 + 0.5 - x;
                let light = table[((dx * dx + dy * dy) / (r * r) * 256.0).min(256.0) as usize];
                let pixel = &mut data[(row * width + column) * 4..][..3];
                pixel.iter_mut().zip(rgb).for_each(|(v, own)| {
                    let below = f32::from(*v);
                    *v = (below + own * light * (255.0 - below) + 0.5) as u8;
                });
            }
        }
    }

    /// The soft shadow of a shape, moved by (`dx`, `dy`) and blurred over `blur` pixels.
    pub fn shadow(&mut self, path: &Path, shift: (f32, f32), blur: f32, colour: Lch, alpha: f32) {
        self.shade(path, FillRule::EvenOdd, shift, blur, (colour, alpha));
    }

    fn shade(&mut self, path: &Path, rule: FillRule, (dx, dy): (f32, f32), blur: f32, (colour, alpha): (Lch, f32)) {
        let pad = blur * 2.0;
        let bounds = path.bounds();
        let left = (bounds.left() + dx - pad).max(-pad);
        let top = (bounds.top() + dy - pad).max(-pad);
        let right = (bounds.right() + dx + pad).min(self.w + pad);
        let bottom = (bounds.bottom() + dy + pad).min(self.h + pad);
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

    /// Lays a small sheet of opacities (a quarter of the size, row by row) on this one, with its corner at (`left`, `top`).
    /// What is below must be opaque.
    pub fn lay_soft(&mut self, cover: &[f32], columns: u32, left: f32, top: f32, colour: Lch, alpha: f32) {
        let (columns, width) = (columns as usize, self.w as usize);
        let rows = cover.len() / columns.max(1);
        if columns < 2 || rows < 2 {
            return;
        }
        let rgb = colour.rgb().map(|v| v * 255.0);
        let first = top.max(0.0).ceil() as usize;
        let below = ((top + (rows - 1) as f32 * SOFT).max(0.0) as usize).min(self.h as usize);
        let start = left.max(0.0).ceil() as usize;
        let end = ((left + (columns - 1) as f32 * SOFT).max(0.0) as usize).min(width);
        let mut line = vec![0.0f32; columns];
        let data = self.pixels.data_mut();
        for y in first..below {
            let at = (y as f32 - top) / SOFT;
            let (row, t) = ((at as usize).min(rows - 2), at.fract());
            let (upper, lower) = (&cover[row * columns..][..columns], &cover[(row + 1) * columns..][..columns]);
            line.iter_mut().zip(upper.iter().zip(lower)).for_each(|(v, (a, b))| *v = (a + (b - a) * t) * alpha);
            if line.iter().all(|v| *v < 0.002) {
                continue;
            }
            for x in start..end {
                let at = (x as f32 - left) / SOFT;
                let (column, t) = ((at as usize).min(columns - 2), at.fract());
                let amount = (line[column] + (line[column + 1] - line[column]) * t).clamp(0.0, 1.0);
                if amount > 0.002 {
                    let pixel = &mut data[(y * width + x) * 4..][..3];
                    pixel
                        .iter_mut()
                        .zip(rgb)
                        .for_each(|(v, ink)| *v = (f32::from(*v) + (ink - f32::from(*v)) * amount + 0.5) as u8);
                }
            }
        }
    }
}

/// The size ratio of the small sheets that `Canvas::lay_soft` takes.
pub const fn softness() -> f32 {
    SOFT
}

/// One plain colour.
pub fn solid(colour: Lch, alpha: f32) -> Shader<'static> {
    Shader::SolidColor(colour.paint(alpha))
}

/// A gradient from the height `y0` down to `y1`.
pub fn vertical(y0: f32, y1: f32, stops: &[Stop]) -> Shader<'static> {
    linear((0.0, y0), (0.0, y1), stops)
}

/// A gradient along a line.
pub fn linear(from: (f32, f32), to: (f32, f32), stops: &[Stop]) -> Shader<'static> {
    let (start, end) = (Point::from_xy(from.0, from.1), Point::from_xy(to.0, to.1));
    let shader = LinearGradient::new(start, end, perceptual(stops), SpreadMode::Pad, Transform::identity());
    shader.unwrap_or_else(|| last(stops))
}

/// A gradient from a centre out to radius `r`.
pub fn radial(x: f32, y: f32, r: f32, stops: &[Stop]) -> Shader<'static> {
    let centre = Point::from_xy(x, y);
    let shader = RadialGradient::new(centre, 0.0, centre, r, perceptual(stops), SpreadMode::Pad, Transform::identity());
    shader.unwrap_or_else(|| last(stops))
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

fn last(stops: &[Stop]) -> Shader<'static> {
    stops.last().map_or(Shader::SolidColor(Color::TRANSPARENT), |(_, colour, alpha)| solid(*colour, *alpha))
}
