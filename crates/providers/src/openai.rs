//! OpenAI, and every server that speaks its protocol: where it is and what its codes mean. What is made with it is in the
//! folder beside this file, one file per ability.

mod chat;

pub mod characters;
pub mod images;
pub mod models;
pub mod scripts;
pub mod speech;

use serde_json::Value;

use crate::api::{Api, bearer};
use crate::error::ProviderError;
use crate::http::Http;
use crate::keys::Key;
use crate::vendor::Vendor;

/// The API with a key; a server of the user's own may need none.
pub fn api(http: Http, base: String, key: Option<Key>) -> Api {
    Api { http, vendor: Vendor::OpenAi, base, key, authorise: bearer, explain }
}

/// What the `error` object says beyond the status.
pub(crate) fn explain(status: u16, body: &Value, said: &str) -> Option<ProviderError> {
    let code = body.pointer("/error/code").and_then(Value::as_str).unwrap_or_default();
    match (status, code) {
        (_, "insufficient_quota" | "billing_hard_limit_reached") => {
            Some(ProviderError::Quota(format!("Quota exceeded: the account has no credit left: {said}")))
        }
        (_, "content_policy_violation" | "moderation_blocked" | "content_filter") => {
            Some(ProviderError::Refused(format!("the vendor declines this content; word it differently: {said}")))
        }
        (_, "model_not_found") => {
            Some(ProviderError::Unavailable(format!("the vendor has no such model; set another one in shortsai.toml: {said}")))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn its_codes_say_more_than_the_status() {
        let check = |status, code: &str, expected: fn(&ProviderError) -> bool| {
            let explained = explain(status, &json!({ "error": { "code": code } }), "words").expect("explained");
            assert!(expected(&explained) && explained.to_string().ends_with("words"), "{code}: {explained}");
        };
        check(429, "insufficient_quota", |error| matches!(error, ProviderError::Quota(_)));
        check(400, "content_policy_violation", |error| matches!(error, ProviderError::Refused(_)));
        check(404, "model_not_found", |error| matches!(error, ProviderError::Unavailable(_)));
        assert_eq!(explain(429, &json!({ "error": { "code": "rate_limit_exceeded" } }), ""), None);
    }
}
