//! Narration by ElevenLabs, with the time of each character, and the account's voices.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::api::{Api, unreadable};
use crate::error::ProviderError;
use crate::http::Effect;
use crate::narration::Narration;
use crate::speech::{Speech, SpeechProvider, SpeechRequest, Voice};
use crate::spoken::{self, Piece};
use crate::vendor::Vendor;

/// The speeds that the vendor takes.
const SPEEDS: std::ops::RangeInclusive<f64> = 0.7..=1.2;
/// Times that go further beyond the end of the sound than this, in seconds, belong to a sound that was cut off.
const BEYOND_END: f64 = 0.5;
/// What the multilingual models speak.
const LANGUAGES: [&str; 29] = [
    "ar", "bg", "cs", "da", "de", "el", "en", "es", "fi", "fil", "fr", "hi", "hr", "id", "it", "ja", "ko", "ms", "nl", "pl",
    "pt", "ro", "ru", "sk", "sv", "ta", "tr", "uk", "zh",
];
/// What the models of version 2.5 speak besides.
const MORE_LANGUAGES: [&str; 4] = ["hu", "no", "nb", "vi"];

/// The provider.
#[derive(Debug)]
pub struct ElevenLabsSpeech {
    api: Api,
    model: String,
    /// The voice where nobody has chosen one.
    voice: Option<String>,
    /// The account's own first voice, once it was asked for.
    first: OnceCell<String>,
}

impl ElevenLabsSpeech {
    /// With the model's name, and the id or name of the voice that is used when a request names none; without one it is the
    /// first of the account's.
    pub fn new(api: Api, model: String, voice: Option<String>) -> Self {
        Self { api, model, voice, first: OnceCell::new() }
    }

    /// The id of a voice that is named by id, by name, or not at all.
    async fn voice(&self, wanted: &str) -> Result<String, ProviderError> {
        let usual = || self.voice.as_deref().unwrap_or_default().trim();
        let wanted = if wanted.trim().is_empty() { usual() } else { wanted.trim() };
        if wanted.is_empty() {
            return self.first.get_or_try_init(|| self.first_voice()).await.cloned();
        }
        if is_elevenlabs_voice(wanted) {
            return Ok(wanted.to_owned());
        }
        let voices = self.voices().await?;
        voices.iter().find(|voice| voice.is_called(wanted)).map(|voice| voice.id.clone()).ok_or_else(|| {
            ProviderError::Fatal(format!(
                "ElevenLabs has no voice \"{wanted}\" in this account; choose one from its list of voices"
            ))
        })
    }

    async fn first_voice(&self) -> Result<String, ProviderError> {
        let first = self.voices().await?.into_iter().next().map(|voice| voice.id);
        first.ok_or_else(|| ProviderError::Unavailable("this ElevenLabs account has no voices; add one there".to_owned()))
    }

    fn body(&self, request: &SpeechRequest) -> Value {
        let settings = json!({
            "stability": 0.5,
            "similarity_boost": 0.75,
            "speed": request.speed.clamp(*SPEEDS.start(), *SPEEDS.end()),
        });
        let mut body = json!({ "text": request.text, "model_id": self.model, "voice_settings": settings, "seed": request.take });
        // The other models tell the language by the text, and refuse to be told it.
        if self.model.contains("_v2_5") || self.model.contains("_v3") {
            body["language_code"] = json!(primary(&request.language));
        }
        body
    }
}

#[async_trait]
impl SpeechProvider for ElevenLabsSpeech {
    fn vendor(&self) -> &'static str {
        Vendor::ElevenLabs.name()
    }

    fn model(&self) -> &str {
        &self.model
    }

    fn check(&self, language: &str, _: &str) -> Result<(), ProviderError> {
        let language = primary(language);
        let spoken = match self.model.as_str() {
            "eleven_flash_v2" | "eleven_turbo_v2" => language == "en",
            "eleven_multilingual_v2" => LANGUAGES.contains(&language.as_str()),
            "eleven_flash_v2_5" | "eleven_turbo_v2_5" => LANGUAGES.iter().chain(&MORE_LANGUAGES).any(|known| *known == language),
            _ => true,
        };
        if spoken {
            return Ok(());
        }
        let model = &self.model;
        Err(ProviderError::Fatal(format!(
            "ElevenLabs' {model} does not speak \"{language}\"; set the model eleven_v3 in shortsai.toml, or choose another voice vendor"
        )))
    }

    async fn speak(&self, request: &SpeechRequest, key: &str) -> Result<Speech, ProviderError> {
        request.check_words()?;
        let voice = self.voice(&request.voice).await?;
        let path = format!("/text-to-speech/{}/with-timestamps?output_format=mp3_44100_128", escaped(&voice));
        let answer: Answer = self.api.post(&path, &self.body(request), key, Effect::Paid).await?;
        if answer.audio_base64.is_empty() {
            return Err(ProviderError::retry("ElevenLabs has sent no sound"));
        }
        let file = STANDARD.decode(&answer.audio_base64).map_err(|_| unreadable(Vendor::ElevenLabs))?;
        let narration = Narration::read(Vendor::ElevenLabs, file.into()).await?;
        let pieces = answer.alignment.map(Alignment::pieces).unwrap_or_default();
        let seconds = narration.sound.seconds();
        if spoken::end(&pieces) > seconds + BEYOND_END {
            return Err(ProviderError::retry("ElevenLabs has sent only a part of the sound"));
        }
        Ok(Speech { words: spoken::words(&request.text, &pieces, seconds), ..narration.speech() })
    }

    fn usual_voice(&self) -> &str {
        self.voice.as_deref().unwrap_or_default().trim()
    }

    async fn voices(&self) -> Result<Vec<Voice>, ProviderError> {
        let list: VoiceList = self.api.get("/voices", &[]).await?;
        Ok(list.voices.into_iter().map(Listed::voice).collect())
    }
}

