use chrono::Duration;

use crate::database::{Database, at};

pub async fn a_chore_is_done_by_one_and_not_too_often(database: &Database) {
    let store = &database.store;
    let (day, lease) = (Duration::days(1), Duration::minutes(10));
    let begin = async |holder: &str, second| store.begin_chore("sweep", holder, (day, lease), at(second)).await.unwrap();
    let keep = async |holder: &str, second| store.keep_chore("sweep", holder, lease, at(second)).await.unwrap();
    assert!(begin("one", 0).await);
    assert!(!begin("other", 0).await, "the first has it");
    assert!(store.begin_chore("another", "other", (day, lease), at(0)).await.unwrap(), "that is another chore");
    assert!(keep("one", 500).await);
    assert!(!begin("other", 1_099).await);
    assert!(begin("other", 1_100).await, "the first is dead");
    assert!(!keep("one", 1_101).await, "and hears of it");
    store.end_chore("sweep", "one", Some(at(1_102))).await.unwrap();
    assert!(keep("other", 1_103).await, "whoever has lost it ends nothing");
    store.end_chore("sweep", "other", None).await.unwrap();
    assert!(begin("one", 1_104).await, "it was not done");
    store.end_chore("sweep", "one", Some(at(1_105))).await.unwrap();
    assert!(!begin("one", 1_106).await, "it was done just now");
    assert!(begin("one", 1_105 + 24 * 3600).await);
}
