//! A single question to a vendor, outside of any video: write a script, describe a face, speak a sentence.
//!
//! It is carried by a project of its own that nobody sees, so that queue, limits, keys and allowances are the same for it.
//! The project's settings hold what is common to all: topic, style, language, voice and wishes about vendors.

use serde::{Deserialize, Serialize};

use crate::character::Picture;
use crate::project::Asset;
use crate::task::ScriptScene;

/// A question and what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// What is asked.
    pub ask: Ask,
    /// The answer, once there is one.
    pub answer: Option<Answer>,
}

/// What is asked. It never changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Ask {
    /// A script about the project's topic.
    Script,
    /// A prompt for music to the project's topic and style.
    MusicPrompt,
    /// What the character in the picture looks like.
    Describe(Picture),
    /// A clean portrait of the character in the picture.
    Portrait(Picture),
    /// These words, spoken by the project's voice.
    Speech {
        /// The words.
        text: String,
    },
    /// The voices that there are.
    Voices,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Answer {
    /// A script.
    Script {
        /// Title of the video; empty when there is none.
        title: String,
        /// Description for publishing; empty when there is none.
        description: String,
        /// The scenes in order.
        scenes: Vec<ScriptScene>,
    },
    /// Words: a prompt or a description.
    Text {
        /// The words.
        text: String,
    },
    /// A picture.
    Picture(Asset),
    /// Spoken words.
    Speech {
        /// The sound.
        #[serde(flatten)]
        asset: Asset,
        /// Its length.
        seconds: f64,
    },
    /// Voices to choose from.
    Voices {
        /// In the vendor's order.
        voices: Vec<OfferedVoice>,
    },
}

/// A voice that can be chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OfferedVoice {
    /// Whose voice it is.
    pub vendor: String,
    /// What requests call it.
    pub id: String,
    /// What people call it.
    pub label: String,
    /// BCP 47 tag of its language; empty for a voice that speaks many.
    pub language: String,
    /// Whether it sounds like a woman's or a man's; `None` where nobody says.
    pub female: Option<bool>,
    /// How it sounds, in the vendor's words; may be empty.
    pub description: String,
    /// Where a sample can be heard.
    pub preview: Option<String>,
}

impl Ask {
    /// The key of the picture that is asked about.
    pub fn object(&self) -> Option<&str> {
        match self {
            Self::Describe(picture) | Self::Portrait(picture) => Some(&picture.key),
            Self::Script | Self::MusicPrompt | Self::Speech { .. } | Self::Voices => None,
        }
    }
}

impl Answer {
    /// The key of the object that was made.
    pub fn object(&self) -> Option<&str> {
        match self {
            Self::Picture(asset) | Self::Speech { asset, .. } => Some(&asset.key),
            Self::Script { .. } | Self::Text { .. } | Self::Voices { .. } => None,
        }
    }

    /// Whether it is what was asked for.
    pub fn answers(&self, ask: &Ask) -> bool {
        matches!(
            (ask, self),
            (Ask::Script, Self::Script { .. })
                | (Ask::MusicPrompt | Ask::Describe(_), Self::Text { .. })
                | (Ask::Portrait(_), Self::Picture(_))
                | (Ask::Speech { .. }, Self::Speech { .. })
                | (Ask::Voices, Self::Voices { .. })
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_objects_stand_where_the_database_looks_for_them() {
        let asset = || Asset { key: "k".to_owned(), media_type: "m".to_owned(), bytes: 1, made_by: "v".to_owned(), credit: None };
        let picture = Picture { key: "p".to_owned(), media_type: "image/png".to_owned() };
        for ask in [Ask::Describe(picture.clone()), Ask::Portrait(picture)] {
            let json = serde_json::to_value(&ask).expect("plain data");
            assert_eq!(json["key"], "p");
            assert_eq!(serde_json::from_value::<Ask>(json).expect("the same"), ask);
        }
        for answer in [Answer::Picture(asset()), Answer::Speech { asset: asset(), seconds: 1.5 }] {
            let json = serde_json::to_value(&answer).expect("plain data");
            assert_eq!(json["key"], "k");
            assert_eq!(serde_json::from_value::<Answer>(json).expect("the same"), answer);
        }
    }
}
