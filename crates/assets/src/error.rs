//! What can go wrong with objects.

use std::path::Path;

/// A failure of the object store; the sentences are for the user.
#[derive(Debug, thiserror::Error)]
pub enum AssetError {
    /// There is no such object.
    #[error("there is no object {0}")]
    NotFound(String),
    /// A file or body without content.
    #[error("it is empty (0 bytes)")]
    Empty,
    /// Content of no kind that a video can be made of.
    #[error(
        "it is not a picture, sound or video that is known here (JPEG, PNG, WebP, GIF, AVIF, MP4, WebM, MOV, MP3, WAV, M4A, OGG, FLAC)"
    )]
    UnknownMedia,
    /// Content that is no picture which vendors of pictures look at.
    #[error("{0}")]
    NoPicture(&'static str),
    /// A local file can't be read or written.
    #[error("{path}: {reason}")]
    File {
        /// Which file.
        path: String,
        /// Why.
        reason: String,
    },
    /// The store itself fails.
    #[error("{doing} {key} in the object store failed: {source}")]
    Store {
        /// What was being done.
        doing: &'static str,
        /// To which object.
        key: String,
        /// Why.
        source: Box<object_store::Error>,
    },
}

impl AssetError {
    pub(crate) fn store(doing: &'static str, key: &str, source: object_store::Error) -> Self {
        match source {
            object_store::Error::NotFound { .. } => Self::NotFound(key.to_owned()),
            source if is_full(&source) => Self::file(Path::new(key), &std::io::ErrorKind::StorageFull.into()),
            source => Self::Store { doing, key: key.to_owned(), source: Box::new(source) },
        }
    }

    pub(crate) fn file(path: &Path, error: &std::io::Error) -> Self {
        let reason = match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
            std::io::ErrorKind::IsADirectory => "it is a folder, not a file".to_owned(),
            std::io::ErrorKind::PermissionDenied => "you may not read or write it".to_owned(),
            std::io::ErrorKind::StorageFull => "the disk is full; free some space and try again".to_owned(),
            _ => error.to_string(),
        };
        Self::File { path: path.display().to_string(), reason }
    }

    pub(crate) fn folder(path: &Path, error: &std::io::Error) -> Self {
        match Self::file(path, error) {
            Self::File { path, reason } => {
                Self::File { path, reason: format!("the folder can't be used: {reason}; choose another with --data-dir") }
            }
            other => other,
        }
    }
}

/// Whether somewhere below an error is a full disk.
fn is_full(error: &(dyn std::error::Error + 'static)) -> bool {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let mut files = causes.filter_map(|error| error.downcast_ref::<std::io::Error>());
    files.any(|error| error.kind() == std::io::ErrorKind::StorageFull)
}
