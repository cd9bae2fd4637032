//! Narration by Gemini's speech models. They tell no word times and know no speed: both are found or made on this machine.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{file_of, generate, text_of};
use crate::api::Api;
use crate::error::ProviderError;
use crate::narration::Narration;
use crate::speech::{Speech, SpeechProvider, SpeechRequest, Voice};
use crate::vendor::Vendor;

/// Samples per second where the vendor does not say.
const USUAL_RATE: u32 = 24_000;
/// The voice where nobody has chosen one.
const USUAL_VOICE: &str = "Kore";
/// The prebuilt voices: name, whether it is a woman's, how it sounds.
const VOICES: [(&str, bool, &str); 30] = [
    ("Zephyr", true, "bright"),
    ("Puck", false, "upbeat"),
    ("Charon", false, "informative"),
    ("Kore", true, "firm"),
    ("Fenrir", false, "excitable"),
    ("Leda", true, "youthful"),
    ("Orus", false, "firm"),
    ("Aoede", true, "breezy"),
    ("Callirrhoe", true, "easy-going"),
    ("Autonoe", true, "bright"),
    ("Enceladus", false, "breathy"),
    ("Iapetus", false, "clear"),
    ("Umbriel", false, "easy-going"),
    ("Algieba", false, "smooth"),
    ("Despina", true, "smooth"),
    ("Erinome", true, "clear"),
    ("Algenib", false, "gravelly"),
    ("Rasalgethi", false, "informative"),
    ("Laomedeia", true, "upbeat"),
    ("Achernar", true, "soft"),
    ("Alnilam", false, "firm"),
    ("Schedar", false, "even"),
    ("Gacrux", true, "mature"),
    ("Pulcherrima", true, "forward"),
    ("Achird", false, "friendly"),
    ("Zubenelgenubi", false, "casual"),
    ("Vindemiatrix", true, "gentle"),
    ("Sadachbia", false, "lively"),
    ("Sadaltager", false, "knowledgeable"),
    ("Sulafat", true, "warm"),
];

/// The provider.
#[derive(Debug, Clone)]
pub struct GeminiSpeech {
    api: Api,
    model: String,
    voice: Option<String>,
    style: Option<String>,
}

impl GeminiSpeech {
    /// With the model's name, the voice that is used when a request names none, and how all is to be said ("calm and warm"),
    /// if anybody minds.
    pub fn new(api: Api, model: String, voice: Option<String>, style: Option<String>) -> Self {
        Self { api, model, voice, style }
    }

    fn voice(&self, wanted: &str) -> Result<&'static str, ProviderError> {
        let set = self.voice.as_deref().unwrap_or_default().trim();
        let wanted = [wanted.trim(), set, USUAL_VOICE].into_iter().find(|name| !name.is_empty()).unwrap_or(USUAL_VOICE);
        let known = VOICES.iter().find(|(name, ..)| name.eq_ignore_ascii_case(wanted));
        known.map(|(name, ..)| *name).ok_or_else(|| {
            let names: Vec<&str> = VOICES.iter().map(|(name, ..)| *name).collect();
            ProviderError::Fatal(format!("Gemini has no voice \"{wanted}\"; choose one of {}", names.join(", ")))
        })
    }

    fn body(&self, request: &SpeechRequest) -> Result<Value, ProviderError> {
        let mut part = json!({ "text": request.text });
        // Every word of the text is read out, so that directions have a place of their own.
        if let Some(style) = self.style.as_deref().map(str::trim).filter(|style| !style.is_empty()) {
            part["speech_metadata"] = json!({ "style": style });
        }
        let voice = json!({ "prebuiltVoiceConfig": { "voiceName": self.voice(&request.voice)? } });
        Ok(json!({
            "contents": [{ "role": "user", "parts": [part] }],
            "generationConfig": { "responseModalities": ["AUDIO"], "speechConfig": { "voiceConfig": voice } },
        }))
    }
}

