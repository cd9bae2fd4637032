use model::project::{ProjectStatus, SlotStatus};
use model::task::{Failure, FailureClass, MAX_ATTEMPTS, TaskKind};
use model::workflow::Command;
use store::{Lease, Outcome, TaskState};
use uuid::Uuid;

use crate::database::{Database, at, product};

/// A project with one scene whose narration is claimed at second 10, for a minute.
async fn claimed(database: &Database) -> (Uuid, Lease) {
    let project = database.project_with_scenes(5, 1, 1).await;
    database.generate(project, 1).await;
    let lease = database.claim("first", 10).await.expect("there are tasks");
    assert_eq!(lease.target.kind, TaskKind::Speak);
    (project, lease)
}

fn done(lease: &Lease) -> Outcome {
    Outcome::Done(product(lease.target.kind, "key"))
}

fn failed(class: FailureClass) -> Outcome {
    Outcome::Failed { failure: Failure { class, message: "the vendor is busy".to_owned() }, jitter: 1.0 }
}

async fn claim_speech(database: &Database, worker: &str, seconds: i64) -> Option<Lease> {
    let minute = chrono::Duration::minutes(1);
    database.store.claim(worker, &[TaskKind::Speak], at(seconds), minute).await.unwrap()
}

async fn state(database: &Database, lease: &Lease) -> TaskState {
    database.store.task(lease.task).await.unwrap().expect("the task is there").state
}

/// Checks that nothing of the old lease has any effect.
async fn check_lost(database: &Database, lease: &Lease) {
    let store = &database.store;
    let before = (database.record(lease.project).await, store.task(lease.task).await.unwrap());
    assert!(!store.heartbeat(lease, at(1000)).await.unwrap());
    assert!(!store.start(lease, at(900)).await.unwrap());
    assert!(!store.progress(lease, 0.5, at(900)).await.unwrap());
    assert!(!store.set_vendor_ref(lease, "other").await.unwrap());
    assert!(!store.give_back(lease, at(900)).await.unwrap());
    assert!(!store.finish(lease, done(lease), at(900)).await.unwrap());
    assert!(!store.finish(lease, failed(FailureClass::Fatal), at(900)).await.unwrap());
    assert_eq!((database.record(lease.project).await, store.task(lease.task).await.unwrap()), before);
}

pub async fn a_lost_lease_is_handed_on(database: &Database) {
    let (project, first) = claimed(database).await;
    assert!(database.store.start(&first, at(11)).await.unwrap());
    assert_eq!(database.record(project).await.project.scenes[0].audio.status, SlotStatus::Processing);
    assert!(database.store.heartbeat(&first, at(100)).await.unwrap());
    assert_eq!(claim_speech(database, "second", 99).await, None, "the heartbeat has kept it");
    let second = claim_speech(database, "second", 101).await.expect("the lease has ended");
    assert_eq!((second.task, second.attempt), (first.task, 2));
    check_lost(database, &first).await;
    assert!(database.store.start(&second, at(102)).await.unwrap());
    assert!(database.store.finish(&second, done(&second), at(103)).await.unwrap());
    assert_eq!(state(database, &second).await, TaskState::Done);
    let scene = &database.record(project).await.project.scenes[0];
    assert_eq!((scene.audio.status, scene.duration_seconds), (SlotStatus::Completed, 2.345));
    check_lost(database, &second).await;
}

pub async fn a_finish_without_the_lease_changes_nothing(database: &Database) {
    let (_, lease) = claimed(database).await;
    check_lost(database, &Lease { attempt: 2, ..lease.clone() }).await;
    check_lost(database, &Lease { attempt: 0, ..lease.clone() }).await;
    check_lost(database, &Lease { worker: "second".to_owned(), ..lease.clone() }).await;
    assert!(database.store.finish(&lease, done(&lease), at(12)).await.unwrap(), "the right one still holds");
}

pub async fn a_cancelled_task_never_lands(database: &Database) {
    let (project, lease) = claimed(database).await;
    assert!(database.store.start(&lease, at(11)).await.unwrap());
    database.command(project, Command::Cancel, 12).await;
    assert_eq!(state(database, &lease).await, TaskState::Cancelled);
    check_lost(database, &lease).await;
    assert_eq!(database.claim("second", 500).await, None, "nothing is left to do");
    database.command(project, Command::Resume, 600).await;
    let again = claim_speech(database, "second", 601).await.expect("it is asked for again");
    assert_ne!(again.task, lease.task);
    check_lost(database, &lease).await;
}

