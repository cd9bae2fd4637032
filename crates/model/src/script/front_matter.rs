//! The settings block between two `---` lines at the top of a script: one `key: value` a line.

use crate::caption::{CaptionCase, CaptionFont, CaptionPosition, CaptionStyle, SIZES};
use crate::choice::{ABILITIES, SPEEDS};
use crate::storyboard::{Size, Transition, parse_colour};

use super::{ScriptError, ScriptSettings, characters};

const KEYS: [&str; 35] = [
    "title",
    "language",
    "voice",
    "style",
    "captions",
    "caption-position",
    "caption-colour",
    "caption-text-colour",
    "caption-size",
    "caption-font",
    "caption-case",
    "caption-words",
    "caption-lines",
    "music",
    "size",
    "fps",
    "transition",
    "author",
    "reference",
    "characters",
    "speed",
    "script-vendor",
    "image-vendor",
    "speech-vendor",
    "align-vendor",
    "clip-vendor",
    "music-vendor",
    "script-model",
    "image-model",
    "speech-model",
    "align-model",
    "clip-model",
    "music-model",
    "fallback",
    "keyless",
];

/// Cuts the front matter off: its lines with their numbers, the body, and the body's first line number.
#[expect(clippy::type_complexity, reason = "three plain parts, taken apart at the only call")]
pub(super) fn split(text: &str) -> Result<(Vec<(usize, &str)>, &str, usize), ScriptError> {
    let mut offset = 0;
    let mut front = Vec::new();
    for (index, line) in text.split_inclusive('\n').enumerate() {
        offset += line.len();
        let bare = line.trim_end();
        match (index, bare) {
            (0, "---") => {}
            (0, _) => return Ok((Vec::new(), text, 1)),
            (_, "---" | "...") => return Ok((front, &text[offset..], index + 2)),
            _ => front.push((index + 1, bare)),
        }
    }
    match offset {
        0 => Ok((front, text, 1)),
        _ => Err(ScriptError::at(1, "the front matter has no end; close it with a line of three dashes: ---")),
    }
}

/// Reads the settings; answers the title if one is given.
pub(super) fn read(lines: Vec<(usize, &str)>) -> Result<(Option<String>, ScriptSettings), ScriptError> {
    let mut settings = ScriptSettings::default();
    let mut title = None;
    let says_something = |(_, text): &(usize, &str)| !text.trim().is_empty() && !text.trim_start().starts_with('#');
    let lines: Vec<(usize, &str)> = lines.into_iter().filter(says_something).collect();
    let mut rest = lines.as_slice();
    while let [(line, text), more @ ..] = rest {
        rest = more;
        let (line, text) = (*line, *text);
        let Some((key, value)) = text.split_once(':') else {
            return Err(ScriptError::at(line, format!("\"{text}\" is not a setting; write key: value")));
        };
        let (key, value) = (key.trim(), unquote(value.trim()));
        if key == "title" {
            title = Some(value.to_owned());
        } else if key == "characters" && value.is_empty() {
            let listed = rest.iter().take_while(|(_, text)| text.starts_with(char::is_whitespace)).count();
            settings.characters = characters::read(&rest[..listed])?;
            rest = &rest[listed..];
        } else {
            set(&mut settings, key, value).map_err(|problem| ScriptError::at(line, problem))?;
        }
    }
    Ok((title, settings))
}

