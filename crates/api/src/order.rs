//! From what a client sends (a script or a storyboard, with options) to a project's settings and scenes.
//!
//! Media are objects that were uploaded before, or are fetched now; no path of this machine is read.

mod script;

use assets::Kind;
use axum::http::StatusCode;
use model::character::Character;
use model::choice::Choice;
use model::project::{Asset, Settings, VideoOptions};
use model::script::ScriptSettings;
use model::storyboard::{Focus, MusicOptions, SceneLook};
use model::workflow::{Edit, Input, SceneDraft};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::error::ApiError;
use crate::foreign::{self, Named};
use crate::key::own_medium_in;
use crate::signed::Signed;
use crate::wire::short::{CaptionWish, FocusWish, MusicWish, OrderShort, OrderedScene, OrderedStoryboard, SizeWish};

/// What a project begins with.
pub struct Order {
    /// Its identity.
    pub project: Uuid,
    /// What it is about and how it should look and sound.
    pub settings: Settings,
    /// Its scenes.
    pub scenes: Vec<SceneDraft>,
    /// The characters of its script.
    pub characters: Vec<Character>,
    /// The client's own music.
    pub music: Option<Asset>,
    /// What was read but has no effect, as sentences.
    pub warnings: Vec<String>,
}

/// Reads an order for a short.
pub async fn read(app: &Signed, order: &OrderShort) -> Result<Order, ApiError> {
    let mut read = match (&order.script, &order.storyboard, &order.topic) {
        (Some(script), None, None) => from_script(app, script, |settings| order.adjust(settings)).await?,
        (None, Some(storyboard), None) => from_storyboard(app, storyboard, |settings| order.adjust(settings)).await?,
        (None, None, Some(topic)) => from_topic(app, topic, order).await?,
        _ => return Err(ApiError::field("", "Give exactly one of script, storyboard and topic")),
    };
    if let Some(title) = &order.title {
        read.settings.title.clone_from(title);
    }
    if read.settings.topic.is_empty() {
        read.settings.topic = read.topic();
    }
    Ok(read)
}

/// A topic: the script is the project's first task.
async fn from_topic(app: &Signed, topic: &str, order: &OrderShort) -> Result<Order, ApiError> {
    let names_a_writer = order.vendors.as_ref().is_some_and(|vendors| vendors.script.is_some());
    if !app.language_model && !names_a_writer {
        return Err(no_author());
    }
    let mut wishes = ScriptSettings::default();
    order.adjust(&mut wishes)?;
    foreign::bring(app, wishes.music_file.iter_mut().map(music)).await?;
    let music = own_music(app, wishes.music_file.as_deref()).await?;
    let settings = Settings { topic: topic.to_owned(), ..settings("", wishes) };
    Ok(Order { settings, music, ..Order::empty((app.new_id)()) })
}

/// Reads a script; `adjust` may change what its front matter says.
pub async fn from_script(
    app: &Signed,
    text: &str,
    adjust: impl FnOnce(&mut ScriptSettings) -> Result<(), ApiError>,
) -> Result<Order, ApiError> {
    let mut script = model::script::parse(text).map_err(|error| ApiError::field("script", error.to_string()))?;
    adjust(&mut script.settings)?;
    foreign::bring(app, script::media(&mut script)).await?;
    let project = (app.new_id)();
    let music = own_music(app, script.settings.music_file.as_deref()).await?;
    let characters = script::characters(app, project, &script.settings.characters).await?;
    let reference = script::reference(app, script.settings.reference.as_deref()).await?;
    let scenes = script::drafts(app, &script, &characters).await?;
    let settings = settings(&script.title, script.settings);
    let settings = Settings { reference, characters: characters.iter().map(|character| character.id).collect(), ..settings };
    Ok(Order { project, settings, scenes, characters, music, warnings: script.warnings })
}

/// The client's own music, where a script or an order names a file.
async fn own_music(app: &Signed, file: Option<&str>) -> Result<Option<Asset>, ApiError> {
    match file {
        Some(file) => own_medium_in(app, "music", file, &["audio"]).await.map(Some),
        None => Ok(None),
    }
}

