//! Characters: people and things that look alike in every picture, and may have a voice of their own. Which of them a scene
//! shows is decided here; how vendors are shown their pictures is not.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::project::{Scene, Settings};

/// Somebody, or something, that looks alike wherever it is shown. It never changes: whoever wants another look makes another
/// one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Character {
    /// Identity.
    pub id: Uuid,
    /// Whose it is.
    pub owner: Uuid,
    /// The only project that knows it, if it comes from that project's script; otherwise all of the owner's may use it.
    pub project: Option<Uuid>,
    /// By which scenes name it.
    pub name: String,
    /// What it looks like, for painters; may be empty.
    pub description: String,
    /// At least one; painters are shown the first.
    pub pictures: Vec<Picture>,
    /// Who speaks for it, where that is not the project's voice.
    pub voice: Option<Voice>,
}

/// A picture as an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// The object's key.
    pub key: String,
    /// Such as `image/png`.
    pub media_type: String,
}

/// A voice by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Voice {
    /// Whose voice it is; empty for whoever speaks in the project.
    pub vendor: String,
    /// The vendor's name for it; empty for the vendor's usual one.
    pub name: String,
}

impl Voice {
    /// The voice, unless nothing is said of it.
    pub fn said(vendor: Option<String>, name: Option<String>) -> Option<Self> {
        let said = |text: Option<String>| text.unwrap_or_default().trim().to_owned();
        Some(Self { vendor: said(vendor), name: said(name) }).filter(|voice| *voice != Self::default())
    }
}

/// The most characters in one picture: models mix the faces up when they are shown more.
pub const MOST_IN_A_PICTURE: usize = 5;

/// The characters that the scene's picture shows, of all that its project may use: those whom its visual description names,
/// else the scene's own, else those that the project has chosen.
///
/// Of the chosen ones the name may be written in any case. Others must be named as they are written, since a word such as
/// "rose" is not always somebody; and a chosen one goes before another of the same name, an earlier in the list before a later.
pub fn shown_in<'a>(scene: &Scene, settings: &Settings, all: &'a [Character]) -> Vec<&'a Character> {
    let by_id = |id: &Uuid| all.iter().find(|character| character.id == *id);
    let chosen: Vec<&Character> = settings.characters.iter().filter_map(by_id).collect();
    let text = [&scene.visual_description, &scene.narration].into_iter().find(|text| !text.trim().is_empty());
    let text = text.map(String::as_str).unwrap_or_default();
    let lower = text.to_lowercase();
    let mut named: Vec<&Character> =
        chosen.iter().copied().filter(|character| names(&lower, &character.name.to_lowercase())).collect();
    for other in all.iter().filter(|other| !settings.characters.contains(&other.id)) {
        let taken = chosen.iter().chain(&named).any(|known| known.name.to_lowercase() == other.name.to_lowercase());
        if !taken && names(text, &other.name) {
            named.push(other);
        }
    }
    let own = scene.character.as_ref().and_then(by_id);
    let mut shown = match (named.is_empty(), own) {
        (false, _) => named,
        (true, Some(own)) => vec![own],
        (true, None) => chosen,
    };
    shown.truncate(MOST_IN_A_PICTURE);
    shown
}

/// Whether the text has the name as words of its own: "Ana" is not in "banana".
fn names(text: &str, name: &str) -> bool {
    let name = name.trim();
    // Chinese and Japanese put no blanks between words.
    let goes_on = |edge: Option<char>, next: Option<char>| {
        next.is_some_and(char::is_alphanumeric) && edge.is_some_and(|edge| edge < '\u{2e80}')
    };
    !name.is_empty()
        && text.match_indices(name).any(|(start, found)| {
            let (before, after) = (text[..start].chars().next_back(), text[start + found.len()..].chars().next());
            !goes_on(found.chars().next(), before) && !goes_on(found.chars().next_back(), after)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn character(number: u128, name: &str) -> Character {
        Character {
            id: Uuid::from_u128(number),
            owner: Uuid::nil(),
            project: None,
            name: name.to_owned(),
            description: String::new(),
            pictures: Vec::new(),
            voice: None,
        }
    }

    /// Ana and Bob are chosen, the others are not.
    #[track_caller]
    fn check(description: &str, narration: &str, own: Option<u128>, expected: &[u128]) {
        let all = [(1, "Ana"), (2, "Bob"), (3, "Rose"), (4, "ana"), (5, "小明")].map(|(number, name)| character(number, name));
        let settings = Settings { characters: [2, 1, 99].map(Uuid::from_u128).to_vec(), ..Settings::default() };
        let mut scene = Scene::new(Uuid::nil(), 1, narration.to_owned(), description.to_owned());
        scene.character = own.map(Uuid::from_u128);
        let shown: Vec<u128> = shown_in(&scene, &settings, &all).iter().map(|character| character.id.as_u128()).collect();
        assert_eq!(shown, expected, "{description:?} {narration:?}");
    }

    #[test]
    fn whoever_is_named_is_shown() {
        check("Ana in a rocket", "", None, &[1]);
        check("ANA's rocket, with bob", "", None, &[2, 1]);
        check("a rocket", "Ana flies.", None, &[2, 1]);
        check("", "Ana flies.", None, &[1]);
        check("a banana", "", None, &[2, 1]);
        check("a rocket", "", Some(3), &[3]);
        check("Bob in a rocket", "", Some(3), &[2]);
        check("Rose with Bob", "", None, &[2, 3]);
        check("a rose", "", None, &[2, 1]);
        check("小明在跑步", "", None, &[5]);
        let nobody = Settings::default();
        let scene = Scene::new(Uuid::nil(), 1, String::new(), "a rocket".to_owned());
        assert!(shown_in(&scene, &nobody, &[character(1, "Ana")]).is_empty());
    }

    #[test]
    fn a_picture_does_not_take_everybody() {
        let all: Vec<Character> = (0..9).map(|number| character(number, "N")).collect();
        let settings = Settings { characters: all.iter().map(|character| character.id).collect(), ..Settings::default() };
        let scene = Scene::new(Uuid::nil(), 1, String::new(), "a crowd".to_owned());
        assert_eq!(shown_in(&scene, &settings, &all).len(), MOST_IN_A_PICTURE);
    }
}
