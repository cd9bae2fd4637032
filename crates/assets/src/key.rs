//! Object keys: `<place>/<32 hex digits of the content's SHA-256>.<extension>`. Older installations had other names.

use crate::sniff::{MediaType, TYPES};

/// What an object is for: the readable front of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Stills of scenes.
    SceneImages,
    /// Narrations.
    SceneAudio,
    /// Clips.
    SceneVideos,
    /// Background music.
    Music,
    /// Finished videos.
    Renders,
    /// Captions of finished videos.
    Captions,
    /// Stills of finished videos.
    Thumbnails,
    /// Pictures of characters.
    Characters,
    /// What users brought.
    Uploads,
}

impl Place {
    const ALL: [Self; 9] = [
        Self::SceneImages,
        Self::SceneAudio,
        Self::SceneVideos,
        Self::Music,
        Self::Renders,
        Self::Captions,
        Self::Thumbnails,
        Self::Characters,
        Self::Uploads,
    ];

    fn prefix(self) -> &'static str {
        match self {
            Self::SceneImages => "scenes/images",
            Self::SceneAudio => "scenes/audio",
            Self::SceneVideos => "scenes/videos",
            Self::Music => "music",
            Self::Renders => "renders",
            Self::Captions => "captions",
            Self::Thumbnails => "thumbnails",
            Self::Characters => "characters",
            Self::Uploads => "uploads",
        }
    }
}

const HASH_DIGITS: usize = 32;

pub(crate) fn of_content(place: Place, digest: &[u8], media_type: MediaType) -> String {
    let hash: String = digest.iter().take(HASH_DIGITS / 2).map(|byte| format!("{byte:02x}")).collect();
    format!("{}/{hash}.{}", place.prefix(), media_type.extension)
}

/// Whether a text is a key that this crate could have made, or that older installations have made: theirs have a UUID in the
/// place of the hash, and `render_<project>_<time>` for videos.
pub fn check_key(key: &str) -> bool {
    let Some((_, name)) = key.rsplit_once('/') else { return false };
    let Some((stem, _)) = name.split_once('.') else { return false };
    let known = is_hex(stem, HASH_DIGITS) || is_uuid(stem) || stem.strip_prefix("render_").is_some_and(is_old_render);
    known && place_of_key(key).is_some() && media_type_of_key(key).is_some()
}

/// Whether the key is of the form that this crate makes, where the name is the hash of the content.
pub fn names_content(key: &str) -> bool {
    check_key(key) && is_hex(hash_of(key), HASH_DIGITS)
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

fn is_uuid(text: &str) -> bool {
    let mut parts = text.split('-');
    [8, 4, 4, 4, 12].into_iter().all(|digits| parts.next().is_some_and(|part| is_hex(part, digits))) && parts.next().is_none()
}

fn is_old_render(rest: &str) -> bool {
    let Some((project, time)) = rest.rsplit_once('_') else { return false };
    let is_id = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let named = (1..=64).contains(&project.len()) && project.bytes().all(is_id);
    named && (1..=20).contains(&time.len()) && time.bytes().all(|byte| byte.is_ascii_digit())
}

/// What an object is for, by its key.
pub fn place_of_key(key: &str) -> Option<Place> {
    let (place, _) = key.rsplit_once('/')?;
    Place::ALL.into_iter().find(|known| known.prefix() == place)
}

/// The media type that a key's ending stands for.
pub fn media_type_of_key(key: &str) -> Option<&'static str> {
    type_of_key(key).map(|known| known.mime)
}

pub(crate) fn type_of_key(key: &str) -> Option<MediaType> {
    let (_, extension) = key.rsplit_once('.')?;
    // Ours say `jpg`; older ones may not.
    let extension = if extension == "jpeg" { "jpg" } else { extension };
    TYPES.into_iter().find(|known| known.extension == extension)
}

pub(crate) fn hash_of(key: &str) -> &str {
    let name = key.rsplit_once('/').map_or(key, |(_, name)| name);
    name.split_once('.').map_or(name, |(hash, _)| hash)
}
