//! Gemini's `generateContent`.

use providers::simulator::{FaultKind, Simulator};
use serde_json::{Value, json};

use super::client::{Answer, decode, get, misbehave, post, start};

const KEY: [(&str, &str); 1] = [("x-goog-api-key", "good-key-0123456789")];

fn generate(simulator: &Simulator, model: &str, text: &str, config: &Value) -> Answer {
    let body = json!({ "contents": [{ "role": "user", "parts": [{ "text": text }] }], "generationConfig": config });
    post(simulator, &format!("/gemini/v1beta/models/{model}:generateContent"), &KEY, &body)
}

fn script_config() -> Value {
    json!({ "responseMimeType": "application/json", "responseJsonSchema": {
        "type": "object", "properties": {
            "title": { "type": "string" },
            "scenes": { "type": "array", "items": { "type": "object", "properties": {
                "narration": { "type": "string" }, "visualDescription": { "type": "string" }, "seconds": { "type": "number" } } } } } } })
}

fn script_text(simulator: &Simulator) -> String {
    let text = "Topic: why bees dance\nLanguage: Portuguese\nExactly 6 scenes, 40 to 50 seconds in all.";
    let answer = generate(simulator, "gemini-3.8-flash", text, &script_config());
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["candidates"][0]["content"]["parts"][0]["text"].as_str().expect("a text comes back").to_owned()
}

#[test]
fn a_script_follows_its_schema_and_bends_to_faults() {
    let simulator = start();
    let script: Value = serde_json::from_str(&script_text(&simulator)).expect("the script is JSON");
    let scenes = script["scenes"].as_array().expect("scenes are a list");
    let total: f64 = scenes.iter().filter_map(|scene| scene["seconds"].as_f64()).sum();
    assert_eq!(scenes.len(), 6);
    assert!((40.0..=50.0).contains(&total), "{total} s");
    assert!(scenes[0]["narration"].as_str().is_some_and(|text| text.starts_with("E se tudo")), "{}", scenes[0]);

    misbehave(&simulator, "gemini", "script", FaultKind::CodeFence);
    assert!(script_text(&simulator).starts_with("```json\n{"));
    misbehave(&simulator, "gemini", "script", FaultKind::MalformedJson);
    assert!(serde_json::from_str::<Value>(&script_text(&simulator)).is_err());
    misbehave(&simulator, "gemini", "script", FaultKind::TooFewScenes);
    let few: Value = serde_json::from_str(&script_text(&simulator)).expect("the script is JSON");
    assert_eq!(few["scenes"].as_array().map(Vec::len), Some(3));
    misbehave(&simulator, "gemini", "script", FaultKind::Refusal);
    let blocked = generate(&simulator, "gemini-3.8-flash", "Topic: bees", &script_config()).json();
    assert_eq!((&blocked["promptFeedback"]["blockReason"], &blocked["candidates"]), (&json!("SAFETY"), &Value::Null));
    misbehave(&simulator, "gemini", "script", FaultKind::Empty);
    let empty = generate(&simulator, "gemini-3.8-flash", "Topic: bees", &script_config()).json();
    assert_eq!(empty["candidates"][0]["content"]["parts"], Value::Null);
}

#[test]
fn a_picture_has_the_asked_size() {
    let simulator = start();
    let config = json!({ "responseModalities": ["TEXT", "IMAGE"], "imageConfig": { "aspectRatio": "9:16", "imageSize": "1K" } });
    let picture = |answer: &Answer| {
        let parts = answer.json()["candidates"][0]["content"]["parts"].clone();
        let parts = parts.as_array().cloned().unwrap_or_default();
        parts.into_iter().find(|part| part["inlineData"].is_object()).map(|part| part["inlineData"].clone())
    };
    let draw = || generate(&simulator, "gemini-nano-banana-2.1", "A fox under a red umbrella", &config);
    let found = picture(&draw()).expect("a picture comes back");
    assert_eq!(found["mimeType"], "image/png");
    let drawn = image::load_from_memory(&decode(&found["data"])).expect("it is a picture");
    assert_eq!((drawn.width(), drawn.height()), (768, 1376));

    misbehave(&simulator, "gemini", "image", FaultKind::Refusal);
    let refused = draw();
    assert!(picture(&refused).is_none() && refused.text().contains("I can't create this picture"), "{}", refused.text());
    misbehave(&simulator, "gemini", "image", FaultKind::WrongMediaType);
    let wrong = picture(&draw()).expect("something comes back");
    assert!(wrong["mimeType"] == "image/png" && decode(&wrong["data"]).starts_with(b"RIFF"));
    let odd = json!({ "imageConfig": { "aspectRatio": "7:5" } });
    assert_eq!(generate(&simulator, "gemini-nano-banana-2.1", "A fox", &odd).status, 400);
}

