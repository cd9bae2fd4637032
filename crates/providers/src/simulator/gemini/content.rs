//! `generateContent`: text and scripts, pictures, and speech.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use serde_json::{Value, json};

use super::super::call::{Asked, text_of};
use super::super::fault::FaultKind;
use super::super::media::{self, PictureFormat, PictureOrder, SoundFormat, SpeechOrder};
use super::super::reply::Reply;
use super::super::schema;
use super::super::world::World;
use super::super::writer;
use super::model::{self, Kind};
use super::{error, invalid, member, picture, tokens, voice};

/// Samples of older speech models in a second.
const PCM_RATE: u32 = 24_000;

/// What a request asks for.
pub(super) fn read(model: &str, body: &Value) -> Asked {
    let config = member(body, "generationConfig");
    let pictures = pictures(body);
    let ability = match model::kind(model) {
        Some(Kind::Image) => "image",
        Some(Kind::Speech) => "speech",
        Some(Kind::Music) => "music",
        Some(Kind::Clip) => "clip",
        // A model that is gone is still asked for something.
        None if model.contains("tts") => "speech",
        None if model.contains("image") || model.starts_with("imagen") => "image",
        _ if wants_json(config) => "script",
        _ => "text",
    };
    let image = member(config, "imageConfig");
    let spoken = member(config, "speechConfig");
    let style = parts(body).find_map(|part| text_of(&member(part, "speechMetadata")["style"]).as_str().map(str::to_owned));
    Asked::new(ability, model)
        .with("prompt", texts(body))
        .with("system", system(body))
        .with_references(&pictures)
        .with("voice", json!(voice_name(spoken)))
        .with("style", style.map_or(Value::Null, Value::from))
        .with("aspectRatio", text_of(member(image, "aspectRatio")))
        .with("imageSize", text_of(member(image, "imageSize")))
}

pub(super) fn answer(world: &World, kind: Kind, body: &Value, asked: &Asked, bend: Option<FaultKind>) -> Reply {
    if !body.is_object() {
        return invalid("Invalid JSON payload received. Unexpected token.");
    }
    if parts(body).next().is_none() {
        return invalid("* GenerateContentRequest.contents: contents is not specified");
    }
    match (kind, bend) {
        (_, Some(FaultKind::Empty)) => reply(asked, &json!([]), "STOP", (0, 0)),
        (Kind::Image, _) => image(body, asked, bend),
        (Kind::Speech, _) => speech(world, body, asked, bend),
        _ => text(body, asked, bend),
    }
}

fn text(body: &Value, asked: &Asked, bend: Option<FaultKind>) -> Reply {
    if bend == Some(FaultKind::Refusal) {
        let blocked = json!({
            "promptFeedback": { "blockReason": "SAFETY", "safetyRatings": [{ "category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH" }] },
            "usageMetadata": { "promptTokenCount": tokens(asked.prompt().as_bytes()), "totalTokenCount": tokens(asked.prompt().as_bytes()) },
            "modelVersion": model::served_by(&asked.model),
        });
        return Reply::ok(&blocked);
    }
    let config = member(body, "generationConfig");
    let prompt = format!("{}\n{}", system(body).as_str().unwrap_or_default(), asked.prompt());
    let said = if wants_json(config) {
        let script = writer::script(&prompt, if bend == Some(FaultKind::TooFewScenes) { 0.5 } else { 1.0 });
        let schema = [member(config, "responseJsonSchema"), member(config, "responseSchema")];
        let script = match schema.into_iter().find(|schema| schema.is_object()) {
            Some(wanted) => schema::fill(wanted, &script),
            None => script.free_form(),
        };
        writer::bent(&script, bend)
    } else {
        writer::plain(&prompt, pictures(body).first().and_then(|picture| media::seen(picture)))
    };
    let counts = (tokens(prompt.as_bytes()), tokens(said.as_bytes()));
    reply(asked, &json!([{ "text": said }]), "STOP", counts).priced("inputTokens", counts.0 as f64, 0.5e-6).priced(
        "outputTokens",
        counts.1 as f64,
        3e-6,
    )
}

fn image(body: &Value, asked: &Asked, bend: Option<FaultKind>) -> Reply {
    let image = member(member(body, "generationConfig"), "imageConfig");
    let (width, height) = match picture::size(member(image, "aspectRatio").as_str(), member(image, "imageSize").as_str()) {
        Ok(size) => size,
        Err(message) => return invalid(&message),
    };
    let count = tokens(asked.prompt().as_bytes());
    if bend == Some(FaultKind::Refusal) {
        let sorry =
            "I'm sorry, but I can't create this picture because it would go against my guidelines. Shall I draw something else?";
        return reply(asked, &json!([{ "text": sorry }]), "STOP", (count, tokens(sorry.as_bytes())));
    }
    let order = PictureOrder {
        prompt: asked.prompt().to_owned(),
        label: asked.model.clone(),
        width,
        height,
        format: PictureFormat::Png,
        references: pictures(body),
    };
    let picture = media::picture(&order);
    let picture = if bend == Some(FaultKind::WrongMediaType) { picture.mislabelled() } else { picture };
    let mut parts = Vec::new();
    if asked.model != "gemini-3.1-flash-lite-image" {
        parts.push(json!({ "text": "**Planning the composition**\n\nI put the subject into the middle.", "thought": true }));
    }
    parts.push(json!({ "inlineData": { "mimeType": picture.media_type, "data": BASE64.encode(&picture.bytes) } }));
    let price = if width > 2_000 || height > 3_000 { 0.151 } else { 0.067 };
    reply(asked, &json!(parts), "STOP", (count, 1_290)).priced("images", 1.0, price)
}

