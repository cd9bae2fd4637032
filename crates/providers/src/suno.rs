//! Suno by way of sunoapi.org, or of another that speaks its protocol: songs, ordered and asked about by their task.
//!
//! Suno has no interface of its own for others. The one used here answers most errors with HTTP 200 and a code in the body.

use std::time::Duration;

use async_trait::async_trait;
use minijinja::context;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::api::{Api, bearer, unreadable};
use crate::error::ProviderError;
use crate::http::{Effect, Http};
use crate::job::{JobProvider, Polled};
use crate::keys::Key;
use crate::music::{Music, MusicRequest};
use crate::prompts::Prompts;
use crate::settings::Settings;
use crate::vendor::Vendor;

/// The largest song that is taken, in bytes: a quarter of an hour in the best quality.
pub const MOST: usize = 64 << 20;
/// A song takes half a minute to three minutes.
const PAUSE: Duration = Duration::from_secs(8);
/// The longest style and title that every model takes, in characters.
const LONGEST_STYLE: usize = 1000;
const LONGEST_TITLE: usize = 80;
/// The vendor demands an address to call when a song is done. Nobody listens there, since jobs are asked about anyway, and
/// the name is one that can never belong to anybody, so that nobody hears of the song.
const NOWHERE: &str = "https://callback.invalid/suno";

/// The API with a key.
pub fn api(http: Http, base: String, key: Option<Key>) -> Api {
    Api { http, vendor: Vendor::Suno, base, key, authorise: bearer, explain }
}

/// A bad status comes with the same codes as a bad answer under HTTP 200, where it has any.
fn explain(status: u16, body: &Value, said: &str) -> Option<ProviderError> {
    let code = body["code"].as_u64().and_then(|code| u16::try_from(code).ok());
    (status != 404).then(|| code.map(|code| meaning(code, said))).flatten()
}

/// What the code in the body means. The number 429 is "too many calls" at one of those who speak this protocol, and "no
/// credit" at another.
fn meaning(code: u16, said: &str) -> ProviderError {
    let words = said.to_lowercase();
    let any = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
    match code {
        401 | 403 => ProviderError::Unavailable(format!("Suno does not take the API key; set another one: {said}")),
        402 => no_credit(said),
        429 if any(&["credit", "balance", "top up"]) => no_credit(said),
        405 | 408 | 429 | 430 => ProviderError::retry(format!("Suno takes no more requests just now ({code}): {said}")),
        413 => ProviderError::Fatal(format!("Suno finds the description of the music too long; shorten it: {said}")),
        455 => ProviderError::retry(format!("Suno is being maintained; it will be back: {said}")),
        500..=599 => ProviderError::retry(format!("Suno is in trouble ({code}): {said}")),
        _ if any(&["sensitive", "moderation", "prohibited", "copyright", "artist"]) => declined(said),
        _ if any(&["model"]) => {
            ProviderError::Unavailable(format!("Suno has no such model; set another one in shortsai.toml: {said}"))
        }
        _ => ProviderError::Fatal(format!("Suno does not take the request ({code}): {said}")),
    }
}

fn no_credit(said: &str) -> ProviderError {
    ProviderError::Quota(format!("Quota exceeded: the Suno account has no credit left: {said}"))
}

fn declined(said: &str) -> ProviderError {
    ProviderError::Refused(format!("Suno declines this music; describe it differently: {said}"))
}

/// Songs by Suno.
#[derive(Debug, Clone)]
pub struct SunoMusic {
    api: Api,
    model: String,
    prompts: Prompts,
    callback: String,
    most: usize,
}

impl SunoMusic {
    /// Songs by a model such as `V5`. The settings may name an address that the vendor calls when a song is done.
    pub fn new(api: Api, settings: &Settings, model: String, prompts: Prompts) -> Self {
        let callback = settings.of(Vendor::Suno).callback_url.unwrap_or_else(|| NOWHERE.to_owned());
        Self { api, model, prompts, callback, most: MOST }
    }

    /// Takes only songs of so many bytes.
    #[must_use]
    pub fn at_most(self, most: usize) -> Self {
        Self { most, ..self }
    }

    /// The mode in which the style says all: the other one would take the description for the words that are sung.
    fn body(&self, request: &MusicRequest) -> Result<Value, ProviderError> {
        let MusicRequest { prompt, style, title, take: _ } = request;
        let described = self.prompts.fill("song.jinja", context! { prompt, style, title => "" })?;
        let title = if title.trim().is_empty() { "Background music" } else { title.trim() };
        Ok(json!({
            "customMode": true,
            "instrumental": true,
            "model": self.model,
            "style": shortened(&described.replace('\n', " "), LONGEST_STYLE),
            "title": shortened(title, LONGEST_TITLE),
            "callBackUrl": self.callback,
        }))
    }

