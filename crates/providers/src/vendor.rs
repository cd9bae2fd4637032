//! The vendors by name: what each needs to be asked, where it is reached, and in which order they are preferred.
//!
//! Only facts about them. How each is asked is in a file or folder of its own, and who is chosen is decided in `choice`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Somebody who makes things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Vendor {
    /// Google's Gemini API: scripts, pictures, speech, clips, music.
    Gemini,
    /// OpenAI, or any server that speaks its protocol: scripts, pictures, speech.
    OpenAi,
    /// Ollama, models on a machine of the user's own: scripts.
    Ollama,
    /// ElevenLabs: speech with word times, music, alignment.
    ElevenLabs,
    /// Groq: speech.
    Groq,
    /// Suno by way of sunoapi.org: music.
    Suno,
    /// Veo on Google's Vertex: clips.
    Vertex,
    /// Pexels: photographs and films.
    Pexels,
    /// Pixabay: photographs and films.
    Pixabay,
    /// Openverse: openly licensed photographs.
    Openverse,
    /// The voices of Microsoft's Edge browser.
    Edge,
    /// espeak-ng on this machine.
    Espeak,
    /// The poster artist on this machine.
    Poster,
    /// The composer on this machine.
    Composer,
    /// Words found by this program itself.
    Aligner,
}

/// What it takes to ask a vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// A key, or a server of the user's own.
    Key,
    /// Nothing but the network.
    Open,
    /// Nothing: it works on this machine.
    Local,
}

impl Vendor {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Gemini,
        Self::OpenAi,
        Self::Ollama,
        Self::ElevenLabs,
        Self::Groq,
        Self::Suno,
        Self::Vertex,
        Self::Pexels,
        Self::Pixabay,
        Self::Openverse,
        Self::Edge,
        Self::Espeak,
        Self::Poster,
        Self::Composer,
        Self::Aligner,
    ];

    /// The name in configurations, requests, the database and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gemini => "gemini",
            Self::OpenAi => "openai",
            Self::Ollama => "ollama",
            Self::ElevenLabs => "elevenlabs",
            Self::Groq => "groq",
            Self::Suno => "suno",
            Self::Vertex => "vertex",
            Self::Pexels => "pexels",
            Self::Pixabay => "pixabay",
            Self::Openverse => "openverse",
            Self::Edge => "edge",
            Self::Espeak => "espeak",
            Self::Poster => "poster",
            Self::Composer => "composer",
            Self::Aligner => "aligner",
        }
    }

    /// The vendor of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|vendor| vendor.name().eq_ignore_ascii_case(name.trim()))
    }

    /// What it takes to ask it.
    pub fn access(self) -> Access {
        match self {
            Self::Openverse | Self::Edge => Access::Open,
            Self::Espeak | Self::Poster | Self::Composer | Self::Aligner => Access::Local,
            _ => Access::Key,
        }
    }

    /// The environment variable of its key, where it has one.
    pub fn key_variable(self) -> Option<&'static str> {
        match self {
            Self::Gemini => Some("GEMINI_API_KEY"),
            Self::OpenAi => Some("OPENAI_API_KEY"),
            Self::ElevenLabs => Some("ELEVENLABS_API_KEY"),
            Self::Groq => Some("GROQ_API_KEY"),
            Self::Suno => Some("SUNO_API_KEY"),
            Self::Vertex => Some("VERTEX_ACCESS_TOKEN"),
            Self::Pexels => Some("PEXELS_API_KEY"),
            Self::Pixabay => Some("PIXABAY_API_KEY"),
            Self::Openverse => Some("OPENVERSE_TOKEN"),
            _ => None,
        }
    }

    /// Where it is reached: origin and the part of the path that all its calls share. Empty for what is on this machine.
    pub fn base_url(self) -> &'static str {
        match self {
            Self::Gemini => "https://generativelanguage.googleapis.com/v1beta",
            Self::OpenAi => "https://api.openai.com/v1",
            Self::Ollama => "http://127.0.0.1:11434",
            Self::ElevenLabs => "https://api.elevenlabs.io/v1",
            Self::Groq => "https://api.groq.com/openai/v1",
            Self::Suno => "https://api.sunoapi.org/api/v1",
            Self::Vertex => "https://us-central1-aiplatform.googleapis.com/v1",
            Self::Pexels => "https://api.pexels.com/v1",
            Self::Pixabay => "https://pixabay.com/api",
            Self::Openverse => "https://api.openverse.org/v1",
            Self::Edge => "wss://speech.platform.bing.com",
            Self::Espeak | Self::Poster | Self::Composer | Self::Aligner => "",
        }
    }
}