fn speech(world: &World, body: &Value, asked: &Asked, bend: Option<FaultKind>) -> Reply {
    let config = member(body, "generationConfig");
    if ["temperature", "topP", "topK"].iter().any(|name| !member(config, name).is_null()) {
        return invalid("Sampling parameters (temperature, topP, topK) are not supported by this model.");
    }
    if member(config, "responseModalities") != &json!(["AUDIO"]) {
        return invalid(
            "The requested combination of response modalities (TEXT) is not supported by the model. It accepts the following combination of response modalities:\n* AUDIO\n",
        );
    }
    let name = voice_name(member(config, "speechConfig")).unwrap_or_else(|| "Kore".to_owned());
    let Some(woman) = voice::is_woman(&name) else { return invalid(&voice::unknown(&name)) };
    let count = tokens(asked.prompt().as_bytes());
    if bend == Some(FaultKind::Refusal) {
        return reply(asked, &Value::Null, "SAFETY", (count, 0));
    }
    let whole_file = asked.model.starts_with("gemini-3.8");
    let format = if whole_file { SoundFormat::Wav { rate: PCM_RATE } } else { SoundFormat::Pcm { rate: PCM_RATE } };
    let language = member(member(config, "speechConfig"), "languageCode").as_str().map(str::to_owned);
    let order = SpeechOrder { text: asked.prompt().to_owned(), language, voice: name, woman: Some(woman), speed: 1.0, format };
    let spoken = match media::speech(&order) {
        Ok(spoken) => spoken,
        Err(problem) => return error(500, "INTERNAL", &problem, &Value::Null),
    };
    world.sounds.remember(&spoken);
    let media = if bend == Some(FaultKind::WrongMediaType) { spoken.media.mislabelled() } else { spoken.media };
    let bytes: Bytes =
        if bend == Some(FaultKind::StreamedWav) && whole_file { media::streamed(&media.bytes) } else { media.bytes };
    let media_type = if whole_file { "audio/wav" } else { "audio/L16;codec=pcm;rate=24000" };
    let made = (spoken.seconds * 25.0) as u64;
    reply(asked, &json!([{ "inlineData": { "mimeType": media_type, "data": BASE64.encode(&bytes) } }]), "STOP", (count, made))
        .priced("audioTokens", made as f64, 10e-6)
}

/// An answer with one candidate; `tokens` are those of the prompt and of the answer.
fn reply(asked: &Asked, parts: &Value, finish: &str, tokens: (u64, u64)) -> Reply {
    let content = if parts.as_array().is_some_and(|parts| !parts.is_empty()) {
        json!({ "parts": parts, "role": "model" })
    } else {
        json!({ "role": "model" })
    };
    Reply::ok(&json!({
        "candidates": [{ "content": content, "finishReason": finish, "index": 0 }],
        "usageMetadata": { "promptTokenCount": tokens.0, "candidatesTokenCount": tokens.1, "totalTokenCount": tokens.0 + tokens.1 },
        "modelVersion": model::served_by(&asked.model),
        "responseId": &super::super::call::hash(asked.prompt().as_bytes())[..22],
    }))
}

/// All parts of all contents, in order.
fn parts(body: &Value) -> impl Iterator<Item = &Value> {
    body["contents"].as_array().into_iter().flatten().flat_map(|content| content["parts"].as_array().into_iter().flatten())
}

/// The texts of the parts, one under the other.
fn texts(body: &Value) -> String {
    parts(body).filter_map(|part| part["text"].as_str()).collect::<Vec<_>>().join("\n")
}

fn system(body: &Value) -> Value {
    let parts = member(body, "systemInstruction")["parts"].as_array();
    let texts: Vec<&str> = parts.into_iter().flatten().filter_map(|part| part["text"].as_str()).collect();
    if texts.is_empty() { Value::Null } else { json!(texts.join("\n")) }
}

/// The files of the parts.
fn pictures(body: &Value) -> Vec<Bytes> {
    let data = parts(body).filter_map(|part| member(part, "inlineData")["data"].as_str());
    data.filter_map(|data| BASE64.decode(data).ok()).map(Bytes::from).collect()
}

fn voice_name(spoken: &Value) -> Option<String> {
    let config = member(spoken, "voiceConfig");
    let name = config["voice"].as_str().or_else(|| member(member(config, "prebuiltVoiceConfig"), "voiceName").as_str());
    name.map(str::to_owned)
}

fn wants_json(config: &Value) -> bool {
    member(config, "responseMimeType") == "application/json"
}
