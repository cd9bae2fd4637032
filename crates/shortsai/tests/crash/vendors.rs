//! Vendors and a renderer whose answers follow from the request alone, and who write every call into the ledger.

use std::sync::Arc;
use std::time::Duration;

use assets::{Assets, MediaType, Place};
use async_trait::async_trait;
use bytes::Bytes;
use engine::{RenderFailure, RenderJob, Renderer};
use model::caption::WordTiming;
use model::project::RenderOutput;
use providers::abilities::{Abilities, only};
use providers::align::{AlignProvider, AlignRequest, Aligned};
use providers::character::CharacterProvider;
use providers::clip::{Clip, ClipRequest};
use providers::error::ProviderError;
use providers::image::{Image, ImageProvider, ImageRequest, Reference};
use providers::job::{JobProvider, Polled};
use providers::music::{Music, MusicProvider, MusicRequest, MusicVendor};
use providers::script::{Script, ScriptProvider, ScriptRequest, ScriptScene, Written};
use providers::speech::{Speech, SpeechProvider, SpeechRequest};
use tokio_util::sync::CancellationToken;

use crate::ledger::Ledger;

/// Scenes of the script about any topic.
pub const SCENES: usize = 6;

/// One vendor with all abilities.
#[derive(Clone)]
pub struct Vendor {
    pub ledger: Ledger,
}

pub fn abilities(ledger: &Ledger) -> Abilities {
    let vendor = Arc::new(Vendor { ledger: ledger.clone() });
    Abilities {
        scripts: only("fake", "script-1", vendor.clone()),
        images: only("fake", "image-1", vendor.clone()),
        speech: only("fake", "speech-1", vendor.clone()),
        align: only("fake", "words-1", vendor.clone()),
        clips: only("fake", "clip-1", vendor.clone()),
        music: only("fake", "music-1", Arc::new(MusicVendor::AtOnce(vendor.clone()))),
        describers: only("fake", "face-1", vendor.clone()),
        portraitists: only("fake", "face-1", vendor),
        fallback: false,
        speech_speed: 1.0,
    }
}

fn file(head: &[u8], content: &str) -> Bytes {
    Bytes::from([head, content.as_bytes()].concat())
}

fn words(text: &str) -> Vec<WordTiming> {
    let word = |(index, word): (usize, &str)| {
        let start = index as f64 * 0.25;
        WordTiming { word: word.to_owned(), start, end: start + 0.25 }
    };
    text.split_whitespace().enumerate().map(word).collect()
}

#[async_trait]
impl ScriptProvider for Vendor {
    fn vendor(&self) -> &'static str {
        "fake"
    }
    fn model(&self) -> &str {
        "script-1"
    }
    async fn write(&self, request: &ScriptRequest, key: &str) -> Result<Written, ProviderError> {
        self.ledger.write(&format!("write_script {}", request.topic), key);
        let scene = |number| ScriptScene {
            narration: format!("Words {number} of {}.", request.topic),
            visual_description: format!("picture {number} of {}", request.topic),
            seconds: 4.0,
        };
        let title = format!("About {}", request.topic);
        let description = "Six scenes. #short".to_owned();
        Ok(Written::Script(Script { title, description, scenes: (1..=SCENES).map(scene).collect() }))
    }
    async fn music_prompt(&self, topic: &str, _: &str, key: &str) -> Result<String, ProviderError> {
        self.ledger.write(&format!("music_prompt {topic}"), key);
        Ok(format!("music about {topic}"))
    }
}

#[async_trait]
impl ImageProvider for Vendor {
    fn vendor(&self) -> &'static str {
        "fake"
    }
    fn model(&self) -> &str {
        "image-1"
    }
    async fn draw(&self, request: &ImageRequest, key: &str) -> Result<Image, ProviderError> {
        self.ledger.write(&format!("draw_image {}", request.description), key);
        Ok(Image { bytes: file(b"\x89PNG\r\n\x1a\n", &request.description), media_type: "image/png", credit: None })
    }
}

#[async_trait]
impl CharacterProvider for Vendor {
    fn vendor(&self) -> &'static str {
        "fake"
    }
    fn model(&self) -> &str {
        "face-1"
    }
    async fn describe(&self, picture: &Reference, key: &str) -> Result<String, ProviderError> {
        self.ledger.write("describe", key);
        Ok(format!("a face of {} bytes", picture.bytes.len()))
    }
    async fn portrait(&self, picture: &Reference, key: &str) -> Result<Image, ProviderError> {
        self.ledger.write("portrait", key);
        let portrait = format!("a portrait of {} bytes", picture.bytes.len());
        Ok(Image { bytes: file(b"\x89PNG\r\n\x1a\n", &portrait), media_type: "image/png", credit: None })
    }
}

