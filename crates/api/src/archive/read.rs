//! Reading an archive that somebody brings. Nothing in it is trusted: paths only name its own entries, sizes are counted
//! while they are unpacked, and what a file is is seen from its content.

use std::fs::File;
use std::io::{Read, Seek};

use assets::{Assets, Place};
use bytes::Bytes;
use model::project::Asset;
use zip::ZipArchive;
use zip::result::ZipError;

use super::{DESCRIPTION, Description};
use crate::error::ApiError;

/// The most entries.
const ENTRIES: usize = 2_000;
/// The most bytes of the description.
const DESCRIPTION_BYTES: u64 = 8 << 20;
/// The most bytes of one medium.
const MEDIUM_BYTES: u64 = 256 << 20;
/// The most bytes of all media, unpacked.
const ALL_BYTES: u64 = 2 << 30;

/// An archive, as far as it has been read.
pub struct Archive<R> {
    zip: ZipArchive<R>,
    left: u64,
}

impl Archive<File> {
    /// Opens an archive.
    pub fn open(file: File) -> Result<Self, ApiError> {
        Self::of(file)
    }
}

impl<R: Read + Seek> Archive<R> {
    fn of(reader: R) -> Result<Self, ApiError> {
        let zip = ZipArchive::new(reader).map_err(|_| refused("The file is no ZIP archive, or is damaged; export it again."))?;
        if zip.len() > ENTRIES {
            return Err(refused(format!("The archive has {} entries; at most {ENTRIES} are taken.", zip.len())));
        }
        Ok(Self { zip, left: ALL_BYTES })
    }

    /// What its `project.json` says.
    pub fn description(&mut self) -> Result<Description, ApiError> {
        let bytes = self.entry(DESCRIPTION, DESCRIPTION_BYTES)?;
        serde_json::from_slice(&bytes).map_err(|error| refused(format!("{DESCRIPTION} in the archive can't be read: {error}.")))
    }

    /// A medium by its path in the archive.
    fn medium(&mut self, path: &str) -> Result<Bytes, ApiError> {
        self.entry(path, MEDIUM_BYTES.min(self.left)).inspect(|bytes| self.left -= bytes.len() as u64)
    }

    fn entry(&mut self, path: &str, most: u64) -> Result<Bytes, ApiError> {
        let entry = match self.zip.by_name(path) {
            Ok(entry) => entry,
            Err(ZipError::FileNotFound) => return Err(refused(format!("The archive has no {path}; export it again."))),
            Err(error) => return Err(refused(format!("{path} in the archive can't be unpacked: {error}."))),
        };
        let mut bytes = Vec::new();
        // What the entry says of its size may be a lie.
        let read = entry.take(most + 1).read_to_end(&mut bytes);
        read.map_err(|error| refused(format!("{path} in the archive can't be unpacked: {error}.")))?;
        if bytes.len() as u64 > most {
            return Err(refused(format!("{path} in the archive is too large.")));
        }
        Ok(bytes.into())
    }

    /// Stores a medium of the archive that must be of that kind (`image`, `audio`, `video`).
    pub async fn take(&mut self, assets: &Assets, path: &str, kind: &str) -> Result<Asset, ApiError> {
        let bytes = self.medium(path)?;
        let place = match kind {
            "image" => Place::SceneImages,
            "video" => Place::SceneVideos,
            _ => Place::SceneAudio,
        };
        let wrong = || refused(format!("{path} in the archive is no {kind} that is known here."));
        let known = Assets::stored_as(place, &bytes).map_err(|_| wrong())?;
        if known.media_type.split('/').next() != Some(kind) {
            return Err(wrong());
        }
        let stored = assets.put(place, bytes).await?;
        Ok(Asset {
            key: stored.key,
            media_type: stored.media_type.to_owned(),
            bytes: i64::try_from(stored.bytes).unwrap_or(i64::MAX),
            made_by: "given".to_owned(),
            credit: None,
        })
    }
}

fn refused(sentence: impl Into<String>) -> ApiError {
    ApiError::plain(axum::http::StatusCode::BAD_REQUEST, sentence)
}
