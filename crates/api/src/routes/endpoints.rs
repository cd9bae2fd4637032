//! Webhooks: users' own endpoints, which are told what becomes of their projects, and what became of each message.
//!
//! Who sends the messages is `engine`; what workers elsewhere report comes in by `webhooks`.

use axum::Json;
use axum::http::StatusCode;
use model::notice::{Notice, NoticeKind};
use store::{MOST_WEBHOOKS, NewWebhook, OneOff, Resent, Webhook, WebhookChange, nonce, seal_one_off, webhook_secret};
use uuid::Uuid;

use super::own;
use super::projects::number;
use crate::error::ApiError;
use crate::extract::{Asked, Checked, PathId, PathIds};
use crate::signed::{Signed, SignedPerson};
use crate::wire::endpoint::{
    DeliveryRow, Endpoint, EndpointOnce, MessageQueued, NewEndpoint, OwnSecret, PatchEndpoint, WhichDeliveries, kinds,
};
use crate::wire::project::Success;
use crate::wire::refusal::{Error, Refusals};

const THING: &str = "Webhook";

/// List your webhooks
///
/// The oldest first; not those that came as `webhookUrl` with a single request.
#[utoipa::path(
    get, path = "/api/webhooks", tag = "Webhooks", operation_id = "listWebhooks",
    responses((status = 200, description = "The webhooks, without their secrets.", body = Vec<Endpoint>), Refusals),
)]
pub async fn list(app: Signed) -> Result<Json<Vec<Endpoint>>, ApiError> {
    Ok(Json(app.store.webhooks(app.user.id).await?.iter().map(Endpoint::from).collect()))
}

/// Make a webhook
///
/// From now on the address is sent a signed message (Standard Webhooks) for each of the chosen events of your projects. The
/// secret that signs them is shown in this answer and never again.
#[utoipa::path(
    post, path = "/api/webhooks", tag = "Webhooks", operation_id = "createWebhook", request_body = NewEndpoint,
    responses(
        (status = 201, description = "The webhook with its secret.", body = EndpointOnce),
        (status = 409, description = "You have as many as one can have.", body = Error),
        Refusals
    ),
)]
pub async fn create(app: Signed, Checked(input): Checked<NewEndpoint>) -> Result<(StatusCode, Json<EndpointOnce>), ApiError> {
    let new = NewWebhook {
        id: (app.new_id)(),
        owner: app.user.id,
        url: checked_address(&app, "url", &input.url)?,
        kinds: input.events.map_or_else(|| NoticeKind::USUAL.to_vec(), |events| kinds(&events)),
        enabled: input.enabled.unwrap_or(true),
    };
    let secret = new_secret(&app);
    let made = app.store.create_webhook(&new, (&secret, &app.vault, nonce(app.new_id)), (app.clock)()).await?;
    let Some(webhook) = made else {
        let error = format!("You have {MOST_WEBHOOKS} webhooks; delete one that you no longer use.");
        return Err(ApiError::plain(StatusCode::CONFLICT, error));
    };
    Ok((StatusCode::CREATED, Json(EndpointOnce { endpoint: Endpoint::from(&webhook), secret })))
}

/// Show your own secret
///
/// It signs messages to a `webhookUrl` that comes with a single request and brings no `webhookSecret`.
#[utoipa::path(
    get, path = "/api/webhooks/secret", tag = "Webhooks", operation_id = "getWebhookSecret",
    responses((status = 200, description = "The secret.", body = OwnSecret), Refusals),
)]
pub async fn secret(SignedPerson(app): SignedPerson) -> Json<OwnSecret> {
    let secret = app.vault.webhook_secrets(app.user.id).into_iter().next().unwrap_or_default();
    Json(OwnSecret { secret })
}

/// Show a webhook
///
/// Where its messages go and whether they arrive. Also one that came as `webhookUrl` with a request.
#[utoipa::path(
    get, path = "/api/webhooks/{id}", tag = "Webhooks", operation_id = "getWebhook",
    params(("id" = Uuid, Path, description = "The webhook's id.")),
    responses((status = 200, description = "The webhook, without its secret.", body = Endpoint), Refusals),
)]
pub async fn show(app: Signed, id: PathId) -> Result<Json<Endpoint>, ApiError> {
    Ok(Json(Endpoint::from(&own_webhook(&app, id.of(THING)?).await?)))
}

