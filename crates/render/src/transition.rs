//! How one scene's picture gives way to the next: the old picture is held, the new one already moves beneath.
//!
//! Which scene begins how is in the timeline; drawing a scene's own picture is in `scene`.

use model::storyboard::Transition;

use crate::camera::View;
use crate::frame::Frame;
use crate::resample::{Scratch, resample};

/// How far the old picture of a zoom comes towards us before it is gone.
const ZOOM_OUT_OF_SIGHT: f64 = 2.0;
/// How much too large the new picture of a zoom begins.
const ZOOM_SETTLES_FROM: f64 = 1.22;
/// A zoom's blur: this many doublings of a smear that begins with the smallest step.
const SMEAR_PASSES: u32 = 5;
const SMEAR_STEP: f64 = 1.007;
/// The part of a frame's time for which a film camera's shutter is open: a fast slide smears as far.
const SHUTTER: f64 = 0.5;

/// The most frames at the start of a scene of `scene_frames` that also show the scene before: never more than half.
pub(crate) fn length(kind: Transition, scene_frames: u64, fps: u32) -> u64 {
    let seconds = match kind {
        Transition::Cut => 0.0,
        Transition::Crossfade => 0.4,
        Transition::Slide | Transition::ZoomThrough => 0.5,
        Transition::FadeBlack => 0.6,
    };
    ((seconds * f64::from(fps)).round() as u64).min(scene_frames / 2)
}

/// A transition that is being drawn.
pub(crate) struct Passage {
    kind: Transition,
    /// The previous scene's last picture.
    held: Frame,
    /// Only for a zoom.
    zoom: Option<Zoom>,
    /// Frames of the whole transition.
    length: u64,
}

/// Pictures that a zoom works with.
struct Zoom {
    /// The held picture smeared outwards.
    smeared: Frame,
    /// The held picture on its way to the smeared one.
    partly: Frame,
    /// The same, enlarged.
    enlarged: Frame,
}

impl Passage {
    /// A transition of `length` frames away from the picture `held`.
    pub(crate) fn new(kind: Transition, held: Frame, length: u64, scratch: &mut Scratch) -> Self {
        let zoom = (kind == Transition::ZoomThrough).then(|| Zoom {
            smeared: smear(&held, scratch),
            partly: held.clone(),
            enlarged: held.clone(),
        });
        Self { kind, held, zoom, length }
    }

    /// Whether frame `index` of the scene is part of the transition.
    pub(crate) fn covers(&self, index: u64) -> bool {
        index < self.length
    }

    /// How much the new picture is enlarged in frame `index`; 1 is not at all.
    pub(crate) fn enlargement(&self, index: u64) -> f64 {
        match self.kind {
            Transition::ZoomThrough if self.covers(index) => ZOOM_SETTLES_FROM.powf((1.0 - self.time(index)).powi(2)),
            _ => 1.0,
        }
    }

    /// Draws frame `index` over the new picture in `frame`.
    pub(crate) fn over(&mut self, index: u64, frame: &mut Frame, scratch: &mut Scratch) {
        let t = self.time(index);
        match self.kind {
            Transition::Cut => {}
            Transition::Crossfade => frame.mix(&self.held, 256 - share(smooth(t))),
            Transition::FadeBlack if t < 0.5 => {
                frame.clone_from(&self.held);
                frame.dim(share(1.0 - 2.0 * t));
            }
            Transition::FadeBlack => frame.dim(share(2.0 * t - 1.0)),
            Transition::Slide => {
                let step = 1.0 / (self.length + 1) as f64;
                let speed = (smoother(t + step / 2.0) - smoother(t - step / 2.0)) * frame.width as f64;
                push(&self.held, frame, slid(t, frame.width), (speed * SHUTTER) as usize);
            }
            Transition::ZoomThrough => self.zoom(t, frame, scratch),
        }
    }

