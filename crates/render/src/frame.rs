//! A picture in I420: full-size luma and two half-size chroma planes in one piece of memory, BT.709 limited range.
//!
//! Where its pixels come from is in `picture`, `clip` and `resample`; text is blended onto it in `overlay`.

use model::storyboard::Size;

/// One I420 frame, laid out as encoders take it: Y, then U, then V.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Frame {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) data: Vec<u8>,
}

impl Frame {
    /// A black frame; width and height are even.
    pub(crate) fn black(size: Size) -> Self {
        let (width, height) = (size.width as usize, size.height as usize);
        let mut data = vec![16; width * height * 3 / 2];
        data[width * height..].fill(128);
        Self { width, height, data }
    }

    /// The three planes.
    pub(crate) fn planes(&self) -> [&[u8]; 3] {
        let (y, chroma) = self.data.split_at(self.width * self.height);
        let (u, v) = chroma.split_at(chroma.len() / 2);
        [y, u, v]
    }

    /// The three planes, to be drawn on.
    pub(crate) fn planes_mut(&mut self) -> [&mut [u8]; 3] {
        let (y, chroma) = self.data.split_at_mut(self.width * self.height);
        let (u, v) = chroma.split_at_mut(chroma.len() / 2);
        [y, u, v]
    }

    /// Mixes `other` over this frame: 0 leaves this frame, 256 is all `other`.
    pub(crate) fn mix(&mut self, other: &Self, weight: u16) {
        debug_assert!(weight <= 256 && other.data.len() == self.data.len());
        for (mine, theirs) in self.data.iter_mut().zip(&other.data) {
            // At most 255 × 256 + 128: nothing wraps, and without overflow checks the loop is vectorised.
            let sum =
                u16::from(*mine).wrapping_mul(256u16.wrapping_sub(weight)).wrapping_add(u16::from(*theirs).wrapping_mul(weight));
            *mine = (sum.wrapping_add(128) >> 8) as u8;
        }
    }

    /// Fades towards black: 256 leaves the frame, 0 is black.
    pub(crate) fn dim(&mut self, weight: u16) {
        debug_assert!(weight <= 256);
        let luma = self.width * self.height;
        for (index, value) in [16u16, 128].into_iter().enumerate() {
            let plane = if index == 0 { &mut self.data[..luma] } else { &mut self.data[luma..] };
            for sample in plane {
                let sum = u16::from(*sample).wrapping_mul(weight).wrapping_add(value.wrapping_mul(256u16.wrapping_sub(weight)));
                *sample = (sum.wrapping_add(128) >> 8) as u8;
            }
        }
    }

    /// The frame as 8-bit RGB rows.
    pub(crate) fn to_rgb(&self) -> image::RgbImage {
        let [y, u, v] = self.planes();
        image::RgbImage::from_fn(self.width as u32, self.height as u32, |column, row| {
            let (column, row) = (column as usize, row as usize);
            let chroma = row / 2 * (self.width / 2) + column / 2;
            let luma = (f32::from(y[row * self.width + column]) - 16.0) * (255.0 / 219.0);
            let (blue, red) =
                ((f32::from(u[chroma]) - 128.0) * (255.0 / 224.0), (f32::from(v[chroma]) - 128.0) * (255.0 / 224.0));
            let pixel = [luma + 1.5748 * red, luma - 0.187_324 * blue - 0.468_124 * red, luma + 1.8556 * blue];
            image::Rgb(pixel.map(|value| value.round().clamp(0.0, 255.0) as u8))
        })
    }
}

/// BT.709 limited range luma and chroma of a colour given as 0–255, unrounded.
pub(crate) fn yuv([red, green, blue]: [f32; 3]) -> [f32; 3] {
    let luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    [
        16.0 + luma * (219.0 / 255.0),
        128.0 + (blue - luma) * (224.0 / 255.0 / 1.8556),
        128.0 + (red - luma) * (224.0 / 255.0 / 1.5748),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reference_colours_have_their_standard_values() {
        let check = |rgb: [f32; 3], expected: [f32; 3]| assert_eq!(yuv(rgb).map(f32::round), expected, "{rgb:?}");
        check([0.0, 0.0, 0.0], [16.0, 128.0, 128.0]);
        check([255.0, 255.0, 255.0], [235.0, 128.0, 128.0]);
        check([255.0, 0.0, 0.0], [63.0, 102.0, 240.0]);
        check([0.0, 255.0, 0.0], [173.0, 42.0, 26.0]);
        check([0.0, 0.0, 255.0], [32.0, 240.0, 118.0]);
    }
}
