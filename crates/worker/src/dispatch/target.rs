//! One worker: how it is called, and whether it is worth calling.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use assets::Assets;
use chrono::{DateTime, Utc};
use futures::StreamExt;
use model::trace::Propagation;
use reqwest::{RequestBuilder, Response, StatusCode, Url, header};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::id_token::IdTokens;
use super::{Made, TargetSettings, Told, older};
use crate::wire::{Health, NDJSON, News, RenderRequest, TRACE_PARENT};

/// A worker of ours gives a sign of life every five seconds.
const SILENCE: Duration = Duration::from_secs(30);
/// A render takes no longer; older workers say nothing until then, and Cloud Run ends requests after this time.
const LONGEST: Duration = Duration::from_secs(3600);
/// For questions that are answered at once.
const QUICK: Duration = Duration::from_secs(10);
/// Between two questions for the state of a job.
const POLL: Duration = Duration::from_millis(500);
/// So many failures in a row, and a worker is left alone for [`REST`].
const FAILURES: u32 = 3;
const REST: Duration = Duration::from_secs(30);
/// What a worker is known as is asked again after this time: it may have been replaced.
const KNOWN: Duration = Duration::from_secs(60);
/// When a busy worker that does not say is asked again.
const AGAIN: Duration = Duration::from_secs(5);

/// What is asked of a worker.
pub(crate) struct Call<'a> {
    pub(crate) request: RenderRequest,
    pub(crate) progress: Told,
    pub(crate) cancel: &'a CancellationToken,
}

/// What older workers need besides: where they report progress, and the time.
type ForOlder<'a> = (Option<&'a Url>, DateTime<Utc>);

/// Why one worker has not done it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    Cancelled,
    /// No worker can do it.
    Fatal(String),
    /// Another one may do it.
    Passing(String),
    /// It has enough to do for so long.
    Busy(Duration),
    /// It has failed too often just now.
    Resting,
}

impl Trouble {
    /// For traces.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Fatal(_) => "failed",
            Self::Passing(_) => "lost",
            Self::Busy(_) => "busy",
            Self::Resting => "resting",
        }
    }
}

pub(crate) struct Target {
    client: reqwest::Client,
    settings: TargetSettings,
    secret: SecretString,
    tokens: Arc<IdTokens>,
    propagation: Propagation,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    failures: u32,
    rests_until: Option<Instant>,
    /// Whether it is one of ours, and when that was asked.
    ours: Option<(bool, Instant)>,
}

impl Target {
    pub(crate) fn new(
        client: reqwest::Client,
        settings: TargetSettings,
        (secret, propagation): (&SecretString, Propagation),
        tokens: &Arc<IdTokens>,
    ) -> Self {
        let (secret, tokens) = (secret.clone(), tokens.clone());
        Self { client, settings, secret, tokens, propagation, state: Mutex::default() }
    }

    /// Where it is, without what an address may hold besides.
    pub(crate) fn origin(&self) -> String {
        self.settings.url.origin().ascii_serialization()
    }

    /// For the log.
    pub(crate) fn name(&self) -> &Url {
        &self.settings.url
    }

    /// Has it done; counts failures, so that a dead worker is not asked all the time.
    pub(crate) async fn call(&self, call: &Call<'_>, assets: &Assets, for_older: ForOlder<'_>) -> Result<Made, Trouble> {
        if self.state().rests_until.is_some_and(|until| Instant::now() < until) {
            return Err(Trouble::Resting);
        }
        let called = self.try_call(call, assets, for_older).await;
        let mut state = self.state();
        match &called {
            Err(Trouble::Passing(_)) => {
                state.failures += 1;
                state.ours = None;
                if state.failures >= FAILURES {
                    state.rests_until = Some(Instant::now() + REST);
                    // After the rest one failure is enough.
                    state.failures = FAILURES - 1;
                }
            }
            _ => (state.failures, state.rests_until) = (0, None),
        }
        called
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // Whole at any time, also after a panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn try_call(&self, call: &Call<'_>, assets: &Assets, (webhook, now): ForOlder<'_>) -> Result<Made, Trouble> {
        if self.is_ours().await? {
            return match self.settings.asynchronous {
                true => self.follow(call).await,
                false => self.stay(call).await,
            };
        }
        if call.request.part.is_some() {
            return Err(Trouble::Busy(AGAIN));
        }
        let mut request = call.request.clone();
        older::translate(&mut request.payload, assets, now).await?;
        request.webhook_url = webhook.map(ToString::to_string);
        request.webhook_token = Some(self.secret.expose_secret().to_owned());
        let asked = async {
            let response = self.post(&request).await?.timeout(LONGEST).send().await;
            let response = accepted(response.map_err(|error| self.lost(&error))?).await?;
            let news: News = response.json().await.map_err(|error| self.lost(&error))?;
            ended(news)
        };
        tokio::select! {
            made = asked => made,
            // It can't be told; its result will not be looked at.
            () = call.cancel.cancelled() => Err(Trouble::Cancelled),
        }
    }