pub async fn a_passing_trouble_is_tried_again_later(database: &Database) {
    let (project, lease) = claimed(database).await;
    let after = Some(std::time::Duration::from_secs(30));
    assert!(database.store.finish(&lease, failed(FailureClass::Retry { after }), at(20)).await.unwrap());
    let task = database.store.task(lease.task).await.unwrap().expect("the task is there");
    assert_eq!((task.state, task.run_at, task.attempt), (TaskState::Ready, at(50), 1));
    assert_eq!(task.last_error.as_deref(), Some("the vendor is busy"));
    assert_eq!(database.record(project).await.project.scenes[0].audio.status, SlotStatus::Queued);
    assert_eq!(claim_speech(database, "second", 49).await, None);
    let again = claim_speech(database, "second", 50).await.expect("its time has come");
    assert_eq!(again.attempt, 2);
    assert!(database.store.finish(&again, done(&again), at(51)).await.unwrap());
    let task = database.store.task(lease.task).await.unwrap().expect("the task is there");
    assert_eq!((task.state, task.last_error, task.finished_at), (TaskState::Done, None, Some(at(51))));
}

pub async fn the_last_failure_is_final(database: &Database) {
    let (project, mut lease) = claimed(database).await;
    for attempt in 1..=MAX_ATTEMPTS {
        assert_eq!(lease.attempt, attempt);
        let now = i64::from(attempt) * 100;
        assert!(database.store.finish(&lease, failed(FailureClass::Retry { after: None }), at(now)).await.unwrap());
        if let Some(next) = claim_speech(database, "first", now + 90).await {
            lease = next;
        }
    }
    let task = database.store.task(lease.task).await.unwrap().expect("the task is there");
    assert_eq!((task.state, task.last_error.as_deref()), (TaskState::Failed, Some("the vendor is busy")));
    let scene = &database.record(project).await.project.scenes[0];
    assert_eq!((scene.audio.status, scene.audio.error.as_deref()), (SlotStatus::Failed, Some("the vendor is busy")));
    check_lost(database, &lease).await;
}

pub async fn a_given_back_task_has_lost_no_attempt(database: &Database) {
    let (_, lease) = claimed(database).await;
    assert!(database.store.give_back(&lease, at(12)).await.unwrap());
    assert!(!database.store.heartbeat(&lease, at(99)).await.unwrap());
    let task = database.store.task(lease.task).await.unwrap().expect("the task is there");
    assert_eq!((task.state, task.run_at, task.attempt), (TaskState::Ready, at(12), 0));
    let again = claim_speech(database, "second", 13).await.expect("it is ready at once");
    assert_eq!((again.task, again.attempt), (lease.task, 1));
}

pub async fn a_dead_workers_tasks_are_released(database: &Database) {
    let (_, lease) = claimed(database).await;
    let other = database.claim("first", 11).await.expect("there are three tasks");
    let kept = database.claim("second", 11).await.expect("there are three tasks");
    assert_eq!(database.store.running_workers().await.unwrap(), ["first", "second"]);
    assert_eq!(database.store.release_worker("first", at(12)).await.unwrap(), 2);
    assert_eq!(database.store.release_worker("first", at(12)).await.unwrap(), 0);
    assert_eq!(database.store.running_workers().await.unwrap(), ["second"]);
    for lost in [&lease, &other] {
        check_lost(database, lost).await;
    }
    assert!(database.store.heartbeat(&kept, at(99)).await.unwrap());
    let again = claim_speech(database, "third", 12).await.expect("it is ready at once");
    assert_eq!((again.task, again.attempt), (lease.task, 2), "the try counts: it may be what killed the worker");
}

pub async fn vendor_references_survive(database: &Database) {
    let (_, lease) = claimed(database).await;
    assert_eq!(lease.vendor_ref, None);
    assert!(database.store.set_vendor_ref(&lease, "job-7").await.unwrap());
    let again = claim_speech(database, "second", 100).await.expect("the lease has ended");
    assert_eq!(again.vendor_ref.as_deref(), Some("job-7"));
}

