//! Access tokens on the wire.

use garde::Validate;
use serde::{Deserialize, Serialize};
use store::AccessToken;
use utoipa::ToSchema;
use uuid::Uuid;

use super::stamp;

/// A token to make.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct NewToken {
    /// What you call it, such as the program that gets it.
    #[garde(length(chars, min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100, example = "n8n")]
    pub name: String,
    /// `read`, `render` or `write`.
    #[garde(skip)]
    #[schema(example = "read")]
    pub scope: String,
    /// How long it holds; without, until it is revoked.
    #[garde(inner(range(min = 1, max = 3650)))]
    #[schema(minimum = 1, maximum = 3650)]
    pub days: Option<u32>,
}

/// A token without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenRow {
    /// Identity.
    pub id: Uuid,
    /// What you call it.
    pub name: String,
    /// `read`, `render` or `write`.
    pub scope: &'static str,
    /// When it was made.
    pub created_at: String,
    /// When it was used last, to the hour.
    pub last_used_at: Option<String>,
    /// When it ends.
    pub expires_at: Option<String>,
}

/// A new token with its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenOnce {
    /// The token.
    #[serde(flatten)]
    pub row: TokenRow,
    /// The secret; it is not shown again.
    #[schema(example = "shortsai_…")]
    pub token: String,
}

impl From<&AccessToken> for TokenRow {
    fn from(token: &AccessToken) -> Self {
        Self {
            id: token.id,
            name: token.name.clone(),
            scope: token.scope.name(),
            created_at: stamp(token.created_at),
            last_used_at: token.used_at.map(stamp),
            expires_at: token.expires_at.map(stamp),
        }
    }
}
