//! A user's own keys of vendors: kept sealed, shown only as a mask.

use axum::Json;
use chrono::Duration;
use store::{KeyOf, nonce};
use uuid::Uuid;

use crate::error::{ApiError, Problems};
use crate::extract::Checked;
use crate::signed::{Signed, SignedPerson};
use crate::wire::keys::{ApiKeys, FIELDS, KeysSaved, PutApiKeys, RequestKeys, as_meant, mask};
use crate::wire::refusal::Refusals;

/// How long keys of a request are kept for what it has started.
const RUN_HOURS: i64 = 24;

/// Show which keys of vendors you have
///
/// Each as a mask such as `****1234`, or `null`. The keys themselves never come back.
#[utoipa::path(
    get, path = "/api/user/apikeys", tag = "Account", operation_id = "getApiKeys",
    responses((status = 200, description = "The masks.", body = ApiKeys), Refusals),
)]
pub async fn show(SignedPerson(app): SignedPerson) -> Result<Json<ApiKeys>, ApiError> {
    let keys = app.store.vendor_keys(app.user.id, None, &app.vault, (app.clock)()).await?;
    let mut masks = ApiKeys::default();
    for key in keys {
        // One that can't be opened any more is none; entering it again takes its place.
        if let Some(secret) = &key.secret {
            masks.put(&key.vendor, mask(secret));
        }
    }
    Ok(Json(masks))
}

/// Keep your keys of vendors
///
/// What is absent, `null` or the mask stays; an empty text takes the key away. Keys are sealed before they are stored, and used
/// instead of this server's own. ShortsAI Studio sends each as hexadecimal digits; plain keys are taken too.
#[utoipa::path(
    post, path = "/api/user/apikeys", tag = "Account", operation_id = "putApiKeys", request_body = PutApiKeys,
    responses((status = 200, description = "They are kept.", body = KeysSaved), Refusals),
)]
pub async fn put(SignedPerson(app): SignedPerson, Checked(input): Checked<PutApiKeys>) -> Result<Json<KeysSaved>, ApiError> {
    let (owner, now) = (app.user.id, (app.clock)());
    let mut problems = Problems::default();
    let mut wishes = Vec::new();
    for (field, vendor) in FIELDS {
        match input.of(field).map(as_meant) {
            None => {}
            Some(Err(problem)) => problems.add(field, problem),
            Some(Ok(key)) => wishes.push((vendor, key)),
        }
    }
    problems.into_result()?;
    let known = app.store.vendor_keys(owner, None, &app.vault, now).await?;
    for (vendor, key) in wishes {
        let is_mask = |secret: &String| mask(secret) == key;
        if known.iter().any(|known| known.vendor == vendor && known.secret.as_ref().is_some_and(is_mask)) {
            continue;
        }
        if key.is_empty() {
            app.store.remove_vendor_key(owner, vendor).await?;
        } else {
            app.store.put_vendor_key(owner, (KeyOf::User, vendor, &key), &app.vault, nonce(app.new_id), now).await?;
        }
    }
    Ok(Json(KeysSaved { message: "API keys saved successfully" }))
}

/// Keeps the keys that came with a request, sealed, for what that request starts in the project.
pub async fn keep_keys_of_run(app: &Signed, project: Uuid, keys: Option<&RequestKeys>) -> Result<(), ApiError> {
    keep(app, project, &given(keys)?).await
}

/// The keys that came with a request, each with its vendor.
pub fn given(keys: Option<&RequestKeys>) -> Result<Vec<(&'static str, String)>, ApiError> {
    let given = keys.map_or_else(|| Ok(Vec::new()), RequestKeys::given);
    given.map_err(|(field, problem)| ApiError::field(&format!("apiKeys.{field}"), problem))
}

/// Keeps such keys.
pub async fn keep(app: &Signed, project: Uuid, given: &[(&'static str, String)]) -> Result<(), ApiError> {
    let now = (app.clock)();
    let of = KeyOf::Run { project, until: now + Duration::hours(RUN_HOURS) };
    for (vendor, key) in given {
        app.store.put_vendor_key(app.user.id, (of, vendor, key), &app.vault, nonce(app.new_id), now).await?;
    }
    Ok(())
}
