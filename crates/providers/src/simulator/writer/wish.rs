//! What a prompt wants: topic, language, number of scenes, seconds. Prompts are read as a person would skim them, so that
//! any wording works that names these things.

use super::super::language;

/// The wishes of one prompt.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Wish {
    pub(in super::super) topic: String,
    /// BCP 47.
    pub(in super::super) language: String,
    pub(in super::super) style: Option<String>,
    /// At least and at most.
    pub(in super::super) scenes: Option<(u32, u32)>,
    /// Of the whole video: at least and at most.
    pub(in super::super) seconds: Option<(u32, u32)>,
}

impl Wish {
    pub(in super::super) fn read(prompt: &str) -> Self {
        let topic = topic(prompt);
        let words = words(prompt);
        Self {
            language: language(prompt).unwrap_or_else(|| language::of(&topic).to_owned()),
            style: after_label(&without_rules(prompt), &["style", "estilo"]),
            scenes: largest(&words, &["scenes", "cenas", "escenas"]),
            seconds: largest(&words, &["seconds", "second", "segundos", "s"]),
            topic,
        }
    }

    /// How many scenes there will be: about one for every seven seconds, within the wish.
    pub(super) fn count(&self) -> u32 {
        let usual = (self.total_seconds() + 3) / 7;
        match self.scenes {
            Some((least, most)) => usual.clamp(least.max(1), most.max(1)),
            None => usual.clamp(3, 15),
        }
    }

    /// The middle of the wish; 65 to 90 seconds when there is none.
    pub(super) fn total_seconds(&self) -> u32 {
        let (least, most) = self.seconds.unwrap_or((65, 90));
        let middle = least.midpoint(most);
        // Half a minute of five scenes can't be less than five seconds.
        middle.max(self.scenes.map_or(1, |(least, _)| least))
    }
}

/// The prompt without the lines that say how a field of the answer is to be filled, such as `- style: one sentence`. A wish
/// that stands in a list has a label for people, such as `- Style: noir`.
fn without_rules(prompt: &str) -> String {
    let is_rule = |line: &&str| {
        let label = line.trim_start().strip_prefix("- ").and_then(|rule| rule.split_once(':')).map(|(label, _)| label);
        label.is_some_and(|label| label.chars().all(|letter| letter.is_lowercase() || letter == '_'))
    };
    prompt.lines().filter(|line| !is_rule(line)).collect::<Vec<_>>().join("\n")
}

/// What the video is about.
fn topic(prompt: &str) -> String {
    tagged(prompt, "topic")
        .or_else(|| after_label(prompt, &["topic", "tema", "assunto", "subject"]))
        .or_else(|| quoted(prompt))
        .or_else(|| after_about(prompt))
        .or_else(|| prompt.lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned))
        .unwrap_or_else(|| "nothing in particular".to_owned())
}

/// `<topic>this</topic>`
fn tagged(prompt: &str, tag: &str) -> Option<String> {
    let (_, rest) = prompt.split_once(&format!("<{tag}>"))?;
    let (inside, _) = rest.split_once(&format!("</{tag}>"))?;
    tidy(inside)
}

/// What stands after `label:` until the end of the line, or on the next line when nothing does.
fn after_label(prompt: &str, labels: &[&str]) -> Option<String> {
    let lower = prompt.to_lowercase();
    // Some letters change their length in lower case: then the places don't fit, and the lower case text itself is read.
    let text = if lower.len() == prompt.len() { prompt } else { &lower };
    labels.iter().find_map(|label| {
        lower.match_indices(label).find_map(|(at, _)| {
            let after = text.get(at + label.len()..)?;
            let rest = after.trim_start_matches(['"', '*', '_', '`', ' ']);
            let rest = rest.strip_prefix(':')?.trim_start_matches(['*', ' ', '\n', '\r']);
            // JSON: the value ends at its quote.
            match rest.strip_prefix('"').filter(|_| after.starts_with('"')) {
                Some(value) => tidy(value.split('"').next()?),
                None => tidy(rest.lines().next()?),
            }
        })
    })
}

/// The first text in quotes that is more than a word or two of a letter.
fn quoted(prompt: &str) -> Option<String> {
    [('"', '"'), ('“', '”'), ('«', '»')].into_iter().find_map(|(open, close)| {
        let (_, rest) = prompt.split_once(open)?;
        let (inside, _) = rest.split_once(close)?;
        tidy(inside).filter(|inside| inside.chars().count() > 2)
    })
}

fn after_about(prompt: &str) -> Option<String> {
    [" about ", " sobre "].into_iter().find_map(|word| {
        let (_, rest) = prompt.split_once(word)?;
        tidy(rest.split(['.', '\n', ',', ';']).next()?)
    })
}

