//! Clips by Veo on Vertex: a still and a description of its movement, ordered and asked about as a long-running operation.

use std::borrow::Cow;
use std::io::Cursor;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use image::ImageFormat;
use minijinja::context;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::{Api, unreadable};
use crate::clip::{Clip, ClipRequest};
use crate::error::ProviderError;
use crate::gemini::clips::{aspect_ratio, resolution};
use crate::http::Effect;
use crate::job::{JobProvider, Polled};
use crate::media;
use crate::prompts::Prompts;
use crate::settings::Settings;
use crate::vendor::Vendor;

/// A clip takes one to three minutes.
const PAUSE: Duration = Duration::from_secs(10);
/// The lengths that can be ordered, in seconds.
const SECONDS: [u32; 3] = [4, 6, 8];
/// The largest clip that is taken, in bytes. It comes within the answer, whose size is bounded too.
pub const MOST: usize = 48 << 20;

/// Clips by Veo.
#[derive(Debug, Clone)]
pub struct VertexClips {
    api: Api,
    model: String,
    prompts: Prompts,
    place: String,
    most: usize,
}

impl VertexClips {
    /// Clips by a model such as `veo-3.1-fast-generate-001`, in the project and location of the settings.
    ///
    /// # Errors
    /// When the settings name no project.
    pub fn new(api: Api, settings: &Settings, model: String, prompts: Prompts) -> Result<Self, ProviderError> {
        Ok(Self { api, model, prompts, place: super::place(settings)?, most: MOST })
    }

    /// Takes only clips of so many bytes.
    #[must_use]
    pub fn at_most(self, most: usize) -> Self {
        Self { most, ..self }
    }

    fn body(&self, request: &ClipRequest) -> Result<Value, ProviderError> {
        let ClipRequest {
            picture,
            picture_media_type,
            description,
            narration,
            style,
            size,
            seconds,
            language: _,
            scene_number: _,
            take: _,
        } = request;
        let prompt = self.prompts.fill("clip.jinja", context! { scene => description, narration, style })?;
        let (picture, media_type) = still(picture, picture_media_type)?;
        Ok(json!({
            "instances": [{
                "prompt": prompt,
                "image": { "bytesBase64Encoded": STANDARD.encode(picture), "mimeType": media_type },
            }],
            "parameters": {
                "aspectRatio": aspect_ratio(*size),
                // This vendor has nothing smaller.
                "resolution": if resolution(*size) == "1080p" { "1080p" } else { "720p" },
                "durationSeconds": SECONDS.into_iter().find(|length| length >= seconds).unwrap_or(SECONDS[2]),
                "sampleCount": 1,
                // Videos have a narrator and music of their own; sound is paid for.
                "generateAudio": false,
            },
        }))
    }

    /// What follows from an operation that has ended well.
    fn outcome(&self, response: Response) -> Polled<Video> {
        let said = self.api.quoted(&response.rai_media_filtered_reasons.join(" "));
        match response.videos.into_iter().next() {
            Some(video) => Polled::Done(video),
            None if response.rai_media_filtered_count > 0 || !said.is_empty() => Polled::Failed(super::declined(&said)),
            None => Polled::Failed(ProviderError::retry("Vertex has ended without a clip")),
        }
    }

    fn clip(&self, video: &Video) -> Result<Clip, ProviderError> {
        let bytes: Bytes = STANDARD.decode(&video.bytes_base64_encoded).map_err(|_| unreadable(Vendor::Vertex))?.into();
        if bytes.len() > self.most {
            return Err(ProviderError::Fatal(format!("Vertex sent more than {} bytes", self.most)));
        }
        let media_type = media::clip(Vendor::Vertex, &bytes)?;
        Ok(Clip { bytes, media_type, credit: None })
    }
}

