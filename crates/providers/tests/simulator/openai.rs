//! OpenAI and its compatibles.

use providers::simulator::{FaultKind, Simulator};
use serde_json::{Value, json};

use super::client::{Answer, decode, get, misbehave, path_of, post, post_form, start};

const KEY: [(&str, &str); 1] = [("authorization", "Bearer good-key-0123456789")];

fn chat(simulator: &Simulator, model: &str, format: &Value) -> Answer {
    let messages = json!([{ "role": "user", "content": "Topic: bees, as JSON\nexactly 4 scenes, 30 seconds" }]);
    let body = json!({ "model": model, "messages": messages, "response_format": format });
    post(simulator, "/openai/v1/chat/completions", &KEY, &body)
}

fn strict(additional: bool) -> Value {
    let scene = json!({ "type": "object", "properties": { "narration": { "type": "string" } }, "required": ["narration"], "additionalProperties": false });
    let schema = json!({ "type": "object", "properties": { "scenes": { "type": "array", "items": scene } }, "required": ["scenes"], "additionalProperties": additional });
    json!({ "type": "json_schema", "json_schema": { "name": "script", "strict": true, "schema": schema } })
}

#[test]
fn chat_answers_in_the_asked_format() {
    let simulator = start();
    let script = |answer: &Answer| {
        let text = answer.json()["choices"][0]["message"]["content"].as_str().unwrap_or_default().to_owned();
        serde_json::from_str::<Value>(&text).unwrap_or_default()["scenes"].as_array().map(Vec::len)
    };
    assert_eq!(script(&chat(&simulator, "gpt-5.2", &strict(false))), Some(4));
    assert_eq!(script(&chat(&simulator, "gpt-5.2", &json!({ "type": "json_object" }))), Some(4));
    let loose = chat(&simulator, "gpt-5.2", &strict(true));
    assert!(loose.status == 400 && loose.text().contains("additionalProperties"), "{}", loose.text());
    assert_eq!(chat(&simulator, "local-nojsonschema", &strict(false)).status, 400);
    assert_eq!(chat(&simulator, "gone-4", &strict(false)).json()["error"]["code"], "model_not_found");
    misbehave(&simulator, "openai", "script", FaultKind::Refusal);
    let refused = chat(&simulator, "gpt-5.2", &strict(false)).json();
    assert!(refused["choices"][0]["message"]["refusal"].is_string(), "{refused}");
}

#[test]
fn pictures_come_inside_or_behind_a_link() {
    let simulator = start();
    let draw = |body: &Value| post(&simulator, "/openai/v1/images/generations", &KEY, body);
    let inside = draw(&json!({ "model": "gpt-image-2", "prompt": "A fox", "size": "512x768" })).json();
    let picture = image::load_from_memory(&decode(&inside["data"][0]["b64_json"])).expect("it is a picture");
    assert_eq!((picture.width(), picture.height()), (512, 768));
    let linked = draw(&json!({ "model": "flux", "prompt": "A fox", "size": "512x512", "response_format": "url" })).json();
    let file = get(&simulator, &path_of(&linked["data"][0]["url"]), &[]);
    assert_eq!((file.status, file.header("content-type").as_deref()), (200, Some("image/png")));
    misbehave(&simulator, "openai", "image", FaultKind::Refusal);
    let refused = draw(&json!({ "model": "gpt-image-2", "prompt": "A fox" }));
    assert_eq!((refused.status, &refused.json()["error"]["code"]), (400, &json!("content_policy_violation")));
    let fields: [(&str, &[u8]); 4] =
        [("model", b"gpt-image-2"), ("prompt", b"In a hat"), ("size", b"256x256"), ("image[]", &file.body)];
    let edited = post_form(&simulator, "/openai/v1/images/edits", &KEY, &fields);
    assert!(edited.json()["data"][0]["b64_json"].is_string(), "{}", edited.text());
    assert_eq!(simulator.calls().last().map(|call| call.details["references"].clone()), Some(json!(1)));
}

#[test]
fn speech_comes_as_a_file() {
    let simulator = start();
    let speak = |format: &str, speed: f64| {
        let body =
            json!({ "model": "tts-1", "input": "Three days away.", "voice": "nova", "response_format": format, "speed": speed });
        post(&simulator, "/openai/v1/audio/speech", &KEY, &body)
    };
    let length = |answer: &Answer| hound::WavReader::new(answer.body.as_slice()).map(|reader| reader.len()).unwrap_or_default();
    let (usual, fast) = (speak("wav", 1.0), speak("wav", 2.0));
    let ratio = f64::from(length(&usual)) / f64::from(length(&fast).max(1));
    assert!((1.8..2.2).contains(&ratio), "twice as fast is {ratio} times as short");
    let mp3 = speak("mp3", 1.0);
    assert_eq!(mp3.header("content-type").as_deref(), Some("audio/mpeg"));
    assert!(mp3.body.starts_with(b"ID3") || mp3.body.starts_with(&[0xFF]), "{:?}", &mp3.body[..4]);
    assert_eq!(speak("wma", 1.0).status, 400);
}

#[test]
fn keys_get_openais_errors() {
    let simulator = start();
    let models = |key: &str| get(&simulator, "/openai/v1/models", &[("authorization", &format!("Bearer {key}"))]);
    assert_eq!(models("good-key-0123456789").status, 200);
    let bad = models("bad-key-0123456789abcdef");
    assert_eq!((bad.status, &bad.json()["error"]["code"]), (401, &json!("invalid_api_key")));
    assert!(!bad.text().contains("0123456789"), "the key is masked: {}", bad.text());
    let broke = models("broke-key");
    assert_eq!((broke.status, &broke.json()["error"]["code"]), (429, &json!("insufficient_quota")));
}
