//! Edge's websocket.

use std::net::TcpStream;

use providers::simulator::{FaultKind, Simulator};
use serde_json::Value;
use tungstenite::{Message, WebSocket};

use super::client::{get, misbehave, start};

const PATH: &str = "/edge/consumer/speech/synthesize/readaloud/edge/v1?TrustedClientToken=t&ConnectionId=c";
const CONFIG: &str = "X-Timestamp:now\r\nContent-Type:application/json; charset=utf-8\r\nPath:speech.config\r\n\r\n{\"context\":{\"synthesis\":{\"audio\":{\"metadataoptions\":{\"sentenceBoundaryEnabled\":\"false\",\"wordBoundaryEnabled\":\"true\"},\"outputFormat\":\"audio-24khz-48kbitrate-mono-mp3\"}}}}";

fn connect(simulator: &Simulator, query: &str) -> Result<WebSocket<TcpStream>, u16> {
    let stream = TcpStream::connect(simulator.address).expect("the simulator listens");
    let address = format!("ws://{}{PATH}{query}", simulator.address);
    match tungstenite::client(address, stream) {
        Ok((socket, _)) => Ok(socket),
        Err(tungstenite::HandshakeError::Failure(tungstenite::Error::Http(answer))) => Err(answer.status().as_u16()),
        Err(other) => panic!("the handshake ends oddly: {other}"),
    }
}

fn token() -> String {
    format!("&Sec-MS-GEC={}-{}&Sec-MS-GEC-Version=2-155.0.4283.45", "0a".repeat(8), "1B".repeat(32))
}

/// Words with their offsets.
type Words = Vec<(String, u64)>;

/// One turn: the sound, and the words with their offsets in units of 100 ns. `None` when the connection ends before.
fn say(socket: &mut WebSocket<TcpStream>, text: &str) -> Option<(Vec<u8>, Words)> {
    let ssml = format!(
        "<speak version='1.0' xmlns='http://www.w3.org/2001/10/synthesis' xml:lang='en-US'><voice name='en-US-GuyNeural'><prosody pitch='+0Hz' rate='+0%' volume='+0%'>{text}</prosody></voice></speak>"
    );
    let message = format!("X-RequestId:4f2a\r\nContent-Type:application/ssml+xml\r\nX-Timestamp:now\r\nPath:ssml\r\n\r\n{ssml}");
    socket.send(Message::text(CONFIG)).and_then(|()| socket.send(Message::text(message))).expect("the texts are taken");
    let (mut sound, mut words) = (Vec::new(), Vec::new());
    loop {
        match socket.read().ok()? {
            Message::Binary(bytes) => {
                let head = usize::from(u16::from_be_bytes([bytes[0], bytes[1]]));
                sound.extend_from_slice(&bytes[2 + head..]);
            }
            Message::Text(text) if text.contains("Path:turn.end") => return Some((sound, words)),
            Message::Text(text) if text.contains("Path:audio.metadata") => {
                let (_, body) = text.split_once("\r\n\r\n")?;
                let body: Value = serde_json::from_str(body).expect("metadata are JSON");
                let data = &body["Metadata"][0]["Data"];
                words.push((data["text"]["Text"].as_str()?.to_owned(), data["Offset"].as_u64()?));
            }
            Message::Close(_) => return None,
            _ => {}
        }
    }
}

#[test]
fn a_turn_brings_sound_and_word_boundaries() {
    let simulator = start();
    let mut socket = connect(&simulator, &token()).expect("the token is there");
    let (sound, words) = say(&mut socket, "You &amp; me, far away.").expect("the turn ends");
    assert!(sound.starts_with(b"ID3") || sound.starts_with(&[0xFF]), "{:?}", &sound[..4]);
    let names: Vec<&str> = words.iter().map(|(word, _)| word.as_str()).collect();
    assert_eq!(names, ["You", "&amp;", "me", "far", "away"]);
    assert!(words.is_sorted_by(|left, right| left.1 < right.1), "{words:?}");
    assert!(words.last().is_some_and(|(_, offset)| *offset > 5_000_000), "{words:?}");
    let calls = simulator.calls();
    assert_eq!(calls[0].details["prompt"], "You & me, far away.");
    // The second turn of the same connection, with a sign that is not escaped.
    assert_eq!(say(&mut socket, "You & me"), None);
}

#[test]
fn without_the_new_token_the_door_stays_shut() {
    let simulator = start();
    let check = |query: &str, status: u16| assert_eq!(connect(&simulator, query).err(), Some(status), "{query}");
    check("", 403);
    check(&format!("&Sec-MS-GEC={}&Sec-MS-GEC-Version=1-130.0.2849.68", "1B".repeat(32)), 403);
    misbehave(&simulator, "edge", "speech", FaultKind::Unavailable);
    check(&token(), 503);
    misbehave(&simulator, "edge", "speech", FaultKind::Cut);
    let mut socket = connect(&simulator, &token()).expect("the token is there");
    assert_eq!(say(&mut socket, "It ends in the middle."), None);
    misbehave(&simulator, "edge", "speech", FaultKind::Empty);
    let mut socket = connect(&simulator, &token()).expect("the token is there");
    assert_eq!(say(&mut socket, "Nothing is heard."), Some((Vec::new(), Vec::new())));
}

#[test]
fn voices_are_listed() {
    let simulator = start();
    let voices = get(&simulator, "/edge/consumer/speech/synthesize/readaloud/voices/list?trustedclienttoken=t", &[]).json();
    assert_eq!(voices[4]["ShortName"], "pt-BR-FranciscaNeural");
    assert_eq!(voices[4]["Name"], "Microsoft Server Speech Text to Speech Voice (pt-BR, FranciscaNeural)");
}
