//! A store, objects, vendors and a renderer for one test.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use assets::Assets;
use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use engine::{Engine, EngineSettings, RenderFailure, RenderJob, Renderer};
use model::caption::WordTiming;
use model::project::{Project, RenderOutput, Settings};
use model::storyboard::Storyboard;
use model::trace::Propagation;
use model::usage::PriceTable;
use model::workflow::{Command, Edit, Input, SceneDraft};
use providers::abilities::{Abilities, Candidates, nobody, only};
use providers::character::CharacterProvider;
use providers::clip::ClipProvider;
use providers::error::ProviderError;
use providers::image::{Image, ImageProvider, ImageRequest};
use providers::music::{Music, MusicProvider, MusicRequest, MusicVendor};
use providers::script::ScriptProvider;
use providers::sound::{self, Sound};
use providers::speech::{Speech, SpeechProvider, SpeechRequest};
use store::{Details, Limits, NewProject, Store};
use tokio::sync::Notify;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Houses of one process. Each has a clock of its own, since moving one on would end the waits and leases of all.
const CLOCKS: usize = 64;
/// Seconds that a house's clock was moved on.
static MOVED: [AtomicI64; CLOCKS] = [const { AtomicI64::new(0) }; CLOCKS];
static NEXT_CLOCK: AtomicUsize = AtomicUsize::new(0);
static NEXT_ID: AtomicU32 = AtomicU32::new(1);

fn clock<const N: usize>() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + MOVED[N].load(Ordering::SeqCst), 0).expect("a good time")
}

/// The clock of that number. The engine takes a function, which can hold nothing.
fn clock_of(number: usize) -> fn() -> DateTime<Utc> {
    macro_rules! of {
        ($($n:literal)*) => { match number { $($n => clock::<$n>,)* _ => panic!("more houses than clocks; raise CLOCKS") } };
    }
    of!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
        32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63)
}

fn new_id() -> Uuid {
    Uuid::from_u128(u128::from(NEXT_ID.fetch_add(1, Ordering::SeqCst)))
}

pub struct House {
    pub store: Store,
    pub assets: Assets,
    pub vendor: Arc<Vendor>,
    pub renderer: Arc<TestRenderer>,
    pub folder: tempfile::TempDir,
    /// Who makes clips, if anybody does.
    pub clips: Option<Arc<ClipProvider>>,
    /// Who writes scripts, if anybody does.
    pub writer: Option<Arc<dyn ScriptProvider>>,
    /// Who looks at faces, if anybody does.
    pub faces: Option<Arc<dyn CharacterProvider>>,
    /// Who speaks when the first one can't.
    pub second: Option<Arc<Vendor>>,
    /// Whether that is allowed.
    pub fallback: bool,
    /// Hears of each step.
    pub checkpoint: engine::Checkpoint,
    /// What the vendors take.
    pub limits: HashMap<String, Limits>,
    /// What the vendors ask for.
    pub prices: Arc<PriceTable>,
    /// The number of its clock.
    clock: usize,
    pub owner: Uuid,
}

pub struct Running {
    stop: CancellationToken,
    task: JoinHandle<Result<(), store::ApplyError>>,
}

impl Running {
    pub async fn stop(self) {
        self.stop.cancel();
        self.task.await.expect("the engine ends cleanly").expect("an engine for all projects has no trouble");
    }
}

