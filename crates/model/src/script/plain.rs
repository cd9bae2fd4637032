//! A plain text of the user's own, cut into scenes without a model: by paragraphs, and long ones by sentences.
//!
//! Nothing is dropped, added or moved: what the scenes say, one after the other, is the text. Where sentences and their
//! parts end is in `sentences`.

mod sentences;

use std::ops::Range;

use super::{Script, ScriptError, ScriptScene, ScriptSettings, checked};
use crate::language::{self, Pace};
use crate::storyboard::MAX_SCENES;
use crate::words::is_dense;
use sentences::{Start, pieces};

/// A scene is spoken for at most so many seconds.
const LONGEST: f64 = 12.0;
/// And for no less, unless the text is shorter.
const SHORTEST: f64 = 3.0;
/// A picture is worth looking at for about so many seconds.
const IDEAL: f64 = 7.0;
/// More pieces are never one scene: even single characters fill it before.
const MOST_PIECES: usize = 200;
/// The longest title, in characters.
const TITLE: usize = 50;
/// A longer first line is no heading.
const HEADING: usize = 80;

/// Makes a script of a plain text. Each scene takes about 3 to 12 seconds to say; pictures are left to whoever draws.
///
/// A first line of its own without a full stop is the title and is not spoken; without one the title is the beginning of the
/// first sentence. The language is guessed where none is given, and is English where the text does not tell.
///
/// # Errors
/// When there are no words, or more than a video can hold.
pub fn from_text(text: &str, language: Option<&str>) -> Result<Script, ScriptError> {
    let mut paragraphs = paragraphs(text.strip_prefix('\u{feff}').unwrap_or(text));
    let heading = match paragraphs.as_slice() {
        [first, _, ..] if first.is_heading() => Some(paragraphs.remove(0).text),
        _ => None,
    };
    let tag = match language.map(str::trim).filter(|tag| !tag.is_empty()) {
        Some(tag) => language::tag(tag),
        None => language::guess(text).map_or_else(|| language::tag(""), |found| language::tag(found.name)),
    };
    let pace = language::pace(&tag);
    let atoms = atoms(&paragraphs, pace)?;
    let first = paragraphs.first().zip(atoms.first()).map(|(paragraph, atom)| &paragraph.text[atom.range.clone()]);
    let title = heading.as_deref().or(first).map(|title| short(title.trim_end_matches(['.', '。', ',', ' ']), TITLE));
    let scenes = groups(&atoms).into_iter().map(|group| scene(&paragraphs, &atoms[group])).collect();
    let settings = ScriptSettings { language: tag, ..ScriptSettings::default() };
    checked(Script { title: title.unwrap_or_default(), settings, scenes, warnings: Vec::new() })
}

/// Whether a text has nothing of what a Markdown script has: front matter, headings, pictures.
pub fn is_plain(text: &str) -> bool {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let markdown = |line: &str| {
        let heading = line.trim_start_matches('#');
        line.starts_with("![") || (heading.len() < line.len() && heading.starts_with(' '))
    };
    !text.starts_with("---") && !text.lines().any(|line| markdown(line.trim_start()))
}

/// At most so many characters, cut behind a word where there are words.
pub fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let cut: String = text.chars().take(most + 1).collect();
    let whole = cut.rsplit_once(char::is_whitespace).map(|(words, _)| words);
    let whole = whole.map_or_else(|| text.chars().take(most).collect(), str::to_owned);
    whole.trim_end_matches([',', ':', ';', '-', '–', '—', ' ']).to_owned()
}

/// A block of lines, on one line.
struct Paragraph {
    /// From 1.
    line: usize,
    lines: usize,
    text: String,
}

impl Paragraph {
    fn is_heading(&self) -> bool {
        let ended = self.text.ends_with(['.', '!', '?', '…', ':', ',', ';', '。', '！', '？', '”', '"', '»', '」']);
        self.lines == 1 && !ended && self.text.chars().count() <= HEADING && super::has_words(&self.text)
    }
}

