//! Signing in and out, in the shapes that clients of Auth.js know.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use store::session_lifetime;

use crate::access::SignIn;
use crate::cookies::{self, Kind};
use crate::error::ApiError;
use crate::extract::{Asked, Form};
use crate::news;
use crate::oidc::Attempt;
use crate::secret::{same, sha256_hex};
use crate::wire::auth::{CsrfToken, FromProvider, Providers, SessionInfo, WhyNot};
use crate::wire::refusal::Refusals;
use crate::{Access, AppState};

/// How long somebody may take to sign in at the provider, in seconds.
const ATTEMPT: i64 = 15 * 60;
/// Where the provider sends people back to.
const CALLBACK: &str = "/api/auth/callback/google";
/// What seals attempts.
const PLACE: &str = "sign-in attempt";
const NO_STORE: HeaderValue = HeaderValue::from_static("private, no-cache, no-store");

/// Get a token for forms
///
/// `POST /api/auth/signin/google` and `/api/auth/signout` want it as `csrfToken`.
#[utoipa::path(
    get, path = "/api/auth/csrf", tag = "Sign-in", operation_id = "getCsrfToken", security(()),
    responses((status = 200, description = "The token.", body = CsrfToken), Refusals),
)]
pub async fn csrf(State(app): State<AppState>, headers: HeaderMap) -> Response {
    let no_store = [(header::CACHE_CONTROL, NO_STORE)];
    let Access::SignIn(sign_in) = &app.access else {
        // Nobody's browser is signed in to the local owner: there is nothing that a form could abuse.
        return (no_store, Json(CsrfToken { csrf_token: sha256_hex(&["local"]) })).into_response();
    };
    if let Some(token) = known_token(&headers, sign_in) {
        return (no_store, Json(CsrfToken { csrf_token: token })).into_response();
    }
    let token = random(&app);
    let value = format!("{token}|{}", sha256_hex(&[&token, &sign_in.secret.0]));
    let cookie = cookies::set(Kind::Csrf, &value, None, &sign_in.origin);
    (no_store, [(header::SET_COOKIE, cookie)], Json(CsrfToken { csrf_token: token })).into_response()
}

/// Begin to sign in
///
/// A form; sends the browser to Google.
#[utoipa::path(
    post, path = "/api/auth/signin/google", tag = "Sign-in", operation_id = "signIn", security(()),
    request_body(content = Option<crate::wire::auth::SignInForm>, content_type = "application/x-www-form-urlencoded"),
    responses((status = 302, description = "To the provider, or to the page that says what is wrong."), Refusals),
)]
pub async fn sign_in(State(app): State<AppState>, headers: HeaderMap, Form(form): Form) -> Result<Response, ApiError> {
    let wish = field(&form, "callbackUrl").unwrap_or_default();
    let Access::SignIn(sign_in) = &app.access else { return Ok(found("/")) };
    if !is_ours(&headers, sign_in, &form) {
        return Ok(failed(sign_in, "MissingCSRF"));
    }
    let until = (app.clock)().timestamp() + ATTEMPT;
    let attempt = Attempt { state: random(&app), nonce: random(&app), verifier: random(&app), until };
    let address = match sign_in.provider.address(&callback(sign_in), &attempt).await {
        Ok(address) => address,
        Err(error) => {
            tracing::error!(%error, "nobody can sign in");
            return Ok(failed(sign_in, "Configuration"));
        }
    };
    let text = serde_json::to_string(&attempt).map_err(|error| ApiError::Internal(error.to_string()))?;
    let sealed = sign_in.vault.seal(&text, PLACE, store::nonce(app.new_id));
    let back = sign_in.way_back(&wish);
    let mut response = found(&address);
    for cookie in [
        cookies::set(Kind::Attempt, &sealed, Some(ATTEMPT), &sign_in.origin),
        cookies::set(Kind::CallbackUrl, &back, None, &sign_in.origin),
    ] {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Come back from the provider
///
/// Google sends the browser here, with a code; it goes on to where it came from, signed in.
#[utoipa::path(
    get, path = "/api/auth/callback/google", tag = "Sign-in", operation_id = "signInCallback", security(()), params(FromProvider),
    responses((status = 302, description = "To where signing in began, or to the page that says what is wrong."), Refusals),
)]
pub async fn callback_google(
    State(app): State<AppState>,
    headers: HeaderMap,
    Asked(answer): Asked<FromProvider>,
) -> Result<Response, ApiError> {
    let Access::SignIn(sign_in) = &app.access else { return Ok(found("/")) };
    let mut response = match come_back(&app, sign_in, &headers, answer).await? {
        Ok(secret) => {
            let back = cookies::read(&headers, Kind::CallbackUrl, &sign_in.origin).unwrap_or_default();
            let mut response = found(&sign_in.way_back(&back));
            let cookie = cookies::set(Kind::Session, &secret, Some(session_lifetime().num_seconds()), &sign_in.origin);
            response.headers_mut().append(header::SET_COOKIE, cookie);
            response
        }
        Err(why) => failed(sign_in, why),
    };
    response.headers_mut().append(header::SET_COOKIE, cookies::remove(Kind::Attempt, &sign_in.origin));
    Ok(response)
}

