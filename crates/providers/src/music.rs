//! Background music.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use crate::error::ProviderError;
use crate::job::JobProvider;

/// Who composes: some vendors answer with the music, others only with the promise of it.
#[derive(Clone)]
pub enum MusicVendor {
    /// It is there when the call returns.
    AtOnce(Arc<dyn MusicProvider>),
    /// It is ordered, and asked about until it is there.
    Job(Arc<dyn JobProvider<MusicRequest, Music>>),
}

/// Composes music for one video within one call.
#[async_trait]
pub trait MusicProvider: Send + Sync {
    /// Short lower-case name, such as `composer`.
    fn vendor(&self) -> &'static str;
    /// Model and version; part of the music's content address.
    fn model(&self) -> &str;
    /// Composes. `key` names this call for vendors that know idempotency keys: a call that a crash has cut off is made
    /// again with the same key.
    async fn compose(&self, request: &MusicRequest, key: &str) -> Result<Music, ProviderError>;
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
