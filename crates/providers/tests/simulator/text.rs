//! Groq and Ollama.

use providers::simulator::FaultKind;
use serde_json::{Value, json};

use super::client::{get, misbehave, post, start};

const KEY: [(&str, &str); 1] = [("authorization", "Bearer good-key-0123456789")];

#[test]
fn groq_speaks_short_texts_as_wav() {
    let simulator = start();
    let speak = |model: &str, input: &str, voice: &str| {
        let body = json!({ "model": model, "input": input, "voice": voice, "response_format": "wav" });
        post(&simulator, "/groq/openai/v1/audio/speech", &KEY, &body)
    };
    let model = "canopylabs/orpheus-v1-english";
    let whole = speak(model, "Three days away.", "troy");
    let length = hound::WavReader::new(whole.body.as_slice()).expect("it is a WAV").len();
    assert!(length > 12_000, "{length} samples");
    assert_eq!(speak(model, &"a ".repeat(101), "troy").status, 400);
    assert_eq!(speak(model, "Three days away.", "fahad").status, 400);
    assert_eq!(speak("playai-tts", "Three days away.", "Fritz-PlayAI").json()["error"]["code"], "model_decommissioned");
    misbehave(&simulator, "groq", "speech", FaultKind::StreamedWav);
    let streamed = speak(model, "Three days away.", "troy");
    assert_eq!((&streamed.body[..4], &streamed.body[4..8]), (&b"RIFF"[..], &[0xFF; 4][..]));
    assert_eq!(get(&simulator, "/groq/openai/v1/models/openai/gpt-oss-20b", &KEY).json()["id"], "openai/gpt-oss-20b");
    let broke = get(&simulator, "/groq/openai/v1/models", &[("authorization", "Bearer broke")]);
    assert_eq!((broke.status, &broke.json()["error"]["type"]), (402, &json!("billing")));
}

#[test]
fn ollama_follows_a_format() {
    let simulator = start();
    let chat = |model: &str, stream: bool| {
        let format = json!({ "type": "object", "properties": { "scenes": { "type": "array", "items": { "type": "object", "properties": { "narration": { "type": "string" } } } } } });
        let messages = json!([{ "role": "user", "content": "Topic: bees\nexactly 3 scenes, 20 seconds" }]);
        post(
            &simulator,
            "/ollama/api/chat",
            &[],
            &json!({ "model": model, "messages": messages, "stream": stream, "format": format }),
        )
    };
    let answer = chat("llama3.2", false).json();
    let script: Value =
        serde_json::from_str(answer["message"]["content"].as_str().unwrap_or_default()).expect("the script is JSON");
    assert_eq!(script["scenes"].as_array().map(Vec::len), Some(3));
    assert_eq!((&answer["done"], &answer["done_reason"]), (&json!(true), &json!("stop")));
    let lines = chat("llama3.2", true).text();
    assert!(lines.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()) && lines.lines().count() == 2, "{lines}");
    let missing = chat("missing", false);
    assert_eq!((missing.status, missing.json()), (404, json!({ "error": "model 'missing' not found" })));
    assert_eq!(get(&simulator, "/ollama/api/tags", &[]).json()["models"][0]["name"], "llama3.2:latest");
    misbehave(&simulator, "ollama", "script", FaultKind::Unavailable);
    assert_eq!(chat("llama3.2", false).status, 503);
}
