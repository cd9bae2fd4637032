//! Colour profiles in pictures: from theirs to sRGB.
//!
//! Rows are converted after scaling, so that a giant costs no more than a small picture.

use std::fmt;
use std::sync::Arc;

use moxcms::{ColorProfile, DataColorSpace, Layout, TransformExecutor, TransformOptions};

/// A conversion to sRGB.
#[derive(Clone)]
pub(crate) struct Profile(Arc<dyn TransformExecutor<f32> + Send + Sync>);

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Profile")
    }
}

impl Profile {
    /// The conversion that an ICC profile asks for; `None` when it is not one for RGB or can't be understood.
    pub(crate) fn read(icc: &[u8]) -> Option<Self> {
        let profile = ColorProfile::new_from_slice(icc).ok().filter(|profile| profile.color_space == DataColorSpace::Rgb)?;
        let options = TransformOptions::default();
        profile.create_transform_f32(Layout::Rgb, &ColorProfile::new_srgb(), Layout::Rgb, options).ok().map(Self)
    }

    /// Converts RGB pixels in 0–255.
    pub(crate) fn convert(&self, pixels: &mut [f32]) {
        let source: Vec<f32> = pixels.iter().map(|value| (value / 255.0).clamp(0.0, 1.0)).collect();
        // It only refuses rows of unlike lengths; then the colours stay as they are.
        if self.0.transform(&source, pixels).is_ok() {
            pixels.iter_mut().for_each(|value| *value *= 255.0);
        }
    }
}
