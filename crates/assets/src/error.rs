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
    /// Content of a kind that was not asked for.
    #[error("it is of type {0}, which is not what is needed here")]
    WrongMedia(&'static str),
    /// Another content than that which its key names.
    #[error("it is not the object {0}: its content or type is another")]
    OtherContent(String),
    /// More than is taken.
    #[error("it has more than {0} bytes, which are the most that are taken")]
    TooLarge(u64),
    /// What should be stored broke off.
    #[error("it could not be read to its end: {0}")]
    Reading(String),
    /// Settings that can't work.
    #[error("{0}")]
    Settings(String),
    /// The bucket knows the key that it is used with, or its signature, not to be good for this.
    #[error(
        "the bucket refuses {doing} {key} ({code}); check the access key, and that it may list, read, write and delete in this bucket"
    )]
    Denied {
        /// What was being done.
        doing: &'static str,
        /// To which object.
        key: String,
        /// The service's own word for it.
        code: String,
    },
    /// There is no such bucket.
    #[error("{doing} {key} failed: there is no such bucket; make it, or correct its name and the account or endpoint")]
    NoBucket {
        /// What was being done.
        doing: &'static str,
        /// To which object.
        key: String,
    },
    /// The bucket's service does not answer.
    #[error(
        "{doing} {key} failed: the object store can't be reached or does not answer in time; check its address and the network"
    )]
    Unreachable {
        /// What was being done.
        doing: &'static str,
        /// To which object.
        key: String,
    },
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
        use object_store::Error;
        let key_of = || key.to_owned();
        match source {
            Error::NotFound { source, .. } if source.to_string().contains("NoSuchBucket") => {
                Self::NoBucket { doing, key: key_of() }
            }
            Error::NotFound { .. } => Self::NotFound(key.to_owned()),
            Error::PermissionDenied { source, .. } => Self::Denied { doing, key: key_of(), code: code(&*source, "403") },
            Error::Unauthenticated { source, .. } => Self::Denied { doing, key: key_of(), code: code(&*source, "401") },
            source if is_unreachable(&source) => Self::Unreachable { doing, key: key_of() },
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

/// The word inside of `<Code>` in a service's answer. The rest of it may name keys.
fn code(source: &(dyn std::error::Error + 'static), status: &str) -> String {
    let text = source.to_string();
    let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>")).map(|(code, _)| code);
    code.filter(|code| code.bytes().all(|byte| byte.is_ascii_alphanumeric())).unwrap_or(status).to_owned()
}

/// Whether somewhere below an error is a connection that did not come about, or that fell silent.
fn is_unreachable(error: &(dyn std::error::Error + 'static)) -> bool {
    use object_store::client::{HttpError, HttpErrorKind};
    let causes = std::iter::successors(Some(error), |error| error.source());
    let mut calls = causes.filter_map(|error| error.downcast_ref::<HttpError>());
    calls.any(|error| matches!(error.kind(), HttpErrorKind::Connect | HttpErrorKind::Timeout))
}

/// Whether somewhere below an error is a full disk.
fn is_full(error: &(dyn std::error::Error + 'static)) -> bool {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let mut files = causes.filter_map(|error| error.downcast_ref::<std::io::Error>());
    files.any(|error| error.kind() == std::io::ErrorKind::StorageFull)
}