#[test]
fn speech_is_a_wav_from_new_models_and_bare_samples_from_old_ones() {
    let simulator = start();
    let config = |voice: &str| json!({ "responseModalities": ["AUDIO"], "speechConfig": { "voiceConfig": { "voice": voice } } });
    let sound = |answer: &Answer| answer.json()["candidates"][0]["content"]["parts"][0]["inlineData"].clone();
    let new = sound(&generate(&simulator, "gemini-3.8-flash-tts", "The moon is far away.", &config("Kore")));
    let wav = decode(&new["data"]);
    let reader = hound::WavReader::new(wav.as_slice()).expect("it is a WAV");
    assert_eq!((new["mimeType"].as_str(), reader.spec().sample_rate), (Some("audio/wav"), 24_000));
    let old = sound(&generate(&simulator, "gemini-2.5-flash-preview-tts", "The moon is far away.", &config("Kore")));
    assert_eq!(old["mimeType"], "audio/L16;codec=pcm;rate=24000");
    // espeak-ng reads the same text a few milliseconds faster or slower.
    let apart = decode(&old["data"]).len().abs_diff(reader.len() as usize * 2);
    assert!(apart < 2 * 24_000 / 50, "{apart} bytes apart");

    misbehave(&simulator, "gemini", "speech", FaultKind::StreamedWav);
    let streamed = decode(&sound(&generate(&simulator, "gemini-3.8-flash-tts", "The moon.", &config("Puck")))["data"]);
    assert_eq!(streamed[4..8], [0xFF; 4]);
    let sampled = json!({ "responseModalities": ["AUDIO"], "temperature": 1.0 });
    let refused = generate(&simulator, "gemini-3.8-flash-tts", "The moon.", &sampled);
    assert_eq!((refused.status, &refused.json()["error"]["status"]), (400, &json!("INVALID_ARGUMENT")));
    assert_eq!(generate(&simulator, "gemini-3.8-flash-tts", "The moon.", &config("Nobody")).status, 400);
}

#[test]
fn dead_models_and_bad_keys_get_googles_errors() {
    let simulator = start();
    let dead = generate(&simulator, "gemini-2.5-flash", "Hello", &json!({}));
    assert_eq!((dead.status, &dead.json()["error"]["status"]), (404, &json!("NOT_FOUND")));
    assert!(dead.text().contains("models/gemini-2.5-flash is not found for API version v1beta"));
    assert_eq!(generate(&simulator, "gemini-omni-1.1-flash", "Hello", &json!({})).status, 404);
    let models = |key: &str| get(&simulator, "/gemini/v1beta/models", &[("x-goog-api-key", key)]);
    assert_eq!(models("good-key-0123456789").status, 200);
    assert_eq!(models("").status, 403);
    let bad = models("bad-key");
    assert_eq!((bad.status, &bad.json()["error"]["details"][0]["reason"]), (400, &json!("API_KEY_INVALID")));
    let broke = models("broke-key");
    assert_eq!((broke.status, &broke.json()["error"]["status"]), (429, &json!("RESOURCE_EXHAUSTED")));
    assert_eq!(broke.header("retry-after"), None);
    assert_eq!(get(&simulator, "/gemini/v1beta/models/gemini-3.8-flash", &KEY).json()["name"], "models/gemini-3.8-flash");
}
