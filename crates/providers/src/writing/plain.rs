//! Text as it is read aloud: without Markdown, stage directions and labels. Only marks are taken away, never words that
//! belong to the text.

/// How a passage in brackets begins if it tells somebody to do something, in the languages that models mix in.
const DIRECTIONS: [&str; 40] = [
    "music",
    "sound",
    "sfx",
    "fx",
    "pause",
    "beat",
    "silence",
    "cut",
    "fade",
    "zoom",
    "pan",
    "camera",
    "close-up",
    "closeup",
    "scene",
    "visual",
    "text",
    "on-screen",
    "onscreen",
    "voice",
    "voiceover",
    "narrator",
    "sigh",
    "sighs",
    "laugh",
    "laughs",
    "whisper",
    "whispers",
    "dramatic",
    "upbeat",
    "música",
    "musica",
    "som",
    "sonido",
    "pausa",
    "corte",
    "câmera",
    "cámara",
    "risos",
    "risas",
];

/// Labels in front of what is spoken.
const LABELS: [&str; 22] = [
    "narrator",
    "narration",
    "voiceover",
    "voice-over",
    "voice over",
    "vo",
    "v.o.",
    "host",
    "speaker",
    "hook",
    "intro",
    "outro",
    "scene",
    "cena",
    "escena",
    "narrador",
    "narradora",
    "narração",
    "narración",
    "locutor",
    "narrateur",
    "sprecher",
];

/// How a model begins when it declines. What follows within the first words must say that it does not do something.
const APOLOGIES: [&str; 22] = [
    "i'm sorry",
    "i’m sorry",
    "i am sorry",
    "sorry,",
    "i can't",
    "i can’t",
    "i cannot",
    "i'm unable",
    "i’m unable",
    "i am unable",
    "i won't",
    "i won’t",
    "i must decline",
    "unfortunately, i",
    "as an ai",
    "desculpe",
    "sinto muito",
    "não posso",
    "lo siento",
    "no puedo",
    "je suis désolé",
    "es tut mir leid",
];

/// What is spoken of a narration.
pub(super) fn spoken(text: &str) -> String {
    let text = without_brackets(text);
    let text = without_marks(&text);
    without_label(&text).to_owned()
}

/// The text on one line without Markdown, code fences or quotes around it.
pub(crate) fn one_paragraph(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("```"));
    let text = without_marks(&lines.collect::<Vec<_>>().join(" "));
    text.trim_matches(['"', '“', '”', '\'', ' ']).to_owned()
}

/// Whether the model says that it won't.
pub(crate) fn declines(text: &str) -> bool {
    let start: String = text.trim_start().chars().take(40).collect::<String>().to_lowercase();
    APOLOGIES.iter().any(|apology| start.starts_with(apology))
}

/// Square brackets are never read aloud; round ones and asterisks may be, unless they hold a direction.
fn without_brackets(text: &str) -> String {
    let mut rest = text;
    let mut kept = String::with_capacity(text.len());
    while let Some(at) = rest.find(['[', '(', '*', '（', '【']) {
        let mut letters = rest[at..].chars();
        let open = letters.next().unwrap_or('[');
        let close = match open {
            '[' => ']',
            '(' => ')',
            '（' => '）',
            '【' => '】',
            _ => '*',
        };
        let inside = letters.as_str();
        kept.push_str(&rest[..at]);
        match inside.find(close) {
            // A link in Markdown keeps its words.
            Some(end) if open == '[' && inside[end + 1..].starts_with('(') => {
                kept.push_str(&inside[..end]);
                let target = &inside[end + 1..];
                rest = target.find(')').map_or("", |end| &target[end + 1..]);
            }
            Some(end) if matches!(open, '[' | '【') || is_direction(&inside[..end]) => rest = &inside[end + close.len_utf8()..],
            _ => {
                kept.push(open);
                rest = inside;
            }
        }
    }
    kept.push_str(rest);
    kept
}

fn is_direction(inside: &str) -> bool {
    let first = inside.split([' ', ':', ',', '.', ';']).find(|word| !word.is_empty()).unwrap_or_default().to_lowercase();
    DIRECTIONS.contains(&first.as_str())
}

/// Markdown's marks away, and white space to single blanks.
fn without_marks(text: &str) -> String {
    let text = text.replace("**", "").replace("__", "").replace('`', "");
    let line = |line: &str| {
        let line = line.trim().trim_start_matches('#').trim_start();
        let line =
            line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")).or_else(|| line.strip_prefix("> ")).unwrap_or(line);
        unstarred(line)
    };
    let lines = text.lines().map(line).collect::<Vec<_>>().join(" ");
    lines.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Asterisks away, except where they stand between blanks or digits and mean "times".
fn unstarred(line: &str) -> String {
    let letters: Vec<char> = line.chars().collect();
    let near = |index: Option<usize>| index.and_then(|index| letters.get(index)).copied().unwrap_or(' ');
    let times = |index: usize| {
        let (before, after) = (near(index.checked_sub(1)), near(Some(index + 1)));
        let both = |is: fn(char) -> bool| is(before) && is(after);
        both(|letter| letter == ' ') || both(|letter| letter.is_ascii_digit())
    };
    letters.iter().enumerate().filter(|(index, letter)| **letter != '*' || times(*index)).map(|(_, letter)| *letter).collect()
}

fn without_label(text: &str) -> &str {
    let Some((label, rest)) = text.split_once([':', '：']) else { return text };
    let label = label.trim().trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == ' ').to_lowercase();
    if LABELS.contains(&label.as_str()) { rest.trim_start() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_spoken_stays() {
        let check = |text: &str, expected: &str| assert_eq!(spoken(text), expected, "{text}");
        check("The Moon is **not** far.", "The Moon is not far.");
        check("Narrator: The Moon.", "The Moon.");
        check("Cena 3: A Lua.", "A Lua.");
        check("[Music swells] The Moon [pause] rises.", "The Moon rises.");
        check("(upbeat music) The Moon (a rock) rises. *sighs*", "The Moon (a rock) rises.");
        check("*The* Moon and 3 * 4 is 12", "The Moon and 3 * 4 is 12");
        check("## The Moon\n- rises\n- sets", "The Moon rises sets");
        check("See [the Moon](https://example.org/a) now", "See the Moon now");
        check("Remember: it is near", "Remember: it is near");
        check("（音乐）月亮", "（音乐）月亮");
        check("[only this]", "");
        check("an open [ bracket", "an open [ bracket");
    }

    #[test]
    fn a_refusal_begins_with_an_apology() {
        let check = |text: &str, expected: bool| assert_eq!(declines(text), expected, "{text}");
        check("I'm sorry, but I can't help with that.", true);
        check("  Desculpe, não posso.", true);
        check("{\"title\": \"I'm sorry\"}", false);
        check("The Moon", false);
        check("", false);
    }

    #[test]
    fn a_paragraph_is_one_line() {
        assert_eq!(one_paragraph("```\n\"Warm **strings**,\n soft piano\"\n```"), "Warm strings, soft piano");
    }
}
