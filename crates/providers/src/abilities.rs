//! The vendors that may carry out one project's tasks, in the order in which they are asked.

use std::sync::Arc;

use crate::align::AlignProvider;
use crate::character::CharacterProvider;
use crate::clip::ClipProvider;
use crate::error::ProviderError;
use crate::image::ImageProvider;
use crate::music::MusicVendor;
use crate::script::ScriptProvider;
use crate::speech::SpeechProvider;

/// One of those who may be asked.
#[derive(Debug)]
pub struct Candidate<T: ?Sized> {
    /// Its name in the ledger and in what it makes.
    pub vendor: String,
    /// Its model.
    pub model: String,
    /// Its calls are paid with a key of the user's own: no plan counts them.
    pub own_key: bool,
    /// It works on this machine, with this machine's processors.
    pub local: bool,
    /// Who it is.
    pub provider: Arc<T>,
}

impl<T: ?Sized> Clone for Candidate<T> {
    fn clone(&self) -> Self {
        let Self { vendor, model, own_key, local, provider } = self;
        let (vendor, model, provider) = (vendor.clone(), model.clone(), provider.clone());
        Self { vendor, model, own_key: *own_key, local: *local, provider }
    }
}

impl<T: ?Sized> Candidate<T> {
    /// Who made something, as it is kept with it: `vendor/model`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.vendor, self.model)
    }
}

/// At least one candidate, or why there is none: a sentence that says what to set up.
pub type Candidates<T> = Result<Vec<Candidate<T>>, ProviderError>;

/// Who may be asked for what.
#[derive(Clone)]
pub struct Abilities {
    /// Writes scripts.
    pub scripts: Candidates<dyn ScriptProvider>,
    /// Draws or finds stills.
    pub images: Candidates<dyn ImageProvider>,
    /// Speaks narrations.
    pub speech: Candidates<dyn SpeechProvider>,
    /// Finds the words in narrations of vendors that do not tell when each is heard.
    pub align: Candidates<dyn AlignProvider>,
    /// Makes or finds moving pictures.
    pub clips: Candidates<ClipProvider>,
    /// Composes music.
    pub music: Candidates<MusicVendor>,
    /// Says what characters look like.
    pub describers: Candidates<dyn CharacterProvider>,
    /// Makes portraits of characters.
    pub portraitists: Candidates<dyn CharacterProvider>,
    /// Whether the next one is asked when one fails for a reason of its own.
    pub fallback: bool,
    /// How fast narrations are spoken; 1.0 is the voice's own speed.
    pub speech_speed: f64,
}

/// One candidate and no other, as in tests and measurements.
pub fn only<T: ?Sized>(vendor: &str, model: &str, provider: Arc<T>) -> Candidates<T> {
    Ok(vec![Candidate { vendor: vendor.to_owned(), model: model.to_owned(), own_key: false, local: false, provider }])
}

/// Nobody can do it.
pub fn nobody<T: ?Sized>() -> Candidates<T> {
    Err(ProviderError::Unavailable("nobody is set up for this".to_owned()))
}