    /// What follows from how a task stands: the address of the song.
    fn standing(&self, record: Record) -> Result<Polled<String>, ProviderError> {
        let songs = record.response.unwrap_or_default().suno_data;
        let song = songs.into_iter().filter_map(|song| song.audio_url).find(|address| !address.is_empty());
        let said = self.api.quoted(&record.error_message.unwrap_or_default());
        let colon = if said.is_empty() { String::new() } else { format!(": {said}") };
        Ok(match (record.status.as_str(), song) {
            // Two songs are made at once; the first that is whole will do. A vendor that could not call back has made them
            // all the same.
            ("FIRST_SUCCESS" | "SUCCESS" | "CALLBACK_EXCEPTION", Some(address)) => Polled::Done(address),
            ("PENDING" | "TEXT_SUCCESS" | "FIRST_SUCCESS" | "CALLBACK_EXCEPTION", _) => Polled::NotYet { ask_again_after: PAUSE },
            ("SUCCESS", None) => Polled::Failed(ProviderError::retry("Suno has ended without a song")),
            ("CREATE_TASK_FAILED" | "GENERATE_AUDIO_FAILED", _) => {
                Polled::Failed(ProviderError::retry(format!("Suno could not make the music{colon}")))
            }
            ("SENSITIVE_WORD_ERROR", _) => Polled::Failed(declined(&said)),
            _ => return Err(unreadable(Vendor::Suno)),
        })
    }
}

#[async_trait]
impl JobProvider<MusicRequest, Music> for SunoMusic {
    fn vendor(&self) -> &'static str {
        Vendor::Suno.name()
    }

    fn model(&self) -> &str {
        &self.model
    }

    async fn submit(&self, request: &MusicRequest, key: &str) -> Result<String, ProviderError> {
        let answer = self.api.post("/generate", &self.body(request)?, key, Effect::Paid).await?;
        let ordered: Ordered = opened(&self.api, answer)?.ok_or_else(|| unreadable(Vendor::Suno))?;
        if ordered.task_id.is_empty() { Err(unreadable(Vendor::Suno)) } else { Ok(ordered.task_id) }
    }

    async fn poll(&self, job: &str) -> Result<Polled<Music>, ProviderError> {
        let answer: Answer = self.api.get("/generate/record-info", &[("taskId", job)]).await?;
        let forgotten = matches!(answer.code, 404 | 422) || (answer.code == 200 && answer.data.is_null());
        if forgotten {
            return Ok(Polled::Failed(ProviderError::retry("Suno does not know this order any more")));
        }
        let record: Record = opened(&self.api, answer)?.ok_or_else(|| unreadable(Vendor::Suno))?;
        // The vendor keeps its files for some days only.
        self.standing(record)?
            .fetch(async |address| {
                let bytes = self.api.download(&address, self.most).await?;
                Music::of(Vendor::Suno, bytes).await
            })
            .await
    }
}

/// Says whether the key works, and what credit is left: free of charge.
///
/// # Errors
/// Why it doesn't.
pub async fn probe(api: &Api) -> Result<String, ProviderError> {
    let answer = api.get("/generate/credit", &[]).await?;
    let credits: f64 = opened(api, answer)?.ok_or_else(|| unreadable(Vendor::Suno))?;
    if credits <= 0.0 {
        return Err(no_credit("0 credits"));
    }
    Ok(format!("key works, {credits} credits left"))
}

/// What is in an answer that came with a good status, if its code is good too.
fn opened<T: DeserializeOwned>(api: &Api, answer: Answer) -> Result<Option<T>, ProviderError> {
    if answer.code != 200 {
        return Err(meaning(answer.code, &api.quoted(&answer.msg)));
    }
    serde_json::from_value(answer.data).map_err(|_| unreadable(Vendor::Suno))
}

/// The text, cut at the end of a word where it is too long.
fn shortened(text: &str, most: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(most) else { return text.to_owned() };
    let cut = &text[..end];
    cut.rsplit_once(' ').map_or(cut, |(whole, _)| whole).to_owned()
}

