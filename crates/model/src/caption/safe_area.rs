//! The part of the picture that no app covers: captions stand in it, whatever they say.

use crate::storyboard::Size;

/// A rectangle in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SafeArea {
    /// From the left edge of the picture.
    pub left: f64,
    /// From the top edge of the picture.
    pub top: f64,
    /// From the left edge of the picture.
    pub right: f64,
    /// From the top edge of the picture.
    pub bottom: f64,
}

/// Shares of the picture that are kept free: left and right, top, bottom.
///
/// Full-screen shorts lie under the apps' own things. At 1080×1920 TikTok covers up to 480 pixels at the bottom, Reels 420 and
/// Shorts 480 (description, sound, progress bar); up to 270 at the top; and 140 at the right (buttons), which are kept free
/// at the left too so that captions stand in the middle. Advertisements may cover more.
const FULL_SCREEN: [f64; 3] = [0.13, 0.14, 0.25];
/// Posts in a feed (4:5 and 1:1) have their buttons below the picture; a bar may lie over its lower edge.
const FEED: [f64; 3] = [0.07, 0.07, 0.1];
/// Wide pictures: the margins of television, and the player's bar.
const WIDE: [f64; 3] = [0.1, 0.07, 0.09];

/// Where captions may stand on a picture of `size`.
pub fn safe_area(size: Size) -> SafeArea {
    let (width, height) = (f64::from(size.width), f64::from(size.height));
    let [side, top, bottom] = match width / height {
        shape if shape < 0.7 => FULL_SCREEN,
        shape if shape < 1.2 => FEED,
        _ => WIDE,
    };
    SafeArea { left: width * side, top: height * top, right: width * (1.0 - side), bottom: height * (1.0 - bottom) }
}

impl SafeArea {
    /// Pixels from left to right.
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    /// Pixels from top to bottom.
    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_has_its_own() {
        let check = |width, height, expected: [f64; 4]| {
            let SafeArea { left, top, right, bottom } = safe_area(Size { width, height });
            assert_eq!([left, top, right, bottom].map(f64::round), expected, "{width}×{height}");
        };
        check(1080, 1920, [140.0, 269.0, 940.0, 1440.0]);
        check(1080, 1350, [76.0, 95.0, 1004.0, 1215.0]);
        check(1080, 1080, [76.0, 76.0, 1004.0, 972.0]);
        check(1920, 1080, [192.0, 76.0, 1728.0, 983.0]);
    }
}
