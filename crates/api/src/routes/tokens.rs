//! Access tokens: how a user's programs come in.

use axum::Json;
use axum::http::StatusCode;
use chrono::Duration;
use store::{AccessToken, Scope};

use crate::error::ApiError;
use crate::extract::{Checked, PathId};
use crate::signed::SignedPerson;
use crate::wire::project::Success;
use crate::wire::refusal::{Error, Refusals};
use crate::wire::token::{NewToken, TokenOnce, TokenRow};

/// Nobody needs more.
const MOST: usize = 100;

/// List your access tokens
///
/// The newest first.
#[utoipa::path(
    get, path = "/api/user/tokens", tag = "Account", operation_id = "listTokens",
    responses((status = 200, description = "The tokens, without their secrets.", body = Vec<TokenRow>), Refusals),
)]
pub async fn list(SignedPerson(app): SignedPerson) -> Result<Json<Vec<TokenRow>>, ApiError> {
    Ok(Json(app.store.tokens(app.user.id).await?.iter().map(TokenRow::from).collect()))
}

/// Make an access token
///
/// For programs: they send it as `Authorization: Bearer …` or `x-api-key`. It is shown in this answer and never again.
/// `read` sees, `render` also brings files and orders renders, `write` does all that you can do except managing keys, tokens
/// and other users.
#[utoipa::path(
    post, path = "/api/user/tokens", tag = "Account", operation_id = "createToken", request_body = NewToken,
    responses(
        (status = 201, description = "The token.", body = TokenOnce),
        (status = 409, description = "You have as many as one can have.", body = Error),
        Refusals
    ),
)]
pub async fn create(
    SignedPerson(app): SignedPerson,
    Checked(input): Checked<NewToken>,
) -> Result<(StatusCode, Json<TokenOnce>), ApiError> {
    let (owner, now) = (app.user.id, (app.clock)());
    let scope = Scope::from_name(&input.scope).ok_or_else(|| ApiError::field("scope", "Expected read, render or write"))?;
    if app.store.tokens(owner).await?.len() >= MOST {
        let error = format!("You have {MOST} access tokens; revoke one that you no longer use.");
        return Err(ApiError::plain(StatusCode::CONFLICT, error));
    }
    let token = AccessToken {
        id: (app.new_id)(),
        name: input.name.trim().to_owned(),
        scope,
        created_at: now,
        used_at: None,
        expires_at: input.days.map(|days| now + Duration::days(i64::from(days))),
    };
    let secret = AccessToken::secret([(app.new_id)(), (app.new_id)()]);
    app.store.add_token(owner, &token, &secret).await?;
    Ok((StatusCode::CREATED, Json(TokenOnce { row: TokenRow::from(&token), token: secret })))
}

/// Revoke an access token
///
/// Whoever has it is out at once.
#[utoipa::path(
    delete, path = "/api/user/tokens/{id}", tag = "Account", operation_id = "revokeToken",
    params(("id" = Uuid, Path, description = "The token's id.")),
    responses((status = 200, description = "It is revoked.", body = Success), Refusals),
)]
pub async fn revoke(SignedPerson(app): SignedPerson, id: PathId) -> Result<Json<Success>, ApiError> {
    let id = id.of("Token")?;
    if app.store.revoke_token(app.user.id, id).await? {
        Ok(Json(Success { success: true }))
    } else {
        Err(ApiError::NotFound("Token"))
    }
}
