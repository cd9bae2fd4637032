//! Sums and the ledger of vendor calls on the wire.

use std::collections::BTreeMap;

use model::usage::Unit;
use serde::{Deserialize, Serialize};
use store::{Activity, LedgerLine, User};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::auth::address;
use super::project::ProjectRow;
use super::stamp;

/// The actions with what their calls count. Finding words belongs to speaking.
pub const ACTIONS: [(&str, &[Unit]); 5] = [
    ("GENERATE_SCRIPT", &[Unit::Script]),
    ("GENERATE_IMAGE", &[Unit::Image]),
    ("GENERATE_TTS", &[Unit::SpeechSecond, Unit::AlignedSecond]),
    ("GENERATE_MUSIC", &[Unit::Music]),
    ("GENERATE_VIDEO", &[Unit::Clip]),
];

fn action(unit: Option<Unit>) -> &'static str {
    let of = |unit: Unit| ACTIONS.iter().find(|(_, units)| units.contains(&unit)).map(|(action, _)| *action);
    unit.and_then(of).unwrap_or("OTHER")
}

/// Of which time.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WhichDays {
    /// So many days up to today, 1 to 365; 30 when left out.
    #[param(value_type = Option<i64>, example = 30)]
    pub days: Option<String>,
}

/// What has happened.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    total_users: u64,
    total_projects: u64,
    total_scenes: u64,
    /// The newest of all, at most 5.
    recent_projects: Vec<RecentProject>,
    /// One entry for each of the days in UTC, today last.
    analytics: Vec<DayRow>,
    /// Vendor calls of the days by action; an action without any is left out.
    usage_stats: BTreeMap<&'static str, ActionStats>,
}

/// A project and whose it is.
#[derive(Serialize, ToSchema)]
pub struct RecentProject {
    /// The project.
    #[serde(flatten)]
    pub project: ProjectRow,
    /// Whose it is.
    pub user: Option<Somebody>,
}

/// Who.
#[derive(Serialize, ToSchema)]
pub struct Somebody {
    name: String,
    email: String,
}

/// What was new on a day.
#[derive(Serialize, ToSchema)]
pub struct DayRow {
    /// The day in UTC.
    #[schema(example = "2026-01-31")]
    pub date: String,
    /// People who came.
    pub users: u64,
    /// Projects that were begun.
    pub projects: u64,
}

/// How often something was done.
#[derive(Default, Serialize, ToSchema)]
pub struct ActionStats {
    success: u64,
    failed: u64,
    total: u64,
    /// The most frequent messages; of all actions together at most 50.
    errors: Vec<ErrorCount>,
}

/// How often a vendor said so.
#[derive(Serialize, ToSchema)]
pub struct ErrorCount {
    message: String,
    count: u64,
}

impl Stats {
    /// From what has happened; `dates` are the days to tell of.
    pub fn new(activity: &Activity, recent_projects: Vec<RecentProject>, dates: Vec<String>) -> Self {
        let day = |date: String| {
            let (users, projects) = activity.days.get(&date).copied().unwrap_or_default();
            DayRow { date, users, projects }
        };
        let mut usage_stats: BTreeMap<&'static str, ActionStats> = BTreeMap::new();
        for (unit, failed, calls) in &activity.calls {
            let stats = usage_stats.entry(action(*unit)).or_default();
            *(if *failed { &mut stats.failed } else { &mut stats.success }) += calls;
            stats.total += calls;
        }
        for (unit, message, count) in &activity.messages {
            let errors = &mut usage_stats.entry(action(*unit)).or_default().errors;
            match errors.iter_mut().find(|error| error.message == *message) {
                Some(same) => same.count += count,
                None => errors.push(ErrorCount { message: message.clone(), count: *count }),
            }
        }
        Self {
            total_users: activity.users,
            total_projects: activity.projects,
            total_scenes: activity.scenes,
            recent_projects,
            analytics: dates.into_iter().map(day).collect(),
            usage_stats,
        }
    }
}

impl From<&User> for Somebody {
    fn from(user: &User) -> Self {
        Self { name: user.name.clone(), email: address(user) }
    }
}

/// Which calls. `ALL` is no filter.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WhichLogs {
    /// Which page, from 1.
    #[param(value_type = Option<i64>, example = 1)]
    pub page: Option<String>,
    /// At most so many on a page, 1 to 100; 50 when left out.
    #[param(value_type = Option<i64>, example = 50)]
    pub limit: Option<String>,
    /// `success` or `failed`.
    pub status: Option<String>,
    /// `GENERATE_SCRIPT`, `GENERATE_IMAGE`, `GENERATE_TTS`, `GENERATE_MUSIC` or `GENERATE_VIDEO`.
    pub action: Option<String>,
    /// Part of the message or of the user's name or address, whatever the case; or a whole id of a user, project or call.
    pub search: Option<String>,
}

/// One page of vendor calls.
#[derive(Serialize, ToSchema)]
pub struct Logs {
    /// The newest first.
    pub logs: Vec<LogRow>,
    /// Where the page stands.
    pub pagination: Pagination,
}

/// Where a page stands.
#[derive(Serialize, ToSchema)]
pub struct Pagination {
    /// How many there are on all pages.
    pub total: u64,
    /// How many pages there are.
    pub pages: u64,
    /// This page, from 1.
    pub current: u64,
    /// The most on a page.
    pub limit: u64,
}

/// A vendor call that has ended.
#[derive(Serialize, ToSchema)]
pub struct LogRow {
    id: Uuid,
    user_id: Uuid,
    /// `null` when the call was for none.
    project_id: Option<Uuid>,
    #[schema(example = "GENERATE_IMAGE")]
    action_type: &'static str,
    provider: String,
    model_name: String,
    /// 0 for calls of this server: their vendors are paid by other things.
    tokens_input: i64,
    /// The same.
    tokens_output: i64,
    /// Seconds of speech; 0 for what is not counted in seconds.
    duration_seconds: f64,
    /// `success` or `failed`. Whatever nothing is known of has failed, though it may have been made.
    #[schema(example = "failed")]
    status: &'static str,
    /// What the vendor said.
    error_message: Option<String>,
    /// What whoever told of the call has named it; `null` for calls of this server.
    idempotency_key: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    /// `null` when they are gone.
    user: Option<LogUser>,
    /// `null` when it is gone.
    project: Option<LogProject>,
}

/// Whose call it was.
#[derive(Serialize, ToSchema)]
pub struct LogUser {
    name: String,
    email: String,
    avatar_url: Option<String>,
}

/// For which project it was.
#[derive(Serialize, ToSchema)]
pub struct LogProject {
    topic: String,
    id: Uuid,
}

impl From<&LedgerLine> for LogRow {
    fn from(line: &LedgerLine) -> Self {
        let in_seconds = matches!(line.unit, Some(Unit::SpeechSecond | Unit::AlignedSecond));
        let user = |user: &User| LogUser { name: user.name.clone(), email: address(user), avatar_url: user.image.clone() };
        Self {
            id: line.id,
            user_id: line.owner,
            project_id: line.project,
            action_type: action(line.unit),
            provider: line.vendor.clone(),
            model_name: line.model.clone(),
            tokens_input: line.tokens.0,
            tokens_output: line.tokens.1,
            duration_seconds: if in_seconds { line.units } else { 0.0 },
            status: if line.failed { "failed" } else { "success" },
            error_message: line.error.clone(),
            idempotency_key: line.key.clone(),
            created_at: stamp(line.created_at),
            user: line.user.as_ref().map(user),
            project: line.topic.clone().zip(line.project).map(|(topic, id)| LogProject { topic, id }),
        }
    }
}
