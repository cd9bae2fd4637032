//! Rules for single fields, whose sentences say what would be right.

use model::choice::SPEEDS;
use serde::{Deserialize, Deserializer};

/// A field that may hold a text.
pub trait Text {
    /// The text, if there is one.
    fn text(&self) -> Option<&str>;
}

impl Text for String {
    fn text(&self) -> Option<&str> {
        Some(self)
    }
}

impl<T: Text> Text for Option<T> {
    fn text(&self) -> Option<&str> {
        self.as_ref().and_then(Text::text)
    }
}

/// A text of `min` to `max` characters; leading and trailing blanks do not count towards `min`.
pub fn text<T: Text>(min: usize, max: usize) -> impl FnOnce(&T, &()) -> garde::Result {
    move |value, ()| {
        let Some(text) = value.text() else { return Ok(()) };
        if text.trim().chars().count() < min {
            return Err(garde::Error::new("Required: it must not be empty"));
        }
        if text.chars().count() > max {
            return Err(garde::Error::new(format!("Must contain at most {max} characters")));
        }
        Ok(())
    }
}

/// A narration: a text that holds at least one word.
pub fn spoken<T: Text>(value: &T, context: &()) -> garde::Result {
    text(1, model::storyboard::MAX_NARRATION)(value, context)?;
    match value.text() {
        Some(text) if !model::script::has_words(text) => {
            Err(garde::Error::new("There are no words to speak; write at least one word"))
        }
        _ => Ok(()),
    }
}

/// The short lower-case name of a vendor, or nothing for the server's default.
pub fn vendor<T: Text>(value: &T, _: &()) -> garde::Result {
    let text = value.text().unwrap_or_default();
    let plain = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte));
    if plain && text.len() <= 32 { Ok(()) } else { Err(garde::Error::new("Expected a vendor's name such as espeak or gemini")) }
}

/// Seconds of a scene.
pub fn seconds(value: &Option<f64>, _: &()) -> garde::Result {
    let max = model::storyboard::MAX_SCENE_SECONDS;
    match value {
        Some(seconds) if !(*seconds > 0.0 && *seconds <= max) => {
            Err(garde::Error::new(format!("Expected more than 0 and at most {max} seconds")))
        }
        _ => Ok(()),
    }
}

/// A scene's place.
pub fn place(value: &Option<i32>, _: &()) -> garde::Result {
    match value {
        Some(number) if !(1..=model::storyboard::MAX_SCENES as i32).contains(number) => {
            Err(garde::Error::new(format!("Expected a place from 1 to {}", model::storyboard::MAX_SCENES)))
        }
        _ => Ok(()),
    }
}

/// How fast a narration is spoken.
pub fn speed(value: &Option<f64>, _: &()) -> garde::Result {
    match value {
        Some(speed) if !SPEEDS.contains(speed) => Err(garde::Error::new(format!(
            "Expected a speed from {:.1} to {:.1}; 1 is the voice's own",
            SPEEDS.start(),
            SPEEDS.end()
        ))),
        _ => Ok(()),
    }
}

/// JSON that is stored as it is.
pub fn small_json(value: &Option<serde_json::Value>, _: &()) -> garde::Result {
    const MOST: usize = 10_000;
    let length = value.as_ref().map_or(0, |value| value.to_string().len());
    if length <= MOST { Ok(()) } else { Err(garde::Error::new(format!("Must be at most {MOST} bytes of JSON"))) }
}

/// Short labels, not too many.
pub fn labels(value: &Option<Vec<String>>, _: &()) -> garde::Result {
    let tags = value.as_deref().unwrap_or_default();
    let good = tags.len() <= 50 && tags.iter().all(|tag| !tag.trim().is_empty() && tag.chars().count() <= 100);
    if good { Ok(()) } else { Err(garde::Error::new("Expected at most 50 tags of 1 to 100 characters")) }
}

/// Reads a field for which `null` (take it away) differs from absence (leave it): with `default`, absence is `None`.
pub fn nullable<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

/// A name that a client gives itself: visible ASCII without blanks, so that it can stand in a header.
pub fn name(value: &str, _: &()) -> garde::Result {
    let plain = value.bytes().all(|byte| byte.is_ascii_graphic());
    if plain && (1..=crate::once::LONGEST_NAME).contains(&value.len()) {
        Ok(())
    } else {
        Err(garde::Error::new("Expected 1 to 200 visible ASCII characters without blanks, such as a UUID"))
    }
}
