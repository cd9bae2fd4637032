//! Background music.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use crate::error::ProviderError;
use crate::job::JobProvider;
use crate::sound;
use crate::vendor::Vendor;

/// Shorter music is none, in seconds.
const LEAST_SECONDS: f64 = 1.0;
/// Quieter music is none, in decibels of full scale.
const LEAST_LEVEL: f64 = -60.0;

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

/// Music as a file. Our own loops without a seam; in a vendor's, the renderer looks for a good place to repeat it.
#[derive(Debug, Clone, PartialEq)]
pub struct Music {
    /// The encoded file.
    pub bytes: Bytes,
    /// Such as `audio/wav`.
    pub media_type: &'static str,
    /// Exact length, once through.
    pub seconds: f64,
}

impl Music {
    /// A vendor's file, decoded and measured.
    ///
    /// # Errors
    /// [`ProviderError::Retry`] when it is no sound, a broken one or silence: another try may bring a whole one.
    pub async fn of(vendor: Vendor, bytes: Bytes) -> Result<Self, ProviderError> {
        let unusable = || ProviderError::retry(format!("{vendor} sent something else than usable music"));
        let file = bytes.clone();
        let decoded = tokio::task::spawn_blocking(move || sound::decode(&file)).await.map_err(|_| unusable())?;
        let recording = decoded?.ok_or_else(unusable)?;
        let seconds = recording.sound.seconds();
        if !recording.whole || seconds < LEAST_SECONDS || recording.sound.level() < LEAST_LEVEL {
            return Err(unusable());
        }
        Ok(Self { bytes, media_type: recording.media_type, seconds })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sound::Sound;

    #[tokio::test]
    async fn music_is_heard_and_measured() {
        let tone = |seconds: f32, level: f32| {
            let samples = (0..(seconds * 8_000.0) as usize).map(|index| level * (index as f32 * 0.2).sin()).collect();
            sound::wav(&Sound { samples, rate: 8_000 })
        };
        let music = Music::of(Vendor::Suno, tone(1.5, 0.5)).await.expect("music");
        assert_eq!((music.media_type, music.seconds), ("audio/wav", 1.5));
        let whole = tone(2.0, 0.5);
        let half = whole.slice(..whole.len() / 2);
        for odd in [tone(0.5, 0.5), tone(2.0, 0.0), half, Bytes::from_static(b"<html>"), Bytes::new()] {
            let error = Music::of(Vendor::Suno, odd).await.expect_err("no music");
            assert_eq!(error, ProviderError::retry("Suno sent something else than usable music"));
        }
    }
}
