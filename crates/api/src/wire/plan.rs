//! Plans on the wire.

use garde::Validate;
use model::usage::{Allowance, Money};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{PlanAbout, PlanRecord};
use utoipa::ToSchema;
use uuid::Uuid;

use super::rule::{small_json, text};
use super::stamp;
use crate::error::ApiError;

/// The most that a plan may cost.
const DEAREST: f64 = 1_000_000.0;

/// A whole plan. A number that is left out or `null` is no limit.
#[derive(Deserialize, Validate, ToSchema)]
pub struct PutPlan {
    /// Its name; unique.
    #[garde(custom(text(1, 100)))]
    #[schema(example = "Pro")]
    pub name: String,
    /// Its short name; unique. `free` and `pro` are the plans of users whose `subscription_plan` becomes `FREE` or `PRO`. When
    /// left out or empty, a new plan gets a random one and another keeps its own.
    #[garde(custom(text(0, 100)))]
    #[schema(example = "pro")]
    pub slug: Option<String>,
    /// For people.
    #[garde(custom(text(0, 2_000)))]
    pub description: Option<String>,
    /// What a month costs, as a number or a text; 0 when left out.
    #[garde(skip)]
    #[schema(example = 19.9)]
    pub price: Option<Price>,
    /// Stills a month.
    #[garde(inner(range(min = 0, max = 1_000_000_000)))]
    pub monthly_images_limit: Option<i64>,
    /// Clips a month.
    #[garde(inner(range(min = 0, max = 1_000_000_000)))]
    pub monthly_videos_limit: Option<i64>,
    /// Minutes of speech a month.
    #[garde(inner(range(min = 0, max = 1_000_000_000)))]
    pub monthly_minutes_tts: Option<i64>,
    /// Vendor calls of any kind a day.
    #[garde(inner(range(min = 0, max = 1_000_000_000)))]
    pub daily_requests_limit: Option<i64>,
    /// Clips a day.
    #[garde(inner(range(min = 0, max = 1_000_000_000)))]
    pub daily_videos_limit: Option<i64>,
    /// Kept with the plan.
    #[garde(custom(small_json))]
    pub features: Option<Value>,
}

/// An amount of money.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Price {
    /// Such as `19.9`.
    Number(f64),
    /// Such as `"19.9"`.
    Text(String),
}

impl PutPlan {
    /// Its short name, if it has one.
    pub fn slug(&self) -> Option<String> {
        self.slug.as_deref().map(str::trim).filter(|slug| !slug.is_empty()).map(str::to_owned)
    }

    /// What its users may have.
    pub fn allowance(&self) -> Allowance {
        Allowance {
            requests_per_day: self.daily_requests_limit,
            clips_per_day: self.daily_videos_limit,
            images_per_month: self.monthly_images_limit,
            speech_minutes_per_month: self.monthly_minutes_tts,
            clips_per_month: self.monthly_videos_limit,
        }
    }

    /// What it is sold as.
    pub fn about(&self) -> Result<PlanAbout, ApiError> {
        let price = match &self.price {
            None => Some(0.0),
            Some(Price::Number(price)) => Some(*price),
            Some(Price::Text(text)) if text.trim().is_empty() => Some(0.0),
            Some(Price::Text(text)) => text.trim().parse().ok(),
        };
        let price = price.filter(|price| (0.0..=DEAREST).contains(price));
        let price = price.ok_or_else(|| ApiError::field("price", "Expected a price from 0 to 1000000, such as 19.9"))?;
        Ok(PlanAbout {
            description: self.description.clone(),
            price: Money::dollars(price),
            features: self.features.clone().filter(|features| !features.is_null()),
        })
    }
}

/// A plan; `null` limits are none.
#[derive(Serialize, ToSchema)]
pub struct PlanRow {
    id: Uuid,
    name: String,
    slug: String,
    description: Option<String>,
    /// What a month costs.
    price: f64,
    monthly_images_limit: Option<i64>,
    monthly_videos_limit: Option<i64>,
    monthly_minutes_tts: Option<i64>,
    daily_requests_limit: Option<i64>,
    daily_videos_limit: Option<i64>,
    features: Option<Value>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<&PlanRecord> for PlanRow {
    fn from(record: &PlanRecord) -> Self {
        let (plan, allowance) = (&record.plan, &record.plan.allowance);
        Self {
            id: plan.id,
            name: plan.name.clone(),
            slug: plan.slug.clone(),
            description: plan.about.description.clone(),
            price: plan.about.price.0 as f64 / 1e6,
            monthly_images_limit: allowance.images_per_month,
            monthly_videos_limit: allowance.clips_per_month,
            monthly_minutes_tts: allowance.speech_minutes_per_month,
            daily_requests_limit: allowance.requests_per_day,
            daily_videos_limit: allowance.clips_per_day,
            features: plan.about.features.clone(),
            created_at: stamp(record.created_at),
            updated_at: stamp(record.updated_at),
        }
    }
}
