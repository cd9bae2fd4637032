//! The timeline: a storyboard with every length resolved to exact frame numbers, without gap or overlap.

use crate::caption::{CaptionOptions, WordTiming};
use crate::storyboard::{Focus, Motion, MusicOptions, Size, Storyboard, StoryboardScene, Transition};

/// What the renderer draws. Media are named as in the storyboard; the renderer asks its caller for their files.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// Title for the file's metadata.
    pub title: String,
    /// Picture size in pixels.
    pub size: Size,
    /// Frames per second, constant.
    pub fps: u32,
    /// The scenes in their order, each beginning on the frame after the one before.
    pub scenes: Vec<TimelineScene>,
    /// Look and place of the captions.
    pub captions: CaptionOptions,
    /// Background music, if any.
    pub music: Option<TimelineMusic>,
}

/// One scene with its exact place.
#[derive(Debug, Clone, PartialEq)]
pub struct TimelineScene {
    /// 1 for the first scene: the number that people use.
    pub number: usize,
    /// The first frame of the scene in the video.
    pub first_frame: u64,
    /// At least 1.
    pub frame_count: u64,
    /// What is seen.
    pub visual: Visual,
    /// The narration's medium; it starts with the scene.
    pub audio: Option<String>,
    /// Seconds from the start of the scene.
    pub words: Vec<WordTiming>,
    /// How the scene begins.
    pub transition: Transition,
}

/// What is seen in a scene.
#[derive(Debug, Clone, PartialEq)]
pub enum Visual {
    /// A picture under a slow camera.
    Still {
        /// The picture's name.
        medium: String,
        /// The camera's move.
        motion: Motion,
        /// What must stay in view.
        focus: Focus,
    },
    /// A moving picture; the last frame is held when it is too short.
    Clip {
        /// The clip's name.
        medium: String,
    },
}

/// Background music of the whole video.
#[derive(Debug, Clone, PartialEq)]
pub struct TimelineMusic {
    /// The music's name.
    pub medium: String,
    /// Level and ducking.
    pub options: MusicOptions,
}

/// Stills that say nothing take turns, so that neighbouring scenes never move alike.
const MOTIONS: [Motion; 6] = [Motion::ZoomIn, Motion::PanRight, Motion::ZoomOut, Motion::Drift, Motion::PanLeft, Motion::ZoomIn];

/// Faces and what matters are more often above the middle of a picture than under it.
pub const DEFAULT_FOCUS: Focus = Focus { x: 0.5, y: 0.4 };

impl Timeline {
    /// Places every scene. `measured_seconds[i]` is the measured length of scene i's audio, or else of its clip if it has
    /// neither audio nor `duration`.
    ///
    /// Scene ends are rounded from the running sum, so that the rounding of single scenes never adds up.
    ///
    /// # Panics
    /// If a measured length is missing: the caller has probed every file before.
    pub fn build(storyboard: &Storyboard, measured_seconds: &[Option<f64>]) -> Self {
        let fps = f64::from(storyboard.fps);
        let mut scenes: Vec<TimelineScene> = Vec::with_capacity(storyboard.scenes.len());
        let (mut seconds, mut next_frame) = (0.0, 0);
        for (index, scene) in storyboard.scenes.iter().enumerate() {
            let measured = || {
                let seconds = measured_seconds.get(index).copied().flatten();
                seconds.unwrap_or_else(|| panic!("scene {} was not measured before the timeline", index + 1))
            };
            let length = match (&scene.audio_url, scene.duration) {
                (None, Some(duration)) => duration,
                _ => measured(),
            };
            seconds += length;
            let end = ((seconds * fps).round() as u64).max(next_frame + 1);
            scenes.push(TimelineScene {
                number: index + 1,
                first_frame: next_frame,
                frame_count: end - next_frame,
                visual: visual(scene, index),
                audio: scene.audio_url.clone(),
                words: scene.word_timings.clone(),
                transition: match index {
                    0 => Transition::Cut,
                    _ => scene.transition.unwrap_or(storyboard.transition),
                },
            });
            next_frame = end;
        }
        let music = storyboard.bg_music_url.clone().map(|medium| TimelineMusic { medium, options: storyboard.music });
        Self {
            title: storyboard.title.clone(),
            size: storyboard.size,
            fps: storyboard.fps,
            scenes,
            captions: storyboard.captions.clone(),
            music,
        }
    }

    /// Frames of the whole video.
    pub fn frame_count(&self) -> u64 {
        self.scenes.last().map_or(0, |scene| scene.first_frame + scene.frame_count)
    }

    /// Seconds of the whole video.
    pub fn seconds(&self) -> f64 {
        self.frame_count() as f64 / f64::from(self.fps)
    }
}

/// What is seen in the scene with that index, with the defaults of what it doesn't say.
///
/// # Panics
/// If the scene has neither picture nor clip: `Storyboard::check` refuses it.
pub fn visual(scene: &StoryboardScene, index: usize) -> Visual {
    match (&scene.video_url, &scene.image_url) {
        (Some(clip), _) => Visual::Clip { medium: clip.clone() },
        (None, Some(still)) => Visual::Still {
            medium: still.clone(),
            motion: scene.motion.unwrap_or(MOTIONS[index % MOTIONS.len()]),
            focus: scene.focus.unwrap_or(DEFAULT_FOCUS),
        },
        (None, None) => unreachable!("Storyboard::check refuses a scene without a picture"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn scenes_touch_and_rounding_never_adds_up(lengths in prop::collection::vec(0.04f64..30.0, 1..80), fps in 24u32..=60) {
            let scenes: Vec<String> = lengths.iter().map(|length| format!(r#"{{"imageUrl":"a","duration":{length}}}"#)).collect();
            let json = format!(r#"{{"fps":{fps},"scenes":[{}]}}"#, scenes.join(","));
            let timeline = Timeline::build(&Storyboard::from_json(&json).expect("valid"), &vec![None; lengths.len()]);
            let mut next = 0;
            for scene in &timeline.scenes {
                prop_assert_eq!(scene.first_frame, next);
                prop_assert!(scene.frame_count >= 1);
                next += scene.frame_count;
            }
            let exact = lengths.iter().sum::<f64>() * f64::from(fps);
            prop_assert!((timeline.frame_count() as f64 - exact).abs() <= 0.5 + 1e-6);
        }
    }
}
