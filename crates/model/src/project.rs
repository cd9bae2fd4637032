//! A project as the workflow sees it: its settings, its scenes and what has been made for them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::caption::{CaptionOptions, WordTiming};
use crate::character::Voice;
use crate::choice::Choice;
use crate::question::Question;
use crate::storyboard::{MusicOptions, SceneLook, Size, Storyboard, StoryboardScene, Transition};
use crate::task::TaskKind;

/// A project with everything that the workflow decides on.
#[derive(Debug, Clone, PartialEq)]
pub struct Project {
    /// Identity.
    pub id: Uuid,
    /// Whose project it is.
    pub owner: Uuid,
    /// Where the whole stands.
    pub status: ProjectStatus,
    /// Why it is paused, as a sentence for the user; `None` when the user paused it.
    pub notice: Option<String>,
    /// What it is about and how it should look and sound.
    pub settings: Settings,
    /// The live scenes by number: 1, 2, 3 …
    pub scenes: Vec<Scene>,
    /// The script as something that is made. Its asset is unused: what it says becomes the scenes. Where the project carries
    /// a question, it is the answer that is made.
    pub script: Slot,
    /// The question that the project is there for; then nobody sees it.
    pub question: Option<Box<Question>>,
    /// The background music; it is only made when `settings.include_music`.
    pub music: Slot,
    /// The newest render, if there was one.
    pub render: Option<Render>,
    /// Counts every change that would change the video.
    pub revision: i64,
}

/// Where a project stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProjectStatus {
    /// Nothing asked for yet.
    #[default]
    Draft,
    /// Something is being made.
    Generating,
    /// The user stopped it for now.
    Paused,
    /// All that was asked for is there.
    Completed,
    /// Something could not be made, or the user cancelled.
    Failed,
}

/// What a project is about and how it should look and sound.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Settings {
    /// What the user asked for.
    pub topic: String,
    /// Title of the video.
    pub title: String,
    /// Description for publishing.
    pub description: String,
    /// The look in the user's words.
    pub style: String,
    /// BCP 47 tag (or a label such as `English` from older clients).
    pub language: String,
    /// The voice's name; empty for the language's default.
    pub voice: String,
    /// Which vendor speaks; empty for the server's default.
    pub speech_vendor: String,
    /// Whether there is background music.
    pub include_music: bool,
    /// The music's mood in the user's words.
    pub music_prompt: String,
    /// Picture, captions and sound of the video.
    pub video: VideoOptions,
    /// Whom to ask for what.
    pub choice: Choice,
    /// How fast it is spoken; `None` is the voice's own speed, 1.0.
    pub speech_speed: Option<f64>,
    /// A picture whose look all pictures should follow: an object's key.
    pub reference: Option<String>,
    /// The characters that pictures show where a scene names nobody, in this order.
    pub characters: Vec<Uuid>,
}

/// How the video itself is put together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VideoOptions {
    /// Picture size.
    pub size: Size,
    /// Frames per second.
    pub fps: u32,
    /// Captions in the picture.
    pub captions: CaptionOptions,
    /// How scenes begin.
    pub transition: Transition,
    /// Level of the music.
    pub music: MusicOptions,
}

impl Default for VideoOptions {
    fn default() -> Self {
        Self {
            size: Size::default(),
            fps: 30,
            captions: CaptionOptions::default(),
            transition: Transition::default(),
            music: MusicOptions::default(),
        }
    }
}

/// One scene.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// Identity; it stays when scenes are reordered.
    pub id: Uuid,
    /// Place in the video, from 1.
    pub number: i32,
    /// What is said.
    pub narration: String,
    /// What the picture shows.
    pub visual_description: String,
    /// Length in seconds: a guess until the narration is spoken, then exact.
    pub duration_seconds: f64,
    /// When each word is heard; empty until the narration is spoken.
    pub word_timings: Vec<WordTiming>,
    /// The still.
    pub image: Slot,
    /// The narration's sound.
    pub audio: Slot,
    /// The sound in `audio` is there, but nobody knows yet when its words are heard: they are looked for in it, it is not
    /// spoken again.
    pub words_missing: bool,
    /// The moving picture; shown instead of the still when it is there and `moving`.
    pub video: Slot,
    /// Whether the clip is shown rather than the still.
    pub moving: bool,
    /// A sound effect; only the user puts one here.
    pub sfx: Slot,
    /// How it looks, where it differs from the other scenes.
    pub look: SceneLook,
    /// Whose scene it is.
    pub character: Option<Uuid>,
    /// Who speaks in it, where that is not the project's voice.
    pub voice: Option<Voice>,
}

