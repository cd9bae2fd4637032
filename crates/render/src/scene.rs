//! One scene's frames: the still under its camera or the clip, the transition over it, and captions on top.
//!
//! Encoding the frames is in `encode`.

use std::ffi::OsString;
use std::process::ChildStdout;
use std::sync::atomic::{AtomicBool, Ordering};

use model::storyboard::Size;
use model::timeline::Visual;

use crate::camera::{Camera, View};
use crate::captions::Captions;
use crate::error::RenderError;
use crate::ffmpeg::{self, Tool};
use crate::frame::Frame;
use crate::media;
use crate::picture;
use crate::plan::Plan;
use crate::prepare;
use crate::probe;
use crate::resample::{Scratch, resample};
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
    Still { source: Frame, camera: Camera },
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
                let decoded = picture::decode(&file.path).map_err(failed)?;
                let (width, height) = decoded.upright();
                let (part, focus) = prepare::cover(width, height, plan.size(), *focus);
                let camera = Camera::new(*motion, focus, scene.frame_count, plan.timeline.fps);
                Ok(Self::Still { source: prepare::source(&decoded, part, plan.size(), camera.headroom()), camera })
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
            Self::Clip(clip) => {
                clip.advance(index)?;
                let held = clip.ended.filter(|end| index >= *end).map(|end| (index - end + 1) as f64 / f64::from(clip.fps));
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
