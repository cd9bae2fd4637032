use store::Made;

use crate::database::{Database, asset, at};

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