/// A place for one made thing: a picture, a narration, a clip, the music.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Slot {
    /// Where it stands.
    pub status: SlotStatus,
    /// Counts every request; a result that carries an older number is thrown away.
    pub generation: i64,
    /// Tries of the current request that failed.
    pub attempts: i32,
    /// 0 at first; raised when another version of the same request is wanted.
    pub take: i32,
    /// Whether the user gave it: then `generate_all` never replaces it.
    pub given: bool,
    /// What is there. It stays visible while a replacement is being made.
    pub asset: Option<Asset>,
    /// Why it failed, as a sentence for the user.
    pub error: Option<String>,
}

/// Where a slot stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotStatus {
    /// Nothing asked for.
    #[default]
    Draft,
    /// Wanted, but the project is paused; or a clip that waits for its scene's picture.
    Pending,
    /// A task waits for it.
    Queued,
    /// A task is at work.
    Processing,
    /// The asset is there.
    Completed,
    /// It can't be made; `error` says why.
    Failed,
    /// The user does without it.
    Skipped,
}

impl SlotStatus {
    /// Whether a task exists for it.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Queued | Self::Processing)
    }
}

/// A stored object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asset {
    /// The object's key, such as `scenes/images/….jpg`.
    pub key: String,
    /// By content, such as `image/jpeg`.
    pub media_type: String,
    /// Size of the object.
    pub bytes: i64,
    /// `vendor/model` that made it, or `given`.
    pub made_by: String,
    /// Whose work it is, where its licence asks for a mention.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit: Option<Box<Credit>>,
}

/// Who made a picture or film that was found rather than made, and under which licence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Credit {
    /// The person's name, or the vendor's where it names nobody.
    pub author: String,
    /// Such as `CC BY 4.0` or `Pexels License`.
    pub licence: String,
    /// The page where it was found.
    pub source: String,
}

/// One render of a project.
#[derive(Debug, Clone, PartialEq)]
pub struct Render {
    /// Identity.
    pub id: Uuid,
    /// Where it stands; it only moves forward.
    pub status: RenderStatus,
    /// 0 to 1; never falls.
    pub progress: f64,
    /// Why it failed.
    pub error: Option<String>,
    /// The finished files.
    pub output: Option<RenderOutput>,
    /// The project's revision that it shows.
    pub revision: i64,
    /// What it shows instead of the project, if the user gave that; the media are object keys. It never changes.
    pub storyboard: Option<Arc<Storyboard>>,
}

/// Where a render stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RenderStatus {
    /// Waits for the project's pictures and sounds.
    Waiting,
    /// A task waits.
    Queued,
    /// A worker is at work.
    Rendering,
    /// The files are there.
    Completed,
    /// It can't be made; `error` says why.
    Failed,
    /// The user cancelled, or a newer render took its place.
    Cancelled,
}

impl RenderStatus {
    /// Whether nothing more will happen to it.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

/// The files of a finished render.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RenderOutput {
    /// Key of the MP4.
    pub video: String,
    /// Key of the SubRip captions.
    pub srt: String,
    /// Key of the WebVTT captions.
    pub vtt: String,
    /// Key of the ASS captions; what was rendered by older versions has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ass: Option<String>,
    /// Key of the JPEG thumbnail.
    pub thumbnail: String,
    /// Length of the video.
    pub seconds: f64,
    /// Size of the MP4.
    pub bytes: i64,
    /// What was tolerated, as sentences.
    #[serde(default)]
    pub warnings: Vec<String>,
}

/// Words a second of a usual narrator: the guess for scenes that nobody has spoken yet.
const WORDS_PER_SECOND: f64 = 2.5;

/// The guessed length of a narration, in seconds.
pub fn estimated_seconds(narration: &str) -> f64 {
    (narration.split_whitespace().count() as f64 / WORDS_PER_SECOND).max(1.0)
}

impl Project {
    /// What fills the slot `script`.
    pub fn script_task(&self) -> TaskKind {
        if self.question.is_some() { TaskKind::Answer } else { TaskKind::WriteScript }
    }

