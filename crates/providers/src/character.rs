//! Characters: a picture of somebody becomes a description that scripts and prompts can repeat, and a clean portrait that
//! pictures can refer to.

use async_trait::async_trait;

use crate::error::ProviderError;
use crate::image::{Image, Reference};
use crate::media;
use crate::vendor::Vendor;
use crate::writing::{declines, one_paragraph};

/// Looks at a character's picture.
#[async_trait]
pub trait CharacterProvider: Send + Sync {
    /// Short lower-case name, such as `gemini`.
    fn vendor(&self) -> &'static str;
    /// The model that describes.
    fn model(&self) -> &str;
    /// What the character looks like, in one paragraph of plain English: all that a painter needs to draw it again.
    async fn describe(&self, picture: &Reference, key: &str) -> Result<String, ProviderError>;
    /// The same character as a head-and-shoulders portrait on white, square.
    async fn portrait(&self, picture: &Reference, key: &str) -> Result<Image, ProviderError>;
}

/// The true media type of the user's picture, whatever it was called.
///
/// # Errors
/// [`ProviderError::Fatal`] when it is no picture.
pub(crate) fn given(picture: &Reference) -> Result<&'static str, ProviderError> {
    // Whose error it would be does not matter: this one is the user's.
    let seen = media::picture(Vendor::Poster, &picture.bytes);
    seen.map(|seen| seen.media_type).map_err(|_| {
        ProviderError::Fatal("the character's picture can't be read; give a PNG, JPEG or WebP file that is whole".to_owned())
    })
}

/// A vendor's description on one line; nothing is put in the place of an empty one.
pub(crate) fn description(vendor: Vendor, answer: &str) -> Result<String, ProviderError> {
    if declines(answer) {
        return Err(ProviderError::Refused(format!("{vendor} declines to describe this character; choose another picture")));
    }
    let line = one_paragraph(answer);
    if !line.chars().any(char::is_alphanumeric) {
        return Err(ProviderError::retry(format!("{vendor} did not describe the character; try again")));
    }
    Ok(line)
}
