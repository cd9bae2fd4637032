//! From a decoded picture to what the camera moves over: the part that is shown, upright, in sRGB, scaled, as I420.
//!
//! Rows go through one by one, so that no second large picture is ever in memory. Decoding is in `picture`.

use image::RgbImage;
use image::metadata::Orientation;
use model::storyboard::{Focus, Size};

use crate::frame::{Frame, yuv};
use crate::picture::{Picture, box_blur};

impl Picture {
    /// Width and height when it is upright.
    pub(crate) fn upright(&self) -> (usize, usize) {
        if stands(self.orientation) { (self.width, self.height) } else { (self.height, self.width) }
    }
}

/// Whether rows stay rows when a picture is made upright.
fn stands(orientation: Orientation) -> bool {
    use Orientation::{FlipHorizontal, FlipVertical, NoTransforms, Rotate180};
    matches!(orientation, NoTransforms | FlipHorizontal | FlipVertical | Rotate180)
}

/// The part of a picture that covers a frame of `size`, around `focus`: left, top, width, height in pixels, and the
/// focus within that part.
pub(crate) fn cover(width: usize, height: usize, size: Size, focus: Focus) -> ([f64; 4], Focus) {
    let (width, height) = (width as f64, height as f64);
    let shape = f64::from(size.width) / f64::from(size.height);
    let (part_width, part_height) = (width.min(height * shape), height.min(width / shape));
    let left = (focus.x * width - part_width / 2.0).clamp(0.0, width - part_width);
    let top = (focus.y * height - part_height / 2.0).clamp(0.0, height - part_height);
    let inner = Focus { x: (focus.x * width - left) / part_width, y: (focus.y * height - top) / part_height };
    ([left, top, part_width, part_height], inner)
}

/// Cuts `part` out of a picture and scales it to `headroom` times `size`.
pub(crate) fn source(picture: &Picture, part: [f64; 4], size: Size, headroom: f64) -> Frame {
    let even = |side: u32| ((f64::from(side) * headroom / 2.0).round() as usize * 2).max(2);
    let (width, height) = (even(size.width), even(size.height));
    let enlarged = width as f64 / part[2];
    let mut planar = Planar::new(width, height);
    if picture.orientation == Orientation::NoTransforms {
        scale(picture, part, (width, height), |row| planar.push(row));
    } else {
        let (across, down) = if stands(picture.orientation) { (width, height) } else { (height, width) };
        let mut bytes = Vec::with_capacity(width * height * 3);
        let lying = part_in_file(part, picture);
        scale(picture, lying, (across, down), |row| bytes.extend(row.iter().map(|value| value.round() as u8)));
        let turned = RgbImage::from_raw(across as u32, down as u32, bytes).expect("every row was pushed");
        let upright = turn(turned, picture.orientation);
        let mut row = vec![0.0; width * 3];
        for line in upright.chunks_exact(width * 3) {
            row.iter_mut().zip(line).for_each(|(value, byte)| *value = f32::from(*byte));
            planar.push(&row);
        }
    }
    let mut frame = planar.frame;
    if enlarged > 1.3 {
        sharpen(&mut frame, enlarged);
    }
    frame
}

/// Where a part of the upright picture lies in the file's rows.
fn part_in_file([mut left, mut top, width, height]: [f64; 4], picture: &Picture) -> [f64; 4] {
    use Orientation::{
        FlipHorizontal, FlipVertical, NoTransforms, Rotate90, Rotate90FlipH, Rotate180, Rotate270, Rotate270FlipH,
    };
    let (upright_width, upright_height) = picture.upright();
    let (right, bottom) = (upright_width as f64 - width - left, upright_height as f64 - height - top);
    match picture.orientation {
        NoTransforms => {}
        FlipHorizontal => left = right,
        FlipVertical => top = bottom,
        Rotate180 => (left, top) = (right, bottom),
        Rotate90 => return [top, right, height, width],
        Rotate270 => return [bottom, left, height, width],
        Rotate90FlipH => return [top, left, height, width],
        Rotate270FlipH => return [bottom, right, height, width],
    }
    [left, top, width, height]
}

fn turn(picture: RgbImage, orientation: Orientation) -> RgbImage {
    let mut picture = image::DynamicImage::ImageRgb8(picture);
    picture.apply_orientation(orientation);
    picture.into_rgb8()
}

/// For each output sample: the first source sample and the weights.
type Filter = Vec<(usize, Vec<f32>)>;

