//! Users as administrators see and change them.

use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::folder::ProjectCount;
use super::limits::LimitsRow;
use super::rule::nullable;
use super::user::UserRow;

/// Which users, and in which order. `ALL` is no filter.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WhichPeople {
    /// Only those whose name, address or id contains this, whatever the case.
    pub search: Option<String>,
    /// `USER` or `ADMIN`.
    pub role: Option<String>,
    /// `FREE` or `PRO`.
    pub plan: Option<String>,
    /// `active` or `blocked`.
    pub status: Option<String>,
    /// `created_at` (when left out), `updated_at`, `name`, `email`, `emailVerified`, `role`, `subscription_plan`, `tier`, `is_blocked`,
    /// `plan_id`, `id` or `projects`.
    pub sort: Option<String>,
    /// `desc` (when left out) or `asc`.
    pub order: Option<String>,
    /// At most so many (1 to 100); left out, all.
    #[param(value_type = Option<i64>, example = 50)]
    pub limit: Option<String>,
    /// Leave out so many of the first.
    #[param(value_type = Option<i64>, example = 0)]
    pub offset: Option<String>,
}

/// A user with their projects and limits.
#[derive(Serialize, ToSchema)]
pub struct Person {
    /// The user.
    #[serde(flatten)]
    pub user: UserRow,
    /// How many projects they have.
    #[serde(rename = "_count")]
    pub count: ProjectCount,
    /// What they may have and have used.
    pub user_limits: LimitsRow,
}

/// Changes of a user; what is left out stays.
#[derive(Deserialize, Validate, ToSchema)]
pub struct PatchPerson {
    /// Who; required.
    #[serde(rename = "userId")]
    #[garde(skip)]
    #[schema(required = true, format = Uuid)]
    pub user_id: Option<String>,
    /// `USER` or `ADMIN`.
    #[garde(skip)]
    #[schema(example = "USER")]
    pub role: Option<String>,
    /// `FREE` or `PRO`. Another one than before sets the tier (`free`, `pro`) and puts the user on the plan with that slug; if there
    /// is none, on no plan, which has no limits.
    #[garde(skip)]
    #[schema(example = "FREE")]
    pub subscription_plan: Option<String>,
    /// Whether they are kept out; their sessions end.
    #[garde(skip)]
    pub is_blocked: Option<bool>,
    /// Their plan whatever the subscription; `null` for none.
    #[serde(default, deserialize_with = "nullable")]
    #[garde(skip)]
    pub plan_id: Option<Option<Uuid>>,
}
