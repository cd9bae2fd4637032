use chrono::Duration;
use model::task::TaskKind;
use model::usage::{Allowance, Unit};
use model::workflow::Command;
use store::{
    Answer, Entry, Lease, LedgerQuery, Limit, Limits, LogError, LoggedCall, Outcome, Plan, PlanAbout, RequestError, Store,
    TaskState, UserChange,
};

use crate::database::{Database, at, id, new_project, product};

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

pub async fn free_accounts_begin_few_projects_a_day(database: &Database) {
    let store = &database.store;
    let plan = Plan {
        id: id(70),
        slug: "free".to_owned(),
        name: "Free".to_owned(),
        allowance: Allowance { clips_per_day: Some(2), ..Allowance::default() },
        budget: None,
        about: PlanAbout::default(),
    };
    store.create_plan(&plan, at(0)).await.unwrap();
    let begin = async |owner: u128, number: u128, seconds| {
        let new = new_project(number, id(owner));
        let answer = |_: &_| Answer { status: 200, headers: Vec::new(), body: String::new() };
        match store.begin_project(new, Vec::new(), None, None, at(seconds), answer).await {
            Ok(_) => true,
            Err(RequestError::DailyLimit { limit: 2 }) => false,
            Err(error) => panic!("{error}"),
        }
    };
    for owner in [1, 2, 3] {
        database.owner(owner).await;
    }
    let pro = UserChange { subscription: Some("PRO".to_owned()), plan: Some(Some(plan.id)), ..UserChange::default() };
    store.change_user(id(2), &pro, at(0)).await.unwrap();
    store.set_plan(id(1), Some(plan.id)).await.unwrap();
    let local = store.local_owner(at(0)).await.unwrap();
    store.set_plan(local, Some(plan.id)).await.unwrap();
    // At the same moment, so that nobody gets a place that another one has.
    let (a, b, c, d) = tokio::join!(begin(1, 11, 0), begin(1, 12, 0), begin(1, 13, 0), begin(1, 14, 0));
    assert_eq!([a, b, c, d].iter().filter(|begun| **begun).count(), 2);
    assert_eq!(database.count("SELECT COUNT(*) FROM project").await, 2, "nothing is left of those who were refused");
    for number in 20..23 {
        assert!(begin(2, number, 0).await, "who pays may begin as many as they like");
        assert!(begin(3, number + 10, 0).await, "without a plan there are no limits");
        assert!(begin(local.as_u128(), number + 20, 0).await, "this machine is its owner's");
    }
    let user = store.user(id(1)).await.unwrap().unwrap();
    let standing = store.standings(&[user], at(0)).await.unwrap()[&id(1)];
    assert_eq!((standing.projects_today, standing.today.requests), (2, 0));
    // Calls are counted in the same row, and leave the projects as they are.
    let call = LoggedCall { unit: Unit::Image, units: 1.0, ..logged(1) };
    store.log_call(call, at(1)).await.unwrap();
    assert!(!begin(1, 15, 2).await);
    assert!(begin(1, 15, 86_400).await, "a day later");
}

fn logged(number: u128) -> LoggedCall {
    LoggedCall {
        id: id(number + 900),
        owner: id(1),
        project: None,
        vendor: "acme".to_owned(),
        model: "big".to_owned(),
        unit: Unit::SpeechSecond,
        units: 90.0,
        tokens: (7, 8),
        failed: false,
        error: None,
        key: None,
    }
}

pub async fn calls_made_elsewhere_count_once(database: &Database) {
    let store = &database.store;
    database.owner(1).await;
    database.owner(2).await;
    let project = database.project(5).await.project.id;
    let key = Some("one".to_owned());
    let first = LoggedCall { project: Some(project), key: key.clone(), ..logged(1) };
    let (line, is_new) = store.log_call(first.clone(), at(1)).await.unwrap();
    assert!(is_new);
    assert_eq!((line.project, line.tokens, line.key.clone(), line.failed), (Some(project), (7, 8), key, false));
    assert_eq!(line.topic.as_deref(), Some("the Moon"));
    let (same, is_new) = store.log_call(LoggedCall { units: 5.0, id: id(77), ..first }, at(2)).await.unwrap();
    assert!(!is_new);
    assert_eq!(same, line);
    let failed = LoggedCall { failed: true, error: Some("busy".to_owned()), ..logged(2) };
    let (line, _) = store.log_call(failed, at(3)).await.unwrap();
    assert_eq!((line.project, line.failed, line.error.as_deref(), line.topic), (None, true, Some("busy"), None));
    let (today, month) = store.used(id(1), at(3)).await.unwrap();
    assert_eq!((today.speech_seconds, today.requests, month.speech_seconds), (90.0, 0, 90.0));
    let refused = async |call: LoggedCall| store.log_call(call, at(4)).await.expect_err("it can't be");
    assert!(matches!(refused(LoggedCall { owner: id(9), ..logged(3) }).await, LogError::NoUser));
    assert!(matches!(refused(LoggedCall { owner: id(2), project: Some(project), ..logged(3) }).await, LogError::NoProject));
    assert_eq!(store.ledger(&LedgerQuery { limit: 9, ..LedgerQuery::default() }).await.unwrap().1, 2);
}
