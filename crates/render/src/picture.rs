//! Still pictures: decoding whatever people have to 8-bit RGB, with its orientation and colour profile beside it.
//!
//! Cropping, turning, colours and scaling to the frame are in `prepare`; moving over the result is in `camera`.

use std::io::Cursor;
use std::path::Path;

use image::metadata::Orientation;
use image::{ColorType, ImageDecoder, ImageFormat, ImageReader, Limits};

use crate::ffmpeg;
use crate::gate::{self, Share};
use crate::media;
use crate::profile::Profile;

/// The largest picture in pixels; more is taken for a decompression bomb.
pub(crate) const MOST_PIXELS: u64 = 100_000_000;
/// The smallest side in pixels.
const LEAST_SIDE: u32 = 16;
/// What shows through transparent parts: a neutral dark grey.
const BACKDROP: u32 = 24;

/// A decoded picture as it lies in its file.
#[derive(Debug)]
pub(crate) struct Picture {
    /// Rows of RGB without alpha, in the file's orientation and colours.
    pub(crate) pixels: Vec<u8>,
    /// Width of the rows.
    pub(crate) width: usize,
    /// Number of the rows.
    pub(crate) height: usize,
    /// What makes it upright.
    pub(crate) orientation: Orientation,
    /// How its colours become sRGB; `None` for those that already are, and for profiles that nobody understands.
    pub(crate) profile: Option<Profile>,
    /// A giant lets no other giant in as long as it lives.
    _share: Share,
}

#[cfg(test)]
impl Picture {
    /// A picture for tests.
    pub(crate) fn of(picture: image::RgbImage, orientation: Orientation) -> Self {
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        Self { pixels: picture.into_raw(), width, height, orientation, profile: None, _share: gate::share(0) }
    }
}

/// Decodes a picture. Errors are plain sentences.
pub(crate) fn decode(path: &Path) -> Result<Picture, String> {
    if is_avif(&media::head(path)?) {
        return decode_avif(path);
    }
    let bytes = std::fs::read(path).map_err(|error| format!("can't be read: {error}"))?;
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|error| format!("can't be read: {error}"))?;
    let format = reader.format().ok_or("is not a picture in a known format; use JPEG, PNG, WebP, AVIF or GIF")?;
    let name = name_of(format).ok_or("is not a picture in a known format; use JPEG, PNG, WebP, AVIF or GIF")?;
    let bytes = reader.into_inner().into_inner();
    if format == ImageFormat::Jpeg {
        check_jpeg(&bytes)?;
    }
    let broken = |error: image::ImageError| format!("can't be decoded as {name}: {error}");
    let mut decoder = ImageReader::with_format(Cursor::new(bytes), format).into_decoder().map_err(broken)?;
    let (width, height) = decoder.dimensions();
    check_size(width, height)?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(1 << 30);
    decoder.set_limits(limits).map_err(broken)?;
    let orientation = decoder.orientation().map_err(broken)?;
    // A profile that can't even be read is no reason to refuse the picture.
    let profile = decoder.icc_profile().ok().flatten().and_then(|bytes| Profile::read(&bytes));
    let (length, colour) = (decoder.total_bytes(), decoder.color_type());
    let share = gate::share(length);
    let mut samples = vec![0; length as usize];
    decoder.read_image(&mut samples).map_err(broken)?;
    let pixels = rgb(samples, colour).ok_or_else(|| format!("has a kind of pixels that can't be used ({colour:?})"))?;
    Ok(Picture { pixels, width: width as usize, height: height as usize, orientation, profile, _share: share })
}

fn name_of(format: ImageFormat) -> Option<&'static str> {
    match format {
        ImageFormat::Jpeg => Some("JPEG"),
        ImageFormat::Png => Some("PNG"),
        ImageFormat::WebP => Some("WebP"),
        ImageFormat::Gif => Some("GIF"),
        _ => None,
    }
}

fn check_size(width: u32, height: u32) -> Result<(), String> {
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(format!("is {width}×{height}; pictures of more than {} megapixels are refused", MOST_PIXELS / 1_000_000));
    }
    if width < LEAST_SIDE || height < LEAST_SIDE {
        return Err(format!("is {width}×{height}; the least is {LEAST_SIDE}×{LEAST_SIDE}"));
    }
    Ok(())
}

/// Decoders fill the missing part of a JPEG with grey without a word; a scene must not show that. The end marker is
/// looked for behind the last scan, because embedded thumbnails have one of their own.
fn check_jpeg(bytes: &[u8]) -> Result<(), String> {
    let last = |marker: u8| bytes.windows(2).rposition(|pair| pair == [0xff, marker]);
    match (last(0xd9), last(0xda)) {
        (Some(end), Some(scan)) if scan < end => {}
        _ => return Err("the file is cut short (a JPEG without its end); fetch it again".to_owned()),
    }
    match jpeg_precision(bytes) {
        Some(bits) if bits != 8 => Err(format!("is a JPEG with {bits} bits a sample; save it with 8 bits")),
        _ => Ok(()),
    }
}

