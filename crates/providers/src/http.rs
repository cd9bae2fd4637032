//! The one HTTP client of all vendors: sends a request, bounds time and size, and turns every kind of trouble into a class.
//!
//! What a vendor's own error codes mean is said by the vendor's module through [`Explain`]. Nothing is sent twice here:
//! trying again is the engine's decision, which follows from the class.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::Value;

use crate::breaker::Breakers;
use crate::error::ProviderError;
use crate::keys::Key;
use crate::resolver::{PublicOnly, is_public};
use crate::vendor::Vendor;

/// A connection that takes longer to open will not open.
const CONNECT: Duration = Duration::from_secs(10);
/// The slowest answers are pictures in high quality and long texts.
const ANSWER: Duration = Duration::from_secs(240);
/// A file's address may point elsewhere so many times.
const HOPS: usize = 5;
/// An error's body is read up to here.
const MOST_OF_ERROR: usize = 64 << 10;
/// Of a request in the log, in characters: pictures come along as text.
const MOST_OF_PROMPT: usize = 4000;
/// The vendor's own words in our sentence, in characters.
const MOST_OF_MESSAGE: usize = 300;

/// The client. Clones share connections and the count of outages.
#[derive(Debug, Clone)]
pub struct Http {
    client: reqwest::Client,
    files: reqwest::Client,
    breakers: Breakers,
}

/// What sending a request twice would mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: it only asks.
    Free,
    /// Perhaps to pay twice.
    Paid,
}

/// An answer with a good status.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The media type without parameters, in lower case; what the vendor says, not what it is.
    pub media_type: String,
    /// All of it.
    pub body: Bytes,
}

/// What a vendor's answer with a bad status means, where its own codes say more than the status.
pub type Explain = fn(status: u16, body: &Value, message: &str) -> Option<ProviderError>;

/// Whether a status and the body that came with it mean that there is no such thing.
pub type Missing = fn(status: u16, body: &Value) -> bool;

/// A vendor's codes say no more than the status does.
pub fn nothing_more(_: u16, _: &Value, _: &str) -> Option<ProviderError> {
    None
}

/// What belongs to a request besides itself.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// Who is asked.
    pub vendor: Vendor,
    /// The key in it: kept out of every message.
    pub key: Option<&'a Key>,
    /// Whether it costs.
    pub effect: Effect,
    /// The largest answer that is taken, in bytes.
    pub most: usize,
    /// The vendor's codes.
    pub explain: Explain,
}

impl Http {
    /// A client whose calls follow no redirects: a key must not travel on to wherever a redirect points.
    ///
    /// # Errors
    /// When the system has no usable TLS roots.
    pub fn new() -> Result<Self, ProviderError> {
        // An error says that the process has one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = || {
            let builder = reqwest::Client::builder().connect_timeout(CONNECT).timeout(ANSWER);
            builder.user_agent(concat!("shortsai/", env!("CARGO_PKG_VERSION")))
        };
        let impossible = |error| ProviderError::Fatal(format!("no HTTP client could be made: {error}"));
        let client = builder().redirect(Policy::none()).build().map_err(impossible)?;
        let only_public = Policy::custom(|attempt| match attempt.previous().len() < HOPS && is_public(attempt.url()) {
            true => attempt.follow(),
            false => attempt.stop(),
        });
        let files = builder().redirect(only_public).dns_resolver(Arc::new(PublicOnly)).build().map_err(impossible)?;
        Ok(Self { client, files, breakers: Breakers::default() })
    }

    /// The client, to build requests with.
    pub fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// The client for files that a vendor names: it carries no key, and follows redirects, but never into this network.
    pub fn files(&self) -> &reqwest::Client {
        &self.files
    }

    /// Sends the request and reads the whole answer.
    ///
    /// # Errors
    /// Classed by what is known: a request that never left or was turned away may be sent again, one whose answer was lost
    /// may not if it costs.
    pub async fn send(&self, request: RequestBuilder, terms: Terms<'_>) -> Result<Answer, ProviderError> {
        match self.answered(request, terms).await? {
            response if response.status().is_success() => take(response, terms).await,
            response => Err(Refusal::read(response, terms).await.error(terms)),
        }
    }

    /// Asks for something that may not be there: `None` where `missing` knows the answer's status and body as a vendor's "no
    /// such thing".
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn find(
        &self,
        request: RequestBuilder,
        terms: Terms<'_>,
        missing: Missing,
    ) -> Result<Option<Answer>, ProviderError> {
        let response = self.answered(request, terms).await?;
        if response.status().is_success() {
            return take(response, terms).await.map(Some);
        }
        let refusal = Refusal::read(response, terms).await;
        if missing(refusal.status.as_u16(), &refusal.body) { Ok(None) } else { Err(refusal.error(terms)) }
    }

    /// Sends the request, unless the vendor is being left alone.
    async fn answered(&self, request: RequestBuilder, terms: Terms<'_>) -> Result<Response, ProviderError> {
        let vendor = terms.vendor;
        self.breakers.check(vendor)?;
        log_prompt(&request, terms);
        let answered = request.send().await.map_err(|error| lost(terms, &error));
        // Whoever answers "no" is there; only silence and the server's own trouble are an outage.
        match &answered {
            Ok(response) if !response.status().is_server_error() => self.breakers.answered(vendor),
            _ => self.breakers.failed(vendor),
        }
        answered
    }

    /// The count of outages, for what is not asked by HTTP.
    pub fn breakers(&self) -> &Breakers {
        &self.breakers
    }
}

