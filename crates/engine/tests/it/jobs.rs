//! Jobs that take a vendor longer than one call: ordered once, whatever happens while they are waited for.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use model::event::Medium;
use model::project::{Project, ProjectStatus, SlotStatus};
use model::task::MAX_ATTEMPTS;
use model::workflow::{Command, Input};
use providers::clip::{Clip, ClipRequest};
use providers::error::ProviderError;
use providers::job::{JobProvider, Polled};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::house::House;

type Answer = Result<Polled<Clip>, ProviderError>;

/// A vendor that answers polls in the given order, and writes down what it was asked.
struct Clips {
    answers: Mutex<VecDeque<Answer>>,
    /// The keys of all orders; job 1 is the first.
    orders: Mutex<Vec<String>>,
    polls: Mutex<Vec<String>>,
    polled: Notify,
    free: bool,
}

#[async_trait]
impl JobProvider<ClipRequest, Clip> for Clips {
    fn vendor(&self) -> &'static str {
        "test"
    }
    fn model(&self) -> &str {
        "clip-1"
    }
    fn charges(&self) -> bool {
        !self.free
    }
    async fn submit(&self, request: &ClipRequest, key: &str) -> Result<String, ProviderError> {
        assert!(request.picture.starts_with(b"\x89PNG"), "the still comes along");
        let mut orders = self.orders.lock().expect("no panic holds this lock");
        orders.push(key.to_owned());
        Ok(format!("job {}", orders.len()))
    }
    async fn poll(&self, job: &str) -> Answer {
        self.polls.lock().expect("no panic holds this lock").push(job.to_owned());
        self.polled.notify_one();
        self.answers.lock().expect("no panic holds this lock").pop_front().expect("it is not asked more often than that")
    }
}

impl Clips {
    fn answering(answers: impl Into<VecDeque<Answer>>) -> Arc<Self> {
        let (orders, polls, polled) = (Mutex::default(), Mutex::default(), Notify::new());
        Arc::new(Self { answers: Mutex::new(answers.into()), orders, polls, polled, free: false })
    }

    /// A stock: what it has costs nothing.
    fn finding(answers: impl Into<VecDeque<Answer>>) -> Arc<Self> {
        let (orders, polls, polled) = (Mutex::default(), Mutex::default(), Notify::new());
        Arc::new(Self { answers: Mutex::new(answers.into()), orders, polls, polled, free: true })
    }

    fn orders(&self) -> Vec<String> {
        self.orders.lock().expect("no panic holds this lock").clone()
    }

    fn polls(&self) -> Vec<String> {
        self.polls.lock().expect("no panic holds this lock").clone()
    }
}

fn not_yet(seconds: u64) -> Answer {
    Ok(Polled::NotYet { ask_again_after: Duration::from_secs(seconds) })
}

fn done() -> Answer {
    Ok(Polled::Done(Clip { bytes: Bytes::from_static(b"\0\0\0\x18ftypmp42clip"), media_type: "video/mp4", credit: None }))
}

fn busy() -> ProviderError {
    ProviderError::Retry { message: "busy".to_owned(), after: None }
}

/// A house and a project of which a clip is wanted.
async fn wanted(clips: &Arc<Clips>) -> (House, Uuid) {
    let mut house = House::new().await;
    house.clips = Some(clips.clone());
    let project = house.project(&["One."]).await;
    let scene = house.load(project).await.scenes[0].id;
    let clip = Command::Generate { scene, medium: Medium::Video, force: false };
    house.apply(project, Input::Command(clip)).await;
    (house, project)
}

