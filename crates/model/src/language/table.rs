//! What is known of each language. A language that is not here is served as well, only with rougher guesses.

use unicode_script::Script;

/// A language.
#[derive(Debug, PartialEq)]
pub struct Language {
    /// The first part of its BCP 47 tag, such as `pt`.
    pub code: &'static str,
    /// In English.
    pub name: &'static str,
    /// What it is written in; of the several writings of Japanese, the one that tells it from Chinese.
    pub writing: Script,
    /// Words a calm narrator says in a second, pauses included; characters in a writing without blanks.
    pub per_second: f64,
    /// Words that are frequent in it and rarer in others, in lower case; none where the writing tells enough.
    pub small_words: &'static [&'static str],
}

/// The language of a tag such as `pt-BR`.
pub fn known(tag: &str) -> Option<&'static Language> {
    let code = tag.split(['-', '_']).next().unwrap_or_default();
    LANGUAGES.iter().find(|language| language.code.eq_ignore_ascii_case(code))
}

const fn row(
    code: &'static str,
    name: &'static str,
    writing: Script,
    per_second: f64,
    small_words: &'static [&'static str],
) -> Language {
    Language { code, name, writing, per_second, small_words }
}

/// The paces keep the proportions that one voice's readings of the same text in each language have.
pub(super) const LANGUAGES: [Language; 27] = [
    row("en", "English", Script::Latin, 2.5, &ENGLISH),
    row("pt", "Portuguese", Script::Latin, 2.3, &PORTUGUESE),
    row("es", "Spanish", Script::Latin, 2.5, &SPANISH),
    row("fr", "French", Script::Latin, 2.7, &FRENCH),
    row("de", "German", Script::Latin, 2.2, &GERMAN),
    row("it", "Italian", Script::Latin, 2.3, &ITALIAN),
    row(
        "nl",
        "Dutch",
        Script::Latin,
        2.3,
        &["de", "het", "een", "van", "en", "niet", "zijn", "voor", "met", "die", "maar", "ook"],
    ),
    row("pl", "Polish", Script::Latin, 1.9, &["i", "w", "na", "się", "nie", "jest", "że", "do", "to", "z", "jak", "są"]),
    row(
        "tr",
        "Turkish",
        Script::Latin,
        1.8,
        &["ve", "bir", "bu", "da", "de", "için", "çok", "ne", "gibi", "daha", "olarak", "ama"],
    ),
    row(
        "id",
        "Indonesian",
        Script::Latin,
        2.0,
        &["yang", "dan", "di", "ini", "itu", "dengan", "untuk", "tidak", "dari", "adalah", "pada"],
    ),
    row(
        "vi",
        "Vietnamese",
        Script::Latin,
        3.1,
        &["và", "của", "là", "có", "không", "một", "những", "được", "người", "trong", "này"],
    ),
    row("sv", "Swedish", Script::Latin, 2.2, &["och", "att", "det", "som", "är", "en", "inte", "av", "på", "för", "den", "ett"]),
    row("fi", "Finnish", Script::Latin, 1.6, &["ja", "on", "ei", "se", "että", "oli", "kun", "mutta", "niin", "myös", "ovat"]),
    row("cs", "Czech", Script::Latin, 2.0, &["a", "se", "je", "na", "že", "není", "jako", "ale", "který", "když", "jsou", "by"]),
    row("ro", "Romanian", Script::Latin, 2.2, &["și", "de", "în", "este", "nu", "un", "care", "mai", "pe", "sunt", "din", "o"]),
    row(
        "hu",
        "Hungarian",
        Script::Latin,
        1.8,
        &["a", "az", "és", "hogy", "nem", "egy", "is", "van", "volt", "csak", "mint", "meg"],
    ),
    row("ru", "Russian", Script::Cyrillic, 2.1, &[]),
    row("uk", "Ukrainian", Script::Cyrillic, 2.1, &[]),
    row("el", "Greek", Script::Greek, 2.2, &[]),
    row("ar", "Arabic", Script::Arabic, 1.7, &[]),
    row("he", "Hebrew", Script::Hebrew, 2.0, &[]),
    row("hi", "Hindi", Script::Devanagari, 2.4, &[]),
    row("ko", "Korean", Script::Hangul, 1.7, &[]),
    row("zh", "Chinese", Script::Han, 4.0, &[]),
    row("ja", "Japanese", Script::Hiragana, 6.0, &[]),
    row("th", "Thai", Script::Thai, 9.0, &[]),
    row("ta", "Tamil", Script::Tamil, 1.7, &[]),
];

const ENGLISH: [&str; 28] = [
    "the", "and", "of", "to", "is", "are", "that", "with", "this", "it", "was", "you", "from", "for", "but", "they", "what",
    "when", "have", "its", "out", "every", "had", "who", "by", "one", "not", "there",
];
const PORTUGUESE: [&str; 20] = [
    "o", "a", "de", "que", "e", "não", "uma", "um", "com", "os", "são", "mais", "você", "isso", "em", "do", "da", "foi", "para",
    "seu",
];
const SPANISH: [&str; 20] = [
    "el", "la", "de", "que", "y", "los", "las", "una", "un", "con", "más", "pero", "esto", "del", "en", "es", "no", "por",
    "para", "su",
];
const FRENCH: [&str; 20] = [
    "le", "la", "de", "les", "des", "est", "une", "un", "et", "pas", "dans", "vous", "nous", "que", "sur", "du", "il", "ce",
    "qui", "pour",
];
const GERMAN: [&str; 18] = [
    "der", "die", "das", "und", "ist", "nicht", "ein", "eine", "mit", "auf", "sie", "wir", "zu", "den", "es", "von", "im", "auch",
];
const ITALIAN: [&str; 18] =
    ["il", "la", "di", "che", "è", "e", "una", "un", "per", "non", "sono", "più", "della", "questo", "gli", "del", "con", "ma"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_can_be_found_and_is_plausible() {
        for language in &LANGUAGES {
            assert_eq!(known(language.code), Some(language));
            assert!((1.0..10.0).contains(&language.per_second), "{}", language.name);
            assert!(language.writing != Script::Latin || language.small_words.len() > 8, "{}", language.name);
            assert!(language.small_words.iter().all(|word| word.to_lowercase() == **word), "{}", language.name);
        }
        assert_eq!(known("PT-br").map(|language| language.name), Some("Portuguese"));
        assert_eq!(known("xx"), None);
    }
}