/// What is asked, for whoever has asked to see it in the log (`SHORTSAI_LOG_PROMPTS`); nobody else does.
fn log_prompt(request: &RequestBuilder, terms: Terms<'_>) {
    if !tracing::enabled!(target: "prompts", tracing::Level::INFO) {
        return;
    }
    let request = request.try_clone().and_then(|request| request.build().ok());
    let body = request.as_ref().and_then(|request| request.body()?.as_bytes()).unwrap_or_default();
    let text: String = String::from_utf8_lossy(body).chars().take(MOST_OF_PROMPT).collect();
    let text = terms.key.map_or(text.clone(), |key| without(&text, key.expose()));
    tracing::info!(target: "prompts", vendor = %terms.vendor, body = text, "asked");
}

async fn take(response: Response, terms: Terms<'_>) -> Result<Answer, ProviderError> {
    let media_type = media_type(response.headers());
    Ok(Answer { media_type, body: read(response, terms).await? })
}

/// An answer with a bad status.
struct Refusal {
    status: StatusCode,
    after: Option<Duration>,
    body: Value,
}

impl Refusal {
    async fn read(response: Response, terms: Terms<'_>) -> Self {
        let (status, after) = (response.status(), retry_after(response.headers()));
        let body = read(response, Terms { most: MOST_OF_ERROR, effect: Effect::Free, ..terms }).await.unwrap_or_default();
        Self { status, after, body: serde_json::from_slice(&body).unwrap_or_else(|_| plain(&body)) }
    }

    fn error(&self, terms: Terms<'_>) -> ProviderError {
        turned_away(terms, self.status, self.after, &self.body)
    }
}

async fn read(response: Response, terms: Terms<'_>) -> Result<Bytes, ProviderError> {
    let too_large = || ProviderError::Fatal(format!("{} sent more than {} bytes", terms.vendor, terms.most));
    if response.content_length().is_some_and(|length| length > terms.most as u64) {
        return Err(too_large());
    }
    let mut body = BytesMut::new();
    let mut parts = response.bytes_stream();
    while let Some(part) = parts.next().await {
        let part = part.map_err(|error| lost(terms, &error))?;
        if body.len() + part.len() > terms.most {
            return Err(too_large());
        }
        body.extend_from_slice(&part);
    }
    Ok(body.freeze())
}

/// No answer, or half of one.
fn lost(terms: Terms<'_>, error: &reqwest::Error) -> ProviderError {
    let vendor = terms.vendor;
    if error.is_builder() || error.is_redirect() {
        return ProviderError::Fatal(format!("the request to {vendor} can't be sent; check its base_url"));
    }
    if error.is_connect() {
        return ProviderError::retry(format!("{vendor} can't be reached; check the network"));
    }
    let what = if error.is_timeout() { "did not answer in time" } else { "broke the connection off" };
    match terms.effect {
        Effect::Free => ProviderError::retry(format!("{vendor} {what}")),
        Effect::Paid => ProviderError::Unknown(format!(
            "{vendor} {what}: whether it has made and charged this is not known, so it was not asked again; look at your \
             account there, then ask for it again here"
        )),
    }
}

/// The class of an answer with a bad status.
fn turned_away(terms: Terms<'_>, status: StatusCode, after: Option<Duration>, body: &Value) -> ProviderError {
    let said = said(body, terms.key);
    if let Some(explained) = (terms.explain)(status.as_u16(), body, &said) {
        return match explained {
            ProviderError::Retry { message, after: None } => ProviderError::Retry { message, after },
            other => other,
        };
    }
    let vendor = terms.vendor;
    let colon = if said.is_empty() { String::new() } else { format!(": {said}") };
    match status.as_u16() {
        401 | 403 => ProviderError::Unavailable(format!("{vendor} does not take the API key; set another one{colon}")),
        402 => ProviderError::Quota(format!("Quota exceeded: {vendor} has no credit left on this account{colon}")),
        404 => ProviderError::Unavailable(format!("{vendor} does not know what was asked for{colon}")),
        408 | 425 | 429 => {
            ProviderError::Retry { message: format!("{vendor} takes no more requests just now (429){colon}"), after }
        }
        300..=399 => ProviderError::Unavailable(format!("{vendor} has moved to another address; check its base_url")),
        500..=599 => ProviderError::Retry { message: format!("{vendor} is in trouble ({}){colon}", status.as_u16()), after },
        code => ProviderError::Fatal(format!("{vendor} does not take the request ({code}){colon}")),
    }
}

