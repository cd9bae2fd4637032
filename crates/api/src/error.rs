//! What a client can be told when something can't be done, and its JSON. Only this file knows which failure has which
//! status code.

use assets::AssetError;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use model::workflow::Rejection;
use serde_json::{Map, Value, json};
use store::{Answer, ApplyError, RequestError, StoreError};

/// Why a request can't be answered as wished.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// There is no such thing: `Project`, `Scene`, `Job` …
    #[error("{0} not found")]
    NotFound(&'static str),
    /// The input breaks rules.
    #[error("Validation Error")]
    Invalid(Problems),
    /// Anything else that the client can do something about.
    #[error("{error}")]
    Refused {
        /// The status code.
        status: StatusCode,
        /// A plain sentence.
        error: String,
        /// More for programs.
        details: Option<Value>,
    },
    /// The request was answered before; this is the answer.
    #[error("the request was answered before")]
    Again(Answer),
    /// There is one already, and nobody said that another one is wanted.
    #[error("There is one already; send force_regen to have another one made.")]
    AssetExists,
    /// They have asked too often.
    #[error("Too many requests. Please wait {} s and try again.", seconds(*wait))]
    TooMany {
        /// Until there is room again.
        wait: std::time::Duration,
    },
    /// Our own trouble: it is logged, and the client learns nothing but the request's id.
    #[error("{0}")]
    Internal(String),
}

impl ApiError {
    /// A refusal that needs no details.
    pub fn plain(status: StatusCode, error: impl Into<String>) -> Self {
        Self::Refused { status, error: error.into(), details: None }
    }

    /// One field that breaks a rule.
    pub fn field(field: &str, problem: impl Into<String>) -> Self {
        let mut problems = Problems::default();
        problems.add(field, problem);
        Self::Invalid(problems)
    }
}

/// Broken rules with the fields that break them.
#[derive(Debug, Default)]
pub struct Problems(Vec<(Vec<String>, String)>);

impl Problems {
    /// Adds one; the field is a path such as `scenes[2].narration`, or empty for the whole body.
    pub fn add(&mut self, field: &str, problem: impl Into<String>) {
        let steps = field.split(['.', '[', ']']).filter(|step| !step.is_empty()).map(str::to_owned).collect();
        self.0.push((steps, problem.into()));
    }

    /// An error unless there is nothing to complain about.
    pub fn into_result(self) -> Result<(), ApiError> {
        if self.0.is_empty() { Ok(()) } else { Err(ApiError::Invalid(self)) }
    }

    /// `{"_errors": [], "<field>": {"_errors": ["…"]}}`, nested like the body itself.
    fn to_json(&self) -> Value {
        let mut root = json!({ "_errors": [] });
        for (steps, problem) in &self.0 {
            let mut node = &mut root;
            for step in steps {
                node = child(node, step);
            }
            if let Some(list) = node["_errors"].as_array_mut() {
                list.push(Value::String(problem.clone()));
            }
        }
        root
    }
}

fn child<'a>(node: &'a mut Value, step: &str) -> &'a mut Value {
    if !node.is_object() {
        *node = Value::Object(Map::new());
    }
    let next = &mut node[step];
    if next.is_null() {
        *next = json!({ "_errors": [] });
    }
    next
}

/// Marks a response whose reason must be logged and must not be told.
#[derive(Debug, Clone)]
pub struct Trouble(pub String);

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let error = self.to_string();
        match self {
            Self::NotFound(_) => body(StatusCode::NOT_FOUND, error, None),
            Self::Invalid(problems) => body(StatusCode::BAD_REQUEST, error, Some(problems.to_json())),
            Self::Refused { status, details, .. } => body(status, error, details),
            Self::TooMany { wait } => {
                let retry = [(axum::http::header::RETRY_AFTER, seconds(wait).to_string())];
                (retry, body(StatusCode::TOO_MANY_REQUESTS, error, None)).into_response()
            }
            Self::AssetExists => (StatusCode::CONFLICT, Json(json!({ "error": error, "code": "ASSET_EXISTS" }))).into_response(),
            Self::Again(answer) => crate::once::respond(answer),
            Self::Internal(reason) => {
                let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
                response.extensions_mut().insert(Trouble(reason));
                response
            }
        }
    }
}