#[async_trait]
impl JobProvider<ClipRequest, Clip> for VertexClips {
    fn vendor(&self) -> &'static str {
        Vendor::Vertex.name()
    }

    fn model(&self) -> &str {
        &self.model
    }

    async fn submit(&self, request: &ClipRequest, key: &str) -> Result<String, ProviderError> {
        let path = format!("/{}/publishers/google/models/{}:predictLongRunning", self.place, self.model);
        let ordered: Operation = self.api.post(&path, &self.body(request)?, key, Effect::Paid).await?;
        if endpoint(&ordered.name).is_some() { Ok(ordered.name) } else { Err(unreadable(Vendor::Vertex)) }
    }

    async fn poll(&self, job: &str) -> Result<Polled<Clip>, ProviderError> {
        let Some(endpoint) = endpoint(job) else { return Ok(Polled::Failed(forgotten())) };
        let path = format!("/{endpoint}:fetchPredictOperation");
        let question = self.api.request(Method::POST, &path).json(&json!({ "operationName": job }));
        let Some(operation) = self.api.find::<Operation>(question, is_forgotten).await? else {
            return Ok(Polled::Failed(forgotten()));
        };
        match (operation.done, operation.error) {
            (false, _) => Ok(Polled::NotYet { ask_again_after: PAUSE }),
            (true, Some(error)) => Ok(Polled::Failed(ended(error.code, &self.api.quoted(&error.message)))),
            (true, None) => self.outcome(operation.response).fetch(async |video| self.clip(&video)).await,
        }
    }
}

/// The model that an operation belongs to, as it stands in paths; perhaps another one than is set today. `None` for what is
/// no operation's name.
fn endpoint(operation: &str) -> Option<&str> {
    let (endpoint, id) = operation.split_once("/operations/")?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/".contains(&byte);
    let fine = endpoint.starts_with("projects/") && !id.is_empty() && operation.bytes().all(plain) && !operation.contains("..");
    fine.then_some(endpoint)
}

/// Whether the vendor has forgotten an operation, or it belongs to another project.
fn is_forgotten(status: u16, body: &Value) -> bool {
    status == 404 || body.pointer("/error/status").is_some_and(|code| code == "NOT_FOUND")
}

fn forgotten() -> ProviderError {
    ProviderError::retry("Vertex does not know this order any more")
}

/// What follows from the code of an operation that has failed. The codes are those of gRPC.
fn ended(code: i64, said: &str) -> ProviderError {
    match code {
        3 => super::declined(said),
        7 | 16 => ProviderError::Unavailable(format!("Vertex does not serve this account; check its token and rights: {said}")),
        1 => ProviderError::Fatal(format!("this was cancelled at Vertex; ask for it again if you want it after all: {said}")),
        _ => ProviderError::retry(format!("Vertex could not make this clip (code {code}): {said}")),
    }
}

/// The still as a kind of file that the vendor takes, which are PNG and JPEG.
fn still<'a>(picture: &'a [u8], media_type: &'a str) -> Result<(Cow<'a, [u8]>, &'a str), ProviderError> {
    if ["image/png", "image/jpeg"].contains(&media_type) {
        return Ok((picture.into(), media_type));
    }
    let unusable = |_| ProviderError::Fatal("the scene's picture can't be read; make another one first".into());
    let mut png = Cursor::new(Vec::new());
    image::load_from_memory(picture).map_err(unusable)?.write_to(&mut png, ImageFormat::Png).map_err(unusable)?;
    Ok((png.into_inner().into(), "image/png"))
}

