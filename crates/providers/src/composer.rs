//! Background music composed on this machine: free of anyone's rights, because every note and sound is made here.
//!
//! This file is the provider. Reading the wish (`mood`), chords (`harmony`), notes (`arrange`), sounds (`instruments`) and the
//! finished loop (`mix`) are in the files beside it; all of it is a pure function of the request.

use async_trait::async_trait;

use crate::error::ProviderError;
use crate::music::{Music, MusicProvider, MusicRequest};

mod arrange;
mod dice;
mod harmony;
mod instruments;
mod mix;
mod mood;

/// The provider; it holds nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Composer;

#[async_trait]
impl MusicProvider for Composer {
    fn vendor(&self) -> &'static str {
        "composer"
    }

    fn model(&self) -> &str {
        "composer-1"
    }

    async fn compose(&self, request: &MusicRequest, _: &str) -> Result<Music, ProviderError> {
        let request = request.clone();
        tokio::task::spawn_blocking(move || compose(&request))
            .await
            .map_err(|error| ProviderError::Fatal(format!("The thread that composed the music stopped: {error}.")))?
    }
}

/// Composes on this thread.
pub(crate) fn compose(request: &MusicRequest) -> Result<Music, ProviderError> {
    let mut dice = dice::Dice::new(&[&request.title, &request.style, &request.prompt], request.take);
    let wish = mood::read(&request.prompt, &request.style, &request.title, &mut dice);
    let piece = arrange::arrange(&wish, &mut dice);
    let (left, right) = mix::play(&piece, &mut dice);
    let bytes = mix::wav(&left, &right)
        .map_err(|error| ProviderError::Fatal(format!("The music could not be written as WAV: {error}.")))?;
    let seconds = left.len() as f64 / f64::from(instruments::RATE);
    Ok(Music { bytes: bytes.into(), media_type: "audio/wav", seconds })
}
