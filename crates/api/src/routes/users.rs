//! The signed-in user.

use axum::Json;
use axum::response::{IntoResponse, Response};

use crate::error::ApiError;
use crate::extract::Asked;
use crate::signed::Signed;
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
