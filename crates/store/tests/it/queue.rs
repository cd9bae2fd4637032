use std::collections::HashSet;

use chrono::Duration;
use model::project::SlotStatus;
use model::task::{Failure, FailureClass, TaskKind};
use model::trace::TraceParent;
use model::workflow::{Command, Input};
use store::{Outcome, Wanted};

use crate::database::{Database, at, id, product};

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

pub async fn tasks_know_what_caused_them(database: &Database) {
    let cause: TraceParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse().expect("a place in a trace");
    let other = TraceParent { span: 7, flags: 0, ..cause };
    let project = database.project_with_scenes(5, 1, 1).await;
    let request = |cause| database.store.caused_by(cause);
    request(Some(cause)).apply(project, Input::Command(Command::GenerateAll { force: false }), at(1)).await.unwrap();
    let render = Command::Render { id: id(99), when_ready: true };
    request(Some(other)).apply(project, Input::Command(render), at(2)).await.unwrap();
    let mut second = 10;
    let mut last = None;
    while let Some(lease) = database.claim("worker", second).await {
        assert_eq!(lease.trace, Some(cause), "{lease:?}");
        last = Some(lease.target.kind);
        let failure = Failure { class: FailureClass::Retry { after: None }, message: "busy".to_owned() };
        let first_try = lease.target.kind == TaskKind::Speak && lease.attempt == 1;
        let done = Outcome::Done(product(lease.target.kind, "key"));
        let outcome = if first_try { Outcome::Failed { failure, jitter: 1.0 } } else { done };
        assert!(database.store.finish(&lease, outcome, at(second)).await.unwrap());
        second += 10;
    }
    assert_eq!(last, Some(TaskKind::Render));
    database.command(project, Command::Render { id: id(98), when_ready: true }, second).await;
    assert_eq!(database.claim("worker", second).await.expect("the second render").trace, None, "nobody was traced");
}

pub async fn owners_take_turns_whatever_came_before(database: &Database) {
    let large = database.project_with_scenes(5, 1, 30).await;
    database.generate(large, 1).await;
    for _ in 0..20 {
        assert_eq!(database.claim("worker", 2).await.map(|lease| lease.project), Some(large));
    }
    let small = database.project_with_scenes(6, 2, 2).await;
    database.generate(small, 3).await;
    let more = database.project_with_scenes(7, 1, 30).await;
    database.generate(more, 4).await;
    let mut order = Vec::new();
    for _ in 0..10 {
        order.push(database.claim("worker", 5).await.expect("there are more").owner.as_u128());
    }
    assert_eq!(order.iter().filter(|owner| **owner == 2).count(), 5, "{order:?}");
    assert!(order[..2].contains(&2), "a newcomer need not wait for what others asked before: {order:?}");
}

pub async fn many_are_claimed_at_once(database: &Database) {
    let first = database.project_with_scenes(5, 1, 3).await;
    let second = database.project_with_scenes(6, 2, 1).await;
    database.generate(first, 1).await;
    database.generate(second, 1).await;
    let mut tasks = HashSet::new();
    for expected in [6, 4, 0] {
        let claimed = database.store.claim_and_start("worker", &TaskKind::ALL, 6, at(2), Duration::minutes(1)).await.unwrap();
        assert_eq!(claimed.len(), expected);
        assert!(claimed.iter().all(|claimed| claimed.begun && claimed.lease.attempt == 1));
        tasks.extend(claimed.into_iter().map(|claimed| claimed.lease.task));
    }
    assert_eq!(tasks.len(), 10);
    for project in [first, second] {
        let record = database.record(project).await;
        let slots = record.project.scenes.iter().flat_map(|scene| [&scene.image, &scene.audio]);
        let slots = slots.chain([&record.project.music]);
        assert!(slots.into_iter().all(|slot| slot.status == SlotStatus::Processing));
        let events = database.store.events_after(project, 0, 1000).await.unwrap();
        assert_eq!(events.len() as i64, record.event_number);
    }
}

pub async fn the_blocked_are_passed_over(database: &Database) {
    for (project, owner) in [(5, 1), (6, 2)] {
        let project = database.project_with_scenes(project, owner, 2).await;
        database.generate(project, 1).await;
    }
    let blocked = [(id(1), TaskKind::Speak), (id(2), TaskKind::DrawImage)];
    let mut taken = HashSet::new();
    loop {
        let wanted = Wanted { blocked: &blocked, ..(&TaskKind::ALL).into() };
        let Some(lease) = database.store.claim("worker", wanted, at(2), Duration::minutes(1)).await.unwrap() else { break };
        taken.insert((lease.owner.as_u128(), lease.target.kind));
    }
    let expected = [(1, TaskKind::DrawImage), (1, TaskKind::ComposeMusic), (2, TaskKind::Speak), (2, TaskKind::ComposeMusic)];
    assert_eq!(taken, HashSet::from(expected));
}