    /// Whether it would take a render of ours, without giving it one.
    pub(crate) async fn look(&self) -> Result<String, String> {
        let sentence = |trouble| match trouble {
            Trouble::Passing(error) | Trouble::Fatal(error) => error,
            Trouble::Busy(_) | Trouble::Resting | Trouble::Cancelled => "it takes no jobs just now".to_owned(),
        };
        if !self.is_ours().await.map_err(sentence)? {
            return Ok("an older worker; whether it knows the secret shows only when it renders".to_owned());
        }
        let asked = self.known(self.client.get(self.path(&["render", "doctor"]))).await.map_err(sentence)?;
        let answer = asked.timeout(QUICK).send().await.map_err(|error| sentence(self.lost(&error)))?;
        match answer.status() {
            // It knows us, and no such job.
            StatusCode::NOT_FOUND => Ok("it knows this server".to_owned()),
            _ => accepted(answer).await.map(|_| "it knows this server".to_owned()).map_err(sentence),
        }
    }

    /// Whether it is a worker of ours. Older ones don't say their version.
    async fn is_ours(&self) -> Result<bool, Trouble> {
        if let Some((ours, asked)) = self.state().ours
            && asked.elapsed() < KNOWN
        {
            return Ok(ours);
        }
        let asked = self.identified(self.client.get(self.path(&["health"]))).await?.timeout(QUICK).send().await;
        let response = accepted(asked.map_err(|error| self.lost(&error))?).await?;
        let health: Health = response.json().await.map_err(|error| self.lost(&error))?;
        let ours = health.version.is_some();
        self.state().ours = Some((ours, Instant::now()));
        Ok(ours)
    }

    /// Keeps the request open until the job has ended.
    async fn stay(&self, call: &Call<'_>) -> Result<Made, Trouble> {
        let sent = self.post(&call.request).await?.header(header::ACCEPT, NDJSON).send();
        let response = tokio::select! {
            sent = timeout(SILENCE, sent) => sent.map_err(|_| self.silent())?.map_err(|error| self.lost(&error))?,
            () = call.cancel.cancelled() => return Err(self.withdraw(call).await),
        };
        let mut stream = accepted(response).await?.bytes_stream();
        let mut line = Vec::new();
        loop {
            let part = tokio::select! {
                part = timeout(SILENCE, stream.next()) => part.map_err(|_| self.silent())?,
                () = call.cancel.cancelled() => return Err(self.withdraw(call).await),
            };
            let part = part.ok_or_else(|| Trouble::Passing(format!("{} ended in the middle of a render", self.name())))?;
            for byte in part.map_err(|error| self.lost(&error))? {
                if byte != b'\n' {
                    line.push(byte);
                    continue;
                }
                let text = std::mem::take(&mut line);
                // An empty line is a sign of life.
                if !text.is_empty()
                    && let Some(made) = self.heard(&text, call)?
                {
                    return Ok(made);
                }
            }
        }
    }

    fn heard(&self, text: &[u8], call: &Call<'_>) -> Result<Option<Made>, Trouble> {
        let news: News = serde_json::from_slice(text)
            .map_err(|error| Trouble::Passing(format!("{} answered what is no news: {error}", self.name())))?;
        if let News::Processing { progress } = news {
            (call.progress)(progress / 100.0);
        }
        if news.is_final() { ended(news).map(Some) } else { Ok(None) }
    }

