//! Sub-pixel exact enlarging and shifting of planes with a separable 4-tap cubic, the renderer's hottest loop.
//!
//! Positions are kept to 1/4096 of a pixel, so a slow move never snaps to a grid that anybody could see. Rows are scaled
//! across first, each source row once, and then four of them are weighed down each output row.

use crate::camera::View;
use crate::frame::Frame;

#[cfg(target_arch = "x86_64")]
mod x86;

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
/// Source samples that one group of 32 output samples is picked from.
const WIDE_REACH: usize = 64;

/// Where the samples of one output row or column come from.
struct Taps {
    /// For each output sample the first of its four source samples, which may lie outside, and its weights.
    each: Vec<(i32, [i16; 4])>,
    /// The same for the wide loop, in groups of sixteen output samples; the last group overlaps the one before it where the
    /// samples don't come out even.
    groups: Vec<Group>,
    /// The same again for processors that pick from 64 bytes at once, in groups of 32 output samples.
    wide_groups: Vec<WideGroup>,
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

/// Thirty-two neighbouring output samples. The first register has those of every other four, the second the rest, which is
/// the order in which packing puts them side by side.
#[derive(Clone)]
#[repr(C, align(64))]
struct WideGroup {
    /// For the two registers: which bytes of the [`WIDE_REACH`] are the four taps of each 32-bit lane.
    pick: [[u8; 64]; 2],
    /// Their weights, of which a processor multiplies only eight bits at a time: the upper ones and the signed rest.
    upper: [[i8; 64]; 2],
    lower: [[i8; 64]; 2],
    /// The first byte of the reach.
    start: u32,
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
    let passes = Passes::for_this_machine();
    let luma = (
        Taps::new(width, left + 0.5 * step_x - 0.5, step_x, source.width, passes),
        Taps::of_rows(height, top + 0.5 * step_y - 0.5, step_y, source.height),
    );
    // Chroma samples stand on even columns (as H.264 has them by default) and between the rows.
    let chroma = (
        Taps::new(width / 2, (left + 0.5 * step_x - 0.5) / 2.0, step_x, source.width / 2, passes),
        Taps::of_rows(height / 2, (top + step_y) / 2.0 - 0.5, step_y, source.height / 2),
    );
    let planes = source.planes();
    for (index, plane) in target.planes_mut().into_iter().enumerate() {
        let ((columns, rows), half) = if index == 0 { (&luma, 1) } else { (&chroma, 2) };
        resample_plane(planes[index], source.width / half, (columns, rows), plane, scratch, passes);
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
        Self { each: each.collect(), groups: Vec::new(), wide_groups: Vec::new(), row: limit }
    }

    /// Output columns, out of rows of `limit` samples.
    fn new(count: usize, origin: f64, step: f64, limit: usize, passes: Passes) -> Self {
        let mut taps = Self::of_rows(count, origin, step, limit);
        // All samples of a group and their taps must be within reach.
        if passes.is_wide() && count >= 32 && limit >= WIDE_REACH && 31.0 * step + 4.0 <= (WIDE_REACH - 1) as f64 {
            let group = |number: usize| WideGroup::new(&taps.each[(number * 32).min(count - 32)..][..32], limit as i32);
            taps.wide_groups = (0..count.div_ceil(32)).map(group).collect();
        } else if count >= 16 && limit >= REACH && 3.0 * step + 4.0 <= (REACH - 1) as f64 {
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

impl WideGroup {
    fn new(each: &[(i32, [i16; 4])], limit: i32) -> Self {
        let start = each[0].0.clamp(0, limit - WIDE_REACH as i32);
        let mut group = Self { pick: [[0; 64]; 2], upper: [[0; 64]; 2], lower: [[0; 64]; 2], start: start as u32 };
        for (place, (first, weights)) in each.iter().enumerate() {
            let (register, lane) = (place / 4 % 2, place / 8 * 4 + place % 4);
            for (tap, weight) in weights.iter().enumerate() {
                // Beyond its ends a row goes on with its last sample.
                group.pick[register][lane * 4 + tap] = ((first + tap as i32).clamp(0, limit - 1) - start) as u8;
                let lower = *weight as i8;
                group.lower[register][lane * 4 + tap] = lower;
                group.upper[register][lane * 4 + tap] = ((weight - i16::from(lower)) >> 8) as i8;
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

fn resample_plane(
    source: &[u8],
    width: usize,
    (columns, rows): (&Taps, &Taps),
    target: &mut [u8],
    scratch: &mut Scratch,
    passes: Passes,
) {
    let (height, across) = (source.len() / width, columns.each.len());
    scratch.rows.resize(4 * across, 0);
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
#[derive(Clone, Copy, Debug)]
enum Passes {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// With the byte permutations and dot products that came with Intel's Ice Lake and AMD's Zen 4.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Passes {
    fn for_this_machine() -> Self {
        Self::of_this_machine().pop().unwrap_or(Self::Portable)
    }

    /// All that the processor can run, the best last.
    fn of_this_machine() -> Vec<Self> {
        let mut forms = vec![Self::Portable];
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            forms.push(Self::Avx2);
            let new_ones = is_x86_feature_detected!("avx512vbmi") && is_x86_feature_detected!("avx512vnni");
            if is_x86_feature_detected!("avx512bw") && new_ones {
                forms.push(Self::Avx512);
            }
        }
        forms
    }

    /// Whether rows are scaled in groups of 32.
    fn is_wide(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        return matches!(self, Self::Avx512);
        #[cfg(not(target_arch = "x86_64"))]
        false
    }

    /// Scales a row of bytes to `row`.
    fn horizontal(self, line: &[u8], columns: &Taps, row: &mut [i16]) {
        match self {
            Self::Portable => horizontal(line, columns, row),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: this variant is only made when the processor has AVX2.
            Self::Avx2 => unsafe { x86::avx2::horizontal(line, columns, row) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: this variant is only made when the processor has AVX2 and these parts of AVX-512.
            Self::Avx512 if columns.wide_groups.is_empty() => unsafe { x86::avx2::horizontal(line, columns, row) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Self::Avx512 => unsafe { x86::avx512::horizontal(line, columns, row) },
        }
    }

    /// Weighs four rows into a line of bytes.
    fn vertical(self, rows: [&[i16]; 4], weights: [i16; 4], line: &mut [u8]) {
        match self {
            Self::Portable => vertical(rows, weights, line),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: this variant is only made when the processor has AVX2.
            Self::Avx2 => unsafe { x86::avx2::vertical(rows, weights, line) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: this variant is only made when the processor has AVX2 and these parts of AVX-512.
            Self::Avx512 => unsafe { x86::avx512::vertical(rows, weights, line) },
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
            samples in prop::collection::vec(any::<u8>(), 4 * 131), t in 0.0f64..1.0, origin in -1.0f64..3.0, step in 0.7f64..2.0,
            count in 8usize..131,
        ) {
            let weights = cubic((t * f64::from(PHASES)) as u32);
            let run = |passes: Passes| {
                let columns = Taps::new(count, origin, step, 131, passes);
                let rows: Vec<Vec<i16>> = samples.chunks_exact(131).map(|line| {
                    let mut row = vec![0; count];
                    passes.horizontal(line, &columns, &mut row);
                    row
                }).collect();
                let mut line = vec![0; count];
                passes.vertical([&rows[0], &rows[1], &rows[2], &rows[3]], weights, &mut line);
                line
            };
            let plain = run(Passes::Portable);
            for passes in Passes::of_this_machine() {
                prop_assert_eq!(&run(passes), &plain, "{:?}", passes);
            }
        }
    }
}
