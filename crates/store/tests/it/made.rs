use model::task::TaskKind;
use store::{Lease, Made, Making, Outcome, Store};

use crate::database::{Database, asset, at, product};
use crate::limits::leases;

pub async fn results_are_remembered_replaced_and_forgotten(database: &Database) {
    let store = &database.store;
    let made = |key: &str| Made { asset: asset(key), detail: serde_json::json!({ "seconds": 1.5, "words": [] }) };
    assert_eq!(store.made("hash").await.unwrap(), None);
    for key in ["old", "new"] {
        store.remember("hash", &made(key), at(0)).await.unwrap();
        assert_eq!(store.made("hash").await.unwrap(), Some(made(key)));
    }
    store.remember("other", &made("new"), at(0)).await.unwrap();
    store.forget("hash").await.unwrap();
    store.forget("hash").await.expect("forgetting twice is no error");
    assert_eq!(store.made("hash").await.unwrap(), None);
    assert_eq!(store.made("other").await.unwrap(), Some(made("new")));
}

pub async fn equal_requests_wait_for_each_other(database: &Database) {
    let store = &database.store;
    let [first, second, third, fourth] = leases(database, 5, 1, 4).await.try_into().expect("as many as asked for");
    let begin = async |lease: &Lease, request, second| store.begin_making(lease, request, at(second)).await.unwrap();
    let elsewhere = |second| Making::Elsewhere { until: at(second) };
    assert_eq!(begin(&first, "hash", 1).await, Making::Begun);
    assert_eq!(begin(&first, "hash", 1).await, Making::Begun, "a task does not wait for itself");
    assert_eq!(begin(&second, "hash", 1).await, elsewhere(2));
    assert_eq!(begin(&third, "other", 1).await, Making::Begun, "another request is another matter");
    assert!(store.finish(&first, Outcome::Done(product(TaskKind::Speak, "key")), at(2)).await.unwrap());
    assert_eq!(begin(&second, "hash", 2).await, Making::Begun, "the first has ended");
    assert!(store.give_back(&second, at(3)).await.unwrap());
    assert_eq!(begin(&second, "hash", 3).await, Making::Lost);
    assert_eq!(begin(&fourth, "hash", 3).await, Making::Begun, "what was given back is nobody's");
    // They were claimed for an hour.
    assert_eq!(begin(&third, "hash", 3600).await, elsewhere(3601));
    assert_eq!(begin(&third, "hash", 3601).await, Making::Begun, "the dead hold nobody up");
}

pub async fn one_of_many_makes_what_all_want(database: &Database) {
    let other = store::open(&database.url).await.expect("it opens once more");
    let leases = leases(database, 5, 1, 12).await;
    let beginning = leases.into_iter().enumerate().map(|(number, lease)| {
        let store: Store = if number % 2 == 0 { database.store.clone() } else { other.clone() };
        tokio::spawn(async move { store.begin_making(&lease, "hash", at(1)).await.unwrap() })
    });
    let beginning: Vec<_> = beginning.collect();
    let mut begun = 0;
    for making in beginning {
        begun += usize::from(making.await.expect("nobody panics") == Making::Begun);
    }
    assert_eq!(begun, 1);
}