fn paragraphs(text: &str) -> Vec<Paragraph> {
    let mut paragraphs: Vec<Paragraph> = Vec::new();
    let mut open = false;
    for (index, line) in text.lines().enumerate() {
        let words = line.split_whitespace().collect::<Vec<_>>().join(" ");
        match paragraphs.last_mut().filter(|_| open) {
            _ if words.is_empty() => open = false,
            Some(paragraph) => {
                // Writings without blanks have none between lines either.
                let dense = |letter: Option<char>| letter.is_some_and(|letter| is_dense(letter) || "，。、！？".contains(letter));
                if !(dense(paragraph.text.chars().next_back()) && dense(words.chars().next())) {
                    paragraph.text.push(' ');
                }
                paragraph.text.push_str(&words);
                paragraph.lines += 1;
            }
            None => {
                paragraphs.push(Paragraph { line: index + 1, lines: 1, text: words });
                open = true;
            }
        }
    }
    paragraphs
}

/// A piece of a paragraph that stays whole.
struct Atom {
    paragraph: usize,
    /// In bytes of the paragraph.
    range: Range<usize>,
    start: Start,
    seconds: f64,
}

/// The pieces of all paragraphs.
fn atoms(paragraphs: &[Paragraph], pace: Pace) -> Result<Vec<Atom>, ScriptError> {
    let mut atoms: Vec<Atom> = Vec::new();
    let mut total = 0.0;
    for (index, paragraph) in paragraphs.iter().enumerate() {
        for (start, range) in pieces(&paragraph.text, LONGEST, pace) {
            let seconds = pace.seconds(&paragraph.text[range.clone()]);
            total += seconds;
            if total > LONGEST * MAX_SCENES as f64 {
                let problem = format!("the text is too long for one video, which has at most {MAX_SCENES} scenes; split it");
                return Err(ScriptError::at(paragraph.line, problem));
            }
            atoms.push(Atom { paragraph: index, range, start, seconds });
        }
    }
    Ok(atoms)
}

/// Which pieces go together, so that scenes have a good length and begin where something begins.
fn groups(atoms: &[Atom]) -> Vec<Range<usize>> {
    // The least cost of the pieces up to here, and where their last scene begins.
    let mut best: Vec<(f64, usize)> = vec![(0.0, 0)];
    for end in 1..=atoms.len() {
        let (mut seconds, mut joins, mut choice) = (0.0, 0.0, (f64::INFINITY, end - 1));
        for from in (end.saturating_sub(MOST_PIECES)..end).rev() {
            seconds += atoms[from].seconds;
            let voiced = atoms[from..end].iter().any(|atom| atom.seconds > 0.0);
            if seconds > LONGEST && from + 1 < end && atoms[from].seconds > 0.0 {
                break;
            }
            // A scene of marks alone can't be spoken.
            let silent = if voiced { 0.0 } else { 1e6 };
            let cost = best[from].0 + length_cost(seconds) + begin_cost(atoms[from].start) + joins + silent;
            if cost < choice.0 {
                choice = (cost, from);
            }
            joins += if atoms[from].start == Start::Paragraph { 1.5 } else { 0.0 };
        }
        best.push(choice);
    }
    let mut groups = Vec::new();
    let mut end = atoms.len();
    while end > 0 {
        groups.push(best[end].1..end);
        end = best[end].1;
    }
    groups.reverse();
    groups
}

fn length_cost(seconds: f64) -> f64 {
    ((seconds - IDEAL) / 5.0).powi(2) + 3.0 * (SHORTEST - seconds).max(0.0)
}

fn begin_cost(start: Start) -> f64 {
    match start {
        Start::Paragraph => 0.0,
        Start::Sentence => 0.5,
        Start::Clause => 1.5,
        Start::Word => 3.0,
    }
}

fn scene(paragraphs: &[Paragraph], atoms: &[Atom]) -> ScriptScene {
    let mut narration = String::new();
    let mut last = None;
    for atom in atoms {
        if last.is_some_and(|last| last != atom.paragraph) {
            narration.push(' ');
        }
        narration.push_str(&paragraphs[atom.paragraph].text[atom.range.clone()]);
        last = Some(atom.paragraph);
    }
    let line = atoms.first().map_or(1, |atom| paragraphs[atom.paragraph].line);
    let narration = narration.split_whitespace().collect::<Vec<_>>().join(" ");
    let (description, look) = (String::new(), Default::default());
    ScriptScene { line, narration, description, picture: None, look, character: None, voice: None }
}

#[cfg(test)]
mod tests;