/// The new session's secret, or the name of what went wrong.
async fn come_back(
    app: &AppState,
    sign_in: &SignIn,
    headers: &HeaderMap,
    answer: FromProvider,
) -> Result<Result<String, &'static str>, ApiError> {
    let now = (app.clock)();
    let sealed = cookies::read(headers, Kind::Attempt, &sign_in.origin).unwrap_or_default();
    let opened = sign_in.vault.open(&sealed, PLACE).ok().and_then(|text| serde_json::from_str::<Attempt>(&text).ok());
    let Some(attempt) = opened.filter(|attempt| attempt.until > now.timestamp()) else { return Ok(Err("InvalidCheck")) };
    if !same(answer.state.unwrap_or_default().as_bytes(), attempt.state.as_bytes()) {
        return Ok(Err("InvalidCheck"));
    }
    let Some(code) = answer.code.filter(|code| !code.is_empty()) else { return Ok(Err("AccessDenied")) };
    let profile = match sign_in.provider.profile(&code, &callback(sign_in), &attempt).await {
        Ok(profile) => profile,
        Err(error) => {
            tracing::warn!(%error, "somebody could not be signed in");
            let unverified = matches!(error, crate::oidc::SignInError::NotVerified);
            return Ok(Err(if unverified { "AccessDenied" } else { "OAuthCallbackError" }));
        }
    };
    let signed_in = app.store.sign_in(&profile, &sign_in.admins, (app.new_id)(), now).await?;
    if signed_in.user.is_blocked {
        return Ok(Err("AccessDenied"));
    }
    if signed_in.is_new {
        app.memory.news.tell(news::News::UserRegistered(signed_in.user.id));
    }
    let secret = random(app);
    app.store.begin_session(signed_in.user.id, &secret, now).await?;
    Ok(Ok(secret))
}

/// Show who is signed in
///
/// `null` for nobody.
#[utoipa::path(
    get, path = "/api/auth/session", tag = "Sign-in", operation_id = "getSession", security(()),
    responses((status = 200, description = "Who is signed in, or `null`.", body = Option<SessionInfo>), Refusals),
)]
pub async fn session(State(app): State<AppState>, headers: HeaderMap) -> Result<Response, ApiError> {
    let no_store = [(header::CACHE_CONTROL, NO_STORE)];
    let now = (app.clock)();
    let sign_in = match &app.access {
        Access::LocalOwner(id) => {
            let owner = app.store.user(*id).await?;
            let info = owner.map(|owner| SessionInfo::of(&owner, now + session_lifetime()));
            return Ok((no_store, Json(info)).into_response());
        }
        Access::SignIn(sign_in) => sign_in,
    };
    let nobody = || (no_store.clone(), Json(None::<SessionInfo>)).into_response();
    let Some(secret) = cookies::session(&headers, &sign_in.origin) else { return Ok(nobody()) };
    match app.store.session(&secret, now).await? {
        Some((user, until)) if !user.is_blocked => {
            let seconds = (until - now).num_seconds();
            let cookie = cookies::set(Kind::Session, &secret, Some(seconds), &sign_in.origin);
            Ok((no_store, [(header::SET_COOKIE, cookie)], Json(Some(SessionInfo::of(&user, until)))).into_response())
        }
        _ => Ok(nobody()),
    }
}

/// Sign out
///
/// A form; ends the session and sends the browser to `callbackUrl`.
#[utoipa::path(
    post, path = "/api/auth/signout", tag = "Sign-in", operation_id = "signOut", security(()),
    request_body(content = Option<crate::wire::auth::SignInForm>, content_type = "application/x-www-form-urlencoded"),
    responses((status = 302, description = "To `callbackUrl`, or to the page that says what is wrong."), Refusals),
)]
pub async fn sign_out(State(app): State<AppState>, headers: HeaderMap, Form(form): Form) -> Result<Response, ApiError> {
    let Access::SignIn(sign_in) = &app.access else { return Ok(found("/")) };
    if !is_ours(&headers, sign_in, &form) {
        return Ok(failed(sign_in, "MissingCSRF"));
    }
    if let Some(secret) = cookies::session(&headers, &sign_in.origin) {
        app.store.end_session(&secret).await?;
    }
    let mut response = found(&sign_in.way_back(&field(&form, "callbackUrl").unwrap_or_default()));
    response.headers_mut().append(header::SET_COOKIE, cookies::remove(Kind::Session, &sign_in.origin));
    Ok(response)
}

