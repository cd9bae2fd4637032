//! Errors in OpenAI's shape.

use serde_json::json;

use super::super::call::{Asked, Call};
use super::super::reply::Reply;
use super::super::vendor::Trouble;

/// An error with its sentence, class, parameter and code.
pub(in super::super) fn error(status: u16, kind: &str, param: Option<&str>, code: Option<&str>, message: &str) -> Reply {
    Reply::json(status, &json!({ "error": { "message": message, "type": kind, "param": param, "code": code } }))
}

/// A request that is wrong because of this parameter.
pub(in super::super) fn invalid(param: &str, message: &str) -> Reply {
    error(400, "invalid_request_error", Some(param), None, message)
}

/// A request that lacks this parameter.
pub(in super::super) fn missing(param: &str) -> Reply {
    error(
        400,
        "invalid_request_error",
        Some(param),
        Some("missing_required_parameter"),
        &format!("Missing required parameter: '{param}'."),
    )
}

/// The vendor's own words for a trouble.
pub(in super::super) fn refuse(trouble: &Trouble, call: &Call, asked: &Asked) -> Reply {
    let model = &asked.model;
    match trouble {
        Trouble::NoKey => error(
            401,
            "invalid_request_error",
            None,
            None,
            "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
        ),
        Trouble::BadKey => {
            let key = masked(call.bearer().unwrap_or_default());
            let message = format!(
                "Incorrect API key provided: {key}. You can find your API key at https://platform.openai.com/account/api-keys."
            );
            error(401, "invalid_request_error", None, Some("invalid_api_key"), &message)
        }
        Trouble::NoMoney => error(
            429,
            "insufficient_quota",
            None,
            Some("insufficient_quota"),
            "You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.",
        ),
        Trouble::NoModel => {
            let message = format!("The model `{model}` does not exist or you do not have access to it.");
            error(404, "invalid_request_error", None, Some("model_not_found"), &message)
        }
        Trouble::TooMany(after) => {
            let wait = after.map_or_else(String::new, |after| format!(" Please try again in {after}s."));
            let message = format!(
                "Rate limit reached for {model} in organization org-simulator on requests per min (RPM): Limit 3, Used 3, Requested 1.{wait}"
            );
            error(429, "requests", None, Some("rate_limit_exceeded"), &message).retry_after(*after)
        }
        Trouble::Broken => {
            error(500, "server_error", None, None, "The server had an error while processing your request. Sorry about that!")
        }
        Trouble::Overloaded(after) => {
            error(503, "server_error", None, None, "The engine is currently overloaded, please try again later.")
                .retry_after(*after)
        }
        Trouble::NoRoute => {
            let message = format!("Invalid URL ({} /{})", call.method, call.path);
            error(404, "invalid_request_error", None, None, &message)
        }
    }
}

/// The vendor tells a wrong key back with stars in it.
fn masked(key: &str) -> String {
    let letters: Vec<char> = key.chars().collect();
    if letters.len() < 12 {
        return "*".repeat(letters.len());
    }
    let (start, end): (String, String) = (letters[..6].iter().collect(), letters[letters.len() - 4..].iter().collect());
    format!("{start}{}{end}", "*".repeat(letters.len() - 10))
}

/// Wraps a failure of the simulator's own programs.
pub(in super::super) fn broken(problem: &str) -> Reply {
    error(500, "server_error", None, None, problem)
}
