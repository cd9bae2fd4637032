//! Users on the wire.

use serde::{Deserialize, Serialize};
use store::User;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::auth::address;
use super::stamp;

/// Which user.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WhichUser {
    /// An e-mail address.
    pub email: Option<String>,
}

/// A user.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UserRow {
    /// Identity.
    pub id: Uuid,
    /// What they are called; never empty.
    pub name: String,
    /// Their address.
    pub email: String,
    /// When the address was proved to be theirs.
    #[serde(rename = "emailVerified")]
    pub email_verified: Option<String>,
    /// Address of a picture of them.
    pub image: Option<String>,
    /// The same.
    pub avatar_url: Option<String>,
    /// `USER` or `ADMIN`.
    pub role: &'static str,
    /// `FREE` or `PRO`.
    pub subscription_plan: String,
    /// `free`, `pro` or `enterprise`.
    pub tier: String,
    /// Whether they are kept out.
    pub is_blocked: bool,
    /// Their plan.
    pub plan_id: Option<Uuid>,
    /// When they came first.
    pub created_at: String,
    /// When this changed last.
    pub updated_at: String,
}

/// One user, none, or a list.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes what the route answers")]
pub enum Users {
    /// Without `email`.
    List(Vec<UserRow>),
    /// With `email`.
    One(Option<Box<UserRow>>),
}

impl From<&User> for UserRow {
    fn from(user: &User) -> Self {
        Self {
            id: user.id,
            name: user.name.clone(),
            email: address(user),
            email_verified: user.email_verified_at.map(stamp),
            image: user.image.clone(),
            avatar_url: user.image.clone(),
            role: user.role.name(),
            subscription_plan: user.subscription_plan.clone(),
            tier: user.tier.clone(),
            is_blocked: user.is_blocked,
            plan_id: user.plan,
            created_at: stamp(user.created_at),
            updated_at: stamp(user.updated_at),
        }
    }
}
