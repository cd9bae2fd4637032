//! The language model of the simulator: plausible scripts and short answers, always the same ones for the same prompt.
//!
//! What a prompt wants is read in `wish`, sentences are in `phrases`; how a script becomes JSON is in `schema` beside this
//! file.

use serde_json::{Value, json};

use super::call::seed;
use super::fault::FaultKind;

mod phrases;
mod wish;

pub(super) use wish::Wish;

/// Words that are spoken in one second.
const WORDS_PER_SECOND: f64 = 2.3;

/// A whole script.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Script {
    pub(super) title: String,
    pub(super) description: String,
    /// With their `#`.
    pub(super) hashtags: Vec<String>,
    /// BCP 47.
    pub(super) language: String,
    pub(super) style: String,
    pub(super) topic: String,
    pub(super) scenes: Vec<Scene>,
}

/// One scene of a script.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scene {
    pub(super) narration: String,
    pub(super) visual: String,
    pub(super) seconds: u32,
}

/// Writes what the prompt wants. `share` of the scenes is left in: 1 for all.
pub(super) fn script(prompt: &str, share: f64) -> Script {
    let wish = Wish::read(prompt);
    let wanted = wish.count();
    let count = if share < 1.0 { ((f64::from(wanted) * share) as u32).max(1) } else { wanted };
    let total = wish.total_seconds();
    let lines = phrases::of(&wish.language);
    let topic = phrases::short(&wish.topic, 60);
    let mut next = seed(&wish.topic) as usize;
    let scenes = (0..count).map(|index| {
        let seconds = total / wanted + u32::from(index < total % wanted);
        let narration = narration(lines, &topic, seconds, index, &mut next);
        let visual = phrases::VISUALS[(seed(&wish.topic) as usize + index as usize) % phrases::VISUALS.len()];
        Scene { narration, visual: visual.replace("{}", &topic), seconds }
    });
    Script {
        scenes: scenes.collect(),
        title: phrases::short(&phrases::capital(&lines.title.replace("{}", &topic)), 50),
        description: lines.description.replace("{}", &topic),
        hashtags: hashtags(&wish.topic),
        style: wish.style.clone().unwrap_or_else(|| {
            let styles = phrases::STYLES;
            styles[seed(&wish.topic) as usize % styles.len()].to_owned()
        }),
        language: wish.language,
        topic,
    }
}

/// Sentences until the time is filled; no sentence comes twice before all have come.
fn narration(lines: &phrases::Lines, topic: &str, seconds: u32, index: u32, next: &mut usize) -> String {
    let words = (f64::from(seconds) * WORDS_PER_SECOND) as usize;
    let mut said = Vec::new();
    let mut count = 0;
    if index == 0 {
        said.push(lines.opening.replace("{}", topic));
    }
    loop {
        count += said.last().map_or(0, |sentence: &String| sentence.split_whitespace().count());
        if !said.is_empty() && count + 4 >= words {
            break;
        }
        said.push(lines.sentences[*next % lines.sentences.len()].replace("{}", topic));
        *next += 1;
    }
    said.iter().map(|sentence| phrases::capital(sentence)).collect::<Vec<_>>().join(" ")
}

/// Five of them: the topic's longest words, then general ones.
fn hashtags(topic: &str) -> Vec<String> {
    let mut words: Vec<String> = topic
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| word.chars().count() > 3)
        .map(|word| format!("#{}", word.to_lowercase()))
        .collect();
    words.dedup();
    words.truncate(3);
    for general in ["#shorts", "#facts", "#story", "#learn", "#viral"] {
        if words.len() < 5 && !words.iter().any(|word| word == general) {
            words.push(general.to_owned());
        }
    }
    words
}

impl Script {
    /// The script in the form that models choose when no schema is given.
    pub(super) fn free_form(&self) -> Value {
        let scene = |(index, scene): (usize, &Scene)| {
            json!({
                "sceneNumber": index + 1, "visualDescription": scene.visual, "narration": scene.narration,
                "durationSeconds": scene.seconds,
            })
        };
        let scenes: Vec<Value> = self.scenes.iter().enumerate().map(scene).collect();
        json!({
            "videoTitle": self.title, "videoDescription": format!("{} {}", self.description, self.hashtags.join(" ")),
            "scenes": scenes,
        })
    }
}

