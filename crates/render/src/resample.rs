//! Sub-pixel exact enlarging and shifting of planes with a separable 4-tap cubic, the renderer's hottest loop.
//!
//! Positions are kept to 1/4096 of a pixel, so a slow move never snaps to a grid that anybody could see. Rows are scaled
//! across first, each source row once, and then four of them are weighed down each output row.

use crate::camera::View;
use crate::frame::Frame;

/// Weights are fixed point with this many fraction bits.
const WEIGHT_BITS: u32 = 14;
/// The rows between the two passes keep this many fraction bits; with the cubic's overshoot they still fit an `i16`.
const ROW_BITS: u32 = 6;
/// The last pass multiplies into one bit less: its product is rounded at bit 15, not at [`WEIGHT_BITS`].
const SUM_BITS: u32 = ROW_BITS - 1;
/// Positions within a pixel that have weights of their own.
const PHASES: u32 = 4096;
/// Source samples that one group of four output samples is picked from.
const REACH: usize = 16;

/// Where the samples of one output row or column come from.
struct Taps {
    /// For each output sample the first of its four source samples, which may lie outside, and its weights.
    each: Vec<(i32, [i16; 4])>,
    /// The same for the wide loop, in groups of sixteen output samples; the last group overlaps the one before it where the
    /// samples don't come out even.
    groups: Vec<Group>,
    /// The length that a row must have for the groups.
    row: usize,
}

/// Four times four neighbouring output samples. Quarters 0 and 2 share a register, and so do 1 and 3.
#[derive(Clone)]
#[repr(C, align(32))]
struct Group {
    /// For the two registers: which byte of its [`REACH`] goes to the lower half of each 16-bit lane; the first two taps, then
    /// the last two.
    pick: [[[u8; 32]; 2]; 2],
    /// Their weights.
    weights: [[[i16; 16]; 2]; 2],
    /// The first byte of each quarter's reach.
    start: [u32; 4],
}

/// Memory that is used again from frame to frame.
#[derive(Default)]
pub(crate) struct Scratch {
    /// Four rows that were scaled across, one after the other.
    rows: Vec<i16>,
}

/// Draws the part `view` of `source` to the whole of `target`.
pub(crate) fn resample(source: &Frame, view: View, target: &mut Frame, scratch: &mut Scratch) {
    let (step_x, step_y) =
        (view.extent * source.width as f64 / target.width as f64, view.extent * source.height as f64 / target.height as f64);
    let (left, top) = (view.x * source.width as f64, view.y * source.height as f64);
    let (width, height) = (target.width, target.height);
    if (source.width, source.height) == (width, height) && view == (View { x: 0.0, y: 0.0, extent: 1.0 }) {
        target.data.copy_from_slice(&source.data);
        return;
    }
    let luma = (
        Taps::new(width, left + 0.5 * step_x - 0.5, step_x, source.width),
        Taps::of_rows(height, top + 0.5 * step_y - 0.5, step_y, source.height),
    );
    // Chroma samples stand on even columns (as H.264 has them by default) and between the rows.
    let chroma = (
        Taps::new(width / 2, (left + 0.5 * step_x - 0.5) / 2.0, step_x, source.width / 2),
        Taps::of_rows(height / 2, (top + step_y) / 2.0 - 0.5, step_y, source.height / 2),
    );
    let planes = source.planes();
    for (index, plane) in target.planes_mut().into_iter().enumerate() {
        let ((columns, rows), half) = if index == 0 { (&luma, 1) } else { (&chroma, 2) };
        resample_plane(planes[index], source.width / half, columns, rows, plane, scratch);
    }
}

impl Taps {
    /// Output rows: the wide loop has no use for groups of them.
    fn of_rows(count: usize, origin: f64, step: f64, limit: usize) -> Self {
        let each = (0..count).map(|index| {
            let position = (origin + index as f64 * step).clamp(-1.0, limit as f64);
            let phases = (position * f64::from(PHASES)).round() as i64;
            (phases.div_euclid(i64::from(PHASES)) as i32 - 1, WEIGHTS[phases.rem_euclid(i64::from(PHASES)) as usize])
        });
        Self { each: each.collect(), groups: Vec::new(), row: limit }
    }

    /// Output columns, out of rows of `limit` samples.
    fn new(count: usize, origin: f64, step: f64, limit: usize) -> Self {
        let mut taps = Self::of_rows(count, origin, step, limit);
        // Four samples and their taps must be within reach.
        if count >= 16 && limit >= REACH && 3.0 * step + 4.0 <= (REACH - 1) as f64 {
            let group = |number: usize| Group::new(&taps.each[(number * 16).min(count - 16)..][..16], limit as i32);
            taps.groups = (0..count.div_ceil(16)).map(group).collect();
        }
        taps
    }
}