/// List the providers
///
/// Empty without sign-in.
#[utoipa::path(
    get, path = "/api/auth/providers", tag = "Sign-in", operation_id = "getProviders", security(()),
    responses((status = 200, description = "With whom one can sign in here.", body = Providers), Refusals),
)]
pub async fn providers(State(app): State<AppState>) -> Json<Providers> {
    Json(match &app.access {
        Access::LocalOwner(_) => Providers::none(),
        Access::SignIn(sign_in) => Providers::google(sign_in.origin.as_str()),
    })
}

/// Go to the page
///
/// Sends the browser to the page, with the error's name if there is one. The pages of Auth.js lead here too.
#[utoipa::path(
    get, path = "/api/auth/redirect", tag = "Sign-in", operation_id = "goToPage", security(()), params(WhyNot),
    responses((status = 307, description = "To the page."), Refusals),
)]
pub async fn redirect(State(app): State<AppState>, Asked(why): Asked<WhyNot>) -> Response {
    let page = match &app.access {
        Access::LocalOwner(_) => "/",
        Access::SignIn(sign_in) => &sign_in.frontend,
    };
    let name = why.error.filter(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let address = name.map_or_else(|| page.to_owned(), |name| format!("{page}?error={name}"));
    (StatusCode::TEMPORARY_REDIRECT, location(&address)).into_response()
}

/// Go to the page to sign in
///
/// Auth.js has a page of its own there; here, it is the app's.
#[utoipa::path(
    get, path = "/api/auth/signin", tag = "Sign-in", operation_id = "signInPage", security(()), params(WhyNot),
    responses((status = 307, description = "To the page."), Refusals),
)]
pub async fn sign_in_page(app: State<AppState>, why: Asked<WhyNot>) -> Response {
    redirect(app, why).await
}

/// Go to the page to sign out
///
/// Auth.js has a page of its own there; here, it is the app's.
#[utoipa::path(
    get, path = "/api/auth/signout", tag = "Sign-in", operation_id = "signOutPage", security(()), params(WhyNot),
    responses((status = 307, description = "To the page."), Refusals),
)]
pub async fn sign_out_page(app: State<AppState>, why: Asked<WhyNot>) -> Response {
    redirect(app, why).await
}

/// Go to the page that says what is wrong
///
/// Auth.js has a page of its own there; here, it is the app's.
#[utoipa::path(
    get, path = "/api/auth/error", tag = "Sign-in", operation_id = "errorPage", security(()), params(WhyNot),
    responses((status = 307, description = "To the page."), Refusals),
)]
pub async fn error_page(app: State<AppState>, why: Asked<WhyNot>) -> Response {
    redirect(app, why).await
}

fn callback(sign_in: &SignIn) -> String {
    format!("{}{CALLBACK}", sign_in.origin.as_str())
}

/// The token that this browser has, if it is one of ours.
fn known_token(headers: &HeaderMap, sign_in: &SignIn) -> Option<String> {
    let value = cookies::read(headers, Kind::Csrf, &sign_in.origin)?;
    let (token, hash) = value.split_once('|')?;
    same(hash.as_bytes(), sha256_hex(&[token, &sign_in.secret.0]).as_bytes()).then(|| token.to_owned())
}

/// Whether a form came from our own page: it knows what is in this browser's cookie.
fn is_ours(headers: &HeaderMap, sign_in: &SignIn, form: &[u8]) -> bool {
    let given = field(form, "csrfToken").unwrap_or_default();
    known_token(headers, sign_in).is_some_and(|token| same(token.as_bytes(), given.as_bytes()))
}

fn field(form: &[u8], name: &str) -> Option<String> {
    let address = format!("http://form/?{}", std::str::from_utf8(form).ok()?);
    let url = reqwest::Url::parse(&address).ok()?;
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn failed(sign_in: &SignIn, why: &str) -> Response {
    found(&format!("{}/api/auth/redirect?error={why}", sign_in.origin.as_str()))
}

fn found(address: &str) -> Response {
    (StatusCode::FOUND, location(address)).into_response()
}

fn location(address: &str) -> [(header::HeaderName, HeaderValue); 1] {
    [(header::LOCATION, HeaderValue::from_str(address).unwrap_or(HeaderValue::from_static("/")))]
}

/// 244 random bits in 64 hexadecimal digits.
fn random(app: &AppState) -> String {
    format!("{}{}", (app.new_id)().simple(), (app.new_id)().simple())
}
