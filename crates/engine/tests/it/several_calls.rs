//! Tasks that take a vendor more than one call: none is paid twice, and the ledger has a line for each.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use model::project::{Project, ProjectStatus, SlotStatus};
use model::usage::{Money, Price, PriceTable, Unit};
use model::workflow::{Command, Input};
use providers::error::ProviderError;
use providers::script::{Draft, Script, ScriptProvider, ScriptRequest, ScriptScene, Written};

use crate::house::{House, Vendor};

const PARTS: [&str; 3] = ["One day it rained.", "Then came the sun.", "And all was well."];

/// A house whose narrator takes one sentence a call.
async fn with_a_narrator_of_short_texts() -> House {
    let mut house = House::new().await;
    house.vendor = Arc::new(Vendor::of_short_texts(20));
    house
}

fn spoken(house: &House) -> Vec<String> {
    house.vendor.spoken.lock().expect("no panic holds this lock").iter().map(|request| request.text.clone()).collect()
}

fn ended(project: &Project) -> bool {
    project.status != ProjectStatus::Generating
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_was_heard_is_not_paid_again_when_a_later_one_fails() {
    let house = with_a_narrator_of_short_texts().await;
    house.vendor.fail_times(PARTS[2], 1, || ProviderError::retry("busy"));
    let project = house.project(&[&PARTS.join(" ")]).await;
    house.apply(project, Input::Command(Command::GenerateAudio { force: false })).await;
    let engine = house.engine();
    house.until(project, |project| project.scenes[0].audio.attempts == 1).await;
    assert_eq!(house.ledger().await, [("speech_second".to_owned(), 2, 1, 3.0)]);
    house.move_clock(60);
    let done = house.until(project, ended).await;
    engine.stop().await;
    assert_eq!(done.scenes[0].audio.status, SlotStatus::Completed);
    assert_eq!(spoken(&house), [PARTS[0], PARTS[1], PARTS[2], PARTS[2]]);
    assert_eq!(house.ledger().await, [("speech_second".to_owned(), 3, 1, 4.5)]);
    // One and a half seconds each, and a pause after each sentence but the last.
    assert!((done.scenes[0].duration_seconds - 5.14).abs() < 0.01, "{}", done.scenes[0].duration_seconds);
    let words: Vec<&str> = done.scenes[0].word_timings.iter().map(|timing| timing.word.as_str()).collect();
    assert_eq!(words.join(" "), PARTS.join(" "));
    assert!((done.scenes[0].word_timings[4].start - 1.92).abs() < 0.01, "{:?}", done.scenes[0].word_timings);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_one_call_is_found_under_the_address_that_it_always_had() {
    let house = with_a_narrator_of_short_texts().await;
    let whole = house.project(&[&PARTS.join(" ")]).await;
    house.make_and_wait(whole).await;
    assert_eq!(spoken(&house).len(), 3);
    // A part of one narration is another one as a whole.
    let part = house.project(&[PARTS[1]]).await;
    let done = house.make_and_wait(part).await;
    assert_eq!((done.status, spoken(&house).len()), (ProjectStatus::Completed, 3));
    let again = house.project(&[&PARTS.join(" ")]).await;
    house.make_and_wait(again).await;
    assert_eq!(spoken(&house).len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_that_ends_between_two_parts_keeps_the_first() {
    let mut house = with_a_narrator_of_short_texts().await;
    let price = Price { vendor: "test".to_owned(), model: "*".to_owned(), unit: Unit::SpeechSecond, usd: 1.0 };
    house.prices = PriceTable::new(vec![price]).expect("a good price").into();
    let project = house.project(&[&PARTS.join(" ")]).await;
    assert!(house.store.set_project_budget(project, Some(Money::dollars(2.0))).await.expect("stored"));
    house.apply(project, Input::Command(Command::GenerateAudio { force: false })).await;
    let engine = house.engine();
    house.until(project, |project| project.status == ProjectStatus::Paused).await;
    assert_eq!(spoken(&house), PARTS[..1]);
    assert!(house.store.set_project_budget(project, None).await.expect("stored"));
    house.apply(project, Input::Command(Command::Resume)).await;
    house.until(project, |project| project.scenes[0].audio.status == SlotStatus::Completed).await;
    engine.stop().await;
    assert_eq!(spoken(&house), PARTS);
}

/// A writer that answers as it is told, and remembers the keys that it was asked with.
struct Writer {
    answers: Mutex<VecDeque<Result<Written, ProviderError>>>,
    keys: Mutex<Vec<String>>,
}

impl Writer {
    fn telling(answers: impl Into<VecDeque<Result<Written, ProviderError>>>) -> Arc<Self> {
        Arc::new(Self { answers: Mutex::new(answers.into()), keys: Mutex::default() })
    }

    fn answer(&self, key: &str) -> Result<Written, ProviderError> {
        self.keys.lock().expect("no panic holds this lock").push(key.to_owned());
        self.answers.lock().expect("no panic holds this lock").pop_front().expect("it is not asked more often than that")
    }

    /// Whether each call was one for a repair.
    fn repairs(&self) -> Vec<bool> {
        self.keys.lock().expect("no panic holds this lock").iter().map(|key| key.ends_with("-repair")).collect()
    }
}

#[async_trait]
impl ScriptProvider for Writer {
    fn vendor(&self) -> &'static str {
        "test"
    }
    fn model(&self) -> &str {
        "script-1"
    }
    async fn write(&self, _: &ScriptRequest, key: &str) -> Result<Written, ProviderError> {
        self.answer(key)
    }
    async fn mend(&self, _: &ScriptRequest, draft: &Draft, key: &str) -> Result<Written, ProviderError> {
        assert_eq!(draft.said, "half");
        self.answer(key)
    }
    async fn music_prompt(&self, _: &str, _: &str, _: &str) -> Result<String, ProviderError> {
        Err(ProviderError::Fatal("nobody asks".to_owned()))
    }
}

fn script(narration: &str) -> Script {
    let scene = ScriptScene { narration: narration.to_owned(), visual_description: "the moon".to_owned(), seconds: 4.0 };
    Script { title: "The moon".to_owned(), description: String::new(), scenes: vec![scene] }
}

fn draft(usable: bool) -> Result<Written, ProviderError> {
    let usable = usable.then(|| script("As it was."));
    Ok(Written::Draft(Draft { said: "half".to_owned(), complaint: "it is only half of one".to_owned(), usable }))
}

fn good() -> Result<Written, ProviderError> {
    Ok(Written::Script(script("Mended.")))
}

/// The first scene of the script that is written in the end, if one is, with the calls and the ledger of all tries.
async fn written(
    answers: impl Into<VecDeque<Result<Written, ProviderError>>>,
    tries: i32,
) -> (Option<String>, Vec<bool>, (i64, i64)) {
    let mut house = House::new().await;
    let writer = Writer::telling(answers);
    house.writer = Some(writer.clone());
    let project = house.topic("the moon").await;
    house.apply(project, Input::Command(Command::GenerateAll { force: false })).await;
    let engine = house.engine();
    for attempt in 1..tries {
        house.until(project, |project| project.script.attempts == attempt).await;
        house.move_clock(60);
    }
    let done = house.until(project, |project| !project.script.status.is_active()).await;
    engine.stop().await;
    let ledger = house.ledger().await;
    let (_, calls, failed, _) = ledger.iter().find(|(unit, ..)| unit == "script").expect("a script was asked for");
    (done.scenes.first().map(|scene| scene.narration.clone()), writer.repairs(), (*calls, *failed))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repaired_script_is_two_calls_in_the_ledger() {
    let mended = Some("Mended.".to_owned());
    assert_eq!(written([good()], 1).await, (mended.clone(), vec![false], (1, 0)));
    assert_eq!(written([draft(false), good()], 1).await, (mended.clone(), vec![false, true], (2, 0)));
    // What was mended no better was called all the same, and is as good as it gets.
    let as_it_was = Some("As it was.".to_owned());
    assert_eq!(written([draft(true), draft(true)], 1).await, (as_it_was.clone(), vec![false, true], (2, 0)));
    // An answer that never came costs nothing.
    let busy = || Err(ProviderError::retry("busy"));
    assert_eq!(written([draft(true), busy()], 1).await, (as_it_was, vec![false, true], (1, 1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_not_bought_again_when_mending_it_fails() {
    let mended = Some("Mended.".to_owned());
    let busy = Err(ProviderError::retry("busy"));
    assert_eq!(written([draft(false), busy, good()], 2).await, (mended.clone(), vec![false, true, true], (2, 1)));
    assert_eq!(written([draft(false), draft(false), good()], 2).await, (mended, vec![false, true, true], (3, 0)));
}