    /// What stands in the way of rendering the project, as sentences; empty when nothing.
    ///
    /// A failed request counts even if an older asset is there: showing the old one would hide the failure.
    pub fn missing_for_render(&self) -> Vec<String> {
        let mut missing = self.failures();
        if !missing.is_empty() {
            return missing;
        }
        if self.scenes.is_empty() {
            missing.push("the project has no scene".to_owned());
        }
        for scene in &self.scenes {
            let lacks = |what: &str, slot: &Slot| {
                let why = if slot.status == SlotStatus::Skipped { " (it was skipped)" } else { "" };
                format!("scene {} has no {what}{why}", scene.number)
            };
            if scene.visual().is_none() {
                missing.push(lacks("picture", &scene.image));
            }
            if scene.audio.asset.is_none() {
                missing.push(lacks("narration", &scene.audio));
            }
        }
        if self.settings.include_music && self.music.asset.is_none() {
            missing.push("the music is not there".to_owned());
        }
        missing
    }

    /// The project as a storyboard whose media are object keys, or what is missing.
    pub fn storyboard(&self) -> Result<Storyboard, Vec<String>> {
        let missing = self.missing_for_render();
        if !missing.is_empty() {
            return Err(missing);
        }
        let key = |asset: Option<&Asset>| asset.map(|asset| asset.key.clone());
        let scenes = self.scenes.iter().map(|scene| StoryboardScene {
            narration: scene.narration.clone(),
            image_url: key(scene.image.asset.as_ref()),
            video_url: key(scene.video.asset.as_ref().filter(|_| scene.moving)),
            audio_url: key(scene.audio.asset.as_ref()),
            word_timings: scene.word_timings.clone(),
            transition: scene.look.transition,
            focus: scene.look.focus,
            ..StoryboardScene::default()
        });
        let video = &self.settings.video;
        Ok(Storyboard {
            title: self.settings.title.clone(),
            scenes: scenes.collect(),
            bg_music_url: key(self.music.asset.as_ref().filter(|_| self.settings.include_music)),
            size: video.size,
            fps: video.fps,
            captions: video.captions.clone(),
            music: video.music,
            transition: video.transition,
        })
    }
}

impl Render {
    /// What the render shows: the user's own storyboard, else the project as it is now; or what is missing.
    pub fn shown(&self, project: &Project) -> Result<Storyboard, Vec<String>> {
        self.storyboard.as_deref().map_or_else(|| project.storyboard(), |given| Ok(given.clone()))
    }
}

impl Scene {
    /// A scene for which nothing has been made.
    pub fn new(id: Uuid, number: i32, narration: String, visual_description: String) -> Self {
        Self {
            id,
            number,
            duration_seconds: estimated_seconds(&narration),
            narration,
            visual_description,
            word_timings: Vec::new(),
            image: Slot::default(),
            audio: Slot::default(),
            words_missing: false,
            video: Slot::default(),
            moving: false,
            sfx: Slot::default(),
            look: SceneLook::default(),
            character: None,
            voice: None,
        }
    }

    /// What has to be done next for the narration: speak it, or find the words in what was spoken.
    pub fn speech_task(&self) -> TaskKind {
        if self.words_missing { TaskKind::AlignWords } else { TaskKind::Speak }
    }

    /// What is shown: the clip if it is wanted and there, else the still.
    pub fn visual(&self) -> Option<&Asset> {
        self.video.asset.as_ref().filter(|_| self.moving).or(self.image.asset.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_and_options_of_older_versions_are_read() {
        let old = r#"{"video":"v","srt":"s","vtt":"w","thumbnail":"t","seconds":1.5,"bytes":7}"#;
        let output: RenderOutput = serde_json::from_str(old).expect("a render");
        assert_eq!((output.vtt.as_str(), output.ass), ("w", None));
        let old = r##"{"captions":{"style":"box","position":"top","maxWords":3,"highlight":"#ff0000"}}"##;
        let options: VideoOptions = serde_json::from_str(old).expect("options");
        let captions = CaptionOptions {
            style: crate::caption::CaptionStyle::Box,
            position: crate::caption::CaptionPosition::Top,
            max_words: 3,
            highlight: "#ff0000".to_owned(),
            ..CaptionOptions::default()
        };
        assert_eq!(options.captions, captions);
    }
}
