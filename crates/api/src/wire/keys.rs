//! Keys of vendors on the wire.

use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The fields and whose keys they are.
pub const FIELDS: [(&str, &str); 6] = [
    ("gemini_key", "gemini"),
    ("elevenlabs_key", "elevenlabs"),
    ("suno_key", "suno"),
    ("groq_key", "groq"),
    ("openai_key", "openai"),
    ("pexels_key", "pexels"),
];
/// Keys are shorter, in characters.
const LONGEST: usize = 512;
/// What a mask begins with.
const STARS: &str = "****";

/// Masks of the keys that are there.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct ApiKeys {
    /// Google's Gemini.
    #[schema(example = "****1234")]
    pub gemini_key: Option<String>,
    /// ElevenLabs.
    pub elevenlabs_key: Option<String>,
    /// The wrapper of Suno (sunoapi.org).
    pub suno_key: Option<String>,
    /// Groq.
    pub groq_key: Option<String>,
    /// OpenAI, or who speaks as it does.
    pub openai_key: Option<String>,
    /// Pexels.
    pub pexels_key: Option<String>,
}

/// Keys to keep.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct PutApiKeys {
    /// Google's Gemini.
    #[garde(skip)]
    pub gemini_key: Option<String>,
    /// ElevenLabs.
    #[garde(skip)]
    pub elevenlabs_key: Option<String>,
    /// The wrapper of Suno (sunoapi.org).
    #[garde(skip)]
    pub suno_key: Option<String>,
    /// Groq.
    #[garde(skip)]
    pub groq_key: Option<String>,
    /// OpenAI, or who speaks as it does.
    #[garde(skip)]
    pub openai_key: Option<String>,
    /// Pexels.
    #[garde(skip)]
    pub pexels_key: Option<String>,
}

/// Keys of vendors for what one request starts: used before your stored ones, kept sealed for 24 hours and for this project
/// only. Blank ones, and masks of stored keys, are none.
#[derive(Clone, Default, Deserialize, ToSchema)]
pub struct RequestKeys {
    /// Google's Gemini.
    pub gemini: Option<String>,
    /// ElevenLabs.
    pub elevenlabs: Option<String>,
    /// The wrapper of Suno (sunoapi.org).
    pub suno: Option<String>,
    /// Groq.
    pub groq: Option<String>,
    /// OpenAI, or who speaks as it does.
    pub openai: Option<String>,
    /// Pexels.
    pub pexels: Option<String>,
}

impl RequestKeys {
    /// The keys that were given, each with its vendor.
    ///
    /// # Errors
    /// The first one that can be no key, as its field's name and what is wrong.
    pub fn given(&self) -> Result<Vec<(&'static str, String)>, (&'static str, &'static str)> {
        let fields = [
            ("gemini", &self.gemini),
            ("elevenlabs", &self.elevenlabs),
            ("suno", &self.suno),
            ("groq", &self.groq),
            ("openai", &self.openai),
            ("pexels", &self.pexels),
        ];
        let mut given = Vec::new();
        for (vendor, key) in fields {
            let key = as_meant(key.as_deref().unwrap_or_default()).map_err(|problem| (vendor, problem))?;
            if !key.is_empty() && !key.starts_with(STARS) {
                given.push((vendor, key));
            }
        }
        Ok(given)
    }
}

/// That they were kept.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeysSaved {
    /// A sentence.
    pub message: &'static str,
}

impl ApiKeys {
    /// Sets one mask; vendors without a field are left out.
    pub fn put(&mut self, vendor: &str, mask: String) {
        let field = match vendor {
            "gemini" => &mut self.gemini_key,
            "elevenlabs" => &mut self.elevenlabs_key,
            "suno" => &mut self.suno_key,
            "groq" => &mut self.groq_key,
            "openai" => &mut self.openai_key,
            "pexels" => &mut self.pexels_key,
            _ => return,
        };
        *field = Some(mask);
    }
}

impl PutApiKeys {
    /// What was sent in a field.
    pub fn of(&self, field: &str) -> Option<&str> {
        match field {
            "gemini_key" => self.gemini_key.as_deref(),
            "elevenlabs_key" => self.elevenlabs_key.as_deref(),
            "suno_key" => self.suno_key.as_deref(),
            "groq_key" => self.groq_key.as_deref(),
            "openai_key" => self.openai_key.as_deref(),
            "pexels_key" => self.pexels_key.as_deref(),
            _ => None,
        }
    }
}

/// What is shown of a key: enough to tell it from another.
pub fn mask(key: &str) -> String {
    let tail: String = key.chars().skip(key.chars().count().saturating_sub(4)).collect();
    format!("{STARS}{tail}")
}

/// The key as it was meant: ShortsAI Studio writes each character as two hexadecimal digits, after an exclusive or with 0x79.
pub fn as_meant(sent: &str) -> Result<String, &'static str> {
    let sent = sent.trim();
    let key = studio(sent).unwrap_or_else(|| sent.to_owned());
    let good = key.len() <= LONGEST && key.bytes().all(|byte| byte.is_ascii_graphic());
    if good { Ok(key) } else { Err("Expected a key: at most 512 characters of plain text without blanks") }
}

fn studio(sent: &str) -> Option<String> {
    const VEIL: u8 = 0x79;
    if sent.is_empty() || !sent.len().is_multiple_of(2) || !sent.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let byte = |at: usize| u8::from_str_radix(&sent[at..at + 2], 16).ok().map(|byte| byte ^ VEIL);
    let bytes: Option<Vec<u8>> = (0..sent.len()).step_by(2).map(byte).collect();
    // A plain key can be all hexadecimal; decoded it would be no text.
    String::from_utf8(bytes?).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_meant() {
        let check = |sent: &str, expected: Result<&str, ()>| {
            assert_eq!(as_meant(sent).as_deref().map_err(|_| ()), expected, "{sent}");
        };
        check("38300318", Ok("AIza"));
        check(" AIza-plain ", Ok("AIza-plain"));
        check("", Ok(""));
        check("5353535348484a4d", Ok("****1134"));
        check("0123456789abcdef0123456789abcdef", Ok("0123456789abcdef0123456789abcdef"));
        check("a b", Err(()));
        check("schlüssel", Err(()));
        check(&"k".repeat(513), Err(()));
    }

    #[test]
    fn requests_bring_keys_or_none() {
        let keys = RequestKeys {
            gemini: Some("AIza-x".to_owned()),
            suno: Some("  ".to_owned()),
            groq: Some("****1234".to_owned()),
            ..RequestKeys::default()
        };
        assert_eq!(keys.given(), Ok(vec![("gemini", "AIza-x".to_owned())]));
        let keys = RequestKeys { groq: Some("a b".to_owned()), ..RequestKeys::default() };
        assert_eq!(keys.given().expect_err("no key").0, "groq");
    }

    #[test]
    fn masks_tell_little() {
        assert_eq!(mask("AIzaSyPlanted1234"), "****1234");
        assert_eq!(mask("x"), "****x");
    }
}