impl House {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        let store = store::open(&url).await.expect("a fresh database");
        let clock = NEXT_CLOCK.fetch_add(1, Ordering::SeqCst);
        let owner = store.local_owner(clock_of(clock)()).await.expect("the owner");
        Self {
            store,
            assets: Assets::memory(),
            vendor: Arc::default(),
            renderer: Arc::default(),
            folder,
            clips: None,
            writer: None,
            faces: None,
            second: None,
            fallback: false,
            checkpoint: |_, _| (),
            limits: HashMap::new(),
            prices: Arc::default(),
            clock,
            owner,
        }
    }

    /// A project without scenes.
    pub async fn topic(&self, topic: &str) -> Uuid {
        let (title, language, topic) = ("Test".to_owned(), "en".to_owned(), topic.to_owned());
        let settings = Settings { topic, title, language, include_music: true, ..Settings::default() };
        let new = NewProject {
            id: new_id(),
            owner: self.owner,
            settings,
            details: Details::default(),
            source: None,
            characters: Vec::new(),
        };
        self.store.create_project(new, self.now()).await.expect("created").project.id
    }

    pub async fn project(&self, narrations: &[&str]) -> Uuid {
        let id = self.topic("").await;
        let draft = |narration: &&str| SceneDraft {
            look: Default::default(),
            id: new_id(),
            narration: (*narration).to_owned(),
            visual_description: "a picture".to_owned(),
            image: None,
            video: None,
            character: None,
            voice: None,
        };
        self.apply(id, Input::Edit(Edit::ReplaceScenes(narrations.iter().map(draft).collect()))).await;
        id
    }

    pub async fn apply(&self, project: Uuid, input: Input) -> Project {
        self.store.apply(project, input, self.now()).await.expect("applied").record.project
    }

    pub async fn load(&self, project: Uuid) -> Project {
        self.store.project(project).await.expect("readable").expect("there").project
    }

    /// Asks for everything and the video.
    pub async fn make(&self, project: Uuid) -> Uuid {
        self.apply(project, Input::Command(Command::GenerateAll { force: false })).await;
        let project = self.apply(project, Input::Command(Command::Render { id: new_id(), when_ready: true })).await;
        project.render.expect("a render").id
    }

    fn abilities(&self) -> Abilities {
        let vendor = &self.vendor;
        let mut abilities = Abilities {
            scripts: self.writer.clone().map_or_else(nobody, |writer| only("test", "script-1", writer)),
            images: only("test", "image-1", vendor.clone()),
            speech: only("test", "speech-1", vendor.clone()),
            align: nobody(),
            clips: self.clips.clone().map_or_else(nobody, |clips| only("test", "clip-1", clips)),
            music: only("test", "music-1", Arc::new(MusicVendor::AtOnce(vendor.clone()))),
            describers: self.faces.clone().map_or_else(nobody, |faces| only("test", "faces-1", faces)),
            portraitists: self.faces.clone().map_or_else(nobody, |faces| only("test", "portraits-1", faces)),
            fallback: self.fallback,
            speech_speed: 1.0,
        };
        if let Some(second) = &self.second {
            let more: Candidates<dyn SpeechProvider> = only("second", "speech-2", second.clone());
            abilities.speech = abilities.speech.and_then(|first| Ok([first, more?].concat()));
        }
        abilities
    }

    pub fn engine(&self) -> Running {
        let engine = Engine {
            store: self.store.clone(),
            assets: self.assets.clone(),
            vendors: Arc::new(self.abilities()),
            processors: Semaphore::new(2),
            renderer: self.renderer.clone(),
            prices: self.prices.clone(),
            settings: EngineSettings {
                worker: format!("test-{}", new_id()),
                only: None,
                lease: Duration::from_secs(30),
                media_at_once: 2,
                renders_at_once: 1,
                limits: self.limits.clone(),
                grace: Duration::from_secs(5),
            },
            propagation: Propagation::OFF,
            clock: clock_of(self.clock),
            jitter: || 0.5,
            checkpoint: self.checkpoint,
        };
        let stop = CancellationToken::new();
        let task = tokio::spawn(engine::run(Arc::new(engine), stop.clone()));
        Running { stop, task }
    }

    pub async fn wait(&self, project: Uuid) -> Project {
        let engine = self.engine();
        let done = self.until(project, |project| project.render.as_ref().is_some_and(|render| render.status.is_final())).await;
        engine.stop().await;
        done
    }

    pub async fn make_and_wait(&self, project: Uuid) -> Project {
        self.make(project).await;
        self.wait(project).await
    }

    /// The project as soon as it is so; a minute without it is a failure of the test.
    pub async fn until(&self, project: Uuid, so: impl Fn(&Project) -> bool) -> Project {
        let mut changes = self.store.changes();
        let waiting = async {
            loop {
                changes.mark_unchanged();
                let now = self.load(project).await;
                if so(&now) {
                    return now;
                }
                changes.changed().await.expect("the store lives");
            }
        };
        tokio::time::timeout(Duration::from_secs(60), waiting).await.expect("it happens within a minute")
    }

    /// What the ledger says of each unit: calls, failed ones, and units.
    pub async fn ledger(&self) -> Vec<(String, i64, i64, f64)> {
        let (from, to) = (self.now() - chrono::Duration::days(1), self.now() + chrono::Duration::days(1));
        let totals = self.store.usage_totals(self.owner, from, to).await.expect("readable");
        totals.into_iter().map(|total| (total.unit, total.calls, total.failed, total.units)).collect()
    }

    /// A process that delivers by that courier.
    pub fn deliveries(&self, courier: Arc<dyn engine::Courier>) -> Arc<engine::Deliveries> {
        Arc::new(engine::Deliveries {
            store: self.store.clone(),
            courier,
            vault: store::Vault::new("a secret of the tests", &[]),
            base: Some("https://shorts.example".to_owned()),
            clock: clock_of(self.clock),
            jitter: || 0.0,
        })
    }

    pub fn now(&self) -> DateTime<Utc> {
        clock_of(self.clock)()
    }

    pub fn move_clock(&self, seconds: i64) {
        MOVED[self.clock].fetch_add(seconds, Ordering::SeqCst);
    }
}

