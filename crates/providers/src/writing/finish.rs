//! From a checked draft to the script: what can be mended is mended, and what the model stated once is put wherever it is
//! needed, so that every picture of a character or of the series is asked for in the same words.

use model::language::Pace;

use super::check::TITLE;
use super::draft::{Character, Draft, Scene};
use super::plain::{one_paragraph, spoken};
use super::wish::Wish;
use crate::script::{Script, ScriptRequest, ScriptScene};

/// Lines of a description, without the hashtags.
const LINES: usize = 2;
/// More hashtags than this are a nuisance.
const MOST_HASHTAGS: usize = 10;
/// The model's own guess of a scene's length counts within this factor of ours.
const FACTOR: f64 = 2.0;

/// The script of a draft in which nothing is left that can't be mended.
pub(super) fn script(draft: Draft, request: &ScriptRequest, wish: &Wish) -> Script {
    // The user's own words are no invention.
    let title = if draft.title.is_empty() { request.topic.trim() } else { &draft.title };
    let style = if draft.style.is_empty() { request.style.trim() } else { &draft.style };
    Script {
        title: short(&one_paragraph(title), TITLE),
        description: description(&draft),
        scenes: draft.scenes.iter().map(|one| scene(one, &draft.characters, style, wish.pace)).collect(),
    }
}

fn scene(scene: &Scene, characters: &[Character], style: &str, pace: Pace) -> ScriptScene {
    let narration = spoken(&scene.narration);
    let ours = pace.seconds(&narration);
    let fits = ours / FACTOR <= scene.seconds && scene.seconds <= ours * FACTOR;
    ScriptScene {
        visual_description: visual(scene, characters, style),
        seconds: if fits { scene.seconds } else { (ours * 10.0).round() / 10.0 },
        narration,
    }
}

/// What the picture shows, who is in it with their looks, and the style of all. Stays empty if the scene says nothing.
fn visual(scene: &Scene, characters: &[Character], style: &str) -> String {
    if scene.visual.is_empty() {
        return String::new();
    }
    let shown = one_paragraph(&scene.visual);
    let lower = shown.to_lowercase();
    let seen = |character: &&Character| {
        let name = character.name.to_lowercase();
        scene.characters.iter().any(|listed| listed.to_lowercase() == name) || has_word(&lower, &name)
    };
    let mut sentences = vec![sentence(&shown)];
    for character in characters.iter().filter(seen).filter(|character| !character.look.is_empty()) {
        let look = one_paragraph(&character.look);
        if !lower.contains(&look.to_lowercase()) {
            sentences.push(sentence(&format!("{}: {look}", character.name)));
        }
    }
    let style = one_paragraph(style);
    if !style.is_empty() && !lower.contains(&style.to_lowercase()) {
        sentences.push(sentence(&style));
    }
    sentences.join(" ")
}

/// Whether the word stands in the text as a word of its own.
fn has_word(text: &str, word: &str) -> bool {
    let apart = |letter: Option<char>| letter.is_none_or(|letter| !letter.is_alphanumeric());
    text.match_indices(word)
        .any(|(at, _)| apart(text[..at].chars().next_back()) && apart(text[at + word.len()..].chars().next()) && !word.is_empty())
}

/// With a full stop, unless it ends somehow.
fn sentence(text: &str) -> String {
    let text = text.trim().trim_end_matches([',', ';', ':']);
    if text.ends_with(['.', '!', '?', '…', '。', '"', '”']) { text.to_owned() } else { format!("{text}.") }
}

/// Two lines, and the hashtags under them.
fn description(draft: &Draft) -> String {
    let mut lines: Vec<String> = draft.description.lines().map(one_paragraph).filter(|line| !line.is_empty()).collect();
    if lines.len() > LINES {
        let rest = lines.split_off(LINES - 1).join(" ");
        lines.push(rest);
    }
    let mut tags: Vec<String> = Vec::new();
    for tag in draft.hashtags.iter().filter_map(|tag| hashtag(tag)) {
        if tags.len() < MOST_HASHTAGS && !tags.iter().any(|known| known.to_lowercase() == tag.to_lowercase()) {
            tags.push(tag);
        }
    }
    if !tags.is_empty() {
        lines.push(tags.join(" "));
    }
    lines.join("\n")
}

/// `#storm stories` becomes `#stormstories`.
fn hashtag(written: &str) -> Option<String> {
    let letters: String =
        written.chars().filter(|letter| letter.is_alphanumeric() || *letter == '_' || is_mark(*letter)).collect();
    letters.chars().any(char::is_alphabetic).then(|| format!("#{letters}"))
}

/// Vowels of the Indian and South-East Asian scripts are marks rather than letters.
fn is_mark(letter: char) -> bool {
    matches!(letter, '\u{900}'..='\u{1cff}')
}

/// At most so many characters, cut behind a word.
fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let cut: String = text.chars().take(most + 1).collect();
    let words =
        cut.rsplit_once(char::is_whitespace).map_or_else(|| text.chars().take(most).collect(), |(words, _)| words.to_owned());
    words.trim_end_matches([',', ':', ';', '-', '–', '—', ' ']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_cut_behind_a_word() {
        let check = |text: &str, expected: &str| assert_eq!(short(text, 12), expected, "{text}");
        check("The Moon", "The Moon");
        check("The quiet Moon", "The quiet");
        check("The quieter, Moon", "The quieter");
        check("月亮月亮月亮月亮月亮月亮月亮", "月亮月亮月亮月亮月亮月亮");
    }

    #[test]
    fn hashtags_are_one_word() {
        let check = |text: &str, expected: Option<&str>| assert_eq!(hashtag(text).as_deref(), expected);
        check("storm stories", Some("#stormstories"));
        check("#Já!", Some("#Já"));
        check("#हिन्दी", Some("#हिन्दी"));
        check("#1", None);
    }

    #[test]
    fn names_are_found_as_words() {
        assert!(has_word("mara climbs", "mara") && has_word("so does mara.", "mara"));
        assert!(!has_word("the maracas", "mara") && !has_word("x", ""));
    }
}