fn body(status: StatusCode, error: String, details: Option<Value>) -> Response {
    let mut body = json!({ "error": error });
    if let Some(details) = details {
        body["details"] = details;
    }
    (status, Json(body)).into_response()
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::Internal(with_causes(&error))
    }
}

/// Whole seconds, rounded up.
fn seconds(time: std::time::Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

/// The whole story, for the log.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |story, cause| format!("{story}: {cause}"))
}

impl From<ApplyError> for ApiError {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::NotFound => Self::NotFound("Project"),
            ApplyError::Rejected(rejection) => rejection.into(),
            ApplyError::Store(error) => error.into(),
        }
    }
}

impl From<RequestError> for ApiError {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Apply(error) => error.into(),
            RequestError::KeyTaken => Self::plain(
                StatusCode::CONFLICT,
                "This Idempotency-Key came with another request within the last 24 hours; give each new request a new key.",
            ),
            RequestError::DailyLimit { limit } => {
                let videos = if limit == 1 { "video" } else { "videos" };
                let details = format!("Free accounts are limited to {limit} {videos} per day. Upgrade to Pro for more.");
                let (status, error) = (StatusCode::FORBIDDEN, "Daily video limit reached".to_owned());
                Self::Refused { status, error, details: Some(details.into()) }
            }
            RequestError::Locked { session, until } => {
                let until = crate::wire::stamp(until);
                let error = format!("The session {session} edits this project until {until}; try again after that.");
                let details = Some(json!({ "session": session, "until": until }));
                Self::Refused { status: StatusCode::CONFLICT, error, details }
            }
        }
    }
}

impl From<Rejection> for ApiError {
    fn from(rejection: Rejection) -> Self {
        let error = rejection.to_string();
        match rejection {
            Rejection::NoSuchScene => Self::NotFound("Scene"),
            Rejection::NoScenes | Rejection::NothingToSkip => Self::plain(StatusCode::CONFLICT, error),
            Rejection::NotReady(missing) => {
                Self::Refused { status: StatusCode::CONFLICT, error, details: Some(json!({ "missing": missing })) }
            }
            Rejection::Unavailable(_) => Self::plain(StatusCode::BAD_REQUEST, error),
            Rejection::Invalid { field, problem } => Self::field(field, problem),
        }
    }
}

impl From<AssetError> for ApiError {
    fn from(error: AssetError) -> Self {
        match error {
            AssetError::NotFound(_) => Self::NotFound("File"),
            AssetError::Empty => Self::plain(StatusCode::BAD_REQUEST, "The file is empty; send its bytes as the request's body."),
            AssetError::Reading(_) => {
                Self::plain(StatusCode::BAD_REQUEST, "The request's body could not be read to its end; send it again.")
            }
            AssetError::TooLarge(most) => {
                Self::plain(StatusCode::PAYLOAD_TOO_LARGE, format!("The request's body is larger than {most} bytes."))
            }
            AssetError::UnknownMedia | AssetError::WrongMedia(_) | AssetError::OtherContent(_) => {
                Self::plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, format!("The file can't be used: {error}."))
            }
            other => Self::Internal(with_causes(&other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_are_nested_like_the_body() {
        let mut problems = Problems::default();
        problems.add("", "whole");
        problems.add("scenes[2].narration", "empty");
        problems.add("scenes[2].narration", "bad");
        let expected = json!({
            "_errors": ["whole"],
            "scenes": { "_errors": [], "2": { "_errors": [], "narration": { "_errors": ["empty", "bad"] } } },
        });
        assert_eq!(problems.to_json(), expected);
    }
}