fn filter(origin: f64, extent: f64, count: usize, limit: usize) -> Filter {
    let step = extent / count as f64;
    let stretch = step.max(1.0);
    // Lanczos keeps detail when a picture gets smaller; its ringing would show when it gets larger.
    let (reach, kernel): (f64, fn(f64) -> f64) = if step > 1.0 { (3.0, lanczos) } else { (2.0, catmull_rom) };
    (0..count)
        .map(|index| {
            let centre = origin + (index as f64 + 0.5) * step;
            let first = ((centre - reach * stretch).floor().max(0.0)) as usize;
            let last = ((centre + reach * stretch).ceil() as usize).min(limit);
            let first = first.min(limit - 1);
            let mut weights: Vec<f64> =
                (first..last.max(first + 1)).map(|at| kernel((at as f64 + 0.5 - centre) / stretch)).collect();
            let sum: f64 = weights.iter().sum();
            if sum.abs() < 1e-6 {
                let even = 1.0 / weights.len() as f64;
                weights.fill(even);
            } else {
                weights.iter_mut().for_each(|weight| *weight /= sum);
            }
            (first, weights.into_iter().map(|weight| weight as f32).collect())
        })
        .collect()
}

fn lanczos(x: f64) -> f64 {
    let sinc = |x: f64| if x == 0.0 { 1.0 } else { (std::f64::consts::PI * x).sin() / (std::f64::consts::PI * x) };
    if x.abs() < 3.0 { sinc(x) * sinc(x / 3.0) } else { 0.0 }
}

fn catmull_rom(x: f64) -> f64 {
    match x.abs() {
        x if x < 1.0 => 1.5 * x * x * x - 2.5 * x * x + 1.0,
        x if x < 2.0 => -0.5 * x * x * x + 2.5 * x * x - 4.0 * x + 2.0,
        _ => 0.0,
    }
}

/// Cuts `part` out, scales it to so many columns and rows, and gives away RGB rows in sRGB, in 0–255.
///
/// Downwards first: those sums run over whole rows and so over many samples at a time.
fn scale(
    picture: &Picture,
    [left, top, part_width, part_height]: [f64; 4],
    (across, down): (usize, usize),
    mut give: impl FnMut(&[f32]),
) {
    let columns = filter(left, part_width, across, picture.width);
    let rows = filter(top, part_height, down, picture.height);
    let first = columns.iter().map(|(first, _)| *first).min().unwrap_or(0);
    let last = columns.iter().map(|(first, weights)| first + weights.len()).max().unwrap_or(0);
    // The horizontal sums read four values for three.
    let mut sums = vec![0.0f32; (last - first) * 3 + 1];
    let mut row = vec![0.0f32; across * 3];
    let passes = Passes::for_this_machine();
    for (top, weights) in &rows {
        let lines = |tap: usize| &picture.pixels[((top + tap) * picture.width + first) * 3..][..(last - first) * 3];
        passes.add_lines(lines, weights, &mut sums);
        passes.along(&sums, &columns, first, &mut row);
        if let Some(profile) = &picture.profile {
            profile.convert(&mut row);
        }
        row.iter_mut().for_each(|value| *value = value.clamp(0.0, 255.0));
        give(&row);
    }
}

