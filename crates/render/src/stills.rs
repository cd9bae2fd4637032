//! Prepared stills that are needed again: the plan decodes each picture to check it, its scene shows it, and so does the
//! transition to the next scene.
//!
//! Decoding is in `picture`, preparing in `prepare`.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::storyboard::{Focus, Motion, Size};

use crate::camera::Camera;
use crate::frame::Frame;
use crate::picture;
use crate::prepare;

/// The most memory for stills that may be needed again, in bytes: seven of the usual size.
const KEPT: usize = 28 << 20;

/// Stills by what they were made from; what was used longest ago goes first.
#[derive(Debug, Default)]
pub(crate) struct Stills(Mutex<Vec<(Recipe, Arc<Frame>, Focus)>>);

/// What a prepared still depends on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Recipe {
    /// SHA-256 of the file in hex.
    pub(crate) hash: String,
    /// The size of the video.
    pub(crate) size: Size,
    /// What must stay in view.
    pub(crate) focus: Focus,
    /// How much larger than the frame it is.
    pub(crate) headroom: f64,
}

impl Recipe {
    /// The still of a scene of `frames` frames.
    pub(crate) fn new(hash: &str, size: Size, (motion, focus): (Motion, Focus), frames: u64, fps: u32) -> Self {
        let headroom = Camera::new(motion, focus, frames, fps).headroom();
        Self { hash: hash.to_owned(), size, focus, headroom }
    }
}

impl Stills {
    /// The still and the focus within it; decoded from `path` unless it is here.
    pub(crate) fn get(&self, recipe: &Recipe, path: &Path) -> Result<(Arc<Frame>, Focus), String> {
        if let Some(found) = self.find(recipe) {
            return Ok(found);
        }
        let (still, focus) = Self::decoded(recipe, path)?;
        self.keep(recipe.clone(), Arc::clone(&still), focus);
        Ok((still, focus))
    }

    /// Decodes a picture to see that it can be, and keeps the still if there is room: of a long video the first ones, which
    /// are needed first.
    pub(crate) fn check(&self, recipe: &Recipe, path: &Path) -> Result<(), String> {
        if self.find(recipe).is_some() {
            return Ok(());
        }
        let (still, focus) = Self::decoded(recipe, path)?;
        let mut kept = self.lock();
        if Self::bytes(&kept) + still.data.len() <= KEPT {
            kept.push((recipe.clone(), still, focus));
        }
        Ok(())
    }

    /// Drops a still.
    pub(crate) fn forget(&self, recipe: &Recipe) {
        self.lock().retain(|(of, _, _)| of != recipe);
    }

    fn decoded(recipe: &Recipe, path: &Path) -> Result<(Arc<Frame>, Focus), String> {
        let decoded = picture::decode(path)?;
        let (width, height) = decoded.upright();
        let (part, focus) = prepare::cover(width, height, recipe.size, recipe.focus);
        Ok((Arc::new(prepare::source(&decoded, part, recipe.size, recipe.headroom)), focus))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Recipe, Arc<Frame>, Focus)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bytes(kept: &[(Recipe, Arc<Frame>, Focus)]) -> usize {
        kept.iter().map(|(_, still, _)| still.data.len()).sum()
    }

    fn find(&self, recipe: &Recipe) -> Option<(Arc<Frame>, Focus)> {
        let mut kept = self.lock();
        let found = kept.iter().position(|(of, _, _)| of == recipe)?;
        // The last is the one that was used last.
        let entry = kept.remove(found);
        let answer = (Arc::clone(&entry.1), entry.2);
        kept.push(entry);
        Some(answer)
    }

    fn keep(&self, recipe: Recipe, still: Arc<Frame>, focus: Focus) {
        let mut kept = self.lock();
        kept.push((recipe, still, focus));
        let mut total = Self::bytes(&kept);
        while total > KEPT {
            total -= kept.remove(0).1.data.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_longest_ago_goes_first() {
        let stills = Stills::default();
        let size = Size { width: 1080, height: 1920 };
        let recipe = |name: &str| Recipe { hash: name.to_owned(), size, focus: Focus { x: 0.5, y: 0.5 }, headroom: 1.0 };
        let still = Arc::new(Frame::black(size));
        let most = KEPT / still.data.len();
        for number in 0..most {
            stills.keep(recipe(&number.to_string()), Arc::clone(&still), Focus { x: 0.5, y: 0.5 });
        }
        assert!(stills.find(&recipe("0")).is_some());
        stills.keep(recipe("new"), Arc::clone(&still), Focus { x: 0.5, y: 0.5 });
        let there = ["0", "1", "2", "new"].map(|name| stills.find(&recipe(name)).is_some());
        assert_eq!(there, [true, false, true, true]);
    }
}