fn ended(project: &Project) -> bool {
    project.status != ProjectStatus::Generating
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_ordered_once_and_asked_about_until_it_is_there() {
    let clips = Clips::answering([not_yet(0), not_yet(0), done()]);
    let (house, project) = wanted(&clips).await;
    let engine = house.engine();
    let project = house.until(project, ended).await;
    engine.stop().await;
    assert_eq!(project.scenes[0].video.status, SlotStatus::Completed);
    assert_eq!((clips.orders().len(), clips.polls()), (1, vec!["job 1".to_owned(); 3]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_does_not_wait_for_a_job_and_the_next_engine_asks_for_the_same_one() {
    let clips = Clips::answering([not_yet(3600), done()]);
    let (house, project) = wanted(&clips).await;
    let engine = house.engine();
    clips.polled.notified().await;
    engine.stop().await;
    assert_eq!(house.load(project).await.status, ProjectStatus::Generating);
    let engine = house.engine();
    let project = house.until(project, ended).await;
    engine.stop().await;
    assert_eq!(project.scenes[0].video.status, SlotStatus::Completed);
    assert_eq!((clips.orders().len(), clips.polls()), (1, vec!["job 1".to_owned(); 2]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_fails_is_asked_again_about_the_same_job() {
    let clips = Clips::answering([Err(busy()), done()]);
    let (house, project) = wanted(&clips).await;
    let engine = house.engine();
    house.until(project, |project| project.scenes[0].video.attempts == 1).await;
    house.move_clock(60);
    let project = house.until(project, ended).await;
    engine.stop().await;
    assert_eq!(project.scenes[0].video.status, SlotStatus::Completed);
    assert_eq!((clips.orders().len(), clips.polls()), (1, vec!["job 1".to_owned(); 2]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_failed_in_passing_is_ordered_anew_with_another_key() {
    let clips = Clips::answering([Ok(Polled::Failed(busy())), done()]);
    let (house, project) = wanted(&clips).await;
    let engine = house.engine();
    house.until(project, |project| project.scenes[0].video.attempts == 1).await;
    house.move_clock(60);
    let project = house.until(project, ended).await;
    engine.stop().await;
    assert_eq!(project.scenes[0].video.status, SlotStatus::Completed);
    assert_eq!(clips.polls(), ["job 1", "job 2"]);
    let orders = clips.orders();
    assert_ne!(orders[0], orders[1], "the vendor may answer the old key with the old failure");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_refused_is_the_end() {
    let clips = Clips::answering([Ok(Polled::Failed(ProviderError::Refused("not this picture".to_owned())))]);
    let (house, project) = wanted(&clips).await;
    let engine = house.engine();
    let project = house.until(project, ended).await;
    engine.stop().await;
    let failures = project.failures();
    assert!(failures.len() == 1 && failures[0].ends_with("not this picture"), "{failures:?}");
    assert_eq!(clips.orders().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_nobody_can_ask_about_any_more_counts_as_spent() {
    let clips = Clips::answering([Err(busy()), Err(busy()), Err(busy()), Err(busy())]);
    let (house, project) = wanted(&clips).await;
    let engine = house.engine();
    for tries in 1..MAX_ATTEMPTS {
        house.until(project, |project| project.scenes[0].video.attempts == tries).await;
        house.move_clock(60);
    }
    let project = house.until(project, ended).await;
    engine.stop().await;
    let failures = project.failures();
    assert!(failures.len() == 1 && failures[0].contains("may have been made and charged"), "{failures:?}");
    assert_eq!((clips.orders().len(), clips.polls().len()), (1, 4));
    let (_, calls, failed, units) = house.ledger().await.into_iter().find(|(unit, ..)| unit == "clip").expect("one was ordered");
    // Each question that failed gave back what it had reserved, and the last one did not.
    assert_eq!((calls, failed, units), (1, 3, 1.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_taken_back_while_a_job_runs_buys_nothing_anew() {
    let clips = Clips::answering([Err(ProviderError::Unavailable("the key is gone".to_owned()))]);
    let (mut house, project) = wanted(&clips).await;
    house.fallback = true;
    let engine = house.engine();
    let project = house.until(project, ended).await;
    engine.stop().await;
    assert!(project.failures()[0].contains("the key is gone; it may have been made"), "{:?}", project.failures());
    assert_eq!(house.ledger().await.iter().filter(|(unit, calls, ..)| unit == "clip" && *calls == 1).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_costs_nothing_is_not_said_to_be_charged() {
    let clips = Clips::finding([Err(ProviderError::Unavailable("the key is gone".to_owned()))]);
    let (house, project) = wanted(&clips).await;
    let engine = house.engine();
    let project = house.until(project, ended).await;
    engine.stop().await;
    assert!(project.failures()[0].ends_with("the key is gone"), "{:?}", project.failures());
    assert_eq!(house.ledger().await.iter().filter(|(unit, calls, ..)| unit == "clip" && *calls == 1).count(), 0);
}
