//! Gemini's Interactions API: ordering what takes its time, asking about it, fetching the file. What is ordered (clips,
//! songs) is said in the files beside this one.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::{Api, unreadable};
use crate::error::ProviderError;
use crate::http::{Effect, nothing_more};
use crate::job::Polled;
use crate::vendor::Vendor;

/// What the vendor asks its clients to wait between two questions.
const PAUSE: Duration = Duration::from_secs(6);

/// An interaction as the vendor tells it.
#[derive(Debug, Clone, Deserialize)]
pub struct Interaction {
    /// The vendor's own id.
    pub id: String,
    /// How it stands.
    pub status: Status,
    /// What was said and made, in order.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// Why it has failed, where it has.
    #[serde(default)]
    pub error: Option<Trouble>,
}

/// How an interaction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It waits for its turn.
    Queued,
    /// It is being made.
    InProgress,
    /// It waits for the answer of a tool.
    RequiresAction,
    /// It has ended well, though perhaps without a file.
    Completed,
    /// It has ended in an error.
    Failed,
    /// Somebody has taken the order back.
    Cancelled,
    /// It has ended before it was whole.
    Incomplete,
    /// It has used up what the account may spend.
    BudgetExceeded,
    /// Something that this program does not know yet.
    #[serde(other)]
    Other,
}

/// One step of an interaction.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Step {
    /// Such as `model_output`; also `thought`, and the user's own input.
    #[serde(rename = "type")]
    pub kind: String,
    /// What was made.
    pub content: Vec<Content>,
}

/// A text or a file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Content {
    /// `text`, `image`, `audio` or `video`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Text.
    pub text: Option<String>,
    /// A file as base64.
    pub data: Option<String>,
    /// Where a file is, instead of `data`.
    pub uri: Option<String>,
}

/// An interaction's error.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Trouble {
    /// The vendor's words.
    pub message: String,
}

/// What an interaction has made.
#[derive(Debug, Clone, Default)]
pub struct Output(Vec<Content>);

