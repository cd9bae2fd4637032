//! The storyboard: the one JSON that the command line, the API and the render worker share.
//!
//! Reading checks everything that can be known without opening a file; [`crate::timeline`] turns it into frames.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::caption::{CaptionOptions, WordTiming};

/// A video before it is rendered. Field names are camelCase on the wire; unknown fields are ignored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Storyboard {
    /// Title, shown in file metadata.
    #[serde(default)]
    pub title: String,
    /// The scenes in their order, 1 to [`MAX_SCENES`].
    pub scenes: Vec<StoryboardScene>,
    /// Background music: a file or object, looped under the whole video.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bg_music_url: Option<String>,
    /// Picture size in pixels.
    #[serde(default)]
    pub size: Size,
    /// Constant frame rate, 24 to 60.
    #[serde(default = "default_fps")]
    pub fps: u32,
    /// Look and place of the captions.
    #[serde(default)]
    pub captions: CaptionOptions,
    /// How the music is mixed.
    #[serde(default)]
    pub music: MusicOptions,
    /// How each scene begins unless it says so itself.
    #[serde(default)]
    pub transition: Transition,
}

/// One scene of a storyboard.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StoryboardScene {
    /// What is said.
    pub narration: String,
    /// The still picture; ignored when there is a `videoUrl`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    /// The moving picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video_url: Option<String>,
    /// The narration as sound; its length is the scene's length.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio_url: Option<String>,
    /// How loud the clip's own sound is under the narration, in dB below it, −60 to 0; by default a clip under a narration is
    /// silent. Without `audioUrl` the clip's own sound is heard as loud as a narration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip_volume_db: Option<f64>,
    /// When each word is heard; by default this is estimated from the narration and its sound.
    pub word_timings: Vec<WordTiming>,
    /// Seconds; used only without `audioUrl`. A scene with a `videoUrl` and no `duration` is as long as its clip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
    /// How a still moves; by default stills take turns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub motion: Option<Motion>,
    /// How this scene begins; by default as the storyboard says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transition: Option<Transition>,
    /// The point of the picture that must stay in view when it is cropped; by default a little above the middle
    /// ([`crate::timeline::DEFAULT_FOCUS`]).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub focus: Option<Focus>,
}

/// A picture size in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Size {
    /// Even, 64 to 3840.
    pub width: u32,
    /// Even, 64 to 3840.
    pub height: u32,
}

impl Default for Size {
    fn default() -> Self {
        Self { width: 1080, height: 1920 }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}×{}", self.width, self.height)
    }
}

/// A point of a picture, as fractions of its width and height from the top left.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Focus {
    /// 0 (left) to 1 (right).
    pub x: f64,
    /// 0 (top) to 1 (bottom).
    pub y: f64,
}

/// The camera's slow move over a still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Motion {
    /// Towards the focus.
    ZoomIn,
    /// Away from the focus.
    ZoomOut,
    /// The camera goes to the left.
    PanLeft,
    /// The camera goes to the right.
    PanRight,
    /// The camera goes up.
    PanUp,
    /// The camera goes down.
    PanDown,
    /// A little zoom with a little pan.
    Drift,
    /// No move.
    Still,
}

/// How a scene begins. The scene's own length does not change: the previous picture is held under the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Transition {
    /// At once.
    Cut,
    /// The new picture comes through the old one.
    #[default]
    Crossfade,
    /// Out to black and in again.
    FadeBlack,
    /// The new picture pushes the old one out to the left.
    Slide,
    /// The old picture comes towards us and dissolves, the new one settles behind it.
    ZoomThrough,
}

/// How one scene looks, where it differs from the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SceneLook {
    /// How the scene begins; by default as all scenes do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transition: Option<Transition>,
    /// The point of the picture that must stay in view.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub focus: Option<Focus>,
}

/// How the background music is mixed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MusicOptions {
    /// Level of the music against the narration, in dB, −60 to 0.
    pub volume_db: f64,
    /// Whether the music steps back while somebody speaks.
    pub duck: bool,
}