    /// The first frame already shows a little of the new picture and the last still a little of the old one.
    fn time(&self, index: u64) -> f64 {
        (index + 1) as f64 / (self.length + 1) as f64
    }

    fn zoom(&mut self, t: f64, frame: &mut Frame, scratch: &mut Scratch) {
        let Some(Zoom { smeared, partly, enlarged }) = &mut self.zoom else { return };
        // Blurring in front of the enlarging costs one resampling instead of two.
        partly.clone_from(&self.held);
        partly.mix(smeared, share(smooth(t * 2.0)));
        resample(partly, View::whole().enlarged(ZOOM_OUT_OF_SIGHT.powf(t.powf(1.5))), enlarged, scratch);
        // Only the middle of the transition dissolves: before it the move is seen, after it the new picture.
        frame.mix(enlarged, 256 - share(smooth((t - 0.1) / 0.8)));
    }
}

/// 0–1 as a weight in 256ths.
fn share(part: f64) -> u16 {
    (part.clamp(0.0, 1.0) * 256.0).round() as u16
}

/// From 0 to 1, starting and ending at rest.
fn smooth(t: f64) -> f64 {
    let t = t.clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// The same, starting and ending without a jolt.
fn smoother(t: f64) -> f64 {
    let t = t.clamp(0.0, 1.0);
    t * t * t * (t * (6.0 * t - 15.0) + 10.0)
}

/// How far a slide has come, in pixels: even, so that colour moves exactly with brightness.
fn slid(t: f64, width: usize) -> usize {
    (smoother(t) * width as f64 / 2.0).round() as usize * 2
}

/// Pushes the old picture out to the left by `shift` pixels, with the new one in `frame` right behind it, both smeared
/// over `blur` pixels as a camera's shutter would.
fn push(old: &Frame, frame: &mut Frame, shift: usize, blur: usize) {
    let width = frame.width;
    for (index, (new, old)) in frame.planes_mut().into_iter().zip(old.planes()).enumerate() {
        let half = if index == 0 { 1 } else { 2 };
        let (width, shift, reach) = (width / half, shift / half, blur / half / 2);
        let mut sums = vec![0u32; width + 2 * reach + 1];
        let scale = 65_536 / (2 * reach as u32 + 1);
        for (new, old) in new.chunks_exact_mut(width).zip(old.chunks_exact(width)) {
            if reach == 0 {
                new.copy_within(..shift, width - shift);
                new[..width - shift].copy_from_slice(&old[shift..]);
                continue;
            }
            // Both pictures side by side, with their outer edges repeated.
            let mut sum = 0u32;
            for (place, running) in sums[1..].iter_mut().enumerate() {
                let at = (shift + place).saturating_sub(reach);
                sum += u32::from(if at < width { old[at] } else { new[(at - width).min(width - 1)] });
                *running = sum;
            }
            for ((sample, low), high) in new.iter_mut().zip(&sums).zip(&sums[2 * reach + 1..]) {
                *sample = (((high - low) * scale + 32_768) >> 16) as u8;
            }
        }
    }
}

/// Smears a picture outwards from its middle: each pass doubles the number of copies that are laid over each other.
fn smear(picture: &Frame, scratch: &mut Scratch) -> Frame {
    let mut smeared = picture.clone();
    let mut copy = picture.clone();
    for pass in 0..SMEAR_PASSES {
        resample(&smeared, View::whole().enlarged(SMEAR_STEP.powi(1 << pass)), &mut copy, scratch);
        smeared.mix(&copy, 128);
    }
    smeared
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::storyboard::Size;
    use proptest::prelude::*;

    const SIZE: Size = Size { width: 90, height: 160 };
    const KINDS: [Transition; 4] = [Transition::Crossfade, Transition::FadeBlack, Transition::Slide, Transition::ZoomThrough];

    fn flat(luma: u8) -> Frame {
        let mut frame = Frame::black(SIZE);
        frame.planes_mut()[0].fill(luma);
        frame
    }

    /// A picture whose brightness says where each column was.
    fn ramp(from: u8) -> Frame {
        let mut frame = Frame::black(SIZE);
        let width = frame.width;
        frame.planes_mut()[0].iter_mut().enumerate().for_each(|(at, sample)| *sample = from + (at % width) as u8);
        frame
    }

    fn mean(frame: &Frame) -> f64 {
        let luma = frame.planes()[0];
        luma.iter().map(|sample| f64::from(*sample)).sum::<f64>() / luma.len() as f64
    }

    #[test]
    fn every_transition_leads_evenly_from_the_old_picture_to_the_new() {
        for kind in KINDS {
            let length = length(kind, 300, 30);
            let mut scratch = Scratch::default();
            let mut passage = Passage::new(kind, flat(200), length, &mut scratch);
            let means: Vec<f64> = (0..length)
                .map(|index| {
                    let mut frame = flat(60);
                    passage.over(index, &mut frame, &mut scratch);
                    mean(&frame)
                })
                .collect();
            let (first, last) = (means[0], means[means.len() - 1]);
            assert!((first - 200.0).abs() < 25.0 && (last - 60.0).abs() < 25.0, "{kind:?}: {means:?}");
            let falling = means.is_sorted_by(|a, b| a >= b);
            // Through black it gets darker than the new picture and then lighter again.
            assert!(falling || kind == Transition::FadeBlack, "{kind:?}: {means:?}");
        }
    }

    #[test]
    fn a_slide_is_where_it_should_be() {
        let check = |shift: usize, blur: usize| {
            let (old, mut frame) = (ramp(20), ramp(130));
            push(&old, &mut frame, shift, blur);
            let row = &frame.planes()[0][..frame.width];
            let seam = frame.width - shift;
            for (column, sample) in row.iter().enumerate() {
                let expected = if column < seam { 20 + shift + column } else { 130 + column - seam };
                // At the edges of the pictures the smear mixes in what is beside them.
                let inside = |from: usize, to: usize| column >= from + blur / 2 && column + blur / 2 < to;
                let exact = inside(0, seam) || inside(seam, frame.width);
                assert!(!exact || usize::from(*sample) == expected, "{shift} {blur}: column {column} is {sample}");
            }
        };
        for shift in [0, 2, 30, 88, 90] {
            for blur in [0, 1, 4, 11] {
                check(shift, blur);
            }
        }
        assert_eq!((slid(0.0, 1080), slid(0.5, 1080), slid(1.0, 1080)), (0, 540, 1080));
    }

    #[test]
    fn a_zoom_shows_no_edge_and_ends_at_rest() {
        let mut scratch = Scratch::default();
        let mut passage = Passage::new(Transition::ZoomThrough, flat(120), 15, &mut scratch);
        for index in 0..15 {
            let mut frame = flat(120);
            passage.over(index, &mut frame, &mut scratch);
            assert!(frame.planes()[0].iter().all(|sample| *sample == 120), "frame {index}");
        }
        let enlargements: Vec<f64> = (0..16).map(|index| passage.enlargement(index)).collect();
        assert!(enlargements.is_sorted_by(|a, b| a >= b) && enlargements[14] < 1.002 && enlargements[15] == 1.0);
    }

    proptest! {
        #[test]
        fn no_length_or_size_is_out_of_bounds(
            kind in prop::sample::select(&KINDS[..]), scene in 1u64..40, fps in 24u32..=60, width in 32u32..70, height in 32u32..70,
        ) {
            let size = Size { width: width * 2, height: height * 2 };
            let length = length(kind, scene, fps);
            prop_assert!(length * 2 <= scene);
            let mut scratch = Scratch::default();
            let mut passage = Passage::new(kind, Frame::black(size), length, &mut scratch);
            let mut frame = Frame::black(size);
            for index in 0..length {
                passage.over(index, &mut frame, &mut scratch);
            }
            prop_assert!(frame == Frame::black(size));
        }
    }
}
