//! Why a job ended without a video.

use assets::{AssetError, FetchError};
use render::RenderError;

/// A job's failure; the sentences are for the user.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// It was told to stop.
    #[error("the render was stopped")]
    Cancelled,
    /// The media can't be rendered, or there is no ffmpeg.
    #[error(transparent)]
    Render(RenderError),
    /// A medium could not be fetched.
    #[error("scene media: {key}: {source}")]
    Fetch {
        /// Which object.
        key: String,
        /// Why.
        source: AssetError,
    },
    /// An address could not be fetched.
    #[error("scene media: {address}: {source}")]
    Address {
        /// Which.
        address: String,
        /// Why.
        source: FetchError,
    },
    /// A result could not be stored.
    #[error("storing the result: {0}")]
    Store(AssetError),
    /// The temporary folder can't be used.
    #[error("the temporary folder {path} can't be used: {reason}; free some space there or choose another data folder")]
    Temp {
        /// Which folder.
        path: String,
        /// Why.
        reason: String,
    },
    /// A bug; the log has the details.
    #[error("an internal error happened in the renderer; the log has the details")]
    Internal,
}

impl WorkerError {
    /// Whether it may go well on another machine, or later.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Fetch { source, .. } => !matches!(source, AssetError::NotFound(_)),
            Self::Address { source, .. } => matches!(source, FetchError::Unreachable(_) | FetchError::Slow(_)),
            Self::Store(_) | Self::Temp { .. } => true,
            Self::Render(error) => matches!(error, RenderError::DiskFull { .. } | RenderError::MissingProgram(_)),
            Self::Cancelled | Self::Internal => false,
        }
    }
}

impl From<RenderError> for WorkerError {
    fn from(error: RenderError) -> Self {
        match error {
            RenderError::Stopped => Self::Cancelled,
            error => Self::Render(error),
        }
    }
}
