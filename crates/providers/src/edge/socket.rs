//! One connection to Edge's service: opened, told what to say, listened to until the text is said.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use futures::{SinkExt, StreamExt};
use reqwest::Url;
use reqwest::header::{CACHE_CONTROL, HeaderValue, ORIGIN, PRAGMA, RETRY_AFTER, USER_AGENT};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::{Request, Response};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::message::{self, Heard, Order};
use super::token;
use crate::api::Api;
use crate::error::ProviderError;
use crate::spoken::Piece;
use crate::vendor::Vendor;

/// Where the websocket is, after the origin.
const PATH: &str = "/consumer/speech/synthesize/readaloud/edge/v1";
/// The browser's part that the service is made for.
const EXTENSION: &str = "chrome-extension://jdiccldimpdaibmpdkjnbmckianbfold";
const BROWSER: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/155.0.0.0 Safari/537.36 Edg/155.0.0.0";
/// A connection that takes longer to open will not open.
const CONNECT: Duration = Duration::from_secs(15);
/// Texts of the greatest length are said in less.
const ANSWER: Duration = Duration::from_secs(120);
/// The longest sound that is taken, in bytes: an hour.
const MOST: usize = 24 << 20;

/// What came back.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) sound: Bytes,
    /// None when a message about them could not be read.
    pub(super) pieces: Vec<Piece>,
}

/// Has one text said. Nothing is charged, so that whatever is lost on the way may be asked for again.
pub(super) async fn talk(api: &Api, order: &Order<'_>, now: DateTime<Utc>) -> Result<Said, ProviderError> {
    let breakers = api.http.breakers();
    breakers.check(Vendor::Edge)?;
    let said = converse(&api.base, order, now).await;
    // As with those that are asked by HTTP: whoever answers "no" or "not now" is there.
    match &said {
        Err(Trouble { away: true, .. }) => breakers.failed(Vendor::Edge),
        _ => breakers.answered(Vendor::Edge),
    }
    said.map_err(|trouble| trouble.error)
}

async fn converse(base: &str, order: &Order<'_>, now: DateTime<Utc>) -> Result<Said, Trouble> {
    let late = |_| Trouble::silence("Edge did not answer in time");
    let request = request(base, order, now)?;
    let (mut socket, _) = tokio::time::timeout(CONNECT, connect_async(request)).await.map_err(late)?.map_err(class)?;
    for message in [message::configuration(now), message::ssml(order, now)] {
        socket.send(Message::text(message)).await.map_err(class)?;
    }
    let said = tokio::time::timeout(ANSWER, listen(&mut socket)).await.map_err(late)?;
    // Whether the farewell arrives changes nothing.
    let _ = tokio::time::timeout(Duration::from_secs(1), socket.close(None)).await;
    said
}

/// Why nothing was said.
#[derive(Debug)]
struct Trouble {
    error: ProviderError,
    /// Whether the service is silent or in trouble itself.
    away: bool,
}

impl Trouble {
    fn silence(said: &str) -> Self {
        Self { error: ProviderError::retry(said), away: true }
    }
}

/// An answer, if not the wanted one.
impl From<ProviderError> for Trouble {
    fn from(error: ProviderError) -> Self {
        Self { error, away: false }
    }
}

fn request(base: &str, order: &Order<'_>, now: DateTime<Utc>) -> Result<Request, ProviderError> {
    let wrong = || ProviderError::Fatal("the request to Edge can't be sent; check its base_url".to_owned());
    let token = token::token(now);
    let mut address = Url::parse(&format!("{}{PATH}", base.replacen("http", "ws", 1))).map_err(|_| wrong())?;
    let pairs = token::query(&token, "TrustedClientToken");
    address.query_pairs_mut().extend_pairs(pairs).append_pair("ConnectionId", order.request);
    let mut request = address.as_str().into_client_request().map_err(|_| wrong())?;
    let headers = request.headers_mut();
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(USER_AGENT, HeaderValue::from_static(BROWSER));
    headers.insert(ORIGIN, HeaderValue::from_static(EXTENSION));
    Ok(request)
}

async fn listen(socket: &mut WebSocketStream<MaybeTlsStream<TcpStream>>) -> Result<Said, Trouble> {
    let (mut sound, mut pieces, mut readable) = (BytesMut::new(), Vec::new(), true);
    while let Some(received) = socket.next().await {
        match received.map_err(class)? {
            Message::Text(text) => match message::read(&text) {
                Heard::Words(words) => pieces.extend(words),
                Heard::End if readable => return Ok(Said { sound: sound.freeze(), pieces }),
                Heard::End => return Ok(Said { sound: sound.freeze(), pieces: Vec::new() }),
                Heard::Other => {}
                Heard::Unreadable => readable = false,
            },
            Message::Binary(bytes) => {
                let Some(part) = message::sound(&bytes) else { continue };
                if sound.len() + part.len() > MOST {
                    let message = format!("Edge sent more than {MOST} bytes; write a shorter narration");
                    return Err(ProviderError::Fatal(message).into());
                }
                sound.extend_from_slice(&part);
            }
            Message::Close(Some(frame)) if !frame.reason.is_empty() => {
                return Err(ProviderError::Fatal(format!("Edge does not take the request: {}", frame.reason)).into());
            }
            Message::Close(_) => break,
            _ => {}
        }
    }
    Err(Trouble::silence("Edge broke the connection off"))
}

fn class(error: Error) -> Trouble {
    match error {
        Error::Http(response) => Trouble { away: response.status().is_server_error(), error: refused(&response) },
        Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            Trouble::silence("Edge can't be reached; check the network")
        }
        Error::Tls(_) => Trouble::silence("Edge can't be reached safely; check the network"),
        Error::Url(_) => ProviderError::Fatal("the request to Edge can't be sent; check its base_url".to_owned()).into(),
        _ => Trouble::silence("Edge broke the connection off"),
    }
}

fn refused(response: &Response) -> ProviderError {
    let after = response.headers().get(RETRY_AFTER).and_then(|seconds| seconds.to_str().ok()?.trim().parse::<u64>().ok());
    let after = after.map(|seconds| Duration::from_secs(seconds.min(3600)));
    match response.status().as_u16() {
        401..=403 => away(),
        429 => ProviderError::Retry { message: "Edge takes no more requests just now (429)".to_owned(), after },
        code @ 500..=599 => ProviderError::Retry { message: format!("Edge is in trouble ({code})"), after },
        code => ProviderError::Unavailable(format!(
            "Microsoft's read-aloud service is not where it was ({code}); choose another voice vendor"
        )),
    }
}

/// The same for the list of voices: there is no key that could be wrong.
pub(super) fn turned_away(error: ProviderError) -> ProviderError {
    match error {
        ProviderError::Unavailable(_) | ProviderError::Quota(_) => away(),
        other => other,
    }
}

fn away() -> ProviderError {
    ProviderError::Unavailable(
        "Microsoft has turned this program's requests away; choose another voice vendor (or set this machine's clock, if it is \
         wrong)"
            .to_owned(),
    )
}
