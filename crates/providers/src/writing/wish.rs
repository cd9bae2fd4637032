//! What a script must be like, in numbers: scenes, seconds, words. The prompt states them and the check holds them.

use std::ops::RangeInclusive;

use minijinja::{Value, context};
use model::language::{self, Pace};

use crate::script::ScriptRequest;

/// How far the spoken length may be from the wish, as a share of it: voices differ by so much.
const TOLERANCE: f64 = 0.25;

/// The numbers of one request.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wish {
    /// BCP 47 tag.
    pub language: String,
    pub scenes: RangeInclusive<u32>,
    /// Seconds of the whole video.
    pub seconds: RangeInclusive<u32>,
    pub pace: Pace,
}

impl Wish {
    pub(super) fn of(request: &ScriptRequest) -> Self {
        let most = request.max_seconds.max(request.min_seconds).max(1);
        let scenes = match request.scene_count {
            Some(count) => count..=count,
            None => {
                let most = most.div_ceil(5).clamp(3, 15);
                (request.min_seconds / 10).clamp(3, most)..=most
            }
        };
        let seconds = request.min_seconds..=most;
        Self { language: request.language.clone(), scenes, seconds, pace: language::pace(&request.language) }
    }

    /// The spoken lengths that are taken, in seconds.
    pub(super) fn allowed(&self) -> RangeInclusive<f64> {
        (1.0 - TOLERANCE) * f64::from(*self.seconds.start())..=(1.0 + TOLERANCE) * f64::from(*self.seconds.end())
    }

    /// Words, or characters.
    pub(super) fn unit(&self) -> &'static str {
        if self.pace.characters { "characters" } else { "words" }
    }

    /// So many words for the whole script.
    pub(super) fn length(&self) -> String {
        let words = |seconds: u32| (f64::from(seconds) * self.pace.per_second).round() as u32;
        format!("{} {}", span(words(*self.seconds.start()), words(*self.seconds.end())), self.unit())
    }

    /// Such as `exactly 6 scenes`.
    pub(super) fn scenes(&self) -> String {
        match (*self.scenes.start(), *self.scenes.end()) {
            (1, 1) => "exactly 1 scene".to_owned(),
            (least, most) if least == most => format!("exactly {most} scenes"),
            (least, most) => format!("between {least} and {most} scenes"),
        }
    }

    /// For `script.jinja`.
    pub(super) fn values(&self, request: &ScriptRequest) -> Value {
        let middle = f64::from(self.seconds.start() + self.seconds.end()) / 2.0;
        let scenes = match request.scene_count {
            Some(count) => f64::from(count.max(1)),
            // A picture is worth looking at for about seven seconds.
            None => (middle / 7.0).clamp(f64::from(*self.scenes.start()), f64::from(*self.scenes.end())),
        };
        let per_scene = (middle / scenes * self.pace.per_second).round().max(1.0);
        context! {
            topic => request.topic.trim(),
            style => request.style.trim(),
            language => name(&request.language),
            seconds => span(*self.seconds.start(), *self.seconds.end()),
            length => self.length(),
            scenes => self.scenes(),
            per_scene => format!("about {per_scene} {}", self.unit()),
            take => request.take,
        }
    }
}

fn span(least: u32, most: u32) -> String {
    if least == most { format!("about {most}") } else { format!("{least} to {most}") }
}

/// A language as a model knows it.
pub(super) fn name(tag: &str) -> String {
    match (tag, language::known(tag)) {
        ("pt-BR", _) => "Brazilian Portuguese (pt-BR)".to_owned(),
        ("pt-PT", _) => "European Portuguese (pt-PT)".to_owned(),
        (_, Some(language)) => format!("{} ({tag})", language.name),
        (_, None) => format!("{tag} (a BCP 47 tag)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_scenes_follows_the_length() {
        let check = |min_seconds, max_seconds, scene_count, expected: RangeInclusive<u32>| {
            let request = ScriptRequest { min_seconds, max_seconds, scene_count, ..ScriptRequest::default() };
            assert_eq!(Wish::of(&request).scenes, expected, "{min_seconds} to {max_seconds}");
        };
        check(65, 90, None, 6..=15);
        check(15, 30, None, 3..=6);
        check(5, 8, None, 3..=3);
        check(200, 300, None, 15..=15);
        check(65, 90, Some(7), 7..=7);
    }

    #[test]
    fn the_length_is_told_in_the_languages_own_unit() {
        let check = |language: &str, seconds: (u32, u32), expected: &str| {
            let (min_seconds, max_seconds) = seconds;
            let request = ScriptRequest { language: language.into(), min_seconds, max_seconds, ..ScriptRequest::default() };
            assert_eq!(Wish::of(&request).length(), expected);
        };
        check("en", (40, 60), "100 to 150 words");
        check("zh", (40, 60), "160 to 240 characters");
        check("pt-BR", (60, 60), "about 138 words");
    }
}
