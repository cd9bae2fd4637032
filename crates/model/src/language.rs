//! Languages: how people and older clients name them, how fast they are spoken, and which one a text is in.
//!
//! What is known of each is a row in `table`; how a voice says it is the vendors' matter.

mod guess;
mod pace;
mod table;

pub use guess::{guess, writing};
pub use pace::{Pace, pace};
pub use table::{Language, known};

/// Labels that clients send instead of tags, in lower case.
const LABELS: [(&str, &str); 22] = [
    ("english", "en"),
    ("portuguese", "pt-BR"),
    ("portuguese (brazil)", "pt-BR"),
    ("português", "pt-BR"),
    ("spanish", "es"),
    ("español", "es"),
    ("french", "fr"),
    ("german", "de"),
    ("italian", "it"),
    ("dutch", "nl"),
    ("polish", "pl"),
    ("russian", "ru"),
    ("ukrainian", "uk"),
    ("turkish", "tr"),
    ("arabic", "ar"),
    ("hindi", "hi"),
    ("japanese", "ja"),
    ("korean", "ko"),
    ("chinese", "zh"),
    ("indonesian", "id"),
    ("vietnamese", "vi"),
    ("greek", "el"),
];

/// The BCP 47 tag that a label stands for; a tag stays as it is, and nothing means English.
pub fn tag(label: &str) -> String {
    let label = label.trim();
    if label.is_empty() {
        return "en".to_owned();
    }
    let lower = label.to_lowercase();
    LABELS.iter().find(|(known, _)| *known == lower).map_or_else(|| label.to_owned(), |(_, tag)| (*tag).to_owned())
}

#[cfg(test)]
mod tests {
    #[test]
    fn labels_become_tags_and_tags_stay() {
        for (label, expected) in [("English", "en"), ("pt-BR", "pt-BR"), ("Português", "pt-BR"), ("", "en"), ("sw", "sw")] {
            assert_eq!(super::tag(label), expected);
        }
    }
}
