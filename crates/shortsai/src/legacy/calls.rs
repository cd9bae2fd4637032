//! The ledger: what vendors were asked for. What was asked for this month counts against the users' limits.

use chrono::{DateTime, Datelike, NaiveTime, Utc};
use model::usage::Unit;
use store::{LegacyMoment, LegacyTable, LoggedCall, Noun};
use uuid::Uuid;

use super::TakeOver;
use super::row::Row;

const NOUN: &str = "usage logs";

pub async fn take(over: &mut TakeOver<'_>, from: &LegacyMoment) -> anyhow::Result<()> {
    let midnight = over.now.date_naive().and_time(NaiveTime::MIN).and_utc();
    let this_month = midnight.with_day(1).unwrap_or(midnight);
    let mut rows = from.read(LegacyTable::UsageLogs).await?;
    loop {
        let page: Vec<Row> = rows.page().await?.into_iter().map(Row).collect();
        if page.is_empty() {
            return Ok(());
        }
        let calls: Vec<(LoggedCall, DateTime<Utc>)> = page.iter().filter_map(|row| call(over, row)).collect();
        let all = calls.len();
        let new = if over.dry_run {
            let ids: Vec<Uuid> = calls.iter().map(|(call, _)| call.id).collect();
            all - over.store.in_use(Noun::Call, &ids).await?.len()
        } else {
            over.store.take_calls(calls, this_month).await?
        };
        over.report.new_many(NOUN, new);
        over.report.here_many(NOUN, all - new);
    }
}

fn call(over: &mut TakeOver<'_>, row: &Row) -> Option<(LoggedCall, DateTime<Utc>)> {
    let unit = match row.text("action_type") {
        Some("GENERATE_SCRIPT") => Unit::Script,
        Some("GENERATE_IMAGE") => Unit::Image,
        Some("GENERATE_TTS") => Unit::SpeechSecond,
        Some("GENERATE_MUSIC") => Unit::Music,
        Some("GENERATE_VIDEO") => Unit::Clip,
        _ => {
            over.report.left(NOUN, "their action_type is unknown", row);
            return None;
        }
    };
    let failed = match row.text("status") {
        Some("success") => false,
        Some("failed") => true,
        _ => {
            over.report.left(NOUN, "their status is unknown", row);
            return None;
        }
    };
    let id = row.id("id")?;
    let seconds = row.number("duration_seconds");
    if seconds.is_none() && unit == Unit::SpeechSecond {
        over.report.changed(NOUN, "their duration_seconds is no number; it is 0 here", row);
    }
    // Whoever is gone is still in the ledger.
    let owner = row.id("user_id").map_or(Uuid::nil(), |id| over.users.get(&id).copied().unwrap_or(id));
    let tokens = |column: &str| row.count(column).unwrap_or_default();
    let call = LoggedCall {
        id,
        owner,
        project: row.id("project_id"),
        vendor: row.plain("provider"),
        model: row.plain("model_name"),
        unit,
        units: if unit == Unit::SpeechSecond { seconds.unwrap_or_default().max(0.0) } else { 1.0 },
        tokens: (tokens("tokens_input"), tokens("tokens_output")),
        failed,
        error: row.words("error_message").map(str::to_owned),
        key: row.words("idempotency_key").map(str::to_owned),
    };
    Some((call, row.time("created_at").unwrap_or(over.now)))
}
