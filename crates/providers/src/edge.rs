//! Narration by the voices that Microsoft's Edge browser reads pages with: no key, no price, and the time of each word.
//!
//! The service is made for the browser; nobody promises that it answers others, or will tomorrow. It is asked politely, and
//! a refusal is taken as one. How it is talked to is in the files beside this one.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use reqwest::Method;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::api::Api;
use crate::error::ProviderError;
use crate::http::{Effect, Http, nothing_more};
use crate::narration::Narration;
use crate::speech::{Speech, SpeechProvider, SpeechRequest, Voice};
use crate::spoken;
use crate::vendor::Vendor;

mod message;
mod socket;
mod token;
mod voice;

/// Characters in one message.
const MOST: usize = 1500;
/// Times that go further beyond the end of the sound than this, in seconds, belong to a sound that was cut off.
const BEYOND_END: f64 = 0.5;
/// Where the list of voices is, after the origin.
const LIST: &str = "/consumer/speech/synthesize/readaloud/voices/list";

/// The provider.
#[derive(Debug, Clone)]
pub struct Edge {
    api: Api,
    voice: Option<String>,
    now: fn() -> DateTime<Utc>,
}

impl Edge {
    /// With the service's address, the voice that is used when a request names none, and the clock: the service turns away
    /// whoever does not know the time.
    pub fn new(http: Http, base: &str, voice: Option<String>, now: fn() -> DateTime<Utc>) -> Self {
        // The list is fetched by HTTP, from the same place.
        let base = base.replacen("ws", "http", usize::from(base.starts_with("ws")));
        let authorise = |request, _: &str| request;
        Self { api: Api { http, vendor: Vendor::Edge, base, key: None, authorise, explain: nothing_more }, voice, now }
    }

    async fn voice(&self, language: &str, wanted: &str) -> Result<String, ProviderError> {
        let set = self.voice.as_deref().unwrap_or_default().trim();
        if !wanted.trim().is_empty() {
            return Ok(wanted.trim().to_owned());
        }
        if !set.is_empty() && voice::primary(set) == voice::primary(language) {
            return Ok(set.to_owned());
        }
        if let Some(usual) = voice::usual(language) {
            return Ok(usual.to_owned());
        }
        let voices = self.voices().await?;
        let speaks = |voice: &&Voice| voice::primary(&voice.language) == voice::primary(language);
        voices.iter().find(speaks).map(|voice| voice.id.clone()).ok_or_else(|| {
            ProviderError::Fatal(format!("Edge has no voice for the language \"{language}\"; choose another voice vendor"))
        })
    }

    /// Says a text. `key` tells this call from others.
    async fn say(&self, voice: &str, speed: f64, text: &str, key: &str) -> Result<Speech, ProviderError> {
        let request = hexadecimal(&Sha256::digest(format!("{key}\n{text}")))[..32].to_owned();
        let said = socket::talk(&self.api, &message::Order { request: &request, voice, speed, text }, (self.now)()).await?;
        if said.sound.is_empty() {
            return Err(self.nothing(voice).await);
        }
        let narration = Narration::read(Vendor::Edge, said.sound).await?;
        let seconds = narration.sound.seconds();
        if spoken::end(&said.pieces) > seconds + BEYOND_END {
            return Err(ProviderError::retry("Edge has sent only a part of the sound"));
        }
        Ok(Speech { words: spoken::words(text, &said.pieces, seconds), ..narration.speech() })
    }

    /// Why no sound has come: the service says nothing when it does not know a voice.
    async fn nothing(&self, voice: &str) -> ProviderError {
        match self.voices().await {
            Ok(voices) if !voices.is_empty() && !voices.iter().any(|known| known.id == voice) => {
                ProviderError::Fatal(format!("Edge has no voice \"{voice}\"; choose one from its list of voices"))
            }
            _ => ProviderError::retry(format!("Edge has sent no sound for the voice {voice}")),
        }
    }
}

