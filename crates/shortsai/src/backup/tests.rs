//! Backups in a bucket, as far as that shows without one: the same calls on a store in memory.

use assets::Assets;

use crate::backup::create::{Taking, create};
use crate::backup::place::Place;
use crate::backup::prune::{Keep, prune};
use crate::backup::restore::{Wish, restore};
use crate::backup::verify::{Ground, verify};
use crate::backup::{Keys, Lock};
use crate::wiring::{new_id, now};

#[tokio::test]
async fn a_bucket_keeps_them_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("shortsai.db").display());
    let store = store::open(&url).await.expect("opens");
    store.local_owner(now()).await.expect("somebody is there");
    let place = Place::Bucket(Assets::memory());
    let taking = Taking { url: url.clone(), places: vec![place.clone()], lock: Lock::Open };
    let first = create(&taking, folder.path(), new_id(), now()).await.expect("taken");
    let second = create(&taking, folder.path(), new_id(), now()).await.expect("taken while the database is open");
    let listed = place.list().await.expect("listed");
    assert!(listed.iter().all(|found| found.manifest.is_ok() && found.files.len() == 2));
    assert_eq!(listed.len(), 2);
    drop(store);

    let ground = Ground { url, room: folder.path().to_owned(), keys: Keys::default() };
    verify(&ground, &place, &second, new_id()).await.expect("good");
    let wish = Wish { disconnect: false };
    let before = restore(&ground, (&place, &first), &wish, new_id(), now()).await.expect("restored");
    assert!(before.expect("there was one").contains("shortsai.db.before_"));
    let keep = Keep { last: 1, daily: 0, weekly: 0, monthly: 0 };
    assert_eq!(prune(&place, keep, true, now()).await.expect("looked").len(), 1);
    assert_eq!(prune(&place, keep, false, now()).await.expect("removed").len(), 1);
    assert_eq!(place.list().await.expect("listed").len(), 1);
}

#[tokio::test]
async fn a_public_bucket_takes_no_open_backup() {
    let folder = tempfile::tempdir().expect("a folder");
    let public = Assets::memory().with_public_urls(["https://media.example".to_owned()]);
    let url = format!("sqlite://{}", folder.path().join("shortsai.db").display());
    let taking = Taking { url, places: vec![Place::Bucket(public)], lock: Lock::Open };
    let error = create(&taking, folder.path(), new_id(), now()).await.expect_err("refused").to_string();
    assert!(error.contains("must be encrypted"), "{error}");
}