/// A text as a part of the input.
pub fn text_input(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

/// A picture as a part of the input.
pub fn image_input(media_type: &str, bytes: &[u8]) -> Value {
    json!({ "type": "image", "data": STANDARD.encode(bytes), "mime_type": media_type })
}

/// Orders something whose body says `background: true`, and answers the id to ask about. `key` is the order's idempotency
/// key.
///
/// # Errors
/// As [`Api::post`].
pub async fn order(api: &Api, body: &Value, key: &str) -> Result<String, ProviderError> {
    let ordered: Interaction = api.post("/interactions", body, key, Effect::Paid).await?;
    if is_plain(&ordered.id) { Ok(ordered.id) } else { Err(unreadable(Vendor::Gemini)) }
}

/// Has something made while the caller waits. `key` is the call's idempotency key.
///
/// # Errors
/// As [`Api::post`], and as the end of a job that has failed. What has not ended is [`ProviderError::Unknown`]: it is paid
/// for, and nobody will ask about it.
pub async fn make(api: &Api, body: &Value, key: &str) -> Result<Output, ProviderError> {
    let made: Interaction = api.post("/interactions", body, key, Effect::Paid).await?;
    match standing(api, made)? {
        Polled::Done(output) => Ok(output),
        Polled::Failed(error) => Err(error),
        Polled::NotYet { .. } => {
            let message = "Gemini goes on with this by itself; look at your account there, then ask for it again here";
            Err(ProviderError::Unknown(message.into()))
        }
    }
}

/// Asks about an order.
///
/// # Errors
/// When the question could not be asked or answered; see [`Api::get`].
pub async fn ask(api: &Api, id: &str) -> Result<Polled<Output>, ProviderError> {
    if !is_plain(id) {
        return Ok(Polled::Failed(forgotten()));
    }
    let question = api.request(Method::GET, &format!("/interactions/{id}"));
    match api.find(question, is_forgotten).await? {
        Some(interaction) => standing(api, interaction),
        None => Ok(Polled::Failed(forgotten())),
    }
}

/// Takes an order back. What has been made by then is charged all the same.
///
/// # Errors
/// When the vendor can't be asked, or has forgotten the order.
pub async fn cancel(api: &Api, id: &str) -> Result<(), ProviderError> {
    if !is_plain(id) {
        return Err(forgotten());
    }
    let order = api.request(Method::POST, &format!("/interactions/{id}/cancel")).json(&json!({}));
    api.find::<Value>(order, is_forgotten).await?.map(drop).ok_or_else(forgotten)
}

impl Output {
    /// The first file of a kind (`video`, `audio`): what came with the answer, or is fetched from where it says. `None` when
    /// there is none.
    ///
    /// # Errors
    /// As [`Api::download`]; when the answer's own is no base64, or larger than `most` bytes.
    pub async fn file(&self, api: &Api, kind: &str, most: usize) -> Result<Option<Bytes>, ProviderError> {
        let vendor = Vendor::Gemini;
        let files = self.0.iter().filter(|content| content.kind == kind);
        for content in files {
            if let Some(data) = content.data.as_deref().filter(|data| !data.is_empty()) {
                let bytes = STANDARD.decode(data).map_err(|_| unreadable(vendor))?;
                if bytes.len() > most {
                    return Err(ProviderError::Fatal(format!("{vendor} sent more than {most} bytes")));
                }
                return Ok(Some(bytes.into()));
            }
            if let Some(uri) = content.uri.as_deref().filter(|uri| !uri.is_empty()) {
                // A missing file is no missing model, which is what 404 means elsewhere.
                let files = api.explained_by(nothing_more);
                return files.download(&as_media(&api.base, uri), most).await.map(Some);
            }
        }
        Ok(None)
    }

    /// What the vendor says in words, such as why there is no file.
    pub fn text(&self) -> String {
        let texts = self.0.iter().filter(|content| content.kind == "text");
        texts.filter_map(|content| content.text.as_deref()).collect::<Vec<_>>().join(" ")
    }

    /// Nothing of the wanted kind was made, which is how the vendor declines.
    pub fn refusal(&self, api: &Api) -> ProviderError {
        let said = api.quoted(&self.text());
        let colon = if said.is_empty() { String::new() } else { format!(": {said}") };
        ProviderError::Refused(format!("Gemini declines to make this; word it differently{colon}"))
    }
}

/// What follows from how an interaction stands.
fn standing(api: &Api, interaction: Interaction) -> Result<Polled<Output>, ProviderError> {
    let said = api.quoted(interaction.error.as_ref().map_or("", |trouble| &trouble.message));
    let colon = if said.is_empty() { String::new() } else { format!(": {said}") };
    Ok(Polled::Failed(match interaction.status {
        Status::Queued | Status::InProgress => return Ok(Polled::NotYet { ask_again_after: PAUSE }),
        Status::Completed => {
            let outputs = interaction.steps.into_iter().filter(|step| step.kind == "model_output");
            return Ok(Polled::Done(Output(outputs.flat_map(|step| step.content).collect())));
        }
        // Not an end: the question may be answered by a later version of the vendor's own.
        Status::Other => return Err(unreadable(Vendor::Gemini)),
        Status::Failed => ProviderError::retry(format!("Gemini could not make this{colon}")),
        Status::Incomplete => ProviderError::retry(format!("Gemini stopped before this was whole{colon}")),
        Status::BudgetExceeded => {
            ProviderError::Quota(format!("Quota exceeded: the Gemini account has reached its spending limit{colon}"))
        }
        Status::Cancelled => {
            ProviderError::Fatal(format!("this was cancelled at Gemini; ask for it again if you want it after all{colon}"))
        }
        Status::RequiresAction => {
            ProviderError::Fatal(format!("Gemini wants to call tools for this, which are not there; choose another model{colon}"))
        }
    }))
}

/// Whether the vendor has forgotten an order, or it belongs to another account. A question says nothing but the order's id, so
/// an argument that is not valid can only be that.
fn is_forgotten(status: u16, body: &Value) -> bool {
    let code = body.pointer("/error/status").and_then(Value::as_str).unwrap_or_default();
    match (status, code) {
        (404, _) | (_, "NOT_FOUND") => true,
        (400, "INVALID_ARGUMENT") => !super::is_about_key(body),
        _ => false,
    }
}

fn forgotten() -> ProviderError {
    ProviderError::retry("Gemini does not know this order any more")
}

/// Whether an id can stand in a path as it is.
fn is_plain(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.=~".contains(&byte);
    (1..=500).contains(&id.len()) && id.bytes().all(plain) && !id.starts_with('.')
}

/// The vendor's own file addresses describe the file unless the bytes are asked for; foreign ones may be signed as they are.
fn as_media(base: &str, uri: &str) -> String {
    let (Ok(base), Ok(mut url)) = (Url::parse(base), Url::parse(uri)) else { return uri.to_owned() };
    if base.origin() == url.origin() && !url.query_pairs().any(|(name, _)| name == "alt") {
        url.query_pairs_mut().append_pair("alt", "media");
    }
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Http;

    fn polled(answer: Value) -> Result<Polled<Output>, ProviderError> {
        let api = super::super::api(Http::new().expect("a client"), "https://example.com/v1beta".into(), None);
        standing(&api, serde_json::from_value(answer).expect("an interaction"))
    }

    #[test]
    fn every_status_has_an_end_or_none() {
        let check = |status: &str, expected: Option<ProviderError>| {
            let polled = polled(json!({ "id": "a", "status": status, "error": { "code": 13, "message": "the\nwhy" } }));
            match (polled.expect("a known status"), expected) {
                (Polled::Failed(error), Some(expected)) => assert_eq!(error, expected, "{status}"),
                (Polled::NotYet { ask_again_after }, None) => assert_eq!(ask_again_after, PAUSE),
                (other, expected) => panic!("{status}: {other:?} instead of {expected:?}"),
            }
        };
        check("queued", None);
        check("in_progress", None);
        check("failed", Some(ProviderError::retry("Gemini could not make this: “the why”")));
        check("incomplete", Some(ProviderError::retry("Gemini stopped before this was whole: “the why”")));
        let message = "Quota exceeded: the Gemini account has reached its spending limit: “the why”";
        check("budget_exceeded", Some(ProviderError::Quota(message.into())));
        let message = "this was cancelled at Gemini; ask for it again if you want it after all: “the why”";
        check("cancelled", Some(ProviderError::Fatal(message.into())));
        let message = "Gemini wants to call tools for this, which are not there; choose another model: “the why”";
        check("requires_action", Some(ProviderError::Fatal(message.into())));
        assert_eq!(polled(json!({ "id": "a", "status": "pondering" })).err(), Some(unreadable(Vendor::Gemini)));
    }

    #[test]
    fn what_is_forgotten_is_told_by_its_code() {
        let check = |status, code: &str, reason: &str, expected| {
            let error = json!({ "status": code, "message": "in words of its own", "details": [{ "reason": reason }] });
            assert_eq!(is_forgotten(status, &json!({ "error": error })), expected, "{status} {code} {reason}");
        };
        check(404, "NOT_FOUND", "", true);
        check(400, "NOT_FOUND", "", true);
        check(400, "INVALID_ARGUMENT", "", true);
        check(400, "INVALID_ARGUMENT", "API_KEY_INVALID", false);
        check(400, "FAILED_PRECONDITION", "", false);
        check(403, "PERMISSION_DENIED", "", false);
        check(500, "INTERNAL", "", false);
        assert!(is_forgotten(404, &Value::Null), "whatever says so");
    }

    #[test]
    fn what_the_model_has_made_is_told_from_what_it_was_given() {
        let answer = include_str!("../../fixtures/gemini-clip-interaction.json");
        let polled = polled(serde_json::from_str(answer).expect("JSON")).expect("a known status");
        let Polled::Done(output) = polled else { panic!("it is done: {polled:?}") };
        assert_eq!(output.text(), "A slow push towards the lander.");
        let uris: Vec<_> = output.0.iter().filter_map(|content| content.uri.as_deref()).collect();
        assert_eq!(uris, ["https://generativelanguage.googleapis.com/v1beta/files/k3v9x2m1q7:download"]);
    }

    #[tokio::test]
    async fn files_may_come_with_the_answer() {
        let api = super::super::api(Http::new().expect("a client"), "https://example.com/v1beta".into(), None);
        let answer = include_str!("../../fixtures/gemini-music-interaction.json");
        let polled = polled(serde_json::from_str(answer).expect("JSON")).expect("a known status");
        let Polled::Done(output) = polled else { panic!("it is done: {polled:?}") };
        let file = output.file(&api, "audio", 10).await.expect("a file");
        assert_eq!(file.as_deref(), Some(&b"ID3\x04\0\0\0\0\0\0"[..]));
        let too_large = output.file(&api, "audio", 9).await;
        assert_eq!(too_large, Err(ProviderError::Fatal("Gemini sent more than 9 bytes".into())));
        assert_eq!(output.file(&api, "video", 10).await, Ok(None));
        let message = "Gemini declines to make this; word it differently: “Instrumental, 84 beats a minute.”";
        assert_eq!(output.refusal(&api), ProviderError::Refused(message.into()));
    }

    #[test]
    fn only_the_vendors_own_addresses_are_changed() {
        let check = |uri: &str, expected: &str| assert_eq!(as_media("https://g.example/v1beta", uri), expected);
        check("https://g.example/v1beta/files/a:download", "https://g.example/v1beta/files/a:download?alt=media");
        check("https://g.example/files/a?alt=media", "https://g.example/files/a?alt=media");
        check("https://cdn.example/a?sig=1", "https://cdn.example/a?sig=1");
        check("files/a", "files/a");
    }

    #[test]
    fn ids_stay_in_their_place_in_the_path() {
        let check = |id: &str, expected| assert_eq!(is_plain(id), expected, "{id}");
        check("v1_ChdXbE1kYWF1-Ym9K==", true);
        check("", false);
        check("..", false);
        check("a/../models", false);
        check("a?key=b", false);
        check(&"a".repeat(501), false);
    }
}
