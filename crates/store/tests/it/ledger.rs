//! What administrators see of vendor calls and of what has happened.

use model::task::{Failure, FailureClass, TaskKind};
use model::usage::Unit;
use store::{Call, LedgerLine, LedgerQuery, Outcome};

use crate::database::{Database, at, id, product};

const DAY: i64 = 86_400;

/// A day's calls: a picture that is made, one that fails so, one that is being made.
async fn calls(database: &Database, project: u128, seconds: i64, class: FailureClass) {
    let name = database.project_with_scenes(project, 1, 3).await;
    database.generate(name, seconds).await;
    let store = &database.store;
    // What is being made stays so.
    let (mut number, until) = (0, chrono::Duration::days(9));
    while let Some(lease) = store.claim("worker", &[TaskKind::DrawImage], at(seconds), until).await.unwrap() {
        assert!(store.start(&lease, at(seconds)).await.unwrap());
        let (vendor, model) = ("acme".to_owned(), "big".to_owned());
        let call = Call { vendor, model, unit: Unit::Image, units: 1.0, cost: None, counts: true };
        store.reserve(&lease, &call, at(seconds + number)).await.unwrap();
        let failure = Failure { class, message: format!("100% Busy of {project}") };
        let end = match number {
            0 => Outcome::Done(product(TaskKind::DrawImage, "key")),
            1 => Outcome::Failed { failure, jitter: 0.0 },
            _ => break,
        };
        assert!(store.finish(&lease, end, at(seconds + 5)).await.unwrap());
        number += 1;
    }
}

pub async fn the_ledger_is_searched_and_paged(database: &Database) {
    database.owner(1).await;
    calls(database, 5, 0, FailureClass::Fatal).await;
    calls(database, 6, DAY, FailureClass::Unknown).await;
    let ask = async |query: LedgerQuery| {
        let (lines, total) = database.store.ledger(&query).await.unwrap();
        let short = |line: LedgerLine| (line.project.unwrap_or_default().as_u128(), line.failed, line.error);
        (lines.into_iter().map(short).collect::<Vec<_>>(), total)
    };
    let all = LedgerQuery { limit: 10, ..LedgerQuery::default() };
    let (five, six) = (Some("100% Busy of 5".to_owned()), Some("100% Busy of 6".to_owned()));
    let lines = vec![(6, true, six.clone()), (6, false, None), (5, true, five.clone()), (5, false, None)];
    assert_eq!(ask(all.clone()).await, (lines.clone(), 4), "what is being made has not ended");
    assert_eq!(ask(LedgerQuery { limit: 2, offset: 1, ..all.clone() }).await, (lines[1..3].to_vec(), 4));
    assert_eq!(ask(LedgerQuery { failed: Some(true), ..all.clone() }).await, (vec![lines[0].clone(), lines[2].clone()], 2));
    assert_eq!(ask(LedgerQuery { failed: Some(false), ..all.clone() }).await.1, 2);
    assert_eq!(ask(LedgerQuery { units: vec![Unit::Image, Unit::Clip], ..all.clone() }).await.1, 4);
    assert_eq!(ask(LedgerQuery { units: vec![Unit::Clip], ..all.clone() }).await.1, 0);
    let project = id(5).to_string();
    for (search, expected) in
        [("busy OF 5", 1), ("0% b", 2), ("0_ b", 0), ("someONE", 4), (project.as_str(), 2), ("'", 0), ("\\", 0)]
    {
        assert_eq!(ask(LedgerQuery { search: search.to_owned(), ..all.clone() }).await.1, expected, "{search}");
    }
    database.store.delete_project(id(5)).await.unwrap();
    let (lines, total) = database.store.ledger(&all).await.unwrap();
    assert_eq!(
        (total, lines[3].topic.as_deref(), lines[0].topic.as_deref()),
        (4, None, Some("the Moon")),
        "it outlives projects"
    );
    assert_eq!(lines[3].user.as_ref().map(|user| user.name.as_str()), Some("Someone"));
}

pub async fn activity_is_added_up_by_day(database: &Database) {
    database.owner(1).await;
    calls(database, 5, 0, FailureClass::Fatal).await;
    calls(database, 6, DAY, FailureClass::Fatal).await;
    let store = &database.store;
    store.add_user(id(20), "a@example.org", store::Role::User, at(DAY)).await.unwrap();
    let day = |seconds: i64| at(seconds).format("%Y-%m-%d").to_string();
    let two = store.activity(id(1), 2, at(DAY)).await.unwrap();
    assert_eq!((two.users, two.projects, two.scenes), (2, 2, 6), "whoever asks is somebody");
    assert_eq!((two.days[&day(0)], two.days[&day(DAY)]), ((1, 2), (1, 0)));
    assert_eq!(two.calls, [(Some(Unit::Image), false, 2), (Some(Unit::Image), true, 2)]);
    let message = |project: u128| (Some(Unit::Image), format!("100% Busy of {project}"), 1);
    assert_eq!(two.messages, [message(5), message(6)]);
    assert_eq!(
        two.newest.iter().map(|(record, owner)| (record.project.id, owner.is_some())).collect::<Vec<_>>(),
        [(id(6), true), (id(5), true)]
    );
    let one = store.activity(id(99), 1, at(DAY)).await.unwrap();
    assert_eq!((one.users, one.days.len(), one.messages), (1, 1, vec![message(6)]));
}
