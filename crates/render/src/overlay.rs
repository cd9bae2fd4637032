//! A box of premultiplied YUV and alpha, made of a picture with transparency and blended onto frames.
//!
//! What it shows is drawn in `page`; which one a frame has is in `captions`.

use tiny_skia::{Pixmap, PremultipliedColorU8};

use crate::frame::Frame;

/// A box of pixels to blend onto frames; x, y, width and height are even.
#[derive(Debug, Clone)]
pub(crate) struct Overlay {
    x: usize,
    y: usize,
    width: usize,
    /// Premultiplied Y, U and V.
    colour: [Vec<u8>; 3],
    /// Alpha at full and at half size.
    alpha: [Vec<u8>; 2],
}

/// BT.709 limited range in 65,536ths: the shares of red, green and blue, and of alpha, because offsets are premultiplied too.
const LUMA: [i32; 4] = [11_966, 40_254, 4_064, 4_112];
const BLUE: [i32; 4] = [-6_596, -22_189, 28_785, 32_896];
const RED: [i32; 4] = [28_784, -26_145, -2_639, 32_896];

impl Overlay {
    /// The pixmap, whose sides are even, with its upper left corner at the even `x` and `y` of a frame.
    pub(crate) fn new(pixmap: &Pixmap, x: usize, y: usize) -> Self {
        let (width, height) = (pixmap.width() as usize, pixmap.height() as usize);
        debug_assert!([x, y, width, height].iter().all(|side| side % 2 == 0));
        let (full, half) = (width * height, width * height / 4);
        let mut overlay =
            Self { x, y, width, colour: [vec![0; full], vec![0; half], vec![0; half]], alpha: [vec![0; full], vec![0; half]] };
        overlay.replace(pixmap, 0, 0);
        overlay
    }

    /// Puts other pixels in the place of some; `left` and `top` are even and within the box.
    pub(crate) fn replace(&mut self, pixmap: &Pixmap, left: usize, top: usize) {
        let width = pixmap.width() as usize;
        let [luma, blue, red] = &mut self.colour;
        let [alpha, half_alpha] = &mut self.alpha;
        for (index, rows) in pixmap.pixels().chunks_exact(2 * width).enumerate() {
            let (upper, lower) = rows.split_at(width);
            for (row, pixels) in [upper, lower].into_iter().enumerate() {
                let at = (top + 2 * index + row) * self.width + left;
                let (luma, alpha) = (&mut luma[at..at + width], &mut alpha[at..at + width]);
                for ((luma, alpha), pixel) in luma.iter_mut().zip(alpha).zip(pixels) {
                    *luma = weigh(parts(*pixel), LUMA, 1);
                    *alpha = pixel.alpha();
                }
            }
            let at = (top / 2 + index) * (self.width / 2) + left / 2;
            let to = at..at + width / 2;
            let halves = blue[to.clone()].iter_mut().zip(&mut red[to.clone()]).zip(&mut half_alpha[to]);
            for (((blue, red), alpha), (upper, lower)) in halves.zip(upper.chunks_exact(2).zip(lower.chunks_exact(2))) {
                let four = [upper[0], upper[1], lower[0], lower[1]].map(parts);
                let sum = [0, 1, 2, 3].map(|part| four.iter().map(|pixel| pixel[part]).sum::<i32>());
                (*blue, *red) = (weigh(sum, BLUE, 4), weigh(sum, RED, 4));
                *alpha = ((sum[3] + 2) / 4) as u8;
            }
        }
    }

    /// Blends the box onto a frame, `lower` pixels (even) further down, with `opacity` 0 to 256.
    pub(crate) fn blend(&self, frame: &mut Frame, lower: usize, opacity: u16) {
        let frame_width = frame.width;
        for (index, plane) in frame.planes_mut().into_iter().enumerate() {
            let half = if index == 0 { 1 } else { 2 };
            let (width, stride) = (self.width / half, frame_width / half);
            let (x, y) = (self.x / half, (self.y + lower) / half);
            let alpha = &self.alpha[half - 1];
            if width == 0 {
                continue;
            }
            let lines = plane.chunks_exact_mut(stride).skip(y);
            for ((line, colour), alpha) in lines.zip(self.colour[index].chunks_exact(width)).zip(alpha.chunks_exact(width)) {
                blend_line(&mut line[x..x + width], colour, alpha, opacity);
            }
        }
    }

