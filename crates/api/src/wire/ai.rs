//! Single questions to vendors on the wire.

use garde::Validate;
use model::question::{Answer, Ask, OfferedVoice};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::keys::RequestKeys;
use super::rule::{self, spoken, text, vendor};
use crate::key::url_of;

/// How long a script should be, and how many scenes it should have.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScriptLength {
    /// The shortest, in seconds.
    #[garde(range(min = 5, max = 600))]
    #[schema(example = 65, minimum = 5, maximum = 600)]
    pub min: Option<u32>,
    /// The longest, in seconds.
    #[garde(range(min = 5, max = 600))]
    #[schema(example = 90, minimum = 5, maximum = 600)]
    pub max: Option<u32>,
    /// Exactly so many scenes; left out or 0, the writer decides.
    #[garde(range(min = 0, max = 100))]
    #[schema(example = 6, minimum = 0, maximum = 100)]
    pub target_scenes: Option<u32>,
}

impl ScriptLength {
    /// As it is kept with a project.
    pub fn config(&self) -> Value {
        let Self { min, max, target_scenes } = self;
        let set = [("min", min), ("max", max), ("targetScenes", target_scenes)];
        let set = set.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!((*value)?))));
        Value::Object(set.collect::<Map<_, _>>())
    }
}

/// A wish for a script.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WriteScript {
    /// What the video is about.
    #[garde(custom(text(1, 10_000)))]
    #[schema(example = "Why the Moon is moving away")]
    pub topic: String,
    /// The look of the video, in your words.
    #[garde(custom(text(1, 1_000)))]
    #[schema(example = "cinematic")]
    pub style: String,
    /// Language of the narration, such as `en` or `Portuguese`; English when left out.
    #[garde(custom(text(0, 100)))]
    #[schema(example = "English")]
    pub language: Option<String>,
    /// 65 to 90 seconds when left out.
    #[garde(dive)]
    pub duration_config: Option<ScriptLength>,
    /// Another number asks for another script about the same.
    #[garde(range(min = 0, max = 1_000_000))]
    #[schema(example = 0, minimum = 0)]
    pub take: Option<i32>,
    /// Keys for this request.
    #[garde(skip)]
    pub api_keys: Option<RequestKeys>,
}

/// A wish for a prompt for music.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WriteMusicPrompt {
    /// What the video is about.
    #[garde(custom(text(1, 10_000)))]
    #[schema(example = "Why the Moon is moving away")]
    pub topic: String,
    /// The look of the video, in your words.
    #[garde(custom(text(1, 1_000)))]
    #[schema(example = "cinematic")]
    pub style: String,
    /// Another number asks for another prompt.
    #[garde(range(min = 0, max = 1_000_000))]
    #[schema(example = 0, minimum = 0)]
    pub take: Option<i32>,
    /// Keys for this request.
    #[garde(skip)]
    pub api_keys: Option<RequestKeys>,
}

/// A picture of a character to look at.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LookAtCharacter {
    /// PNG, JPEG or WebP, at most 10 MiB: a data URI, or a file of your own as key or address.
    #[garde(custom(text(1, 20_000_000)))]
    #[schema(
        example = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    )]
    pub image: String,
    /// Another number asks for another answer.
    #[garde(range(min = 0, max = 1_000_000))]
    #[schema(example = 0, minimum = 0)]
    pub take: Option<i32>,
    /// Keys for this request.
    #[garde(skip)]
    pub api_keys: Option<RequestKeys>,
}

/// The most characters of a text that is only to be heard once.
const LONGEST_SAMPLE: usize = 500;

/// Words to be spoken.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SpeakSample {
    /// What is said, at most 500 characters.
    #[garde(custom(rule::text(1, LONGEST_SAMPLE)), custom(spoken))]
    #[schema(example = "Hello, this is how I sound.")]
    pub text: String,
    /// The voice's name; empty for the vendor's usual one.
    #[garde(custom(rule::text(0, 200)))]
    #[schema(example = "Kore")]
    pub voice: String,
    /// Who speaks, such as `gemini`, `elevenlabs`, `espeak`; whoever is there when left out.
    #[garde(custom(vendor))]
    #[schema(example = "gemini")]
    pub provider: Option<String>,
    /// Language of the words, such as `en` or `Portuguese`; English when left out.
    #[garde(custom(rule::text(0, 100)))]
    #[schema(example = "English")]
    pub language: Option<String>,
    /// Another number asks for another reading.
    #[garde(range(min = 0, max = 1_000_000))]
    #[schema(example = 0, minimum = 0)]
    pub take: Option<i32>,
    /// Keys for this request.
    #[garde(skip)]
    pub api_keys: Option<RequestKeys>,
}

/// A wish for a list of voices.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListVoices {
    /// Whose voices; ElevenLabs' when there is a key, else those of whoever is there.
    #[garde(custom(vendor))]
    #[schema(example = "elevenlabs")]
    pub provider: Option<String>,
    /// Keys for this request.
    #[garde(skip)]
    pub api_keys: Option<RequestKeys>,
}

