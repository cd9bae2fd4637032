//! Which of espeak-ng's voices fits a language tag and the user's wish.
//!
//! Pure: works on the list of voices, so that it can be tested without the library.

use crate::error::ProviderError;

/// A voice of espeak-ng, or a variant that colours any voice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voice {
    /// What to write as the voice: `pt-br` for a voice, `+f3` for a variant; both together are `pt-br+f3`.
    pub name: String,
    /// Its name in English, such as `Portuguese (Brazil)`.
    pub title: String,
    /// Language tags, the main one first; none for a variant.
    pub languages: Vec<String>,
    /// If espeak-ng tells.
    pub gender: Option<Gender>,
    /// The voice's file within espeak-ng's data.
    pub identifier: String,
}

/// What a voice sounds like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gender {
    /// A man's voice.
    Male,
    /// A woman's voice.
    Female,
}

/// A voice that exists, as espeak-ng wants to be told: `roa/pt-BR+f3`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chosen {
    pub file: String,
}

/// Common tags on the left, espeak-ng's on the right, where they differ.
const ALIASES: &[(&str, &str)] = &[
    ("ckb", "ku"),
    ("en", "en-us"),
    ("en-029", "en-029"),
    ("en-au", "en-gb"),
    ("en-ca", "en-us"),
    ("en-ie", "en-gb"),
    ("en-in", "en-gb"),
    ("en-nz", "en-gb"),
    ("en-uk", "en-gb"),
    ("en-za", "en-gb"),
    ("fr", "fr-fr"),
    ("in", "id"),
    ("iw", "he"),
    ("nn", "nb"),
    ("no", "nb"),
    ("pt-pt", "pt"),
    ("sh", "hr"),
    ("zh", "cmn"),
    ("zh-hk", "yue"),
    ("zh-mo", "yue"),
    ("zh-yue", "yue"),
];

/// Finds the voice for a language (BCP 47) and a wish: empty for the language's own voice, a voice (`en-gb`), a variant
/// (`+f3`, `f3`), or both (`pt-br+f3`).
pub(super) fn choose(voices: &[Voice], language: &str, wish: &str) -> Result<Chosen, ProviderError> {
    let (base, variant) = match wish.trim().split_once('+') {
        Some((base, variant)) => (base.trim(), variant.trim()),
        None => (wish.trim(), ""),
    };
    let spoken = for_language(voices, language)?;
    if base.is_empty() {
        return with_variant(voices, spoken, variant, !wish.trim().is_empty());
    }
    if let Some(voice) = named(voices, base) {
        return with_variant(voices, voice, variant, wish.contains('+'));
    }
    if variant.is_empty() && find_variant(voices, base).is_some() {
        return with_variant(voices, spoken, base, true);
    }
    Err(unknown_voice(voices, base))
}

/// A tag as it is compared: lower case, joined by hyphens.
fn plain(tag: &str) -> String {
    tag.trim().to_lowercase().replace('_', "-")
}

/// The voice for a tag; a region, script or other subtag that espeak-ng does not know is dropped, the last one first.
fn for_language<'a>(voices: &'a [Voice], language: &str) -> Result<&'a Voice, ProviderError> {
    let tag = plain(language);
    let mut rest = tag.as_str();
    loop {
        if let Some(voice) = exact(voices, rest) {
            return Ok(voice);
        }
        match rest.rsplit_once('-') {
            Some((shorter, _)) => rest = shorter,
            None => return Err(unknown_language(voices, language)),
        }
    }
}

fn exact<'a>(voices: &'a [Voice], tag: &str) -> Option<&'a Voice> {
    if let Some((_, known)) = ALIASES.iter().find(|(alias, _)| *alias == tag) {
        return main_tag(voices, known);
    }
    // Spanish of any American country is nearer to the Latin American voice than to that of Spain.
    if tag.strip_prefix("es-").is_some_and(|region| region.len() == 2 && region != "es") {
        return main_tag(voices, "es-419").or_else(|| main_tag(voices, "es"));
    }
    main_tag(voices, tag).or_else(|| voices.iter().find(|voice| voice.languages.iter().any(|other| plain(other) == tag)))
}

fn main_tag<'a>(voices: &'a [Voice], tag: &str) -> Option<&'a Voice> {
    voices.iter().find(|voice| voice.languages.first().is_some_and(|main| plain(main) == tag))
}

/// A voice by its tag, its file, or its title.
fn named<'a>(voices: &'a [Voice], name: &str) -> Option<&'a Voice> {
    let tag = plain(name);
    exact(voices, &tag).or_else(|| {
        voices.iter().filter(|voice| !voice.languages.is_empty()).find(|voice| {
            let title = plain(&voice.title.replace(' ', "_"));
            plain(&voice.identifier) == tag || title == tag.replace(' ', "-")
        })
    })
}

fn find_variant<'a>(voices: &'a [Voice], name: &str) -> Option<&'a Voice> {
    let variants = || voices.iter().filter(|voice| voice.languages.is_empty());
    let file = |voice: &Voice| voice.name.trim_start_matches('+').to_owned();
    // Exact spelling first: some differ by case only in other versions.
    variants()
        .find(|voice| file(voice) == name)
        .or_else(|| variants().find(|voice| file(voice).to_lowercase() == name.to_lowercase()))
}

fn with_variant(voices: &[Voice], voice: &Voice, variant: &str, wanted: bool) -> Result<Chosen, ProviderError> {
    if !wanted {
        return Ok(Chosen { file: voice.identifier.clone() });
    }
    let found = find_variant(voices, variant).ok_or_else(|| unknown_voice(voices, &format!("+{variant}")))?;
    Ok(Chosen { file: format!("{}{}", voice.identifier, found.name) })
}