pub async fn a_deleted_project_ends_its_leases(database: &Database) {
    let (project, lease) = claimed(database).await;
    assert_eq!(database.record(project).await.project.status, ProjectStatus::Generating);
    database.store.delete_project(project).await.unwrap();
    assert!(!database.store.heartbeat(&lease, at(99)).await.unwrap());
    assert!(!database.store.start(&lease, at(12)).await.unwrap());
    assert!(!database.store.finish(&lease, done(&lease), at(12)).await.unwrap());
    assert_eq!(database.claim("second", 500).await, None);
    assert_eq!(database.store.task(lease.task).await.unwrap(), None);
}

pub async fn many_leases_are_kept_at_once(database: &Database) {
    let (_, first) = claimed(database).await;
    let second = database.claim("first", 11).await.expect("there are three tasks");
    let lost = database.claim("first", 11).await.expect("there are three tasks");
    assert!(database.store.give_back(&lost, at(12)).await.unwrap());
    let all = [first.clone(), second.clone(), lost.clone()];
    let kept = database.store.heartbeat_all(&all, at(200)).await.unwrap();
    assert_eq!(kept, [first.task, second.task].into());
    let next = database.claim("second", 100).await.expect("what was given back is free");
    assert_eq!((next.task, database.claim("second", 100).await), (lost.task, None), "the others are held until 200");
    assert_eq!(database.store.give_back_all(&[&first, &second, &lost], at(101)).await.unwrap(), 2);
    let task = database.store.task(first.task).await.unwrap().expect("the task is there");
    assert_eq!((task.state, task.attempt), (TaskState::Ready, 0));
}

pub async fn equal_changes_of_different_slots_stay_apart(database: &Database) {
    let project = database.project_with_scenes(5, 1, 2).await;
    database.generate(project, 1).await;
    let scenes = database.record(project).await.project.scenes;
    let mut leases = Vec::new();
    while let Some(lease) = database.claim("worker", 2).await {
        assert!(database.store.start(&lease, at(2)).await.unwrap());
        leases.push(lease);
    }
    let of = |kind, scene: usize| {
        let lease = leases.iter().find(|lease| lease.target.kind == kind && lease.target.subject == scenes[scene].id);
        (lease.expect("it was claimed").clone(), failed(FailureClass::Fatal))
    };
    let ended = [of(TaskKind::DrawImage, 0), of(TaskKind::Speak, 1)];
    assert_eq!(database.store.finish_all(&ended, at(3)).await.unwrap(), [true, true]);
    let scenes = database.record(project).await.project.scenes;
    let found = scenes.iter().map(|scene| (scene.image.status, scene.audio.status)).collect::<Vec<_>>();
    let (failed, busy) = (SlotStatus::Failed, SlotStatus::Processing);
    assert_eq!(found, [(failed, busy), (busy, failed)]);
}

pub async fn many_attempts_end_at_once(database: &Database) {
    let (project, speech) = claimed(database).await;
    let image = database.claim("first", 11).await.expect("there are three tasks");
    let lost = database.claim("first", 11).await.expect("there are three tasks");
    assert!(database.store.give_back(&lost, at(12)).await.unwrap());
    let refused = Failure { class: model::task::FailureClass::Refused, message: "no".to_owned() };
    let failed = Outcome::Failed { failure: refused, jitter: 0.0 };
    let ended = [(image.clone(), failed), (lost.clone(), done(&lost)), (speech.clone(), done(&speech))];
    assert_eq!(database.store.finish_all(&ended, at(13)).await.unwrap(), [true, false, true]);
    assert_eq!(database.store.finish_all(&ended, at(14)).await.unwrap(), [false; 3]);
    assert_eq!(database.store.finish_all(&[], at(14)).await.unwrap(), [false; 0]);
    let scene = &database.record(project).await.project.scenes[0];
    assert_eq!((scene.audio.status, scene.image.status), (SlotStatus::Completed, SlotStatus::Failed));
    let state = async |lease: &Lease| database.store.task(lease.task).await.unwrap().expect("the task is there").state;
    assert_eq!((state(&speech).await, state(&image).await), (TaskState::Done, TaskState::Failed));
    assert_eq!(state(&lost).await, TaskState::Ready);
}
