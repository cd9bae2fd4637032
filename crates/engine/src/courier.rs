//! Sends the messages of webhooks that the store hands out, signed after Standard Webhooks (standardwebhooks.com), and reports
//! what became of them. What is told is decided in `model`, when it is told again too.
//!
//! A process that dies after the message was sent and before that is reported sends it again when the lease ends: receivers know
//! it by its id. Messages of one user take only some of the places, so that one whose receivers are slow delays nobody else.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, Utc};
use model::webhook::{Answer, verdict};
use serde_json::json;
use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook, WebhookError};
use store::{Attempt, Delivery, Store, StoreError, Vault};
use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Messages on their way at a time, and of one user.
const AT_ONCE: usize = 16;
const OF_ONE_USER: usize = 4;
/// Who has not reported by then is dead; couriers give up long before.
const LEASE: chrono::Duration = chrono::Duration::seconds(60);
/// The slowest that the loop looks for messages: those whose time comes wake nobody.
const POLL: Duration = Duration::from_secs(1);
/// How long messages on their way may take after a stop was asked for.
const GRACE: Duration = Duration::from_secs(3);

/// Brings a message to an address.
#[async_trait]
pub trait Courier: Send + Sync {
    /// Sends it once, follows no redirect, and gives up after seconds. The error is a sentence for whoever has given the
    /// address.
    async fn deliver(&self, url: &str, headers: &[(&'static str, String)], body: String) -> Result<CourierAnswer, String>;
}

/// What the receiver answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CourierAnswer {
    /// The status code.
    pub status: u16,
    /// The header `Retry-After` as it is.
    pub retry_after: Option<String>,
}

/// Everything that is needed to deliver.
pub struct Deliveries {
    /// Where the messages are.
    pub store: Store,
    /// Who brings them.
    pub courier: Arc<dyn Courier>,
    /// Opens the secrets that sign them.
    pub vault: Vault,
    /// Where others find this server, if it knows that: then addresses in messages are whole.
    pub base: Option<String>,
    /// The current time.
    pub clock: fn() -> DateTime<Utc>,
    /// A number from 0 to 1 that spreads repetitions.
    pub jitter: fn() -> f64,
}

/// Delivers until `stop` fires, and then waits a moment for what is on its way.
pub async fn deliver(deliveries: Arc<Deliveries>, stop: CancellationToken) {
    let mut changes = deliveries.store.changes();
    let (mut running, mut owners) = (JoinSet::new(), HashMap::new());
    while !stop.is_cancelled() {
        // Marked as seen before looking, so that a change while looking wakes the next wait.
        changes.mark_unchanged();
        if let Err(error) = fill(&deliveries, &mut running, &mut owners).await {
            tracing::warn!(%error, "messages for webhooks can't be read; trying again");
        }
        tokio::select! {
            () = stop.cancelled() => {}
            _ = changes.changed(), if owners.len() < AT_ONCE => {}
            Some(ended) = running.join_next_with_id() => release(ended, &mut owners),
            () = tokio::time::sleep(POLL) => {}
        }
        while let Some(ended) = running.try_join_next_with_id() {
            release(ended, &mut owners);
        }
    }
    let rest = async { while running.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, rest).await.is_err() {
        tracing::info!("messages for webhooks were on their way; they are sent again");
    }
}

/// Takes messages while there is room.
async fn fill(deliveries: &Arc<Deliveries>, running: &mut JoinSet<()>, owners: &mut HashMap<Id, Uuid>) -> Result<(), StoreError> {
    while owners.len() < AT_ONCE {
        let mut counts: HashMap<Uuid, usize> = HashMap::new();
        owners.values().for_each(|owner| *counts.entry(*owner).or_default() += 1);
        let busy: Vec<Uuid> = counts.into_iter().filter(|(_, count)| *count >= OF_ONE_USER).map(|(owner, _)| owner).collect();
        let claimed = deliveries.store.claim_delivery(&deliveries.vault, &busy, LEASE, (deliveries.clock)()).await?;
        let Some(delivery) = claimed else { break };
        let (owner, deliveries) = (delivery.webhook.owner, deliveries.clone());
        let task = running.spawn(async move { carry(&deliveries, delivery).await });
        owners.insert(task.id(), owner);
    }
    Ok(())
}

fn release(ended: Result<(Id, ()), JoinError>, owners: &mut HashMap<Id, Uuid>) {
    let id = match ended {
        Ok((id, ())) => id,
        Err(error) => {
            tracing::error!(%error, "the delivery of a message died; it is sent again");
            error.id()
        }
    };
    owners.remove(&id);
}

/// One attempt from its begin to its report.
async fn carry(deliveries: &Deliveries, delivery: Delivery) {
    let began = (deliveries.clock)();
    let answered = send(deliveries, &delivery, began).await;
    let now = (deliveries.clock)();
    let answer = answered.as_ref().ok().map(|answer| Answer {
        status: answer.status,
        retry_after: answer.retry_after.as_deref().and_then(|text| wait_until(text, now)),
    });
    let verdict = verdict(delivery.notice.kind, answer.as_ref(), delivery.tries, (deliveries.jitter)());
    let error = match &answered {
        Ok(CourierAnswer { status: 200..=299, .. }) => None,
        Ok(answer) => Some(format!("the receiver answered with status {}", answer.status)),
        Err(problem) => Some(problem.clone()),
    };
    let (message, webhook) = (delivery.message, delivery.webhook.id);
    match &error {
        None => tracing::debug!(%message, %webhook, "delivered"),
        Some(reason) => tracing::info!(%message, %webhook, attempt = delivery.attempt, reason, "not delivered"),
    }
    let millis = now.signed_duration_since(began).num_milliseconds().max(0);
    let attempt = Attempt { at: began, status: answer.map(|answer| answer.status), error, millis };
    match deliveries.store.finish_delivery(&delivery, &attempt, verdict, now).await {
        Ok(true) => {}
        Ok(false) => tracing::debug!(%message, "came too late"),
        Err(error) => tracing::warn!(%error, %message, "what became of a message could not be stored; it is sent again"),
    }
}

async fn send(deliveries: &Deliveries, delivery: &Delivery, now: DateTime<Utc>) -> Result<CourierAnswer, String> {
    let secrets = delivery.secrets.as_ref().map_err(|_| {
        "the secret of this webhook can't be opened: it was sealed with another server secret (AUTH_SECRET); rotate it".to_owned()
    })?;
    let (id, timestamp) = (delivery.message.to_string(), now.timestamp());
    let body = json!({
        "type": delivery.notice.kind.name(),
        "timestamp": delivery.created_at.to_rfc3339_opts(SecondsFormat::Millis, true),
        "data": delivery.notice.data(deliveries.base.as_deref()),
    });
    let body = body.to_string();
    let sign = |secret: &String| Webhook::new(secret)?.sign(&id, timestamp, body.as_bytes());
    let signatures: Result<Vec<String>, WebhookError> = secrets.iter().map(sign).collect();
    let signatures = signatures.map_err(|error| format!("the message can't be signed ({error}); rotate the secret"))?;
    let headers = [
        ("content-type", "application/json".to_owned()),
        (HEADER_WEBHOOK_ID, id.clone()),
        (HEADER_WEBHOOK_TIMESTAMP, timestamp.to_string()),
        (HEADER_WEBHOOK_SIGNATURE, signatures.join(" ")),
    ];
    deliveries.courier.deliver(&delivery.webhook.url, &headers, body).await
}

/// The wait that `Retry-After` asks for, in seconds or until a date.
fn wait_until(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    let text = text.trim();
    let seconds = text.parse().ok().map(Duration::from_secs);
    seconds.or_else(|| DateTime::parse_from_rfc2822(text).ok()?.signed_duration_since(now).to_std().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
        let check = |text: &str, expected| assert_eq!(wait_until(text, now).map(|wait| wait.as_secs()), expected, "{text}");
        check("120", Some(120));
        check(" 7 ", Some(7));
        check(&(now + chrono::Duration::seconds(90)).format("%a, %d %b %Y %H:%M:%S GMT").to_string(), Some(90));
        check(&(now - chrono::Duration::seconds(90)).format("%a, %d %b %Y %H:%M:%S GMT").to_string(), None);
        check("soon", None);
        check("-5", None);
    }
}
