//! Pictures: one still for one scene.

use async_trait::async_trait;
use bytes::Bytes;
use model::project::Credit;
use model::storyboard::Size;

use crate::error::ProviderError;

/// Draws or finds the picture of one scene.
#[async_trait]
pub trait ImageProvider: Send + Sync {
    /// Short lower-case name, such as `poster`.
    fn vendor(&self) -> &'static str;
    /// Model and version; part of the picture's content address, so it changes whenever the same request looks different.
    fn model(&self) -> &str;
    /// What else of the adapter shapes the picture, such as the version of its prompt; part of the content address too.
    fn version(&self) -> String {
        String::new()
    }
    /// Whether references shape its pictures: it looks at them, or reads what is said of them. Others are not given any, so that
    /// their pictures stay the same whatever there is to look at.
    fn follows_references(&self) -> bool {
        false
    }
    /// Makes the picture. `key` names this call for vendors that know idempotency keys: a call that a crash has cut off is made
    /// again with the same key.
    async fn draw(&self, request: &ImageRequest, key: &str) -> Result<Image, ProviderError>;
}

/// What a picture should show.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ImageRequest {
    /// What the picture shows; may be empty when only the narration is known.
    pub description: String,
    /// What is said in the scene.
    pub narration: String,
    /// The video's title.
    pub title: String,
    /// The look of the whole video, in the user's words, such as `cinematic` or `playful`; may be empty.
    pub style: String,
    /// BCP 47 tag of the language of the texts, such as `en` or `pt-BR`.
    pub language: String,
    /// The size of the video, in pixels.
    pub size: Size,
    /// 1 for the first scene.
    pub scene_number: u32,
    /// Scenes in the video.
    pub scene_count: u32,
    /// Pictures that it should resemble, where the vendor can see pictures.
    pub references: Vec<Reference>,
    /// 0 at first; another number asks for another picture of the same request.
    pub take: u32,
}

/// A picture that another one should resemble.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    /// The encoded file.
    pub bytes: Bytes,
    /// Such as `image/png`.
    pub media_type: String,
    /// The name of the person or thing in it; `None` where it shows the style that is wanted.
    pub character: Option<String>,
    /// What that one looks like, in words; may be empty.
    pub description: String,
}

/// A picture as a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    /// The encoded file.
    pub bytes: Bytes,
    /// Such as `image/png`.
    pub media_type: &'static str,
    /// Whose work it is, where it was found rather than made.
    pub credit: Option<Credit>,
}