/// Change a webhook
///
/// Where messages go, what is told, and whether anything is.
#[utoipa::path(
    patch, path = "/api/webhooks/{id}", tag = "Webhooks", operation_id = "changeWebhook", request_body = PatchEndpoint,
    params(("id" = Uuid, Path, description = "The webhook's id.")),
    responses((status = 200, description = "The webhook.", body = Endpoint), Refusals),
)]
pub async fn change(app: Signed, id: PathId, Checked(input): Checked<PatchEndpoint>) -> Result<Json<Endpoint>, ApiError> {
    let webhook = own_webhook(&app, id.of(THING)?).await?;
    let url = input.url.map(|url| checked_address(&app, "url", &url)).transpose()?;
    let change = WebhookChange { url, kinds: input.events.map(|events| kinds(&events)), enabled: input.enabled };
    let changed = app.store.change_webhook(webhook.id, &change, (app.clock)()).await?;
    Ok(Json(Endpoint::from(&changed.ok_or(ApiError::NotFound(THING))?)))
}

/// Delete a webhook
///
/// What waits for it is sent no more, and its deliveries are forgotten.
#[utoipa::path(
    delete, path = "/api/webhooks/{id}", tag = "Webhooks", operation_id = "deleteWebhook",
    params(("id" = Uuid, Path, description = "The webhook's id.")),
    responses((status = 200, description = "It is gone.", body = Success), Refusals),
)]
pub async fn delete(app: Signed, id: PathId) -> Result<Json<Success>, ApiError> {
    let webhook = own_webhook(&app, id.of(THING)?).await?;
    match app.store.delete_webhook(webhook.id).await? {
        true => Ok(Json(Success { success: true })),
        false => Err(ApiError::NotFound(THING)),
    }
}

/// Send a test message
///
/// Of the type `webhook.test`. It is sent once; the deliveries show what became of it.
#[utoipa::path(
    post, path = "/api/webhooks/{id}/test", tag = "Webhooks", operation_id = "testWebhook",
    params(("id" = Uuid, Path, description = "The webhook's id.")),
    responses(
        (status = 202, description = "It is on its way.", body = MessageQueued),
        (status = 409, description = "The webhook is switched off.", body = Error),
        Refusals
    ),
)]
pub async fn test(app: Signed, id: PathId) -> Result<(StatusCode, Json<MessageQueued>), ApiError> {
    let webhook = own_webhook(&app, id.of(THING)?).await?;
    if !webhook.enabled {
        return Err(switched_off());
    }
    let message = (app.new_id)();
    app.store.tell_webhook(message, &webhook, &Notice::test(), (app.clock)()).await?;
    Ok((StatusCode::ACCEPTED, Json(MessageQueued { success: true, message_id: message })))
}

/// Give a webhook another secret
///
/// The new one is shown in this answer and never again. For 24 hours messages carry a signature of the old one besides.
#[utoipa::path(
    post, path = "/api/webhooks/{id}/rotate", tag = "Webhooks", operation_id = "rotateWebhook",
    params(("id" = Uuid, Path, description = "The webhook's id.")),
    responses((status = 200, description = "The webhook with its new secret.", body = EndpointOnce), Refusals),
)]
pub async fn rotate(app: Signed, id: PathId) -> Result<Json<EndpointOnce>, ApiError> {
    let webhook = own_webhook(&app, id.of(THING)?).await?;
    let secret = new_secret(&app);
    match app.store.rotate_webhook(&webhook, (&secret, &app.vault, nonce(app.new_id)), (app.clock)()).await? {
        true => Ok(Json(EndpointOnce { endpoint: Endpoint::from(&webhook), secret })),
        false => Err(ApiError::NotFound(THING)),
    }
}

