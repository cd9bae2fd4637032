//! Still pictures: decoding whatever people have, cropping it to the frame's shape, and one conversion to I420.
//!
//! Moving over the result is in `camera` and `resample`.

use std::io::Cursor;
use std::path::Path;

use image::{DynamicImage, ImageDecoder, ImageReader, Limits, RgbImage};
use model::storyboard::{Focus, Size};

use crate::ffmpeg;
use crate::frame::{Frame, yuv};
use crate::media;

/// The largest picture in pixels; more is taken for a decompression bomb.
pub(crate) const MOST_PIXELS: u64 = 100_000_000;
/// The smallest side in pixels.
const LEAST_SIDE: u32 = 16;
/// What shows through transparent parts: a neutral dark grey.
const BACKDROP: f32 = 24.0;

/// Decodes a picture upright, without alpha. Errors are plain sentences.
pub(crate) fn decode(path: &Path) -> Result<RgbImage, String> {
    let head = media::head(path)?;
    let bytes = if is_avif(&head) {
        png_of_avif(path)?
    } else {
        std::fs::read(path).map_err(|error| format!("can't be read: {error}"))?
    };
    decode_bytes(&bytes)
}

fn decode_bytes(bytes: &[u8]) -> Result<RgbImage, String> {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|error| format!("can't be read: {error}"))?;
    let format = reader.format().ok_or("is not a picture in a known format; use JPEG, PNG, WebP, AVIF or GIF")?;
    let broken = |error: image::ImageError| format!("can't be decoded as {}: {error}", name_of(format));
    let mut decoder = reader.into_decoder().map_err(broken)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(format!("is {width}×{height}; pictures of more than {} megapixels are refused", MOST_PIXELS / 1_000_000));
    }
    if width < LEAST_SIDE || height < LEAST_SIDE {
        return Err(format!("is {width}×{height}; the least is {LEAST_SIDE}×{LEAST_SIDE}"));
    }
    if format == image::ImageFormat::Jpeg && is_cut_short(bytes) {
        return Err("the file is cut short (a JPEG without its end); fetch it again".to_owned());
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(1 << 30);
    decoder.set_limits(limits).map_err(broken)?;
    let orientation = decoder.orientation().map_err(broken)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(broken)?;
    picture.apply_orientation(orientation);
    Ok(flatten(picture))
}

fn name_of(format: image::ImageFormat) -> &'static str {
    match format {
        image::ImageFormat::Jpeg => "JPEG",
        image::ImageFormat::Png => "PNG",
        image::ImageFormat::WebP => "WebP",
        image::ImageFormat::Gif => "GIF",
        _ => "a picture",
    }
}

/// Decoders fill the missing part of a JPEG with grey without a word; a scene must not show that. The end marker is
/// looked for behind the last scan, because embedded thumbnails have one of their own.
fn is_cut_short(bytes: &[u8]) -> bool {
    let last = |marker: u8| bytes.windows(2).rposition(|pair| pair == [0xff, marker]);
    match (last(0xd9), last(0xda)) {
        (Some(end), Some(scan)) => end < scan,
        _ => true,
    }
}

fn is_avif(head: &[u8]) -> bool {
    head.get(4..8) == Some(b"ftyp")
        && head.get(8..40).is_some_and(|brands| brands.chunks(4).any(|brand| brand == b"avif" || brand == b"avis"))
}

fn png_of_avif(path: &Path) -> Result<Vec<u8>, String> {
    let (width, height) = crate::probe::video_size(path, "mov").map_err(|error| format!("can't be decoded as AVIF: {error}"))?;
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(format!("is {width}×{height}; pictures of more than {} megapixels are refused", MOST_PIXELS / 1_000_000));
    }
    let input = media::ffmpeg_path(path);
    let arguments: [&std::ffi::OsStr; 13] = [
        "-f".as_ref(),
        "mov".as_ref(),
        "-i".as_ref(),
        &input,
        "-frames:v".as_ref(),
        "1".as_ref(),
        "-pix_fmt".as_ref(),
        "rgb24".as_ref(),
        "-c:v".as_ref(),
        "png".as_ref(),
        "-f".as_ref(),
        "image2pipe".as_ref(),
        "pipe:1".as_ref(),
    ];
    ffmpeg::ffmpeg("decoding an AVIF picture", arguments)
        .and_then(ffmpeg::Tool::output)
        .map_err(|error| format!("can't be decoded as AVIF: {error}"))
}

fn flatten(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let picture = picture.into_rgba8();
    let (width, height) = picture.dimensions();
    let mut bytes = Vec::with_capacity(width as usize * height as usize * 3);
    for pixel in picture.pixels() {
        let alpha = f32::from(pixel[3]) / 255.0;
        bytes.extend([0, 1, 2].map(|channel| (f32::from(pixel[channel]) * alpha + BACKDROP * (1.0 - alpha)).round() as u8));
    }
    RgbImage::from_raw(width, height, bytes).expect("three bytes were written for each pixel")
}

/// A picture cut to the frame's shape, ready for the camera.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) frame: Frame,
}

/// The part of a picture that covers a frame of `size`, around `focus`: left, top, width, height in pixels, and the
/// focus within that part.
pub(crate) fn cover(width: u32, height: u32, size: Size, focus: Focus) -> ([f64; 4], Focus) {
    let (width, height) = (f64::from(width), f64::from(height));
    let shape = f64::from(size.width) / f64::from(size.height);
    let (part_width, part_height) = (width.min(height * shape), height.min(width / shape));
    let left = (focus.x * width - part_width / 2.0).clamp(0.0, width - part_width);
    let top = (focus.y * height - part_height / 2.0).clamp(0.0, height - part_height);
    let inner = Focus { x: (focus.x * width - left) / part_width, y: (focus.y * height - top) / part_height };
    ([left, top, part_width, part_height], inner)
}

