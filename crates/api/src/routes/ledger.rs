//! What administrators see of everybody: sums, and the ledger of vendor calls.

use axum::Json;
use axum::http::StatusCode;
use chrono::Days;
use store::{LedgerQuery, LogError};

use super::characters_of;
use super::people::one_of;
use super::projects::number;
use crate::error::ApiError;
use crate::extract::{Asked, Checked};
use crate::signed::SignedAdmin;
use crate::wire::ledger::{ACTIONS, LogRow, Logs, Pagination, RecentProject, Somebody, Stats, WhichDays, WhichLogs};
use crate::wire::log::LogUsage;
use crate::wire::project::ProjectRow;
use crate::wire::refusal::Refusals;

/// Show what has happened
///
/// Totals, the newest projects, new users and projects of each of the last days in UTC, and the vendor calls of those days.
#[utoipa::path(
    get, path = "/api/admin/stats", tag = "Admin", operation_id = "getStats", params(WhichDays),
    responses((status = 200, description = "The sums.", body = Stats), Refusals),
)]
pub async fn stats(SignedAdmin(app): SignedAdmin, Asked(which): Asked<WhichDays>) -> Result<Json<Stats>, ApiError> {
    let (days, now) = (number("days", which.days.as_deref())?.unwrap_or(30).clamp(1, 365) as u64, (app.clock)());
    let activity = app.store.activity(app.user.id, days, now).await?;
    let mut recent = Vec::new();
    for (record, owner) in &activity.newest {
        let project = ProjectRow::new(record, &characters_of(&app, record).await?);
        recent.push(RecentProject { project, user: owner.as_ref().map(Somebody::from) });
    }
    let today = now.date_naive();
    let dates = (0..days).rev().filter_map(|ago| today.checked_sub_days(Days::new(ago))).map(|date| date.to_string());
    Ok(Json(Stats::new(&activity, recent, dates.collect())))
}

/// Tell of a vendor call that was made elsewhere
///
/// It is written down like this server's own; a still or speech that came of it counts for the user. With an `idempotency_key`
/// that is known, nothing happens, and the call of that key is answered.
#[utoipa::path(
    post, path = "/api/usage", tag = "Admin", operation_id = "logUsage", request_body = LogUsage,
    responses(
        (status = 201, description = "It is written down.", body = LogRow),
        (status = 200, description = "It was written down before.", body = LogRow),
        Refusals
    ),
)]
pub async fn log(
    SignedAdmin(app): SignedAdmin,
    Checked(input): Checked<LogUsage>,
) -> Result<(StatusCode, Json<LogRow>), ApiError> {
    let (line, is_new) = app.store.log_call(input.call((app.new_id)())?, (app.clock)()).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(LogRow::from(&line))))
}

impl From<LogError> for ApiError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::NoUser => Self::field("user_id", "There is no such user; GET /api/admin/users lists them"),
            LogError::NoProject => Self::field("project_id", "The user has no such project; leave it out for none"),
            LogError::Store(error) => error.into(),
        }
    }
}

/// List vendor calls
///
/// Those of everybody that have ended, the newest first. They stay when projects and users go.
#[utoipa::path(
    get, path = "/api/admin/logs", tag = "Admin", operation_id = "listLogs", params(WhichLogs),
    responses((status = 200, description = "One page of the calls.", body = Logs), Refusals),
)]
pub async fn logs(SignedAdmin(app): SignedAdmin, Asked(which): Asked<WhichLogs>) -> Result<Json<Logs>, ApiError> {
    let current = number("page", which.page.as_deref())?.unwrap_or(1).max(1) as u64;
    let limit = number("limit", which.limit.as_deref())?.unwrap_or(50).clamp(1, 100) as u64;
    let on = |wish: Option<String>| wish.filter(|wish| wish != "ALL");
    let status = one_of("status", on(which.status).as_deref(), &["success", "failed"])?;
    let action = one_of("action", on(which.action).as_deref(), &ACTIONS.map(|(action, _)| action))?;
    let units = ACTIONS.iter().find(|(name, _)| Some(*name) == action).map_or(&[][..], |(_, units)| *units);
    let query = LedgerQuery {
        failed: status.map(|status| status == "failed"),
        units: units.to_vec(),
        search: which.search.unwrap_or_default(),
        limit,
        offset: (current - 1).saturating_mul(limit),
    };
    let (lines, total) = app.store.ledger(&query).await?;
    let pagination = Pagination { total, pages: total.div_ceil(limit), current, limit };
    Ok(Json(Logs { logs: lines.iter().map(Into::into).collect(), pagination }))
}
