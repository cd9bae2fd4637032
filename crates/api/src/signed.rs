//! Who asks: every handler that shows or changes something takes a [`Signed`], so that nothing is done for nobody.

use std::ops::Deref;

use axum::extract::{FromRequestParts, MatchedPath};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use store::{Role, Scope, User};
use uuid::Uuid;

use crate::cookies;
use crate::error::ApiError;
use crate::{Access, AppState};

/// A request of somebody known: all that a handler can reach, and for whom.
#[derive(Clone)]
pub struct Signed {
    app: AppState,
    /// Who asks.
    pub user: CurrentUser,
}

/// The same, of a person in a browser (or the local owner), not of a program with a token.
pub struct SignedPerson(pub Signed);

/// The same, of an administrator.
pub struct SignedAdmin(pub Signed);

/// A user who is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CurrentUser {
    /// Whose projects these are.
    pub id: Uuid,
    /// What they may do.
    pub role: Role,
    /// What the token may do with which a program asks; `None` for a person.
    pub scope: Option<Scope>,
    /// Everything here is theirs: this machine's owner.
    pub is_local_owner: bool,
}

/// What a token for renders may change.
const RENDER_ROUTES: [&str; 3] = ["/api/render", "/api/assets", "/api/shorts"];

impl Deref for Signed {
    type Target = AppState;

    fn deref(&self) -> &AppState {
        &self.app
    }
}

impl Signed {
    /// Refuses who has been blocked since; for what lasts longer than a request.
    pub async fn check_still_here(&self) -> Result<(), ApiError> {
        self.as_of_now().await.map(drop)
    }

    /// The same for administrators: also refuses who has been dismissed since.
    pub async fn check_still_admin(&self) -> Result<(), ApiError> {
        check_admin(self.as_of_now().await?)
    }

    async fn as_of_now(&self) -> Result<CurrentUser, ApiError> {
        if self.user.is_local_owner {
            return Ok(self.user);
        }
        let user = self.app.store.user(self.user.id).await?.ok_or_else(unauthorized)?;
        known(&user, self.user.scope)
    }
}

impl FromRequestParts<AppState> for Signed {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, ApiError> {
        let user = current_user(&parts.headers, app).await?.ok_or_else(unauthorized)?;
        let path = parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str).unwrap_or_default();
        let harmless = matches!(parts.method, Method::GET | Method::HEAD);
        let may = match user.scope {
            None | Some(Scope::Write) => true,
            Some(Scope::Render) => harmless || RENDER_ROUTES.contains(&path),
            Some(Scope::Read) => harmless,
        };
        if !may {
            let scope = user.scope.map_or("", Scope::name);
            let error = format!("This access token may only {scope}; make one with the scope write for this.");
            return Err(ApiError::plain(StatusCode::FORBIDDEN, error));
        }
        tracing::Span::current().record("user", tracing::field::display(user.id));
        app.rates.check_user(user.id)?;
        let store = app.store.caused_by((app.propagation.current)());
        Ok(Self { app: AppState { store, ..app.clone() }, user })
    }
}

impl FromRequestParts<AppState> for SignedPerson {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, ApiError> {
        let signed = Signed::from_request_parts(parts, app).await?;
        match signed.user.scope {
            None => Ok(Self(signed)),
            Some(_) => Err(ApiError::plain(StatusCode::FORBIDDEN, "Access tokens can't do this; sign in and do it yourself.")),
        }
    }
}

impl FromRequestParts<AppState> for SignedAdmin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, ApiError> {
        let SignedPerson(signed) = SignedPerson::from_request_parts(parts, app).await?;
        check_admin(signed.user)?;
        Ok(Self(signed))
    }
}

fn check_admin(user: CurrentUser) -> Result<(), ApiError> {
    match user.role {
        Role::Admin => Ok(()),
        Role::User => Err(ApiError::plain(StatusCode::FORBIDDEN, "Forbidden")),
    }
}

/// Who asks, if anybody known does.
///
/// # Errors
/// When they are blocked, or come with a token that is none.
pub async fn current_user(headers: &HeaderMap, app: &AppState) -> Result<Option<CurrentUser>, ApiError> {
    if let Some(token) = token(headers) {
        let Some((user, scope)) = app.store.token(token, (app.clock)()).await? else { return Err(unauthorized()) };
        return known(&user, Some(scope)).map(Some);
    }
    match &app.access {
        Access::LocalOwner(id) => Ok(Some(CurrentUser { id: *id, role: Role::Admin, scope: None, is_local_owner: true })),
        Access::SignIn(sign_in) => {
            let Some(secret) = cookies::session(headers, &sign_in.origin) else { return Ok(None) };
            let session = app.store.session(&secret, (app.clock)()).await?;
            session.map(|(user, _)| known(&user, None)).transpose()
        }
    }
}

fn known(user: &User, scope: Option<Scope>) -> Result<CurrentUser, ApiError> {
    if user.is_blocked {
        return Err(ApiError::plain(StatusCode::FORBIDDEN, "This account is blocked."));
    }
    Ok(CurrentUser { id: user.id, role: user.role, scope, is_local_owner: false })
}

fn unauthorized() -> ApiError {
    ApiError::plain(StatusCode::UNAUTHORIZED, "Unauthorized")
}

/// An access token, as `Authorization: Bearer` or `x-api-key`.
fn token(headers: &HeaderMap) -> Option<&str> {
    let given = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if let Some(key) = given("x-api-key") {
        return Some(key.trim());
    }
    let (scheme, token) = given(header::AUTHORIZATION.as_str())?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
