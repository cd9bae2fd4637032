//! From a storyboard that a client sends, with all its media, to one that can be rendered: its media are the caller's own
//! objects, or were fetched from elsewhere and are that now. No path of this machine is read.

use assets::Kind;
use model::caption::WordTiming;
use model::project::{Settings, VideoOptions};
use model::script::ScriptSettings;
use model::storyboard::{Storyboard, StoryboardScene};

use crate::error::{ApiError, Problems};
use crate::foreign::{self, Named};
use crate::key::own_medium;
use crate::order::{TRANSITIONS, VideoWish, choice};
use crate::signed::Signed;
use crate::wire::render::{RenderScene, StartRender};
use crate::wire::scene::Word;
use crate::wire::short::FocusWish;

/// The motions as storyboards call them.
const MOTIONS: &str = "zoomIn, zoomOut, panLeft, panRight, panUp, panDown, drift, still";

/// The storyboard in the request, if there is one; what it does not say of the whole video is as in the project's settings.
pub async fn storyboard(app: &Signed, sent: &StartRender, project: &Settings) -> Result<Option<Storyboard>, ApiError> {
    let Some(scenes) = &sent.scenes else {
        without_effect(sent)?;
        return Ok(None);
    };
    let video = video(sent, &project.video)?;
    let scenes = scenes.iter().enumerate().map(|(index, sent)| scene(index, sent)).collect::<Result<_, _>>()?;
    let mut storyboard = Storyboard {
        title: sent.title.clone().unwrap_or_else(|| project.title.clone()),
        scenes,
        bg_music_url: sent.bg_music_url.clone(),
        size: video.size,
        fps: video.fps,
        captions: video.captions,
        music: video.music,
        transition: video.transition,
    };
    storyboard.check().map_err(|error| ApiError::field(&error.path, error.problem))?;
    fetch_media(app, &mut storyboard).await?;
    take_own_media(app, &mut storyboard).await?;
    Ok(Some(storyboard))
}

/// Without scenes there is no storyboard that the other fields could be about.
fn without_effect(sent: &StartRender) -> Result<(), ApiError> {
    let fields = [
        ("bgMusicUrl", sent.bg_music_url.is_some()),
        ("title", sent.title.is_some()),
        ("size", sent.size.is_some()),
        ("fps", sent.fps.is_some()),
        ("captions", sent.captions.is_some()),
        ("music", sent.music.is_some()),
        ("transition", sent.transition.is_some()),
    ];
    let mut problems = Problems::default();
    for (field, _) in fields.iter().filter(|(_, there)| *there) {
        problems.add(field, "It belongs to a storyboard, and there are no scenes; give scenes too, or change the project");
    }
    problems.into_result()
}

fn video(sent: &StartRender, usual: &VideoOptions) -> Result<VideoOptions, ApiError> {
    let StartRender { size, fps, transition, captions, .. } = sent;
    let mut settings = ScriptSettings {
        size: usual.size,
        fps: usual.fps,
        captions: usual.captions.clone(),
        transition: usual.transition,
        ..ScriptSettings::default()
    };
    VideoWish { size, fps, transition, captions }.put_over(&mut settings, "")?;
    let ScriptSettings { size, fps, captions, transition, .. } = settings;
    Ok(VideoOptions { size, fps, captions, transition, music: sent.music.map_or(usual.music, |music| music.over(usual.music)) })
}

fn scene(index: usize, sent: &RenderScene) -> Result<StoryboardScene, ApiError> {
    let field = |name: &str| format!("scenes[{index}].{name}");
    let word = |Word { word, start, end }: &Word| WordTiming { word: word.clone(), start: *start, end: *end };
    Ok(StoryboardScene {
        narration: sent.narration.clone().unwrap_or_default(),
        image_url: sent.image_url.clone(),
        video_url: sent.video_url.clone(),
        audio_url: sent.audio_url.clone(),
        clip_volume_db: sent.clip_volume_db,
        word_timings: sent.word_timings.iter().flatten().map(word).collect(),
        duration: sent.duration,
        motion: choice(&sent.motion, &field("motion"), MOTIONS)?,
        transition: choice(&sent.transition, &field("transition"), TRANSITIONS)?,
        focus: sent.focus.map(FocusWish::point),
    })
}

/// Fetches what lies elsewhere.
async fn fetch_media(app: &Signed, storyboard: &mut Storyboard) -> Result<(), ApiError> {
    let named = media(storyboard).into_iter().map(|(field, kind, text)| {
        let kinds: &[Kind] = match kind {
            "image" => &[Kind::Image],
            "video" => &[Kind::Video],
            _ => &[Kind::Audio],
        };
        Named { field, part: String::new(), text, kinds }
    });
    foreign::bring(app, named).await
}

/// Puts object keys in place of the addresses, and refuses what is not the caller's own.
async fn take_own_media(app: &Signed, storyboard: &mut Storyboard) -> Result<(), ApiError> {
    let mut problems = Problems::default();
    for (field, kind, address) in media(storyboard) {
        match own_medium(app, address, &[kind]).await {
            Ok(medium) => *address = medium.key,
            Err(problem) => problems.add(&field, problem),
        }
    }
    problems.into_result()
}

/// Every medium that the storyboard names: its field, its kind and its address.
fn media(storyboard: &mut Storyboard) -> Vec<(String, &'static str, &mut String)> {
    let mut media = Vec::new();
    for (index, scene) in storyboard.scenes.iter_mut().enumerate() {
        let places = [
            ("imageUrl", "image", &mut scene.image_url),
            ("videoUrl", "video", &mut scene.video_url),
            ("audioUrl", "audio", &mut scene.audio_url),
        ];
        for (name, kind, address) in places {
            media.extend(address.as_mut().map(|address| (format!("scenes[{index}].{name}"), kind, address)));
        }
    }
    media.extend(storyboard.bg_music_url.as_mut().map(|address| ("bgMusicUrl".to_owned(), "audio", address)));
    media
}