fn unknown_language(voices: &[Voice], language: &str) -> ProviderError {
    let close = alike(voices, language);
    let hint = if close.is_empty() {
        "list its languages with: espeak-ng --voices".to_owned()
    } else {
        format!("languages that begin alike: {close}")
    };
    ProviderError::Fatal(format!("espeak-ng does not speak the language \"{language}\"; {hint}"))
}

fn unknown_voice(voices: &[Voice], name: &str) -> ProviderError {
    let close = alike(voices, name);
    let hint = if close.is_empty() {
        "leave the voice empty for the language's own, or add a variant such as +f3 or +m3".to_owned()
    } else {
        format!("voices that begin alike: {close}")
    };
    ProviderError::Fatal(format!("espeak-ng has no voice \"{name}\"; {hint}"))
}

/// Up to twelve names that share the first letters of `name`: two letters, or else one.
fn alike(voices: &[Voice], name: &str) -> String {
    let name = plain(name);
    let letters = usize::from(name.starts_with('+'));
    for count in [letters + 2, letters + 1] {
        let start: String = name.chars().take(count).collect();
        let mut close: Vec<&str> = Vec::new();
        for voice in voices {
            if start.chars().count() == count && plain(&voice.name).starts_with(&start) && !close.contains(&voice.name.as_str()) {
                close.push(&voice.name);
            }
        }
        if !close.is_empty() {
            close.truncate(12);
            return close.join(", ");
        }
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voices() -> Vec<Voice> {
        let voice = |name: &str, title: &str, languages: &[&str], identifier: &str| Voice {
            name: name.to_owned(),
            title: title.to_owned(),
            languages: languages.iter().map(|tag| (*tag).to_owned()).collect(),
            gender: Some(Gender::Male),
            identifier: identifier.to_owned(),
        };
        vec![
            voice("cmn", "Chinese (Mandarin)", &["cmn", "zh-cmn", "zh"], "sit/cmn"),
            voice("yue", "Chinese (Cantonese)", &["yue", "zh-yue", "zh"], "sit/yue"),
            voice("en-gb", "English (Great Britain)", &["en-gb", "en"], "gmw/en"),
            voice("en-us", "English (America)", &["en-us", "en"], "gmw/en-US"),
            voice("es", "Spanish (Spain)", &["es"], "roa/es"),
            voice("es-419", "Spanish (Latin America)", &["es-419", "es-mx", "es"], "roa/es-419"),
            voice("fr-be", "French (Belgium)", &["fr-be", "fr"], "roa/fr-BE"),
            voice("fr-fr", "French (France)", &["fr-fr", "fr"], "roa/fr"),
            voice("nb", "Norwegian Bokmål", &["nb", "no"], "gmq/nb"),
            voice("pt", "Portuguese (Portugal)", &["pt", "pt-pt"], "roa/pt"),
            voice("pt-br", "Portuguese (Brazil)", &["pt-br", "pt"], "roa/pt-BR"),
            voice("+f3", "female3", &[], "!v/f3"),
            voice("+Annie", "Annie", &[], "!v/Annie"),
        ]
    }

    #[track_caller]
    fn check(language: &str, wish: &str, expected: &str) {
        assert_eq!(
            choose(&voices(), language, wish).map(|chosen| chosen.file).unwrap_or_else(|error| error.to_string()),
            expected
        );
    }

    #[test]
    fn a_language_finds_its_voice() {
        check("en", "", "gmw/en-US");
        check("EN_gb", "", "gmw/en");
        check("en-AU", "", "gmw/en");
        check("en-XX", "", "gmw/en-US");
        check("pt-BR", "", "roa/pt-BR");
        check("pt", "", "roa/pt");
        check("pt-AO", "", "roa/pt");
        check("fr", "", "roa/fr");
        check("fr-CA", "", "roa/fr");
        check("fr-BE", "", "roa/fr-BE");
        check("es-AR", "", "roa/es-419");
        check("es-ES", "", "roa/es");
        check("zh", "", "sit/cmn");
        check("zh-Hans-CN", "", "sit/cmn");
        check("zh-HK", "", "sit/yue");
        check("no", "", "gmq/nb");
    }

    #[test]
    fn a_wish_is_a_voice_a_variant_or_both() {
        check("pt-BR", "+f3", "roa/pt-BR+f3");
        check("pt-BR", "f3", "roa/pt-BR+f3");
        check("pt-BR", "annie", "roa/pt-BR+Annie");
        check("en", "en-gb", "gmw/en");
        check("en", "pt-br+f3", "roa/pt-BR+f3");
        check("en", "English (Great Britain)", "gmw/en");
        check("en", "gmw/en", "gmw/en");
    }

    #[test]
    fn refusals_name_the_thing_and_what_is_close() {
        check("est", "", "espeak-ng does not speak the language \"est\"; languages that begin alike: es, es-419");
        check("qq", "", "espeak-ng does not speak the language \"qq\"; list its languages with: espeak-ng --voices");
        check("", "", "espeak-ng does not speak the language \"\"; list its languages with: espeak-ng --voices");
        check("en", "+f9", "espeak-ng has no voice \"+f9\"; voices that begin alike: +f3");
        check(
            "en",
            "+",
            "espeak-ng has no voice \"+\"; leave the voice empty for the language's own, or add a variant such as +f3 or +m3",
        );
        check("en", "enn", "espeak-ng has no voice \"enn\"; voices that begin alike: en-gb, en-us");
    }
}
