//! Webhooks on the wire: endpoints, and what became of the messages to them.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use garde::Validate;
use model::notice::NoticeKind;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Attempt, MessageRecord, Webhook};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::rule::text;
use super::stamp;

/// What can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub enum EventType {
    /// All that was asked for of a project is there.
    #[serde(rename = "project.completed")]
    ProjectCompleted,
    /// Something of a project could not be made, or it was cancelled.
    #[serde(rename = "project.failed")]
    ProjectFailed,
    /// All that was asked for of a scene is there.
    #[serde(rename = "scene.completed")]
    SceneCompleted,
    /// Something of a scene could not be made.
    #[serde(rename = "scene.failed")]
    SceneFailed,
    /// A render got on; often, and therefore only if it is asked for.
    #[serde(rename = "render.progress")]
    RenderProgress,
    /// A video is there.
    #[serde(rename = "render.completed")]
    RenderCompleted,
    /// There will be no video.
    #[serde(rename = "render.failed")]
    RenderFailed,
}

impl EventType {
    fn kind(self) -> NoticeKind {
        match self {
            Self::ProjectCompleted => NoticeKind::ProjectCompleted,
            Self::ProjectFailed => NoticeKind::ProjectFailed,
            Self::SceneCompleted => NoticeKind::SceneCompleted,
            Self::SceneFailed => NoticeKind::SceneFailed,
            Self::RenderProgress => NoticeKind::RenderProgress,
            Self::RenderCompleted => NoticeKind::RenderCompleted,
            Self::RenderFailed => NoticeKind::RenderFailed,
        }
    }
}

/// The chosen ones, each once.
pub fn kinds(events: &[EventType]) -> Vec<NoticeKind> {
    let events: BTreeSet<EventType> = events.iter().copied().collect();
    events.into_iter().map(EventType::kind).collect()
}

/// A webhook to make.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewEndpoint {
    /// Where messages go: an https address.
    #[garde(custom(text(1, 2_000)))]
    #[schema(example = "https://example.com/hooks/shorts")]
    pub url: String,
    /// What is told; all but `render.progress` when left out.
    #[garde(inner(length(min = 1, max = 20)))]
    #[schema(min_items = 1, max_items = 20)]
    pub events: Option<Vec<EventType>>,
    /// `false` makes it without telling anything.
    #[garde(skip)]
    pub enabled: Option<bool>,
}

/// Changes of a webhook; what is absent stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PatchEndpoint {
    /// Where messages go: an https address.
    #[garde(custom(text(1, 2_000)))]
    pub url: Option<String>,
    /// What is told.
    #[garde(inner(length(min = 1, max = 20)))]
    #[schema(min_items = 1, max_items = 20)]
    pub events: Option<Vec<EventType>>,
    /// `false` tells nothing more and gives up what waits; `true` also ends that the server has switched it off.
    #[garde(skip)]
    pub enabled: Option<bool>,
}

/// A webhook without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Endpoint {
    /// Identity.
    pub id: Uuid,
    /// Where messages go.
    pub url: String,
    /// What is told.
    #[schema(example = json!(["render.completed", "render.failed"]))]
    pub events: Vec<&'static str>,
    /// Whether anything is told.
    pub enabled: bool,
    /// Why the server has switched it off.
    pub disabled_reason: Option<String>,
    /// Since when nothing was taken.
    pub failing_since: Option<String>,
    /// It came as `webhookUrl` with the request for this render, and hears of no other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub render_id: Option<Uuid>,
    /// When it was made.
    pub created_at: String,
}

/// A webhook with its new secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct EndpointOnce {
    /// The webhook.
    #[serde(flatten)]
    pub endpoint: Endpoint,
    /// What signs its messages; it is not shown again.
    #[schema(example = "whsec_…")]
    pub secret: String,
}

/// What signs messages to a `webhookUrl` that comes without a secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnSecret {
    /// Your own; it stays the same as long as the server's secret does.
    #[schema(example = "whsec_…")]
    pub secret: String,
}

