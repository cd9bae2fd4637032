//! From a storyboard to a plan: every file found, opened and decoded once, every length known, before frame 0.
//!
//! Nothing is drawn or written here.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use model::storyboard::{MAX_SCENE_SECONDS, Size, Storyboard};
use model::timeline::{Timeline, Visual};
use sha2::{Digest, Sha256};

use crate::error::RenderError;
use crate::ffmpeg;
use crate::media::Media;
use crate::picture;
use crate::probe::{self, ClipFacts};
use crate::sound_file::{self, Memory, SoundFile};
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
    /// The encoder's version: part of what shapes a segment.
    pub(crate) encoder: String,
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
    storyboard.check()?;
    let encoder = ffmpeg::version()?;
    let memory = Memory::new();
    let scenes = scene_files(storyboard, media, &memory)?;
    let lengths: Vec<Option<f64>> = scenes.iter().map(|scene| scene.seconds).collect();
    let mut timeline = Timeline::build(storyboard, &lengths);
    let music = match &storyboard.bg_music_url {
        None => None,
        // More of the music than the programme's length is never heard; a little more, so that rounding never makes it short.
        Some(name) => {
            let sound = media.path(name).and_then(|path| sound_file::open(path, Some(timeline.seconds() + 0.1), &memory));
            Some(sound.map_err(|problem| RenderError::Music { file: name.clone(), problem })?)
        }
    };
    let (estimated_scenes, warnings) = words::complete(&mut timeline, storyboard, &scenes);
    Ok(Plan { timeline, warnings, estimated_scenes, scenes, music, encoder })
}

/// Checks scenes side by side; the error of the first bad scene wins, whoever finds it.
fn scene_files(storyboard: &Storyboard, media: &dyn Media, memory: &Memory) -> Result<Vec<SceneFiles>, RenderError> {
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
                        let scene = one_scene(storyboard, index, media, memory);
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

fn one_scene(storyboard: &Storyboard, index: usize, media: &dyn Media, memory: &Memory) -> Result<SceneFiles, RenderError> {
    let scene = &storyboard.scenes[index];
    let failed = |file: &str, problem: String| RenderError::Scene { scene: index + 1, file: file.to_owned(), problem };
    let visual = match (&scene.video_url, &scene.image_url) {
        (Some(name), _) => media.path(name).and_then(clip_file).map_err(|problem| failed(name, problem))?,
        (None, Some(name)) => media.path(name).and_then(picture_file).map_err(|problem| failed(name, problem))?,
        (None, None) => unreachable!("Storyboard::check refuses a scene without a picture"),
    };
    let sound = match &scene.audio_url {
        None => None,
        Some(name) => Some(
            media.path(name).and_then(|path| sound_file::open(path, None, memory)).map_err(|problem| failed(name, problem))?,
        ),
    };
    let mut seconds = sound.as_ref().map(|sound| sound.facts.seconds());
    let mut clip_sound = None;
    if let (Some(name), Some(clip)) = (&scene.video_url, &visual.clip) {
        if scene.audio_url.is_none() && scene.duration.is_none() {
            seconds = Some(clip_length(&visual.path, clip.demuxer).map_err(|problem| failed(name, problem))?);
        }
        // Under a narration a clip is silent unless the storyboard says how loud it is.
        let volume_db = if scene.audio_url.is_some() { scene.clip_volume_db } else { Some(scene.clip_volume_db.unwrap_or(0.0)) };
        if let (Some(volume_db), Some(length)) = (volume_db, seconds.or(scene.duration)) {
            // One second more, for the transition to the next scene.
            let sound = sound_file::open_clip(&visual.path, clip.demuxer, length + 1.0, memory);
            clip_sound = sound.map_err(|problem| failed(name, problem))?.map(|sound| (sound, volume_db));
        }
    }
    Ok(SceneFiles { visual, sound, clip_sound, seconds })
}

fn clip_length(path: &std::path::Path, demuxer: &str) -> Result<f64, String> {
    match probe::clip_seconds(path, demuxer)? {
        seconds if seconds > MAX_SCENE_SECONDS => {
            Err(format!("is {seconds:.0} s long, and a scene at most {MAX_SCENE_SECONDS} s; give the scene a duration"))
        }
        seconds => Ok(seconds),
    }
}

fn picture_file(path: PathBuf) -> Result<VisualFile, String> {
    picture::decode(&path)?;
    Ok(VisualFile { hash: hash(&path)?, path, clip: None })
}

fn clip_file(path: PathBuf) -> Result<VisualFile, String> {
    let clip = probe::clip(&path)?;
    Ok(VisualFile { hash: hash(&path)?, path, clip: Some(clip) })
}

fn hash(path: &std::path::Path) -> Result<String, String> {
    let mut hasher = Sha256::new();
    let mut file = std::fs::File::open(path).map_err(|error| format!("can't be read: {error}"))?;
    let mut block = vec![0; 1 << 16];
    loop {
        match probe::fill(&mut file, &mut block).map_err(|error| format!("can't be read: {error}"))? {
            0 => return Ok(hex(&hasher.finalize())),
            length => hasher.update(&block[..length]),
        }
    }
}

/// Bytes as lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Plan {
    /// Picture size in pixels.
    pub(crate) fn size(&self) -> Size {
        self.timeline.size
    }

    /// Whether a scene is a still.
    pub(crate) fn is_still(&self, index: usize) -> bool {
        matches!(self.timeline.scenes[index].visual, Visual::Still { .. })
    }
}
