//! The renderer: a storyboard and local files in, an MP4 out.
//!
//! It is synchronous and knows no server, database, network or user; pictures and sounds are named files, and `ffmpeg`
//! decodes and encodes them in child processes. [`plan()`] checks everything first, [`render()`] then draws, and
//! [`thumbnail`] and [`frame_at`] give single pictures.

mod breaks;
mod cache;
mod camera;
mod captions;
mod emoji;
mod encode;
mod error;
mod ffmpeg;
mod fonts;
mod frame;
mod join;
pub mod leftover;
mod limiter;
mod look;
mod media;
mod mix;
mod options;
mod overlay;
mod page;
mod picture;
mod plan;
mod probe;
mod render;
mod resample;
mod scene;
mod shadow;
mod sound;
mod still;
mod text;

pub use error::RenderError;
pub use ffmpeg::check_ffmpeg;
pub use media::{FolderMedia, Media};
pub use options::{Flow, Progress, Quality, RenderOptions, Report, Stage};
pub use plan::{Plan, plan};
pub use render::render;
pub use still::{frame_at, thumbnail};

/// Raised with every change that alters pixels, so that old segments are not used again.
pub const RENDER_VERSION: u32 = 3;