impl Group {
    fn new(each: &[(i32, [i16; 4])], limit: i32) -> Self {
        // Bytes that are not picked become zero.
        let mut group = Self { pick: [[[0x80; 32]; 2]; 2], weights: [[[0; 16]; 2]; 2], start: [0; 4] };
        for (quarter, each) in each.chunks_exact(4).enumerate() {
            let start = each[0].0.clamp(0, limit - REACH as i32);
            group.start[quarter] = start as u32;
            let (register, half) = (quarter % 2, quarter / 2);
            for (place, (first, weights)) in each.iter().enumerate() {
                for (tap, weight) in weights.iter().enumerate() {
                    // Beyond its ends a row goes on with its last sample.
                    let byte = (first + tap as i32).clamp(0, limit - 1) - start;
                    let lane = half * 8 + place * 2 + tap % 2;
                    group.pick[register][tap / 2][lane * 2] = byte as u8;
                    group.weights[register][tap / 2][lane] = *weight;
                }
            }
        }
        group
    }
}

/// The weights of every phase: looking them up is quicker than computing them for each row and column of each frame.
static WEIGHTS: [[i16; 4]; PHASES as usize] = weights_of_phases();

const fn weights_of_phases() -> [[i16; 4]; PHASES as usize] {
    let mut weights = [[0; 4]; PHASES as usize];
    let mut phase = 0;
    while phase < PHASES {
        weights[phase as usize] = cubic(phase);
        phase += 1;
    }
    weights
}

/// Catmull-Rom weights for a position between two samples in [`PHASES`], rounded so that they sum to exactly one.
const fn cubic(phase: u32) -> [i16; 4] {
    // With t = p / n and all four polynomials over 2 n³, so that there are only whole numbers.
    let (p, n) = (phase as i64, PHASES as i64);
    let (p2, p3, n2, n3) = (p * p, p * p * p, n * n, n * n * n);
    let exact = [2 * p2 * n - p * n2 - p3, 2 * n3 - 5 * p2 * n + 3 * p3, p * n2 + 4 * p2 * n - 3 * p3, p3 - p2 * n];
    let mut weights = [0; 4];
    let (mut tap, mut sum) = (0, 0);
    while tap < 4 {
        weights[tap] = (((exact[tap] << WEIGHT_BITS) + n3).div_euclid(2 * n3)) as i16;
        sum += weights[tap];
        tap += 1;
    }
    weights[if phase < PHASES / 2 { 1 } else { 2 }] += (1 << WEIGHT_BITS) - sum;
    weights
}

