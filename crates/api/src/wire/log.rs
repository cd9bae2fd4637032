//! Vendor calls that were made elsewhere, as they are told of.

use garde::Validate;
use model::usage::Unit;
use serde::Deserialize;
use store::LoggedCall;
use utoipa::ToSchema;
use uuid::Uuid;

use super::rule::text;
use crate::error::ApiError;
use crate::wire::ledger::ACTIONS;

/// The most of anything that one call takes.
const MOST: i64 = 1_000_000_000;

/// A vendor call that was made elsewhere.
#[derive(Deserialize, Validate, ToSchema)]
pub struct LogUsage {
    /// For whom.
    #[garde(skip)]
    pub user_id: Uuid,
    /// `GENERATE_SCRIPT`, `GENERATE_IMAGE`, `GENERATE_TTS`, `GENERATE_MUSIC` or `GENERATE_VIDEO`.
    #[garde(skip)]
    #[schema(example = "GENERATE_IMAGE")]
    pub action_type: String,
    /// Who was asked.
    #[garde(custom(text(1, 200)))]
    #[schema(example = "gemini")]
    pub provider: String,
    /// For which of their projects.
    #[garde(skip)]
    pub project_id: Option<Uuid>,
    /// Which model; `unknown` when left out.
    #[garde(custom(text(0, 200)))]
    pub model_name: Option<String>,
    /// What was read.
    #[garde(inner(range(min = 0, max = MOST)))]
    #[schema(minimum = 0, maximum = 1_000_000_000_i64)]
    pub tokens_input: Option<i64>,
    /// What was written.
    #[garde(inner(range(min = 0, max = MOST)))]
    #[schema(minimum = 0, maximum = 1_000_000_000_i64)]
    pub tokens_output: Option<i64>,
    /// Whether something came of it.
    #[garde(skip)]
    pub status: CallEnd,
    /// What the vendor said when nothing came of it.
    #[garde(custom(text(0, 2_000)))]
    pub error_message: Option<String>,
    /// Seconds of speech, for `GENERATE_TTS`.
    #[garde(inner(range(min = 0.0, max = 1_000_000.0)))]
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub duration_seconds: Option<f64>,
    /// A second call with this name is the same one.
    #[garde(custom(text(1, 200)))]
    pub idempotency_key: Option<String>,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CallEnd {
    /// Something came of it.
    Success,
    /// Nothing came of it.
    Failed,
}

impl LogUsage {
    /// The call under that id.
    pub fn call(self, id: Uuid) -> Result<LoggedCall, ApiError> {
        let names = ACTIONS.map(|(name, _)| name).join(", ");
        let units = ACTIONS.iter().find(|(name, _)| *name == self.action_type).map(|(_, units)| units[0]);
        let unit = units.ok_or_else(|| ApiError::field("action_type", format!("Expected one of {names}")))?;
        Ok(LoggedCall {
            id,
            owner: self.user_id,
            project: self.project_id,
            vendor: self.provider,
            model: self.model_name.filter(|name| !name.is_empty()).unwrap_or_else(|| "unknown".to_owned()),
            unit,
            units: if unit == Unit::SpeechSecond { self.duration_seconds.unwrap_or_default() } else { 1.0 },
            tokens: (self.tokens_input.unwrap_or_default(), self.tokens_output.unwrap_or_default()),
            failed: self.status == CallEnd::Failed,
            error: self.error_message,
            key: self.idempotency_key,
        })
    }
}
