use model::choice::Choice;
use store::{KeyOf, Vault};
use uuid::Uuid;

use crate::database::{Database, at, id};

const NONCE: [u8; 24] = [3; 24];

/// The keys as vendor, whether of a run, and secret.
async fn keys(database: &Database, project: Option<Uuid>, vault: &Vault, second: i64) -> Vec<(String, bool, Option<String>)> {
    let owner = database.owner(1).await;
    let keys = database.store.vendor_keys(owner, project, vault, at(second)).await.unwrap();
    keys.into_iter().map(|key| (key.vendor, key.of_run, key.secret)).collect()
}

fn key(vendor: &str, of_run: bool, secret: &str) -> (String, bool, Option<String>) {
    (vendor.to_owned(), of_run, Some(secret.to_owned()))
}

pub async fn keys_are_kept_for_their_user_and_run(database: &Database) {
    let (store, owner, vault) = (&database.store, database.owner(1).await, Vault::new("a secret of the server", &[]));
    let here = database.project_with_scenes(1, 1, 1).await;
    let elsewhere = database.project_with_scenes(2, 1, 1).await;
    let put = async |of, vendor, secret| store.put_vendor_key(owner, (of, vendor, secret), &vault, NONCE, at(0)).await.unwrap();
    let run = KeyOf::Run { project: here, until: at(60) };
    put(KeyOf::User, "gemini", "old").await;
    put(KeyOf::User, "gemini", "own").await;
    put(KeyOf::User, "suno", "song").await;
    put(run, "gemini", "of the run").await;
    let users = [key("gemini", false, "own"), key("suno", false, "song")];
    assert_eq!(keys(database, None, &vault, 1).await, users);
    assert_eq!(keys(database, Some(elsewhere), &vault, 1).await, users);
    let all = [&[key("gemini", true, "of the run")][..], &users].concat();
    assert_eq!(keys(database, Some(here), &vault, 60).await, all, "those of the run come first");
    assert_eq!(keys(database, Some(here), &vault, 61).await, users, "its time is over");

    let closed: Vec<_> = users.iter().map(|(vendor, of_run, _)| (vendor.clone(), *of_run, None)).collect();
    assert_eq!(keys(database, None, &Vault::new("another secret", &[]), 1).await, closed, "it is told that they are there");
    let turned = Vault::new("another secret", &["a secret of the server".to_owned()]);
    assert_eq!(keys(database, None, &turned, 1).await, users);

    let somebody = store.vendor_keys(id(99), None, &vault, at(1)).await.unwrap();
    assert!(somebody.is_empty());
    store.remove_vendor_key(owner, "gemini").await.unwrap();
    assert_eq!(keys(database, None, &vault, 1).await, [key("suno", false, "song")]);
}

pub async fn wishes_are_kept_for_their_user(database: &Database) {
    let (store, owner) = (&database.store, database.owner(1).await);
    assert_eq!(store.user_choice(owner).await.unwrap(), Choice::default());
    let choice = Choice { fallback: Some(true), ..Choice::default() }.with("image", "pexels");
    store.set_user_choice(owner, &choice).await.unwrap();
    assert_eq!(store.user_choice(owner).await.unwrap(), choice);
    assert_eq!(store.user_choice(id(99)).await.unwrap(), Choice::default());
}