async fn from_storyboard(
    app: &Signed,
    board: &OrderedStoryboard,
    adjust: impl FnOnce(&mut ScriptSettings) -> Result<(), ApiError>,
) -> Result<Order, ApiError> {
    let OrderedStoryboard { size, fps, transition, captions, .. } = board;
    let mut wishes = ScriptSettings::default();
    VideoWish { size, fps, transition, captions }.put_over(&mut wishes, "storyboard.")?;
    adjust(&mut wishes)?;
    let mut media = Media::of(board);
    foreign::bring(app, media.named().into_iter().chain(wishes.music_file.iter_mut().map(music))).await?;
    let music = match &media.music {
        Some(url) => Some(own_medium_in(app, "storyboard.bgMusicUrl", url, &["audio"]).await?),
        None => own_music(app, wishes.music_file.as_deref()).await?,
    };
    let mut settings = settings(board.title.as_deref().unwrap_or_default(), wishes);
    if let Some(music) = board.music {
        settings.video.music = music.over(settings.video.music);
    }
    let (mut scenes, mut warnings) = (Vec::new(), Vec::new());
    for (index, (scene, media)) in board.scenes.iter().zip(&media.scenes).enumerate() {
        scenes.push(draft(app, index, scene, media).await?);
        warnings.extend(scene.without_effect().iter().map(|name| format!("scenes[{index}].{name} has no effect here")));
    }
    Ok(Order { settings, scenes, music, warnings, ..Order::empty((app.new_id)()) })
}

/// What a storyboard names, as it is written until it is fetched.
struct Media {
    scenes: Vec<SceneMedia>,
    music: Option<String>,
}

/// Picture and clip of one scene.
type SceneMedia = (Option<String>, Option<String>);

impl Media {
    fn of(board: &OrderedStoryboard) -> Self {
        let scenes = board.scenes.iter().map(|scene| (scene.image_url.clone(), scene.video_url.clone()));
        Self { scenes: scenes.collect(), music: board.bg_music_url.clone() }
    }

    fn named(&mut self) -> Vec<Named<'_>> {
        let named = |field: String, text, kinds| Named { field, part: String::new(), text, kinds };
        let mut all = Vec::new();
        for (index, (image, video)) in self.scenes.iter_mut().enumerate() {
            let field = |name: &str| format!("storyboard.scenes[{index}].{name}");
            all.extend(image.as_mut().map(|text| named(field("imageUrl"), text, &[Kind::Image])));
            all.extend(video.as_mut().map(|text| named(field("videoUrl"), text, &[Kind::Video])));
        }
        all.extend(self.music.as_mut().map(|text| named("storyboard.bgMusicUrl".to_owned(), text, &[Kind::Audio])));
        all
    }
}

/// The file of music that a script or an order names.
fn music(text: &mut String) -> Named<'_> {
    Named { field: "music".to_owned(), part: String::new(), text, kinds: &[Kind::Audio] }
}

async fn draft(app: &Signed, index: usize, scene: &OrderedScene, (image, video): &SceneMedia) -> Result<SceneDraft, ApiError> {
    let field = |name: &str| format!("storyboard.scenes[{index}].{name}");
    let image = match image {
        Some(url) => Some(own_medium_in(app, &field("imageUrl"), url, &["image"]).await?),
        None => None,
    };
    let video = match video {
        Some(url) => Some(own_medium_in(app, &field("videoUrl"), url, &["video"]).await?),
        None => None,
    };
    Ok(SceneDraft {
        id: (app.new_id)(),
        narration: scene.narration.clone(),
        visual_description: scene.visual_description.clone().unwrap_or_default(),
        image,
        video,
        look: SceneLook {
            transition: choice(&scene.transition, &field("transition"), TRANSITIONS)?,
            focus: scene.focus.map(FocusWish::point),
        },
        character: None,
        voice: None,
    })
}

/// The transitions as storyboards call them.
pub const TRANSITIONS: &str = "cut, crossfade, fadeBlack, slide, zoomThrough";

/// One of the model's choices by its name; `names` are all of them, for the error.
pub fn choice<T: DeserializeOwned>(name: &Option<String>, field: &str, names: &str) -> Result<Option<T>, ApiError> {
    let Some(name) = name else { return Ok(None) };
    let chosen = serde_json::from_value(name.clone().into());
    chosen.map(Some).map_err(|_| ApiError::field(field, format!("\"{name}\" is not one of {names}")))
}

/// What a storyboard says of the whole video.
pub struct VideoWish<'a> {
    /// The picture's size.
    pub size: &'a Option<SizeWish>,
    /// Frames per second.
    pub fps: &'a Option<u32>,
    /// How scenes begin.
    pub transition: &'a Option<String>,
    /// How captions look.
    pub captions: &'a Option<CaptionWish>,
}

impl VideoWish<'_> {
    /// Puts it over the settings; `front` stands before the names of fields in errors.
    pub fn put_over(&self, settings: &mut ScriptSettings, front: &str) -> Result<(), ApiError> {
        let mut set = |field: &str, key: &str, value: String| change(settings, &format!("{front}{field}"), key, &value);
        self.size.iter().try_for_each(|size| set("size", "size", size.words()))?;
        self.fps.iter().try_for_each(|fps| set("fps", "fps", fps.to_string()))?;
        self.transition.iter().try_for_each(|how| {
            set("transition", "transition", how.replace("fadeBlack", "fade-black").replace("zoomThrough", "zoom-through"))
        })?;
        let captions = self.captions.iter().flat_map(CaptionWish::pairs);
        captions.into_iter().try_for_each(|(key, value)| set("captions", key, value))
    }
}