/// The vendor's own words in an answer.
fn said(body: &Value, key: Option<&Key>) -> String {
    let places = ["/error/message", "/detail/message", "/detail", "/error", "/message", "/msg", "/code", ""];
    quoted(places.iter().find_map(|place| body.pointer(place).and_then(Value::as_str)).unwrap_or_default(), key)
}

/// The vendor's own words as they may stand in a sentence of ours: on one line, short, without the key, and between quotation
/// marks by which they are found again ([`crate::error::unquoted`]). Nothing for no words.
pub(crate) fn quoted(words: &str, key: Option<&Key>) -> String {
    let line: String = words.split_whitespace().collect::<Vec<_>>().join(" ").replace(['“', '”'], "\"");
    let line = match key {
        Some(key) => without(&line, key.expose()),
        None => line,
    };
    match line.chars().count() {
        0 => line,
        1..=MOST_OF_MESSAGE => format!("“{line}”"),
        _ => format!("“{}…”", line.chars().take(MOST_OF_MESSAGE).collect::<String>()),
    }
}

/// Some vendors say what is wrong in plain text. A page for browsers says nothing to people.
fn plain(body: &[u8]) -> Value {
    match std::str::from_utf8(body) {
        Ok(text) if !text.trim_start().starts_with(['<', '{']) => Value::String(text.trim().to_owned()),
        _ => Value::Null,
    }
}

/// The text without a key, or an end of it that tells it.
fn without(text: &str, key: &str) -> String {
    if key.is_empty() { text.to_owned() } else { text.replace(key, "[key]") }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    // A date instead of seconds is allowed, but no vendor here sends one.
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse::<f64>().ok()?;
    Duration::try_from_secs_f64(seconds).ok().map(|wait| wait.min(Duration::from_secs(3600)))
}

fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn class(error: &ProviderError) -> &'static str {
        match error {
            ProviderError::Retry { .. } => "retry",
            ProviderError::Fatal(_) => "fatal",
            ProviderError::Unavailable(_) => "unavailable",
            ProviderError::Refused(_) => "refused",
            ProviderError::Quota(_) => "quota",
            ProviderError::Unknown(_) => "unknown",
        }
    }

    #[test]
    fn every_status_has_a_class() {
        let key = Key::system("sk-planted");
        let terms = Terms { vendor: Vendor::OpenAi, key: Some(&key), effect: Effect::Paid, most: 1, explain: nothing_more };
        let check = |status: u16, body: Value, expected: &str, says: &str| {
            let status = StatusCode::from_u16(status).expect("a status");
            let error = turned_away(terms, status, Some(Duration::from_secs(7)), &body);
            assert_eq!(class(&error), expected, "{error}");
            assert!(error.to_string().contains(says), "{error}");
            assert!(!error.to_string().contains("planted"), "{error}");
            if let ProviderError::Retry { after, .. } = error {
                assert_eq!(after, Some(Duration::from_secs(7)));
            }
        };
        check(401, json!({"error": {"message": "Incorrect key: sk-planted"}}), "unavailable", ": “Incorrect key: [key]”");
        check(402, Value::Null, "quota", "Quota exceeded");
        check(404, json!({"detail": "no such model"}), "unavailable", "no such model");
        check(429, json!({"error": "slow\ndown"}), "retry", "429): “slow down”");
        check(500, json!("x"), "retry", "in trouble (500)");
        check(503, Value::Null, "retry", "503");
        check(302, Value::Null, "unavailable", "base_url");
        check(422, json!({"message": "bad size"}), "fatal", "bad size");
    }

    #[test]
    fn plain_text_is_heard_and_pages_are_not() {
        let check = |body: &str, expected: &str| assert_eq!(said(&plain(body.as_bytes()), None), expected);
        check("[ERROR 400] Invalid or\nmissing key ", "“[ERROR 400] Invalid or missing key”");
        check("<html>502</html>", "");
        check("{\"cut\": ", "");
    }

    #[test]
    fn long_words_of_a_vendor_are_cut() {
        let said = said(&json!({"error": {"message": "é".repeat(5000)}}), None);
        assert_eq!(said.chars().count(), MOST_OF_MESSAGE + 3);
    }
}
