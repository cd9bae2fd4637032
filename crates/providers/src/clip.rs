//! Clips: a still that begins to move. Making one takes a vendor minutes, so who makes them is a [`JobProvider`].

use bytes::Bytes;
use model::project::Credit;
use model::storyboard::Size;

use crate::job::JobProvider;

/// Makes the moving picture of one scene.
pub type ClipProvider = dyn JobProvider<ClipRequest, Clip>;

/// What a clip should show.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ClipRequest {
    /// The still that moves, as a file.
    pub picture: Bytes,
    /// Such as `image/png`.
    pub picture_media_type: String,
    /// What the still shows.
    pub description: String,
    /// What is said in the scene.
    pub narration: String,
    /// The look of the whole video, in the user's words; may be empty.
    pub style: String,
    /// BCP 47 tag of the language of the texts, such as `en` or `pt-BR`; may be empty.
    pub language: String,
    /// The size of the video, in pixels: the clip has its proportions.
    pub size: Size,
    /// How long it should be; a vendor that can't makes the nearest it can.
    pub seconds: u32,
    /// 1 for the first scene.
    pub scene_number: u32,
    /// 0 at first; another number asks for another clip of the same request.
    pub take: u32,
}

/// A clip as a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Clip {
    /// The encoded file.
    pub bytes: Bytes,
    /// Such as `video/mp4`.
    pub media_type: &'static str,
    /// Whose work it is, where it was found rather than made.
    pub credit: Option<Credit>,
}
