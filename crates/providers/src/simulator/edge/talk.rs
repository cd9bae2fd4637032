//! One connection: the client sends its configuration and then texts; each text is one turn.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use serde_json::{Value, json};

use super::super::call::{Asked, Call, Key};
use super::super::fault::{Fault, FaultKind, Ordered};
use super::super::media::{self, SoundFormat, SpeechOrder, Spoken};
use super::super::reply::Reply;
use super::super::world::World;
use super::message::{self, Wish};
use super::voice;

/// Bytes of sound in one message.
const PIECE: usize = 720 * 4;
/// The websocket's code for data that can't be read.
const UNREADABLE: u16 = 1007;

/// Talks until the client goes or something is wrong. The fault is for the first turn.
pub(super) async fn talk(world: Arc<World>, mut socket: WebSocket, call: Call, mut ordered: Ordered) {
    let mut format = None;
    while let Some(Ok(received)) = socket.recv().await {
        let Message::Text(text) = received else { continue };
        let Some(incoming) = message::read(&text) else { continue };
        match incoming.path {
            "speech.config" => format = output_format(incoming.body),
            "ssml" => {
                let said = turn(&world, &mut socket, &call, incoming.body, incoming.request, format, &ordered).await;
                if let Err(problem) = said {
                    let frame = CloseFrame { code: UNREADABLE, reason: problem.into() };
                    let _ = socket.send(Message::Close(Some(frame))).await;
                    return;
                }
                if ordered.fault.as_ref().is_some_and(|fault| fault.kind == FaultKind::Cut) {
                    return;
                }
                ordered = Ordered::default();
            }
            _ => {}
        }
    }
}

/// The format of a configuration; `None` when it is none that is known.
fn output_format(config: &str) -> Option<SoundFormat> {
    let config: Value = serde_json::from_str(config).ok()?;
    match config["context"]["synthesis"]["audio"]["outputFormat"].as_str()? {
        "audio-24khz-48kbitrate-mono-mp3" => Some(SoundFormat::Mp3 { rate: 24_000, kilobits: 48 }),
        "audio-24khz-96kbitrate-mono-mp3" => Some(SoundFormat::Mp3 { rate: 24_000, kilobits: 96 }),
        _ => None,
    }
}

/// Answers one text. An error closes the connection.
async fn turn(
    world: &Arc<World>,
    socket: &mut WebSocket,
    call: &Call,
    ssml: &str,
    request: &str,
    format: Option<SoundFormat>,
    ordered: &Ordered,
) -> Result<(), String> {
    let read = message::wish(ssml).and_then(|wish| Ok((wish, format.ok_or("Unsupported output format")?)));
    let asked = read.as_ref().map_or_else(|_| Asked::new("speech", ""), |(wish, _)| details(wish));
    let number = world.ledger.arrived("edge", &Key::NotNeeded, &told(call, ssml), &asked);
    let (wish, format) = match read {
        Ok(read) => read,
        Err(problem) => {
            world.ledger.answered(number, ordered.name().as_deref(), &Reply::json(400, &Value::Null));
            return Err(problem);
        }
    };
    let fault = ordered.fault.as_ref();
    let characters = wish.text.chars().count();
    let spoken = spoken(world, wish, format, fault).await;
    let reply = Reply::ok(&Value::Null).priced("characters", characters as f64, 0.0);
    world.ledger.answered(number, ordered.name().as_deref(), &reply);
    // A client that has gone away is no error of anybody's.
    let _ = say(socket, request, spoken.as_ref(), fault).await;
    Ok(())
}

fn details(wish: &Wish) -> Asked {
    Asked::new("speech", "").with("prompt", wish.text.as_str()).with("voice", wish.voice.as_str()).with("speed", wish.speed)
}

/// The handshake's call, with the text as its body.
fn told(call: &Call, ssml: &str) -> Call {
    Call {
        method: call.method.clone(),
        path: call.path.clone(),
        query: Vec::new(),
        headers: call.headers.clone(),
        body: ssml.to_owned().into(),
    }
}

/// The speech; nothing for a voice that does not exist, as over there.
async fn spoken(world: &Arc<World>, wish: Wish, format: SoundFormat, fault: Option<&Fault>) -> Option<Spoken> {
    if matches!(fault, Some(Fault { kind: FaultKind::Empty | FaultKind::Refusal, .. })) {
        return None;
    }
    let (language, woman) = voice(&wish.voice)?;
    let order = SpeechOrder {
        text: wish.text,
        language: Some(language),
        voice: wish.voice,
        woman: Some(woman),
        speed: wish.speed,
        format,
    };
    let spoken = tokio::task::spawn_blocking(move || media::speech(&order)).await.ok()?.ok()?;
    world.sounds.remember(&spoken);
    Some(spoken)
}

/// Sends a whole turn, or half of it when the connection is to be cut.
async fn say(socket: &mut WebSocket, request: &str, spoken: Option<&Spoken>, fault: Option<&Fault>) -> Result<(), axum::Error> {
    let kind = fault.map(|fault| fault.kind);
    let context = json!({ "serviceTag": message::stream(request) });
    let start = json!({ "context": context });
    socket.send(Message::Text(message::text(request, "turn.start", &start).into())).await?;
    let inline = json!({ "context": context, "audio": { "type": "inline", "streamId": message::stream(request) } });
    socket.send(Message::Text(message::text(request, "response", &inline).into())).await?;
    if let Some(spoken) = spoken {
        for word in &spoken.words {
            let mut told = message::text(request, "audio.metadata", &message::boundary(word));
            if kind == Some(FaultKind::MalformedJson) {
                told.truncate(told.len() - 4);
            }
            socket.send(Message::Text(told.into())).await?;
        }
        let media = spoken.media.clone();
        let media = if kind == Some(FaultKind::WrongMediaType) { media.mislabelled() } else { media };
        let pieces: Vec<&[u8]> = media.bytes.chunks(PIECE).collect();
        let count = if kind == Some(FaultKind::Cut) { pieces.len() / 2 } else { pieces.len() };
        for piece in &pieces[..count] {
            if kind == Some(FaultKind::Drip) {
                tokio::time::sleep(Duration::from_millis(fault.and_then(|fault| fault.ms).unwrap_or(20))).await;
            }
            socket.send(Message::Binary(message::audio(request, piece))).await?;
        }
        if kind == Some(FaultKind::Cut) {
            return Ok(());
        }
        socket.send(Message::Binary(message::audio(request, &[]))).await?;
    }
    socket.send(Message::Text(message::text(request, "turn.end", &json!({})).into())).await
}
