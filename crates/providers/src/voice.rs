//! Whether the voice that is used where nobody names one exists. Free of charge: lists of voices cost nothing.

use crate::error::ProviderError;
use crate::speech::SpeechProvider;
use crate::vendor::Vendor;

/// So many voices are named to choose from.
const NAMED: usize = 8;

/// What is known of the usual voice: a sentence's end, such as `voice Kore is there`.
///
/// # Errors
/// [`ProviderError::Fatal`] with some that are there, when it is not; else why nothing is known.
pub async fn check(vendor: Vendor, narrator: &dyn SpeechProvider) -> Result<String, ProviderError> {
    let (wanted, voices) = (narrator.usual_voice(), narrator.voices().await?);
    if voices.is_empty() {
        return Ok(match wanted {
            "" => "has no list of voices".to_owned(),
            wanted => format!("has no list of voices; whether {wanted} is there shows when it speaks"),
        });
    }
    if wanted.is_empty() {
        return Ok(format!("{} voices; one of them is taken by the language", voices.len()));
    }
    // Groq's names that are gone have heirs, which only its adapter knows; others take any name that looks like one of theirs.
    let inherited = || vendor == Vendor::Groq && voices.iter().any(|voice| narrator.check(&voice.language, wanted).is_ok());
    if voices.iter().any(|voice| voice.is_called(wanted)) || inherited() {
        return Ok(format!("voice {wanted} is there"));
    }
    let some: Vec<&str> = voices.iter().take(NAMED).map(|voice| voice.label.as_str()).collect();
    let more = if voices.len() > NAMED { ", …" } else { "" };
    Err(ProviderError::Fatal(format!(
        "{vendor} has no voice \"{wanted}\"; set another one, voice under [vendor.{}] in shortsai.toml, such as {}{more}",
        vendor.name(),
        some.join(", ")
    )))
}