/// List what became of a webhook's messages
///
/// The newest first, each with its attempts. They are kept for 30 days.
#[utoipa::path(
    get, path = "/api/webhooks/{id}/deliveries", tag = "Webhooks", operation_id = "listDeliveries",
    params(("id" = Uuid, Path, description = "The webhook's id: `id`, or `webhookId` of the answer to the request that brought it."), WhichDeliveries),
    responses((status = 200, description = "The messages.", body = Vec<DeliveryRow>), Refusals),
)]
pub async fn deliveries(
    app: Signed,
    id: PathId,
    Asked(which): Asked<WhichDeliveries>,
) -> Result<Json<Vec<DeliveryRow>>, ApiError> {
    let webhook = own_webhook(&app, id.of(THING)?).await?;
    let limit = number("limit", which.limit.as_deref())?.unwrap_or(50).clamp(1, 100) as u64;
    let offset = number("offset", which.offset.as_deref())?.unwrap_or_default().max(0) as u64;
    let messages = app.store.messages(webhook.id, offset, limit).await?;
    Ok(Json(messages.iter().map(DeliveryRow::from).collect()))
}

/// Send a message again
///
/// At once and with all its repetitions, whatever became of it. It has the same id as before.
#[utoipa::path(
    post, path = "/api/webhooks/{id}/deliveries/{message}/resend", tag = "Webhooks", operation_id = "resendDelivery",
    params(
        ("id" = Uuid, Path, description = "The webhook's id."),
        ("message" = Uuid, Path, description = "The message's id.")
    ),
    responses(
        (status = 202, description = "It is on its way.", body = MessageQueued),
        (status = 409, description = "The webhook is switched off, or the message is being sent at this moment.", body = Error),
        Refusals
    ),
)]
pub async fn resend(app: Signed, ids: PathIds) -> Result<(StatusCode, Json<MessageQueued>), ApiError> {
    let (id, message) = ids.of(THING)?;
    let webhook = own_webhook(&app, id).await?;
    match app.store.resend_message(webhook.id, message, (app.clock)()).await? {
        Resent::Queued => Ok((StatusCode::ACCEPTED, Json(MessageQueued { success: true, message_id: message }))),
        Resent::Busy => {
            let error = "The message is being sent at this moment; look at the deliveries in a minute.";
            Err(ApiError::plain(StatusCode::CONFLICT, error))
        }
        Resent::Disabled => Err(switched_off()),
        Resent::Unknown => Err(ApiError::NotFound("Message")),
    }
}

/// The endpoint that comes as `webhookUrl` with a request for a render, if one does.
pub fn one_off(app: &Signed, url: &Option<String>, secret: &Option<String>) -> Result<Option<OneOff>, ApiError> {
    let Some(url) = url else {
        return match secret {
            Some(_) => Err(ApiError::field("webhookSecret", "It signs what is sent to webhookUrl; give that, too")),
            None => Ok(None),
        };
    };
    let url = checked_address(app, "webhookUrl", url)?;
    let sealed = secret.as_ref().map(|secret| seal_one_off(app.user.id, secret, &app.vault, nonce(app.new_id)));
    Ok(Some(OneOff { url, sealed }))
}

/// An address that messages may go to.
fn checked_address(app: &Signed, field: &str, url: &str) -> Result<String, ApiError> {
    let url = url.trim();
    app.fetcher.check_address(url).map_err(|problem| ApiError::field(field, problem.to_string()))?;
    Ok(url.to_owned())
}

async fn own_webhook(app: &Signed, id: Uuid) -> Result<Webhook, ApiError> {
    let webhook = app.store.webhook(id).await?.ok_or(ApiError::NotFound(THING))?;
    own(app, webhook.owner)?;
    Ok(webhook)
}

fn new_secret(app: &Signed) -> String {
    let (one, other) = ((app.new_id)().into_bytes(), (app.new_id)().into_bytes());
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(&one);
    bytes[16..].copy_from_slice(&other);
    webhook_secret(bytes)
}

fn switched_off() -> ApiError {
    ApiError::plain(StatusCode::CONFLICT, "The webhook is switched off; set enabled to true first.")
}