#[async_trait]
impl SpeechProvider for Vendor {
    fn vendor(&self) -> &'static str {
        "fake"
    }
    fn model(&self) -> &str {
        "speech-1"
    }
    fn check(&self, _: &str, _: &str) -> Result<(), ProviderError> {
        Ok(())
    }
    /// Tells the words' times of some texts only.
    async fn speak(&self, request: &SpeechRequest, key: &str) -> Result<Speech, ProviderError> {
        self.ledger.write(&format!("speak {}", request.text), key);
        let silent = request.text.starts_with("Words 2") || request.text.starts_with("Words 5");
        let bytes = file(b"RIFF\0\0\0\0WAVE", &request.text);
        let words = words(&request.text);
        Ok(Speech { bytes, media_type: "audio/wav", seconds: 1.5, words: (!silent).then_some(words) })
    }
}

#[async_trait]
impl AlignProvider for Vendor {
    fn vendor(&self) -> &'static str {
        "fake"
    }
    fn model(&self) -> &str {
        "align-1"
    }
    async fn align(&self, request: &AlignRequest, key: &str) -> Result<Aligned, ProviderError> {
        self.ledger.write(&format!("align_words {}", request.text), key);
        Ok(Aligned::measured(words(&request.text)))
    }
}

/// Knows idempotency keys: an order that is sent twice is one job. Its memory is the ledger.
#[async_trait]
impl JobProvider<ClipRequest, Clip> for Vendor {
    fn vendor(&self) -> &'static str {
        "fake"
    }
    fn model(&self) -> &str {
        "clip-1"
    }
    async fn submit(&self, request: &ClipRequest, key: &str) -> Result<String, ProviderError> {
        self.ledger.write(&format!("animate {}", request.description), key);
        Ok(format!("operations/{key}"))
    }
    async fn poll(&self, job: &str) -> Result<Polled<Clip>, ProviderError> {
        self.ledger.write("poll", job);
        let calls = self.ledger.calls();
        let key = job.strip_prefix("operations/").filter(|key| calls.iter().any(|call| call.key == *key));
        let Some(key) = key else { return Err(ProviderError::Fatal(format!("there is no job {job}"))) };
        if calls.iter().filter(|call| call.what == "poll" && call.key == job).count() < 2 {
            return Ok(Polled::NotYet { ask_again_after: Duration::ZERO });
        }
        Ok(Polled::Done(Clip { bytes: file(b"\0\0\0\x18ftypmp42", key), media_type: "video/mp4", credit: None }))
    }
}

#[async_trait]
impl MusicProvider for Vendor {
    fn vendor(&self) -> &'static str {
        "fake"
    }
    fn model(&self) -> &str {
        "music-1"
    }
    async fn compose(&self, request: &MusicRequest, key: &str) -> Result<Music, ProviderError> {
        self.ledger.write(&format!("compose_music {}", request.title), key);
        Ok(Music { bytes: file(b"RIFF\0\0\0\0WAVE", &request.title), media_type: "audio/wav", seconds: 30.0 })
    }
}

/// A renderer whose video is a list of what it was made of.
pub struct ListRenderer {
    pub assets: Assets,
    pub ledger: Ledger,
    pub arrive: fn(&str),
}

#[async_trait]
impl Renderer for ListRenderer {
    async fn render(
        &self,
        job: RenderJob,
        progress: Arc<dyn Fn(f64) + Send + Sync>,
        _: CancellationToken,
    ) -> Result<RenderOutput, RenderFailure> {
        self.ledger.write(&format!("render {}", job.storyboard.title), &job.id.to_string());
        progress(0.5);
        let mut keys: Vec<String> = job.storyboard.bg_music_url.into_iter().collect();
        for scene in job.storyboard.scenes {
            keys.extend([scene.image_url, scene.video_url, scene.audio_url].into_iter().flatten());
        }
        let mut list = String::new();
        for key in keys {
            let bytes = self.assets.get(&key).await.expect("everything that a storyboard names is there");
            list += &format!("{key} {}\n", bytes.len());
        }
        (self.arrive)(&format!("render {} rendered", job.id));
        let bytes = file(b"\0\0\0\x18ftypmp42", &list);
        let length = bytes.len() as i64;
        let video = self.assets.put(Place::Renders, bytes).await.expect("objects can be stored");
        let thumbnail = self.assets.put(Place::Thumbnails, file(b"\xff\xd8\xff", &list)).await.expect("objects can be stored");
        let captions = self.assets.put_text(Place::Captions, MediaType::SRT, list).await.expect("objects can be stored");
        (self.arrive)(&format!("render {} uploaded", job.id));
        Ok(RenderOutput {
            video: video.key,
            srt: captions.key.clone(),
            vtt: captions.key,
            ass: None,
            thumbnail: thumbnail.key,
            seconds: 9.0,
            bytes: length,
            warnings: Vec::new(),
        })
    }
}
