//! One scene's frames: the still under its camera or the clip, the transition over it, and captions on top.
//!
//! Encoding the frames is in `encode`.

use std::ffi::OsString;
use std::process::ChildStdout;
use std::sync::atomic::{AtomicBool, Ordering};

use model::storyboard::{Size, Transition};
use model::timeline::Visual;

use crate::camera::{Camera, View};
use crate::captions::Captions;
use crate::error::RenderError;
use crate::ffmpeg::{self, Tool};
use crate::frame::Frame;
use crate::media;
use crate::picture;
use crate::plan::Plan;
use crate::probe;
use crate::resample::{Scratch, resample};
use crate::text::Fonts;

/// Length of a crossfade and of a fade through black, in seconds; never more than half a scene.
const CROSSFADE: f64 = 0.4;
const FADE_BLACK: f64 = 0.6;
/// The zoom towards the middle of a clip's held last frame, per second.
const HOLD_ZOOM: f64 = 0.012;

/// A scene that is being drawn, frame by frame in rising order.
pub(crate) struct SceneFrames<'a> {
    background: Background<'a>,
    transition: Option<Held>,
    captions: Captions<'a>,
    scratch: Scratch,
}

/// The previous scene's last picture under a transition.
struct Held {
    kind: Transition,
    frame: Frame,
    /// Frames of the whole transition.
    length: u64,
}

/// The picture of one scene without transition and captions.
pub(crate) enum Background<'a> {
    Still { source: picture::Source, camera: Camera },
    Clip(Box<Clip<'a>>),
}

/// A clip that is being decoded.
pub(crate) struct Clip<'a> {
    /// Dropped, and so killed, with the clip.
    _tool: Tool,
    stream: ChildStdout,
    current: Frame,
    next: u64,
    /// The frame number after the clip's last own frame.
    ended: Option<u64>,
    fps: u32,
    stop: &'a AtomicBool,
}

/// Frames at the start of a scene that also show the scene before.
pub(crate) fn transition_frames(plan: &Plan, index: usize) -> u64 {
    let scene = &plan.timeline.scenes[index];
    let seconds = match scene.transition {
        _ if index == 0 => 0.0,
        Transition::Cut => 0.0,
        Transition::Crossfade => CROSSFADE,
        Transition::FadeBlack => FADE_BLACK,
    };
    ((seconds * f64::from(plan.timeline.fps)).round() as u64).min(scene.frame_count / 2)
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
            Background::open(plan, index - 1, stop)?.draw(last, &mut frame, &mut scratch)?;
            Some(Held { kind: scene.transition, frame, length })
        } else {
            None
        };
        let background = Background::open(plan, index, stop)?;
        let captions = Captions::new(scene, &plan.timeline.captions, plan.size(), plan.timeline.fps);
        Ok(Self { background, transition, captions, scratch })
    }

    /// Draws frame `index` of the scene.
    pub(crate) fn draw(&mut self, index: u64, frame: &mut Frame, fonts: &mut Fonts) -> Result<(), RenderError> {
        self.background.draw(index, frame, &mut self.scratch)?;
        if let Some(held) = self.transition.as_ref().filter(|held| index < held.length) {
            held.over(index, frame);
        }
        self.captions.draw(index, frame, fonts);
        Ok(())
    }
}

