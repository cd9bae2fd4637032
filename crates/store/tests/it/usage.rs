use std::collections::HashMap;

use model::task::{Failure, FailureClass, Product, TaskKind};
use model::usage::{Allowance, Money, Unit, Used};
use store::{Call, Lease, Made, Outcome, Plan, PlanAbout, Reservation};
use uuid::Uuid;

use crate::database::{Database, asset, at, id, product};

const DAY: i64 = 86_400;

/// A picture for four cents.
fn picture() -> Call {
    Call {
        vendor: "acme".to_owned(),
        model: "big".to_owned(),
        unit: Unit::Image,
        units: 1.0,
        cost: Some(Money::dollars(0.04)),
        counts: true,
    }
}

fn speech(seconds: f64) -> Call {
    Call { unit: Unit::SpeechSecond, units: seconds, cost: Some(Money::dollars(0.001).times(seconds)), ..picture() }
}

/// A project of owner 1 whose tasks are all claimed.
async fn leases(database: &Database, project: u128, scenes: u128, seconds: i64) -> (Uuid, Vec<Lease>) {
    let project = database.project_with_scenes(project, 1, scenes).await;
    database.generate(project, seconds).await;
    let mut leases = Vec::new();
    while let Some(lease) = database.claim("worker", seconds).await {
        assert!(database.store.start(&lease, at(seconds)).await.unwrap());
        leases.push(lease);
    }
    (project, leases)
}

fn of_kind(leases: &[Lease], kind: TaskKind) -> Vec<&Lease> {
    leases.iter().filter(|lease| lease.target.kind == kind).collect()
}

async fn reserve(database: &Database, lease: &Lease, call: &Call, seconds: i64) -> Reservation {
    database.store.reserve(lease, call, at(seconds)).await.expect("reserving works")
}

async fn used(database: &Database, seconds: i64) -> (Used, Used) {
    database.store.used(id(1), at(seconds)).await.expect("reading works")
}

fn failed(class: FailureClass) -> Outcome {
    Outcome::Failed { failure: Failure { class, message: "the vendor is busy".to_owned() }, jitter: 0.0 }
}

pub async fn a_call_is_reserved_once_and_settled_at_what_it_took(database: &Database) {
    let (_, leases) = leases(database, 5, 1, 1).await;
    let lease = of_kind(&leases, TaskKind::Speak)[0];
    assert_eq!(reserve(database, lease, &speech(10.0), 2).await, Reservation::Made);
    assert_eq!(reserve(database, lease, &speech(10.0), 3).await, Reservation::Made, "the same attempt again");
    let expected = Used { requests: 1, speech_seconds: 10.0, cost: Money(10_000), ..Used::default() };
    assert_eq!(used(database, 3).await, (expected, expected));
    let Product::Speech { asset, words, .. } = product(TaskKind::Speak, "key") else { unreachable!("it is speech") };
    let done = Outcome::Done(Product::Speech { asset, seconds: 12.0, words });
    assert!(database.store.finish(lease, done, at(4)).await.unwrap());
    let expected = Used { speech_seconds: 12.0, cost: Money(12_000), ..expected };
    assert_eq!(used(database, 5).await, (expected, expected));
    assert_eq!(used(database, DAY).await.0, Used::default(), "another day");
    let totals = database.store.usage_totals(id(1), at(0), at(100)).await.unwrap();
    let found: Vec<_> =
        totals.iter().map(|total| (total.unit.as_str(), total.calls, total.failed, total.units, total.cost)).collect();
    assert_eq!(found, [("speech_second", 1, 0, 12.0, Money(12_000))]);
    assert_eq!(database.count("SELECT CAST(spent_micros AS BIGINT) FROM project").await, 12_000);
}

