//! The signed-in user.

use axum::Json;
use axum::response::{IntoResponse, Response};
use store::{Standing, User};

use crate::error::ApiError;
use crate::extract::Asked;
use crate::signed::Signed;
use crate::wire::limits::{LimitsRow, Quota};
use crate::wire::refusal::Refusals;
use crate::wire::user::{UserRow, Users, WhichUser};

/// Show yourself
///
/// With `email`, one row, or `null` when that is not your address: nobody learns here who else there is. Without, a list that
/// holds your own row.
#[utoipa::path(
    get, path = "/api/users", tag = "Account", operation_id = "getUsers", params(WhichUser),
    responses((status = 200, description = "Your row.", body = Users), Refusals),
)]
pub async fn show(app: Signed, Asked(which): Asked<WhichUser>) -> Result<Response, ApiError> {
    let user = app.store.user(app.user.id).await?.ok_or(ApiError::NotFound("User"))?;
    let row = UserRow::from(&user);
    Ok(match which.email {
        None => Json(vec![row]).into_response(),
        Some(email) => Json(Some(row).filter(|row| row.email.eq_ignore_ascii_case(email.trim()))).into_response(),
    })
}

/// Show your quota
///
/// What your plan has and what is used of it: clips, minutes of speech and stills this month, clips today (UTC). Where there is no
/// limit, it is 1000000000.
#[utoipa::path(
    get, path = "/api/users/quota", tag = "Account", operation_id = "getQuota",
    responses((status = 200, description = "The quota.", body = Quota), Refusals),
)]
pub async fn quota(app: Signed) -> Result<Json<Quota>, ApiError> {
    let (user, standing) = standing(&app).await?;
    Ok(Json(Quota::new(&user, &standing, (app.clock)())))
}

/// Show your limits
///
/// The same as the quota with all that is counted. Where there is no limit, it is 1000000000.
#[utoipa::path(
    get, path = "/api/user/limits", tag = "Account", operation_id = "getLimits",
    responses((status = 200, description = "The limits and what is used of them.", body = LimitsRow), Refusals),
)]
pub async fn limits(app: Signed) -> Result<Json<LimitsRow>, ApiError> {
    let (user, standing) = standing(&app).await?;
    Ok(Json(LimitsRow::new(user.id, &standing, (app.clock)())))
}

async fn standing(app: &Signed) -> Result<(User, Standing), ApiError> {
    let user = app.store.user(app.user.id).await?.ok_or(ApiError::NotFound("User"))?;
    let standings = app.store.standings(std::slice::from_ref(&user), (app.clock)()).await?;
    let standing = standings.get(&user.id).copied().unwrap_or_default();
    Ok((user, standing))
}
