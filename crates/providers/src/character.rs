//! Characters: a picture of somebody becomes a description that scripts and prompts can repeat, and a clean portrait that
//! pictures can refer to.

use async_trait::async_trait;

use crate::error::ProviderError;
use crate::image::{Image, Reference};

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