pub async fn a_failed_call_is_given_back_where_it_was_taken(database: &Database) {
    let (_, leases) = leases(database, 5, 1, 1).await;
    let lease = of_kind(&leases, TaskKind::DrawImage)[0];
    assert_eq!(reserve(database, lease, &picture(), 2).await, Reservation::Made);
    // The failure comes on another day than the call.
    let passing = failed(FailureClass::Retry { after: None });
    assert!(database.store.finish(lease, passing, at(2 * DAY)).await.unwrap());
    assert_eq!(used(database, 2).await, (Used::default(), Used::default()));
    let mut again = database.claim("worker", 3 * DAY).await.expect("it is tried again");
    while again.task != lease.task {
        again = database.claim("worker", 3 * DAY).await.expect("it is tried again");
    }
    assert_eq!((again.task, again.attempt), (lease.task, 2));
    assert_eq!(reserve(database, &again, &picture(), 3 * DAY).await, Reservation::Made);
    assert_eq!(used(database, 3 * DAY).await.0.images, 1);
    let totals = database.store.usage_totals(id(1), at(0), at(9 * DAY)).await.unwrap();
    assert_eq!((totals[0].calls, totals[0].failed, totals[0].cost), (1, 1, Money(40_000)));
}

pub async fn a_dead_attempts_reservation_goes_on(database: &Database) {
    let (_, leases) = leases(database, 5, 1, 1).await;
    let lease = of_kind(&leases, TaskKind::DrawImage)[0];
    assert_eq!(reserve(database, lease, &picture(), 2).await, Reservation::Made);
    // The lease of a minute ends.
    let mut taken_over = Vec::new();
    while let Some(again) = database.claim("other", 100).await {
        taken_over.push(again);
    }
    let again = taken_over.iter().find(|again| again.task == lease.task).expect("it is handed out again");
    assert_eq!(reserve(database, lease, &picture(), 100).await, Reservation::Lost);
    assert_eq!(reserve(database, again, &picture(), 101).await, Reservation::Made);
    assert_eq!(used(database, 101).await.0.images, 1, "it counts once");
    assert!(database.store.start(again, at(101)).await.unwrap());
    assert!(database.store.finish(again, Outcome::Done(Product::Image(asset("key"))), at(102)).await.unwrap());
    assert_eq!(used(database, 103).await.0.images, 1);
}

/// What the ledger says of each vendor and model.
async fn ledger(database: &Database) -> Vec<(String, String)> {
    let totals = database.store.usage_totals(id(1), at(0), at(9 * DAY)).await.expect("reading works");
    let line = |total: &store::UsageTotal| {
        (total.vendor.clone(), format!("{} called, {} failed, {}", total.calls, total.failed, total.cost))
    };
    totals.iter().map(line).collect()
}

/// The same task, claimed again after its lease has ended.
async fn taken_over(database: &Database, lease: &Lease, seconds: i64) -> Lease {
    while let Some(again) = database.claim("other", seconds).await {
        if again.task == lease.task {
            return again;
        }
    }
    unreachable!("it is handed out again")
}

pub async fn a_dead_attempts_call_to_another_vendor_counts_for_that_one(database: &Database) {
    let (_, leases) = leases(database, 5, 1, 1).await;
    let lease = of_kind(&leases, TaskKind::DrawImage)[0];
    // The first vendor has failed, and the one beside it was asked when the process died.
    let beside = Call { vendor: "beside".to_owned(), cost: Some(Money::dollars(0.01)), ..picture() };
    assert_eq!(reserve(database, lease, &beside, 2).await, Reservation::Made);
    let again = taken_over(database, lease, 100).await;
    assert_eq!(reserve(database, &again, &picture(), 101).await, Reservation::Made);
    assert_eq!(reserve(database, &again, &picture(), 102).await, Reservation::Made, "the same call");
    let line = |vendor: &str, line: &str| (vendor.to_owned(), line.to_owned());
    let expected = [line("acme", "1 called, 0 failed, $0.04"), line("beside", "1 called, 0 failed, $0.01")];
    assert_eq!(ledger(database).await, expected);
    assert_eq!(used(database, 102).await.0, Used { requests: 2, images: 2, cost: Money(50_000), ..Used::default() });
    let settled = "SELECT COUNT(*) FROM usage WHERE state = 'settled' AND vendor = 'beside' AND error LIKE '%may have been made'";
    assert_eq!(database.count(settled).await, 1);

    // Another model of the same vendor is another call too.
    let model = Call { model: "small".to_owned(), ..picture() };
    assert_eq!(reserve(database, &again, &model, 103).await, Reservation::Made);
    assert_eq!(ledger(database).await.len(), 3);
    assert!(database.store.finish(&again, failed(FailureClass::Retry { after: None }), at(104)).await.unwrap());
    assert_eq!(used(database, 104).await.0.images, 2, "only the last one is given back");
}

