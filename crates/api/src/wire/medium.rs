//! Single media of a scene on the wire, as clients bring them or ask for them.

use garde::Validate;
use model::event::Medium;
use model::project::Scene;
use serde::Deserialize;
use utoipa::ToSchema;

use super::rule::text;
use super::status::MediaStatus;

/// The most characters of an address, or of a file inside the request.
const LONGEST: usize = crate::PICTURES_LIMIT;

/// A new status of one medium.
#[derive(Deserialize, Validate, ToSchema)]
pub struct PatchStatus {
    /// Which medium.
    #[garde(skip)]
    pub r#type: ScenePart,
    /// What it should be.
    #[garde(skip)]
    pub status: StatusWish,
    /// Make another one although there is one.
    #[garde(skip)]
    pub force_regen: Option<bool>,
}

/// A medium of a scene.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ScenePart {
    /// The still.
    Image,
    /// The narration.
    Audio,
    /// The sound effect.
    Sfx,
}

impl ScenePart {
    /// As the workflow calls it.
    pub fn medium(self) -> Medium {
        match self {
            Self::Image => Medium::Image,
            Self::Audio => Medium::Audio,
            Self::Sfx => Medium::Sfx,
        }
    }

    /// How it stands.
    pub fn status_in(self, scene: &Scene) -> MediaStatus {
        match self {
            Self::Image => scene.image.status.into(),
            Self::Audio => scene.audio.status.into(),
            Self::Sfx => scene.sfx.status.into(),
        }
    }
}

/// A status that somebody wishes for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StatusWish {
    /// Nothing asked for.
    Draft,
    /// To be made.
    Pending,
    /// To be made.
    Queued,
    /// To be made.
    Processing,
    /// To be made.
    Loading,
    /// There.
    Completed,
    /// Can't be made.
    Failed,
    /// Can't be made.
    Error,
}

impl StatusWish {
    /// Whether something is to be made for it.
    pub fn wants_making(self) -> bool {
        matches!(self, Self::Pending | Self::Queued | Self::Processing | Self::Loading)
    }

    /// Whether that is how it stands already.
    pub fn is(self, status: MediaStatus) -> bool {
        match self {
            Self::Draft => status == MediaStatus::Draft,
            Self::Completed => status == MediaStatus::Completed,
            Self::Failed | Self::Error => status == MediaStatus::Error,
            Self::Pending | Self::Queued | Self::Processing | Self::Loading => {
                matches!(status, MediaStatus::Pending | MediaStatus::Queued | MediaStatus::Processing)
            }
        }
    }
}

/// A medium of your own for a scene: one of the three with its status. Of several, the first one is taken.
#[derive(Deserialize, Validate, ToSchema)]
pub struct PatchAsset {
    /// A picture: the key that `POST /api/assets` answered, or the picture itself as a data URI in base64.
    #[garde(custom(text(1, LONGEST)))]
    pub image_url: Option<String>,
    /// `completed`.
    #[garde(skip)]
    pub image_status: Option<Completed>,
    /// A narration, in the same forms.
    #[garde(custom(text(1, LONGEST)))]
    pub audio_url: Option<String>,
    /// `completed`.
    #[garde(skip)]
    pub audio_status: Option<Completed>,
    /// A clip, in the same forms; it is shown instead of the still.
    #[garde(custom(text(1, LONGEST)))]
    pub video_url: Option<String>,
    /// `completed`.
    #[garde(skip)]
    pub video_status: Option<Completed>,
}

/// A sound effect of your own.
#[derive(Deserialize, Validate, ToSchema)]
pub struct PatchSfx {
    /// The key that `POST /api/assets` answered, or the sound itself as a data URI in base64.
    #[garde(custom(text(1, LONGEST)))]
    pub sfx_url: String,
    /// `completed`.
    #[garde(skip)]
    #[serde(rename = "sfx_status")]
    pub _sfx_status: Completed,
}

/// The only status that a medium of one's own can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Completed {
    /// It is there.
    Completed,
}
