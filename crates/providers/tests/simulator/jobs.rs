//! What takes a vendor minutes: clips by Interactions and Vertex, songs by the Suno wrapper.

use std::io::{Read, Write};
use std::net::TcpListener;

use providers::simulator::{FaultKind, Simulator};
use serde_json::{Value, json};

use super::client::{Answer, decode, get, misbehave, path_of, post, start};

const GOOGLE: [(&str, &str); 1] = [("x-goog-api-key", "good-key-0123456789")];
const BEARER: [(&str, &str); 1] = [("authorization", "Bearer good-key-0123456789")];

fn order_clip(simulator: &Simulator) -> Answer {
    let format = json!({ "type": "video", "delivery": "uri", "aspect_ratio": "9:16", "resolution": "360p", "duration": "3s" });
    let body = json!({ "model": "gemini-omni-1.1-flash", "input": "A fox runs", "background": true, "response_format": format });
    post(simulator, "/gemini/v1beta/interactions", &GOOGLE, &body)
}

fn poll_clip(simulator: &Simulator, id: &Value) -> Value {
    get(simulator, &format!("/gemini/v1beta/interactions/{}", id.as_str().unwrap_or_default()), &GOOGLE).json()
}

/// Is it an MP4?
fn is_clip(bytes: &[u8]) -> bool {
    bytes.get(4..8) == Some(b"ftyp")
}

#[test]
fn an_interaction_ends_with_a_clip_behind_the_key() {
    let simulator = start();
    let ordered = order_clip(&simulator).json();
    assert_eq!(ordered["status"], "queued");
    assert_eq!(poll_clip(&simulator, &ordered["id"])["status"], "in_progress");
    let done = poll_clip(&simulator, &ordered["id"]);
    assert_eq!(done["status"], "completed");
    let path = path_of(&done["steps"][0]["content"][0]["uri"]);
    let file = get(&simulator, &format!("{path}?alt=media"), &GOOGLE);
    assert!(file.status == 200 && is_clip(&file.body), "{:?}", file.header("content-type"));
    assert_eq!(get(&simulator, &path, &GOOGLE).json()["mimeType"], "video/mp4");
    assert_eq!(get(&simulator, &format!("{path}?alt=media"), &[]).status, 403);
    let cost = simulator.calls().first().map(|call| call.cost_usd).unwrap_or_default();
    assert!((cost - 0.3).abs() < 1e-9, "three seconds cost {cost}");

    let unknown = get(&simulator, "/gemini/v1beta/interactions/v1_nothing", &GOOGLE);
    assert_eq!((unknown.status, &unknown.json()["error"]["message"]), (400, &json!("Invalid interaction name")));
    let number = json!({ "model": "gemini-omni-1.1-flash", "input": "x", "response_format": { "type": "video", "duration": 8 } });
    assert_eq!(post(&simulator, "/gemini/v1beta/interactions", &GOOGLE, &number).status, 400);
}

#[test]
fn an_interaction_can_fail_be_refused_be_cancelled_and_never_end() {
    let simulator = start();
    let ending = |kind: FaultKind| {
        misbehave(&simulator, "gemini", "clip", kind);
        let id = order_clip(&simulator).json()["id"].clone();
        poll_clip(&simulator, &id);
        poll_clip(&simulator, &id)
    };
    assert_eq!(ending(FaultKind::JobFails)["status"], "failed");
    assert_eq!(ending(FaultKind::JobNeverEnds)["status"], "in_progress");
    let refused = ending(FaultKind::Refusal);
    assert_eq!((&refused["status"], &refused["steps"][0]["content"][0]["type"]), (&json!("completed"), &json!("text")));
    assert_eq!(ending(FaultKind::Empty)["steps"], json!([]));
    let id = order_clip(&simulator).json()["id"].clone();
    let cancel = format!("/gemini/v1beta/interactions/{}/cancel", id.as_str().unwrap_or_default());
    assert_eq!(post(&simulator, &cancel, &GOOGLE, &json!({})).json()["status"], "cancelled");
    assert_eq!(poll_clip(&simulator, &id)["status"], "cancelled");
}

#[test]
fn an_interaction_answers_text_pictures_and_music_at_once() {
    let simulator = start();
    let ask =
        |body: &Value| post(&simulator, "/gemini/v1beta/interactions", &GOOGLE, body).json()["steps"][0]["content"][0].clone();
    let schema = json!({ "type": "object", "properties": { "title": { "type": "string" } } });
    let format = json!({ "type": "text", "mime_type": "application/json", "schema": schema });
    let text = ask(&json!({ "model": "gemini-3.8-flash", "input": "Topic: bees", "response_format": format }));
    assert!(text["text"].as_str().is_some_and(|text| text.contains("\"title\"")), "{text}");
    let format = json!({ "type": "image", "aspect_ratio": "1:1" });
    let picture = ask(
        &json!({ "model": "gemini-nano-banana-2.1", "input": [{ "type": "text", "text": "A fox" }], "response_format": format }),
    );
    assert!(decode(&picture["data"]).starts_with(b"\x89PNG"));
    let song = ask(&json!({ "model": "lyria-3-clip-preview", "input": "calm piano" }));
    assert_eq!((&song["type"], &song["mime_type"]), (&json!("audio"), &json!("audio/mpeg")));
}

