//! Pictures by OpenAI's models and by servers that speak its protocol: `images/generations`, and `images/edits` where pictures
//! come along.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use model::storyboard::Size;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::{Api, unreadable};
use crate::error::ProviderError;
use crate::http::{Effect, nothing_more};
use crate::image::{Image, ImageProvider, ImageRequest, Reference};
use crate::picture_model::{self, Asked, PROMPT, PictureModel, nearest};
use crate::prompts::Prompts;
use crate::vendor::Vendor;

/// The sizes of today's models; servers of other makers mostly take them too.
const SIZES: [(&str, (u32, u32)); 3] = [("1024x1536", (1024, 1536)), ("1024x1024", (1024, 1024)), ("1536x1024", (1536, 1024))];
/// The sizes of DALL·E 3.
const SIZES_OF_DALL_E_3: [(&str, (u32, u32)); 3] =
    [("1024x1792", (1024, 1792)), ("1024x1024", (1024, 1024)), ("1792x1024", (1792, 1024))];
/// The one large size of DALL·E 2.
const SIZES_OF_DALL_E_2: [(&str, (u32, u32)); 1] = [("1024x1024", (1024, 1024))];
/// The largest picture that is fetched where the answer only names it, in bytes.
const MOST: usize = 48 << 20;

/// Draws with one of the models.
#[derive(Debug)]
pub struct OpenAiImages {
    api: Api,
    model: String,
    prompts: Prompts,
}

impl OpenAiImages {
    /// Draws with this model.
    pub fn new(api: Api, model: String, prompts: Prompts) -> Self {
        Self { api, model, prompts }
    }

    /// The models that always answer in base64, and take it ill to be asked for it.
    fn is_gpt_image(&self) -> bool {
        self.model.starts_with("gpt-image") || self.model.starts_with("chatgpt-image")
    }

    async fn generate(&self, asked: &Asked<'_>) -> Result<Answer, ProviderError> {
        let fields = fields(&self.model, asked, !self.is_gpt_image());
        self.api.post("/images/generations", &Value::from_iter(fields), asked.key, Effect::Paid).await
    }

    async fn edit(&self, asked: &Asked<'_>) -> Result<Answer, ProviderError> {
        let prompt = numbered(asked.prompt, asked.references);
        let mut form = Form::new();
        for (name, value) in fields(&self.model, &Asked { prompt: &prompt, ..*asked }, !self.is_gpt_image()) {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            form = form.text(name, text);
        }
        for reference in asked.references {
            form = form.part("image[]", file(reference)?);
        }
        let request = self.api.request(Method::POST, "/images/edits").multipart(form);
        let request = if asked.key.is_empty() { request } else { request.header("Idempotency-Key", asked.key) };
        let answer = self.api.send(request, Effect::Paid).await?;
        serde_json::from_slice(&answer.body).map_err(|_| unreadable(Vendor::OpenAi))
    }
}

#[async_trait]
impl ImageProvider for OpenAiImages {
    fn vendor(&self) -> &'static str {
        Vendor::OpenAi.name()
    }

    fn model(&self) -> &str {
        &self.model
    }

    fn version(&self) -> String {
        self.prompts.version(PROMPT)
    }

    fn follows_references(&self) -> bool {
        true
    }

    async fn draw(&self, request: &ImageRequest, key: &str) -> Result<Image, ProviderError> {
        picture_model::draw(self, &self.prompts, request, key).await
    }
}

#[async_trait]
impl PictureModel for OpenAiImages {
    fn maker(&self) -> Vendor {
        Vendor::OpenAi
    }

    fn sees(&self) -> bool {
        self.is_gpt_image() || self.model.contains("edit")
    }

    async fn ask(&self, asked: &Asked<'_>) -> Result<Bytes, ProviderError> {
        let answer = if asked.references.is_empty() { self.generate(asked).await? } else { self.edit(asked).await? };
        let made = answer.data.into_iter().next().unwrap_or_default();
        match (made.b64_json, made.url) {
            (Some(data), _) => Ok(STANDARD.decode(data).map_err(|_| unreadable(Vendor::OpenAi))?.into()),
            (None, Some(address)) => self.api.explained_by(nothing_more).download_made(&address, MOST).await,
            (None, None) => Err(ProviderError::retry("OpenAI answered without a picture")),
        }
    }
}

