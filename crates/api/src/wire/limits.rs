//! What users may have and what is used of it, on the wire.

use chrono::{DateTime, Datelike, NaiveTime, Utc};
use model::usage::Used;
use serde::Serialize;
use store::{Standing, User};
use utoipa::ToSchema;
use uuid::Uuid;

use super::stamp;

/// Stands for "no limit" where clients expect a number.
pub const NO_LIMIT: i64 = 1_000_000_000;

/// A user's quota.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Quota {
    /// `free`, `pro` or `enterprise`.
    #[schema(example = "free")]
    plan: String,
    /// What the plan has; 1000000000 where there is no limit.
    limits: QuotaLimits,
    /// What is used of it.
    used: QuotaUsed,
    /// Since when the month's are counted.
    #[schema(format = DateTime)]
    last_reset_date: String,
}

/// What a plan has.
#[derive(Serialize, ToSchema)]
pub struct QuotaLimits {
    /// Clips a month.
    #[serde(rename = "maxVideos")]
    videos: i64,
    /// Minutes of speech a month.
    #[serde(rename = "maxTTSMinutes")]
    tts_minutes: i64,
    /// Stills a month.
    #[serde(rename = "maxImages")]
    images: i64,
    /// Clips a day.
    #[serde(rename = "maxDailyVideos")]
    daily_videos: i64,
}

/// What is used.
#[derive(Serialize, ToSchema)]
pub struct QuotaUsed {
    /// Clips this month.
    #[serde(rename = "currentVideos")]
    videos: i64,
    /// Minutes of speech this month, to a hundredth.
    #[serde(rename = "currentTTSMinutes")]
    tts_minutes: f64,
    /// Stills this month.
    #[serde(rename = "currentImages")]
    images: i64,
    /// Clips today.
    #[serde(rename = "currentDailyVideos")]
    daily_videos: i64,
}

impl Quota {
    /// How that user stands.
    pub fn new(user: &User, standing: &Standing, now: DateTime<Utc>) -> Self {
        let row = LimitsRow::new(user.id, standing, now);
        Self {
            plan: user.tier.clone(),
            limits: QuotaLimits {
                videos: row.monthly_videos_limit,
                tts_minutes: row.monthly_minutes_tts,
                images: row.monthly_images_limit,
                daily_videos: row.daily_videos_limit,
            },
            used: QuotaUsed {
                videos: row.current_videos_used,
                tts_minutes: row.current_minutes_tts_used,
                images: row.current_images_used,
                daily_videos: row.current_daily_videos,
            },
            last_reset_date: row.last_reset_date,
        }
    }
}

/// A user's limits and what is used of them; 1000000000 where there is no limit.
#[derive(Serialize, ToSchema)]
pub struct LimitsRow {
    user_id: Uuid,
    /// Clips a month.
    monthly_videos_limit: i64,
    /// Minutes of speech a month.
    monthly_minutes_tts: i64,
    /// Stills a month.
    monthly_images_limit: i64,
    current_videos_used: i64,
    /// To a hundredth.
    current_minutes_tts_used: f64,
    current_images_used: i64,
    /// Since when the month's are counted: its first day in UTC.
    #[schema(format = DateTime)]
    last_reset_date: String,
    /// Vendor calls of any kind a day.
    daily_requests_limit: i64,
    current_daily_requests: i64,
    /// Since when the day's are counted: midnight in UTC.
    #[schema(format = DateTime)]
    last_daily_reset: String,
    /// Clips a day; with a free account also new projects a day.
    daily_videos_limit: i64,
    /// Of clips and new projects, whichever is more.
    current_daily_videos: i64,
}

impl LimitsRow {
    /// How the user of that id stands.
    pub fn new(user: Uuid, standing: &Standing, now: DateTime<Utc>) -> Self {
        let Standing { allowance, today, this_month, projects_today } = standing;
        let limit = |limit: Option<i64>| limit.unwrap_or(NO_LIMIT);
        let midnight = now.date_naive().and_time(NaiveTime::MIN).and_utc();
        Self {
            user_id: user,
            monthly_videos_limit: limit(allowance.clips_per_month),
            monthly_minutes_tts: limit(allowance.speech_minutes_per_month),
            monthly_images_limit: limit(allowance.images_per_month),
            current_videos_used: this_month.clips,
            current_minutes_tts_used: minutes(this_month),
            current_images_used: this_month.images,
            last_reset_date: stamp(midnight.with_day(1).unwrap_or(midnight)),
            daily_requests_limit: limit(allowance.requests_per_day),
            current_daily_requests: today.requests,
            last_daily_reset: stamp(midnight),
            daily_videos_limit: limit(allowance.clips_per_day),
            // Both have the same limit, each for itself.
            current_daily_videos: today.clips.max(*projects_today),
        }
    }
}

fn minutes(used: &Used) -> f64 {
    (used.speech_seconds / 60.0 * 100.0).round() / 100.0
}
