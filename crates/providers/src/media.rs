//! What vendors send as files: recognised by content and decoded before it is accepted, whatever they call it.

use std::io::Cursor;

use bytes::Bytes;
use image::{ImageFormat, ImageReader, Limits};
use model::storyboard::Size;

use crate::error::ProviderError;
use crate::vendor::Vendor;

/// The longest side of a picture that is taken, in pixels.
const LONGEST_SIDE: u32 = 16_384;
/// A side of so many pixels is never too small.
const ENOUGH: u32 = 1_000;
/// Memory for decoding one picture.
const MOST_MEMORY: u64 = 512 << 20;

/// A picture that was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Picture {
    /// By content, such as `image/png`.
    pub media_type: &'static str,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// Decodes a picture wholly.
///
/// # Errors
/// [`ProviderError::Retry`] when it is none, or is broken: another try may bring a whole one.
pub fn picture(vendor: Vendor, bytes: &[u8]) -> Result<Picture, ProviderError> {
    let unusable = |why: &str| ProviderError::retry(format!("{vendor} sent something else than a usable picture ({why})"));
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|_| unusable("nothing can be read"))?;
    let media_type = match reader.format() {
        Some(ImageFormat::Png) => "image/png",
        Some(ImageFormat::Jpeg) => "image/jpeg",
        Some(ImageFormat::WebP) => "image/webp",
        _ => return Err(unusable("it is no PNG, JPEG or WebP")),
    };
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    let decoded = reader.decode().map_err(|_| unusable("it can't be decoded"))?;
    Ok(Picture { media_type, width: decoded.width(), height: decoded.height() })
}

/// Decodes a picture wholly, on a thread where that may take its time.
///
/// # Errors
/// As [`picture`].
pub async fn look(vendor: Vendor, bytes: Bytes) -> Result<Picture, ProviderError> {
    let looked = tokio::task::spawn_blocking(move || picture(vendor, &bytes)).await;
    looked.map_err(|error| ProviderError::Fatal(format!("a picture of {vendor} could not be looked at: {error}")))?
}

/// Whether a picture or film of so many pixels (width, height) may fill a video of that size: neither side is less than half
/// of the video's. Models draw sides of about a thousand pixels, which is enough for any video.
pub fn is_large_enough((width, height): (u32, u32), video: Size) -> bool {
    width >= (video.width / 2).min(ENOUGH) && height >= (video.height / 2).min(ENOUGH)
}

/// The media type of a clip, by its first bytes. Whether its frames can be decoded is found out by the renderer's probe, which
/// has a decoder.
///
/// # Errors
/// [`ProviderError::Retry`] when it is no MP4 or WebM.
pub fn clip(vendor: Vendor, bytes: &[u8]) -> Result<&'static str, ProviderError> {
    match bytes {
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Ok("video/mp4"),
        [0x1a, 0x45, 0xdf, 0xa3, ..] => Ok("video/webm"),
        _ => Err(ProviderError::retry(format!("{vendor} sent something else than a usable clip"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_the_video_is_enough() {
        let check = |picture, (width, height), expected| assert_eq!(is_large_enough(picture, Size { width, height }), expected);
        check((540, 960), (1080, 1920), true);
        check((539, 960), (1080, 1920), false);
        check((1280, 853), (1080, 1920), false);
        check((1024, 1536), (2160, 3840), true);
        check((999, 1536), (2160, 3840), false);
    }

    #[test]
    fn files_are_what_their_bytes_are() {
        let mut png = Cursor::new(Vec::new());
        image::RgbImage::new(3, 2).write_to(&mut png, ImageFormat::Png).expect("a picture");
        let png = png.into_inner();
        let vendor = Vendor::Gemini;
        assert_eq!(picture(vendor, &png), Ok(Picture { media_type: "image/png", width: 3, height: 2 }));
        for broken in [&png[..png.len() - 20], b"<html>", b"", b"GIF89a"] {
            let error = picture(vendor, broken).expect_err("no picture");
            assert!(error.to_string().starts_with("Gemini sent something else than a usable picture"), "{error}");
        }
        assert_eq!(clip(vendor, b"\0\0\0\x20ftypisom"), Ok("video/mp4"));
        assert!(clip(vendor, b"<html>").is_err());
    }
}