    /// Places on the frame whose alpha is more than `least`.
    #[cfg(test)]
    pub(crate) fn opaque(&self, least: u8) -> impl Iterator<Item = (usize, usize)> {
        let places = self.alpha[0].iter().enumerate().filter(move |(_, alpha)| **alpha > least);
        places.map(|(at, _)| (self.x + at % self.width, self.y + at / self.width))
    }
}

fn parts(pixel: PremultipliedColorU8) -> [i32; 4] {
    [pixel.red(), pixel.green(), pixel.blue(), pixel.alpha()].map(i32::from)
}

/// The rounded mean of `count` pixels, given as their sum.
fn weigh(sum: [i32; 4], shares: [i32; 4], count: i32) -> u8 {
    let total = (0..4).map(|part| sum[part].wrapping_mul(shares[part])).fold(32_768 * count, i32::wrapping_add);
    ((total / count) >> 16) as u8
}

/// Wrapping arithmetic, although nothing here can wrap: overflow checks would keep the loop from being vectorised.
fn blend_line(line: &mut [u8], colour: &[u8], alpha: &[u8], opacity: u16) {
    for ((sample, colour), alpha) in line.iter_mut().zip(colour).zip(alpha) {
        let alpha = u16::from(*alpha).wrapping_mul(opacity).wrapping_add(128) >> 8;
        // 255 becomes 256, so that full alpha hides everything.
        let through = 256u16.wrapping_sub(alpha.wrapping_add(alpha >> 7));
        let drawn = u16::from(*colour).wrapping_mul(opacity).wrapping_add(128) >> 8;
        let below = u16::from(*sample).wrapping_mul(through).wrapping_add(128) >> 8;
        *sample = drawn.wrapping_add(below).min(255) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::yuv;
    use model::storyboard::Size;

    #[test]
    fn colours_are_those_of_the_frame() {
        for rgb in [[255u8, 255, 255], [0, 0, 0], [255, 217, 61], [12, 200, 90], [255, 0, 0], [0, 0, 255]] {
            let mut pixmap = Pixmap::new(4, 4).expect("a pixmap");
            let [red, green, blue] = rgb;
            pixmap.pixels_mut().fill(PremultipliedColorU8::from_rgba(red, green, blue, 255).expect("opaque"));
            let mut frame = Frame::black(Size { width: 8, height: 8 });
            Overlay::new(&pixmap, 2, 4).blend(&mut frame, 0, 256);
            let expected = yuv(rgb.map(f32::from)).map(|value| value.round() as u8);
            let [luma, blue, red] = frame.planes();
            let got = [luma[4 * 8 + 2], blue[2 * 4 + 1], red[2 * 4 + 1]];
            assert!(got.iter().zip(expected).all(|(got, expected)| got.abs_diff(expected) <= 1), "{rgb:?}: {got:?} {expected:?}");
            assert_eq!((luma[0], luma[4 * 8 + 6]), (16, 16), "only the box is changed");
        }
    }

    #[test]
    fn half_transparent_lets_half_through() {
        let mut pixmap = Pixmap::new(2, 2).expect("a pixmap");
        pixmap.pixels_mut().fill(PremultipliedColorU8::from_rgba(0, 0, 0, 128).expect("premultiplied"));
        let mut frame = Frame::black(Size { width: 2, height: 2 });
        frame.data.fill(235);
        Overlay::new(&pixmap, 0, 0).blend(&mut frame, 0, 256);
        assert!(frame.planes()[0].iter().all(|luma| luma.abs_diff(125) <= 1), "{:?}", frame.planes()[0]);
    }
}