fn fields(model: &str, asked: &Asked<'_>, wants_base64: bool) -> Vec<(&'static str, Value)> {
    let mut fields =
        vec![("model", json!(model)), ("prompt", json!(asked.prompt)), ("n", json!(1)), ("size", json!(size(model, asked.size)))];
    if wants_base64 {
        fields.push(("response_format", json!("b64_json")));
    }
    fields
}

fn size(model: &str, wanted: Size) -> &'static str {
    match model {
        "dall-e-2" => nearest(&SIZES_OF_DALL_E_2, wanted),
        "dall-e-3" => nearest(&SIZES_OF_DALL_E_3, wanted),
        _ => nearest(&SIZES, wanted),
    }
}

/// The prompt, and what each picture shows: files in a form have an order, but no words beside them.
fn numbered(prompt: &str, references: &[Reference]) -> String {
    let lines = references.iter().enumerate().map(|(i, reference)| match &reference.character {
        Some(name) => format!("\nPicture {} is the picture of {name}.", i + 1),
        None => format!("\nPicture {} is the style picture.", i + 1),
    });
    prompt.to_owned() + &lines.collect::<String>()
}

fn file(reference: &Reference) -> Result<Part, ProviderError> {
    let ending = match reference.media_type.as_str() {
        "image/jpeg" => "jpg",
        "image/webp" => "webp",
        _ => "png",
    };
    // `Bytes` is shared, not copied.
    let length = reference.bytes.len() as u64;
    let part = Part::stream_with_length(reference.bytes.clone(), length).file_name(format!("picture.{ending}"));
    part.mime_str(&reference.media_type).map_err(|_| {
        ProviderError::Fatal(format!("a reference picture says that it is “{}”, which is no media type", reference.media_type))
    })
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Answer {
    data: Vec<Made>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Made {
    b64_json: Option<String>,
    url: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const TALL: Size = Size { width: 1080, height: 1920 };

    #[test]
    fn sizes_follow_the_model() {
        let check = |model: &str, wanted: (u32, u32), expected: &str| {
            assert_eq!(size(model, Size { width: wanted.0, height: wanted.1 }), expected, "{model}");
        };
        check("gpt-image-1", (1080, 1920), "1024x1536");
        check("gpt-image-1", (1080, 1080), "1024x1024");
        check("dall-e-3", (1080, 1920), "1024x1792");
        check("dall-e-3", (1920, 1080), "1792x1024");
        check("dall-e-2", (1080, 1920), "1024x1024");
        check("flux-of-somebody", (1920, 1080), "1536x1024");
    }

    #[test]
    fn requests_have_the_documented_shape() {
        let asked = Asked { prompt: "a cat", references: &[], size: TALL, key: "" };
        let check = |model: &str, wants_base64, expected: Value| {
            assert_eq!(Value::from_iter(fields(model, &asked, wants_base64)), expected);
        };
        check("gpt-image-1", false, json!({ "model": "gpt-image-1", "prompt": "a cat", "n": 1, "size": "1024x1536" }));
        check("dall-e-3", true, {
            json!({ "model": "dall-e-3", "prompt": "a cat", "n": 1, "size": "1024x1792", "response_format": "b64_json" })
        });
    }

    #[test]
    fn pictures_in_a_form_are_told_apart_by_number() {
        let reference = |character: Option<&str>, media_type: &str| Reference {
            description: String::new(),
            bytes: Bytes::new(),
            media_type: media_type.into(),
            character: character.map(str::to_owned),
        };
        let references = [reference(None, "image/webp"), reference(Some("Ana"), "image/png")];
        let expected = "draw\nPicture 1 is the style picture.\nPicture 2 is the picture of Ana.";
        assert_eq!(numbered("draw", &references), expected);
        assert!(file(&references[0]).is_ok());
        assert!(file(&reference(None, "no type")).is_err());
    }

    #[test]
    fn the_documented_answers_are_read() {
        let read = |answer: &str| serde_json::from_str::<Answer>(answer).expect("a fixture is JSON").data.remove(0);
        let made = read(include_str!("../../fixtures/openai-image.json"));
        assert_eq!((made.b64_json.as_deref(), made.url), (Some("YSBwaWN0dXJl"), None));
        let made = read(include_str!("../../fixtures/openai-image-url.json"));
        assert_eq!((made.b64_json, made.url.as_deref()), (None, Some("https://files.example.com/img-1.png")));
    }
}