impl Default for MusicOptions {
    fn default() -> Self {
        Self { volume_db: -14.0, duck: true }
    }
}

/// The most scenes in one storyboard.
pub const MAX_SCENES: usize = 500;
/// The longest scene without audio, in seconds.
pub const MAX_SCENE_SECONDS: f64 = 600.0;
/// The latest word in a scene, in seconds: later ones are milliseconds by mistake.
const MAX_WORD_SECONDS: f64 = 36_000.0;
/// How far a word's end may stand in front of its start, in seconds: speech services round.
const MOST_BACKWARDS: f64 = 0.5;
/// The most characters of narration in one scene.
pub const MAX_NARRATION: usize = 10_000;

fn default_fps() -> u32 {
    30
}

/// What is wrong with a storyboard, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("storyboard: {path}: {problem}")]
pub struct StoryboardError {
    /// The field, such as `scenes[2].wordTimings[0].end`.
    pub path: String,
    /// A plain sentence.
    pub problem: String,
}

impl StoryboardError {
    fn at(path: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { path: path.into(), problem: problem.into() }
    }
}

impl Storyboard {
    /// Reads and checks a storyboard.
    pub fn from_json(text: &str) -> Result<Self, StoryboardError> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let storyboard: Self = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let path = match error.path().to_string() {
                path if path == "." || path == "?" => "the document".to_owned(),
                path => path,
            };
            StoryboardError::at(path, error.inner().to_string())
        })?;
        reader.end().map_err(|error| StoryboardError::at("the document", error.to_string()))?;
        storyboard.check()?;
        Ok(storyboard)
    }

    /// Every file or object that it names.
    pub fn media(&self) -> impl Iterator<Item = &str> {
        let scenes = self.scenes.iter().flat_map(|scene| [&scene.image_url, &scene.video_url, &scene.audio_url]);
        scenes.chain([&self.bg_music_url]).filter_map(|url| url.as_deref())
    }

    /// Checks every rule that needs no file.
    pub fn check(&self) -> Result<(), StoryboardError> {
        if self.scenes.is_empty() {
            return Err(StoryboardError::at("scenes", "there is no scene; give at least one"));
        }
        if self.scenes.len() > MAX_SCENES {
            return Err(StoryboardError::at("scenes", format!("{} scenes are more than {MAX_SCENES}", self.scenes.len())));
        }
        for (name, value) in [("size.width", self.size.width), ("size.height", self.size.height)] {
            if !(64..=3840).contains(&value) || value % 2 != 0 {
                return Err(StoryboardError::at(name, format!("{value} is not an even number from 64 to 3840")));
            }
        }
        if !(24..=60).contains(&self.fps) {
            return Err(StoryboardError::at("fps", format!("{} is not from 24 to 60", self.fps)));
        }
        if let Err((field, problem)) = self.captions.check() {
            return Err(StoryboardError::at(format!("captions.{field}"), problem));
        }
        if !(-60.0..=0.0).contains(&self.music.volume_db) {
            return Err(StoryboardError::at("music.volumeDb", format!("{} is not from -60 to 0", self.music.volume_db)));
        }
        self.scenes.iter().enumerate().try_for_each(|(index, scene)| scene.check(&format!("scenes[{index}]")))
    }
}

