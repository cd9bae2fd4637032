//! ElevenLabs.

use providers::simulator::{FaultKind, Simulator};
use serde_json::{Value, json};

use super::client::{Answer, decode, get, misbehave, path_of, post, post_form, start};

const KEY: [(&str, &str); 1] = [("xi-api-key", "good-key-0123456789")];
const TEXT: &str = "Three days away, waiting for the next ones.";

fn speak(simulator: &Simulator, voice: &str, body: &Value) -> Answer {
    post(simulator, &format!("/elevenlabs/v1/text-to-speech/{voice}/with-timestamps?output_format=mp3_44100_128"), &KEY, body)
}

#[test]
fn speech_has_the_times_of_its_characters() {
    let simulator = start();
    let body = json!({ "text": TEXT, "model_id": "eleven_flash_v2_5" });
    let answer = speak(&simulator, "21m00Tcm4TlvDq8ikWAM", &body).json();
    let alignment = &answer["alignment"];
    let list = |name: &str| alignment[name].as_array().cloned().unwrap_or_default();
    let text: String = list("characters").iter().filter_map(Value::as_str).collect();
    assert_eq!(text, TEXT);
    let (starts, ends) = (list("character_start_times_seconds"), list("character_end_times_seconds"));
    assert_eq!((starts.len(), ends.len()), (TEXT.len(), TEXT.len()));
    assert!(starts.iter().zip(&ends).all(|(start, end)| start.as_f64() <= end.as_f64()));

    // What was made here is aligned by its true times.
    let sound = decode(&answer["audio_base64"]);
    let fields: [(&str, &[u8]); 2] = [("file", &sound), ("text", TEXT.as_bytes())];
    let aligned = post_form(&simulator, "/elevenlabs/v1/forced-alignment", &KEY, &fields).json();
    assert_eq!(aligned["words"].as_array().map(Vec::len), Some(8));
    let second = aligned["words"][1]["start"].as_f64().unwrap_or_default();
    let told = starts["Three ".len()].as_f64().unwrap_or_default();
    assert!((second - told).abs() < 0.002, "{second} s and {told} s");
    assert_eq!(speak(&simulator, "missing", &body).status, 404);
}

#[test]
fn voices_have_previews() {
    let simulator = start();
    let voices = get(&simulator, "/elevenlabs/v1/voices", &KEY).json();
    let preview = get(&simulator, &path_of(&voices["voices"][0]["preview_url"]), &[]);
    assert_eq!(preview.header("content-type").as_deref(), Some("audio/mpeg"));
    assert_eq!(get(&simulator, "/elevenlabs/v1/user/subscription", &KEY).json()["status"], "active");
    assert_eq!(get(&simulator, "/elevenlabs/v1/models", &KEY).json()[0]["model_id"], "eleven_v3");
}

#[test]
fn music_is_as_long_as_asked() {
    let simulator = start();
    let body = json!({ "prompt": "calm piano", "music_length_ms": 5_000, "force_instrumental": true });
    let song = post(&simulator, "/elevenlabs/v1/music?output_format=wav_44100", &KEY, &body);
    let reader = hound::WavReader::new(song.body.as_slice()).expect("it is a WAV");
    assert!((f64::from(reader.duration()) / 44_100.0 - 5.0).abs() < 0.1);
    misbehave(&simulator, "elevenlabs", "music", FaultKind::Refusal);
    let refused = post(&simulator, "/elevenlabs/v1/music", &KEY, &body);
    assert_eq!((refused.status, &refused.json()["detail"]["status"]), (400, &json!("bad_prompt")));
}

#[test]
fn keys_get_elevenlabs_errors() {
    let simulator = start();
    let check = |key: &str, status: u16, kind: &str| {
        let answer = get(&simulator, "/elevenlabs/v1/voices", &[("xi-api-key", key)]);
        assert_eq!((answer.status, &answer.json()["detail"]["status"]), (status, &json!(kind)), "{key}");
    };
    check("", 401, "needs_authorization");
    check("bad-key", 401, "invalid_api_key");
    check("broke-key", 401, "quota_exceeded");
}