pub async fn a_left_call_counts_even_if_there_is_no_room_for_the_next(database: &Database) {
    let (project, leases) = leases(database, 5, 1, 1).await;
    let lease = of_kind(&leases, TaskKind::DrawImage)[0];
    let beside = Call { vendor: "beside".to_owned(), ..picture() };
    assert_eq!(reserve(database, lease, &beside, 2).await, Reservation::Made);
    let again = taken_over(database, lease, 100).await;
    assert!(database.store.set_project_budget(project, Some(Money::dollars(0.05))).await.unwrap());
    assert!(matches!(reserve(database, &again, &picture(), 101).await, Reservation::Budget(_)));
    let outcome = Outcome::OverBudget { reason: "no more".to_owned() };
    database.store.finish(&again, outcome, at(102)).await.unwrap();
    assert_eq!(ledger(database).await, [("beside".to_owned(), "1 called, 0 failed, $0.04".to_owned())]);
}

pub async fn a_task_of_several_calls_has_a_line_for_each(database: &Database) {
    let (_, leases) = leases(database, 5, 1, 1).await;
    let lease = of_kind(&leases, TaskKind::Speak)[0];
    let made = |key: &str| Made { asset: asset(key), detail: serde_json::Value::Null };
    for (part, estimated, spoken) in [("one", 4.0, 5.0), ("two", 2.0, 1.0)] {
        assert_eq!(reserve(database, lease, &speech(estimated), 2).await, Reservation::Made);
        database.store.remember_call(lease, (part, &made(part)), spoken, at(3)).await.unwrap();
        assert_eq!(database.store.made(part).await.unwrap(), Some(made(part)));
    }
    assert_eq!(ledger(database).await, [("acme".to_owned(), "2 called, 0 failed, $0.006".to_owned())]);
    // The third one fails, and what was made before still counts.
    assert_eq!(reserve(database, lease, &speech(3.0), 4).await, Reservation::Made);
    let Product::Speech { asset: sound, words, .. } = product(TaskKind::Speak, "key") else { unreachable!("it is speech") };
    let done = Outcome::Done(Product::Speech { asset: sound, seconds: 9.0, words });
    assert!(database.store.finish(lease, failed(FailureClass::Retry { after: None }), at(5)).await.unwrap());
    assert_eq!(used(database, 5).await.0, Used { requests: 2, speech_seconds: 6.0, cost: Money(6_000), ..Used::default() });
    let again = taken_over(database, lease, 100).await;
    assert_eq!(reserve(database, &again, &speech(3.0), 101).await, Reservation::Made);
    database.store.remember_call(&again, ("three", &made("three")), 3.0, at(102)).await.unwrap();
    assert!(database.store.start(&again, at(102)).await.unwrap());
    assert!(database.store.finish(&again, done, at(103)).await.unwrap());
    assert_eq!(used(database, 103).await.0.speech_seconds, 9.0, "the end of the task adds nothing");
    assert_eq!(ledger(database).await, [("acme".to_owned(), "3 called, 1 failed, $0.009".to_owned())]);

    // Whoever has lost the lease settles nothing, but what it has made is not lost.
    database.store.remember_call(lease, ("late", &made("late")), 7.0, at(104)).await.unwrap();
    assert_eq!(database.store.made("late").await.unwrap(), Some(made("late")));
    assert_eq!(used(database, 104).await.0.speech_seconds, 9.0);
}

