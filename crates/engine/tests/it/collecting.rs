//! Objects in a folder, whose times can be told; the clock is far ahead of them.

use assets::{AssetError, Assets, Place};
use chrono::{DateTime, Duration, Utc};
use engine::{Collected, Collecting, Count, collect};
use futures::TryStreamExt;

use crate::house::House;

/// Far later than whenever this test runs.
fn first() -> DateTime<Utc> {
    DateTime::from_timestamp(4_100_000_000, 0).expect("a time")
}

fn eight_days_later() -> DateTime<Utc> {
    first() + Duration::days(8)
}

fn collecting(dry_run: bool) -> Collecting {
    Collecting { holder: "test".to_owned(), grace: Duration::days(7), every: Duration::zero(), dry_run }
}

async fn stored(assets: &Assets, last: u8) -> String {
    let bytes = [b"\x89PNG\r\n\x1a\n".as_slice(), &[last]].concat();
    assets.put(Place::Uploads, bytes.into()).await.expect("stored").key
}

/// A folder of objects, and a database that names none of them.
async fn house() -> (House, Assets) {
    let house = House::new().await;
    let assets = Assets::folder(&house.folder.path().join("objects")).expect("a folder");
    (house, assets)
}

async fn run(house: &House, assets: &Assets, dry_run: bool, clock: fn() -> DateTime<Utc>) -> Collected {
    let done = collect((&house.store, assets), &collecting(dry_run), clock, &engine::no_step).await;
    done.expect("nothing fails").expect("nobody else collects")
}

async fn aside(assets: &Assets) -> Vec<String> {
    assets.list_aside().map_ok(|listed| listed.key).try_collect().await.expect("a listing")
}

const NINE_BYTES: Count = Count { objects: 1, bytes: 9 };

#[tokio::test]
async fn what_nobody_names_is_put_aside_and_removed_later() {
    let (house, assets) = house().await;
    let (named, unnamed) = (stored(&assets, 1).await, stored(&assets, 2).await);
    house.store.note_upload(house.owner, &named, first()).await.expect("noted");
    std::fs::create_dir_all(house.folder.path().join("objects/uploads")).expect("a folder");
    let old_name = house.folder.path().join("objects/uploads/9f1c2b3a-0000-4000-8000-0123456789ab.png");
    std::fs::write(&old_name, "an older installation's").expect("written");

    // Whatever is younger than the grace is left alone, as it would be at the real time.
    let now: fn() -> DateTime<Utc> = || DateTime::from_timestamp(1_000_000_000, 0).expect("a time");
    assert_eq!(run(&house, &assets, false, now).await, Collected { seen: 3, ..Collected::default() });
    let counted = Collected { seen: 3, aside: NINE_BYTES, ..Collected::default() };
    assert_eq!(run(&house, &assets, true, first).await, counted);
    assert_eq!(aside(&assets).await, Vec::<String>::new(), "a dry run does nothing");
    assert_eq!(run(&house, &assets, false, first).await, counted);
    assert_eq!(aside(&assets).await, std::slice::from_ref(&unnamed));
    assert_eq!(run(&house, &assets, false, first).await, Collected { seen: 2, ..Collected::default() }, "it lies for its time");
    let removed = Collected { seen: 2, removed: NINE_BYTES, ..Collected::default() };
    assert_eq!(run(&house, &assets, false, eight_days_later).await, removed);
    assert!(matches!(assets.get(&unnamed).await, Err(AssetError::NotFound(_))));
    assert!(assets.get(&named).await.is_ok() && old_name.exists());
}

#[tokio::test]
async fn what_is_named_or_stored_in_the_middle_of_a_sweep_is_not_lost() {
    let (house, assets) = house().await;
    let (named, again) = (stored(&assets, 1).await, stored(&assets, 2).await);
    // Between the look and the move: one begins to be named, the other is stored once more and named.
    let others = async |keys: Vec<String>| {
        assert_eq!(keys.len(), 2, "both look useless");
        house.store.note_upload(house.owner, &named, first()).await.expect("noted");
        assert_eq!(stored(&assets, 2).await, again);
        house.store.note_upload(house.owner, &again, first()).await.expect("noted");
    };
    let done = collect((&house.store, &assets), &collecting(false), first, &|keys| Box::pin(others(keys))).await;
    assert_eq!(done.expect("nothing fails").expect("nobody else collects").aside.objects, 2);
    assert_eq!(aside(&assets).await.len(), 2);
    // One is asked for and comes back; nobody asks for the other until its time is over.
    assert!(assets.get(&named).await.is_ok());
    let done = run(&house, &assets, false, eight_days_later).await;
    assert_eq!((done.back.objects, done.removed.objects), (2, 0));
    assert_eq!(aside(&assets).await, Vec::<String>::new());
    assert!(assets.get(&named).await.is_ok() && assets.get(&again).await.is_ok());
}

#[tokio::test]
async fn one_process_collects_at_a_time() {
    let (house, assets) = house().await;
    let others = async || {
        let other = Collecting { holder: "other".to_owned(), ..collecting(false) };
        let done = collect((&house.store, &assets), &other, first, &engine::no_step).await;
        assert!(done.expect("nothing fails").is_none(), "the first one still does");
    };
    stored(&assets, 1).await;
    collect((&house.store, &assets), &collecting(false), first, &|_| Box::pin(others()))
        .await
        .expect("nothing fails")
        .expect("it may");
    let daily = Collecting { every: Duration::days(1), ..collecting(false) };
    let done = collect((&house.store, &assets), &daily, first, &engine::no_step).await;
    assert!(done.expect("nothing fails").is_none(), "it was done just now");
}
