//! Why a vendor did not deliver, in the classes that the engine acts on.

use std::borrow::Cow;
use std::time::Duration;

/// A vendor's failure. The messages are plain sentences for the person who waits for the result; no key is ever in one.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ProviderError {
    /// A passing trouble, and nothing was made: try again, not before `after`.
    #[error("{message}")]
    Retry {
        /// What happened.
        message: String,
        /// The vendor's own wish, if it named one.
        after: Option<Duration>,
    },
    /// Trying again can't help: something is wrong with the request itself.
    #[error("{0}")]
    Fatal(String),
    /// The vendor can't be used as it is set up: its key is not taken, the model is gone. Another vendor may serve.
    #[error("{0}")]
    Unavailable(String),
    /// The vendor declines this content.
    #[error("{0}")]
    Refused(String),
    /// The account's allowance is used up. Another vendor may serve.
    #[error("{0}")]
    Quota(String),
    /// The request was sent and its answer, or what was made, was lost: it may have been carried out and charged, so it is not
    /// sent again by itself.
    #[error("{0}")]
    Unknown(String),
}

impl ProviderError {
    /// A passing trouble; the vendor has not said when to come back.
    pub fn retry(message: impl Into<String>) -> Self {
        Self::Retry { message: message.into(), after: None }
    }

    /// The same trouble where something has been ordered and perhaps made: asking for it anew could mean to pay twice. What
    /// the vendor declines stays declined.
    #[must_use]
    pub fn after_payment(self) -> Self {
        match self {
            declined @ (Self::Refused(_) | Self::Unknown(_)) => declined,
            other => Self::Unknown(format!(
                "{other}; it may have been made and charged, so it was not ordered again: look at your account there, then ask \
                 for it again here"
            )),
        }
    }

    /// Whether the trouble is the vendor's own rather than the request's, so that another vendor could do it.
    pub fn is_vendors_own(&self) -> bool {
        matches!(self, Self::Retry { .. } | Self::Unavailable(_) | Self::Quota(_))
    }
}

/// A message as it may stand in a log: without the vendors' own words, which may repeat what they were asked.
pub fn unquoted(message: &str) -> Cow<'_, str> {
    let Some((before, rest)) = message.split_once('“') else { return message.into() };
    let after = rest.split_once('”').map_or("", |(_, after)| after);
    format!("{before}…{}", unquoted(after)).into()
}

#[cfg(test)]
mod tests {
    use super::unquoted;

    #[test]
    fn logs_have_no_words_of_vendors() {
        let check = |message: &str, expected: &str| assert_eq!(unquoted(message), expected);
        check("it can't be reached; check the network", "it can't be reached; check the network");
        check("declined, such as “that”: “not this”; try", "declined, such as …: …; try");
        check("cut “off", "cut …");
    }
}