type MakeError = fn() -> ProviderError;

/// A vendor of everything that counts its calls and fails on order.
#[derive(Default)]
pub struct Vendor {
    images: AtomicU32,
    speeches: AtomicU32,
    musics: AtomicU32,
    failures: Mutex<HashMap<String, (u32, MakeError)>>,
    wordless: AtomicBool,
    /// Whether pictures follow references.
    pub sees: AtomicBool,
    /// What it was last asked to draw.
    pub drawn: Mutex<Vec<ImageRequest>>,
    /// What it was asked to say, whatever came of it.
    pub spoken: Mutex<Vec<SpeechRequest>>,
    /// While somebody holds it, narrations are not answered.
    pub hold: tokio::sync::RwLock<()>,
    longest: Option<usize>,
}

impl Vendor {
    /// Calls for pictures, narrations and music that ended well.
    pub fn calls(&self) -> (u32, u32, u32) {
        let count = |counter: &AtomicU32| counter.load(Ordering::SeqCst);
        (count(&self.images), count(&self.speeches), count(&self.musics))
    }

    /// One that speaks so many characters in one call, and whose narrations can be heard.
    pub fn of_short_texts(longest: usize) -> Self {
        Self { longest: Some(longest), ..Self::default() }
    }

    /// From now on narrations come without the times of their words.
    pub fn tell_no_words(&self) {
        self.wordless.store(true, Ordering::SeqCst);
    }

    /// How often the vendor may still fail on that text.
    pub fn failures_left(&self, text: &str) -> u32 {
        self.failures.lock().expect("no panic holds this lock").get(text).map_or(0, |(times, _)| *times)
    }

    pub fn fail_on(&self, text: &str, error: MakeError) {
        self.fail_times(text, u32::MAX, error);
    }

    pub fn fail_times(&self, text: &str, times: u32, error: MakeError) {
        self.failures.lock().expect("no panic holds this lock").insert(text.to_owned(), (times, error));
    }

    fn failure(&self, text: &str) -> Option<MakeError> {
        let mut failures = self.failures.lock().expect("no panic holds this lock");
        let (times, error) = failures.get_mut(text)?;
        *times = times.checked_sub(1)?;
        Some(*error)
    }
}

