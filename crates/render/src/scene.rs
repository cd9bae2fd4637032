//! One scene's frames: the still under its camera or the clip, the transition over it, and captions on top.
//!
//! Encoding the frames is in `encode`.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use model::storyboard::{Focus, Motion};
use model::timeline::Visual;

use crate::camera::{Camera, View};
use crate::captions::Captions;
use crate::clip::Player;
use crate::error::RenderError;
use crate::frame::Frame;
use crate::plan::Plan;
use crate::resample::{Scratch, resample};
use crate::stills::Recipe;
use crate::text::Fonts;
use crate::transition::{self, Passage};

/// The zoom towards the middle of a clip's held last frame, per second.
const HOLD_ZOOM: f64 = 0.012;

/// A scene that is being drawn, frame by frame in rising order.
pub(crate) struct SceneFrames<'a> {
    background: Background<'a>,
    transition: Option<Passage>,
    captions: Captions<'a>,
    scratch: Scratch,
}

/// The picture of one scene without transition and captions.
pub(crate) enum Background<'a> {
    Still {
        source: Arc<Frame>,
        camera: Camera,
    },
    /// A clip and the video's frame rate.
    Clip(Box<Player<'a>>, u32),
}

/// Frames at the start of a scene that also show the scene before.
pub(crate) fn transition_frames(plan: &Plan, index: usize) -> u64 {
    let scene = &plan.timeline.scenes[index];
    if index == 0 { 0 } else { transition::length(scene.transition, scene.frame_count, plan.timeline.fps) }
}

impl<'a> SceneFrames<'a> {
    /// Opens scene `index` to be drawn from frame `first` of the scene.
    pub(crate) fn open(plan: &'a Plan, index: usize, first: u64, stop: &'a AtomicBool) -> Result<Self, RenderError> {
        let scene = &plan.timeline.scenes[index];
        let mut scratch = Scratch::default();
        let length = transition_frames(plan, index);
        let transition = if first < length {
            let mut frame = Frame::black(plan.size());
            let last = plan.timeline.scenes[index - 1].frame_count - 1;
            Background::open(plan, index - 1, stop)?.draw(last, 1.0, &mut frame, &mut scratch)?;
            Some(Passage::new(scene.transition, frame, length, &mut scratch))
        } else {
            None
        };
        let background = Background::open(plan, index, stop)?;
        let captions = Captions::new(scene, &plan.timeline.captions, plan.size(), plan.timeline.fps);
        Ok(Self { background, transition, captions, scratch })
    }

    /// Draws frame `index` of the scene.
    pub(crate) fn draw(&mut self, index: u64, frame: &mut Frame, fonts: &mut Fonts) -> Result<(), RenderError> {
        let passage = self.transition.as_mut().filter(|passage| passage.covers(index));
        let enlargement = passage.as_ref().map_or(1.0, |passage| passage.enlargement(index));
        self.background.draw(index, enlargement, frame, &mut self.scratch)?;
        if let Some(passage) = passage {
            passage.over(index, frame, &mut self.scratch);
        }
        self.captions.draw(index, frame, fonts);
        Ok(())
    }
}

impl<'a> Background<'a> {
    /// Opens the picture or clip of scene `index`.
    pub(crate) fn open(plan: &Plan, index: usize, stop: &'a AtomicBool) -> Result<Self, RenderError> {
        let scene = &plan.timeline.scenes[index];
        let file = &plan.scenes[index].visual;
        match &scene.visual {
            Visual::Still { medium, motion, focus } => {
                let failed = |problem| RenderError::Scene { scene: scene.number, file: medium.clone(), problem };
                let recipe = still_recipe(plan, index, (*motion, *focus));
                let (source, focus) = plan.stills.get(&recipe, &file.path).map_err(failed)?;
                Ok(Self::Still { source, camera: Camera::new(*motion, focus, scene.frame_count, plan.timeline.fps) })
            }
            Visual::Clip { medium } => {
                let facts = file.clip.as_ref().expect("plan looked into every clip");
                let doing = format!("decoding the clip {medium} of scene {}", scene.number);
                let format = (plan.size(), plan.timeline.fps);
                let player = Player::start((&file.path, facts), format, scene.frame_count, doing, stop)?;
                Ok(Self::Clip(Box::new(player), plan.timeline.fps))
            }
        }
    }

    /// Draws frame `index`, its middle enlarged so many times (1 is not at all); a clip only goes forward.
    pub(crate) fn draw(
        &mut self,
        index: u64,
        enlargement: f64,
        frame: &mut Frame,
        scratch: &mut Scratch,
    ) -> Result<(), RenderError> {
        match self {
            Self::Still { source, camera } => {
                resample(source, camera.view(index).enlarged(enlargement), frame, scratch);
            }
            Self::Clip(clip, fps) => {
                clip.advance(index)?;
                let held = clip.ended.filter(|end| index >= *end).map(|end| (index - end + 1) as f64 / f64::from(*fps));
                match held {
                    None if enlargement == 1.0 => frame.clone_from(&clip.current),
                    _ => {
                        let view = held.map_or(View::whole(), hold).enlarged(enlargement);
                        resample(&clip.current, view, frame, scratch);
                    }
                }
            }
        }
        Ok(())
    }
}

fn still_recipe(plan: &Plan, index: usize, (motion, focus): (Motion, Focus)) -> Recipe {
    let frames = plan.timeline.scenes[index].frame_count;
    Recipe::new(&plan.scenes[index].visual.hash, plan.size(), (motion, focus), frames, plan.timeline.fps)
}

/// Gives back the memory of a scene's still, unless a later scene shows the same picture: nothing more is drawn of this one.
pub(crate) fn forget_still(plan: &Plan, index: usize) {
    let hash = &plan.scenes[index].visual.hash;
    if plan.scenes[index + 1..].iter().any(|later| later.visual.hash == *hash) {
        return;
    }
    if let Visual::Still { motion, focus, .. } = &plan.timeline.scenes[index].visual {
        plan.stills.forget(&still_recipe(plan, index, (*motion, *focus)));
    }
}

/// The view of a held last frame, `seconds` after the clip's end.
fn hold(seconds: f64) -> View {
    let extent = 1.0 / (1.0 + HOLD_ZOOM * seconds).min(1.12);
    View { x: (1.0 - extent) / 2.0, y: (1.0 - extent) / 2.0, extent }
}
