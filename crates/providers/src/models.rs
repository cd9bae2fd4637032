//! Models by name: the usual one of each vendor for each ability, and what has become of names that are gone.
//!
//! Both can be overruled in the configuration, since vendors rename models faster than programs are released. As of
//! November 2026.

use crate::vendor::{Ability, Vendor};

/// The model that a vendor uses for an ability where nobody has said another; `None` where it has none.
pub fn usual(vendor: Vendor, ability: Ability) -> Option<&'static str> {
    use Ability as A;
    use Vendor as V;
    Some(match (vendor, ability) {
        (V::Gemini, A::Script) => "gemini-3.8-flash",
        (V::Gemini, A::Image) => "gemini-nano-banana-2.1",
        (V::Gemini, A::Speech) => "gemini-3.8-flash-tts",
        (V::Gemini, A::Clip) => "gemini-omni-1.1-flash",
        (V::Gemini, A::Music) => "lyria-3.5",
        (V::OpenAi, A::Script) => "gpt-5-mini",
        (V::OpenAi, A::Image) => "gpt-image-1",
        (V::OpenAi, A::Speech) => "gpt-4o-mini-tts",
        (V::Ollama, A::Script) => "llama3.2",
        (V::ElevenLabs, A::Speech) => "eleven_multilingual_v2",
        (V::ElevenLabs, A::Music) => "music_v1",
        (V::ElevenLabs, A::Align) => "forced-alignment",
        (V::Groq, A::Speech) => "canopylabs/orpheus-v1-english",
        (V::Suno, A::Music) => "V5",
        (V::Vertex, A::Clip) => "veo-3.1-fast-generate-001",
        (V::Pexels | V::Pixabay | V::Openverse, A::Image) => "photos",
        (V::Pexels | V::Pixabay, A::Clip) => "films",
        _ => return None,
    })
}

/// Names that old projects and configurations use, and the models that do their work today.
const GONE: [(&str, &str); 34] = [
    ("veo", "gemini-omni-1.1-flash"),
    ("veo-2.0-generate-001", "gemini-omni-1.1-flash"),
    ("veo-3.0-generate-preview", "gemini-omni-1.1-flash"),
    ("veo-3.0-fast-generate-preview", "gemini-omni-1.1-flash"),
    ("veo-3.0-generate-001", "gemini-omni-1.1-flash"),
    ("veo-3.0-fast-generate-001", "gemini-omni-1.1-flash"),
    ("veo-3.1-generate-preview", "gemini-omni-1.1-flash"),
    ("veo-3.1-fast-generate-preview", "gemini-omni-1.1-flash"),
    ("gemini-omni-flash-preview", "gemini-omni-1.1-flash"),
    ("gemini-2.0-flash", "gemini-3.8-flash"),
    ("gemini-2.0-flash-exp", "gemini-3.8-flash"),
    ("gemini-2.0-flash-lite", "gemini-3.5-flash-lite"),
    ("gemini-2.5-flash", "gemini-3.8-flash"),
    ("gemini-2.5-flash-lite", "gemini-3.5-flash-lite"),
    ("gemini-2.5-pro", "gemini-3.1-pro-preview"),
    ("gemini-3.5-flash", "gemini-3.6-flash"),
    ("gemini-3.7-flash", "gemini-3.8-flash"),
    ("gemini-2.5-flash-image", "gemini-nano-banana-2.1"),
    ("gemini-2.5-flash-image-preview", "gemini-nano-banana-2.1"),
    ("gemini-3.1-flash-image", "gemini-nano-banana-2.1"),
    ("gemini-3-pro-image-preview", "gemini-3-pro-image"),
    ("imagen-3.0-generate-002", "gemini-nano-banana-2.1"),
    ("imagen-4.0-generate-001", "gemini-nano-banana-2.1"),
    ("imagen-4.0-fast-generate-001", "gemini-3.1-flash-lite-image"),
    ("imagen-4.0-ultra-generate-001", "gemini-3-pro-image"),
    ("gemini-2.5-flash-preview-tts", "gemini-3.8-flash-tts"),
    ("gemini-2.5-pro-preview-tts", "gemini-3.8-flash-tts"),
    ("gemini-3.1-flash-tts-preview", "gemini-3.8-flash-tts"),
    ("playai-tts", "canopylabs/orpheus-v1-english"),
    ("playai-tts-arabic", "canopylabs/orpheus-arabic-saudi"),
    ("eleven_monolingual_v1", "eleven_multilingual_v2"),
    ("eleven_multilingual_v1", "eleven_multilingual_v2"),
    ("V3_5", "V5"),
    ("V4", "V4_5"),
];

/// What has become of Veo's names on Vertex, where Veo itself goes on.
const GONE_ON_VERTEX: [(&str, &str); 7] = [
    ("veo", "veo-3.1-fast-generate-001"),
    ("veo-2.0-generate-001", "veo-3.1-generate-001"),
    ("veo-3.0-generate-001", "veo-3.1-generate-001"),
    ("veo-3.0-generate-preview", "veo-3.1-generate-001"),
    ("veo-3.0-fast-generate-001", "veo-3.1-fast-generate-001"),
    ("veo-3.0-fast-generate-preview", "veo-3.1-fast-generate-001"),
    ("veo-3.1-generate-preview", "veo-3.1-generate-001"),
];

/// What does the work today of a model that is gone; `None` for a name that is not known to be gone.
pub fn living(vendor: Vendor, name: &str) -> Option<&'static str> {
    let gone: &[_] = if vendor == Vendor::Vertex { &GONE_ON_VERTEX } else { &GONE };
    gone.iter().find(|(gone, _)| *gone == name).map(|(_, living)| *living)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_an_ability_has_a_model_and_no_usual_one_is_gone() {
        for ability in Ability::ALL {
            for vendor in ability.vendors().iter().copied() {
                // What is built in has one fixed way of working and names it itself.
                let named =
                    !matches!(vendor, Vendor::Poster | Vendor::Edge | Vendor::Espeak | Vendor::Composer | Vendor::Aligner);
                assert_eq!(usual(vendor, ability).is_some(), named, "{} {}", vendor.name(), ability.name());
                assert_eq!(usual(vendor, ability).and_then(|usual| living(vendor, usual)), None);
            }
        }
    }

    #[test]
    fn the_gone_lead_to_the_living() {
        for (vendor, table) in [(Vendor::Gemini, &GONE[..]), (Vendor::Vertex, &GONE_ON_VERTEX)] {
            for (gone, heir) in table {
                assert_eq!(living(vendor, gone), Some(*heir));
                assert_eq!(living(vendor, heir), None, "{heir} is gone too");
            }
        }
    }
}