#[async_trait]
impl ImageProvider for Vendor {
    fn vendor(&self) -> &'static str {
        "test"
    }
    fn model(&self) -> &str {
        "image-1"
    }
    fn follows_references(&self) -> bool {
        self.sees.load(Ordering::SeqCst)
    }
    async fn draw(&self, request: &ImageRequest, _: &str) -> Result<Image, ProviderError> {
        self.drawn.lock().expect("no panic holds this lock").push(request.clone());
        self.images.fetch_add(1, Ordering::SeqCst);
        let bytes = format!("\u{89}PNG {} {} {}", request.scene_number, request.take, request.description);
        let bytes = [b"\x89PNG\r\n\x1a\n", bytes.as_bytes()].concat();
        Ok(Image { bytes: Bytes::from(bytes), media_type: "image/png", credit: None })
    }
}

#[async_trait]
impl SpeechProvider for Vendor {
    fn vendor(&self) -> &'static str {
        "test"
    }
    fn model(&self) -> &str {
        "speech-1"
    }
    fn check(&self, _: &str, _: &str) -> Result<(), ProviderError> {
        Ok(())
    }
    fn longest(&self) -> Option<usize> {
        self.longest
    }
    async fn speak(&self, request: &SpeechRequest, _: &str) -> Result<Speech, ProviderError> {
        self.spoken.lock().expect("no panic holds this lock").push(request.clone());
        if let Some(error) = self.failure(&request.text) {
            return Err(error());
        }
        self.speeches.fetch_add(1, Ordering::SeqCst);
        let _free = self.hold.read().await;
        let bytes = match self.longest {
            Some(_) => sound::wav(&Sound { samples: vec![0.5; 12_000], rate: 8_000 }),
            None => [b"RIFF\0\0\0\0WAVE", request.text.as_bytes()].concat().into(),
        };
        let words = (!self.wordless.load(Ordering::SeqCst))
            .then(|| vec![WordTiming { word: request.text.clone(), start: 0.1, end: 1.0 }]);
        Ok(Speech { bytes, media_type: "audio/wav", seconds: 1.5, words })
    }
}

#[async_trait]
impl MusicProvider for Vendor {
    fn vendor(&self) -> &'static str {
        "test"
    }
    fn model(&self) -> &str {
        "music-1"
    }
    async fn compose(&self, request: &MusicRequest, _: &str) -> Result<Music, ProviderError> {
        self.musics.fetch_add(1, Ordering::SeqCst);
        let bytes = [b"RIFF\0\0\0\0WAVE", request.title.as_bytes(), &[request.take as u8]].concat();
        Ok(Music { bytes: Bytes::from(bytes), media_type: "audio/wav", seconds: 30.0 })
    }
}

/// A renderer that remembers what it was given, and can be held until it is cancelled.
#[derive(Default)]
pub struct TestRenderer {
    pub calls: AtomicU32,
    pub hold: AtomicBool,
    /// It has been given something to render.
    pub begun: Notify,
    pub cancelled: Notify,
    last: Mutex<Option<Storyboard>>,
}

impl TestRenderer {
    pub fn last_storyboard(&self) -> Storyboard {
        self.last.lock().expect("no panic holds this lock").clone().expect("something was rendered")
    }
}

#[async_trait]
impl Renderer for TestRenderer {
    async fn render(
        &self,
        job: RenderJob,
        progress: Arc<dyn Fn(f64) + Send + Sync>,
        cancel: CancellationToken,
    ) -> Result<RenderOutput, RenderFailure> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        *self.last.lock().expect("no panic holds this lock") = Some(job.storyboard);
        progress(0.5);
        self.begun.notify_one();
        if self.hold.load(Ordering::SeqCst) {
            cancel.cancelled().await;
            self.cancelled.notify_one();
            return Err(RenderFailure::Cancelled);
        }
        let key = |name: &str| format!("renders/{name}");
        Ok(RenderOutput {
            video: key("v.mp4"),
            srt: key("v.srt"),
            vtt: key("v.vtt"),
            ass: Some(key("v.ass")),
            thumbnail: key("v.jpg"),
            seconds: 1.5,
            bytes: 1,
            warnings: vec![],
        })
    }
}
