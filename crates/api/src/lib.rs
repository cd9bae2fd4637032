//! The HTTP face: routes, wire types, live events, the OpenAPI document and the pages that explain it.
//!
//! A handler takes its input apart, makes one call into `store` or `assets`, and answers a wire type. Nothing slow or paid
//! happens here: that is put into the queue. Who asks is found out by `signed`; without sign-in whoever reaches the server is
//! its local owner, which is why `guard` then refuses everything that does not come from this machine's own programs and pages.

mod access;
mod archive;
mod cookies;
mod error;
mod extract;
mod follow;
mod foreign;
mod given;
mod guard;
mod key;
mod mark;
mod news;
mod observe;
mod oidc;
mod once;
mod order;
mod patience;
mod picture;
mod poll;
mod proxies;
mod question;
mod rates;
mod readiness;
mod routes;
mod secret;
mod serve;
mod signed;
mod streams;
mod strict;
mod sweep;
mod web;
mod wire;

use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::{Extension, Router};
use chrono::{DateTime, Utc};
use model::trace::Propagation;
use tokio_util::sync::CancellationToken;
use utoipa::openapi::OpenApi;
use uuid::Uuid;

use crate::error::ApiError;
use crate::routes::docs::Document;

pub use crate::access::{Access, Origin, SignIn};
pub use crate::oidc::{Provider, SignInError};
pub use crate::patience::Patient;
pub use crate::proxies::{NoNetwork, TrustedProxies};
pub use crate::rates::{PerMinute, Rates};
pub use crate::secret::Secret;
pub use crate::serve::serve;
pub use crate::sweep::{SWEEP_EVERY, sweep, sweep_regularly};
pub use crate::web::{WebRoot, WebRootError};
pub use crate::wire::keys::as_meant as vendor_key_as_meant;

/// Everything a handler can reach.
#[derive(Clone)]
pub struct AppState {
    /// The database.
    pub store: store::Store,
    /// The objects.
    pub assets: assets::Assets,
    /// Fetches files that clients name by addresses elsewhere.
    pub fetcher: assets::Fetcher,
    /// Who may come in.
    pub access: Access,
    /// Whether a language model is configured that can write a script from a topic.
    pub language_model: bool,
    /// The program's version.
    pub version: &'static str,
    /// How traces go on.
    pub propagation: Propagation,
    /// The time.
    pub clock: fn() -> DateTime<Utc>,
    /// A new identity.
    pub new_id: fn() -> Uuid,
    /// Cancelled when the server is about to stop: ends event streams, which would keep it from stopping.
    pub closing: CancellationToken,
    /// What a render worker elsewhere must know to report; without it nobody may report.
    pub worker_secret: Option<Secret>,
    /// A web app that is served beside the API.
    pub web_root: Option<WebRoot>,
    /// How often somebody may ask.
    pub rates: Rates,
    /// Who is believed about where requests come from.
    pub proxies: TrustedProxies,
    /// Seals users' keys of vendors.
    pub vault: std::sync::Arc<store::Vault>,
    /// How long a request waits for a vendor's answer before it is told to ask again; usually [`ANSWER_WITHIN`].
    pub answer_within: Duration,
    /// What this process remembers between requests; `Memory::default()` at the start.
    pub memory: Memory,
}

/// What a process remembers between requests. All of it can be lost at any time. Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub struct Memory {
    marks: mark::Marks,
    bodies: poll::Bodies,
    followed: follow::Followed,
    asking: std::sync::Arc<tokio::sync::RwLock<()>>,
    news: news::Newsroom,
    told: question::Told,
    readiness: readiness::Readiness,
}

/// Proxies give a request up after 100 seconds, as a rule.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(90);
/// The most bytes of a request's body, except for uploads.
pub const BODY_LIMIT: usize = 1 << 20;
/// The most bytes of a request that brings pictures inside JSON.
pub const PICTURES_LIMIT: usize = 16 << 20;
/// The most bytes of an uploaded file.
pub const UPLOAD_LIMIT: usize = 64 << 20;

/// The most bytes of an object that is brought to a signed address.
pub const SIGNED_LIMIT: u64 = 4 << 30;

/// All routes, ready to be served.
pub fn router(mut app: AppState) -> Router {
    if let Access::SignIn(sign_in) = &app.access
        && let Some(origin) = sign_in.provider.origin()
    {
        app.web_root = app.web_root.map(|root| root.with_forms_to(&origin));
    }
    let (api, document) = routes::described().split_for_parts();
    api.merge(routes::docs::pages(app.web_root.is_none()))
        .merge(routes::files::signed())
        .fallback(web::fallback)
        .method_not_allowed_fallback(wrong_method)
        .layer(Extension(Document::of(&document)))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(from_fn_with_state(app.clone(), guard::keep_strangers_away))
        .layer(from_fn_with_state(app.clone(), observe::watch_over))
        .with_state(app)
}

/// The OpenAPI 3.1 document of [`router`].
pub fn openapi() -> OpenApi {
    routes::described().into_openapi()
}

async fn no_such_route() -> ApiError {
    ApiError::plain(StatusCode::NOT_FOUND, "There is nothing at this address; /docs lists all routes.")
}

async fn wrong_method() -> ApiError {
    ApiError::plain(StatusCode::METHOD_NOT_ALLOWED, "This address does not take that method; /docs lists all routes.")
}