pub(super) fn set(settings: &mut ScriptSettings, key: &str, value: &str) -> Result<(), String> {
    match key {
        "language" => settings.language = language(value)?,
        "voice" => settings.voice = value.to_owned(),
        "style" => settings.style = value.to_owned(),
        "captions" => settings.captions.style = choice(key, value, &CAPTION_STYLES)?,
        "caption-position" => settings.captions.position = choice(key, value, &CAPTION_POSITIONS)?,
        "caption-colour" => settings.captions.highlight = colour(key, value)?,
        "caption-text-colour" => settings.captions.text_colour = colour(key, value)?,
        "caption-size" => settings.captions.size = caption_size(key, value)?,
        "caption-font" => settings.captions.font = choice(key, value, &CAPTION_FONTS)?,
        "caption-case" => settings.captions.case = choice(key, value, &CAPTION_CASES)?,
        "caption-words" => settings.captions.max_words = number(key, value, 1, 12)? as usize,
        "caption-lines" => settings.captions.max_lines = number(key, value, 1, 3)? as usize,
        "music" if is_sound_file(value) => {
            settings.music_file = Some(file(key, value)?);
            settings.music = Some(String::new());
        }
        "music" => {
            settings.music_file = None;
            settings.music = (value != "none").then(|| value.to_owned());
        }
        "reference" => settings.reference = Some(file(key, value)?).filter(|file| !file.is_empty()),
        "characters" => {
            return Err("characters: list them under it at the top of the script, one a line: Ana: ana.png".to_owned());
        }
        "size" => settings.size = size(value)?,
        "fps" => settings.fps = number(key, value, 24, 60)?,
        "transition" => settings.transition = transition(value)?,
        "author" => {}
        "speed" => settings.speed = speed(value)?,
        "fallback" => settings.choice.fallback = Some(choice(key, value, &YES_AND_NO)?),
        "keyless" => settings.choice.keyless = Some(choice(key, value, &YES_AND_NO)?),
        _ => return vendor(settings, key, value),
    }
    Ok(())
}

/// `image-vendor: gemini, pexels` and `image-model: …`.
fn vendor(settings: &mut ScriptSettings, key: &str, value: &str) -> Result<(), String> {
    let (ability, what) = key.rsplit_once('-').filter(|(ability, _)| ABILITIES.contains(ability)).ok_or_else(|| unknown(key))?;
    let names: Vec<String> = value.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
    match (what, names.as_slice()) {
        ("vendor" | "model", []) => Err(format!("{key}: nothing is named; name somebody, or leave the line out")),
        ("vendor", _) => {
            settings.choice.vendors.insert(ability.to_owned(), names);
            Ok(())
        }
        ("model", [model]) => {
            settings.choice.models.insert(ability.to_owned(), model.clone());
            Ok(())
        }
        ("model", _) => Err(format!("{key}: \"{value}\" is more than one model")),
        _ => Err(unknown(key)),
    }
}

/// Whether a setting of the music names a file rather than a mood.
fn is_sound_file(value: &str) -> bool {
    let ending = value.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| ["mp3", "wav", "m4a", "ogg", "flac"].contains(&ending.as_str()))
}

/// The name of a file beside the script.
pub(super) fn file(key: &str, value: &str) -> Result<String, String> {
    match value.contains("://") {
        true => Err(format!("{key}: \"{value}\" is on the web; download the file and give its name")),
        false => Ok(value.to_owned()),
    }
}

fn speed(value: &str) -> Result<f64, String> {
    let speed = value.parse().ok().filter(|speed| SPEEDS.contains(speed));
    speed.ok_or_else(|| format!("speed: \"{value}\" is not a number from {:.1} to {:.1}", SPEEDS.start(), SPEEDS.end()))
}

const YES_AND_NO: [(&str, bool); 4] = [("yes", true), ("no", false), ("true", true), ("false", false)];
const CAPTION_STYLES: [(&str, CaptionStyle); 9] = [
    ("karaoke", CaptionStyle::Karaoke),
    ("box", CaptionStyle::Box),
    ("pop", CaptionStyle::Pop),
    ("typewriter", CaptionStyle::Typewriter),
    ("word", CaptionStyle::Word),
    ("outline", CaptionStyle::Outline),
    ("minimal", CaptionStyle::Minimal),
    ("plain", CaptionStyle::Plain),
    ("none", CaptionStyle::None),
];
const CAPTION_POSITIONS: [(&str, CaptionPosition); 3] =
    [("top", CaptionPosition::Top), ("middle", CaptionPosition::Middle), ("bottom", CaptionPosition::Bottom)];