/// Whether this is the id of a voice at ElevenLabs: twenty letters and digits. Nobody else names voices so.
pub fn is_elevenlabs_voice(voice: &str) -> bool {
    voice.len() == 20 && voice.bytes().all(|letter| letter.is_ascii_alphanumeric())
}

/// The language without its region, in lower case.
fn primary(language: &str) -> String {
    language.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase()
}

/// A voice's id as one segment of a path.
fn escaped(segment: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~');
    segment.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[derive(Debug, Deserialize)]
struct Answer {
    audio_base64: String,
    alignment: Option<Alignment>,
}

#[derive(Debug, Deserialize)]
struct Alignment {
    characters: Vec<String>,
    character_start_times_seconds: Vec<f64>,
    character_end_times_seconds: Vec<f64>,
}

impl Alignment {
    fn pieces(self) -> Vec<Piece> {
        let times = self.character_start_times_seconds.into_iter().zip(self.character_end_times_seconds);
        self.characters.into_iter().zip(times).map(|(text, (start, end))| Piece { text, start, end }).collect()
    }
}

#[derive(Debug, Deserialize)]
struct VoiceList {
    voices: Vec<Listed>,
}

#[derive(Debug, Deserialize)]
struct Listed {
    voice_id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    labels: Option<Labels>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    category: Option<String>,
    #[serde(default)]
    preview_url: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Labels {
    gender: Option<String>,
    description: Option<String>,
    accent: Option<String>,
    language: Option<String>,
}

impl Listed {
    fn voice(self) -> Voice {
        let labels = self.labels.unwrap_or_default();
        let female = match labels.gender.as_deref() {
            Some("female") => Some(true),
            Some("male") => Some(false),
            _ => None,
        };
        let said = [labels.description, labels.accent, self.category, self.description];
        let description = said.into_iter().flatten().filter(|part| !part.trim().is_empty()).collect::<Vec<_>>().join(", ");
        Voice {
            id: self.voice_id,
            label: self.name,
            language: labels.language.unwrap_or_default(),
            female,
            description,
            preview: self.preview_url,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Http;
    use crate::keys::Key;

    fn provider(model: &str) -> ElevenLabsSpeech {
        let http = Http::new().expect("a client");
        let api = crate::elevenlabs::api(http, "http://127.0.0.1:9".to_owned(), Some(Key::system("planted")));
        ElevenLabsSpeech::new(api, model.to_owned(), None)
    }

    #[test]
    fn documented_shapes_are_read() {
        let answer: Answer = serde_json::from_str(include_str!("../../fixtures/elevenlabs-speech.json")).expect("an answer");
        let pieces = answer.alignment.map(Alignment::pieces).expect("an alignment");
        let words = spoken::words("Hi you!", &pieces, 1.0).expect("words");
        let shown: Vec<(&str, f64, f64)> = words.iter().map(|word| (word.word.as_str(), word.start, word.end)).collect();
        assert_eq!(shown, [("Hi", 0.0, 0.22), ("you!", 0.28, 0.51)]);
        let list: VoiceList = serde_json::from_str(include_str!("../../fixtures/elevenlabs-voices.json")).expect("a list");
        let expected = Voice {
            id: "EXAVITQu4vr4xnSDxMaL".to_owned(),
            label: "Sarah - Mature, Reassuring, Confident".to_owned(),
            language: "en".to_owned(),
            female: Some(true),
            description: "confident, american, premade, Young adult woman with a warm tone.".to_owned(),
            preview: Some("https://storage.googleapis.com/eleven-public-prod/premade/voices/sarah.mp3".to_owned()),
        };
        let bare = Voice { id: "aB3dE6gH9jK2mN5pQ8sT".to_owned(), label: "Mine".to_owned(), ..Voice::default() };
        assert_eq!(list.voices.into_iter().map(Listed::voice).collect::<Vec<_>>(), [expected, bare]);
    }

    #[test]
    fn ids_are_told_from_names() {
        for (voice, expected) in [("21m00Tcm4TlvDq8ikWAM", true), ("Kore", false), ("21m00Tcm4TlvDq8ikWA-", false), ("", false)] {
            assert_eq!(is_elevenlabs_voice(voice), expected, "{voice}");
        }
        assert_eq!(escaped("../a b?é"), "%2E%2E%2Fa%20b%3F%C3%A9");
    }

    #[test]
    fn languages_are_the_models() {
        let check = |model: &str, language: &str, expected: bool| {
            assert_eq!(provider(model).check(language, "").is_ok(), expected, "{model} {language}");
        };
        check("eleven_multilingual_v2", "pt-BR", true);
        check("eleven_multilingual_v2", "vi", false);
        check("eleven_flash_v2_5", "vi", true);
        check("eleven_flash_v2", "en_GB", true);
        check("eleven_flash_v2", "de", false);
        check("eleven_v3", "sw", true);
    }

    #[test]
    fn a_request_says_what_the_model_can_be_told() {
        let request =
            SpeechRequest { text: "Oi".into(), language: "pt-BR".into(), speed: 2.0, take: 3, ..SpeechRequest::default() };
        let settings = json!({ "stability": 0.5, "similarity_boost": 0.75, "speed": 1.2 });
        let mut expected = json!({ "text": "Oi", "model_id": "eleven_multilingual_v2", "voice_settings": settings, "seed": 3 });
        assert_eq!(provider("eleven_multilingual_v2").body(&request), expected);
        expected["model_id"] = json!("eleven_flash_v2_5");
        expected["language_code"] = json!("pt");
        assert_eq!(provider("eleven_flash_v2_5").body(&request), expected);
    }
}