/// Which messages.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WhichDeliveries {
    /// At most so many, 1 to 100; 50 when left out.
    #[param(value_type = Option<i64>, example = 50)]
    pub limit: Option<String>,
    /// Leave out so many of the newest.
    #[param(value_type = Option<i64>, example = 0)]
    pub offset: Option<String>,
}

/// A message and what became of it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryRow {
    /// Identity: the header `webhook-id`, the same in every attempt.
    pub id: Uuid,
    /// What it tells.
    #[schema(example = "render.completed")]
    pub r#type: &'static str,
    /// `waiting` (for its next attempt, or it is being sent), `delivered` or `failed` (given up).
    #[schema(example = "delivered")]
    pub state: &'static str,
    /// When it happened.
    pub created_at: String,
    /// Of the next attempt, if there will be one.
    pub next_attempt_at: Option<String>,
    /// What the message says under `data`; addresses are paths here.
    #[schema(value_type = Object)]
    pub data: Value,
    /// The attempts in order.
    pub attempts: Vec<AttemptRow>,
}

/// One attempt.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttemptRow {
    /// When it began.
    pub at: String,
    /// The status code of the answer, if there was one.
    #[schema(example = 200)]
    pub status: Option<u16>,
    /// Why it was not taken.
    pub error: Option<String>,
    /// How long it took.
    pub milliseconds: i64,
}

/// A message is on its way.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageQueued {
    /// Always `true`.
    pub success: bool,
    /// Which: look for it in the deliveries.
    pub message_id: Uuid,
}

/// A secret of the client's own: `whsec_` and 24 to 64 bytes in base64.
pub fn signing_secret(value: &Option<String>, _: &()) -> garde::Result {
    let Some(secret) = value else { return Ok(()) };
    let bytes = secret.strip_prefix("whsec_").and_then(|text| STANDARD.decode(text).ok());
    if bytes.is_some_and(|bytes| (24..=64).contains(&bytes.len())) {
        Ok(())
    } else {
        Err(garde::Error::new("Expected whsec_ and 24 to 64 bytes in base64, such as: echo whsec_$(openssl rand -base64 32)"))
    }
}

impl From<&Webhook> for Endpoint {
    fn from(webhook: &Webhook) -> Self {
        Self {
            id: webhook.id,
            url: webhook.url.clone(),
            events: webhook.kinds.iter().map(|kind| kind.name()).collect(),
            enabled: webhook.enabled,
            disabled_reason: webhook.disabled_reason.clone(),
            failing_since: webhook.failing_since.map(stamp),
            render_id: webhook.render,
            created_at: stamp(webhook.created_at),
        }
    }
}

impl From<&MessageRecord> for DeliveryRow {
    fn from(message: &MessageRecord) -> Self {
        Self {
            id: message.id,
            r#type: message.notice.kind.name(),
            state: message.state.name(),
            created_at: stamp(message.created_at),
            next_attempt_at: message.next_at.map(stamp),
            data: message.notice.data(None),
            attempts: message.attempts.iter().map(AttemptRow::from).collect(),
        }
    }
}

impl From<&Attempt> for AttemptRow {
    fn from(attempt: &Attempt) -> Self {
        let (at, error) = (stamp(attempt.at), attempt.error.clone());
        Self { at, status: attempt.status, error, milliseconds: attempt.millis }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_have_the_form_of_the_standard() {
        let check = |text: &str, expected: bool| {
            assert_eq!(signing_secret(&Some(text.to_owned()), &()).is_ok(), expected, "{text}");
        };
        check(&store::webhook_secret([7; 32]), true);
        check(&format!("whsec_{}", STANDARD.encode([1; 24])), true);
        check(&format!("whsec_{}", STANDARD.encode([1; 23])), false);
        check(&format!("whsec_{}", STANDARD.encode([1; 65])), false);
        check(&STANDARD.encode([1; 32]), false);
        check("whsec_not base64", false);
    }
}