const CAPTION_FONTS: [(&str, CaptionFont); 4] = [
    ("montserrat", CaptionFont::Montserrat),
    ("noto", CaptionFont::Noto),
    ("anton", CaptionFont::Anton),
    ("bebas", CaptionFont::Bebas),
];
const CAPTION_CASES: [(&str, CaptionCase); 3] =
    [("written", CaptionCase::Written), ("upper", CaptionCase::Upper), ("lower", CaptionCase::Lower)];
const CAPTION_SIZES: [(&str, f64); 3] = [("small", 0.8), ("normal", 1.0), ("large", 1.3)];
const TRANSITIONS: [(&str, Transition); 5] = [
    ("cut", Transition::Cut),
    ("crossfade", Transition::Crossfade),
    ("fade-black", Transition::FadeBlack),
    ("slide", Transition::Slide),
    ("zoom-through", Transition::ZoomThrough),
];

/// The transition of that name.
pub(super) fn transition(value: &str) -> Result<Transition, String> {
    choice("transition", value, &TRANSITIONS)
}

fn choice<T: Copy>(key: &str, value: &str, choices: &[(&str, T)]) -> Result<T, String> {
    choices.iter().find(|(name, _)| *name == value).map(|(_, choice)| *choice).ok_or_else(|| {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        format!("{key}: \"{value}\" is not one of {}", names.join(", "))
    })
}

fn number(key: &str, value: &str, min: u32, max: u32) -> Result<u32, String> {
    value
        .parse()
        .ok()
        .filter(|number| (min..=max).contains(number))
        .ok_or_else(|| format!("{key}: \"{value}\" is not a number from {min} to {max}"))
}

fn colour(key: &str, value: &str) -> Result<String, String> {
    match parse_colour(value) {
        Some(_) => Ok(value.to_owned()),
        None => Err(format!("{key}: \"{value}\" is not a colour such as #ffd93d")),
    }
}

fn caption_size(key: &str, value: &str) -> Result<f64, String> {
    let named = CAPTION_SIZES.iter().find(|(name, _)| *name == value).map(|(_, size)| *size);
    named.or_else(|| value.parse().ok().filter(|size| SIZES.contains(size))).ok_or_else(|| {
        format!("{key}: \"{value}\" is not small, normal, large or a number from {} to {}", SIZES.start(), SIZES.end())
    })
}

fn language(value: &str) -> Result<String, String> {
    let well_formed = (2..=35).contains(&value.len())
        && value.split('-').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    well_formed
        .then(|| value.to_owned())
        .ok_or_else(|| format!("language: \"{value}\" is not a language tag such as en or pt-BR"))
}

fn size(value: &str) -> Result<Size, String> {
    let problem = || {
        format!(
            "size: \"{value}\" is not a size such as 1080x1920; both numbers must be even, from 64 to 3840 (or write 9:16, 1:1, 4:5, 16:9)"
        )
    };
    let named = [("9:16", (1080, 1920)), ("1:1", (1080, 1080)), ("4:5", (1080, 1350)), ("16:9", (1920, 1080))];
    if let Some((_, (width, height))) = named.iter().find(|(name, _)| *name == value) {
        return Ok(Size { width: *width, height: *height });
    }
    let (width, height) = value.split_once(['x', '×']).ok_or_else(problem)?;
    let side = |text: &str| text.trim().parse::<u32>().ok().filter(|side| (64..=3840).contains(side) && side % 2 == 0);
    Ok(Size { width: side(width).ok_or_else(problem)?, height: side(height).ok_or_else(problem)? })
}

fn unknown(key: &str) -> String {
    let nearest = KEYS.iter().min_by_key(|known| distance(key, known)).filter(|known| distance(key, known) <= 3);
    match nearest {
        Some(nearest) => format!("\"{key}\" is not a setting; did you mean {nearest}?"),
        None => format!("\"{key}\" is not a setting; known are {}", KEYS.join(", ")),
    }
}

/// Levenshtein distance in characters.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[right.len()]
}

pub(super) fn unquote(value: &str) -> &str {
    let quoted = |mark| value.len() >= 2 && value.starts_with(mark) && value.ends_with(mark);
    if quoted('"') || quoted('\'') { &value[1..value.len() - 1] } else { value }
}
