//! What bytes are, by their first few.

/// A kind of file that a video can be made of, or that comes out of making one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaType {
    /// Such as `image/jpeg`.
    pub mime: &'static str,
    /// Such as `jpg`.
    pub extension: &'static str,
    /// Picture, sound, video or text.
    pub kind: Kind,
}

/// The rough kind of a medium.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A still.
    Image,
    /// A sound.
    Audio,
    /// A moving picture.
    Video,
    /// Captions.
    Text,
}

impl MediaType {
    /// SubRip captions.
    pub const SRT: Self = media("application/x-subrip", "srt", Kind::Text);
    /// WebVTT captions.
    pub const VTT: Self = media("text/vtt", "vtt", Kind::Text);
    /// Captions with their look, as SubStation Alpha.
    pub const ASS: Self = media("text/x-ssa", "ass", Kind::Text);
    const JPEG: Self = media("image/jpeg", "jpg", Kind::Image);
    const PNG: Self = media("image/png", "png", Kind::Image);
    const WEBP: Self = media("image/webp", "webp", Kind::Image);
    const GIF: Self = media("image/gif", "gif", Kind::Image);
    const AVIF: Self = media("image/avif", "avif", Kind::Image);
    const MP4: Self = media("video/mp4", "mp4", Kind::Video);
    const MOV: Self = media("video/quicktime", "mov", Kind::Video);
    const WEBM: Self = media("video/webm", "webm", Kind::Video);
    const MP3: Self = media("audio/mpeg", "mp3", Kind::Audio);
    const WAV: Self = media("audio/wav", "wav", Kind::Audio);
    const M4A: Self = media("audio/mp4", "m4a", Kind::Audio);
    const OGG: Self = media("audio/ogg", "ogg", Kind::Audio);
    const FLAC: Self = media("audio/flac", "flac", Kind::Audio);
}

const fn media(mime: &'static str, extension: &'static str, kind: Kind) -> MediaType {
    MediaType { mime, extension, kind }
}

pub(crate) const TYPES: [MediaType; 16] = [
    MediaType::JPEG,
    MediaType::PNG,
    MediaType::WEBP,
    MediaType::GIF,
    MediaType::AVIF,
    MediaType::MP4,
    MediaType::MOV,
    MediaType::WEBM,
    MediaType::MP3,
    MediaType::WAV,
    MediaType::M4A,
    MediaType::OGG,
    MediaType::FLAC,
    MediaType::SRT,
    MediaType::VTT,
    MediaType::ASS,
];

/// The media type of content, by its first bytes (a few thousand are enough); `None` for anything else, such as HTML,
/// SVG or a playlist.
pub fn sniff(head: &[u8]) -> Option<MediaType> {
    let at = |offset: usize, magic: &[u8]| head.get(offset..).is_some_and(|rest| rest.starts_with(magic));
    let found = if at(0, b"\xff\xd8\xff") {
        MediaType::JPEG
    } else if at(0, b"\x89PNG\r\n\x1a\n") {
        MediaType::PNG
    } else if at(0, b"GIF87a") || at(0, b"GIF89a") {
        MediaType::GIF
    } else if at(0, b"RIFF") && at(8, b"WEBP") {
        MediaType::WEBP
    } else if (at(0, b"RIFF") || at(0, b"RF64")) && at(8, b"WAVE") {
        MediaType::WAV
    } else if at(4, b"ftyp") {
        return iso_media(head.get(8..12)?);
    } else if at(0, b"\x1a\x45\xdf\xa3") {
        MediaType::WEBM
    } else if at(0, b"OggS") {
        MediaType::OGG
    } else if at(0, b"fLaC") {
        MediaType::FLAC
    } else if at(0, b"ID3") || is_mpeg_audio(head) {
        MediaType::MP3
    } else {
        return None;
    };
    Some(found)
}

fn iso_media(brand: &[u8]) -> Option<MediaType> {
    match brand {
        b"avif" | b"avis" => Some(MediaType::AVIF),
        b"M4A " | b"M4B " => Some(MediaType::M4A),
        b"qt  " => Some(MediaType::MOV),
        // HEIC looks alike but no decoder here reads it.
        b"heic" | b"heix" | b"mif1" | b"msf1" => None,
        _ => Some(MediaType::MP4),
    }
}

/// An MPEG audio frame header: 11 sync bits, a real version, layer III, a real bit rate and sampling rate.
fn is_mpeg_audio(head: &[u8]) -> bool {
    let &[first, second, third, ..] = head else { return false };
    let (version, layer) = (second >> 3 & 3, second >> 1 & 3);
    first == 0xff
        && second & 0xe0 == 0xe0
        && version != 1
        && layer == 1
        && third >> 4 != 15
        && third >> 4 != 0
        && third >> 2 & 3 != 3
}
