use chrono::Duration;
use model::task::TaskKind;
use model::workflow::Command;
use store::{Entry, Lease, Limit, Limits, Outcome, Store, TaskState};

use crate::database::{Database, at, product};

/// `count` claimed narrations of one user.
pub async fn leases(database: &Database, project: u128, owner: u128, count: usize) -> Vec<Lease> {
    let project = database.project_with_scenes(project, owner, count as u128).await;
    database.command(project, Command::GenerateAudio { force: false }, 0).await;
    let mut leases = Vec::new();
    for _ in 0..count {
        let wanted = store::Wanted { project: Some(project), ..(&[TaskKind::Speak]).into() };
        let lease = database.store.claim("worker", wanted, at(0), Duration::hours(1)).await.unwrap();
        leases.push(lease.expect("there is one for each scene"));
    }
    leases
}

fn rate(per_minute: u32) -> Limit {
    Limit { per_minute: Some(per_minute), at_once: None }
}

fn at_once(at_once: u32) -> Limit {
    Limit { at_once: Some(at_once), per_minute: None }
}

pub async fn calls_at_once_are_limited(database: &Database) {
    let first = leases(database, 5, 1, 3).await;
    let second = leases(database, 6, 2, 2).await;
    let limits = Limits { vendor: at_once(3), user: at_once(2) };
    let enter = async |lease: &Lease| database.store.enter(lease, "suno", &limits, at(1)).await.unwrap();
    let wait = |user_only| Entry::Wait { until: at(2), user_only };
    assert_eq!(enter(&first[0]).await, Entry::Entered);
    assert_eq!(enter(&first[0]).await, Entry::Entered, "a call does not wait for itself");
    assert_eq!(enter(&first[1]).await, Entry::Entered);
    assert_eq!(enter(&first[2]).await, wait(true), "two of this user are running");
    assert_eq!(enter(&second[0]).await, Entry::Entered);
    assert_eq!(enter(&second[1]).await, wait(false), "three are running altogether");
    let other = database.store.enter(&first[2], "edge", &limits, at(1)).await.unwrap();
    assert_eq!(other, Entry::Entered, "another vendor has limits of its own");
    assert!(database.store.finish(&first[0], Outcome::Done(product(TaskKind::Speak, "key")), at(1)).await.unwrap());
    assert_eq!(enter(&second[1]).await, Entry::Entered, "what has ended counts no more");
    assert!(database.store.give_back(&first[1], at(1)).await.unwrap());
    assert_eq!(enter(&first[1]).await, Entry::Lost);
}

pub async fn calls_in_a_minute_are_limited(database: &Database) {
    let first = leases(database, 5, 1, 5).await;
    let second = leases(database, 6, 2, 1).await;
    let limits = Limits { vendor: rate(10), user: rate(3) };
    let enter = async |lease: &Lease, second| database.store.enter(lease, "suno", &limits, at(second)).await.unwrap();
    for lease in &first[..3] {
        assert_eq!(enter(lease, 10).await, Entry::Entered);
    }
    // Three a minute are one in twenty seconds.
    assert_eq!(enter(&first[3], 10).await, Entry::Wait { until: at(30), user_only: true });
    assert_eq!(enter(&first[3], 25).await, Entry::Wait { until: at(30), user_only: true });
    assert_eq!(enter(&second[0], 25).await, Entry::Entered);
    assert_eq!(enter(&first[3], 30).await, Entry::Entered);
    assert_eq!(enter(&first[4], 9).await, Entry::Wait { until: at(29), user_only: true }, "a clock behind gains nothing");
}

pub async fn limits_are_exact_across_processes(database: &Database) {
    let other = store::open(&database.url).await.expect("it opens once more");
    let leases = leases(database, 5, 1, 12).await;
    let limits = Limits { vendor: at_once(5), user: rate(7) };
    let entering = leases.clone().into_iter().enumerate().map(|(number, lease)| {
        let store: Store = if number % 2 == 0 { database.store.clone() } else { other.clone() };
        tokio::spawn(async move { store.enter(&lease, "suno", &limits, at(1)).await.unwrap() })
    });
    let entering: Vec<_> = entering.collect();
    let mut entered = 0;
    for entry in entering {
        entered += usize::from(entry.await.expect("nobody panics") == Entry::Entered);
    }
    assert_eq!(entered, 5);
    for lease in &leases {
        database.store.give_back(lease, at(2)).await.unwrap();
    }
    let count = "SELECT count(*) FROM task WHERE vendor IS NOT NULL";
    assert_eq!(database.count(count).await, 0, "nothing runs any more");
}

pub async fn a_postponed_task_has_lost_no_attempt(database: &Database) {
    let lease = leases(database, 5, 1, 1).await.remove(0);
    assert!(database.store.postpone(&lease, at(20)).await.unwrap());
    assert!(!database.store.postpone(&lease, at(20)).await.unwrap(), "the lease is gone");
    let task = database.store.task(lease.task).await.unwrap().expect("the task is there");
    assert_eq!((task.state, task.run_at, task.attempt), (TaskState::Ready, at(20), 0));
    assert_eq!(database.claim("worker", 19).await, None);
    assert_eq!(database.claim("worker", 20).await.map(|again| (again.task, again.attempt)), Some((lease.task, 1)));
}
