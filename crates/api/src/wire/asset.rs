//! Uploaded files on the wire.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::key::url_of;

/// A stored file.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StoredAsset {
    /// Its name on this server: write it in scripts and storyboards.
    #[schema(example = "uploads/0123456789abcdef0123456789abcdef.jpg")]
    key: String,
    /// Where to get it.
    #[schema(example = "/api/assets?url=uploads/0123456789abcdef0123456789abcdef.jpg")]
    url: String,
    /// What it is, by its content.
    #[schema(example = "image/jpeg")]
    media_type: String,
    /// Its size.
    #[schema(example = 182_044)]
    bytes: u64,
}

impl From<assets::Stored> for StoredAsset {
    fn from(stored: assets::Stored) -> Self {
        Self { url: url_of(&stored.key), key: stored.key, media_type: stored.media_type.to_owned(), bytes: stored.bytes }
    }
}

/// Which file.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WhichAsset {
    /// A key, or any URL that ends in one.
    #[param(example = "renders/0123456789abcdef0123456789abcdef.mp4")]
    pub url: Option<String>,
    /// Answer it as a download with this file name.
    #[param(example = "my short.mp4")]
    pub download: Option<String>,
}
