//! Failures of vendors and objects as failures of tasks.

use assets::AssetError;
use model::task::{Failure, FailureClass};
use providers::error::ProviderError;
use store::StoreError;

pub(crate) fn of_provider(error: &ProviderError) -> Failure {
    let class = match error {
        ProviderError::Retry { after, .. } => FailureClass::Retry { after: *after },
        ProviderError::Fatal(_) | ProviderError::Unavailable(_) => FailureClass::Fatal,
        ProviderError::Unknown(_) => FailureClass::Unknown,
        ProviderError::Refused(_) => FailureClass::Refused,
        ProviderError::Quota(_) => FailureClass::Quota,
    };
    Failure { class, message: error.to_string() }
}

/// A full or unwritable disk needs a person; trying again would only hide that. A bucket that is out of reach comes back.
pub(crate) fn of_assets(error: &AssetError) -> Failure {
    let class = match error {
        AssetError::Unreachable { .. } => FailureClass::Retry { after: None },
        _ => FailureClass::Fatal,
    };
    Failure { class, message: error.to_string() }
}

/// The database being away is a passing trouble.
pub(crate) fn of_store(error: &StoreError) -> Failure {
    Failure { class: FailureClass::Retry { after: None }, message: error.to_string() }
}

pub(crate) fn fatal(message: impl Into<String>) -> Failure {
    Failure { class: FailureClass::Fatal, message: message.into() }
}

/// A passing trouble of no vendor's own words.
pub(crate) fn retry(message: impl Into<String>) -> Failure {
    Failure { class: FailureClass::Retry { after: None }, message: message.into() }
}