pub async fn plans_limit_by_day_and_month(database: &Database) {
    let (_, leases) = leases(database, 5, 4, 1).await;
    let allowance = Allowance { images_per_month: Some(2), requests_per_day: Some(3), ..Allowance::default() };
    let plan = Plan {
        id: id(77),
        slug: "free".to_owned(),
        name: "Free".to_owned(),
        allowance,
        budget: None,
        about: PlanAbout::default(),
    };
    let stored = database.store.put_plan(&plan, at(0)).await.unwrap();
    assert_eq!(database.store.put_plan(&Plan { id: id(78), ..plan.clone() }, at(0)).await.unwrap(), stored, "one for each slug");
    assert_eq!(database.store.plans().await.unwrap(), [plan]);
    assert!(database.store.set_plan(id(1), Some(stored)).await.unwrap());
    assert!(!database.store.set_plan(id(99), Some(stored)).await.unwrap());
    let pictures = of_kind(&leases, TaskKind::DrawImage);
    let speeches = of_kind(&leases, TaskKind::Speak);
    for lease in &pictures[..2] {
        assert_eq!(reserve(database, lease, &picture(), 2).await, Reservation::Made);
    }
    let what = |reservation| match reservation {
        Reservation::Quota(exceeded) => exceeded.what,
        other => unreachable!("{other:?}"),
    };
    assert_eq!(what(reserve(database, pictures[2], &picture(), 2).await), "image");
    assert_eq!(reserve(database, speeches[0], &speech(1.0), 2).await, Reservation::Made);
    assert_eq!(what(reserve(database, speeches[1], &speech(1.0), 2).await), "requests");
    let own_key = Call { counts: false, ..picture() };
    assert_eq!(reserve(database, pictures[2], &own_key, 2).await, Reservation::Made, "an own key is not limited");
    assert_eq!(used(database, 2).await.0, Used { requests: 3, images: 2, speech_seconds: 1.0, clips: 0, cost: Money(121_000) });
    assert!(database.store.set_plan(id(1), None).await.unwrap());
    assert_eq!(reserve(database, pictures[3], &picture(), 2).await, Reservation::Made);
}

pub async fn budgets_are_never_overdrawn(database: &Database) {
    let (project, leases) = leases(database, 5, 4, 1).await;
    let pictures = of_kind(&leases, TaskKind::DrawImage);
    assert!(database.store.set_project_budget(project, Some(Money::dollars(0.10))).await.unwrap());
    // At the same moment.
    let mut wishes = tokio::task::JoinSet::new();
    for lease in &pictures {
        let (store, lease) = (database.store.clone(), (*lease).clone());
        wishes.spawn(async move { (lease.task, store.reserve(&lease, &picture(), at(2)).await.expect("reserving works")) });
    }
    let got: HashMap<Uuid, Reservation> = wishes.join_all().await.into_iter().collect();
    let made = got.values().filter(|reservation| **reservation == Reservation::Made).count();
    let over: Vec<String> = got
        .values()
        .filter_map(|reservation| match reservation {
            Reservation::Budget(over) => Some(over.to_string()),
            _ => None,
        })
        .collect();
    let sentence = "the project's budget of $0.10 is used up: $0.08 are spent, and the next step costs about $0.04; raise the budget, then resume";
    assert_eq!((made, over), (2, vec![sentence.to_owned(); 2]));
    assert!(database.store.set_project_budget(project, None).await.unwrap());
    assert!(database.store.set_user_budget(id(1), Some(Money::dollars(0.12))).await.unwrap());
    let rest: Vec<&&Lease> = pictures.iter().filter(|lease| got[&lease.task] != Reservation::Made).collect();
    assert_eq!(reserve(database, rest[0], &picture(), 3).await, Reservation::Made);
    let Reservation::Budget(over) = reserve(database, rest[1], &picture(), 3).await else { unreachable!("it is used up") };
    assert_eq!((over.whose, over.spent), ("the monthly budget", Money(120_000)));
    let unknown = Call { cost: None, ..picture() };
    assert_eq!(reserve(database, rest[1], &unknown, 3).await, Reservation::Made, "what costs nothing fits");
}
