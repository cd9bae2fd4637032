//! Pictures through the Interactions API: for models that `generateContent` does not have.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{RATIOS, image_size, no_picture};
use crate::api::{Api, unreadable};
use crate::error::ProviderError;
use crate::http::Effect;
use crate::picture_model::{Asked, nearest, shows};
use crate::vendor::Vendor;

/// The largest picture that is fetched where the answer only names it, in bytes.
const MOST: usize = 48 << 20;

pub(super) async fn ask(api: &Api, model: &str, asked: &Asked<'_>) -> Result<Bytes, ProviderError> {
    let interaction: Interaction = api.post("/interactions", &body(model, asked), asked.key, Effect::Paid).await?;
    match found(interaction)? {
        Found::Inline(bytes) => Ok(bytes),
        Found::At(address) => api.download(&with_media(&address), MOST).await,
    }
}

fn body(model: &str, asked: &Asked<'_>) -> Value {
    let mut input = vec![json!({ "type": "text", "text": asked.prompt })];
    for reference in asked.references {
        input.push(json!({ "type": "text", "text": shows(reference) }));
        let data = STANDARD.encode(&reference.bytes);
        input.push(json!({ "type": "image", "data": data, "mime_type": reference.media_type }));
    }
    json!({
        "model": model,
        "input": input,
        "response_format": {
            "type": "image",
            "aspect_ratio": nearest(&RATIOS, asked.size),
            "image_size": image_size(asked.size),
        },
        // The answer has all there is; nothing is to be kept over there.
        "store": false,
    })
}

/// Where the picture is.
#[derive(Debug, PartialEq)]
enum Found {
    Inline(Bytes),
    At(String),
}

fn found(interaction: Interaction) -> Result<Found, ProviderError> {
    match interaction.status.as_str() {
        "completed" | "incomplete" | "" => {}
        "budget_exceeded" => {
            return Err(ProviderError::Quota("Quota exceeded: Gemini's budget for this account is used up".into()));
        }
        status => return Err(ProviderError::retry(format!("Gemini ended without a picture ({status})"))),
    }
    let output = interaction.steps.into_iter().filter(|step| step.kind == "model_output");
    let mut words = String::new();
    for content in output.flat_map(|step| step.content) {
        match (content.kind.as_str(), content.data, content.uri) {
            ("image", Some(data), _) => {
                return Ok(Found::Inline(STANDARD.decode(data).map_err(|_| unreadable(Vendor::Gemini))?.into()));
            }
            ("image", None, Some(address)) => return Ok(Found::At(address)),
            _ => words.push_str(&content.text.unwrap_or_default()),
        }
    }
    Err(no_picture(&words))
}

/// The address of a file's content rather than of what is known about it.
fn with_media(address: &str) -> String {
    match address.contains("alt=media") {
        true => address.to_owned(),
        false => format!("{address}{}alt=media", if address.contains('?') { '&' } else { '?' }),
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Interaction {
    status: String,
    steps: Vec<Step>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Step {
    #[serde(rename = "type")]
    kind: String,
    content: Vec<Content>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Content {
    #[serde(rename = "type")]
    kind: String,
    text: Option<String>,
    data: Option<String>,
    uri: Option<String>,
}

#[cfg(test)]
mod tests {
    use model::storyboard::Size;

    use super::*;
    use crate::image::Reference;

    fn read(answer: &str) -> Result<Found, ProviderError> {
        found(serde_json::from_str(answer).expect("a fixture is JSON"))
    }

    #[test]
    fn the_documented_answer_is_read() {
        let answer = include_str!("../../../fixtures/gemini-image-interaction.json");
        assert_eq!(read(answer), Ok(Found::Inline(Bytes::from_static(b"a picture"))));
    }

    #[test]
    fn requests_have_the_documented_shape() {
        let references =
            [Reference { bytes: Bytes::from_static(b"png"), media_type: "image/png".into(), character: Some("Ana".into()) }];
        let asked = Asked { prompt: "a cat", references: &references, size: Size::default(), key: "" };
        let expected = json!({
            "model": "m",
            "input": [
                { "type": "text", "text": "a cat" },
                { "type": "text", "text": "Picture of Ana:" },
                { "type": "image", "data": "cG5n", "mime_type": "image/png" },
            ],
            "response_format": { "type": "image", "aspect_ratio": "9:16", "image_size": "2K" },
            "store": false,
        });
        assert_eq!(body("m", &asked), expected);
    }

    #[test]
    fn what_is_no_picture_has_a_class() {
        let check = |answer: Value, expected: fn(&ProviderError) -> bool| {
            let error = read(&answer.to_string()).expect_err("no picture");
            assert!(expected(&error), "{error:?}");
        };
        let output = |content: Value| json!({ "status": "completed", "steps": [{ "type": "model_output", "content": content }] });
        check(output(json!([{ "type": "text", "text": "I won't." }])), |error| matches!(error, ProviderError::Refused(_)));
        check(output(json!([])), |error| matches!(error, ProviderError::Retry { .. }));
        check(output(json!([{ "type": "image", "data": "?" }])), |error| matches!(error, ProviderError::Retry { .. }));
        check(json!({ "status": "failed" }), |error| matches!(error, ProviderError::Retry { .. }));
        check(json!({ "status": "budget_exceeded" }), |error| matches!(error, ProviderError::Quota(_)));
    }

    #[test]
    fn files_are_asked_for_by_content() {
        let check = |address: &str, expected: &str| assert_eq!(with_media(address), expected);
        check("https://g/files/a", "https://g/files/a?alt=media");
        check("https://g/files/a?x=1", "https://g/files/a?x=1&alt=media");
        check("https://g/files/a?alt=media", "https://g/files/a?alt=media");
    }
}