/// The two inner loops, compiled for the processor at hand; every form gives the same bytes.
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

    fn add_lines<'a>(self, lines: impl Fn(usize) -> &'a [u8], weights: &[f32], sums: &mut [f32]) {
        match self {
            Self::Portable => add_lines(lines, weights, sums),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: this variant is only made when the processor has AVX2.
            Self::Avx2 => unsafe { add_lines_avx2(lines, weights, sums) },
        }
    }

    fn along(self, sums: &[f32], columns: &Filter, from: usize, row: &mut [f32]) {
        match self {
            Self::Portable => along(sums, columns, from, row),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: this variant is only made when the processor has AVX2.
            Self::Avx2 => unsafe { along_avx2(sums, columns, from, row) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn add_lines_avx2<'a>(lines: impl Fn(usize) -> &'a [u8], weights: &[f32], sums: &mut [f32]) {
    add_lines(lines, weights, sums);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn along_avx2(sums: &[f32], columns: &Filter, from: usize, row: &mut [f32]) {
    along(sums, columns, from, row);
}

/// The weighted sum of lines, two at a time.
#[inline(always)]
fn add_lines<'a>(lines: impl Fn(usize) -> &'a [u8], weights: &[f32], sums: &mut [f32]) {
    sums.fill(0.0);
    let mut tap = 0;
    while tap + 1 < weights.len() {
        let (upper, lower) = (weights[tap], weights[tap + 1]);
        for ((sum, a), b) in sums.iter_mut().zip(lines(tap)).zip(lines(tap + 1)) {
            *sum += f32::from(*a) * upper + f32::from(*b) * lower;
        }
        tap += 2;
    }
    if tap < weights.len() {
        for (sum, sample) in sums.iter_mut().zip(lines(tap)) {
            *sum += f32::from(*sample) * weights[tap];
        }
    }
}

/// The weighted sums along a line of RGB that begins with pixel `from`.
#[inline(always)]
fn along(sums: &[f32], columns: &Filter, from: usize, row: &mut [f32]) {
    for ((first, weights), out) in columns.iter().zip(row.chunks_exact_mut(3)) {
        let mut total = [0.0f32; 4];
        let line = &sums[(first - from) * 3..(first - from + weights.len()) * 3 + 1];
        for (tap, weight) in weights.iter().enumerate() {
            // Four lanes are as quick as three; the fourth is the next pixel's red and is thrown away.
            let pixel = &line[tap * 3..tap * 3 + 4];
            for (total, value) in total.iter_mut().zip(pixel) {
                *total += value * weight;
            }
        }
        out.copy_from_slice(&total[..3]);
    }
}

/// A frame that is filled from RGB rows, top to bottom.
struct Planar {
    frame: Frame,
    row: usize,
    /// Blue and red differences of the row above and of this one.
    blues: [Vec<f32>; 2],
    reds: [Vec<f32>; 2],
}

impl Planar {
    fn new(width: usize, height: usize) -> Self {
        let line = || [vec![0.0; width], vec![0.0; width]];
        let size = Size { width: width as u32, height: height as u32 };
        Self { frame: Frame::black(size), row: 0, blues: line(), reds: line() }
    }

    fn push(&mut self, rgb: &[f32]) {
        let (width, row) = (self.frame.width, self.row);
        let [y, u, v] = self.frame.planes_mut();
        let (blues, reds) = (&mut self.blues[row % 2], &mut self.reds[row % 2]);
        let line = &mut y[row * width..(row + 1) * width];
        for (((pixel, luma), blue), red) in rgb.chunks_exact(3).zip(line).zip(blues).zip(reds) {
            let colour = yuv([pixel[0], pixel[1], pixel[2]]);
            // Halves are rounded up; nothing here is below zero.
            *luma = (colour[0] + 0.5) as u8;
            *blue = colour[1];
            *red = colour[2];
        }
        if row % 2 == 1 {
            let place = row / 2 * (width / 2)..(row / 2 + 1) * (width / 2);
            halve(&self.blues, &mut u[place.clone()]);
            halve(&self.reds, &mut v[place]);
        }
        self.row += 1;
    }
}

/// Chroma stands on even columns between two rows: weights 1 2 1 across, 1 1 down.
fn halve([upper, lower]: &[Vec<f32>; 2], line: &mut [u8]) {
    for (index, sample) in line.iter_mut().enumerate() {
        let column = index * 2;
        let across = |row: &[f32]| row[column.saturating_sub(1)] + 2.0 * row[column] + row[column + 1];
        *sample = ((across(upper) + across(lower)) / 8.0 + 0.5) as u8;
    }
}

/// A light unsharp mask for enlarged pictures, as wide as one pixel of the original.
fn sharpen(frame: &mut Frame, enlarged: f64) {
    let radius = (enlarged * 0.6).round().clamp(1.0, 8.0) as usize;
    let (width, height) = (frame.width, frame.height);
    let luma = frame.planes()[0].to_vec();
    let across = box_blur(&luma, width, height, radius, 1, width);
    let blurred = box_blur(&across, height, width, radius, width, 1);
    for ((sample, sharp), soft) in frame.planes_mut()[0].iter_mut().zip(&luma).zip(&blurred) {
        let edge = (f32::from(*sharp) - f32::from(*soft)) * 0.6;
        // Strong edges are sharp enough; more would give halos.
        *sample = (f32::from(*sharp) + edge.clamp(-14.0, 14.0)).round().clamp(16.0, 235.0) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn part(picture: &Picture, size: Size, focus: Focus) -> [f64; 4] {
        let (width, height) = picture.upright();
        cover(width, height, size, focus).0
    }

    #[test]
    fn cover_keeps_the_focus_in_view() {
        let size = Size { width: 90, height: 160 };
        let check = |width, height, x, y, expected: [f64; 4]| {
            assert_eq!(cover(width, height, size, Focus { x, y }).0, expected);
        };
        check(640, 320, 0.5, 0.5, [230.0, 0.0, 180.0, 320.0]);
        check(640, 320, 0.0, 0.5, [0.0, 0.0, 180.0, 320.0]);
        check(640, 320, 1.0, 0.5, [460.0, 0.0, 180.0, 320.0]);
        check(90, 320, 0.5, 0.25, [0.0, 0.0, 90.0, 160.0]);
    }

    #[test]
    fn scaling_keeps_flat_colours_and_positions() {
        let flat = Picture::of(RgbImage::from_pixel(50, 40, image::Rgb([200, 100, 50])), Orientation::NoTransforms);
        for (width, height) in [(18, 32), (180, 320)] {
            let size = Size { width, height };
            let frame = source(&flat, part(&flat, size, Focus { x: 0.5, y: 0.5 }), size, 1.1);
            let expected = yuv([200.0, 100.0, 50.0]).map(|value| value.round() as u8);
            for (plane, expected) in frame.planes().into_iter().zip(expected) {
                assert!(plane.iter().all(|sample| *sample == expected));
            }
        }
        let ramp = Picture::of(RgbImage::from_fn(180, 320, |x, _| image::Rgb([x as u8; 3])), Orientation::NoTransforms);
        let size = Size { width: 90, height: 160 };
        let half = source(&ramp, [0.0, 0.0, 180.0, 320.0], size, 1.0);
        // Column 45 of the half-size picture covers columns 90 and 91.
        assert_eq!(half.planes()[0][80 * 90 + 45], yuv([90.5; 3])[0].round() as u8);
    }

    #[test]
    fn every_orientation_shows_the_upright_picture_around_the_same_focus() {
        let upright = RgbImage::from_fn(64, 120, |x, y| image::Rgb([x as u8 * 3, y as u8 * 2, (x + y) as u8]));
        let size = Size { width: 36, height: 36 };
        let focus = Focus { x: 0.5, y: 0.2 };
        let expected = Picture::of(upright.clone(), Orientation::NoTransforms);
        let expected = source(&expected, part(&expected, size, focus), size, 1.0);
        for exif in 1..=8 {
            let orientation = Orientation::from_exif(exif).expect("1 to 8");
            // What undoes a quarter turn is the other quarter turn; everything else undoes itself.
            let undo = match orientation {
                Orientation::Rotate90 => Orientation::Rotate270,
                Orientation::Rotate270 => Orientation::Rotate90,
                other => other,
            };
            let lying = Picture::of(turn(upright.clone(), undo), orientation);
            assert_eq!(lying.upright(), (64, 120));
            let frame = source(&lying, part(&lying, size, focus), size, 1.0);
            let worst = frame.data.iter().zip(&expected.data).map(|(a, b)| a.abs_diff(*b)).max();
            assert!(worst <= Some(1), "{orientation:?}: {worst:?}");
        }
    }

    proptest! {
        #[test]
        fn any_size_is_cropped_within_its_bounds(
            width in 16u32..300, height in 16u32..300, x in 0.0f64..=1.0, y in 0.0f64..=1.0, tall in 1u32..60, exif in 1u8..=8,
        ) {
            let picture = RgbImage::from_pixel(width, height, image::Rgb([9, 99, 199]));
            let picture = Picture::of(picture, Orientation::from_exif(exif).expect("1 to 8"));
            let size = Size { width: 64, height: tall * 2 };
            let frame = source(&picture, part(&picture, size, Focus { x, y }), size, 1.07);
            let luma = yuv([9.0, 99.0, 199.0])[0].round() as u8;
            prop_assert!(frame.planes()[0].iter().all(|sample| sample.abs_diff(luma) <= 1));
        }

        #[test]
        fn every_form_of_the_loops_gives_the_same_bytes(samples in prop::collection::vec(any::<u8>(), 7 * 60), from in 0.0f64..5.0) {
            let columns = filter(from, 13.7, 11, 20);
            let rows = filter(0.0, 7.0, 1, 7);
            let run = |passes: Passes| {
                let (mut sums, mut row) = (vec![0.0; 61], vec![0.0; 33]);
                passes.add_lines(|tap| &samples[tap * 60..][..60], &rows[0].1, &mut sums);
                passes.along(&sums, &columns, 0, &mut row);
                row
            };
            prop_assert_eq!(run(Passes::Portable), run(Passes::for_this_machine()));
        }
    }
}
