//! Music by the crate's own composer, as long as it is wanted.

use super::Media;
use super::ffmpeg::{self, SoundFormat};
use crate::composer;
use crate::music::MusicRequest;

/// What to play.
#[derive(Debug, Clone)]
pub(in super::super) struct SongOrder {
    pub(in super::super) prompt: String,
    pub(in super::super) style: String,
    pub(in super::super) title: String,
    /// The length; one loop when missing.
    pub(in super::super) seconds: Option<f64>,
    /// Another number gives another piece.
    pub(in super::super) take: u32,
    pub(in super::super) format: SoundFormat,
}

pub(super) fn play(order: &SongOrder) -> Result<Media, String> {
    let request =
        MusicRequest { prompt: order.prompt.clone(), style: order.style.clone(), title: order.title.clone(), take: order.take };
    let music = composer::compose(&request).map_err(|error| error.to_string())?;
    ffmpeg::sound(&music.bytes, order.format, 1.0, order.seconds)
}