/// Bits a sample, from the frame header.
fn jpeg_precision(bytes: &[u8]) -> Option<u8> {
    // Behind the start marker, segments follow each other: a marker, a length that counts itself, and the rest.
    let mut at = 2;
    loop {
        let [mark, marker, high, low] = *bytes.get(at..at + 4)? else { return None };
        let is_frame = (0xc0..=0xcf).contains(&marker) && ![0xc4, 0xc8, 0xcc].contains(&marker);
        match (mark, marker) {
            (0xff, 0xff) => at += 1,
            (0xff, 0xda) => return None,
            (0xff, _) if is_frame => return bytes.get(at + 4).copied(),
            (0xff, _) => at += 2 + usize::from(u16::from_be_bytes([high, low])),
            _ => return None,
        }
    }
}

fn is_avif(head: &[u8]) -> bool {
    head.get(4..8) == Some(b"ftyp")
        && head.get(8..40).is_some_and(|brands| brands.chunks(4).any(|brand| brand == b"avif" || brand == b"avis"))
}

fn decode_avif(path: &Path) -> Result<Picture, String> {
    let broken = |error: &dyn std::fmt::Display| format!("can't be decoded as AVIF: {error}");
    let (width, height) = crate::clip::video_size(path, "mov").map_err(|error| broken(&error))?;
    check_size(width, height)?;
    let length = width as usize * height as usize * 3;
    let share = gate::share(length as u64);
    let mut arguments: Vec<std::ffi::OsString> = ["-f", "mov", "-i"].map(Into::into).to_vec();
    arguments.push(media::ffmpeg_path(path));
    arguments.extend(["-map", "0:v:0", "-frames:v", "1", "-pix_fmt", "rgb24", "-f", "rawvideo", "pipe:1"].map(Into::into));
    let tool = ffmpeg::ffmpeg("decoding an AVIF picture", arguments).map_err(|error| broken(&error))?;
    let pixels = tool.output().map_err(|error| broken(&error))?;
    if pixels.len() != length {
        return Err("can't be decoded as AVIF: it is in parts that this ffmpeg does not put together; save it as PNG".to_owned());
    }
    let (width, height) = (width as usize, height as usize);
    Ok(Picture { pixels, width, height, orientation: Orientation::NoTransforms, profile: None, _share: share })
}

/// Whatever samples as RGB bytes without alpha, in the same memory where it is large enough.
fn rgb(samples: Vec<u8>, colour: ColorType) -> Option<Vec<u8>> {
    // 16-bit samples are in the machine's order.
    let narrow = |pair: &[u8]| ((u32::from(u16::from_ne_bytes([pair[0], pair[1]])) * 255 + 32_767) / 65_535) as u8;
    let over =
        |value: u8, alpha: u8| ((u32::from(value) * u32::from(alpha) + BACKDROP * (255 - u32::from(alpha)) + 127) / 255) as u8;
    Some(match colour {
        ColorType::Rgb8 => samples,
        ColorType::L8 => samples.iter().flat_map(|grey| [*grey; 3]).collect(),
        ColorType::La8 => samples.chunks_exact(2).flat_map(|pixel| [over(pixel[0], pixel[1]); 3]).collect(),
        ColorType::L16 => samples.chunks_exact(2).flat_map(|pixel| [narrow(pixel); 3]).collect(),
        ColorType::Rgba8 => shrink(samples, |pixel: &[u8; 4]| [0, 1, 2].map(|channel| over(pixel[channel], pixel[3]))),
        ColorType::La16 => shrink(samples, |pixel: &[u8; 4]| [over(narrow(&pixel[..2]), narrow(&pixel[2..])); 3]),
        ColorType::Rgb16 => shrink(samples, |pixel: &[u8; 6]| [0, 2, 4].map(|at| narrow(&pixel[at..at + 2]))),
        ColorType::Rgba16 => {
            shrink(samples, |pixel: &[u8; 8]| [0, 2, 4].map(|at| over(narrow(&pixel[at..at + 2]), narrow(&pixel[6..]))))
        }
        _ => return None,
    })
}

/// Replaces every pixel of `SIZE` bytes (three or more) by three, from the front, without a second giant in memory.
fn shrink<const SIZE: usize>(mut samples: Vec<u8>, pixel: impl Fn(&[u8; SIZE]) -> [u8; 3]) -> Vec<u8> {
    let count = samples.len() / SIZE;
    for index in 0..count {
        let bytes: [u8; SIZE] = samples[index * SIZE..(index + 1) * SIZE].try_into().expect("SIZE bytes");
        samples[index * 3..index * 3 + 3].copy_from_slice(&pixel(&bytes));
    }
    samples.truncate(count * 3);
    samples
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
