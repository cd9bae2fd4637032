//! The camera's path over a still: which part of the picture is seen in each frame.
//!
//! Positions are exact fractions of pixels; drawing them is in `resample`.

use model::storyboard::{Focus, Motion};

/// The most a picture is enlarged by a move.
const MOST_ZOOM: f64 = 0.12;
/// Short scenes move less: the most zoom per second, so that nothing ever rushes.
const ZOOM_PER_SECOND: f64 = 0.05;

/// The move of one scene.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Camera {
    motion: Motion,
    focus: Focus,
    /// Enlargement at the closest point, 1 or more.
    closest: f64,
    frames: u64,
}

/// The part of the picture that is seen: fractions of the picture's width and height.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct View {
    /// Left edge.
    pub(crate) x: f64,
    /// Top edge.
    pub(crate) y: f64,
    /// Width and height are the same fraction: the picture already has the frame's shape.
    pub(crate) extent: f64,
}

impl View {
    /// All of the picture.
    pub(crate) fn whole() -> Self {
        Self { x: 0.0, y: 0.0, extent: 1.0 }
    }

    /// The middle of this view, `zoom` (1 or more) times as large.
    pub(crate) fn enlarged(self, zoom: f64) -> Self {
        let extent = self.extent / zoom;
        let margin = (self.extent - extent) / 2.0;
        Self { x: self.x + margin, y: self.y + margin, extent }
    }
}

impl Camera {
    /// The camera of a scene of `frames` frames; `focus` is in the cropped picture.
    pub(crate) fn new(motion: Motion, focus: Focus, frames: u64, fps: u32) -> Self {
        let seconds = frames as f64 / f64::from(fps);
        let closest = match motion {
            Motion::Still => 1.0,
            _ => 1.0 + MOST_ZOOM.min(ZOOM_PER_SECOND * seconds),
        };
        Self { motion, focus, closest, frames }
    }

    /// How much larger than the frame the picture must be, so that the closest view still has one pixel for each.
    pub(crate) fn headroom(&self) -> f64 {
        self.closest
    }

    /// What is seen in frame `index` (0 is the scene's first).
    pub(crate) fn view(&self, index: u64) -> View {
        let t = ease(index as f64 / self.frames.saturating_sub(1).max(1) as f64);
        // Equal ratios per frame look like an even speed; equal differences don't.
        let (zoom, x, y) = match self.motion {
            Motion::Still => (1.0, 0.5, 0.5),
            Motion::ZoomIn => (self.closest.powf(t), self.focus.x, self.focus.y),
            Motion::ZoomOut => (self.closest.powf(1.0 - t), self.focus.x, self.focus.y),
            Motion::PanLeft => (self.closest, 1.0 - t, self.focus.y),
            Motion::PanRight => (self.closest, t, self.focus.y),
            Motion::PanUp => (self.closest, self.focus.x, 1.0 - t),
            Motion::PanDown => (self.closest, self.focus.x, t),
            Motion::Drift => (self.closest.powf(0.35 + 0.5 * t), 0.25 + 0.5 * t, 0.65 - 0.3 * t),
        };
        let extent = 1.0 / zoom;
        View { x: (1.0 - extent) * x, y: (1.0 - extent) * y, extent }
    }
}

/// Starts and ends gently but never stands still: half even, half smooth.
fn ease(t: f64) -> f64 {
    let t = t.clamp(0.0, 1.0);
    0.5 * t + 0.5 * (t * t * (3.0 - 2.0 * t))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MOTIONS: [Motion; 8] = [
        Motion::ZoomIn,
        Motion::ZoomOut,
        Motion::PanLeft,
        Motion::PanRight,
        Motion::PanUp,
        Motion::PanDown,
        Motion::Drift,
        Motion::Still,
    ];

    proptest! {
        #[test]
        fn the_view_stays_in_the_picture_and_never_jumps(
            motion in prop::sample::select(&MOTIONS[..]), x in 0.0f64..=1.0, y in 0.0f64..=1.0, frames in 1u64..900, fps in 24u32..=60,
        ) {
            let camera = Camera::new(motion, Focus { x, y }, frames, fps);
            let mut last: Option<View> = None;
            for index in 0..frames {
                let view = camera.view(index);
                prop_assert!(view.x >= 0.0 && view.y >= 0.0 && view.extent * camera.headroom() >= 1.0 - 1e-12);
                prop_assert!(view.x + view.extent <= 1.0 + 1e-12 && view.y + view.extent <= 1.0 + 1e-12);
                if let Some(last) = last {
                    // 5 % a second with the easing's greatest slope of 1.25.
                    let most = 1.3 * ZOOM_PER_SECOND / f64::from(fps) * frames as f64 / (frames - 1) as f64;
                    prop_assert!((view.x - last.x).abs() <= most && (view.y - last.y).abs() <= most);
                }
                last = Some(view);
            }
        }
    }
}
