//! What goes over the wire between whoever wants a video and a worker, in both directions.
//!
//! It is the contract of older workers with more in it: they ignore what they don't know, and so do we.

use std::collections::BTreeSet;

use model::project::RenderOutput;
use model::storyboard::{Storyboard, StoryboardError};
use render::Part;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Where in a trace the job belongs, as W3C Trace Context writes it. Read only from callers who know the secret.
pub const TRACE_PARENT: &str = "traceparent";
/// Lines of JSON instead of one document: progress comes with the answer.
pub const NDJSON: &str = "application/x-ndjson";

/// Seconds of a scene that says nothing about its length, as older workers take it.
const USUAL_SECONDS: f64 = 5.0;

/// `POST /render`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RenderRequest {
    /// The caller's name for this job; the same one again is the same job.
    pub id: String,
    /// A storyboard, with the `projectId` it belongs to.
    pub payload: Value,
    /// Who is told how it goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_url: Option<String>,
    /// What messages there are sent with, as a bearer token. Older callers prove the worker's secret by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_token: Option<String>,
    /// Only this part of the video is made, into the cache that workers share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<WantedPart>,
}

/// A part of a video.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedPart {
    /// Indexes of scenes, from 0.
    pub scenes: BTreeSet<usize>,
    /// Whether the sound of the whole is mixed.
    #[serde(default)]
    pub sound: bool,
}

impl From<WantedPart> for Part {
    fn from(part: WantedPart) -> Self {
        Self { scenes: part.scenes, sound: part.sound }
    }
}

/// How a job stands: the answer, and what webhooks carry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "lowercase")]
pub enum News {
    /// It waits for its turn.
    Accepted,
    /// It is being made.
    Processing {
        /// Per cent.
        progress: f64,
    },
    /// It is there.
    Completed {
        /// The video, for whoever can read the bucket; a part has none.
        #[serde(rename = "resultUrl", default, skip_serializing_if = "Option::is_none")]
        result_url: Option<String>,
        /// All its files, as object keys.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        output: Option<RenderOutput>,
    },
    /// It can't be made.
    Failed {
        /// A plain sentence.
        error: String,
        /// Whether another worker, or this one later, can do it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        retry: bool,
    },
    /// The caller no longer wants it.
    Cancelled,
}

impl News {
    /// Whether nothing more comes.
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Accepted | Self::Processing { .. })
    }
}

/// What workers answer about their health.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// `ok`.
    pub status: String,
    /// Ours; older workers don't say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Jobs at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jobs: Option<usize>,
}

impl RenderRequest {
    /// The storyboard in the payload, also as older callers write it: absent values as nulls, lengths as text, and five seconds
    /// for a scene that does not say how long it is.
    ///
    /// # Errors
    /// A storyboard that breaks a rule, with the field's path.
    pub fn storyboard(&self) -> Result<Storyboard, StoryboardError> {
        let mut payload = self.payload.clone();
        if let Value::Object(fields) = &mut payload {
            fields.retain(|_, value| !value.is_null());
            for scene in fields.get_mut("scenes").and_then(Value::as_array_mut).into_iter().flatten() {
                if let Value::Object(scene) = scene {
                    as_today(scene);
                }
            }
        }
        Storyboard::from_json(&payload.to_string())
    }

    /// The project that the payload names.
    pub fn project(&self) -> &str {
        self.payload["projectId"].as_str().unwrap_or_default()
    }
}

fn as_today(scene: &mut Map<String, Value>) {
    scene.retain(|_, value| !value.is_null());
    if let Some(seconds) = scene.get("duration").and_then(Value::as_str).and_then(|text| text.trim().parse::<f64>().ok()) {
        scene.insert("duration".to_owned(), seconds.into());
    }
    if !["duration", "audioUrl", "videoUrl"].iter().any(|field| scene.contains_key(*field)) {
        scene.insert("duration".to_owned(), USUAL_SECONDS.into());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(payload: Value) -> RenderRequest {
        RenderRequest { id: "r".to_owned(), payload, webhook_url: None, webhook_token: None, part: None }
    }

    #[test]
    fn what_older_callers_send_is_understood() {
        let request = request(json!({
            "projectId": "p", "bgMusicUrl": null,
            "scenes": [
                { "imageUrl": "a", "audioUrl": null, "duration": "1.53", "wordTimings": null, "narration": "n" },
                { "imageUrl": "b", "videoUrl": null, "status": "READY" },
            ],
        }));
        let storyboard = request.storyboard().expect("a storyboard");
        assert_eq!(request.project(), "p");
        let lengths: Vec<_> = storyboard.scenes.iter().map(|scene| scene.duration).collect();
        assert_eq!(lengths, [Some(1.53), Some(5.0)]);
    }

    #[test]
    fn a_scene_without_a_picture_is_named() {
        let refused =
            request(json!({ "scenes": [{ "imageUrl": "a" }, { "duration": 2 }] })).storyboard().expect_err("no picture");
        assert_eq!(refused.to_string(), "storyboard: scenes[1]: there is no picture; give imageUrl or videoUrl");
    }

    #[test]
    fn news_are_the_contract_and_more() {
        let check = |news: &News, expected: Value| {
            assert_eq!(serde_json::to_value(news).expect("JSON"), expected);
            assert_eq!(&serde_json::from_value::<News>(expected).expect("news"), news);
        };
        check(&News::Processing { progress: 40.0 }, json!({ "status": "processing", "progress": 40.0 }));
        check(
            &News::Completed { result_url: Some("u".to_owned()), output: None },
            json!({ "status": "completed", "resultUrl": "u" }),
        );
        check(&News::Failed { error: "e".to_owned(), retry: false }, json!({ "status": "failed", "error": "e" }));
        check(&News::Failed { error: "e".to_owned(), retry: true }, json!({ "status": "failed", "error": "e", "retry": true }));
    }
}