impl MusicWish {
    /// Puts what is said over what is usual.
    pub fn over(self, usual: MusicOptions) -> MusicOptions {
        MusicOptions { volume_db: self.volume_db.unwrap_or(usual.volume_db), duck: self.duck.unwrap_or(usual.duck) }
    }
}

impl FocusWish {
    /// The same for the model.
    pub fn point(self) -> Focus {
        Focus { x: self.x, y: self.y }
    }
}

impl Order {
    /// A project with nothing in it.
    pub fn empty(project: Uuid) -> Self {
        let (scenes, characters, warnings) = (Vec::new(), Vec::new(), Vec::new());
        Self { project, settings: Settings::default(), scenes, characters, music: None, warnings }
    }

    /// The scenes and the music as edits of the new project.
    pub fn edits(scenes: Vec<SceneDraft>, music: Option<Asset>) -> Vec<Input> {
        let scenes = Some(scenes).filter(|scenes| !scenes.is_empty()).map(Edit::ReplaceScenes);
        let music = music.map(|music| Edit::GiveMusic(Some(music)));
        scenes.into_iter().chain(music).map(Input::Edit).collect()
    }

    /// What the project is about, when nobody says: its title, else how it begins.
    pub fn topic(&self) -> String {
        const BEGINNING: usize = 80;
        let beginning = || self.scenes.first().map(|scene| scene.narration.chars().take(BEGINNING).collect());
        Some(self.settings.title.clone()).filter(|title| !title.is_empty()).or_else(beginning).unwrap_or_default()
    }
}

fn settings(title: &str, wishes: ScriptSettings) -> Settings {
    let ScriptSettings { language, voice, style, captions, music, size, fps, transition, choice, speed, .. } = wishes;
    Settings {
        title: title.to_owned(),
        style,
        language,
        voice,
        include_music: music.is_some(),
        music_prompt: music.unwrap_or_default(),
        video: VideoOptions { size, fps, captions, transition, music: MusicOptions::default() },
        choice,
        speech_speed: Some(speed).filter(|speed| *speed != 1.0),
        ..Settings::default()
    }
}

fn change(settings: &mut ScriptSettings, field: &str, key: &str, value: &str) -> Result<(), ApiError> {
    settings.set(key, value).map_err(|problem| ApiError::field(field, problem))
}

impl OrderShort {
    /// Puts the order's options over the script's own settings.
    fn adjust(&self, settings: &mut ScriptSettings) -> Result<(), ApiError> {
        let texts = [
            ("language", &self.language),
            ("voice", &self.voice),
            ("style", &self.style),
            ("music", &self.music),
            ("transition", &self.transition),
        ];
        for (key, value) in texts {
            value.iter().try_for_each(|value| change(settings, key, key, value))?;
        }
        if let Some(vendors) = &self.vendors {
            settings.choice = Choice::from(vendors.clone()).or(&settings.choice);
        }
        self.speed.iter().try_for_each(|speed| change(settings, "speed", "speed", &speed.to_string()))?;
        self.fps.iter().try_for_each(|fps| change(settings, "fps", "fps", &fps.to_string()))?;
        self.size.iter().try_for_each(|size| change(settings, "size", "size", &size.words()))?;
        let captions = self.captions.iter().flat_map(CaptionWish::pairs);
        captions.into_iter().try_for_each(|(key, value)| change(settings, "captions", key, &value))
    }
}

impl SizeWish {
    fn words(&self) -> String {
        match self {
            Self::Words(words) => words.clone(),
            Self::Pixels { width, height } => format!("{width}x{height}"),
        }
    }
}

impl CaptionWish {
    /// As settings of a script's front matter.
    fn pairs(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Style(style) => vec![("captions", style.clone())],
            Self::Options { style, position, max_words, max_lines, highlight, text_colour, size, font, case } => [
                ("captions", style.clone()),
                ("caption-position", position.clone()),
                ("caption-words", max_words.map(|words| words.to_string())),
                ("caption-lines", max_lines.map(|lines| lines.to_string())),
                ("caption-colour", highlight.clone()),
                ("caption-text-colour", text_colour.clone()),
                ("caption-size", size.map(|size| size.to_string())),
                ("caption-font", font.clone()),
                ("caption-case", case.clone()),
            ]
            .into_iter()
            .filter_map(|(key, value)| value.map(|value| (key, value)))
            .collect(),
        }
    }
}

fn no_author() -> ApiError {
    let error = "No language model is configured that could write a script from a topic. Send the text itself as script (Markdown, one \
                 paragraph for each scene), or configure a language model and try again.";
    ApiError::plain(StatusCode::UNPROCESSABLE_ENTITY, error)
}