/// Cuts `part` out of a picture and scales it to `headroom` times `size`.
pub(crate) fn source(picture: &RgbImage, part: [f64; 4], size: Size, headroom: f64) -> Source {
    let even = |side: u32| ((f64::from(side) * headroom / 2.0).round() as usize * 2).max(2);
    let (width, height) = (even(size.width), even(size.height));
    let [left, top, part_width, part_height] = part;
    let columns = filter(left, part_width, width, picture.width() as usize);
    let rows = filter(top, part_height, height, picture.height() as usize);
    let scaled = scale(picture, &columns, &rows);
    let mut frame = to_i420(&scaled, width, height);
    let enlarged = width as f64 / part_width;
    if enlarged > 1.3 {
        sharpen(&mut frame, enlarged);
    }
    Source { frame }
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

/// Scales in both directions; the result is RGB rows in 0–255, unclamped.
fn scale(picture: &RgbImage, columns: &Filter, rows: &Filter) -> Vec<f32> {
    let stride = picture.width() as usize * 3;
    let pixels = picture.as_raw();
    let width = columns.len() * 3;
    let top = rows.iter().map(|(first, _)| *first).min().unwrap_or(0);
    let bottom = rows.iter().map(|(first, weights)| first + weights.len()).max().unwrap_or(0);
    let mut narrow = vec![0.0f32; (bottom - top) * width];
    for (row, out) in (top..bottom).zip(narrow.chunks_exact_mut(width)) {
        let line = &pixels[row * stride..(row + 1) * stride];
        for ((first, weights), out) in columns.iter().zip(out.chunks_exact_mut(3)) {
            let mut sum = [0.0f32; 3];
            for (pixel, weight) in line[first * 3..].chunks_exact(3).zip(weights) {
                for (sum, sample) in sum.iter_mut().zip(pixel) {
                    *sum += f32::from(*sample) * weight;
                }
            }
            out.copy_from_slice(&sum);
        }
    }
    let mut scaled = vec![0.0f32; rows.len() * width];
    for ((first, weights), out) in rows.iter().zip(scaled.chunks_exact_mut(width)) {
        for (tap, weight) in weights.iter().enumerate() {
            let line = &narrow[(first + tap - top) * width..][..width];
            out.iter_mut().zip(line).for_each(|(out, sample)| *out += sample * weight);
        }
    }
    scaled
}

fn to_i420(rgb: &[f32], width: usize, height: usize) -> Frame {
    let mut frame = Frame::black(Size { width: width as u32, height: height as u32 });
    let (mut blues, mut reds) = (vec![0.0f32; width * height], vec![0.0f32; width * height]);
    let [y, u, v] = frame.planes_mut();
    for (index, pixel) in rgb.chunks_exact(3).enumerate() {
        let [luma, blue, red] = yuv([pixel[0], pixel[1], pixel[2]].map(|value| value.clamp(0.0, 255.0)));
        y[index] = luma.round() as u8;
        blues[index] = blue;
        reds[index] = red;
    }
    // Chroma stands on even columns between two rows: weights 1 2 1 across, 1 1 down.
    let half = |full: &[f32], plane: &mut [u8]| {
        for (index, sample) in plane.iter_mut().enumerate() {
            let (row, column) = (index / (width / 2) * 2, index % (width / 2) * 2);
            let across = |row: usize| {
                let line = &full[row * width..(row + 1) * width];
                line[column.saturating_sub(1)] + 2.0 * line[column] + line[column + 1]
            };
            *sample = ((across(row) + across(row + 1)) / 8.0).round() as u8;
        }
    };
    half(&blues, u);
    half(&reds, v);
    frame
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

/// Means over `2 radius + 1` samples along lines; `step` and `stride` say how samples and lines lie in memory.
pub(crate) fn box_blur(samples: &[u8], length: usize, lines: usize, radius: usize, step: usize, stride: usize) -> Vec<u8> {
    let mut blurred = vec![0; samples.len()];
    let count = (2 * radius + 1) as u32;
    for line in 0..lines {
        let at = |index: i64| u32::from(samples[line * stride + index.clamp(0, length as i64 - 1) as usize * step]);
        let mut sum: u32 = (-(radius as i64)..=radius as i64).map(at).sum();
        for index in 0..length {
            blurred[line * stride + index * step] = ((sum + count / 2) / count) as u8;
            sum = sum + at((index + radius + 1) as i64) - at(index as i64 - radius as i64);
        }
    }
    blurred
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let flat = RgbImage::from_pixel(50, 40, image::Rgb([200, 100, 50]));
        for (width, height) in [(18, 32), (180, 320)] {
            let size = Size { width, height };
            let source = source(&flat, cover(50, 40, size, Focus { x: 0.5, y: 0.5 }).0, size, 1.1);
            let expected = yuv([200.0, 100.0, 50.0]).map(|value| value.round() as u8);
            for (plane, expected) in source.frame.planes().into_iter().zip(expected) {
                assert!(plane.iter().all(|sample| *sample == expected));
            }
        }
        let ramp = RgbImage::from_fn(180, 320, |x, _| image::Rgb([x as u8; 3]));
        let size = Size { width: 90, height: 160 };
        let half = source(&ramp, [0.0, 0.0, 180.0, 320.0], size, 1.0);
        // Column 45 of the half-size picture covers columns 90 and 91.
        assert_eq!(half.frame.planes()[0][80 * 90 + 45], yuv([90.5; 3])[0].round() as u8);
    }
}
