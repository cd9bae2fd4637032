//! Requests that may be sent again: with an `Idempotency-Key` of the client's own, the first one has the effect and the
//! others get its answer. How that holds across processes and crashes is said in `store`'s `request.rs`.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use garde::Validate;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use store::{Answer, Caller, Ticket};

use crate::AppState;
use crate::error::ApiError;
use crate::extract::{checked, whole_body};
use crate::signed::Signed;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const SESSION: HeaderName = HeaderName::from_static("x-session-id");
/// The most characters of a key or of a session's name.
pub const LONGEST_NAME: usize = 200;

/// A checked JSON body of a request that starts work, and who sent it.
pub struct Work<T> {
    /// The body.
    pub input: T,
    ticket: Option<Ticket>,
    session: Session,
}

impl<T> Work<T> {
    /// Who wants the change.
    pub fn caller(&self) -> Caller<'_> {
        Caller { ticket: self.ticket.as_ref(), session: self.session.name() }
    }
}

impl<T> FromRequest<AppState> for Work<T>
where
    T: DeserializeOwned + Validate<Context = ()>,
{
    type Rejection = ApiError;

    /// A request that was answered before ends here, with that answer.
    async fn from_request(request: Request, app: &AppState) -> Result<Self, ApiError> {
        let session = Session::of(request.headers())?;
        let key = name(request.headers(), &KEY)?;
        let line = format!("{} {}\n", request.method(), request.uri());
        let (mut parts, body) = request.into_parts();
        let app = Signed::from_request_parts(&mut parts, app).await?;
        let bytes = whole_body(Request::from_parts(parts, body), &*app, "1 MiB").await?;
        let ticket = key.map(|key| {
            let hash = Sha256::new().chain_update(line).chain_update(session.name().unwrap_or_default()).chain_update([0]);
            let hash = hash.chain_update(&bytes).finalize();
            let fingerprint = hash.iter().map(|byte| format!("{byte:02x}")).collect();
            Ticket { owner: app.user.id, key, fingerprint }
        });
        if let Some(ticket) = &ticket
            && let Some(answer) = app.store.answered(ticket, (app.clock)()).await?
        {
            return Err(ApiError::Again(answer));
        }
        Ok(Self { input: checked(&bytes)?, ticket, session })
    }
}

/// Who edits, as `X-Session-Id` says: decides when a project is locked.
pub struct Session(Option<String>);

impl Session {
    /// From a request's headers.
    pub fn of(headers: &HeaderMap) -> Result<Self, ApiError> {
        name(headers, &SESSION).map(Self)
    }

    /// The session's name, if it said one.
    pub fn name(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// The session as one that wants a change.
    pub fn caller(&self) -> Caller<'_> {
        Caller { ticket: None, session: self.name() }
    }
}

/// A header that holds a name of the client's choice.
fn name(headers: &HeaderMap, header: &HeaderName) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get(header) else { return Ok(None) };
    let good = |text: &&str| !text.is_empty() && text.len() <= LONGEST_NAME && text.bytes().all(|byte| byte.is_ascii_graphic());
    match value.to_str().ok().filter(good) {
        Some(text) => Ok(Some(text.to_owned())),
        None => {
            let error = format!("{header} must be 1 to {LONGEST_NAME} visible ASCII characters without blanks, such as a UUID.");
            Err(ApiError::plain(StatusCode::BAD_REQUEST, error))
        }
    }
}

/// An answer as it is kept.
pub fn answer(status: StatusCode, headers: &[(HeaderName, String)], body: &impl Serialize) -> Answer {
    Answer {
        status: status.as_u16(),
        headers: headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.clone())).collect(),
        body: serde_json::to_string(body).expect("wire types are plain data with text as keys"),
    }
}

/// A kept answer as it is sent.
pub fn respond(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, answer.body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(&value)) {
            headers.insert(name, value);
        }
    }
    response
}