impl Held {
    fn over(&self, index: u64, frame: &mut Frame) {
        // The first frame already shows a little of the new picture and the last still a little of the old one.
        let t = (index + 1) as f64 / (self.length + 1) as f64;
        match self.kind {
            Transition::Cut => {}
            Transition::Crossfade => frame.mix(&self.frame, 256 - (t * t * (3.0 - 2.0 * t) * 256.0).round() as u16),
            Transition::FadeBlack if t < 0.5 => {
                frame.clone_from(&self.frame);
                frame.dim(((1.0 - 2.0 * t) * 256.0).round() as u16);
            }
            Transition::FadeBlack => frame.dim(((2.0 * t - 1.0) * 256.0).round() as u16),
        }
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
                let decoded = picture::decode(&file.path).map_err(failed)?;
                let (part, focus) = picture::cover(decoded.width(), decoded.height(), plan.size(), *focus);
                let camera = Camera::new(*motion, focus, scene.frame_count, plan.timeline.fps);
                Ok(Self::Still { source: picture::source(&decoded, part, plan.size(), camera.headroom()), camera })
            }
            Visual::Clip { medium } => {
                let facts = file.clip.as_ref().expect("plan looked into every clip");
                let mut arguments: Vec<OsString> = ["-threads", "1", "-f", facts.demuxer, "-i"].map(OsString::from).to_vec();
                arguments.push(media::ffmpeg_path(&file.path));
                let filter = clip_filter(plan.size(), plan.timeline.fps, facts.odd_pixels);
                arguments.extend(["-map", "0:V:0", "-an", "-vf", &filter].map(OsString::from));
                let limit = scene.frame_count.to_string();
                arguments.extend(["-frames:v", &limit, "-pix_fmt", "yuv420p", "-f", "rawvideo", "pipe:1"].map(OsString::from));
                let mut tool = ffmpeg::ffmpeg(format!("decoding the clip {medium} of scene {}", scene.number), arguments)?;
                let stream = tool.reader();
                let (current, fps) = (Frame::black(plan.size()), plan.timeline.fps);
                Ok(Self::Clip(Box::new(Clip { _tool: tool, stream, current, next: 0, ended: None, fps, stop })))
            }
        }
    }

    /// Draws frame `index`; a clip only goes forward.
    pub(crate) fn draw(&mut self, index: u64, frame: &mut Frame, scratch: &mut Scratch) -> Result<(), RenderError> {
        match self {
            Self::Still { source, camera } => resample(&source.frame, camera.view(index), frame, scratch),
            Self::Clip(clip) => {
                clip.advance(index)?;
                match clip.ended {
                    Some(end) if index >= end => {
                        resample(&clip.current, hold((index - end + 1) as f64 / f64::from(clip.fps)), frame, scratch)
                    }
                    _ => frame.clone_from(&clip.current),
                }
            }
        }
        Ok(())
    }
}

/// The view of a held last frame, `seconds` after the clip's end.
fn hold(seconds: f64) -> View {
    let extent = 1.0 / (1.0 + HOLD_ZOOM * seconds).min(1.12);
    View { x: (1.0 - extent) / 2.0, y: (1.0 - extent) / 2.0, extent }
}

impl Clip<'_> {
    fn advance(&mut self, index: u64) -> Result<(), RenderError> {
        while self.next <= index && self.ended.is_none() {
            if self.stop.load(Ordering::Relaxed) {
                return Err(RenderError::Stopped);
            }
            // A partly read frame must not be shown: it goes to its own memory first.
            let mut frame = vec![0; self.current.data.len()];
            let length = probe::fill(&mut self.stream, &mut frame)
                .map_err(|error| RenderError::Ffmpeg { doing: "decoding a clip".to_owned(), detail: error.to_string() })?;
            if length < frame.len() {
                if self.next == 0 {
                    let detail = "the clip gave no frame".to_owned();
                    return Err(RenderError::Ffmpeg { doing: "decoding a clip".to_owned(), detail });
                }
                self.ended = Some(self.next);
            } else {
                self.current.data = frame;
                self.next += 1;
            }
        }
        Ok(())
    }
}

fn clip_filter(size: Size, fps: u32, odd_pixels: bool) -> String {
    let Size { width, height } = size;
    let square = if odd_pixels { "scale=w='max(2,trunc(iw*sar/2)*2)':h=ih,setsar=1," } else { "" };
    format!(
        "fps={fps}:start_time=0,{square}scale={width}:{height}:force_original_aspect_ratio=increase:flags=bicubic+accurate_rnd\
         :out_color_matrix=bt709:out_range=tv,crop={width}:{height},format=yuv420p"
    )
}
