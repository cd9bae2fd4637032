//! What a caller chooses for a render, and what it gets back.
//!
//! What the video shows is in the timeline, not here.

use std::path::PathBuf;
use std::sync::Arc;

use crate::cache::SharedCache;

/// How a render is carried out.
#[derive(Debug, Clone)]
pub struct RenderOptions {
    /// Scenes drawn and encoded at the same time; 0 is one for each core.
    pub workers: usize,
    /// Where encoded segments, the sound and what is known of input files are kept for the next render; `None` keeps nothing.
    pub cache: Option<PathBuf>,
    /// The most bytes that the cache may take; what was used least recently goes first.
    pub cache_bytes: u64,
    /// What other machines have made and may use; it is asked for what is not in `cache`, and without that not at all.
    pub shared: Option<Arc<dyn SharedCache>>,
    /// Where intermediate files go; `None` is the system's place for them. All are gone after the render.
    pub temp_dir: Option<PathBuf>,
    /// Speed against size and sharpness.
    pub quality: Quality,
    /// Who encodes the picture.
    pub encoder: Encoder,
}

impl Default for RenderOptions {
    fn default() -> Self {
        Self {
            workers: 0,
            cache: None,
            cache_bytes: 2 << 30,
            shared: None,
            temp_dir: None,
            quality: Quality::default(),
            encoder: Encoder::default(),
        }
    }
}

/// Speed against size and sharpness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Quality {
    /// For a quick look.
    Draft,
    /// For publishing.
    #[default]
    Standard,
    /// For an archive: slower and larger.
    High,
}

/// Who encodes the picture. A hardware encoder that does not work on this machine is replaced by x264, with a warning in the
/// report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoder {
    /// libx264 on the processor: the best picture for its size, everywhere.
    #[default]
    X264,
    /// NVIDIA graphics cards.
    Nvenc,
    /// Intel and AMD graphics on Linux, through `/dev/dri/renderD128`.
    Vaapi,
    /// Intel Quick Sync.
    Qsv,
    /// Apple's.
    VideoToolbox,
}

impl Encoder {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::X264, Self::Nvenc, Self::Vaapi, Self::Qsv, Self::VideoToolbox];

    /// ffmpeg's name for it, such as `h264_nvenc`.
    pub fn name(self) -> &'static str {
        match self {
            Self::X264 => "libx264",
            Self::Nvenc => "h264_nvenc",
            Self::Vaapi => "h264_vaapi",
            Self::Qsv => "h264_qsv",
            Self::VideoToolbox => "h264_videotoolbox",
        }
    }
}

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Frames are drawn and encoded, and the sound is mixed beside it.
    Drawing,
    /// Segments and sound are put together.
    Joining,
    /// The file is in its place.
    Done,
}

/// How far a render is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// 0 to 1, never falling.
    pub fraction: f64,
}

/// What the progress callback answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    Continue,
    /// Stop the render and leave nothing behind.
    Stop,
}

/// What came out of a render.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Length of the video.
    pub seconds: f64,
    /// Frames of the video.
    pub frames: u64,
    /// Size of the file.
    pub bytes: u64,
    /// Segments of the video: each is at most two seconds of one scene.
    pub segments: usize,
    /// Segments that were taken from the cache.
    pub cache_hits: usize,
    /// Integrated loudness before the sound encoder; `None` for silence.
    pub loudness_lufs: Option<f64>,
    /// True peak before the sound encoder, in dB below full scale; `None` for silence.
    pub true_peak_dbtp: Option<f64>,
    /// What was tolerated, in plain sentences.
    pub warnings: Vec<String>,
    /// Scenes (from 1) whose word times were estimated from the text and the sound.
    pub estimated_scenes: Vec<usize>,
    /// Seconds that each stage took, in their order. "sound" runs beside "drawing".
    pub stage_seconds: Vec<(&'static str, f64)>,
}

/// Tells the system's allocator to give large blocks back as soon as they are free. A program that renders should call this
/// once, before it starts threads: pictures of some megabytes come and go in each of them, and glibc would otherwise keep
/// the room of the largest for every thread.
pub fn give_memory_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: this only sets a number in the allocator.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 1 << 20);
    }
}