#[test]
fn veo_on_vertex_answers_with_the_clip_itself() {
    let simulator = start();
    let model = "/vertex/v1/projects/p/locations/us-central1/publishers/google/models/veo-3.1-fast-generate-001";
    let order = |seconds: u32| {
        let body = json!({ "instances": [{ "prompt": "A fox runs" }], "parameters": { "aspectRatio": "9:16", "durationSeconds": seconds } });
        post(&simulator, &format!("{model}:predictLongRunning"), &BEARER, &body)
    };
    let fetch = |name: &Value| {
        post(&simulator, &format!("{model}:fetchPredictOperation"), &BEARER, &json!({ "operationName": name })).json()
    };
    let name = order(4).json()["name"].clone();
    assert_eq!(fetch(&name), json!({ "name": name }));
    let done = fetch(&name);
    assert!(done["done"] == true && is_clip(&decode(&done["response"]["videos"][0]["bytesBase64Encoded"])));
    assert_eq!(order(5).status, 400);
    misbehave(&simulator, "vertex", "clip", FaultKind::Refusal);
    let name = order(4).json()["name"].clone();
    fetch(&name);
    assert_eq!(fetch(&name)["response"]["raiMediaFilteredCount"], 1);
    assert_eq!(
        post(&simulator, &format!("{model}:predictLongRunning"), &[], &json!({})).json()["error"]["status"],
        "UNAUTHENTICATED"
    );
}

fn order_song(simulator: &Simulator, callback: &str) -> Answer {
    let body = json!({ "customMode": true, "instrumental": true, "style": "calm piano", "title": "Bees", "model": "V5", "callBackUrl": callback });
    post(simulator, "/suno/api/v1/generate", &BEARER, &body)
}

fn poll_song(simulator: &Simulator, id: &Value) -> Value {
    let path = format!("/suno/api/v1/generate/record-info?taskId={}", id.as_str().unwrap_or_default());
    get(simulator, &path, &BEARER).json()["data"].clone()
}

#[test]
fn suno_makes_two_songs_or_says_why_not() {
    let simulator = start();
    let nowhere = "https://example.com/callback";
    let id = order_song(&simulator, nowhere).json()["data"]["taskId"].clone();
    assert_eq!(poll_song(&simulator, &id)["status"], "TEXT_SUCCESS");
    let done = poll_song(&simulator, &id);
    assert_eq!((&done["status"], done["response"]["sunoData"].as_array().map(Vec::len)), (&json!("SUCCESS"), Some(2)));
    let song = get(&simulator, &path_of(&done["response"]["sunoData"][0]["audioUrl"]), &[]);
    assert_eq!(song.header("content-type").as_deref(), Some("audio/mpeg"));
    let check = |kind: FaultKind, expected: &str| {
        misbehave(&simulator, "suno", "music", kind);
        let id = order_song(&simulator, nowhere).json()["data"]["taskId"].clone();
        poll_song(&simulator, &id);
        assert_eq!(poll_song(&simulator, &id)["status"], expected, "{kind:?}");
    };
    check(FaultKind::JobFails, "GENERATE_AUDIO_FAILED");
    check(FaultKind::JobNotBegun, "CREATE_TASK_FAILED");
    check(FaultKind::Refusal, "SENSITIVE_WORD_ERROR");
    check(FaultKind::JobNeverEnds, "PENDING");
    let poor = get(&simulator, "/suno/api/v1/generate/credit", &[("authorization", "Bearer broke")]);
    assert_eq!((poor.status, &poor.json()["code"]), (200, &json!(429)));
    assert_eq!(order_song(&simulator, "").json()["code"], 422);
}

#[test]
fn suno_calls_back_on_this_machine() {
    let simulator = start();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port can be listened on");
    let address = listener.local_addr().expect("it has an address");
    let id = order_song(&simulator, &format!("http://{address}/done?token=x")).json()["data"]["taskId"].clone();
    let (mut stream, _) = listener.accept().expect("the vendor calls back");
    let mut request = Vec::new();
    let mut piece = [0; 4_096];
    while !request.ends_with(b"}") {
        let count = stream.read(&mut piece).expect("the call can be read");
        assert!(count > 0, "the call ends early: {}", String::from_utf8_lossy(&request));
        request.extend(&piece[..count]);
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").expect("the call can be answered");
    let text = String::from_utf8_lossy(&request).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").expect("a call has a head");
    let body: Value = serde_json::from_str(body).expect("the call's body is JSON");
    assert!(head.starts_with("POST /done?token=x HTTP/1.1"), "{head}");
    assert_eq!((&body["data"]["callbackType"], &body["data"]["task_id"]), (&json!("complete"), &id));
    assert_eq!(body["data"]["data"].as_array().map(Vec::len), Some(2));
    assert_eq!(poll_song(&simulator, &id)["status"], "SUCCESS");
}
