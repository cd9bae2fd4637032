//! What is known of input files from earlier: a file with the same content need not be decoded again to be checked.
//!
//! What is found out about a file is in `picture`, `clip` and `sound_file`. Only good files are remembered: what was wrong
//! with a file is found out again, so that its sentence is never out of date.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cache::Cache;
use crate::error::RenderError;
use crate::ffmpeg;
use crate::media;

/// The facts of earlier plans, if there is a cache to keep them in.
pub(crate) struct Known {
    cache: Option<Cache>,
    /// ffmpeg's version: another one may decode what this one refuses.
    pub(crate) ffmpeg: String,
}

impl Known {
    /// What a cache knows, if there is one; ffmpeg must be there.
    pub(crate) fn new(cache: Option<Cache>) -> Result<Self, RenderError> {
        let ffmpeg = match (&cache, ffmpeg::program()) {
            (Some(cache), Some(program)) => Self::version_of(&program, cache)?,
            _ => ffmpeg::version()?,
        };
        Ok(Self { cache, ffmpeg })
    }

    /// Nothing at all, and nothing will be remembered.
    pub(crate) fn nothing() -> Self {
        Self { cache: None, ffmpeg: String::new() }
    }

    /// Starting ffmpeg for its version takes as long as all else when nothing has changed: the answer is kept for as long as
    /// the program's file is the same.
    fn version_of(program: &str, cache: &Cache) -> Result<String, RenderError> {
        let recipe = format!("version\n{program}");
        if let Some(version) = cache.get(&recipe).and_then(|bytes| String::from_utf8(bytes).ok()) {
            return Ok(version);
        }
        let version = ffmpeg::version()?;
        let _ = cache.put(&recipe, version.as_bytes());
        Ok(version)
    }

    /// The facts about the file at `path`, and the SHA-256 of its content in hex. `question` says which facts are meant;
    /// `find` finds them out; it is given the hash.
    pub(crate) fn facts<T: Serialize + DeserializeOwned>(
        &self,
        path: &Path,
        question: &str,
        find: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<(T, String), String> {
        // A missing or empty file has a sentence of its own.
        media::head(path)?;
        let hash = media::hash(path)?;
        let Some(cache) = &self.cache else { return Ok((find(&hash)?, hash)) };
        let recipe = format!("facts {}\n{}\n{question}\n{hash}", crate::RENDER_VERSION, self.ffmpeg);
        if let Some(facts) = cache.get(&recipe).and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
            return Ok((facts, hash));
        }
        let facts = find(&hash)?;
        let bytes = serde_json::to_vec(&facts).expect("facts are plain values");
        // A plan can do without its notes.
        let _ = cache.put(&recipe, &bytes);
        Ok((facts, hash))
    }
}
