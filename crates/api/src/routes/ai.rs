//! Single questions to vendors: a script, a prompt, a look at a face, a sample of a voice.

use axum::Json;
use axum::extract::Request;
use bytes::Bytes;
use model::project::Settings;
use model::question::Ask;
use serde_json::Value;
use store::Details;

use super::keys::given;
use crate::error::ApiError;
use crate::extract::{Checked, PathId, checked, whole_body};
use crate::picture;
use crate::question::{self, Question};
use crate::signed::Signed;
use crate::wire::ai::{
    AiAnswer, AnyAnswer, AskAnything, ListVoices, LookAtCharacter, LookedAt, MusicPrompt, SpeakSample, SpokenSample, Voices,
    WriteMusicPrompt, WriteScript, WrittenScript,
};
use crate::wire::keys::RequestKeys;
use crate::wire::refusal::{Error, Refusals, Unanswered};

/// Who speaks where there is a key and nobody else is named.
const ELEVENLABS: &str = "elevenlabs";

/// Write a script
///
/// The request waits for it. Whoever loses the connection sends the same again and gets the script that was made; whoever has
/// had it gets another one. With a `take` it is the same script for a day, however often it is asked for.
#[utoipa::path(
    post, path = "/api/ai/generate-script", tag = "AI", operation_id = "aiGenerateScript", request_body = WriteScript,
    responses(
        (status = 200, description = "The script.", body = WrittenScript),
        Unanswered,
        Refusals
    ),
)]
pub async fn script(app: Signed, Checked(input): Checked<WriteScript>) -> Result<Json<AiAnswer>, ApiError> {
    write_script(&app, input).await.map(Json)
}

async fn write_script(app: &Signed, input: WriteScript) -> Result<AiAnswer, ApiError> {
    let WriteScript { topic, style, language, duration_config, take, api_keys } = input;
    let settings = Settings { topic, style, language: or_english(language), ..Settings::default() };
    let details = Details { duration_config: duration_config.map(|length| length.config()), ..Details::default() };
    ask(app, Question { ask: Ask::Script, settings, details, take: take.unwrap_or(0) }, api_keys).await
}

/// Write a prompt for music
///
/// At most 25 words. The same request gets the same prompt for a day.
#[utoipa::path(
    post, path = "/api/ai/generate-music-prompt", tag = "AI", operation_id = "aiGenerateMusicPrompt",
    request_body = WriteMusicPrompt,
    responses(
        (status = 200, description = "The prompt.", body = MusicPrompt),
        Unanswered,
        Refusals
    ),
)]
pub async fn music_prompt(app: Signed, Checked(input): Checked<WriteMusicPrompt>) -> Result<Json<AiAnswer>, ApiError> {
    write_music_prompt(&app, input).await.map(Json)
}

async fn write_music_prompt(app: &Signed, input: WriteMusicPrompt) -> Result<AiAnswer, ApiError> {
    let WriteMusicPrompt { topic, style, take, api_keys } = input;
    let settings = Settings { topic, style, ..Settings::default() };
    let question = Question { ask: Ask::MusicPrompt, settings, details: Details::default(), take: take.unwrap_or(0) };
    ask(app, question, api_keys).await
}

/// Describe a character
///
/// What the one in the picture looks like, for painters. The request may have 16 MiB.
#[utoipa::path(
    post, path = "/api/ai/analyze-character", tag = "AI", operation_id = "aiAnalyzeCharacter", request_body = LookAtCharacter,
    responses(
        (status = 200, description = "The description.", body = LookedAt),
        Unanswered,
        Refusals
    ),
)]
pub async fn analyze(app: Signed, request: Request) -> Result<Json<AiAnswer>, ApiError> {
    let input = checked(&whole_body(request, &*app, "16 MiB").await?)?;
    look(&app, input, "image", Ask::Describe).await.map(Json)
}

/// Make a portrait of a character
///
/// Head and shoulders on white, square. Its address is good for a day; a character that you create with it keeps it. The
/// request may have 16 MiB.
#[utoipa::path(
    post, path = "/api/ai/optimize-image", tag = "AI", operation_id = "aiOptimizeImage", request_body = LookAtCharacter,
    responses(
        (status = 200, description = "The portrait's address.", body = LookedAt),
        Unanswered,
        Refusals
    ),
)]
pub async fn optimize(app: Signed, request: Request) -> Result<Json<AiAnswer>, ApiError> {
    let input = checked(&whole_body(request, &*app, "16 MiB").await?)?;
    look(&app, input, "image", Ask::Portrait).await.map(Json)
}

async fn look(
    app: &Signed,
    input: LookAtCharacter,
    field: &str,
    about: impl FnOnce(model::character::Picture) -> Ask,
) -> Result<AiAnswer, ApiError> {
    let LookAtCharacter { image, take, api_keys } = input;
    // Until the question names the picture, it could be swept away with an old question about the same one.
    let not_swept = app.memory.asking.read().await;
    let ask = about(picture::of_character(app, field, &image).await?);
    let (settings, details) = (Settings::default(), Details::default());
    let question = Question { ask, settings, details, take: take.unwrap_or(0) };
    let noted = question::note(app, question, api_keys.as_ref()).await?;
    drop(not_swept);
    question::answer(app, noted).await
}

