//! The variables of OpenTelemetry that say where traces go. What can't be is refused, so that nobody waits for traces that never
//! come. Its library reads the others (`OTEL_SERVICE_NAME`, `OTEL_BSP_…`).

use percent_encoding::percent_decode_str;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use crate::environment::{
    OTEL_EXPORTER_OTLP_ENDPOINT as ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS as HEADERS, OTEL_EXPORTER_OTLP_PROTOCOL as PROTOCOL,
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT as TRACES_ENDPOINT, OTEL_SDK_DISABLED, OTEL_TRACES_SAMPLER as SAMPLER,
    OTEL_TRACES_SAMPLER_ARG as SHARE, Variable,
};
use crate::fail::Unusable;

const SAMPLERS: [&str; 6] =
    ["always_on", "always_off", "traceidratio", "parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio"];

/// Who is told, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    pub endpoint: Url,
    /// Such as a key; they are not shown.
    pub headers: HeaderMap,
}

impl Settings {
    /// `None` when no collector is named.
    ///
    /// # Errors
    /// The first variable that says what can't be.
    pub fn read(variable: impl Fn(Variable) -> Option<String>) -> Result<Option<Self>, Unusable> {
        let given = |name: Variable| variable(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        if given(OTEL_SDK_DISABLED).is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return Ok(None);
        }
        let endpoint = match (given(TRACES_ENDPOINT), given(ENDPOINT)) {
            (Some(whole), _) => address(TRACES_ENDPOINT, &whole)?,
            (None, Some(base)) => {
                let mut url = address(ENDPOINT, &base)?;
                // It has a host, so it has a path.
                if let Ok(mut path) = url.path_segments_mut() {
                    path.pop_if_empty().extend(["v1", "traces"]);
                }
                url
            }
            (None, None) => return Ok(None),
        };
        let check = |name: Variable, good: fn(&str) -> bool, remedy: &str| match given(name) {
            Some(value) if !good(&value) => Err(Unusable(format!("{name} is {value:?}; {remedy}"))),
            _ => Ok(()),
        };
        check(PROTOCOL, |value| value == "http/json", "traces are told with http/json, which every collector takes")?;
        check(SAMPLER, |value| SAMPLERS.contains(&value), &format!("give one of {}", SAMPLERS.join(", ")))?;
        let share = |value: &str| value.parse::<f64>().is_ok_and(|share| (0.0..=1.0).contains(&share));
        check(SHARE, share, "give a number from 0 to 1")?;
        // Their value is a secret.
        let headers = headers(&given(HEADERS).unwrap_or_default());
        let headers = headers.ok_or_else(|| Unusable(format!("{HEADERS}: write it as name=value,other=value")))?;
        Ok(Some(Self { endpoint, headers }))
    }
}

fn address(name: Variable, text: &str) -> Result<Url, Unusable> {
    let url = Url::parse(text).ok().filter(|url| ["http", "https"].contains(&url.scheme()));
    url.ok_or_else(|| Unusable(format!("{name} is {text:?}; give an address such as http://127.0.0.1:4318")))
}

/// Pairs with commas between, their values percent-encoded.
fn headers(text: &str) -> Option<HeaderMap> {
    let header = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        let mut value = HeaderValue::from_bytes(&percent_decode_str(value.trim()).collect::<Vec<u8>>()).ok()?;
        value.set_sensitive(true);
        Some((HeaderName::from_bytes(name.trim().as_bytes()).ok()?, value))
    };
    text.split(',').filter(|pair| !pair.trim().is_empty()).map(header).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Option<Settings>, String> {
        let given = |asked: Variable| pairs.iter().find(|(name, _)| *name == asked.name()).map(|(_, value)| (*value).to_owned());
        Settings::read(given).map_err(|Unusable(sentence)| sentence)
    }

    #[test]
    fn a_collector_is_named_in_two_ways() {
        let check = |pairs: &[(&str, &str)], expected: Option<&str>| {
            let settings = read(pairs).unwrap_or_else(|error| panic!("{pairs:?}: {error}"));
            assert_eq!(settings.as_ref().map(|settings| settings.endpoint.as_str()), expected, "{pairs:?}");
        };
        check(&[], None);
        check(&[("OTEL_EXPORTER_OTLP_HEADERS", "nonsense")], None);
        check(&[(ENDPOINT.name(), "http://127.0.0.1:4318")], Some("http://127.0.0.1:4318/v1/traces"));
        check(&[(ENDPOINT.name(), "https://collector.example/otlp/")], Some("https://collector.example/otlp/v1/traces"));
        check(&[(ENDPOINT.name(), "http://a"), (TRACES_ENDPOINT.name(), "http://b/here")], Some("http://b/here"));
        check(&[(ENDPOINT.name(), "http://a"), ("OTEL_SDK_DISABLED", "true")], None);
    }

    #[test]
    fn what_can_not_be_is_refused() {
        let check = |name: &str, value: &str, expected: Option<&str>| {
            let refused = read(&[(ENDPOINT.name(), "http://a"), (name, value)]).err();
            assert_eq!(refused.is_some(), expected.is_some(), "{name}={value}: {refused:?}");
            let refused = refused.unwrap_or_default();
            assert!(
                refused.starts_with(if expected.is_some() { name } else { "" }) && refused.contains(expected.unwrap_or_default())
            );
        };
        check(TRACES_ENDPOINT.name(), "collector:4318", Some("\"collector:4318\""));
        check(HEADERS.name(), "authorization=Bearer%20x, a=b", None);
        check(HEADERS.name(), "secret", Some("name=value"));
        check(PROTOCOL.name(), "grpc", Some("http/json"));
        check(SAMPLER.name(), "parentbased_traceidratio", None);
        check(SAMPLER.name(), "sometimes", Some("traceidratio"));
        check(SHARE.name(), "0.05", None);
        check(SHARE.name(), "NaN", Some("from 0 to 1"));
        check(SHARE.name(), "2", Some("from 0 to 1"));
    }

    #[test]
    fn headers_are_decoded_and_not_shown() {
        let settings = read(&[(ENDPOINT.name(), "http://a"), (HEADERS.name(), "authorization=Bearer%20planted,x=1")])
            .expect("good")
            .expect("named");
        assert_eq!(settings.headers["authorization"], "Bearer planted");
        assert!(!format!("{settings:?}").contains("planted"), "{settings:?}");
    }
}
