//! What a storyboard says about its captions: style, colours, font and room.
//!
//! How each of it is drawn is in the renderer; where captions may stand is in `safe_area`.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::PageLimits;
use crate::storyboard::parse_colour;

/// How captions look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CaptionStyle {
    /// A page of words with an outline; the spoken word takes the highlight colour.
    #[default]
    Karaoke,
    /// Like karaoke, with a rounded box behind the spoken word.
    Box,
    /// Words come in with a short bounce as they are spoken, and stay until their page goes.
    Pop,
    /// Words appear as they are spoken, and stay until their page goes.
    Typewriter,
    /// One big word at a time.
    Word,
    /// Hollow letters; the spoken word is filled.
    Outline,
    /// Smaller, with a soft shadow instead of the outline; the spoken word is a little brighter.
    Minimal,
    /// A page of words without any highlight.
    Plain,
    /// No captions in the picture (the caption files are still written).
    None,
}

/// Where captions stand, within the area that phone apps leave free of their own buttons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CaptionPosition {
    /// Under the apps' top bar.
    Top,
    /// Across the middle.
    Middle,
    /// In the lower third, above the apps' description and buttons.
    #[default]
    Bottom,
}

/// The letters of captions. Scripts that a font lacks are drawn with the Noto fonts, and emoji in colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CaptionFont {
    /// Montserrat ExtraBold: wide and heavy.
    #[default]
    Montserrat,
    /// Noto Sans Bold: plain.
    Noto,
    /// Anton: tall, narrow and heavy.
    Anton,
    /// Bebas Neue Bold: narrow capitals.
    Bebas,
}

impl CaptionStyle {
    /// How large the letters are beside those of karaoke.
    pub fn scale(self) -> f64 {
        match self {
            Self::Word => 1.5,
            Self::Minimal => 0.7,
            _ => 1.0,
        }
    }
}

impl CaptionFont {
    /// How much larger narrow letters are set, so that they look as large as wide ones.
    pub fn scale(self) -> f64 {
        match self {
            Self::Montserrat | Self::Noto => 1.0,
            Self::Anton => 1.1,
            Self::Bebas => 1.3,
        }
    }
}

/// Capital or small letters in the picture; the words themselves stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CaptionCase {
    /// As the words are written.
    #[default]
    Written,
    /// All capitals.
    Upper,
    /// All small letters.
    Lower,
}

/// What a storyboard says about its captions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CaptionOptions {
    /// How they look.
    pub style: CaptionStyle,
    /// Where they stand.
    pub position: CaptionPosition,
    /// The most words on one page, 1 to 12; the style `word` shows one whatever this says.
    pub max_words: usize,
    /// The most lines of one page, 1 to 3.
    pub max_lines: usize,
    /// Colour of the spoken word as `#rrggbb`.
    pub highlight: String,
    /// Colour of the other words as `#rrggbb`.
    pub text_colour: String,
    /// How much larger than usual the letters are, 0.5 to 2. Words that would not fit are made smaller.
    pub size: f64,
    /// The letters.
    pub font: CaptionFont,
    /// Capital or small letters.
    pub case: CaptionCase,
}

impl Default for CaptionOptions {
    fn default() -> Self {
        Self {
            style: CaptionStyle::default(),
            position: CaptionPosition::default(),
            max_words: 4,
            max_lines: 2,
            highlight: "#ffd93d".to_owned(),
            text_colour: "#ffffff".to_owned(),
            size: 1.0,
            font: CaptionFont::default(),
            case: CaptionCase::default(),
        }
    }
}

/// The least and the largest of [`CaptionOptions::size`].
pub(crate) const SIZES: std::ops::RangeInclusive<f64> = 0.5..=2.0;
/// Characters that fit on one line in the usual size.
const LINE_CHARACTERS: f64 = 16.0;
/// Letters of less luma than this, of 255, are dark.
const DARK: f64 = 86.0;

impl CaptionOptions {
    /// Checks every field; the error is the field's name and a plain sentence.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        if !(1..=12).contains(&self.max_words) {
            return Err(("maxWords", format!("{} is not from 1 to 12", self.max_words)));
        }
        if !(1..=3).contains(&self.max_lines) {
            return Err(("maxLines", format!("{} is not from 1 to 3", self.max_lines)));
        }
        if !SIZES.contains(&self.size) {
            return Err(("size", format!("{} is not from {} to {}", self.size, SIZES.start(), SIZES.end())));
        }
        for (name, colour) in [("highlight", &self.highlight), ("textColour", &self.text_colour)] {
            if parse_colour(colour).is_none() {
                return Err((name, format!("\"{colour}\" is not a colour such as #ffd93d")));
            }
        }
        Ok(())
    }

    /// How much one page in the picture may hold.
    pub fn page_limits(&self) -> PageLimits {
        match self.style {
            CaptionStyle::Word => PageLimits { words: 1, ..self.file_limits() },
            _ => self.file_limits(),
        }
    }

    /// How much one page in caption files may hold: there a page of one big word would be tiring.
    pub fn file_limits(&self) -> PageLimits {
        let characters = (LINE_CHARACTERS * self.max_lines as f64 / self.size.max(0.1)) as usize;
        PageLimits { words: self.max_words.max(1), characters }
    }

    /// The colour of the line around letters, which must stand out from it: black, but white around dark letters.
    pub fn outline(&self) -> [u8; 3] {
        let [red, green, blue] = parse_colour(&self.text_colour).unwrap_or([255; 3]).map(f64::from);
        if 0.2126 * red + 0.7152 * green + 0.0722 * blue < DARK { [255; 3] } else { [0; 3] }
    }

    /// A word as it stands in the picture.
    pub fn in_case<'a>(&self, word: &'a str) -> Cow<'a, str> {
        match self.case {
            CaptionCase::Written => Cow::Borrowed(word),
            CaptionCase::Upper => Cow::Owned(word.to_uppercase()),
            CaptionCase::Lower => Cow::Owned(word.to_lowercase()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_options_are_refused_with_their_name() {
        let check = |json: &str, expected: Option<(&str, &str)>| {
            let options: CaptionOptions = serde_json::from_str(json).expect("captions");
            let got = options.check().err();
            assert_eq!(got.as_ref().map(|(name, problem)| (*name, problem.as_str())), expected, "{json}");
        };
        check("{}", None);
        check(r##"{"style":"box","maxWords":12,"maxLines":3,"size":0.5,"font":"bebas","case":"upper"}"##, None);
        check(r#"{"maxWords":0}"#, Some(("maxWords", "0 is not from 1 to 12")));
        check(r#"{"maxLines":4}"#, Some(("maxLines", "4 is not from 1 to 3")));
        check(r#"{"size":9}"#, Some(("size", "9 is not from 0.5 to 2")));
        check(r#"{"textColour":"white"}"#, Some(("textColour", "\"white\" is not a colour such as #ffd93d")));
    }

    #[test]
    fn letters_change_case_in_the_picture() {
        let check = |case, word: &str, expected: &str| {
            assert_eq!(CaptionOptions { case, ..CaptionOptions::default() }.in_case(word), expected);
        };
        check(CaptionCase::Written, "Straße", "Straße");
        check(CaptionCase::Upper, "Straße", "STRASSE");
        check(CaptionCase::Lower, "ΣΟΦΟΣ", "σοφος");
        check(CaptionCase::Upper, "नमस्ते😀", "नमस्ते😀");
    }
}