fn resample_plane(source: &[u8], width: usize, columns: &Taps, rows: &Taps, target: &mut [u8], scratch: &mut Scratch) {
    let (height, across) = (source.len() / width, columns.each.len());
    scratch.rows.resize(4 * across, 0);
    let passes = Passes::for_this_machine();
    // Which source row stands in each of the four places: row r always in place r modulo 4.
    let mut held = [usize::MAX; 4];
    for ((first, weights), line) in rows.each.iter().zip(target.chunks_exact_mut(across)) {
        let wanted = [0, 1, 2, 3].map(|tap| (first + tap).clamp(0, height as i32 - 1) as usize);
        for row in wanted {
            if held[row % 4] != row {
                held[row % 4] = row;
                let place = &mut scratch.rows[row % 4 * across..][..across];
                passes.horizontal(&source[row * width..(row + 1) * width], columns, place);
            }
        }
        passes.vertical(wanted.map(|row| &scratch.rows[row % 4 * across..][..across]), *weights, line);
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

    /// Scales a row of bytes to `row`.
    fn horizontal(self, line: &[u8], columns: &Taps, row: &mut [i16]) {
        match self {
            Self::Portable => horizontal(line, columns, row),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: this variant is only made when the processor has AVX2.
            Self::Avx2 => unsafe { avx2::horizontal(line, columns, row) },
        }
    }

    /// Weighs four rows into a line of bytes.
    fn vertical(self, rows: [&[i16]; 4], weights: [i16; 4], line: &mut [u8]) {
        match self {
            Self::Portable => vertical(rows, weights, line),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: this variant is only made when the processor has AVX2.
            Self::Avx2 => unsafe { avx2::vertical(rows, weights, line) },
        }
    }
}

fn horizontal(line: &[u8], columns: &Taps, row: &mut [i16]) {
    let last = line.len() as i32 - 1;
    for ((first, weights), sample) in columns.each.iter().zip(row) {
        let tap = |tap: i32| i32::from(line[(first + tap).clamp(0, last) as usize]) * i32::from(weights[tap as usize]);
        let sum = tap(0) + tap(1) + tap(2) + tap(3);
        *sample = ((sum + (1 << (WEIGHT_BITS - ROW_BITS - 1))) >> (WEIGHT_BITS - ROW_BITS)) as i16;
    }
}

fn vertical(rows: [&[i16]; 4], weights: [i16; 4], line: &mut [u8]) {
    for column in 0..line.len() {
        let product = |tap: usize| (i32::from(rows[tap][column]) * i32::from(weights[tap]) + (1 << 14)) >> 15;
        let sum = product(0) + product(1) + product(2) + product(3);
        line[column] = ((sum + (1 << (SUM_BITS - 1))) >> SUM_BITS).clamp(0, 255) as u8;
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::{Group, ROW_BITS, SUM_BITS, Taps, WEIGHT_BITS};
    use std::arch::x86_64::*;

    #[target_feature(enable = "avx2")]
    pub(super) fn horizontal(line: &[u8], columns: &Taps, row: &mut [i16]) {
        let half = _mm256_set1_epi32(1 << (WEIGHT_BITS - ROW_BITS - 1));
        // Every group's starts were kept within this length when it was made.
        assert!(line.len() >= columns.row);
        let count = row.len();
        for (number, group) in columns.groups.iter().enumerate() {
            let out = &mut row[(number * 16).min(count - 16)..][..16];
            let register = |number: usize| {
                // SAFETY: sixteen bytes from each start are within the line, as their group was made for it; picks and weights are 32 bytes each.
                unsafe {
                    let load = |quarter: usize| _mm_loadu_si128(line.as_ptr().add(group.start[quarter] as usize).cast());
                    let bytes = _mm256_set_m128i(load(number + 2), load(number));
                    let part = |taps: usize| {
                        let pick = _mm256_load_si256(group.pick[number][taps].as_ptr().cast());
                        let weights = _mm256_load_si256(group.weights[number][taps].as_ptr().cast());
                        _mm256_madd_epi16(_mm256_shuffle_epi8(bytes, pick), weights)
                    };
                    let sums = _mm256_add_epi32(_mm256_add_epi32(part(0), part(1)), half);
                    _mm256_srai_epi32::<{ (WEIGHT_BITS - ROW_BITS) as i32 }>(sums)
                }
            };
            // SAFETY: `out` has sixteen samples.
            unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), _mm256_packs_epi32(register(0), register(1))) };
        }
        if columns.groups.is_empty() {
            super::horizontal(line, columns, row);
        }
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn vertical(rows: [&[i16]; 4], weights: [i16; 4], line: &mut [u8]) {
        let weights16 = weights.map(|weight| _mm256_set1_epi16(weight));
        let half = _mm256_set1_epi16(1 << (SUM_BITS - 1));
        let count = line.len();
        if count < 32 {
            return super::vertical(rows, weights, line);
        }
        assert!(rows.iter().all(|row| row.len() >= count));
        for column in (0..count).step_by(32) {
            // The last step overlaps the one before where the samples don't come out even.
            let column = column.min(count - 32);
            let sixteen = |column: usize| {
                let product = |tap: usize| {
                    // SAFETY: `column + 16` is within every row, as asserted above.
                    let samples = unsafe { _mm256_loadu_si256(rows[tap].as_ptr().add(column).cast()) };
                    _mm256_mulhrs_epi16(samples, weights16[tap])
                };
                let sum = _mm256_add_epi16(_mm256_add_epi16(product(0), product(1)), _mm256_add_epi16(product(2), product(3)));
                _mm256_srai_epi16::<{ SUM_BITS as i32 }>(_mm256_add_epi16(sum, half))
            };
            let bytes = _mm256_packus_epi16(sixteen(column), sixteen(column + 16));
            let bytes = _mm256_permute4x64_epi64::<0b11_01_10_00>(bytes);
            // SAFETY: 32 bytes from `column` are within the line.
            unsafe { _mm256_storeu_si256(line.as_mut_ptr().add(column).cast(), bytes) };
        }
    }

    // A group's arrays are read with aligned loads.
    const _: () = assert!(align_of::<Group>() == 32 && size_of::<[u8; 32]>() == 32 && size_of::<[i16; 16]>() == 32);
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
            let columns = Taps::new(53, origin, step, 61);
            let weights = cubic((t * f64::from(PHASES)) as u32);
            let run = |passes: Passes| {
                let rows: Vec<Vec<i16>> = samples.chunks_exact(61).map(|line| {
                    let mut row = vec![0; 53];
                    passes.horizontal(line, &columns, &mut row);
                    row
                }).collect();
                let mut line = vec![0; 53];
                passes.vertical([&rows[0], &rows[1], &rows[2], &rows[3]], weights, &mut line);
                line
            };
            prop_assert_eq!(run(Passes::Portable), run(Passes::for_this_machine()));
        }
    }
}
