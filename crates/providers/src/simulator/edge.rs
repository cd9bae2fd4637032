//! Edge's read-aloud service: voices over HTTP, speech over a websocket, no key but a token of the date.
//!
//! One connection's talk is in `talk`, reading and writing its messages in `message`.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, WebSocketUpgrade};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::call::{Asked, Call, Key};
use super::fault::FaultKind;
use super::reply::Reply;
use super::server;
use super::vendor::{Trouble, Vendor};
use super::world::World;

mod message;
mod talk;

/// The vendor, where it speaks HTTP.
pub(super) struct Edge;

/// Where the websocket is, after the vendor's segment.
const SOCKET: &str = "consumer/speech/synthesize/readaloud/edge/v1";
const VOICES: &str = "consumer/speech/synthesize/readaloud/voices/list";

/// Short names, genders and languages.
const VOICE_LIST: [(&str, &str, &str); 10] = [
    ("en-US-AriaNeural", "Female", "English (United States)"),
    ("en-US-GuyNeural", "Male", "English (United States)"),
    ("en-GB-SoniaNeural", "Female", "English (United Kingdom)"),
    ("en-GB-RyanNeural", "Male", "English (United Kingdom)"),
    ("pt-BR-FranciscaNeural", "Female", "Portuguese (Brazil)"),
    ("pt-BR-AntonioNeural", "Male", "Portuguese (Brazil)"),
    ("es-ES-ElviraNeural", "Female", "Spanish (Spain)"),
    ("es-MX-JorgeNeural", "Male", "Spanish (Mexico)"),
    ("fr-FR-DeniseNeural", "Female", "French (France)"),
    ("de-DE-ConradNeural", "Male", "German (Germany)"),
];

impl Vendor for Edge {
    fn name(&self) -> &'static str {
        "edge"
    }

    fn key(&self, _: &Call) -> Key {
        Key::NotNeeded
    }

    fn read(&self, call: &Call) -> Asked {
        match call.path.trim_end_matches('/') {
            VOICES => Asked::new("voices", ""),
            SOCKET => Asked::new("speech", ""),
            _ => Asked::new("unknown", ""),
        }
    }

    fn trouble(&self, trouble: &Trouble, _: &Call, _: &Asked) -> Reply {
        let plain =
            |status: u16| Reply { media_type: "text/plain".to_owned(), body: "".into(), ..Reply::json(status, &Value::Null) };
        match trouble {
            Trouble::NoKey | Trouble::BadKey | Trouble::NoMoney => plain(403),
            Trouble::NoModel | Trouble::NoRoute => plain(404),
            Trouble::TooMany(after) => plain(429).retry_after(*after),
            Trouble::Broken => plain(500),
            Trouble::Overloaded(after) => plain(503).retry_after(*after),
        }
    }

    fn answer(&self, _: &World, call: &Call, asked: &Asked, bend: Option<FaultKind>) -> Reply {
        match asked.ability {
            "voices" if call.parameter("trustedclienttoken").is_none_or(str::is_empty) => {
                self.trouble(&Trouble::NoKey, call, asked)
            }
            "voices" if bend == Some(FaultKind::Empty) => Reply::ok(&json!([])),
            "voices" => Reply::ok(&VOICE_LIST.map(described).into()),
            // The websocket without a handshake.
            "speech" => Reply::json(426, &Value::Null),
            _ => self.trouble(&Trouble::NoRoute, call, asked),
        }
    }
}

fn described((name, gender, language): (&str, &str, &str)) -> Value {
    let locale = locale(name);
    let own = name.trim_start_matches(&locale).trim_start_matches('-');
    json!({
        "Name": format!("Microsoft Server Speech Text to Speech Voice ({locale}, {own})"), "ShortName": name, "Gender": gender, "Locale": locale,
        "SuggestedCodec": "audio-24khz-48kbitrate-mono-mp3",
        "FriendlyName": format!("Microsoft {} Online (Natural) - {language}", own.trim_end_matches("Neural")), "Status": "GA",
        "VoiceTag": { "ContentCategories": ["General"], "VoicePersonalities": ["Friendly", "Positive"] },
    })
}

/// `pt-BR` of `pt-BR-AntonioNeural`.
fn locale(name: &str) -> String {
    name.splitn(3, '-').take(2).collect::<Vec<_>>().join("-")
}

/// A voice by its short or long name: locale, and whether it is a woman's.
fn voice(name: &str) -> Option<(String, bool)> {
    let found = VOICE_LIST.into_iter().find(|(short, ..)| {
        let own = short.rsplit('-').next().unwrap_or_default();
        name == *short || name.ends_with(&format!("({}, {own})", locale(short)))
    });
    found.map(|(short, gender, _)| (locale(short), gender == "Female"))
}

/// Is this the websocket's handshake?
pub(super) fn is_handshake(rest: &str, request: &Request) -> bool {
    rest.trim_end_matches('/') == SOCKET && request.headers().contains_key("sec-websocket-key")
}

/// Shakes hands if the token is there, and goes on talking in the background.
pub(super) async fn shake_hands(world: Arc<World>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let call = Call {
        method: parts.method.clone(),
        path: SOCKET.to_owned(),
        query: server::query(&parts.uri),
        headers: parts.headers.clone(),
        body: bytes::Bytes::new(),
    };
    let asked = Asked::new("speech", "");
    let ordered = world.faults.take("edge", "speech");
    tokio::time::sleep(std::time::Duration::from_millis(ordered.latency)).await;
    let shut = match &ordered.fault {
        _ if !has_token(&call) => Some(Edge.trouble(&Trouble::BadKey, &call, &asked)),
        Some(fault) if fault.kind == FaultKind::Html => Some(server::html(fault.status.unwrap_or(502))),
        Some(fault) => server::trouble(fault).map(|trouble| Edge.trouble(&trouble, &call, &asked)),
        None => None,
    };
    if let Some(reply) = shut {
        let number = world.ledger.arrived("edge", &Key::NotNeeded, &call, &asked);
        world.ledger.answered(number, ordered.name().as_deref(), &reply);
        return server::respond(reply);
    }
    match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade.on_upgrade(move |socket| talk::talk(world, socket, call, ordered)),
        Err(rejection) => rejection.into_response(),
    }
}

/// The second version's token: 16 and 64 hexadecimal digits, joined by a hyphen, and a version that says so.
fn has_token(call: &Call) -> bool {
    let hexadecimal = |text: &str, length: usize| text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let token = call.parameter("Sec-MS-GEC").and_then(|token| token.split_once('-'));
    let token = token.is_some_and(|(first, second)| hexadecimal(first, 16) && hexadecimal(second, 64));
    let version = call.parameter("Sec-MS-GEC-Version").is_some_and(|version| version.starts_with("2-"));
    token && version && call.parameter("TrustedClientToken").is_some_and(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn voices_go_by_both_names() {
        let check = |name: &str, expected: Option<(&str, bool)>| {
            assert_eq!(voice(name).as_ref().map(|(locale, woman)| (locale.as_str(), *woman)), expected, "{name}");
        };
        check("pt-BR-AntonioNeural", Some(("pt-BR", false)));
        check("Microsoft Server Speech Text to Speech Voice (en-US, AriaNeural)", Some(("en-US", true)));
        check("en-US-NobodyNeural", None);
    }
}
