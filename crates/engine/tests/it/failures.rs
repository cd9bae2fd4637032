//! What each class of failure leads to, and what it leaves alone.

use model::month::Month;
use model::project::{Project, ProjectStatus, Slot, SlotStatus};
use model::task::MAX_ATTEMPTS;
use model::usage::{Money, Price, PriceTable, Unit};
use model::workflow::{Command, Input};
use providers::error::ProviderError;
use store::{Limit, Limits};

use crate::house::House;

#[tokio::test(flavor = "multi_thread")]
async fn each_class_of_failure_has_its_own_end_and_no_scene_stops_another() {
    let house = House::new().await;
    let many = 100;
    house.vendor.fail_times("Fatal.", many, || ProviderError::Fatal("no such voice".to_owned()));
    house.vendor.fail_times("Refused.", many, || ProviderError::Refused("not this text".to_owned()));
    house.vendor.fail_times("Quota.", many, || ProviderError::Quota("the month is used up".to_owned()));
    house.vendor.fail_times("Busy.", many, || ProviderError::Retry { message: "busy".to_owned(), after: None });
    let project = house.project(&["Fatal.", "Refused.", "Quota.", "Busy.", "Good."]).await;
    house.make(project).await;
    let engine = house.engine();
    for tries in 1..MAX_ATTEMPTS {
        let waiting = house.until(project, |project| project.scenes[3].audio.attempts == tries).await;
        assert_eq!(waiting.scenes[3].audio.status, SlotStatus::Queued, "it is tried again");
        assert_eq!(waiting.status, ProjectStatus::Generating, "the project does not end before its last task");
        house.move_clock(60);
    }
    let done = house.until(project, |project| project.status != ProjectStatus::Generating).await;
    engine.stop().await;

    let failures = done.failures();
    let starts = [
        "scene 1: the narration: no such voice",
        "scene 2: the narration: not this text",
        "scene 3: the narration: Quota exceeded",
        "scene 4: the narration: busy",
    ];
    assert_eq!(failures.len(), starts.len(), "{failures:?}");
    assert!(failures.iter().zip(starts).all(|(failure, start)| failure.starts_with(start)), "{failures:?}");
    let calls = ["Fatal.", "Refused.", "Quota.", "Busy."].map(|text| many - house.vendor.failures_left(text));
    assert_eq!(calls, [1, 1, 1, MAX_ATTEMPTS as u32]);
    assert_eq!(done.status, ProjectStatus::Failed);
    assert_eq!(done.scenes[4].audio.status, SlotStatus::Completed);
    assert!(done.scenes.iter().all(|scene| scene.image.status == SlotStatus::Completed));
    assert_eq!(done.music.status, SlotStatus::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_can_do_fails_with_a_sentence_that_says_what_to_set_up() {
    let house = House::new().await;
    house.vendor.tell_no_words();
    let project = house.project(&["One."]).await;
    let scene = house.load(project).await.scenes[0].id;
    house.apply(project, Input::Command(Command::GenerateAll { force: false })).await;
    let clip = Command::Generate { scene, medium: model::event::Medium::Video, force: false };
    house.apply(project, Input::Command(clip)).await;
    let engine = house.engine();
    let done = house.until(project, |project| project.status != ProjectStatus::Generating).await;
    assert_eq!(done.failures().len(), 2, "{:?}", done.failures());
    assert!(done.failures().iter().all(|failure| failure.contains("set up")), "{:?}", done.failures());
    assert!(done.scenes[0].audio.asset.is_some(), "the sound was paid for and is kept");

    let topic = house.topic("the moon").await;
    house.apply(topic, Input::Command(Command::GenerateAll { force: false })).await;
    let done = house.until(topic, |project| project.status != ProjectStatus::Generating).await;
    engine.stop().await;
    assert!(done.failures()[0].contains("set up"), "{:?}", done.failures());
}

/// Narrations that each fail in a way of their own, with a second vendor beside the first.
async fn with_a_second_vendor(fallback: bool) -> (House, uuid::Uuid) {
    let mut house = House::new().await;
    house.second = Some(Default::default());
    house.fallback = fallback;
    let price = |vendor: &str| Price { vendor: vendor.to_owned(), model: "*".to_owned(), unit: Unit::SpeechSecond, usd: 1.0 };
    house.prices = PriceTable::new(vec![price("test"), price("second")]).expect("good prices").into();
    house.vendor.fail_on("Quota.", || ProviderError::Quota("the month is used up".to_owned()));
    house.vendor.fail_on("Gone.", || ProviderError::Unavailable("no such model".to_owned()));
    house.vendor.fail_on("Busy.", || ProviderError::retry("busy"));
    house.vendor.fail_on("Refused.", || ProviderError::Refused("not this text".to_owned()));
    house.vendor.fail_on("Lost.", || ProviderError::Unknown("the answer was lost".to_owned()));
    let project = house.project(&["Good.", "Quota.", "Gone.", "Busy.", "Refused.", "Lost."]).await;
    house.apply(project, Input::Command(Command::GenerateAudio { force: false })).await;
    (house, project)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_vendor_is_asked_only_where_that_is_allowed_and_the_trouble_is_the_first_ones_own() {
    for fallback in [true, false] {
        let (house, project) = with_a_second_vendor(fallback).await;
        let engine = house.engine();
        // A clock that moves on would end the leases of what is still running.
        let ended = |slot: &Slot| !slot.status.is_active();
        let others_ended = |project: &Project| [0, 1, 2, 4, 5].iter().all(|index| ended(&project.scenes[*index].audio));
        house.until(project, others_ended).await;
        for tries in 1..MAX_ATTEMPTS {
            house.until(project, |project| project.scenes[3].audio.attempts == tries).await;
            house.move_clock(60);
        }
        let done = house.until(project, |project| project.status != ProjectStatus::Generating).await;
        engine.stop().await;
        let by = |index: usize| done.scenes[index].audio.asset.as_ref().map(|asset| asset.made_by.as_str());
        let second = fallback.then_some("second/speech-2");
        assert_eq!([0, 1, 2, 3, 4, 5].map(by), [Some("test/speech-1"), second, second, second, None, None]);

        let (from, to) = (house.now() - chrono::Duration::days(1), house.now() + chrono::Duration::days(1));
        let totals = house.store.usage_totals(done.owner, from, to).await.expect("readable");
        let of = |vendor: &str| {
            let total = totals.iter().find(|total| total.vendor == vendor);
            total.map(|total| (total.calls, total.failed, total.cost))
        };
        // What was lost may have been charged; it counts as it was estimated.
        let tries = i64::from(MAX_ATTEMPTS);
        assert_eq!(of("test"), Some((2, 3 + tries, Money::dollars(2.5))));
        assert_eq!(of("second"), fallback.then_some((3, 0, Money::dollars(4.5))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendors_limits_make_tasks_wait_and_fail_none() {
    let mut house = House::new().await;
    let vendor = Limit { at_once: None, per_minute: Some(2) };
    house.limits = [("test".to_owned(), Limits { vendor, user: Limit::default() })].into();
    let project = house.project(&["One.", "Two.", "Three.", "Four."]).await;
    house.apply(project, Input::Command(Command::GenerateAudio { force: false })).await;
    let engine = house.engine();
    for spoken in [2, 4] {
        house.until(project, |project| project.scenes.iter().filter(|scene| scene.audio.asset.is_some()).count() == spoken).await;
        assert_eq!(house.vendor.calls().1, spoken as u32);
        house.move_clock(60);
    }
    let done = house.until(project, |project| project.status != ProjectStatus::Generating).await;
    engine.stop().await;
    assert_eq!(done.status, ProjectStatus::Completed);
    assert!(done.scenes.iter().all(|scene| scene.audio.attempts == 0), "waiting is no failure");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_pauses_the_project_and_a_higher_one_goes_on() {
    let mut house = House::new().await;
    let price = Price { vendor: "test".to_owned(), model: "*".to_owned(), unit: Unit::Image, usd: 0.04 };
    let prices = PriceTable::new(vec![price]).expect("a good price");
    house.prices = prices.looked_up(Some(Month { year: 2026, month: 11 })).into();
    let project = house.project(&["One.", "Two.", "Three."]).await;
    assert!(house.store.set_project_budget(project, Some(Money::dollars(0.10))).await.expect("stored"));
    house.apply(project, Input::Command(Command::GenerateAll { force: false })).await;
    let engine = house.engine();
    let paused = house.until(project, |project| project.status == ProjectStatus::Paused).await;
    let sentence = "the project's budget of $0.10 is used up: $0.08 are spent, and the next step costs about $0.04; raise the budget, then resume (prices of 2026-11)";
    assert_eq!(paused.notice.as_deref(), Some(sentence));
    assert_eq!(paused.failures(), Vec::<String>::new());
    assert!(house.store.set_project_budget(project, Some(Money::dollars(0.12))).await.expect("stored"));
    house.apply(project, Input::Command(Command::Resume)).await;
    let done = house.until(project, |project| project.status == ProjectStatus::Completed).await;
    engine.stop().await;
    assert_eq!((done.notice, house.vendor.calls()), (None, (3, 3, 1)));
    let (_, month) = house.store.used(done.owner, house.now()).await.expect("counted");
    assert_eq!((month.images, month.requests, month.cost), (3, 7, Money::dollars(0.12)));
}