/// Speak a sample
///
/// At most 500 characters, to hear a voice. The same request gets the same sound for a day.
#[utoipa::path(
    post, path = "/api/ai/generate-audio", tag = "AI", operation_id = "aiGenerateAudio", request_body = SpeakSample,
    responses(
        (status = 200, description = "Where it can be heard.", body = SpokenSample),
        Unanswered,
        Refusals
    ),
)]
pub async fn audio(app: Signed, Checked(input): Checked<SpeakSample>) -> Result<Json<AiAnswer>, ApiError> {
    let SpeakSample { text, voice, provider, language, take, api_keys } = input;
    let speech_vendor = provider.unwrap_or_default();
    let settings = Settings { voice, speech_vendor, language: or_english(language), ..Settings::default() };
    let question = Question { ask: Ask::Speech { text }, settings, details: Details::default(), take: take.unwrap_or(0) };
    ask(&app, question, api_keys).await.map(Json)
}

/// List voices
///
/// Free of charge. Where the vendor can't be asked, the list is empty.
#[utoipa::path(
    post, path = "/api/ai/voices", tag = "AI", operation_id = "aiVoices", request_body = ListVoices,
    responses(
        (status = 200, description = "The voices.", body = Voices),
        (status = 504, description = "It takes longer; send the same request again, or ask `/api/ai/answers/{askId}`.", body = Error),
        Refusals
    ),
)]
pub async fn voices(app: Signed, Checked(input): Checked<ListVoices>) -> Result<Json<AiAnswer>, ApiError> {
    let ListVoices { provider, api_keys } = input;
    let speech_vendor = match provider {
        Some(provider) => provider,
        None if has_elevenlabs(&app, api_keys.as_ref()).await? => ELEVENLABS.to_owned(),
        None => String::new(),
    };
    let settings = Settings { speech_vendor, ..Settings::default() };
    let question = Question { ask: Ask::Voices, settings, details: Details::default(), take: 0 };
    ask(&app, question, api_keys).await.map(Json)
}

async fn has_elevenlabs(app: &Signed, keys: Option<&RequestKeys>) -> Result<bool, ApiError> {
    if given(keys)?.iter().any(|(vendor, _)| *vendor == ELEVENLABS) {
        return Ok(true);
    }
    let stored = app.store.vendor_keys(app.user.id, None, &app.vault, (app.clock)()).await?;
    Ok(stored.iter().any(|key| key.vendor == ELEVENLABS && key.secret.is_some()))
}

/// Do any of these
///
/// The same as the other routes, by the name of an action. The request may have 16 MiB.
#[utoipa::path(
    post, path = "/api/ai/generate", tag = "AI", operation_id = "aiGenerate", request_body = AskAnything,
    responses(
        (status = 200, description = "The result.", body = AnyAnswer),
        Unanswered,
        Refusals
    ),
)]
pub async fn anything(app: Signed, request: Request) -> Result<Json<AnyAnswer>, ApiError> {
    let input: AskAnything = checked(&whole_body(request, &*app, "16 MiB").await?)?;
    let AskAnything { action, mut params, api_keys } = input;
    if let Some(keys) = api_keys {
        params.insert("apiKeys".to_owned(), keys);
    }
    if let Some(image) = params.remove("base64Image") {
        params.insert("image".to_owned(), as_data_uri(image));
    }
    let params = Bytes::from(Value::Object(params).to_string());
    let answer = match action.as_str() {
        "generate_script" => write_script(&app, checked(&params)?).await?,
        "generate_music_prompt" => write_music_prompt(&app, checked(&params)?).await?,
        "analyze_character" => look(&app, checked(&params)?, "base64Image", Ask::Describe).await?,
        "optimize_image" => look(&app, checked(&params)?, "base64Image", Ask::Portrait).await?,
        _ => {
            let problem = "Expected generate_script, generate_music_prompt, analyze_character or optimize_image";
            return Err(ApiError::field("action", problem));
        }
    };
    Ok(Json(answer.into()))
}

/// Base64 may come without the head of a data URI; what the picture is, is seen from its content.
fn as_data_uri(image: Value) -> Value {
    match image {
        Value::String(text) if text.len() > 1_000 && !text.trim_start().starts_with("data:") => {
            format!("data:image/png;base64,{text}").into()
        }
        other => other,
    }
}

/// Show an answer
///
/// To what you have asked within the last day: in the shape of the route that was asked.
#[utoipa::path(
    get, path = "/api/ai/answers/{id}", tag = "AI", operation_id = "aiAnswer",
    params(("id" = Uuid, Path, description = "The `askId`.")),
    responses(
        (status = 200, description = "The answer.", body = AiAnswer),
        (status = 202, description = "It is still being made.", body = Error),
        (status = 502, description = "The vendor could not do it; send the request again.", body = Error),
        Refusals
    ),
)]
pub async fn known(app: Signed, id: PathId) -> Result<Json<AiAnswer>, ApiError> {
    question::known(&app, id.of("Answer")?).await.map(Json)
}

async fn ask(app: &Signed, question: Question, keys: Option<RequestKeys>) -> Result<AiAnswer, ApiError> {
    let noted = question::note(app, question, keys.as_ref()).await?;
    question::answer(app, noted).await
}

fn or_english(language: Option<String>) -> String {
    language.filter(|language| !language.trim().is_empty()).unwrap_or_else(|| "English".to_owned())
}