    /// Leaves the job there and asks how it stands.
    async fn follow(&self, call: &Call<'_>) -> Result<Made, Trouble> {
        let sent = self.post(&call.request).await?.header("prefer", "respond-async").timeout(QUICK).send().await;
        accepted(sent.map_err(|error| self.lost(&error))?).await?;
        let url = self.path(&["render", &call.request.id]);
        let mut heard = Instant::now();
        loop {
            tokio::select! {
                () = tokio::time::sleep(POLL) => {}
                () = call.cancel.cancelled() => return Err(self.withdraw(call).await),
            }
            let asked = self.known(self.client.get(url.clone())).await?.timeout(QUICK).send().await;
            let text = match asked {
                Ok(response) => accepted(response).await?.bytes().await,
                Err(error) => Err(error),
            };
            match text {
                Ok(text) => {
                    heard = Instant::now();
                    if let Some(made) = self.heard(&text, call)? {
                        return Ok(made);
                    }
                }
                // A moment's trouble of the network is no reason to begin anew elsewhere.
                Err(error) if heard.elapsed() > SILENCE => return Err(self.lost(&error)),
                Err(_) => {}
            }
        }
    }

    /// Tells the worker that nobody wants it any more.
    async fn withdraw(&self, call: &Call<'_>) -> Trouble {
        if let Ok(request) = self.known(self.client.delete(self.path(&["render", &call.request.id]))).await {
            // If it does not hear of it, it only works for nothing.
            let _ = request.timeout(QUICK).send().await;
        }
        Trouble::Cancelled
    }

    fn path(&self, parts: &[&str]) -> Url {
        let mut url = self.settings.url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(parts);
        }
        url
    }

    async fn post(&self, request: &RenderRequest) -> Result<RequestBuilder, Trouble> {
        let post = self.known(self.client.post(self.path(&["render"]))).await?.json(request);
        Ok(match (self.propagation.current)() {
            Some(span) => post.header(TRACE_PARENT, span.to_string()),
            None => post,
        })
    }

    /// With the secret.
    async fn known(&self, request: RequestBuilder) -> Result<RequestBuilder, Trouble> {
        Ok(self.identified(request).await?.bearer_auth(self.secret.expose_secret()))
    }

    /// With what the platform in front of the worker wants to see; it has a header of its own, beside the secret.
    async fn identified(&self, request: RequestBuilder) -> Result<RequestBuilder, Trouble> {
        if !self.settings.identity {
            return Ok(request);
        }
        let audience = self.settings.url.origin().ascii_serialization();
        Ok(match self.tokens.of(&audience).await.map_err(Trouble::Passing)? {
            Some(token) => request.header("x-serverless-authorization", format!("Bearer {}", token.expose_secret())),
            None => request,
        })
    }

    fn lost(&self, error: &reqwest::Error) -> Trouble {
        let what = if error.is_connect() { "can't be reached" } else { "was lost" };
        Trouble::Passing(format!("the render worker {} {what}", self.name()))
    }

    fn silent(&self) -> Trouble {
        Trouble::Passing(format!("the render worker {} gives no sign of life", self.name()))
    }
}

/// A worker's refusal as trouble.
async fn accepted(response: Response) -> Result<Response, Trouble> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let url = response.url().clone();
    let after = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let body: Value = response.json().await.unwrap_or_default();
    let said = body["error"].as_str().unwrap_or_default();
    Err(match status {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            Trouble::Busy(after.map_or(AGAIN, Duration::from_secs))
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Trouble::Fatal(format!(
            "the render worker at {} does not let this server in ({status}): both need the same WORKER_SECRET, and a private Cloud Run service an account that may invoke it",
            url.origin().ascii_serialization()
        )),
        StatusCode::UNPROCESSABLE_ENTITY | StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE => {
            Trouble::Fatal(format!("the render worker refuses this storyboard: {said}"))
        }
        _ => Trouble::Passing(format!("the render worker at {url} answered {status} {said}")),
    })
}

fn ended(news: News) -> Result<Made, Trouble> {
    match news {
        News::Completed { output, result_url } => Ok(Made { output, result_url }),
        News::Failed { error, retry: true } => Err(Trouble::Passing(error)),
        News::Failed { error, retry: false } => Err(Trouble::Fatal(error)),
        // Somebody else has withdrawn it.
        News::Cancelled => Err(Trouble::Cancelled),
        News::Accepted | News::Processing { .. } => Err(Trouble::Passing("the render worker answered too early".to_owned())),
    }
}
