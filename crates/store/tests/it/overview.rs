use chrono::Duration;
use model::task::{Failure, FailureClass, TaskKind};
use store::{Outcome, QueueOf};

use crate::database::{Database, at};

async fn of(database: &Database, kind: TaskKind, seconds: i64) -> QueueOf {
    let queue = database.store.queue_overview(at(seconds)).await.unwrap();
    queue.into_iter().find(|of| of.kind == kind).expect("every kind is told")
}

pub async fn the_queue_is_told_at_a_glance(database: &Database) {
    let project = database.project_with_scenes(5, 1, 3).await;
    database.generate(project, 1).await;
    let speech = of(database, TaskKind::Speak, 10).await;
    assert_eq!((speech.waiting, speech.waiting_since, speech.later, speech.running), (3, Some(at(1)), 0, 0));
    assert_eq!(of(database, TaskKind::Animate, 10).await.waiting_since, None);

    let minute = Duration::minutes(1);
    let claim =
        async |second| database.store.claim("me", &[TaskKind::Speak], at(second), minute).await.unwrap().expect("some wait");
    let (first, second) = (claim(10).await, claim(11).await);
    let failed = |class| Outcome::Failed { failure: Failure { class, message: "the vendor is down".to_owned() }, jitter: 0.0 };
    assert!(database.store.finish(&first, failed(FailureClass::Fatal), at(12)).await.unwrap());
    let speech = of(database, TaskKind::Speak, 13).await;
    assert_eq!((speech.waiting, speech.later, speech.running), (1, 0, 1));
    let running = database.store.running_tasks(10).await.unwrap();
    assert_eq!(running.len(), 1);
    assert_eq!((running[0].task.id, running[0].worker.as_str(), running[0].lease_until), (second.task, "me", at(71)));

    let passing = FailureClass::Retry { after: Some(std::time::Duration::from_secs(100)) };
    assert!(database.store.finish(&second, failed(passing), at(14)).await.unwrap());
    let speech = of(database, TaskKind::Speak, 15).await;
    assert_eq!((speech.waiting, speech.later, speech.running), (1, 1, 0), "it is tried again later");
    assert_eq!(of(database, TaskKind::Speak, 1000).await.waiting, 2, "its time has come");

    let failures = database.store.failed_tasks(at(0), 10).await.unwrap();
    assert_eq!(failures.len(), 1);
    assert_eq!((failures[0].id, failures[0].last_error.as_deref()), (first.task, Some("the vendor is down")));
    assert_eq!(database.store.failed_tasks(at(13), 10).await.unwrap(), []);
    assert_eq!(database.store.spent(at(0)).await.unwrap(), Default::default());
}

pub async fn a_chore_tells_when_it_was_done(database: &Database) {
    let store = &database.store;
    assert_eq!(store.chore_done("backup").await.unwrap(), None);
    store.begin_chore("backup", "me", (Duration::hours(6), Duration::minutes(1)), at(0)).await.unwrap();
    assert_eq!(store.chore_done("backup").await.unwrap(), None);
    store.end_chore("backup", "me", Some(at(5))).await.unwrap();
    assert_eq!(store.chore_done("backup").await.unwrap(), Some(at(5)));
}
