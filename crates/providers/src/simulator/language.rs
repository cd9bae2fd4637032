//! Which language a text is in, as far as speech and scripts of the simulator need to know, and the names of languages.

/// Small words that are frequent in one language and rare in the others.
const SMALL_WORDS: [(&str, &[&str]); 6] = [
    ("en", &["the", "and", "of", "is", "are", "that", "with", "this", "it", "was", "you", "from"]),
    ("pt-BR", &["não", "uma", "um", "com", "os", "são", "mais", "você", "isso", "ao", "em", "do", "da", "foi"]),
    ("es", &["el", "los", "las", "una", "con", "más", "pero", "esto", "del", "y", "es", "fue", "muy"]),
    ("fr", &["le", "les", "des", "est", "une", "et", "pas", "dans", "vous", "nous", "que", "sur"]),
    ("de", &["der", "die", "das", "und", "ist", "nicht", "ein", "eine", "mit", "auf", "sie", "wir"]),
    ("it", &["il", "gli", "di", "che", "è", "una", "per", "non", "sono", "più", "della", "questo"]),
];

/// Scripts that tell a language by themselves.
const SCRIPTS: [(&str, std::ops::RangeInclusive<char>); 9] = [
    ("ja", '\u{3040}'..='\u{30ff}'),
    ("ko", '\u{ac00}'..='\u{d7af}'),
    ("zh", '\u{4e00}'..='\u{9fff}'),
    ("ru", '\u{0400}'..='\u{04ff}'),
    ("ar", '\u{0600}'..='\u{06ff}'),
    ("he", '\u{0590}'..='\u{05ff}'),
    ("hi", '\u{0900}'..='\u{097f}'),
    ("el", '\u{0370}'..='\u{03ff}'),
    ("th", '\u{0e00}'..='\u{0e7f}'),
];

/// Names of languages, in English and their own, and their tags.
const NAMES: [(&str, &str); 24] = [
    ("brazilian portuguese", "pt-BR"),
    ("português", "pt-BR"),
    ("portugues", "pt-BR"),
    ("portuguese", "pt-BR"),
    ("inglês", "en"),
    ("inglés", "en"),
    ("english", "en"),
    ("espanhol", "es"),
    ("español", "es"),
    ("spanish", "es"),
    ("french", "fr"),
    ("français", "fr"),
    ("german", "de"),
    ("deutsch", "de"),
    ("italian", "it"),
    ("japanese", "ja"),
    ("korean", "ko"),
    ("chinese", "zh"),
    ("russian", "ru"),
    ("arabic", "ar"),
    ("hebrew", "he"),
    ("hindi", "hi"),
    ("dutch", "nl"),
    ("polish", "pl"),
];

/// The tag of the language that a text is most likely in; English when nothing tells.
pub(super) fn of(text: &str) -> &'static str {
    for (tag, range) in SCRIPTS {
        if text.chars().any(|letter| range.contains(&letter)) {
            return tag;
        }
    }
    let text = text.to_lowercase();
    let words: Vec<&str> = text.split(|letter: char| !letter.is_alphabetic()).filter(|word| !word.is_empty()).collect();
    let count = |small: &[&str]| words.iter().filter(|word| small.contains(word)).count();
    // The first of equals wins, so the order of the table is the order of likelihood.
    let mut best = ("en", 0);
    for (tag, small) in SMALL_WORDS {
        if count(small) > best.1 {
            best = (tag, count(small));
        }
    }
    best.0
}

/// The tag for what somebody wrote as a language: a name in it, or a tag itself.
pub(super) fn named(wish: &str) -> Option<String> {
    let lower = wish.trim().to_lowercase();
    if let Some((_, tag)) = NAMES.iter().find(|(name, _)| lower.contains(name)) {
        return Some((*tag).to_owned());
    }
    let tag: &str =
        wish.trim().split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '-' || letter == '_')).next()?;
    let main = tag.split(['-', '_']).next()?;
    let is_tag = (2..=3).contains(&main.len()) && main.chars().all(|letter| letter.is_ascii_alphabetic());
    is_tag.then(|| tag.replace('_', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_tells_its_language() {
        let check = |text: &str, expected: &str| assert_eq!(of(text), expected, "{text}");
        check("The moon is three days away and it was quiet.", "en");
        check("A Lua fica a três dias daqui, e você não vê isso.", "pt-BR");
        check("La Luna está a tres días, y es muy tranquila.", "es");
        check("Der Mond ist nicht weit.", "de");
        check("月は遠くない。これは", "ja");
        check("Луна далеко", "ru");
        check("Tsunami", "en");
    }

    #[test]
    fn a_language_is_a_name_or_a_tag() {
        let check = |wish: &str, expected: Option<&str>| assert_eq!(named(wish).as_deref(), expected, "{wish}");
        check("Portuguese", Some("pt-BR"));
        check("Brazilian Portuguese (pt-BR)", Some("pt-BR"));
        check("pt_PT", Some("pt-PT"));
        check("en", Some("en"));
        check("whatever", None);
    }
}
