//! Sub-pixel exact enlarging and shifting of planes with a separable 4-tap cubic, the renderer's hottest loop.
//!
//! Weights are computed afresh for every row and column in 1/16384 steps, so a slow move never snaps to a grid.

use crate::camera::View;
use crate::frame::Frame;

/// Weights are fixed point with this many fraction bits.
const WEIGHT_BITS: u32 = 14;
/// The rows between the two passes keep this many fraction bits; with the cubic's overshoot they still fit an `i16`.
const ROW_BITS: u32 = 6;
/// Samples repeated at both ends of a row, so that the inner loop has no edges.
const PAD: usize = 4;

/// Where the samples of one output row or column come from: first source index + [`PAD`] and four weights.
struct Taps {
    first: Vec<u32>,
    weights: Vec<[i16; 4]>,
    /// The end of the furthest samples that are read: checked once for a whole line.
    reach: usize,
}

/// Memory that is used again from frame to frame.
#[derive(Default)]
pub(crate) struct Scratch {
    row: Vec<i16>,
}

/// Draws the part `view` of `source` to the whole of `target`.
pub(crate) fn resample(source: &Frame, view: View, target: &mut Frame, scratch: &mut Scratch) {
    let (step_x, step_y) =
        (view.extent * source.width as f64 / target.width as f64, view.extent * source.height as f64 / target.height as f64);
    let (left, top) = (view.x * source.width as f64, view.y * source.height as f64);
    let (width, height) = (target.width, target.height);
    let luma = (
        Taps::new(width, left + 0.5 * step_x - 0.5, step_x, source.width),
        Taps::new(height, top + 0.5 * step_y - 0.5, step_y, source.height),
    );
    // Chroma samples stand on even columns (as H.264 has them by default) and between the rows.
    let chroma = (
        Taps::new(width / 2, (left + 0.5 * step_x - 0.5) / 2.0, step_x, source.width / 2),
        Taps::new(height / 2, (top + step_y) / 2.0 - 0.5, step_y, source.height / 2),
    );
    let planes = source.planes();
    for (index, plane) in target.planes_mut().into_iter().enumerate() {
        let ((columns, rows), half) = if index == 0 { (&luma, 1) } else { (&chroma, 2) };
        resample_plane(planes[index], source.width / half, columns, rows, plane, scratch);
    }
}

impl Taps {
    fn new(count: usize, origin: f64, step: f64, limit: usize) -> Self {
        let mut taps = Self { first: Vec::with_capacity(count), weights: Vec::with_capacity(count), reach: 0 };
        for index in 0..count {
            let position = (origin + index as f64 * step).clamp(-1.0, limit as f64);
            let base = position.floor();
            taps.first.push((base as i64 - 1 + PAD as i64) as u32);
            taps.weights.push(cubic(position - base));
        }
        taps.reach = taps.first.iter().max().map_or(0, |first| *first as usize + 4);
        taps
    }
}

/// Catmull-Rom weights for a fraction, rounded so that they sum to exactly one.
fn cubic(t: f64) -> [i16; 4] {
    let (t2, t3) = (t * t, t * t * t);
    let exact = [-0.5 * t + t2 - 0.5 * t3, 1.0 - 2.5 * t2 + 1.5 * t3, 0.5 * t + 2.0 * t2 - 1.5 * t3, -0.5 * t2 + 0.5 * t3];
    let mut weights = exact.map(|weight| (weight * f64::from(1 << WEIGHT_BITS)).round() as i16);
    let largest = if t < 0.5 { 1 } else { 2 };
    weights[largest] += (1 << WEIGHT_BITS) - weights.iter().sum::<i16>();
    weights
}

fn resample_plane(source: &[u8], width: usize, columns: &Taps, rows: &Taps, target: &mut [u8], scratch: &mut Scratch) {
    let height = source.len() / width;
    scratch.row.clear();
    scratch.row.resize(width + 2 * PAD, 0);
    let passes = Passes::for_this_machine();
    for ((first, weights), line) in rows.first.iter().zip(&rows.weights).zip(target.chunks_exact_mut(columns.first.len())) {
        let top = *first as i64 - PAD as i64;
        let lines = [0, 1, 2, 3].map(|tap| {
            let row = (top + tap).clamp(0, height as i64 - 1) as usize;
            &source[row * width..(row + 1) * width]
        });
        passes.vertical(lines, *weights, &mut scratch.row[PAD..PAD + width]);
        let (left, right) = (scratch.row[PAD], scratch.row[PAD + width - 1]);
        scratch.row[..PAD].fill(left);
        scratch.row[PAD + width..].fill(right);
        passes.horizontal(&scratch.row, columns, line);
    }
}

/// The two inner loops in the best form the processor has; all forms give the same bytes.
#[derive(Clone, Copy)]
enum Passes {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
}