#[async_trait]
impl SpeechProvider for GeminiSpeech {
    fn vendor(&self) -> &'static str {
        Vendor::Gemini.name()
    }

    fn model(&self) -> &str {
        &self.model
    }

    fn check(&self, _: &str, voice: &str) -> Result<(), ProviderError> {
        self.voice(voice).map(drop)
    }

    async fn speak(&self, request: &SpeechRequest, key: &str) -> Result<Speech, ProviderError> {
        request.check_words()?;
        let parts = generate(&self.api, &self.model, &self.body(request)?, key).await?;
        let Some((file, media_type)) = file_of(&parts)? else {
            let said = text_of(&parts);
            return Err(match said.trim().is_empty() {
                true => ProviderError::retry("Gemini has sent no sound"),
                false => {
                    ProviderError::Refused("Gemini has answered in words instead of reading the text; word it differently".into())
                }
            });
        };
        // Older models send bare samples, and only the media type tells their rate.
        let narration = match bare_rate(&media_type).filter(|_| !file.starts_with(b"RIFF")) {
            Some(rate) => Narration::bare(Vendor::Gemini, &file, rate)?,
            None => Narration::read(Vendor::Gemini, file).await?,
        };
        Ok(narration.at_speed(request.speed).await?.speech())
    }

    fn usual_voice(&self) -> &str {
        let set = self.voice.as_deref().unwrap_or_default().trim();
        if set.is_empty() { USUAL_VOICE } else { set }
    }

    async fn voices(&self) -> Result<Vec<Voice>, ProviderError> {
        let voice = |(name, female, description): &(&str, bool, &str)| Voice {
            id: (*name).to_owned(),
            label: (*name).to_owned(),
            female: Some(*female),
            description: (*description).to_owned(),
            ..Voice::default()
        };
        Ok(VOICES.iter().map(voice).collect())
    }
}

/// The rate of `audio/L16;codec=pcm;rate=24000`; `None` for a file.
fn bare_rate(media_type: &str) -> Option<u32> {
    let mut parts = media_type.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default();
    if !["audio/l16", "audio/pcm"].iter().any(|known| kind.eq_ignore_ascii_case(known)) {
        return None;
    }
    Some(parts.find_map(|part| part.strip_prefix("rate=")?.parse().ok()).unwrap_or(USUAL_RATE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gemini::Part;
    use crate::http::Http;

    fn provider(style: Option<&str>) -> GeminiSpeech {
        let api = crate::gemini::api(Http::new().expect("a client"), "http://127.0.0.1:9".to_owned(), None);
        GeminiSpeech::new(api, "gemini-3.8-flash-tts".to_owned(), None, style.map(str::to_owned))
    }

    #[test]
    fn the_text_is_read_as_it_is() {
        let request = SpeechRequest { text: "Say hello.".into(), voice: "puck".into(), ..SpeechRequest::default() };
        let body = |style| provider(style).body(&request).expect("a known voice");
        let plain = body(None);
        assert_eq!(plain["contents"][0]["parts"], json!([{ "text": "Say hello." }]));
        let config = json!({
            "responseModalities": ["AUDIO"],
            "speechConfig": { "voiceConfig": { "prebuiltVoiceConfig": { "voiceName": "Puck" } } },
        });
        assert_eq!(plain["generationConfig"], config);
        let styled = json!([{ "text": "Say hello.", "speech_metadata": { "style": "calm" } }]);
        assert_eq!(body(Some(" calm "))["contents"][0]["parts"], styled);
        assert_eq!(body(Some(" "))["contents"][0]["parts"], plain["contents"][0]["parts"]);
    }

    #[test]
    fn voices_are_known() {
        let provider = provider(None);
        assert_eq!(provider.voice(""), Ok("Kore"));
        assert_eq!(provider.voice("FENRIR"), Ok("Fenrir"));
        let error = provider.check("en", "Fritz-PlayAI").expect_err("somebody else's").to_string();
        assert!(error.starts_with("Gemini has no voice \"Fritz-PlayAI\"; choose one of Zephyr, Puck"), "{error}");
    }

    #[test]
    fn media_types_tell_rates() {
        let check = |media_type: &str, expected| assert_eq!(bare_rate(media_type), expected, "{media_type}");
        check("audio/L16;codec=pcm;rate=24000", Some(24_000));
        check("audio/l16; rate=16000", Some(16_000));
        check("audio/pcm", Some(24_000));
        check("audio/wav", None);
        check("", None);
    }

    #[test]
    fn documented_shapes_are_read() {
        let answer: Value = serde_json::from_str(include_str!("../../fixtures/gemini-speech.json")).expect("JSON");
        let parts: Vec<Part> = serde_json::from_value(answer["candidates"][0]["content"]["parts"].clone()).expect("parts");
        let (file, media_type) = file_of(&parts).expect("base64").expect("a file");
        assert_eq!((bare_rate(&media_type), file.len()), (Some(24_000), 8));
    }
}
