//! Pictures that vendors are to look at: what they take is less than what a video can be made of, and a broken one should be
//! refused when it is brought, not when somebody has been asked to paint after it.

use std::io::Cursor;

use image::{ImageFormat, ImageReader, Limits};

use crate::AssetError;

/// The longest side, in pixels.
const LONGEST_SIDE: u32 = 8_192;
/// Memory for decoding one picture, in bytes.
const MOST_MEMORY: u64 = 300 << 20;

/// Decodes a PNG, JPEG or WebP wholly; answers its media type. This takes its time: not on a thread that others wait for.
///
/// # Errors
/// [`AssetError::NoPicture`] with what is wrong.
pub fn check_picture(bytes: &[u8]) -> Result<&'static str, AssetError> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|_| AssetError::NoPicture(OTHER))?;
    let media_type = match reader.format() {
        Some(ImageFormat::Png) => "image/png",
        Some(ImageFormat::Jpeg) => "image/jpeg",
        Some(ImageFormat::WebP) => "image/webp",
        _ => return Err(AssetError::NoPicture(OTHER)),
    };
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    match reader.decode() {
        Ok(_) => Ok(media_type),
        Err(image::ImageError::Limits(_)) => Err(AssetError::NoPicture("it is larger than 8192 pixels a side; make it smaller")),
        Err(_) => Err(AssetError::NoPicture("the picture is broken: it can't be decoded; save it anew")),
    }
}

const OTHER: &str = "it is no PNG, JPEG or WebP picture";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_pictures_of_three_kinds_are_taken() {
        let picture = |format, width| {
            let mut bytes = Cursor::new(Vec::new());
            image::RgbImage::new(width, 3).write_to(&mut bytes, format).expect("a picture");
            bytes.into_inner()
        };
        let check = |bytes: &[u8], expected: Result<&str, &str>| {
            let checked = check_picture(bytes).map_err(|error| error.to_string());
            assert_eq!(checked.as_deref().map_err(|error| error.split([';', ':']).next().unwrap_or_default()), expected);
        };
        check(&picture(ImageFormat::Png, 4), Ok("image/png"));
        check(&picture(ImageFormat::Jpeg, 4), Ok("image/jpeg"));
        check(&picture(ImageFormat::WebP, 4), Ok("image/webp"));
        check(&picture(ImageFormat::Gif, 4), Err(OTHER));
        check(b"<svg xmlns='http://www.w3.org/2000/svg'/>", Err(OTHER));
        check(b"", Err(OTHER));
        let whole = picture(ImageFormat::Png, 40);
        check(&whole[..whole.len() - 30], Err("the picture is broken"));
        check(&picture(ImageFormat::Png, LONGEST_SIDE + 1), Err("it is larger than 8192 pixels a side"));
    }
}