impl Passes {
    fn for_this_machine() -> Self {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            return Self::Avx2;
        }
        Self::Portable
    }

    fn vertical(self, lines: [&[u8]; 4], weights: [i16; 4], row: &mut [i16]) {
        match self {
            Self::Portable => vertical(lines, weights, row, 0),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: this variant is only made when the processor has AVX2.
            Self::Avx2 => unsafe { avx2::vertical(lines, weights, row) },
        }
    }

    fn horizontal(self, row: &[i16], columns: &Taps, line: &mut [u8]) {
        match self {
            Self::Portable => horizontal(row, columns, line, 0),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: this variant is only made when the processor has AVX2.
            Self::Avx2 => unsafe { avx2::horizontal(row, columns, line) },
        }
    }
}

fn vertical(lines: [&[u8]; 4], weights: [i16; 4], row: &mut [i16], from: usize) {
    for column in from..row.len() {
        let sum: i32 = (0..4).map(|tap| i32::from(lines[tap][column]) * i32::from(weights[tap])).sum();
        row[column] = ((sum + (1 << (WEIGHT_BITS - ROW_BITS - 1))) >> (WEIGHT_BITS - ROW_BITS)) as i16;
    }
}

fn horizontal(row: &[i16], columns: &Taps, line: &mut [u8], from: usize) {
    for column in from..line.len() {
        let taps = &row[columns.first[column] as usize..][..4];
        let sum: i32 =
            taps.iter().zip(columns.weights[column]).map(|(sample, weight)| i32::from(*sample) * i32::from(weight)).sum();
        line[column] = ((sum + (1 << (WEIGHT_BITS + ROW_BITS - 1))) >> (WEIGHT_BITS + ROW_BITS)).clamp(0, 255) as u8;
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::{ROW_BITS, Taps, WEIGHT_BITS};
    use std::arch::x86_64::*;

    fn pair(low: i16, high: i16) -> i32 {
        i32::from(high) << 16 | i32::from(low as u16)
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn vertical(lines: [&[u8]; 4], weights: [i16; 4], row: &mut [i16]) {
        let (upper, lower) = (_mm256_set1_epi32(pair(weights[0], weights[1])), _mm256_set1_epi32(pair(weights[2], weights[3])));
        let half = _mm256_set1_epi32(1 << (WEIGHT_BITS - ROW_BITS - 1));
        let whole = row.len() / 16 * 16;
        assert!(lines.iter().all(|line| line.len() >= whole));
        for column in (0..whole).step_by(16) {
            // SAFETY: `column + 16` is within every line and the row, as asserted above.
            let [a, b, c, d] =
                lines.map(|line| unsafe { _mm256_cvtepu8_epi16(_mm_loadu_si128(line.as_ptr().add(column).cast())) });
            let low = _mm256_add_epi32(
                _mm256_madd_epi16(_mm256_unpacklo_epi16(a, b), upper),
                _mm256_madd_epi16(_mm256_unpacklo_epi16(c, d), lower),
            );
            let high = _mm256_add_epi32(
                _mm256_madd_epi16(_mm256_unpackhi_epi16(a, b), upper),
                _mm256_madd_epi16(_mm256_unpackhi_epi16(c, d), lower),
            );
            let low = _mm256_srai_epi32::<{ (WEIGHT_BITS - ROW_BITS) as i32 }>(_mm256_add_epi32(low, half));
            let high = _mm256_srai_epi32::<{ (WEIGHT_BITS - ROW_BITS) as i32 }>(_mm256_add_epi32(high, half));
            // SAFETY: as above.
            unsafe { _mm256_storeu_si256(row.as_mut_ptr().add(column).cast(), _mm256_packs_epi32(low, high)) };
        }
        super::vertical(lines, weights, row, whole);
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn horizontal(row: &[i16], columns: &Taps, line: &mut [u8]) {
        let half = _mm256_set1_epi32(1 << (WEIGHT_BITS + ROW_BITS - 1));
        let whole = line.len() / 8 * 8;
        assert!(columns.first.len() >= whole && columns.weights.len() >= whole);
        assert!(columns.reach <= row.len());
        for column in (0..whole).step_by(8) {
            // SAFETY: every index was bounded above; weights are eight times four `i16`.
            let (first, second) = unsafe {
                let taps = |at: usize| {
                    let start = *columns.first.get_unchecked(column + at) as usize;
                    row.as_ptr().add(start).cast::<i64>().read_unaligned()
                };
                let weights: *const __m256i = columns.weights.as_ptr().add(column).cast();
                let (near, far) = (_mm256_loadu_si256(weights), _mm256_loadu_si256(weights.add(1)));
                let first = _mm256_set_epi64x(taps(5), taps(4), taps(1), taps(0));
                let second = _mm256_set_epi64x(taps(7), taps(6), taps(3), taps(2));
                (
                    _mm256_madd_epi16(first, _mm256_permute2x128_si256::<0x20>(near, far)),
                    _mm256_madd_epi16(second, _mm256_permute2x128_si256::<0x31>(near, far)),
                )
            };
            let sums = _mm256_add_epi32(_mm256_hadd_epi32(first, second), half);
            let sums = _mm256_srai_epi32::<{ (WEIGHT_BITS + ROW_BITS) as i32 }>(sums);
            let words = _mm_packs_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256::<1>(sums));
            let bytes = _mm_packus_epi16(words, words);
            // SAFETY: eight bytes from `column` are within the line.
            unsafe { _mm_storel_epi64(line.as_mut_ptr().add(column).cast(), bytes) };
        }
        super::horizontal(row, columns, line, whole);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::camera::Camera;
    use model::storyboard::{Focus, Motion, Size};
    use proptest::prelude::*;

    /// A sum of slow waves: smooth enough that its displacement can be read from its gradient.
    fn texture(x: f64, y: f64) -> f64 {
        120.0 + 50.0 * (x * 0.11 + y * 0.05).sin() + 40.0 * (y * 0.13 - x * 0.04).cos()
    }

    fn textured(width: usize, height: usize) -> Frame {
        let mut frame = Frame::black(Size { width: width as u32, height: height as u32 });
        for (index, sample) in frame.planes_mut()[0].iter_mut().enumerate() {
            *sample = texture((index % width) as f64 + 0.5, (index / width) as f64 + 0.5).round() as u8;
        }
        frame
    }

    /// The displacement of a rendered frame against the ideal path, in output pixels, by least squares.
    fn displacement(frame: &Frame, source: &Frame, view: View) -> (f64, f64) {
        let (step_x, step_y) =
            (view.extent * source.width as f64 / frame.width as f64, view.extent * source.height as f64 / frame.height as f64);
        let (left, top) = (view.x * source.width as f64, view.y * source.height as f64);
        let (mut xx, mut xy, mut yy, mut dx, mut dy) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for row in 8..frame.height - 8 {
            for column in 8..frame.width - 8 {
                let at = |x: f64, y: f64| texture(left + x * step_x, top + y * step_y);
                let (x, y) = (column as f64 + 0.5, row as f64 + 0.5);
                let (gx, gy) = (at(x + 0.5, y) - at(x - 0.5, y), at(x, y + 0.5) - at(x, y - 0.5));
                let difference = f64::from(frame.planes()[0][row * frame.width + column]) - at(x, y);
                xx += gx * gx;
                xy += gx * gy;
                yy += gy * gy;
                dx += gx * difference;
                dy += gy * difference;
            }
        }
        let determinant = xx * yy - xy * xy;
        ((dx * yy - dy * xy) / determinant, (dy * xx - dx * xy) / determinant)
    }

    #[test]
    fn slow_moves_are_exact_to_a_fiftieth_of_a_pixel() {
        for motion in [Motion::ZoomIn, Motion::ZoomOut, Motion::PanRight, Motion::PanUp, Motion::Drift] {
            let camera = Camera::new(motion, Focus { x: 0.4, y: 0.6 }, 300, 30);
            let source = textured((270.0 * camera.headroom()) as usize / 2 * 2, (480.0 * camera.headroom()) as usize / 2 * 2);
            let mut frame = Frame::black(Size { width: 270, height: 480 });
            let mut squares = 0.0;
            for index in (0..300).step_by(7) {
                resample(&source, camera.view(index), &mut frame, &mut Scratch::default());
                let (x, y) = displacement(&frame, &source, camera.view(index));
                squares += (x * x + y * y) / 43.0;
            }
            assert!(squares.sqrt() <= 0.02, "{motion:?}: {} px RMS", squares.sqrt());
        }
    }

    #[test]
    fn a_still_view_is_the_picture_itself() {
        let source = textured(64, 128);
        let mut frame = Frame::black(Size { width: 64, height: 128 });
        resample(&source, View { x: 0.0, y: 0.0, extent: 1.0 }, &mut frame, &mut Scratch::default());
        assert!(frame == source);
    }

    proptest! {
        #[test]
        fn every_form_of_the_loops_gives_the_same_bytes(
            samples in prop::collection::vec(any::<u8>(), 4 * 61), t in 0.0f64..1.0, origin in -1.0f64..3.0, step in 0.7f64..1.2,
        ) {
            let lines = [0, 1, 2, 3].map(|line| &samples[line * 61..(line + 1) * 61]);
            let columns = Taps::new(53, origin, step, 61);
            let run = |passes: Passes| {
                let (mut row, mut line) = (vec![0; 61 + 2 * PAD], vec![0; 53]);
                passes.vertical(lines, cubic(t), &mut row[PAD..PAD + 61]);
                passes.horizontal(&row, &columns, &mut line);
                line
            };
            prop_assert_eq!(run(Passes::Portable), run(Passes::for_this_machine()));
        }
    }
}
