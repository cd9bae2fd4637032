//! Pictures through the Interactions API: for models that `generateContent` does not have.

use bytes::Bytes;
use serde_json::{Value, json};

use super::super::interactions::{image_input, make, text_input};
use super::{RATIOS, image_size, no_picture};
use crate::api::Api;
use crate::error::ProviderError;
use crate::picture_model::{Asked, nearest, shows};

/// The largest picture that is taken, in bytes.
const MOST: usize = 48 << 20;

pub(super) async fn ask(api: &Api, model: &str, asked: &Asked<'_>) -> Result<Bytes, ProviderError> {
    let output = make(api, &body(model, asked), asked.key).await?;
    match output.file(api, "image", MOST).await? {
        Some(bytes) => Ok(bytes),
        None => Err(no_picture(api, &output.text())),
    }
}

fn body(model: &str, asked: &Asked<'_>) -> Value {
    let mut input = vec![text_input(asked.prompt)];
    for reference in asked.references {
        input.push(text_input(&shows(reference)));
        input.push(image_input(&reference.media_type, &reference.bytes));
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

#[cfg(test)]
mod tests {
    use model::storyboard::Size;

    use super::*;
    use crate::image::Reference;

    #[test]
    fn requests_have_the_documented_shape() {
        let references = [Reference {
            bytes: Bytes::from_static(b"png"),
            media_type: "image/png".into(),
            character: Some("Ana".into()),
            description: String::new(),
        }];
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
}
