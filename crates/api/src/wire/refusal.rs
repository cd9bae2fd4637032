//! What every refusal looks like, for the OpenAPI document. The JSON itself is written in `error.rs`.

use serde_json::Value;
use utoipa::{IntoResponses, ToSchema};

/// Why something was refused.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what error.rs writes")]
pub struct Error {
    /// A plain sentence, or `Validation Error` when single fields are wrong.
    #[schema(example = "Validation Error")]
    error: String,
    /// For `Validation Error`: the problems, nested like the body, each field's own under `_errors`.
    /// Otherwise more about the error, or absent.
    #[schema(example = json!({ "_errors": [], "topic": { "_errors": ["Required"] } }))]
    details: Option<Value>,
    /// `ASSET_EXISTS` where something is there already; otherwise absent.
    code: Option<String>,
}

/// The refusals that any route can give.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes what error.rs writes")]
pub enum Refusals {
    /// The input is wrong: not JSON (the sentence says in which line and column), or fields that break rules (`details` says which).
    #[response(status = 400)]
    Invalid(Error),
    /// Nobody is signed in, or the access token is none.
    #[response(status = 401)]
    Unauthorized(Error),
    /// It is not yours, you are blocked, the access token may not do it, or a web page of another origin tried to.
    #[response(status = 403)]
    Forbidden(Error),
    /// There is no such thing.
    #[response(status = 404)]
    NotFound(Error),
    /// The body is too large: 1 MiB for JSON, 64 MiB for uploads.
    #[response(status = 413)]
    TooLarge(Error),
    /// Too many requests; `Retry-After` says when to come again.
    #[response(status = 429)]
    TooMany(Error),
    /// The `Host` is not a name of this machine (without sign-in).
    #[response(status = 421)]
    Misdirected(Error),
    /// Trouble on the server's side; `details.requestId` is in its log.
    #[response(status = 500)]
    Internal(Error),
}

/// What routes answer that change projects.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes what error.rs writes")]
pub enum Conflicts {
    /// Another session edits the project, or the `Idempotency-Key` came with another request before; or what is there does not
    /// allow it.
    #[response(status = 409)]
    Conflict(Error),
}

/// What routes answer that wait for a vendor.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes what question.rs writes")]
pub enum Unanswered {
    /// The vendor could not do it.
    #[response(status = 502)]
    Failed(Error),
    /// It takes longer; send the same request again, or ask `/api/ai/answers/{askId}`.
    #[response(status = 504)]
    Late(Error),
}

/// What routes for polling answer when nothing has changed.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes what poll.rs writes")]
pub enum NotModified {
    /// Nothing has changed since the answer whose `ETag` you sent as `If-None-Match`.
    #[response(status = 304)]
    NotModified,
}