fn tidy(text: &str) -> Option<String> {
    let text = text.trim().trim_matches(|letter: char| "\"'“”«»*_`,".contains(letter)).trim();
    let text = text.trim_end_matches(['.', ',']).trim_matches(['"', '“', '”']).trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The language by a label, by `in Spanish`, or not at all.
fn language(prompt: &str) -> Option<String> {
    let labelled = after_label(prompt, &["language", "idioma", "língua", "lengua"]).and_then(|wish| language::named(&wish));
    labelled.or_else(|| {
        let lower = prompt.to_lowercase();
        let after = [" in ", " em ", " en ", "language "].into_iter();
        after.flat_map(|word| lower.match_indices(word)).find_map(|(at, word)| {
            let rest: String = lower[at + word.len()..].chars().take(24).collect();
            let first = rest.split(['.', ',', ';', '\n', ':']).next()?;
            // Only names: after "in", a short word is hardly ever a language's tag.
            let name = first.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
            language::named(&name).filter(|tag| name.len() > 3 && !name.starts_with(&tag.to_lowercase()))
        })
    })
}

/// Numbers and words, in lower case: `65s` is two of them, `3-5` too. What parts sentences is a word of its own.
fn words(prompt: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut last = None;
    for letter in prompt.to_lowercase().chars() {
        let kind = if letter.is_ascii_digit() { Some(0) } else { letter.is_alphabetic().then_some(1) };
        match (kind, words.last_mut()) {
            (Some(_), Some(word)) if kind == last => word.push(letter),
            (Some(_), _) => words.push(letter.to_string()),
            (None, _) if ".,;:\n".contains(letter) => words.push(letter.to_string()),
            _ => {}
        }
        last = kind;
    }
    words
}

/// The largest pair of numbers that belongs to one of the nouns: before it (`3 to 5 scenes`) or after it (`scenes: 5`).
fn largest(words: &[String], nouns: &[&str]) -> Option<(u32, u32)> {
    let places = (0..words.len()).filter(|at| nouns.contains(&words[*at].as_str()));
    places.filter_map(|at| before(&words[..at]).or_else(|| after(&words[at + 1..]))).max_by_key(|(_, most)| *most)
}

/// `exactly 5`, `between 3 and 5`, `3 to 5`, `min 3, max 5` right before the noun.
fn before(words: &[String]) -> Option<(u32, u32)> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let last: u32 = words.last()?.parse().ok()?;
    let joined = |word: &str| ["and", "to", "e", "a", "y", "or", "até", "ou", "o"].contains(&word);
    let first = match &words[..words.len() - 1] {
        [.., first, and] if joined(and) => first.parse().ok(),
        [.., first, "," | "and", "max"] | [.., first, "max"] => first.parse().ok(),
        [.., first] => first.parse().ok(),
        [] => None,
    };
    Some((first.filter(|first| *first <= last).unwrap_or(last), last))
}

/// `5`, `exactly 5`, `is 5`, `min 65 max 90` right after the noun.
fn after(words: &[String]) -> Option<(u32, u32)> {
    let words = if words.first().is_some_and(|word| word == ":") { &words[1..] } else { words };
    let near = &words[..words.len().min(4)];
    let number = |word: &String| word.parse::<u32>().ok();
    match near {
        [first, second, ..] if number(first).is_some() => {
            let first = number(first)?;
            Some((first, number(second).filter(|second| *second >= first).unwrap_or(first)))
        }
        [only] => number(only).map(|number| (number, number)),
        [word, first, rest @ ..] if ["exactly", "is", "min", "count"].contains(&word.as_str()) => {
            let first = number(first)?;
            Some((first, rest.iter().find_map(number).filter(|last| *last >= first).unwrap_or(first)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_found_in_many_wordings() {
        let check = |prompt: &str, expected: &str| assert_eq!(Wish::read(prompt).topic, expected, "{prompt}");
        check("Write a short.\nTopic: Why cats purr\nStyle: noir", "Why cats purr");
        check("{\"topic\": \"Why cats purr\", \"style\": \"noir\"}", "Why cats purr");
        check("<topic>\nWhy cats purr\n</topic>", "Why cats purr");
        check("A video on \"Why cats purr\", please", "Why cats purr");
        check("Tell me about cats. Be brief.", "cats");
        check("cats", "cats");
        check("", "nothing in particular");
    }

    #[test]
    fn numbers_belong_to_their_nouns() {
        let check = |prompt: &str, scenes: Option<(u32, u32)>, seconds: Option<(u32, u32)>| {
            let wish = Wish::read(prompt);
            assert_eq!((wish.scenes, wish.seconds), (scenes, seconds), "{prompt}");
        };
        check("exactly 5 scenes in 30 to 40 seconds, each scene 3 to 9 seconds", Some((5, 5)), Some((30, 40)));
        check("Between 3 and 7 scenes; 65-90 seconds.", Some((3, 7)), Some((65, 90)));
        check("Number of scenes: 4. Seconds: 20", Some((4, 4)), Some((20, 20)));
        check("scenes: exactly 5, min 40, max 60 seconds", Some((5, 5)), Some((40, 60)));
        check("scene 1 shows 16:9", None, None);
        check("6 cenas, 30 a 45 segundos", Some((6, 6)), Some((30, 45)));
    }
}