#[derive(Deserialize)]
struct Operation {
    name: String,
    #[serde(default)]
    done: bool,
    error: Option<Trouble>,
    #[serde(default)]
    response: Response,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Trouble {
    code: i64,
    message: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Response {
    videos: Vec<Video>,
    rai_media_filtered_count: u32,
    rai_media_filtered_reasons: Vec<String>,
}

#[derive(Debug, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Video {
    bytes_base64_encoded: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Http;
    use crate::settings::VendorSettings;

    const JOB: &str = "projects/shorts-1/locations/us-central1/publishers/google/models/veo-3.1-fast-generate-001/operations/7f";

    fn clips() -> VertexClips {
        let own = VendorSettings { project: Some("shorts-1".into()), ..VendorSettings::default() };
        let settings = Settings { vendors: [(Vendor::Vertex, own)].into(), ..Settings::default() };
        let api = super::super::api(Http::new().expect("a client"), "https://example.com/v1".into(), None);
        let prompts = Prompts::load(None).expect("good templates");
        VertexClips::new(api, &settings, "veo-3.1-fast-generate-001".into(), prompts).expect("a project is set")
    }

    #[test]
    fn a_request_says_what_the_vendor_must_know() {
        let request = ClipRequest {
            picture: Bytes::from_static(b"\x89PNG"),
            picture_media_type: "image/png".into(),
            description: "a lander on the Moon".into(),
            seconds: 5,
            ..ClipRequest::default()
        };
        let mut body = clips().body(&request).expect("a body");
        let prompt = body["instances"][0]["prompt"].take();
        assert!(prompt.as_str().expect("a text").contains("a lander on the Moon"), "{prompt}");
        body["instances"][0]["prompt"] = json!("the prompt");
        let expected: Value = serde_json::from_str(include_str!("../../fixtures/vertex-clip-request.json")).expect("JSON");
        assert_eq!(body, expected);
    }

    #[test]
    fn lengths_are_the_next_that_there_are() {
        let check = |seconds, expected| {
            let picture_media_type = "image/png".into();
            let body = clips().body(&ClipRequest { seconds, picture_media_type, ..ClipRequest::default() }).expect("a body");
            assert_eq!(body["parameters"]["durationSeconds"], json!(expected));
        };
        check(3, 4);
        check(4, 4);
        check(7, 8);
        check(10, 8);
    }

    #[test]
    fn a_still_of_another_kind_is_turned_into_png() {
        let mut webp = Cursor::new(Vec::new());
        image::RgbImage::new(3, 2).write_to(&mut webp, ImageFormat::WebP).expect("a picture");
        let webp = webp.into_inner();
        let (png, media_type) = still(&webp, "image/webp").expect("a picture");
        assert_eq!((media_type, image::guess_format(&png).ok()), ("image/png", Some(ImageFormat::Png)));
        assert!(matches!(still(b"<html>", "image/webp"), Err(ProviderError::Fatal(_))));
    }

    #[test]
    fn operations_are_read_as_the_vendor_writes_them() {
        let read = |answer: &str| serde_json::from_str::<Operation>(answer).expect("an operation");
        let done = read(include_str!("../../fixtures/vertex-operation.json"));
        assert!(done.done && endpoint(&done.name).is_some());
        let clips = clips();
        let Polled::Done(video) = clips.outcome(done.response) else { panic!("there is a video") };
        let clip = clips.clip(&video).expect("a clip");
        assert_eq!((&clip.bytes[4..8], clip.media_type), (&b"ftyp"[..], "video/mp4"));
        let too_large = clips.clone().at_most(10).clip(&video);
        assert_eq!(too_large, Err(ProviderError::Fatal("Vertex sent more than 10 bytes".into())));
        let declined = read(include_str!("../../fixtures/vertex-operation-declined.json"));
        let Polled::Failed(error) = clips.outcome(declined.response) else { panic!("there is no video") };
        assert!(matches!(&error, ProviderError::Refused(message) if message.ends_with("people under age.”")), "{error}");
        let Polled::Failed(error) = clips.outcome(Response::default()) else { panic!("there is no video") };
        assert!(matches!(error, ProviderError::Retry { .. }), "{error}");
    }

    #[test]
    fn codes_have_classes() {
        let check = |code, expected: fn(&ProviderError) -> bool| {
            let error = ended(code, "words");
            assert!(expected(&error) && error.to_string().ends_with("words"), "{code}: {error}");
        };
        check(3, |error| matches!(error, ProviderError::Refused(_)));
        check(8, |error| matches!(error, ProviderError::Retry { .. }));
        check(13, |error| matches!(error, ProviderError::Retry { .. }));
        check(16, |error| matches!(error, ProviderError::Unavailable(_)));
        check(1, |error| matches!(error, ProviderError::Fatal(_)));
    }

    #[test]
    fn what_is_forgotten_is_told_by_its_code() {
        let check = |status, code: &str, expected| {
            let body = json!({ "error": { "code": status, "status": code, "message": "in words of its own" } });
            assert_eq!(is_forgotten(status, &body), expected, "{status} {code}");
        };
        check(404, "NOT_FOUND", true);
        check(400, "NOT_FOUND", true);
        check(400, "INVALID_ARGUMENT", false);
        check(503, "UNAVAILABLE", false);
    }

    #[test]
    fn an_operation_says_whose_it_is() {
        let check = |name: &str, expected| assert_eq!(endpoint(name), expected, "{name}");
        check(JOB, Some("projects/shorts-1/locations/us-central1/publishers/google/models/veo-3.1-fast-generate-001"));
        check("projects/a/operations/", None);
        check("projects/a/../../b/operations/1", None);
        check("projects/a?b/operations/1", None);
        check("", None);
    }
}