/// What to do, and with what.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AskAnything {
    /// `generate_script`, `generate_music_prompt`, `analyze_character` or `optimize_image`.
    #[garde(skip)]
    #[schema(example = "generate_music_prompt")]
    pub action: String,
    /// The fields of the route that does the same; a picture is in `base64Image`.
    #[garde(skip)]
    #[schema(value_type = Object, example = json!({ "topic": "the Moon", "style": "cinematic" }))]
    pub params: Map<String, Value>,
    /// Keys for this request.
    #[garde(skip)]
    #[schema(value_type = Option<RequestKeys>)]
    pub api_keys: Option<Value>,
}

/// A script.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WrittenScript {
    video_title: String,
    video_description: String,
    scenes: Vec<WrittenScene>,
}

/// One scene of a script.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WrittenScene {
    /// From 1.
    scene_number: usize,
    /// What the picture shows.
    visual_description: String,
    /// What is said.
    narration: String,
    /// The writer's guess; the spoken narration decides.
    duration_seconds: f64,
}

/// A prompt for music.
#[derive(Serialize, ToSchema)]
pub struct MusicPrompt {
    #[schema(example = "warm ambient pads, slow tempo, gentle piano")]
    prompt: String,
}

/// What came of looking at a picture.
#[derive(Serialize, ToSchema)]
pub struct LookedAt {
    /// A description, or the address of a portrait.
    #[schema(example = "a tall woman with red hair")]
    result: String,
}

/// Spoken words.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SpokenSample {
    /// Where they can be heard for a day.
    #[schema(example = "/api/assets?url=scenes/audio/0123456789abcdef0123456789abcdef.mp3")]
    audio_url: String,
}

/// Voices to choose from.
#[derive(Serialize, ToSchema)]
pub struct Voices {
    voices: Vec<VoiceRow>,
}

/// A voice.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VoiceRow {
    /// What requests call it.
    name: String,
    /// What people call it.
    label: String,
    /// `Female`, `Male`, or nothing where nobody says.
    gender: &'static str,
    description: String,
    /// Whose voice it is.
    provider: String,
    /// Where a sample can be heard.
    preview_url: Option<String>,
    /// `language` and `gender`, where they are known.
    #[schema(value_type = Object)]
    labels: Value,
}

/// An answer in the shape of the route that was asked.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum AiAnswer {
    /// Of `generate-script`.
    Script(WrittenScript),
    /// Of `generate-music-prompt`.
    Prompt(MusicPrompt),
    /// Of `analyze-character` and `optimize-image`.
    Looked(LookedAt),
    /// Of `generate-audio`.
    Spoken(SpokenSample),
    /// Of `voices`.
    Voices(Voices),
}

/// The answer of the route for any action.
#[derive(Serialize, ToSchema)]
pub struct AnyAnswer {
    /// A script, a prompt, a description, or the address of a portrait.
    result: Value,
}

impl AiAnswer {
    /// The answer to that question.
    pub fn new(ask: &Ask, answer: Answer) -> Self {
        match (answer, ask) {
            (Answer::Script { title, description, scenes }, _) => {
                let scene = |(scene_number, scene): (usize, model::task::ScriptScene)| WrittenScene {
                    scene_number,
                    visual_description: scene.visual_description,
                    narration: scene.narration,
                    duration_seconds: scene.seconds,
                };
                let scenes = (1..).zip(scenes).map(scene).collect();
                Self::Script(WrittenScript { video_title: title, video_description: description, scenes })
            }
            (Answer::Text { text }, Ask::MusicPrompt) => Self::Prompt(MusicPrompt { prompt: text }),
            (Answer::Text { text }, _) => Self::Looked(LookedAt { result: text }),
            (Answer::Picture(asset), _) => Self::Looked(LookedAt { result: url_of(&asset.key) }),
            (Answer::Speech { asset, .. }, _) => Self::Spoken(SpokenSample { audio_url: url_of(&asset.key) }),
            (Answer::Voices { voices }, _) => Self::Voices(Voices { voices: voices.into_iter().map(VoiceRow::from).collect() }),
        }
    }
}

impl From<AiAnswer> for AnyAnswer {
    fn from(answer: AiAnswer) -> Self {
        let result = match answer {
            AiAnswer::Prompt(MusicPrompt { prompt: text }) | AiAnswer::Looked(LookedAt { result: text }) => json!(text),
            AiAnswer::Spoken(SpokenSample { audio_url }) => json!(audio_url),
            other => json!(other),
        };
        Self { result }
    }
}

impl From<OfferedVoice> for VoiceRow {
    fn from(voice: OfferedVoice) -> Self {
        let gender = match voice.female {
            Some(true) => "Female",
            Some(false) => "Male",
            None => "",
        };
        let labels = [("language", voice.language.as_str()), ("gender", gender)];
        let labels = labels.into_iter().filter(|(_, label)| !label.is_empty());
        Self {
            labels: Value::Object(labels.map(|(name, label)| (name.to_owned(), json!(label))).collect()),
            name: voice.id,
            label: voice.label,
            gender,
            description: voice.description,
            provider: voice.vendor,
            preview_url: voice.preview,
        }
    }
}
