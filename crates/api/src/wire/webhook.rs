//! What render workers elsewhere report.

use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::render::Captions;
use super::rule::text;

/// A message about a render.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobMessage {
    /// Which render.
    #[garde(skip)]
    pub job_id: Uuid,
    /// What it is about; `processing` when left out.
    #[garde(skip)]
    #[serde(default)]
    pub status: JobNews,
    /// How far it has got, 0 to 100.
    #[garde(custom(percentage))]
    #[schema(example = 42)]
    pub progress: Option<f64>,
    /// The attempt that the worker was given, from 1: then messages of another attempt don't count.
    #[garde(skip)]
    pub attempt: Option<i32>,
    /// The MP4 as an object of this server; needed when completed.
    #[garde(custom(text(1, 2_000)))]
    pub result_url: Option<String>,
    /// The caption files as objects of this server; needed when completed.
    #[garde(skip)]
    pub captions: Option<Captions>,
    /// The still as an object of this server; needed when completed.
    #[garde(custom(text(1, 2_000)))]
    pub thumbnail: Option<String>,
    /// Length of the video; needed when completed.
    #[garde(custom(length))]
    pub seconds: Option<f64>,
    /// What was tolerated, as sentences.
    #[garde(skip)]
    #[serde(default)]
    pub warnings: Vec<String>,
    /// Why it failed.
    #[garde(custom(text(0, 10_000)))]
    pub error: Option<String>,
}

/// What a message is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum JobNews {
    /// The worker is at work.
    #[default]
    Processing,
    /// The video is there.
    Completed,
    /// There will be no video.
    Failed,
}

fn percentage(value: &Option<f64>, _: &()) -> garde::Result {
    match value {
        Some(progress) if !(0.0..=100.0).contains(progress) => Err(garde::Error::new("Expected 0 to 100")),
        _ => Ok(()),
    }
}

fn length(value: &Option<f64>, _: &()) -> garde::Result {
    match value {
        Some(seconds) if !(*seconds > 0.0 && seconds.is_finite()) => Err(garde::Error::new("Expected more than 0 seconds")),
        _ => Ok(()),
    }
}

/// The message was read.
#[derive(Serialize, ToSchema)]
pub struct JobHeard {
    /// Always `true`.
    pub success: bool,
    /// Whether it changed something; `false` when nobody waits for it any more.
    pub taken: bool,
}
