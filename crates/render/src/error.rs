//! Everything that can go wrong in a render, in plain sentences that name the thing and the remedy.
//!
//! Mapping them to status codes or exit codes is the caller's work.

use std::io;
use std::path::Path;

/// Why a render did not happen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// The storyboard breaks a rule that needs no file.
    #[error(transparent)]
    Storyboard(#[from] model::storyboard::StoryboardError),
    /// A file of a scene can't be used.
    #[error("scene {scene}: {file}: {problem}")]
    Scene {
        /// 1 for the first scene.
        scene: usize,
        /// The name in the storyboard.
        file: String,
        /// A plain sentence.
        problem: String,
    },
    /// The music can't be used.
    #[error("music: {file}: {problem}")]
    Music {
        /// The name in the storyboard.
        file: String,
        /// A plain sentence.
        problem: String,
    },
    /// `ffmpeg` or `ffprobe` is not installed.
    #[error("{0} was not found; install it with: sudo apt-get install ffmpeg")]
    MissingProgram(&'static str),
    /// A child process failed.
    #[error("ffmpeg failed while {doing}: {detail}")]
    Ffmpeg {
        /// What it was to do.
        doing: String,
        /// Its last words.
        detail: String,
    },
    /// There is no room left where files are written.
    #[error("the disk is full while {doing}; free some space and render again")]
    DiskFull {
        /// What was being written.
        doing: String,
    },
    /// A file of our own can't be read or written.
    #[error("{doing} {path}: {problem}")]
    File {
        /// Such as "can't write to".
        doing: &'static str,
        /// The file or folder.
        path: String,
        /// The system's reason and the remedy.
        problem: String,
    },
    /// A part of a video can't be made ahead.
    #[error("can't make a part of the video: {0}")]
    Part(String),
    /// The progress callback said stop.
    #[error("the render was stopped")]
    Stopped,
}

impl RenderError {
    /// An error of one of our own files; a full disk gets its own sentence.
    pub(crate) fn file(doing: &'static str, path: &Path, error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::StorageFull {
            return Self::DiskFull { doing: format!("writing {}", path.display()) };
        }
        let remedy = match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => "; choose a folder you may write to",
            io::ErrorKind::NotFound => "; create the folder first",
            _ => "",
        };
        Self::File { doing, path: path.display().to_string(), problem: format!("{error}{remedy}") }
    }
}