/// A script as the model writes it down, which is where models go wrong.
pub(super) fn bent(script: &Value, bend: Option<FaultKind>) -> String {
    let pretty = serde_json::to_string_pretty(script).unwrap_or_default();
    match bend {
        Some(FaultKind::CodeFence) => format!("```json\n{pretty}\n```"),
        Some(FaultKind::MalformedJson) => pretty.chars().take(pretty.chars().count() * 2 / 3).collect(),
        _ => pretty,
    }
}

/// A short answer in plain text: a mood for music, a description of a picture, a motion, or a sentence about the topic.
/// `seen` is the mean colour and size of a picture that came along.
pub(super) fn plain(prompt: &str, seen: Option<([u8; 3], u32, u32)>) -> String {
    let lower = prompt.to_lowercase();
    let wish = Wish::read(prompt);
    let topic = phrases::short(&wish.topic, 60);
    if let Some((colour, width, height)) = seen {
        let shape = if height > width { "upright" } else { "wide or square" };
        return format!(
            "A person seen from the front, with a calm face and an open look. The main colour of the picture is {}, it is {shape} \
             ({width} × {height} pixels), and the light is soft. Short dark hair, a plain jacket, no glasses.",
            phrases::colour_name(colour)
        );
    }
    if lower.contains("music") || lower.contains("instrumental") || lower.contains("soundtrack") {
        let moods = ["warm", "hopeful", "dark", "bright", "calm"];
        let mood = moods[seed(prompt) as usize % moods.len()];
        return format!("Instrumental, {mood} cinematic strings with soft piano and light percussion, 90 bpm, about {topic}");
    }
    if lower.contains("motion") || lower.contains("camera") {
        return format!("Slow push in, light wind, gentle parallax, steady camera on {topic}");
    }
    phrases::of(&wish.language).opening.replace("{}", &topic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_keeps_to_the_prompt() {
        let check = |prompt: &str, scenes: usize, seconds: std::ops::RangeInclusive<u32>, language: &str| {
            let script = script(prompt, 1.0);
            let total: u32 = script.scenes.iter().map(|scene| scene.seconds).sum();
            assert_eq!((script.scenes.len(), script.language.as_str()), (scenes, language), "{prompt}");
            assert!(seconds.contains(&total), "{total} s for {prompt}");
            assert!(script.scenes.iter().all(|scene| !scene.narration.is_empty() && !scene.visual.is_empty()));
            assert!(script.title.chars().count() <= 50, "{}", script.title);
            assert_eq!(script.hashtags.len(), 5);
        };
        check("Topic: the Moon\nLanguage: Portuguese\nExactly 6 scenes, 40 to 50 seconds in all.", 6, 40..=50, "pt-BR");
        check("Write between 3 and 4 scenes about \"deep sea\" in Spanish, total 20-30 seconds", 4, 20..=30, "es");
        check("topic: bees", 11, 65..=90, "en");
    }

    #[test]
    fn the_style_is_the_wish_or_one_that_a_person_would_name() {
        let rules = "Rules:\n- title: at most 50 characters.\n- style: one sentence that states the look: medium, light.\n";
        let check = |prompt: &str, expected: Option<&str>| {
            let style = script(&format!("Topic: bees\n{prompt}"), 1.0).style;
            let known = phrases::STYLES.contains(&style.as_str());
            assert_eq!((known, expected.unwrap_or(&style)), (expected.is_none(), style.as_str()), "{prompt}");
        };
        check("", None);
        check(rules, None);
        check(&format!("Style: noir\n{rules}"), Some("noir"));
        check(&format!("{rules}- Style: noir"), Some("noir"));
    }

    #[test]
    fn half_of_a_script_is_half_of_it() {
        assert_eq!(script("Topic: bees\nexactly 8 scenes", 0.5).scenes.len(), 4);
        assert_eq!(script("Topic: bees\nexactly 1 scenes", 0.5).scenes.len(), 1);
    }
}