impl StoryboardScene {
    fn check(&self, path: &str) -> Result<(), StoryboardError> {
        if self.image_url.is_none() && self.video_url.is_none() {
            return Err(StoryboardError::at(path, "there is no picture; give imageUrl or videoUrl"));
        }
        if self.narration.chars().count() > MAX_NARRATION {
            return Err(StoryboardError::at(format!("{path}.narration"), format!("more than {MAX_NARRATION} characters")));
        }
        match self.duration {
            Some(duration) if !(0.04..=MAX_SCENE_SECONDS).contains(&duration) => {
                let problem = format!("{duration} is not from 0.04 to {MAX_SCENE_SECONDS} seconds");
                return Err(StoryboardError::at(format!("{path}.duration"), problem));
            }
            None if self.audio_url.is_none() && self.video_url.is_none() => {
                return Err(StoryboardError::at(path, "there is neither audioUrl nor duration; one of them gives the length"));
            }
            _ => {}
        }
        if let Some(focus) = self.focus
            && !((0.0..=1.0).contains(&focus.x) && (0.0..=1.0).contains(&focus.y))
        {
            return Err(StoryboardError::at(format!("{path}.focus"), "x and y must be from 0 to 1"));
        }
        if let Some(volume) = self.clip_volume_db
            && !(-60.0..=0.0).contains(&volume)
        {
            return Err(StoryboardError::at(format!("{path}.clipVolumeDb"), format!("{volume} is not from -60 to 0")));
        }
        for (index, word) in self.word_timings.iter().enumerate() {
            // Overlaps and small slips are set right later; this is nonsense, NaN too.
            let backwards = word.start - word.end > MOST_BACKWARDS;
            if !(word.start >= 0.0 && word.end >= 0.0 && word.start.max(word.end) <= MAX_WORD_SECONDS) || backwards {
                let problem = format!("{} to {} is not a span of seconds", word.start, word.end);
                return Err(StoryboardError::at(format!("{path}.wordTimings[{index}]"), problem));
            }
        }
        Ok(())
    }
}

/// `#rrggbb` as three bytes.
pub fn parse_colour(text: &str) -> Option<[u8; 3]> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
    Some([byte(0)?, byte(2)?, byte(4)?])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check_error(json: &str, expected: &str) {
        assert_eq!(Storyboard::from_json(json).expect_err("should be refused").to_string(), expected);
    }

    #[test]
    fn defaults_fill_what_is_not_said() {
        let board = Storyboard::from_json(r#"{"scenes":[{"imageUrl":"a.jpg","duration":2,"someday":true}]}"#).expect("valid");
        assert_eq!((board.size.width, board.size.height, board.fps), (1080, 1920, 30));
        assert_eq!(board.captions.style, crate::caption::CaptionStyle::Karaoke);
    }

    #[test]
    fn errors_name_the_field() {
        check_error(r#"{"scenes":[]}"#, "storyboard: scenes: there is no scene; give at least one");
        check_error(r#"{"scenes":[{"duration":1}]}"#, "storyboard: scenes[0]: there is no picture; give imageUrl or videoUrl");
        check_error(
            r#"{"scenes":[{"imageUrl":"a","duration":"two"}]}"#,
            "storyboard: scenes[0].duration: invalid type: string \"two\", expected f64 at line 1 column 43",
        );
        check_error(
            r#"{"scenes":[{"imageUrl":"a"}]}"#,
            "storyboard: scenes[0]: there is neither audioUrl nor duration; one of them gives the length",
        );
        check_error(
            r#"{"scenes":[{"imageUrl":"a","duration":1,"wordTimings":[{"word":"x","start":2,"end":1}]}]}"#,
            "storyboard: scenes[0].wordTimings[0]: 2 to 1 is not a span of seconds",
        );
        check_error(
            r#"{"scenes":[{"imageUrl":"a","duration":1,"wordTimings":[{"word":"x","start":-1,"end":1}]}]}"#,
            "storyboard: scenes[0].wordTimings[0]: -1 to 1 is not a span of seconds",
        );
        check_error(
            r#"{"scenes":[{"videoUrl":"a","clipVolumeDb":3}]}"#,
            "storyboard: scenes[0].clipVolumeDb: 3 is not from -60 to 0",
        );
        check_error(r#"{"fps":12,"scenes":[{"imageUrl":"a","duration":1}]}"#, "storyboard: fps: 12 is not from 24 to 60");
        check_error(
            r#"{"size":{"width":101,"height":100},"scenes":[{"imageUrl":"a","duration":1}]}"#,
            "storyboard: size.width: 101 is not an even number from 64 to 3840",
        );
        check_error(
            r#"{"captions":{"size":9},"scenes":[{"imageUrl":"a","duration":1}]}"#,
            "storyboard: captions.size: 9 is not from 0.5 to 2",
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in ".{0,200}") {
            let _ = Storyboard::from_json(&text);
        }
    }
}
