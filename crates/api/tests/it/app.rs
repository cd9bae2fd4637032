//! The application under test, and a worker to play with.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use api::{Access, AppState};
use assets::{Assets, Place};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, Response};
use chrono::{DateTime, Duration, Utc};
use model::caption::WordTiming;
use model::project::{Asset, RenderOutput};
use model::question::{Answer, Ask, OfferedVoice};
use model::task::{Failure, FailureClass, Product, ScriptScene, TaskKind};
use serde_json::{Value, json};
use store::{Lease, Outcome};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use uuid::Uuid;

pub struct TestApp {
    pub state: AppState,
    pub owner: Uuid,
    router: Router,
    url: String,
    _folder: Option<tempfile::TempDir>,
}

/// A clock that goes on by a second whenever somebody looks.
pub fn clock() -> DateTime<Utc> {
    static SECONDS: AtomicI64 = AtomicI64::new(1_769_851_800);
    DateTime::from_timestamp(SECONDS.fetch_add(1, Ordering::Relaxed), 0).expect("a time of our days")
}

/// Ids that nobody has had before.
pub fn new_id() -> Uuid {
    static LAST: AtomicU64 = AtomicU64::new(1);
    // A test may share its database with an earlier run.
    Uuid::from_u64_pair(0x5eed_0000_0000_0000 | u64::from(std::process::id()), LAST.fetch_add(1, Ordering::Relaxed))
}

/// Nobody has a name, so that no test leaves this machine.
struct NoNames;

impl assets::Resolver for NoNames {
    fn resolve<'a>(&'a self, _: &'a str) -> futures::future::BoxFuture<'a, std::io::Result<Vec<std::net::IpAddr>>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

/// Fetches from those machines only.
pub fn fetcher(allow: &[&str]) -> assets::Fetcher {
    let allow: Vec<String> = allow.iter().map(|entry| (*entry).to_owned()).collect();
    let allow = assets::AllowList::parse(&allow).expect("good entries");
    let settings = assets::FetchSettings { allow, ..assets::FetchSettings::default() };
    assets::Fetcher::with_resolver(settings, std::sync::Arc::new(NoNames))
}

impl TestApp {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        Self { _folder: Some(folder), ..Self::on(&url).await }
    }

    /// On a database that is there already.
    pub async fn on(url: &str) -> Self {
        let store = store::open(url).await.expect("a database");
        let owner = store.local_owner(clock()).await.expect("the owner");
        let state = AppState {
            store,
            assets: Assets::memory(),
            fetcher: fetcher(&[]),
            access: Access::LocalOwner(owner),
            web_root: None,
            rates: api::Rates::default(),
            proxies: api::TrustedProxies::default(),
            vault: std::sync::Arc::new(store::Vault::new("a secret of the tests", &[])),
            language_model: false,
            version: "1.2.3",
            propagation: model::trace::Propagation::OFF,
            clock,
            new_id,
            closing: CancellationToken::new(),
            worker_secret: None,
            answer_within: std::time::Duration::from_secs(20),
            memory: api::Memory::default(),
        };
        Self { router: api::router(state.clone()), state, owner, url: url.to_owned(), _folder: None }
    }

    /// The same application once more, as if in another process: only the database and the objects are shared.
    pub async fn another_process(&self) -> Self {
        let mut other = Self::on(&self.url).await;
        other.state.assets = self.state.assets.clone();
        other.restart();
        other
    }

    /// From now on requests come from another user.
    pub fn become_somebody_else(&mut self) {
        self.state.access = Access::LocalOwner(new_id());
        self.restart();
    }

    /// Takes a changed state over.
    pub fn restart(&mut self) {
        self.router = api::router(self.state.clone());
    }

    pub async fn send(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.expect("a router never fails")
    }

    /// Sends a raw body; answers the status and the JSON.
    pub async fn raw(&self, method: Method, path: &str, body: impl Into<Body>) -> (u16, Value) {
        let request = Request::builder().method(method).uri(path).body(body.into()).expect("a request");
        let response = self.send(request).await;
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("a whole body");
        let json = serde_json::from_slice(&bytes).unwrap_or_else(|_| panic!("not JSON: {}", String::from_utf8_lossy(&bytes)));
        (status, json)
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        self.raw(Method::GET, path, Body::empty()).await
    }