impl fmt::Display for Vendor {
    /// As people write it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Gemini => "Gemini",
            Self::OpenAi => "OpenAI",
            Self::Ollama => "Ollama",
            Self::ElevenLabs => "ElevenLabs",
            Self::Groq => "Groq",
            Self::Suno => "Suno",
            Self::Vertex => "Vertex",
            Self::Pexels => "Pexels",
            Self::Pixabay => "Pixabay",
            Self::Openverse => "Openverse",
            Self::Edge => "Edge",
            Self::Espeak => "espeak-ng",
            Self::Poster => "the poster artist",
            Self::Composer => "the composer",
            Self::Aligner => "the aligner",
        })
    }
}

/// What is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ability {
    /// Scripts and other texts.
    Script,
    /// Stills.
    Image,
    /// Narrations.
    Speech,
    /// The times of words in a narration.
    Align,
    /// Moving pictures.
    Clip,
    /// Background music.
    Music,
}

impl Ability {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Script, Self::Image, Self::Speech, Self::Align, Self::Clip, Self::Music];

    /// The name in configurations and requests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Script => "script",
            Self::Image => "image",
            Self::Speech => "speech",
            Self::Align => "align",
            Self::Clip => "clip",
            Self::Music => "music",
        }
    }

    /// The ability of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ability| ability.name() == name)
    }

    /// Who has it, best first: those with a key, then the open ones, then this machine.
    pub fn vendors(self) -> &'static [Vendor] {
        use Vendor as V;
        match self {
            Self::Script => &[V::Gemini, V::OpenAi, V::Ollama],
            Self::Image => &[V::Gemini, V::OpenAi, V::Pexels, V::Pixabay, V::Openverse, V::Poster],
            Self::Speech => &[V::ElevenLabs, V::Gemini, V::OpenAi, V::Groq, V::Edge, V::Espeak],
            // This program's own aligner costs nothing and sends nothing away.
            Self::Align => &[V::Aligner, V::ElevenLabs],
            Self::Clip => &[V::Gemini, V::Vertex, V::Pexels, V::Pixabay],
            Self::Music => &[V::ElevenLabs, V::Suno, V::Gemini, V::Composer],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_again() {
        for vendor in Vendor::ALL {
            assert_eq!(Vendor::from_name(vendor.name()), Some(vendor));
            assert_eq!(serde_json::to_value(vendor).expect("a name"), vendor.name());
        }
        for ability in Ability::ALL {
            assert_eq!(Ability::from_name(ability.name()), Some(ability));
            assert_eq!(serde_json::to_value(ability).expect("a name"), ability.name());
        }
        assert_eq!(Vendor::from_name(" OpenAI "), Some(Vendor::OpenAi));
        assert_eq!(Vendor::from_name("nobody"), None);
    }

    #[test]
    fn what_costs_nothing_comes_last() {
        for ability in Ability::ALL.into_iter().filter(|ability| *ability != Ability::Align) {
            let access: Vec<Access> = ability.vendors().iter().map(|vendor| vendor.access()).collect();
            assert!(access.is_sorted(), "{}", ability.name());
        }
    }
}
