//! From a storyboard to a plan: every file found, opened and decoded once, every length known, before frame 0.
//!
//! Nothing is drawn or written here.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use model::storyboard::{MAX_SCENE_SECONDS, Size, Storyboard};
use model::timeline::{self, Timeline, Visual};

use crate::cache::Cache;
use crate::clip::{self, ClipFacts};
use crate::error::RenderError;
use crate::known::Known;
use crate::media::Media;
use crate::options::RenderOptions;
use crate::sound_file::{self, Memory, SoundFile};
use crate::stills::{Recipe, Stills};
use crate::words;

/// A checked storyboard, ready to be rendered as often as wanted.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Exact frames of every scene.
    pub timeline: Timeline,
    /// What was tolerated, in plain sentences.
    pub warnings: Vec<String>,
    /// Scenes (from 1) whose word times are estimated.
    pub estimated_scenes: Vec<usize>,
    pub(crate) scenes: Vec<SceneFiles>,
    pub(crate) music: Option<SoundFile>,
    /// Pictures that were prepared and may be needed again.
    pub(crate) stills: Arc<Stills>,
    /// ffmpeg's version: part of what shapes a segment.
    pub(crate) ffmpeg: String,
}

/// The files of one scene.
#[derive(Debug, Clone)]
pub(crate) struct SceneFiles {
    pub(crate) visual: VisualFile,
    pub(crate) sound: Option<SoundFile>,
    /// The clip's own sound, if it is heard, and its level against a narration in dB.
    pub(crate) clip_sound: Option<(SoundFile, f64)>,
    /// Length of the narration, or else of the clip if nothing else gives the scene's length, in seconds.
    seconds: Option<f64>,
}

/// The picture or clip of one scene.
#[derive(Debug, Clone)]
pub(crate) struct VisualFile {
    pub(crate) path: PathBuf,
    /// SHA-256 of the file in hex.
    pub(crate) hash: String,
    /// Only for clips.
    pub(crate) clip: Option<ClipFacts>,
}

/// Finds, opens and decodes every file of a storyboard and builds its timeline.
///
/// # Errors
/// The first scene (in the storyboard's order) that can't be rendered, with its number, the file and the reason; a
/// storyboard that breaks its own rules; a machine without ffmpeg.
pub fn plan(storyboard: &Storyboard, media: &dyn Media) -> Result<Plan, RenderError> {
    plan_cached(storyboard, media, &RenderOptions::default())
}

/// Like [`plan()`], but what the options' cache knows of a file with the same content is not found out again.
///
/// # Errors
/// Those of [`plan()`], and when the cache can't be used.
pub fn plan_cached(storyboard: &Storyboard, media: &dyn Media, options: &RenderOptions) -> Result<Plan, RenderError> {
    storyboard.check()?;
    let known = Known::new(Cache::of(options)?)?;
    let ffmpeg = known.ffmpeg.clone();
    let sources = Sources::new(media, known);
    let scenes = scene_files(storyboard, &sources)?;
    assemble(storyboard, scenes, sources, ffmpeg)
}

/// Opens a piece of music and decodes its beginning, as a plan would.
///
/// # Errors
/// Why it can't be used.
pub fn check_music(name: &str, media: &dyn Media) -> Result<(), RenderError> {
    let sound = Sources::new(media, Known::nothing()).sound(name, Some(0.1));
    sound.map(|_| ()).map_err(|problem| RenderError::Music { file: name.to_owned(), problem })
}

/// A plan of the scenes up to a moment, without music: enough for a picture of that moment, and sooner.
pub(crate) fn plan_until(storyboard: &Storyboard, media: &dyn Media, seconds: f64) -> Result<Plan, RenderError> {
    storyboard.check()?;
    let sources = Sources::new(media, Known::nothing());
    let (mut scenes, mut length) = (Vec::new(), 0.0);
    while scenes.len() < storyboard.scenes.len() && length <= seconds {
        let scene = one_scene(storyboard, scenes.len(), &sources)?;
        length += scene.seconds.or(storyboard.scenes[scenes.len()].duration).unwrap_or_default();
        scenes.push(scene);
    }
    let until = storyboard.scenes[..scenes.len()].to_vec();
    let storyboard = Storyboard { scenes: until, bg_music_url: None, ..storyboard.clone() };
    assemble(&storyboard, scenes, sources, String::new())
}

