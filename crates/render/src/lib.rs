//! The renderer: a storyboard and local files in, an MP4 out.
//!
//! It is synchronous and knows no server, database, network or user; pictures and sounds are named files, and `ffmpeg`
//! decodes and encodes them in child processes. [`plan()`] checks everything first, [`render()`] then draws, and
//! [`thumbnail`], [`frame_at`] and [`raw_frames`] give pictures without a video.

mod arrivals;
mod breaks;
mod cache;
mod camera;
mod captions;
mod clip;
mod cut_short;
mod decoded;
mod duck;
mod emoji;
mod encode;
mod error;
mod feed;
mod ffmpeg;
mod fonts;
mod frame;
mod gate;
mod join;
mod known;
pub mod leftover;
mod limiter;
mod look;
mod loudness;
mod media;
mod mix;
mod music;
mod music_loop;
mod options;
mod overlay;
mod page;
mod picture;
mod pipe;
mod plan;
mod prepare;
mod probe;
mod profile;
mod render;
mod resample;
mod scene;
mod segment;
mod shadow;
mod sound;
mod sound_file;
mod still;
mod stills;
mod text;
mod transition;
mod voice;
mod words;

pub use cache::SharedCache;
pub use error::RenderError;
pub use ffmpeg::check_ffmpeg;
pub use media::{FolderMedia, Media};
pub use options::{Encoder, Flow, Progress, Quality, RenderOptions, Report, Stage, give_memory_back};
pub use plan::{Plan, check_music, plan, plan_cached};
pub use render::{Part, Prepared, prepare, render};
pub use still::{frame_at, preview, raw_frames, thumbnail};

/// Raised with every change that alters pixels, so that old segments are not used again.
pub const RENDER_VERSION: u32 = 5;
