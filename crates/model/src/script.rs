//! A script: Markdown that a person writes. The first heading is the title, each paragraph is one scene's narration, an
//! image above a paragraph is its picture, and optional front matter holds the settings.
//!
//! Reading is strict: what can't be spoken or shown is an error with its line, never silently left out.

mod characters;
mod front_matter;
mod markdown;
mod picture_settings;
mod plain;

pub use characters::ScriptCharacter;
pub use plain::{from_text, is_plain, short};

use crate::caption::CaptionOptions;
use crate::character::Voice;
use crate::choice::Choice;
use crate::storyboard::{MAX_NARRATION, MAX_SCENES, SceneLook, Size, Transition};

/// A script as read.
#[derive(Debug, Clone, PartialEq)]
pub struct Script {
    /// The first heading, or `title:` of the front matter; empty when there is neither.
    pub title: String,
    /// What the front matter says.
    pub settings: ScriptSettings,
    /// At least one.
    pub scenes: Vec<ScriptScene>,
    /// What was read but has no effect, as sentences for the user.
    pub warnings: Vec<String>,
}

/// The settings of a script's front matter, with their defaults.
#[derive(Debug, Clone, PartialEq)]
pub struct ScriptSettings {
    /// BCP 47 tag of the narration's language.
    pub language: String,
    /// The voice's name; empty for the language's default.
    pub voice: String,
    /// The look in the user's words; empty for the default.
    pub style: String,
    /// Captions in the picture.
    pub captions: CaptionOptions,
    /// `None` for no music, else its mood in the user's words (may be empty).
    pub music: Option<String>,
    /// The music's file as written in the script; `None` when it is to be made.
    pub music_file: Option<String>,
    /// The file of a picture whose look all pictures should follow, as written in the script.
    pub reference: Option<String>,
    /// Who is shown.
    pub characters: Vec<ScriptCharacter>,
    /// Picture size.
    pub size: Size,
    /// Frames per second.
    pub fps: u32,
    /// How scenes begin.
    pub transition: Transition,
    /// Whom to ask for what.
    pub choice: Choice,
    /// How fast it is spoken; 1.0 is the voice's own speed.
    pub speed: f64,
}

impl Default for ScriptSettings {
    fn default() -> Self {
        Self {
            language: "en".to_owned(),
            voice: String::new(),
            style: String::new(),
            captions: CaptionOptions::default(),
            music: Some(String::new()),
            music_file: None,
            reference: None,
            characters: Vec::new(),
            size: Size::default(),
            fps: 30,
            transition: Transition::default(),
            choice: Choice::default(),
            speed: 1.0,
        }
    }
}

impl ScriptSettings {
    /// Sets one setting as the front matter would, such as `size` to `9:16`; the error is a plain sentence.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        front_matter::set(self, key, value)
    }
}

/// One paragraph with its picture.
#[derive(Debug, Clone, PartialEq)]
pub struct ScriptScene {
    /// Line of the paragraph, from 1.
    pub line: usize,
    /// What is said: plain text without markup.
    pub narration: String,
    /// What the picture shows; empty when the script doesn't say.
    pub description: String,
    /// The picture's or clip's file as written in the script; `None` when it is to be made.
    pub picture: Option<String>,
    /// What the picture's title sets for this scene alone.
    pub look: SceneLook,
    /// The name of the character whose scene it is, as in the list of characters.
    pub character: Option<String>,
    /// Who speaks in it, where that is not the script's voice.
    pub voice: Option<Voice>,
}

/// Why a script can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct ScriptError {
    /// From 1.
    pub line: usize,
    /// A plain sentence with the remedy.
    pub problem: String,
}

impl ScriptError {
    fn at(line: usize, problem: impl Into<String>) -> Self {
        Self { line, problem: problem.into() }
    }
}

/// Reads a script.
pub fn parse(text: &str) -> Result<Script, ScriptError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (front, body, body_line) = front_matter::split(text)?;
    let (front_title, settings) = front_matter::read(front)?;
    let markdown::Body { heading, mut scenes, warnings } = markdown::read(body, body_line)?;
    scenes.iter_mut().try_for_each(|scene| find_character(scene, &settings.characters))?;
    checked(Script { title: front_title.or(heading).unwrap_or_default(), settings, scenes, warnings })
}

/// Finds the scene's character in the list, and takes its voice over unless the scene says another one.
fn find_character(scene: &mut ScriptScene, characters: &[ScriptCharacter]) -> Result<(), ScriptError> {
    let Some(name) = &scene.character else { return Ok(()) };
    let Some(found) = characters.iter().find(|character| character.name.to_lowercase() == name.to_lowercase()) else {
        let problem = format!("\"{name}\" is none of the script's characters; list it under characters: at the top");
        return Err(ScriptError::at(scene.line, problem));
    };
    scene.voice = scene.voice.take().or_else(|| found.voice.clone());
    scene.character = Some(found.name.clone());
    Ok(())
}

/// Refuses what can't become a video.
fn checked(script: Script) -> Result<Script, ScriptError> {
    let scenes = &script.scenes;
    if scenes.is_empty() {
        let problem = "there is no paragraph to narrate; write at least one paragraph of text under the title";
        return Err(ScriptError::at(1, problem));
    }
    if let Some(scene) = scenes.get(MAX_SCENES) {
        return Err(ScriptError::at(scene.line, format!("more than {MAX_SCENES} paragraphs; split the script")));
    }
    if let Some(scene) = scenes.iter().find(|scene| scene.narration.chars().count() > MAX_NARRATION) {
        let problem = format!("the paragraph has more than {MAX_NARRATION} characters; split it");
        return Err(ScriptError::at(scene.line, problem));
    }
    if let Some((index, scene)) = scenes.iter().enumerate().find(|(_, scene)| !has_words(&scene.narration)) {
        let problem = format!("scene {}: \"{}\" has no words to speak; write at least one word", index + 1, scene.narration);
        return Err(ScriptError::at(scene.line, problem));
    }
    Ok(script)
}

/// Whether a narration holds anything that a voice could say: punctuation and emoji alone are silence.
pub fn has_words(narration: &str) -> bool {
    narration.chars().any(char::is_alphanumeric)
}

#[cfg(test)]
mod tests;
