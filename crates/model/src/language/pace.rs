//! How long a text takes to say, before anybody has said it.
//!
//! Good enough to plan scenes. How a known length is spread over the words is in [`crate::estimate`].

use unicode_script::Script;

use super::table::known;
use crate::words::{cut, is_dense};

/// Words in a second where the language is not known.
const USUAL: f64 = 2.2;

/// How fast a language is narrated, and what is counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Words a second, or characters in a writing without blanks; pauses included.
    pub per_second: f64,
    /// Whether characters are counted.
    pub characters: bool,
}

/// The pace of a language, by its tag.
pub fn pace(tag: &str) -> Pace {
    let Some(language) = known(tag) else { return Pace { per_second: USUAL, characters: false } };
    let characters = matches!(language.writing, Script::Han | Script::Hiragana | Script::Thai);
    Pace { per_second: language.per_second, characters }
}

impl Pace {
    /// The seconds that it takes to say the text; 0 where there is nothing to say.
    pub fn seconds(self, text: &str) -> f64 {
        self.count(text) / self.per_second
    }

    /// Words, or characters: numbers count as what they are when read out.
    pub fn count(self, text: &str) -> f64 {
        cut(text).iter().filter(|word| word.chars().any(char::is_alphanumeric)).map(|word| self.count_of(word)).sum()
    }

    fn count_of(self, word: &str) -> f64 {
        let digits = word.chars().filter(char::is_ascii_digit).count() as f64;
        let dense = word.chars().filter(|letter| is_dense(*letter)).count() as f64;
        // A word among Chinese characters takes about as long as three of them, and two characters as long as a word.
        match (self.characters, dense > 0.0) {
            (true, true) => dense + digits,
            (true, false) => f64::max(3.0, 1.5 * digits),
            (false, true) => 0.5 * dense + digits,
            // "1969" is three words, "384,400" six.
            (false, false) => f64::max(1.0, 0.85 * digits),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_a_calm_narrator() {
        let check = |tag: &str, text: &str, seconds: std::ops::Range<f64>| {
            let length = pace(tag).seconds(text);
            assert!(seconds.contains(&length), "{length} s for {text}");
        };
        check("en", "People have watched the Moon for thousands of years, and they still ask the same question.", 5.5..7.5);
        check("pt-BR", "As pessoas observam a Lua há milhares de anos, e ainda fazem a mesma pergunta.", 5.5..7.5);
        check("zh", "人们已经观察了它几千年，至今仍在问同一个问题。", 4.5..6.5);
        check("ja", "人々は何千年もの間、月を見つめてきた。そして今も同じことを問いかける。", 4.5..6.5);
        check("en", "1969", 0.8..1.8);
        check("sw", "Watu wameutazama mwezi kwa maelfu ya miaka.", 2.5..4.0);
        check("en", "… — !", 0.0..0.001);
        check("en", "", 0.0..0.001);
    }
}
