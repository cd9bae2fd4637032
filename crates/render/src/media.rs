//! The renderer's only view of the outside: names in a storyboard become local files.
//!
//! Nothing here opens a picture or a sound; it only says where they are and what kind of container they claim to be.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// Finds the local file behind a name of the storyboard.
pub trait Media: Sync {
    /// The local file; an error is a plain sentence without the name.
    fn path(&self, name: &str) -> Result<PathBuf, String>;
}

/// Media in a folder: relative names start there, absolute names are taken as they are.
#[derive(Debug, Clone)]
pub struct FolderMedia {
    folder: PathBuf,
}

impl FolderMedia {
    /// Media relative to `folder`, usually the storyboard's own folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }
}

impl Media for FolderMedia {
    fn path(&self, name: &str) -> Result<PathBuf, String> {
        if name.starts_with("http://") || name.starts_with("https://") {
            return Err("is a web address; download it and give the path of the file".to_owned());
        }
        Ok(self.folder.join(name.strip_prefix("file://").unwrap_or(name)))
    }
}

/// Checks that a file is there and not empty, and answers its first bytes.
pub(crate) fn head(path: &Path) -> Result<Vec<u8>, String> {
    let metadata = std::fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("the file is missing; check its name (looked for {})", path.display()),
        _ => format!("can't be read: {error}"),
    })?;
    if !metadata.is_file() {
        return Err("is not a file".to_owned());
    }
    if metadata.len() == 0 {
        return Err("the file is empty (0 bytes)".to_owned());
    }
    let mut head = Vec::with_capacity(64);
    File::open(path).and_then(|file| file.take(64).read_to_end(&mut head)).map_err(|error| format!("can't be read: {error}"))?;
    Ok(head)
}

/// SHA-256 of a file's content in hex.
pub(crate) fn hash(path: &Path) -> Result<String, String> {
    let mut hasher = Sha256::new();
    let mut file = std::fs::File::open(path).map_err(|error| format!("can't be read: {error}"))?;
    let mut block = vec![0; 1 << 16];
    loop {
        match crate::probe::fill(&mut file, &mut block).map_err(|error| format!("can't be read: {error}"))? {
            0 => return Ok(hex(&hasher.finalize())),
            length => hasher.update(&block[..length]),
        }
    }
}

/// Bytes as lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The ffmpeg demuxer for a sound or moving picture, by its first bytes. Naming it to ffmpeg keeps a playlist in
/// disguise from ever being opened as one.
pub(crate) fn demuxer(head: &[u8]) -> Option<&'static str> {
    let at = |from: usize, magic: &[u8]| head.get(from..from + magic.len()) == Some(magic);
    if (at(0, b"RIFF") || at(0, b"RF64")) && at(8, b"WAVE") {
        Some("wav")
    } else if at(0, b"ID3") {
        Some("mp3")
    } else if at(0, b"OggS") {
        Some("ogg")
    } else if at(0, b"fLaC") {
        Some("flac")
    } else if [b"ftyp", b"moov", b"mdat", b"free", b"wide", b"skip"].iter().any(|kind| at(4, *kind)) {
        Some("mov")
    } else if at(0, &[0x1a, 0x45, 0xdf, 0xa3]) {
        Some("matroska")
    } else if at(0, b"FORM") && (at(8, b"AIFF") || at(8, b"AIFC")) {
        Some("aiff")
    } else if head.len() > 2 && head[0] == 0xff && head[1] & 0xf6 == 0xf0 {
        Some("aac")
    } else if head.len() > 2 && head[0] == 0xff && head[1] & 0xe0 == 0xe0 && head[1] & 0x06 != 0 {
        Some("mp3")
    } else {
        None
    }
}

/// A path as ffmpeg takes it without reading protocols, options or patterns into it.
pub(crate) fn ffmpeg_path(path: &Path) -> std::ffi::OsString {
    let mut text = std::ffi::OsString::from("file:");
    text.push(path);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_are_known_by_their_first_bytes() {
        let check = |head: &[u8], expected: Option<&str>| assert_eq!(demuxer(head), expected, "{head:?}");
        check(b"RIFF\0\0\0\0WAVEfmt ", Some("wav"));
        check(b"ID3\x04", Some("mp3"));
        check(&[0xff, 0xfb, 0x90, 0x64], Some("mp3"));
        check(&[0xff, 0xf1, 0x50, 0x80], Some("aac"));
        check(b"\0\0\0\x20ftypisom", Some("mov"));
        check(b"#EXTM3U\nhttp://10.0.0.1/", None);
        check(b"ffconcat version 1.0\nfile /etc/passwd", None);
        check(b"", None);
    }
}
