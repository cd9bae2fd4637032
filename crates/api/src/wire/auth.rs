//! Signing in on the wire.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use store::User;
use utoipa::{IntoParams, ToSchema};

use super::stamp;

/// A token for forms.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CsrfToken {
    /// 64 hexadecimal digits.
    pub csrf_token: String,
}

/// The form of signing in and out.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes a form that is read by hand")]
pub struct SignInForm {
    /// From `/api/auth/csrf`; without it, the browser is sent to the page that says what is wrong.
    csrf_token: Option<String>,
    /// Where to go afterwards.
    callback_url: Option<String>,
}

/// What the provider says when it sends the browser back.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FromProvider {
    /// Can be exchanged for the identity, once.
    pub code: Option<String>,
    /// What we have sent along.
    pub state: Option<String>,
}

/// What went wrong.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WhyNot {
    /// The name of the error.
    pub error: Option<String>,
}

/// Who is signed in.
#[derive(Serialize, ToSchema)]
pub struct SessionInfo {
    /// The person.
    pub user: SessionUser,
    /// When the session ends, if it is not used before.
    pub expires: String,
}

/// A person, as far as their own browser may know.
#[derive(Serialize, ToSchema)]
pub struct SessionUser {
    /// Identity.
    pub id: String,
    /// What they are called.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Address of a picture.
    pub image: Option<String>,
}

/// With whom one can sign in.
#[derive(Serialize, ToSchema)]
pub struct Providers {
    /// Google, where it is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    google: Option<ProviderInfo>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ProviderInfo {
    id: &'static str,
    name: &'static str,
    r#type: &'static str,
    signin_url: String,
    callback_url: String,
}

impl SessionInfo {
    /// The person, until then.
    pub fn of(user: &User, until: DateTime<Utc>) -> Self {
        let person =
            SessionUser { id: user.id.to_string(), name: user.name.clone(), email: address(user), image: user.image.clone() };
        Self { user: person, expires: stamp(until) }
    }
}

/// The local owner has none, but clients take somebody without an address for nobody.
pub fn address(user: &User) -> String {
    user.email.clone().unwrap_or_else(|| "owner@localhost".to_owned())
}

impl Providers {
    /// Nobody need sign in.
    pub fn none() -> Self {
        Self { google: None }
    }

    /// Google.
    pub fn google(origin: &str) -> Self {
        let info = ProviderInfo {
            id: "google",
            name: "Google",
            r#type: "oidc",
            signin_url: format!("{origin}/api/auth/signin/google"),
            callback_url: format!("{origin}/api/auth/callback/google"),
        };
        Self { google: Some(info) }
    }
}
