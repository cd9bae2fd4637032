//! Why a vendor did not deliver, in the classes that the engine acts on.

use std::time::Duration;

/// A vendor's failure. The messages are plain sentences for the person who waits for the result.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// A passing trouble: try again, not before `after`.
    #[error("{message}")]
    Retry {
        /// What happened.
        message: String,
        /// The vendor's own wish, if it named one.
        after: Option<Duration>,
    },
    /// Trying again can't help.
    #[error("{0}")]
    Fatal(String),
    /// The vendor declines this content.
    #[error("{0}")]
    Refused(String),
    /// The account's allowance is used up.
    #[error("{0}")]
    Quota(String),
}
