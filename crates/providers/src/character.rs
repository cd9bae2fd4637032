//! Characters: a picture of somebody becomes a description that scripts and prompts can repeat, and a clean portrait that
//! pictures can refer to.

use async_trait::async_trait;
use minijinja::context;
use model::storyboard::Size;

use crate::error::ProviderError;
use crate::image::{Image, Reference};
use crate::media;
use crate::picture_model::{Asked, PictureModel};
use crate::prompts::Prompts;
use crate::vendor::Vendor;
use crate::writing::{declines, one_paragraph};

/// The size of a portrait.
const SQUARE: Size = Size { width: 1024, height: 1024 };

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

/// The user's picture under its true media type, whatever it was called.
///
/// # Errors
/// [`ProviderError::Fatal`] when it is no picture.
pub(crate) async fn given(vendor: Vendor, picture: &Reference) -> Result<Reference, ProviderError> {
    match media::look(vendor, picture.bytes.clone()).await {
        Ok(seen) => Ok(Reference { media_type: seen.media_type.to_owned(), ..picture.clone() }),
        // It is not the vendor's picture that is broken.
        Err(_) => {
            let message = "the character's picture can't be read; give a PNG, JPEG or WebP file that is whole";
            Err(ProviderError::Fatal(message.to_owned()))
        }
    }
}

/// A square portrait by a model that draws what it is shown.
///
/// # Errors
/// [`ProviderError::Unavailable`] for a model that does not see; else as its call.
pub(crate) async fn portrait(
    painter: &dyn PictureModel,
    prompts: &Prompts,
    picture: &Reference,
    key: &str,
) -> Result<Image, ProviderError> {
    let vendor = painter.maker();
    if !painter.sees() {
        let message = format!("{vendor}'s image model can't look at pictures; set another one in shortsai.toml");
        return Err(ProviderError::Unavailable(message));
    }
    let shown = Reference { character: Some("the character".to_owned()), ..given(vendor, picture).await? };
    let prompt = prompts.fill("portrait.jinja", context! {})?;
    let bytes = painter.ask(&Asked { prompt: &prompt, references: &[shown], size: SQUARE, key }).await?;
    let media_type = media::look(vendor, bytes.clone()).await?.media_type;
    Ok(Image { bytes, media_type, credit: None })
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
