//! Google's Vertex: where it is and what its codes mean. Clips by Veo are in the folder beside this file.
//!
//! The key is an access token, which whoever runs the server gets from Google and renews; signing in with a service account
//! is not done here.

pub mod clips;

use serde_json::Value;

use crate::api::{Api, bearer};
use crate::error::ProviderError;
use crate::http::Http;
use crate::keys::Key;
use crate::settings::Settings;
use crate::vendor::Vendor;

/// Where the models run if nobody has chosen.
const USUAL_LOCATION: &str = "us-central1";
/// The API with an access token.
pub fn api(http: Http, base: String, key: Option<Key>) -> Api {
    Api { http, vendor: Vendor::Vertex, base, key, authorise: bearer, explain }
}

/// Where it is reached: every location has an address of its own.
pub fn base_url(settings: &Settings) -> String {
    let own = settings.of(Vendor::Vertex);
    let location = own.location.as_deref().map(str::trim).filter(|location| !location.is_empty());
    match location {
        Some(location) if own.base_url.is_none() && settings.stand_in.is_none() => match location {
            "global" => "https://aiplatform.googleapis.com/v1".into(),
            _ => format!("https://{location}-aiplatform.googleapis.com/v1"),
        },
        _ => settings.base_url(Vendor::Vertex),
    }
}

/// What the error object says beyond the status.
fn explain(status: u16, body: &Value, said: &str) -> Option<ProviderError> {
    let mut details = body.pointer("/error/details").and_then(Value::as_array).into_iter().flatten();
    let no_billing = details.any(|detail| detail["reason"] == "BILLING_DISABLED");
    match status {
        403 if no_billing => {
            Some(ProviderError::Quota(format!("Quota exceeded: the project has no billing account at Google: {said}")))
        }
        401 | 403 => Some(ProviderError::Unavailable(format!(
            "Vertex does not take the access token, which is good for an hour; set a fresh one: {said}"
        ))),
        404 => Some(ProviderError::Unavailable(format!(
            "Vertex has no such model or project in this location; check them in shortsai.toml: {said}"
        ))),
        400 if is_about_content(said) => Some(declined(said)),
        _ => None,
    }
}

/// The sentences with which the vendor turns a prompt or picture away for what it shows.
fn is_about_content(said: &str) -> bool {
    let said = said.to_lowercase();
    ["usage guidelines", "responsible ai", "safety", "sensitive words", "prohibited"].iter().any(|words| said.contains(words))
}

fn declined(said: &str) -> ProviderError {
    let colon = if said.is_empty() { String::new() } else { format!(": {said}") };
    ProviderError::Refused(format!("Vertex declines to make this clip; word it differently{colon}"))
}

/// Says whether token, project and model work: free of charge.
///
/// # Errors
/// Why they don't.
pub async fn probe(api: &Api, settings: &Settings, model: &str) -> Result<String, ProviderError> {
    place(settings)?;
    let _: Value = api.get(&format!("/publishers/google/models/{model}"), &[]).await?;
    Ok(format!("access token works, model {model} is there"))
}

/// The project and location as they stand in paths.
fn place(settings: &Settings) -> Result<String, ProviderError> {
    let own = settings.of(Vendor::Vertex);
    let named = |name: Option<String>| name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    let missing = "Vertex needs the id of your project in Google's cloud; set project under [vendors.vertex] in shortsai.toml";
    let project = named(own.project).ok_or_else(|| ProviderError::Unavailable(missing.into()))?;
    let location = named(own.location).unwrap_or_else(|| USUAL_LOCATION.into());
    let plain = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte));
    if !plain(&project) || !plain(&location) {
        let message = "the project or location of Vertex has characters that no such name has; check shortsai.toml";
        return Err(ProviderError::Unavailable(message.into()));
    }
    Ok(format!("projects/{project}/locations/{location}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::settings::VendorSettings;

    fn settings(project: Option<&str>, location: Option<&str>) -> Settings {
        let named = |name: Option<&str>| name.map(str::to_owned);
        let own = VendorSettings { project: named(project), location: named(location), ..VendorSettings::default() };
        Settings { vendors: [(Vendor::Vertex, own)].into(), ..Settings::default() }
    }

    #[test]
    fn every_location_has_an_address() {
        let check = |location, expected: &str| assert_eq!(base_url(&settings(None, location)), expected);
        check(None, "https://us-central1-aiplatform.googleapis.com/v1");
        check(Some(" "), "https://us-central1-aiplatform.googleapis.com/v1");
        check(Some("europe-west4"), "https://europe-west4-aiplatform.googleapis.com/v1");
        check(Some("global"), "https://aiplatform.googleapis.com/v1");
        let stood_in = Settings { stand_in: Some("http://127.0.0.1:9".into()), ..settings(None, Some("global")) };
        assert_eq!(base_url(&stood_in), "http://127.0.0.1:9/vertex/v1");
    }

    #[test]
    fn a_project_is_needed_and_looked_at() {
        let check = |project, location, expected: Result<&str, &str>| {
            let place = place(&settings(project, location)).map_err(|error| error.to_string());
            match (place, expected) {
                (Ok(place), Ok(expected)) => assert_eq!(place, expected),
                (Err(error), Err(expected)) => assert!(error.contains(expected), "{error}"),
                (place, expected) => panic!("{place:?} instead of {expected:?}"),
            }
        };
        check(Some("shorts-1"), Some("europe-west4"), Ok("projects/shorts-1/locations/europe-west4"));
        check(Some("example.com:shorts"), None, Ok("projects/example.com:shorts/locations/us-central1"));
        check(None, None, Err("set project under [vendors.vertex]"));
        check(Some("a/../b"), None, Err("characters that no such name has"));
    }

    #[test]
    fn its_codes_say_more_than_the_status() {
        let check = |status, said: &str, expected: fn(&ProviderError) -> bool| {
            let explained = explain(status, &json!({ "error": { "message": said } }), said).expect("explained");
            assert!(expected(&explained) && explained.to_string().ends_with(said), "{status}: {explained}");
        };
        check(401, "Request had invalid authentication credentials.", |error| matches!(error, ProviderError::Unavailable(_)));
        check(404, "Publisher Model not found.", |error| matches!(error, ProviderError::Unavailable(_)));
        let words = "The prompt could not be submitted: it may violate our usage guidelines.";
        check(400, words, |error| matches!(error, ProviderError::Refused(_)));
        let unpaid = json!({ "error": { "details": [{ "reason": "BILLING_DISABLED" }] } });
        assert!(matches!(explain(403, &unpaid, ""), Some(ProviderError::Quota(_))));
        assert_eq!(explain(400, &json!({}), "durationSeconds is out of range"), None);
        assert_eq!(explain(503, &json!({}), ""), None);
    }
}