    pub async fn delete(&self, path: &str) -> (u16, Value) {
        self.raw(Method::DELETE, path, Body::empty()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.raw(Method::POST, path, body.to_string()).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> (u16, Value) {
        self.raw(Method::PATCH, path, body.to_string()).await
    }

    pub async fn command(&self, project: &str, action: &str) -> (u16, Value) {
        self.post("/api/workflow/command", json!({ "projectId": project, "action": action })).await
    }

    pub async fn state_of(&self, project: &str) -> Value {
        let (status, state) = self.get(&format!("/api/workflow/state/{project}")).await;
        assert_eq!(status, 200, "{state}");
        state
    }

    /// A project without music, with these narrations.
    pub async fn project(&self, narrations: &[&str]) -> String {
        let (status, project) = self.post("/api/projects", json!({ "topic": "The Moon" })).await;
        assert_eq!(status, 200, "{project}");
        let id = text(&project["id"]);
        for (index, narration) in narrations.iter().enumerate() {
            let scene = json!({ "project_id": id, "scene_number": index + 1, "narration": narration });
            let (status, scene) = self.post("/api/scenes", scene).await;
            assert_eq!(status, 200, "{scene}");
        }
        id
    }

    /// The ids of a project's scenes.
    pub async fn scene_ids(&self, project: &str) -> Vec<String> {
        let state = self.state_of(project).await;
        state["scenes"].as_array().expect("scenes").iter().map(|scene| text(&scene["id"])).collect()
    }

    /// Takes the next task up.
    pub async fn begin(&self, kinds: &[TaskKind]) -> Option<Lease> {
        let lease = self.state.store.claim("test", kinds, clock(), Duration::hours(1)).await.expect("a claim")?;
        assert!(self.state.store.start(&lease, clock()).await.expect("a start"));
        Some(lease)
    }

    pub async fn end(&self, lease: &Lease) {
        let product = self.product(lease).await;
        assert!(self.state.store.finish(lease, Outcome::Done(product), clock()).await.expect("an end"));
    }

    pub async fn fail(&self, lease: &Lease, message: &str) {
        let failure = Failure { class: FailureClass::Fatal, message: message.to_owned() };
        let outcome = Outcome::Failed { failure, jitter: 0.0 };
        assert!(self.state.store.finish(lease, outcome, clock()).await.expect("an end"));
    }

    /// Does everything that waits; answers how many tasks that were.
    pub async fn work(&self) -> usize {
        let mut done = 0;
        while let Some(lease) = self.begin(&TaskKind::ALL).await {
            self.end(&lease).await;
            done += 1;
        }
        done
    }

    async fn product(&self, lease: &Lease) -> Product {
        let subject = lease.target.subject;
        match lease.target.kind {
            TaskKind::DrawImage => Product::Image(self.store_bytes(Place::SceneImages, &png(subject)).await),
            TaskKind::Speak => Product::Speech {
                asset: self.store_bytes(Place::SceneAudio, &wav(subject)).await,
                seconds: 2.5,
                words: Some(vec![WordTiming { word: "Hello".into(), start: 0.0, end: 0.5 }]),
            },
            TaskKind::WriteScript => Product::Script {
                title: "Written".into(),
                description: "By the worker.".into(),
                scenes: vec![ScriptScene {
                    narration: "Written words.".into(),
                    visual_description: "a written page".into(),
                    seconds: 2.0,
                }],
            },
            TaskKind::AlignWords => Product::Words(vec![WordTiming { word: "Hello".into(), start: 0.0, end: 0.5 }]),
            TaskKind::Animate => Product::Clip(self.store_bytes(Place::SceneVideos, &mp4(subject)).await),
            TaskKind::ComposeMusic => Product::Music(self.store_bytes(Place::Music, &wav(subject)).await),
            TaskKind::Answer => Product::Answer(self.answer(lease).await),
            TaskKind::Render => Product::Video(RenderOutput {
                video: self.store_bytes(Place::Renders, &mp4(subject)).await.key,
                srt: "captions/0123456789abcdef0123456789abcdef.srt".into(),
                vtt: "captions/0123456789abcdef0123456789abcdef.vtt".into(),
                ass: Some("captions/0123456789abcdef0123456789abcdef.ass".into()),
                thumbnail: self.store_bytes(Place::Thumbnails, &png(subject)).await.key,
                seconds: 5.0,
                bytes: 100,
                warnings: vec!["The music was short.".into()],
            }),
        }
    }

    async fn answer(&self, lease: &Lease) -> Answer {
        let record = self.state.store.project(lease.project).await.expect("readable").expect("there");
        let subject = lease.target.subject;
        match record.project.question.expect("a question").ask {
            Ask::Script => Answer::Script {
                title: "Written".into(),
                description: record.project.settings.topic,
                scenes: vec![ScriptScene {
                    narration: "Written words.".into(),
                    visual_description: "a written page".into(),
                    seconds: 2.0,
                }],
            },
            Ask::MusicPrompt | Ask::Describe(_) => Answer::Text { text: "as it is".into() },
            Ask::Portrait(_) => {
                let mut bytes = std::io::Cursor::new(Vec::new());
                image::RgbImage::new(8, 8).write_to(&mut bytes, image::ImageFormat::Png).expect("a picture");
                Answer::Picture(self.store_bytes(Place::Characters, &bytes.into_inner()).await)
            }
            Ask::Speech { .. } => {
                Answer::Speech { asset: self.store_bytes(Place::SceneAudio, &wav(subject)).await, seconds: 1.0 }
            }
            Ask::Voices => Answer::Voices {
                voices: vec![OfferedVoice {
                    vendor: "espeak".into(),
                    id: "en-gb".into(),
                    label: "British".into(),
                    language: "en-GB".into(),
                    female: Some(false),
                    description: String::new(),
                    preview: None,
                }],
            },
        }
    }

    pub async fn store_bytes(&self, place: Place, bytes: &[u8]) -> Asset {
        let stored = self.state.assets.put(place, bytes.to_vec().into()).await.expect("a stored object");
        Asset {
            key: stored.key,
            media_type: stored.media_type.into(),
            bytes: stored.bytes as i64,
            made_by: "test".into(),
            credit: None,
        }
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}

pub fn png(seed: Uuid) -> Vec<u8> {
    [b"\x89PNG\r\n\x1a\n".as_slice(), seed.as_bytes()].concat()
}

pub fn wav(seed: Uuid) -> Vec<u8> {
    [b"RIFF\x00\x00\x00\x00WAVE".as_slice(), seed.as_bytes()].concat()
}

pub fn mp4(seed: Uuid) -> Vec<u8> {
    [b"\x00\x00\x00\x18ftypisom".as_slice(), seed.as_bytes(), &[7; 70]].concat()
}