fn assemble(storyboard: &Storyboard, scenes: Vec<SceneFiles>, sources: Sources, ffmpeg: String) -> Result<Plan, RenderError> {
    let lengths: Vec<Option<f64>> = scenes.iter().map(|scene| scene.seconds).collect();
    let mut timeline = Timeline::build(storyboard, &lengths);
    let music = match &storyboard.bg_music_url {
        None => None,
        // More of the music than the programme's length is never heard; a little more, so that rounding never makes it short.
        Some(name) => {
            let sound = sources.sound(name, Some(timeline.seconds() + 0.1));
            Some(sound.map_err(|problem| RenderError::Music { file: name.clone(), problem })?)
        }
    };
    let (estimated_scenes, mut warnings) = words::complete(&mut timeline, storyboard, &scenes);
    warnings.extend(cut_clips(&timeline, &scenes)?);
    Ok(Plan { timeline, warnings, estimated_scenes, scenes, music, stills: sources.stills, ffmpeg })
}

/// Checks scenes side by side; the error of the first bad scene wins, whoever finds it.
fn scene_files(storyboard: &Storyboard, sources: &Sources) -> Result<Vec<SceneFiles>, RenderError> {
    let next = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(storyboard.scenes.len());
    let mut found: Vec<(usize, Result<SceneFiles, RenderError>)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers)
            .map(|_| {
                scope.spawn(|| {
                    let mut found = Vec::new();
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        if index >= storyboard.scenes.len() {
                            return found;
                        }
                        let scene = one_scene(storyboard, index, sources);
                        if scene.is_err() {
                            next.store(storyboard.scenes.len(), Ordering::Relaxed);
                        }
                        found.push((index, scene));
                    }
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    found.sort_by_key(|(index, _)| *index);
    found.into_iter().map(|(_, scene)| scene).collect()
}

fn one_scene(storyboard: &Storyboard, index: usize, sources: &Sources) -> Result<SceneFiles, RenderError> {
    let scene = &storyboard.scenes[index];
    let failed = |file: &str, problem: String| RenderError::Scene { scene: index + 1, file: file.to_owned(), problem };
    let sound = match &scene.audio_url {
        None => None,
        Some(name) => Some(sources.sound(name, None).map_err(|problem| failed(name, problem))?),
    };
    let mut seconds = sound.as_ref().map(|sound| sound.facts.seconds());
    let visual = match timeline::visual(scene, index) {
        Visual::Clip { medium } => sources.clip(&medium).map_err(|problem| failed(&medium, problem))?,
        Visual::Still { medium, motion, focus } => {
            let frames = (seconds.or(scene.duration).unwrap_or_default() * f64::from(storyboard.fps)).round() as u64;
            let still = |hash: &str| Recipe::new(hash, storyboard.size, (motion, focus), frames, storyboard.fps);
            sources.picture(&medium, still).map_err(|problem| failed(&medium, problem))?
        }
    };
    let mut clip_sound = None;
    if let (Some(name), Some(clip)) = (&scene.video_url, &visual.clip) {
        if scene.audio_url.is_none() && scene.duration.is_none() {
            seconds = Some(clip_length(clip).map_err(|problem| failed(name, problem))?);
        }
        // Under a narration a clip is silent unless the storyboard says how loud it is.
        let volume_db = if scene.audio_url.is_some() { scene.clip_volume_db } else { Some(scene.clip_volume_db.unwrap_or(0.0)) };
        if let (Some(volume_db), Some(length)) = (volume_db, seconds.or(scene.duration)) {
            // One second more, for the transition to the next scene.
            let sound = sound_file::open_clip(&visual.path, &clip.demuxer, length + 1.0, (&sources.memory, &sources.known));
            clip_sound = sound.map_err(|problem| failed(name, problem))?.map(|sound| (sound, volume_db));
        }
    }
    Ok(SceneFiles { visual, sound, clip_sound, seconds })
}

fn clip_length(clip: &ClipFacts) -> Result<f64, String> {
    match clip.seconds {
        0.0 => Err("does not say how long it is; give the scene a duration".to_owned()),
        seconds if seconds > MAX_SCENE_SECONDS => {
            Err(format!("is {seconds:.0} s long, and a scene at most {MAX_SCENE_SECONDS} s; give the scene a duration"))
        }
        seconds => Ok(seconds),
    }
}

/// Where files come from and what is known of them.
struct Sources<'a> {
    media: &'a dyn Media,
    known: Known,
    memory: Memory,
    stills: Arc<Stills>,
}

impl<'a> Sources<'a> {
    fn new(media: &'a dyn Media, known: Known) -> Self {
        Self { media, known, memory: Memory::new(), stills: Arc::default() }
    }

    /// `still` says how it is shown, with its hash: once it is decoded it is also prepared for that.
    fn picture(&self, name: &str, still: impl Fn(&str) -> Recipe) -> Result<VisualFile, String> {
        let path = self.media.path(name)?;
        let ((), hash) = self.known.facts(&path, "picture", |hash| self.stills.check(&still(hash), &path))?;
        Ok(VisualFile { path, hash, clip: None })
    }

    fn clip(&self, name: &str) -> Result<VisualFile, String> {
        let path = self.media.path(name)?;
        let (clip, hash) = self.known.facts(&path, "clip", |_| clip::clip(&path))?;
        Ok(VisualFile { path, hash, clip: Some(clip) })
    }

    fn sound(&self, name: &str, most: Option<f64>) -> Result<SoundFile, String> {
        sound_file::open(self.media.path(name)?, most, (&self.memory, &self.known))
    }
}

/// Clips that break off: an error where the missing part would be shown, else a warning.
fn cut_clips(timeline: &Timeline, scenes: &[SceneFiles]) -> Result<Vec<String>, RenderError> {
    let mut warnings = Vec::new();
    for (scene, files) in timeline.scenes.iter().zip(scenes) {
        let (Visual::Clip { medium }, Some(at)) = (&scene.visual, files.visual.clip.as_ref().and_then(|clip| clip.cut_at)) else {
            continue;
        };
        if scene.frame_count as f64 / f64::from(timeline.fps) > at {
            let problem = format!("the clip is cut short after {at:.1} s, and more of it would be shown; fetch it again");
            return Err(RenderError::Scene { scene: scene.number, file: medium.clone(), problem });
        }
        warnings
            .push(format!("scene {}: {medium}: the clip is cut short after {at:.1} s; the scene ends before that", scene.number));
    }
    Ok(warnings)
}

impl Plan {
    /// Whether a file is one of those that are shown or heard.
    pub(crate) fn reads(&self, file: &std::path::Path) -> bool {
        let Ok(file) = file.canonicalize() else { return false };
        let sounds = self.scenes.iter().filter_map(|scene| scene.sound.as_ref()).chain(&self.music).map(|sound| &sound.path);
        let mut all = self.scenes.iter().map(|scene| &scene.visual.path).chain(sounds);
        all.any(|path| path.canonicalize().is_ok_and(|path| path == file))
    }

    /// Picture size in pixels.
    pub(crate) fn size(&self) -> Size {
        self.timeline.size
    }

    /// Whether a scene is a still.
    pub(crate) fn is_still(&self, index: usize) -> bool {
        matches!(self.timeline.scenes[index].visual, Visual::Still { .. })
    }
}
