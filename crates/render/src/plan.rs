//! From a storyboard to a plan: every file found, opened and decoded once, every length known, before frame 0.
//!
//! Nothing is drawn or written here.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use model::storyboard::{Size, Storyboard};
use model::timeline::{Timeline, Visual};
use sha2::{Digest, Sha256};

use crate::clip::{self, ClipFacts};
use crate::error::RenderError;
use crate::ffmpeg;
use crate::media::Media;
use crate::picture;
use crate::probe::{self, SoundFacts};

/// A checked storyboard, ready to be rendered as often as wanted.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Exact frames of every scene.
    pub timeline: Timeline,
    /// What was tolerated, in plain sentences.
    pub warnings: Vec<String>,
    pub(crate) scenes: Vec<SceneFiles>,
    pub(crate) music: Option<SoundFile>,
    /// ffmpeg's version: part of what shapes a segment.
    pub(crate) ffmpeg: String,
}

/// The files of one scene.
#[derive(Debug, Clone)]
pub(crate) struct SceneFiles {
    pub(crate) visual: VisualFile,
    pub(crate) sound: Option<SoundFile>,
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

/// A sound and its measures.
#[derive(Debug, Clone)]
pub(crate) struct SoundFile {
    pub(crate) path: PathBuf,
    /// SHA-256 of the file in hex.
    pub(crate) hash: String,
    pub(crate) demuxer: &'static str,
    pub(crate) facts: SoundFacts,
}

/// Finds, opens and decodes every file of a storyboard and builds its timeline.
///
/// # Errors
/// The first scene (in the storyboard's order) that can't be rendered, with its number, the file and the reason; a
/// storyboard that breaks its own rules; a machine without ffmpeg.
pub fn plan(storyboard: &Storyboard, media: &dyn Media) -> Result<Plan, RenderError> {
    storyboard.check()?;
    let ffmpeg = ffmpeg::version()?;
    let scenes = scene_files(storyboard, media)?;
    let music = match &storyboard.bg_music_url {
        None => None,
        Some(name) => {
            Some(media.path(name).and_then(sound_file).map_err(|problem| RenderError::Music { file: name.clone(), problem })?)
        }
    };
    let lengths: Vec<Option<f64>> = scenes.iter().map(|scene| scene.sound.as_ref().map(|sound| sound.facts.seconds())).collect();
    let timeline = Timeline::build(storyboard, &lengths);
    let mut warnings = warnings(&timeline);
    warnings.extend(cut_clips(&timeline, &scenes)?);
    Ok(Plan { timeline, warnings, scenes, music, ffmpeg })
}

/// Checks scenes side by side; the error of the first bad scene wins, whoever finds it.
fn scene_files(storyboard: &Storyboard, media: &dyn Media) -> Result<Vec<SceneFiles>, RenderError> {
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
                        let scene = one_scene(storyboard, index, media);
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

fn one_scene(storyboard: &Storyboard, index: usize, media: &dyn Media) -> Result<SceneFiles, RenderError> {
    let scene = &storyboard.scenes[index];
    let failed = |file: &str, problem: String| RenderError::Scene { scene: index + 1, file: file.to_owned(), problem };
    let visual = match (&scene.video_url, &scene.image_url) {
        (Some(name), _) => media.path(name).and_then(clip_file).map_err(|problem| failed(name, problem))?,
        (None, Some(name)) => media.path(name).and_then(picture_file).map_err(|problem| failed(name, problem))?,
        (None, None) => unreachable!("Storyboard::check refuses a scene without a picture"),
    };
    let sound = match &scene.audio_url {
        None => None,
        Some(name) => Some(media.path(name).and_then(sound_file).map_err(|problem| failed(name, problem))?),
    };
    Ok(SceneFiles { visual, sound })
}

fn picture_file(path: PathBuf) -> Result<VisualFile, String> {
    picture::decode(&path)?;
    Ok(VisualFile { hash: hash(&path)?, path, clip: None })
}

fn clip_file(path: PathBuf) -> Result<VisualFile, String> {
    let clip = clip::clip(&path)?;
    Ok(VisualFile { hash: hash(&path)?, path, clip: Some(clip) })
}

fn sound_file(path: PathBuf) -> Result<SoundFile, String> {
    let (facts, demuxer) = probe::sound(&path)?;
    Ok(SoundFile { hash: hash(&path)?, path, demuxer, facts })
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

fn warnings(timeline: &Timeline) -> Vec<String> {
    let mut warnings = Vec::new();
    for scene in &timeline.scenes {
        let length = scene.frame_count as f64 / f64::from(timeline.fps);
        if let Some(word) = scene.words.iter().find(|word| word.start > length + 0.05) {
            let at = word.start;
            warnings.push(format!(
                "scene {}: the word \"{}\" starts at {at:.2} s, after the scene's end at {length:.2} s",
                scene.number, word.word
            ));
        }
    }
    warnings
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
