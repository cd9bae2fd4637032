//! Webhooks of a job: progress at most every second, and its end until somebody has taken it.
//!
//! They carry the caller's token, and a signature after Standard Webhooks (standardwebhooks.com) with the worker's secret.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::measures;
use crate::wire::News;

/// Between two messages about progress.
const EVERY: Duration = Duration::from_secs(1);
/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Waits, in seconds, before the end is told again: for an hour or so.
const AGAIN: [u64; 12] = [1, 2, 5, 15, 30, 60, 120, 300, 600, 600, 900, 900];
/// How often the end is told by a worker that is being stopped: it has only seconds left.
const LAST_WORDS: usize = 3;

/// Who is told about one job.
pub(crate) struct Telling {
    pub(crate) client: reqwest::Client,
    pub(crate) url: Url,
    pub(crate) token: Option<SecretString>,
    pub(crate) secret: SecretString,
    pub(crate) clock: fn() -> DateTime<Utc>,
    /// The worker is being stopped.
    pub(crate) stopping: CancellationToken,
}

impl Telling {
    /// Tells all there is to tell; returns when the end was taken, or given up.
    pub(crate) async fn tell(self, job: String, mut news: watch::Receiver<News>) {
        let mut count = 0;
        loop {
            let now = news.borrow_and_update().clone();
            count += 1;
            let message = Message { id: format!("{job}.{count}"), body: body(&job, &now) };
            if now.is_final() {
                return self.insist(&message).await;
            }
            if matches!(now, News::Processing { .. })
                && let Err(reason) = self.send(&message).await
            {
                // The next one says more than this one.
                tracing::debug!(reason, "progress was not taken");
            }
            let over = async {
                // An error says that the job is gone: its last news are there.
                let _ = news.clone().wait_for(News::is_final).await;
            };
            let _ = tokio::time::timeout(EVERY, over).await;
            if !news.borrow().is_final() && news.changed().await.is_err() {
                return;
            }
        }
    }

    async fn insist(&self, message: &Message) {
        if !again(&self.stopping, || self.send(message)).await {
            tracing::error!("the end of a job was never taken; its result is kept, ask for it with GET /render/{{id}}");
        }
    }

    async fn send(&self, message: &Message) -> Result<(), String> {
        let timestamp = (self.clock)().timestamp();
        let signed = Webhook::from_bytes(self.secret.expose_secret().as_bytes().to_vec())
            .and_then(|key| key.sign(&message.id, timestamp, message.body.as_bytes()));
        let mut request = self
            .client
            .post(self.url.clone())
            .timeout(PATIENCE)
            .header("content-type", "application/json")
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signed.map_err(|error| error.to_string())?)
            .body(message.body.clone());
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.expose_secret());
        }
        let answer = request.send().await.map_err(|error| error.without_url().to_string())?;
        if answer.status().is_success() { Ok(()) } else { Err(format!("status {}", answer.status())) }
    }
}

/// Sends until it is taken; answers whether it was, before it is given up.
async fn again<Sent: Future<Output = Result<(), String>>>(stopping: &CancellationToken, send: impl Fn() -> Sent) -> bool {
    for tries in 1.. {
        match send().await {
            Ok(()) => return true,
            Err(reason) => tracing::warn!(reason, tries, "the end of a job was not taken"),
        }
        let wait = if stopping.is_cancelled() { (tries < LAST_WORDS).then_some(1) } else { AGAIN.get(tries - 1).copied() };
        measures::not_taken(wait.is_none());
        let Some(wait) = wait.map(Duration::from_secs) else { return false };
        if stopping.is_cancelled() {
            tokio::time::sleep(wait).await;
        } else {
            let _ = tokio::time::timeout(wait, stopping.cancelled()).await;
        }
    }
    false
}

/// One message; told again, it has the same id.
struct Message {
    id: String,
    body: String,
}

/// The contract's message; `progress` is a whole number.
fn body(job: &str, news: &News) -> String {
    let mut body = serde_json::to_value(news).unwrap_or_default();
    if let News::Processing { progress } = news {
        body["progress"] = json!(*progress as u64);
    }
    if let Value::Object(fields) = &mut body {
        fields.insert("jobId".to_owned(), job.into());
        if *news == News::Cancelled {
            // The contract knows no other word for what is over without a video.
            fields.insert("status".to_owned(), "failed".into());
            fields.insert("error".to_owned(), "cancelled".into());
        }
    }
    body.to_string()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn messages_are_the_contract() {
        let check = |news: News, expected: Value| {
            assert_eq!(serde_json::from_str::<Value>(&body("j", &news)).expect("JSON"), expected);
        };
        check(News::Processing { progress: 39.9 }, json!({ "jobId": "j", "status": "processing", "progress": 39 }));
        check(News::Cancelled, json!({ "jobId": "j", "status": "failed", "error": "cancelled" }));
        let completed = News::Completed { result_url: Some("u".to_owned()), output: None };
        check(completed, json!({ "jobId": "j", "status": "completed", "resultUrl": "u" }));
    }

    /// How often the end was told, and for how many seconds, to somebody who takes it after so many refusals.
    async fn told(refusals: usize, stopping: &CancellationToken) -> (bool, usize, u64) {
        let (begun, tries) = (tokio::time::Instant::now(), AtomicUsize::new(0));
        let taken = again(stopping, || {
            let refused = tries.fetch_add(1, Ordering::Relaxed) < refusals;
            async move { if refused { Err("status 503".to_owned()) } else { Ok(()) } }
        });
        let taken = taken.await;
        (taken, tries.into_inner(), begun.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_is_told_until_it_is_taken_for_about_an_hour() {
        let going_on = CancellationToken::new();
        assert_eq!(told(0, &going_on).await, (true, 1, 0));
        assert_eq!(told(3, &going_on).await, (true, 4, 1 + 2 + 5));
        assert_eq!(told(12, &going_on).await, (true, 13, 3533));
        assert_eq!(told(100, &going_on).await, (false, 13, 3533));
    }

    #[tokio::test(start_paused = true)]
    async fn a_worker_that_is_stopped_has_three_tries_left() {
        let stopping = CancellationToken::new();
        stopping.cancel();
        assert_eq!(told(2, &stopping).await, (true, 3, 2));
        assert_eq!(told(100, &stopping).await, (false, 3, 2));
    }
}
