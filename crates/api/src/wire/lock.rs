//! Locks on the wire.

use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::rule::name;

/// The session that locks or unlocks.
#[derive(Deserialize, Validate, ToSchema)]
pub struct OfSession {
    /// The session's name: the same as it sends as `X-Session-Id` with its edits.
    #[garde(custom(name))]
    #[schema(example = "6f1c1a52-3c0e-4b57-9d8e-0d7a5b0f4c11")]
    pub session_id: String,
}
