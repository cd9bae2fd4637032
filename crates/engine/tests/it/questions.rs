//! Single questions: each kind is answered, kept, counted, and not paid twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use assets::Place;
use async_trait::async_trait;
use bytes::Bytes;
use model::character::Picture;
use model::project::{Project, ProjectStatus, Settings};
use model::question::{Answer, Ask};
use model::task::TaskKind;
use providers::character::CharacterProvider;
use providers::error::ProviderError;
use providers::image::{Image, Reference};
use providers::script::{Script, ScriptProvider, ScriptRequest, ScriptScene, Written};
use store::{Details, NewQuestion};
use uuid::Uuid;

use crate::house::House;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Writes, and looks at faces; counts its calls.
#[derive(Default)]
struct Clerk(AtomicU32);

impl Clerk {
    fn called(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn calls(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl ScriptProvider for Clerk {
    fn vendor(&self) -> &'static str {
        "test"
    }
    fn model(&self) -> &str {
        "script-1"
    }
    async fn write(&self, request: &ScriptRequest, _: &str) -> Result<Written, ProviderError> {
        self.called();
        let ScriptRequest { topic, min_seconds, scene_count, take, .. } = request;
        let narration = format!("{topic} {min_seconds} {scene_count:?} {take}");
        let scene = ScriptScene { narration, visual_description: "the moon".to_owned(), seconds: 4.0 };
        Ok(Written::Script(Script { title: "Moon".to_owned(), description: "d".to_owned(), scenes: vec![scene] }))
    }
    async fn music_prompt(&self, topic: &str, style: &str, _: &str) -> Result<String, ProviderError> {
        self.called();
        Ok(format!("{topic} in {style}"))
    }
}

#[async_trait]
impl CharacterProvider for Clerk {
    fn vendor(&self) -> &'static str {
        "test"
    }
    fn model(&self) -> &str {
        "faces-1"
    }
    async fn describe(&self, picture: &Reference, _: &str) -> Result<String, ProviderError> {
        self.called();
        Ok(format!("{} bytes of {}", picture.bytes.len(), picture.media_type))
    }
    async fn portrait(&self, picture: &Reference, _: &str) -> Result<Image, ProviderError> {
        self.called();
        let bytes = Bytes::from([PNG, b"portrait", &picture.bytes].concat());
        Ok(Image { bytes, media_type: "image/png", credit: None })
    }
}

async fn house() -> (House, Arc<Clerk>) {
    let (mut house, clerk) = (House::new().await, Arc::new(Clerk::default()));
    house.writer = Some(clerk.clone());
    house.faces = Some(clerk.clone());
    (house, clerk)
}

/// Writes the question down and asks it.
async fn ask(house: &House, number: u128, ask: Ask) -> Uuid {
    let settings = Settings { topic: "the moon".to_owned(), style: "noir".to_owned(), ..Settings::default() };
    let duration_config = Some(serde_json::json!({ "min": 30, "max": 40, "targetScenes": 3 }));
    let details = Details { duration_config, ..Details::default() };
    let new = NewQuestion { id: Uuid::from_u128(number << 64), owner: house.owner, ask, settings, details, take: 2 };
    house.store.note_question(&new, house.now()).await.expect("noted");
    house.store.ask(new.id, false, house.now()).await.expect("asked");
    new.id
}

fn ended(project: &Project) -> bool {
    project.status != ProjectStatus::Generating
}

fn answer_of(project: &Project) -> Answer {
    assert_eq!(project.status, ProjectStatus::Completed, "{:?}", project.script.error);
    project.question.as_ref().and_then(|question| question.answer.clone()).expect("an answer")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_question_is_answered_and_counted() {
    let (house, clerk) = house().await;
    let face = [PNG, b"face"].concat();
    let stored = house.assets.put(Place::Characters, face.clone().into()).await.expect("stored");
    let picture = Picture { key: stored.key, media_type: "image/png".to_owned() };
    let asks = [
        Ask::Script,
        Ask::MusicPrompt,
        Ask::Describe(picture.clone()),
        Ask::Portrait(picture),
        Ask::Speech { text: "Hello.".to_owned() },
        Ask::Voices,
    ];
    let engine = house.engine();
    let mut answers = Vec::new();
    for (number, one) in (1..).zip(asks) {
        let id = ask(&house, number, one).await;
        answers.push(answer_of(&house.until(id, ended).await));
    }
    engine.stop().await;
    let Answer::Script { title, scenes, .. } = &answers[0] else { panic!("{answers:?}") };
    assert_eq!((title.as_str(), scenes[0].narration.as_str()), ("Moon", "the moon 30 Some(3) 2"));
    assert_eq!(answers[1], Answer::Text { text: "the moon in noir".to_owned() });
    assert_eq!(answers[2], Answer::Text { text: "12 bytes of image/png".to_owned() });
    let Answer::Picture(portrait) = &answers[3] else { panic!("{answers:?}") };
    assert!(portrait.key.starts_with("characters/"), "{portrait:?}");
    assert_eq!(house.assets.get(&portrait.key).await.expect("stored"), [PNG, b"portrait", &face].concat());
    let Answer::Speech { asset, seconds } = &answers[4] else { panic!("{answers:?}") };
    assert!(asset.key.starts_with("scenes/audio/") && *seconds == 1.5, "{asset:?}");
    assert_eq!(answers[5], Answer::Voices { voices: Vec::new() });
    assert_eq!((clerk.calls(), house.vendor.calls()), (4, (0, 1, 0)));
    let mut ledger = house.ledger().await;
    ledger.sort_by(|one, other| (&one.0, one.1).cmp(&(&other.0, other.1)));
    let line = |unit: &str, calls, units| (unit.to_owned(), calls, 0, units);
    assert_eq!(ledger, [line("image", 1, 1.0), line("script", 1, 1.0), line("script", 2, 2.0), line("speech_second", 1, 1.5)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_whose_process_died_is_answered_by_the_next_one() {
    let (house, clerk) = house().await;
    let id = ask(&house, 1, Ask::MusicPrompt).await;
    let lease = chrono::Duration::seconds(30);
    let claimed = house.store.claim("dead", &[TaskKind::Answer], house.now(), lease).await.expect("a claim");
    assert!(claimed.is_some());
    house.move_clock(60);
    let engine = house.engine();
    answer_of(&house.until(id, ended).await);
    engine.stop().await;
    assert_eq!(clerk.calls(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_paid_for_before_a_crash_is_the_answer_afterwards() {
    static CRASHES: AtomicBool = AtomicBool::new(true);
    let (mut house, clerk) = house().await;
    house.checkpoint = |step, _| {
        assert!(step != "remembered" || !CRASHES.swap(false, Ordering::SeqCst), "a crash after the answer was written down");
    };
    let id = ask(&house, 1, Ask::Script).await;
    let engine = house.engine();
    let failed = house.until(id, ended).await;
    assert_eq!(failed.status, ProjectStatus::Failed);
    house.store.ask(id, false, house.now()).await.expect("asked again");
    answer_of(&house.until(id, ended).await);
    engine.stop().await;
    assert_eq!(clerk.calls(), 1, "it is not written again");
}