#[derive(Deserialize)]
struct Answer {
    code: u16,
    #[serde(default)]
    msg: String,
    #[serde(default)]
    data: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ordered {
    task_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    status: String,
    response: Option<Songs>,
    error_message: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Songs {
    suno_data: Vec<Song>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Song {
    audio_url: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn music() -> SunoMusic {
        let api = api(Http::new().expect("a client"), "https://example.com/api/v1".into(), None);
        SunoMusic::new(api, &Settings::default(), "V5".into(), Prompts::load(None).expect("good templates"))
    }

    #[test]
    fn a_request_says_what_the_vendor_must_know() {
        let request = MusicRequest { prompt: "calm piano".into(), title: "Moon landing ".repeat(9), ..MusicRequest::default() };
        let body = music().body(&request).expect("a body");
        let style = body["style"].as_str().expect("a text");
        assert!(style.starts_with("calm piano. Instrumental") && !style.contains('\n'), "{style}");
        let title = body["title"].as_str().expect("a text");
        assert!(title.len() <= 80 && title.ends_with("landing"), "{title}");
        assert_eq!((&body["customMode"], &body["instrumental"], &body["model"]), (&json!(true), &json!(true), &json!("V5")));
        assert_eq!(body["callBackUrl"], "https://callback.invalid/suno");
        let untitled = music().body(&MusicRequest::default()).expect("a body");
        assert_eq!(untitled["title"], "Background music");
    }

    #[test]
    fn every_status_has_an_end_or_none() {
        let ended = |status: &str, songs: Value| {
            let record = json!({ "status": status, "response": { "sunoData": songs }, "errorMessage": "the why" });
            match music().standing(serde_json::from_value(record).expect("a record")).expect("a known status") {
                Polled::Done(address) => address,
                Polled::NotYet { .. } => "not yet".into(),
                Polled::Failed(ProviderError::Retry { message, .. }) => format!("again: {message}"),
                Polled::Failed(error) => error.to_string(),
            }
        };
        let song = || json!([{ "audioUrl": "" }, { "audioUrl": "https://cdn.example/a.mp3" }]);
        let check = |status: &str, songs: Value, expected: &str| assert_eq!(ended(status, songs), expected, "{status}");
        check("PENDING", json!([]), "not yet");
        check("TEXT_SUCCESS", song(), "not yet");
        check("FIRST_SUCCESS", json!([{ "audioUrl": null }]), "not yet");
        check("FIRST_SUCCESS", song(), "https://cdn.example/a.mp3");
        check("SUCCESS", song(), "https://cdn.example/a.mp3");
        check("SUCCESS", json!([]), "again: Suno has ended without a song");
        check("CALLBACK_EXCEPTION", song(), "https://cdn.example/a.mp3");
        check("CALLBACK_EXCEPTION", json!([]), "not yet");
        check("CREATE_TASK_FAILED", json!([]), "again: Suno could not make the music: “the why”");
        check("GENERATE_AUDIO_FAILED", json!([]), "again: Suno could not make the music: “the why”");
        check("SENSITIVE_WORD_ERROR", json!([]), "Suno declines this music; describe it differently: “the why”");
        let record = Record { status: "PONDERING".into(), response: None, error_message: None };
        assert_eq!(music().standing(record).err(), Some(unreadable(Vendor::Suno)));
    }

    #[test]
    fn the_documented_answers_are_read() {
        let answer: Answer = serde_json::from_str(include_str!("../fixtures/suno-generate.json")).expect("an answer");
        let ordered: Ordered = opened(&music().api, answer).expect("a good code").expect("an order");
        assert_eq!(ordered.task_id, "2fac7c1b0d7e4f0e9b5d0a4f9b1c9f72");
        let answer: Answer = serde_json::from_str(include_str!("../fixtures/suno-record-info.json")).expect("an answer");
        let record: Record = opened(&music().api, answer).expect("a good code").expect("a record");
        let Ok(Polled::Done(address)) = music().standing(record) else { panic!("it is done") };
        assert_eq!(address, "https://cdn1.example.com/8551f3d4.mp3");
    }

    #[test]
    fn codes_in_the_body_have_classes() {
        let check = |code: u16, said: &str, expected: fn(&ProviderError) -> bool| {
            let error = meaning(code, said);
            assert!(expected(&error) && error.to_string().ends_with(said), "{code}: {error}");
        };
        check(401, "You do not have access permissions", |error| matches!(error, ProviderError::Unavailable(_)));
        check(402, "Insufficient credits", |error| matches!(error, ProviderError::Quota(_)));
        check(429, "The current credits are insufficient. Please top up.", |error| matches!(error, ProviderError::Quota(_)));
        check(429, "Your call frequency is too high", |error| matches!(error, ProviderError::Retry { .. }));
        check(430, "Your call frequency is too high", |error| matches!(error, ProviderError::Retry { .. }));
        check(413, "The theme is too long", |error| matches!(error, ProviderError::Fatal(_)));
        check(422, "The model V1 is not supported", |error| matches!(error, ProviderError::Unavailable(_)));
        check(400, "Song Description flagged for moderation", |error| matches!(error, ProviderError::Refused(_)));
        check(422, "Please enter callBackUrl.", |error| matches!(error, ProviderError::Fatal(_)));
        check(455, "maintenance", |error| matches!(error, ProviderError::Retry { .. }));
        check(500, "Server exception", |error| matches!(error, ProviderError::Retry { .. }));
    }
}
