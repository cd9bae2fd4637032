use std::collections::HashSet;

use chrono::Duration;
use model::task::{Failure, FailureClass, TaskKind};
use store::Outcome;

use crate::database::{Database, at, product};

pub async fn no_task_is_handed_out_twice(database: &Database) {
    let project = database.project_with_scenes(5, 1, 100).await;
    database.generate(project, 1).await;
    let claimers = (0..8).map(|number| {
        let store = database.store.clone();
        tokio::spawn(async move {
            let mut mine = Vec::new();
            let worker = format!("worker {number}");
            while let Some(lease) = store.claim(&worker, &TaskKind::ALL, at(2), Duration::minutes(1)).await.unwrap() {
                assert_eq!((lease.attempt, lease.project), (1, project));
                mine.push(lease.target);
            }
            mine
        })
    });
    let claimers: Vec<_> = claimers.collect();
    let mut all = Vec::new();
    for claimer in claimers {
        all.extend(claimer.await.expect("no claimer panics"));
    }
    assert_eq!(all.len(), 201, "two tasks for each scene, and the music");
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), 201, "none is handed out twice");
    let open: HashSet<_> = database.record(project).await.project.open_targets().into_iter().collect();
    assert_eq!(all.into_iter().collect::<HashSet<_>>(), open);
}

pub async fn urgent_tasks_go_first(database: &Database) {
    let project = database.project_with_scenes(5, 1, 2).await;
    database.generate(project, 1).await;
    let scenes = database.record(project).await.project.scenes;
    let mut order = Vec::new();
    while let Some(lease) = database.claim("worker", 2).await {
        order.push((lease.target.kind, lease.target.subject));
    }
    let expected = [
        (TaskKind::Speak, scenes[0].id),
        (TaskKind::Speak, scenes[1].id),
        (TaskKind::DrawImage, scenes[0].id),
        (TaskKind::DrawImage, scenes[1].id),
        (TaskKind::ComposeMusic, project),
    ];
    assert_eq!(order, expected);
}

pub async fn owners_take_turns(database: &Database) {
    let large = database.project_with_scenes(5, 1, 20).await;
    database.generate(large, 1).await;
    let small = database.project_with_scenes(6, 2, 2).await;
    database.generate(small, 2).await;
    let mut order = Vec::new();
    for _ in 0..8 {
        order.push(database.claim("worker", 3).await.expect("there are more").project == small);
    }
    assert_eq!(order, [false, true, false, true, false, true, false, true], "the late, small project gets every other turn");
    // A lost worker's tasks do not count against their owner.
    let later = database.claim("worker", 300).await.expect("there are more");
    assert_eq!(later.project, large);
}

pub async fn kinds_are_respected(database: &Database) {
    let project = database.project_with_scenes(5, 1, 1).await;
    database.generate(project, 1).await;
    let claim = async |kinds: &[TaskKind]| {
        let lease = database.store.claim("worker", kinds, at(2), Duration::minutes(1)).await.unwrap();
        lease.map(|lease| lease.target.kind)
    };
    assert_eq!(claim(&[]).await, None);
    assert_eq!(claim(&[TaskKind::Render]).await, None);
    assert_eq!(claim(&[TaskKind::Render, TaskKind::ComposeMusic]).await, Some(TaskKind::ComposeMusic));
    assert_eq!(claim(&[TaskKind::Render, TaskKind::ComposeMusic]).await, None);
    assert_eq!(claim(&TaskKind::ALL).await, Some(TaskKind::Speak));
}

pub async fn the_next_moment_is_known(database: &Database) {
    let store = &database.store;
    assert_eq!(store.next_run_at().await.unwrap(), None);
    let project = database.project_with_scenes(5, 1, 1).await;
    database.generate(project, 10).await;
    assert_eq!(store.next_run_at().await.unwrap(), Some(at(10)));
    assert_eq!(database.claim("worker", 9).await, None, "nothing is handed out before its time");
    let mut leases = Vec::new();
    for second in 20..23 {
        leases.push(database.claim("worker", second).await.expect("there are three tasks"));
    }
    assert_eq!(store.next_run_at().await.unwrap(), Some(at(80)), "then the first lease ends");
    let failure = Failure { class: FailureClass::Retry { after: None }, message: "busy".to_owned() };
    assert!(store.finish(&leases[1], Outcome::Failed { failure, jitter: 1.0 }, at(30)).await.unwrap());
    assert_eq!(store.next_run_at().await.unwrap(), Some(at(32)));
    for lease in [&leases[0], &leases[2]] {
        assert!(store.finish(lease, Outcome::Done(product(lease.target.kind, "key")), at(31)).await.unwrap());
    }
    let last = database.claim("worker", 32).await.expect("the task is tried again");
    assert!(store.finish(&last, Outcome::Done(product(last.target.kind, "key")), at(33)).await.unwrap());
    assert_eq!(store.next_run_at().await.unwrap(), None);
}
