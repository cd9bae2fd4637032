//! The renderer: a storyboard and local files in, an MP4 out.
//!
//! It is synchronous and knows no server, database, network or user; pictures and sounds are named files, and `ffmpeg`
//! decodes and encodes them in child processes. [`plan()`] checks everything first, [`render()`] then draws, and
//! [`thumbnail`] and [`frame_at`] give single pictures.

mod cache;
mod camera;
mod captions;
mod cut_short;
mod decoded;
mod duck;
mod encode;
mod error;
mod ffmpeg;
mod frame;
mod join;
pub mod leftover;
mod limiter;
mod loudness;
mod media;
mod mix;
mod music;
mod music_loop;
mod options;
mod overlay;
mod picture;
mod plan;
mod probe;
mod render;
mod resample;
mod scene;
mod sound;
mod sound_file;
mod still;
mod text;
mod voice;
mod words;

pub use error::RenderError;
pub use ffmpeg::check_ffmpeg;
pub use media::{FolderMedia, Media};
pub use options::{Flow, Progress, Quality, RenderOptions, Report, Stage};
pub use plan::{Plan, plan};
pub use render::render;
pub use still::{frame_at, thumbnail};

/// Raised with every change that alters pixels, so that old segments are not used again.
pub const RENDER_VERSION: u32 = 2;
