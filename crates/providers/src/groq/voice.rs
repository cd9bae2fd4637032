//! The Orpheus voices, and which of them speak today for the PlayAI voices that Groq had before.

use crate::error::ProviderError;
use crate::speech::Voice;

/// What Groq speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    English,
    Arabic,
}

/// Names, and whether it is a woman's voice.
const ENGLISH: [(&str, bool); 6] =
    [("autumn", true), ("diana", true), ("hannah", true), ("austin", false), ("daniel", false), ("troy", false)];
const ARABIC: [(&str, bool); 6] =
    [("lulwa", true), ("noura", true), ("aisha", true), ("abdullah", false), ("fahad", false), ("sultan", false)];

/// What the names of the voices that are gone end with.
const GONE: &str = "-PlayAI";
/// Voices that are gone, and the ones that sound most like them.
const HEIRS: [(&str, &str); 23] = [
    ("Arista", "autumn"),
    ("Atlas", "troy"),
    ("Basil", "daniel"),
    ("Briggs", "austin"),
    ("Calum", "daniel"),
    ("Celeste", "diana"),
    ("Cheyenne", "hannah"),
    ("Chip", "austin"),
    ("Cillian", "daniel"),
    ("Deedee", "autumn"),
    ("Fritz", "troy"),
    ("Gail", "diana"),
    ("Indigo", "hannah"),
    ("Mamaw", "diana"),
    ("Mason", "austin"),
    ("Mikail", "troy"),
    ("Mitch", "austin"),
    ("Quinn", "hannah"),
    ("Thunder", "troy"),
    ("Ahmad", "sultan"),
    ("Amira", "noura"),
    ("Khalid", "fahad"),
    ("Nasser", "abdullah"),
];

impl Language {
    /// By a tag such as `en-GB`.
    pub(super) fn of(tag: &str) -> Result<Self, ProviderError> {
        match tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "en" => Ok(Self::English),
            "ar" => Ok(Self::Arabic),
            _ => Err(ProviderError::Fatal(format!(
                "Groq's voices speak English and Arabic, not \"{tag}\"; choose another voice vendor"
            ))),
        }
    }

    pub(super) fn model(self) -> &'static str {
        match self {
            Self::English => "canopylabs/orpheus-v1-english",
            Self::Arabic => "canopylabs/orpheus-arabic-saudi",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Arabic => "Arabic",
        }
    }

    fn voices(self) -> &'static [(&'static str, bool)] {
        match self {
            Self::English => &ENGLISH,
            Self::Arabic => &ARABIC,
        }
    }

    /// The voice that is wanted, or the one that has taken its place; else the one that is `set` if it speaks this language;
    /// else the usual one.
    pub(super) fn voice(self, wanted: &str, set: &str) -> Result<&'static str, ProviderError> {
        let usual = match self {
            Self::English => "hannah",
            Self::Arabic => "noura",
        };
        if wanted.is_empty() {
            return Ok(self.find(set).unwrap_or(usual));
        }
        self.find(wanted).ok_or_else(|| {
            let names: Vec<&str> = self.voices().iter().map(|(name, _)| *name).collect();
            let language = self.name();
            ProviderError::Fatal(format!("Groq has no {language} voice \"{wanted}\"; choose one of {}", names.join(", ")))
        })
    }

    fn find(self, name: &str) -> Option<&'static str> {
        let heir = name.strip_suffix(GONE).and_then(|name| HEIRS.iter().find(|(gone, _)| gone.eq_ignore_ascii_case(name)));
        let name = heir.map_or(name, |(_, heir)| heir);
        self.voices().iter().map(|(known, _)| *known).find(|known| known.eq_ignore_ascii_case(name))
    }
}

/// All that can be chosen.
pub(super) fn all() -> Vec<Voice> {
    let listed = |language: &'static str, voices: &'static [(&'static str, bool)]| {
        voices.iter().map(move |(name, female)| Voice {
            id: (*name).to_owned(),
            label: name[..1].to_uppercase() + &name[1..],
            language: language.to_owned(),
            female: Some(*female),
            ..Voice::default()
        })
    };
    listed("en", &ENGLISH).chain(listed("ar", &ARABIC)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_voice_that_is_gone_has_an_heir() {
        for (gone, heir) in HEIRS {
            let language = if ENGLISH.iter().any(|(name, _)| *name == heir) { Language::English } else { Language::Arabic };
            assert_eq!(language.voice(&format!("{gone}-PlayAI"), ""), Ok(heir));
        }
        assert!(Language::English.voice("Nobody-PlayAI", "").is_err());
        // Without its ending it may be a name of somebody else's.
        assert!(Language::English.voice("Fritz", "").is_err());
    }

    #[test]
    fn the_list_has_what_can_be_chosen() {
        let voices = all();
        assert_eq!(voices.len(), 12);
        for voice in voices {
            let language = Language::of(&voice.language).expect("spoken");
            assert_eq!(language.voice(&voice.id, ""), Ok(voice.id.as_str()));
        }
    }
}