#[async_trait]
impl SpeechProvider for Edge {
    fn vendor(&self) -> &'static str {
        Vendor::Edge.name()
    }

    fn model(&self) -> &str {
        "readaloud-1"
    }

    fn check(&self, _: &str, voice: &str) -> Result<(), ProviderError> {
        if voice.trim().is_empty() || voice::is_named(voice.trim()) {
            return Ok(());
        }
        Err(ProviderError::Fatal(format!("Edge has no voice \"{voice}\"; its voices have names such as en-US-AriaNeural")))
    }

    fn longest(&self) -> Option<usize> {
        Some(MOST)
    }

    async fn speak(&self, request: &SpeechRequest, key: &str) -> Result<Speech, ProviderError> {
        request.check_words()?;
        self.check(&request.language, &request.voice)?;
        let voice = &self.voice(&request.language, &request.voice).await?;
        self.say(voice, request.speed, &request.text, key).await
    }

    fn usual_voice(&self) -> &str {
        self.voice.as_deref().unwrap_or_default().trim()
    }

    async fn voices(&self) -> Result<Vec<Voice>, ProviderError> {
        let token = token::token((self.now)());
        let request = self.api.request(Method::GET, LIST).query(&token::query(&token, "trustedclienttoken"));
        let answer = self.api.send(request, Effect::Free).await.map_err(socket::turned_away)?;
        let list: Vec<Listed> = serde_json::from_slice(&answer.body).map_err(|_| crate::api::unreadable(Vendor::Edge))?;
        Ok(list.into_iter().map(Listed::voice).collect())
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    short_name: String,
    #[serde(default)]
    gender: String,
    #[serde(default)]
    locale: String,
    #[serde(default)]
    friendly_name: String,
    #[serde(default)]
    voice_tag: Option<Tag>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Tag {
    voice_personalities: Vec<String>,
}

impl Listed {
    fn voice(self) -> Voice {
        let label = self.friendly_name.replace("Microsoft ", "").replace(" Online (Natural)", "");
        Voice {
            label: if label.is_empty() { self.short_name.clone() } else { label },
            id: self.short_name,
            language: self.locale,
            female: match self.gender.as_str() {
                "Female" => Some(true),
                "Male" => Some(false),
                _ => None,
            },
            description: self.voice_tag.unwrap_or_default().voice_personalities.join(", ").to_lowercase(),
            preview: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider(voice: Option<&str>) -> Edge {
        let http = Http::new().expect("a client");
        Edge::new(http, "ws://127.0.0.1:9", voice.map(str::to_owned), || DateTime::from_timestamp_nanos(0))
    }

    #[test]
    fn voices_are_checked_by_their_form() {
        let check = |voice: &str, expected| assert_eq!(provider(None).check("en", voice).is_ok(), expected, "{voice}");
        check("", true);
        check("en-US-AriaNeural", true);
        check("zh-CN-liaoning-XiaobeiNeural", true);
        check("Microsoft Server Speech Text to Speech Voice (pt-BR, AntonioNeural)", true);
        check("Kore", false);
        check("en-US-<b>", false);
    }

    #[tokio::test]
    async fn the_language_chooses_where_nobody_has() {
        let check = async |set, language, wanted, expected: &str| {
            assert_eq!(provider(set).voice(language, wanted).await.expect("no call"), expected);
        };
        check(None, "pt-BR", "", "pt-BR-FranciscaNeural").await;
        check(None, "en_gb", "", "en-GB-SoniaNeural").await;
        check(None, "fr-CA", "", "fr-CA-SylvieNeural").await;
        check(None, "de-LU", "", "de-DE-KatjaNeural").await;
        check(Some("en-US-GuyNeural"), "en", "", "en-US-GuyNeural").await;
        check(Some("en-US-GuyNeural"), "de", "", "de-DE-KatjaNeural").await;
        check(Some("en-US-GuyNeural"), "de", "de-DE-ConradNeural", "de-DE-ConradNeural").await;
    }

    #[test]
    fn documented_shapes_are_read() {
        let list: Vec<Listed> = serde_json::from_str(include_str!("../fixtures/edge-voices.json")).expect("a list");
        let expected = Voice {
            id: "pt-BR-AntonioNeural".to_owned(),
            label: "Antonio - Portuguese (Brazil)".to_owned(),
            language: "pt-BR".to_owned(),
            female: Some(false),
            description: "friendly, positive".to_owned(),
            preview: None,
        };
        assert_eq!(list.into_iter().map(Listed::voice).collect::<Vec<_>>(), [expected]);
    }
}
