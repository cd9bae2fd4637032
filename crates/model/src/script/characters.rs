//! The characters of a script, listed in its front matter with one more step of indentation for what is said of each:
//!
//! ```text
//! characters:
//!   Bob: bob.png
//!   Ana:
//!     picture: ana.png
//!     description: a tall woman with red hair
//!     voice: en-gb+f3
//! ```

use std::collections::BTreeSet;

use uuid::Uuid;

use super::ScriptError;
use super::front_matter::{file, unquote};
use crate::character::{Character, Picture, Voice};

/// The most characters of a script.
const MOST: usize = 20;
/// The most letters of a name.
const LONGEST_NAME: usize = 100;
/// The most letters of a description.
const LONGEST_DESCRIPTION: usize = 2_000;

/// A character as a script has it.
#[derive(Debug, Clone, PartialEq)]
pub struct ScriptCharacter {
    /// Where it is listed, from 1.
    pub line: usize,
    /// By which scenes name it.
    pub name: String,
    /// The picture's file as written in the script.
    pub picture: String,
    /// What it looks like; may be empty.
    pub description: String,
    /// Who speaks for it.
    pub voice: Option<Voice>,
}

impl ScriptCharacter {
    /// The character of that project, with its picture as an object. Its identity follows from all that it is: a changed one is
    /// another one.
    pub fn in_project(&self, (owner, project): (Uuid, Uuid), picture: Picture) -> Character {
        let Self { line: _, name, picture: _, description, voice } = self;
        let all = serde_json::json!([name, description, voice, picture.key]).to_string();
        Character {
            id: Uuid::new_v5(&project, all.as_bytes()),
            owner,
            project: Some(project),
            name: name.clone(),
            description: description.clone(),
            pictures: vec![picture],
            voice: voice.clone(),
        }
    }
}

/// Reads the indented lines under `characters:`; neither blank ones nor notes are among them.
pub(super) fn read(lines: &[(usize, &str)]) -> Result<Vec<ScriptCharacter>, ScriptError> {
    let indent = |text: &str| text.len() - text.trim_start().len();
    let Some(first) = lines.first().map(|(_, text)| indent(text)) else { return Ok(Vec::new()) };
    let mut characters: Vec<ScriptCharacter> = Vec::new();
    for (line, text) in lines {
        let at = |problem: String| ScriptError::at(*line, problem);
        let Some((key, value)) = text.trim().split_once(':') else {
            return Err(at(format!("\"{}\" is no character; write a name and a picture, such as Ana: ana.png", text.trim())));
        };
        let (key, value) = (unquote(key.trim()), unquote(value.trim()));
        match characters.last_mut() {
            Some(character) if indent(text) > first => say(character, key, value).map_err(at)?,
            _ => {
                let picture = file("picture", value).map_err(at)?;
                let (name, description) = (key.to_owned(), String::new());
                characters.push(ScriptCharacter { line: *line, name, picture, description, voice: None });
            }
        }
    }
    check(&characters)?;
    Ok(characters)
}

fn say(character: &mut ScriptCharacter, key: &str, value: &str) -> Result<(), String> {
    let voice = || character.voice.clone().unwrap_or_default();
    match key {
        "picture" => character.picture = file(key, value)?,
        "description" => character.description = value.to_owned(),
        "voice" => character.voice = Some(Voice { name: value.to_owned(), ..voice() }),
        "speech-vendor" => character.voice = Some(Voice { vendor: value.to_owned(), ..voice() }),
        _ => return Err(format!("\"{key}\" is not said of a character; write picture, description, voice or speech-vendor")),
    }
    Ok(())
}

fn check(characters: &[ScriptCharacter]) -> Result<(), ScriptError> {
    if let Some(character) = characters.get(MOST) {
        return Err(ScriptError::at(character.line, format!("more than {MOST} characters; leave some out")));
    }
    let mut names = BTreeSet::new();
    for ScriptCharacter { line, name, picture, description, .. } in characters {
        let at = |problem: String| Err(ScriptError::at(*line, problem));
        if !name.chars().any(char::is_alphanumeric) || name.chars().count() > LONGEST_NAME {
            return at(format!("\"{name}\" is no name; give the character one of 1 to {LONGEST_NAME} letters"));
        }
        if picture.is_empty() {
            return at(format!("{name} has no picture; write its file, such as {name}: {}.png", name.to_lowercase()));
        }
        if description.chars().count() > LONGEST_DESCRIPTION {
            return at(format!("the description of {name} has more than {LONGEST_DESCRIPTION} letters; shorten it"));
        }
        if !names.insert(name.to_lowercase()) {
            return at(format!("there are two characters called {name}; rename one"));
        }
    }
    Ok(())
}
