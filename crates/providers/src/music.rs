//! Background music.

use async_trait::async_trait;
use bytes::Bytes;

use crate::error::ProviderError;

/// Composes music for one video.
#[async_trait]
pub trait MusicProvider: Send + Sync {
    /// Short lower-case name, such as `composer`.
    fn vendor(&self) -> &'static str;
    /// Model and version; part of the music's content address.
    fn model(&self) -> &str;
    /// Composes.
    async fn compose(&self, request: &MusicRequest) -> Result<Music, ProviderError>;
}

/// What the music should be.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MusicRequest {
    /// Mood or description in the user's words, such as `calm piano`; may be empty.
    pub prompt: String,
    /// The look of the whole video, such as `cinematic`; may be empty.
    pub style: String,
    /// The video's title: the seed, so that each video has its own music.
    pub title: String,
    /// 0 at first; another number asks for other music.
    pub take: u32,
}

/// Music as a file that loops without a seam.
#[derive(Debug, Clone, PartialEq)]
pub struct Music {
    /// The encoded file.
    pub bytes: Bytes,
    /// Such as `audio/wav`.
    pub media_type: &'static str,
    /// Exact length of one loop.
    pub seconds: f64,
}
