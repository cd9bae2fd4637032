//! What every store of objects must do. One function for all: they share its order.

use std::path::Path;
use std::time::Duration;

use assets::{AssetError, Assets, Kind, LinkTo, MediaType, Place, Taking};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::TryStreamExt;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nrest";
/// More than two parts of an upload.
const LARGE: usize = 20_000_000;

pub async fn check(assets: &Assets, now: DateTime<Utc>) {
    check_all_but_addresses(assets, now).await;
    addresses(assets, now).await;
    forgeries(assets, now).await;
}

/// For a server that checks who asks, and does not understand signed addresses then.
pub async fn check_all_but_addresses(assets: &Assets, now: DateTime<Utc>) {
    bytes(assets).await;
    files(assets).await;
    streams(assets).await;
    listings(assets, now).await;
    backups(assets).await;
}

async fn forgeries(assets: &Assets, now: DateTime<Utc>) {
    let Some((_, wrong)) = signed_put(assets, now).await else { return };
    let refused = reqwest::Client::new().put(wrong).body(PNG).send().await.expect("an answer").status();
    assert_eq!(refused, 403, "a signature that is none");
}

/// A bucket's address for bringing an object, and one with a signature that is none.
async fn signed_put(assets: &Assets, now: DateTime<Utc>) -> Option<(String, String)> {
    let key = Assets::stored_as(Place::Renders, &Bytes::from_static(PNG)).expect("a picture").key;
    let right = assets.sign_put(&key, Duration::from_secs(3600), now).await.expect("signed");
    let (front, signature) = right.split_once("X-Amz-Signature=")?;
    let wrong = format!("{front}X-Amz-Signature={}", signature.chars().rev().collect::<String>());
    Some((right, wrong))
}

async fn bytes(assets: &Assets) {
    let first = assets.put(Place::SceneImages, Bytes::from_static(PNG)).await.expect("stored");
    assert_eq!(assets.put(Place::SceneImages, Bytes::from_static(PNG)).await.expect("stored again"), first);
    assert!(first.key.starts_with("scenes/images/") && first.key.ends_with(".png"), "{}", first.key);
    assert_eq!(assets.get(&first.key).await.expect("there"), PNG);
    let head = assets.head(&first.key).await.expect("there");
    assert_eq!((head.bytes, head.media_type), (PNG.len() as u64, "image/png"));
    let captions = assets.put_text(Place::Captions, MediaType::VTT, "WEBVTT\n".to_owned()).await.expect("stored");
    assert_eq!(assets.get(&captions.key).await.expect("there"), "WEBVTT\n");
    for key in [&first.key, &captions.key] {
        assets.delete(key).await.expect("deleted");
        assets.delete(key).await.expect("deleting twice is fine");
        assert!(matches!(assets.get(key).await, Err(AssetError::NotFound(_))));
        assert!(matches!(assets.head(key).await, Err(AssetError::NotFound(_))));
    }
}

fn large() -> Vec<u8> {
    let mut content = PNG.to_vec();
    content.extend((0..LARGE).map(|index| (index % 251) as u8));
    content
}

async fn files(assets: &Assets) {
    let temp = tempfile::tempdir().expect("a temporary folder");
    let path = temp.path().join("large.png");
    let content = large();
    std::fs::write(&path, &content).expect("written");
    let stored = assets.put_file(Place::Renders, &path).await.expect("stored");
    assert_eq!(stored.bytes, content.len() as u64);
    assert_eq!(assets.put_file(Place::Renders, &path).await.expect("stored again"), stored);
    for range in [0..1, 100..9_000_000, content.len() as u64 - 3..content.len() as u64] {
        let parts = assets.stream(&stored.key, range.clone()).await.expect("a stream");
        let joined = parts.map_ok(|part| part.to_vec()).try_concat().await.expect("all of it");
        assert!(joined == content[range.start as usize..range.end as usize], "{range:?}");
    }
    let local = assets.local_path(&stored.key, temp.path()).await.expect("a local file");
    assert!(std::fs::read(local).expect("readable") == content);
    let parts = std::fs::read_dir(temp.path()).expect("readable").filter_map(Result::ok);
    let parts = parts.filter(|file| file.file_name().to_string_lossy().starts_with("part-")).count();
    assert_eq!(parts, 0, "nothing half-done stays behind");
    assert!(assets.check_content(&stored.key).await.expect("readable"));
    let none = assets.local_path("renders/0123456789abcdef0123456789abcdef.mp4", temp.path()).await;
    assert!(matches!(none, Err(AssetError::NotFound(_))));
    assert!(assets.put_file(Place::Renders, Path::new("/nowhere/a.png")).await.is_err());
    assets.delete(&stored.key).await.expect("deleted");
}

async fn streams(assets: &Assets) {
    let content = large();
    let most = content.len() as u64;
    let pictures = Taking { most, kinds: &[Kind::Image] };
    let put = async |mut bytes: &[u8], taking| assets.put_stream(Place::Uploads, &mut bytes, taking).await;
    let stored = put(&content, pictures).await.expect("stored");
    assert_eq!(stored, Assets::stored_as(Place::Uploads, &Bytes::from(content.clone())).expect("a picture"));
    assert!(assets.get(&stored.key).await.expect("there") == content);
    assets.delete(&stored.key).await.expect("deleted");
    assert!(matches!(put(&content, Taking { most: most - 1, ..pictures }).await, Err(AssetError::TooLarge(_))));
    assert!(matches!(
        put(&content, Taking { kinds: &[Kind::Audio], ..pictures }).await,
        Err(AssetError::WrongMedia("image/png"))
    ));
    assert!(matches!(put(b"<html>", pictures).await, Err(AssetError::UnknownMedia)));
    assert!(matches!(put(b"", pictures).await, Err(AssetError::Empty)));
    assert!(matches!(assets.head(&stored.key).await, Err(AssetError::NotFound(_))), "nothing of all that was kept");
}

/// They are kept beside the objects, where no collector sees them.
async fn backups(assets: &Assets) {
    let folder = tempfile::tempdir().expect("a folder");
    let (large, small) = (folder.path().join("large"), folder.path().join("small"));
    std::fs::write(&large, vec![7; LARGE]).expect("written");
    std::fs::write(&small, "{}").expect("written");
    let name = "shortsai-20270115T080000Z-0123abcd.pgdump.age";
    assets.put_backup(name, &large).await.expect("stored");
    assets.put_backup("shortsai-20270115T080000Z-0123abcd.json", &small).await.expect("stored");
    let expected = [("shortsai-20270115T080000Z-0123abcd.json".to_owned(), 2), (name.to_owned(), LARGE as u64)];
    assert_eq!(assets.list_backups().await.expect("listed"), expected);
    let listed: Vec<_> = assets.list().try_collect().await.expect("listed");
    assert!(!listed.iter().any(|object| object.key.contains("backup")), "{listed:?}");
    let back = folder.path().join("back");
    assets.fetch_backup(name, &back).await.expect("fetched");
    assert!(std::fs::read(&back).expect("there") == vec![7; LARGE]);
    assert!(matches!(assets.fetch_backup("other", &folder.path().join("no")).await, Err(AssetError::NotFound(_))));
    for (wrong, _) in expected.iter().map(|(name, _)| (format!("../{name}"), ())) {
        assert!(matches!(assets.put_backup(&wrong, &small).await, Err(AssetError::NotFound(_))), "{wrong}");
    }
    for (name, _) in &expected {
        assets.delete_backup(name).await.expect("removed");
        assets.delete_backup(name).await.expect("removing twice is fine");
    }
    assert_eq!(assets.list_backups().await.expect("listed"), []);
}

async fn listings(assets: &Assets, now: DateTime<Utc>) {
    let listed = async || {
        let mut keys: Vec<_> = assets.list().map_ok(|listed| listed.key).try_collect().await.expect("a listing");
        keys.sort();
        keys
    };
    let aside = async || {
        let keys: Vec<_> = assets.list_aside().try_collect().await.expect("a listing");
        keys.into_iter().map(|listed| (listed.key, listed.bytes)).collect::<Vec<_>>()
    };
    assert_eq!(listed().await, Vec::<String>::new());
    let put = async |last: u8| {
        let bytes = Bytes::from([PNG, &[last]].concat());
        assets.put(Place::SceneImages, bytes).await.expect("stored").key
    };
    let (one, other) = (put(1).await, put(2).await);
    let mut both = vec![one.clone(), other.clone()];
    both.sort();
    assert_eq!(listed().await, both);

    assets.put_aside(std::slice::from_ref(&one), now).await.expect("put aside");
    assets.put_aside(std::slice::from_ref(&one), now).await.expect("what is not there need not be put aside");
    assert_eq!(listed().await, std::slice::from_ref(&other));
    assert_eq!(aside().await, [(one.clone(), PNG.len() as u64 + 1)]);
    // Whoever asks gets it back.
    assert_eq!(assets.head(&one).await.expect("there again").bytes, PNG.len() as u64 + 1);
    assert_eq!(listed().await, both);
    assets.put_aside(std::slice::from_ref(&one), now).await.expect("put aside");
    assert_eq!(assets.get(&one).await.expect("there again").last(), Some(&1));
    // And whoever stores it again, too.
    assets.put_aside(&both, now).await.expect("put aside");
    assert_eq!(put(1).await, one);
    assert_eq!(listed().await, std::slice::from_ref(&one));

    assets.remove_aside(&both).await.expect("removed");
    assets.remove_aside(&both).await.expect("removing twice is fine");
    assert_eq!(aside().await, []);
    assert!(matches!(assets.get(&other).await, Err(AssetError::NotFound(_))));
    assert!(!assets.put_back(&other).await.expect("asked"));
    assert_eq!(assets.get(&one).await.expect("there").last(), Some(&1));
    assets.delete(&one).await.expect("deleted");
    assert_eq!(listed().await, Vec::<String>::new());
}

/// Signed addresses: of a bucket they are asked, those of this server are checked, since the route is elsewhere.
pub async fn addresses(assets: &Assets, now: DateTime<Utc>) {
    let hour = Duration::from_secs(3600);
    let stored = Assets::stored_as(Place::Renders, &Bytes::from_static(PNG)).expect("a picture");
    let put = assets.sign_put(&stored.key, hour, now).await.expect("signed");
    let get = assets.sign_get(&stored.key, hour, now).await.expect("signed");
    assert!(put.contains(&stored.key) && get.contains(&stored.key), "{put} {get}");
    if let Some(query) = get.strip_prefix(&format!("https://shorts.example/files/{}?expires=", stored.key)) {
        let (expires, signature) = query.split_once("&signature=").expect("a signature");
        assert!(assets.check_link(LinkTo::Get, &stored.key, expires.parse().expect("a number"), signature, now));
        let mut content = PNG;
        assert_eq!(assets.receive(&stored.key, &mut content, 1_000).await.expect("it is the one"), stored);
        let mut other: &[u8] = b"\x89PNG\r\n\x1a\nother";
        assert!(matches!(assets.receive(&stored.key, &mut other, 1_000).await, Err(AssetError::OtherContent(_))));
    } else {
        let client = reqwest::Client::new();
        assert!(!client.get(&get).send().await.expect("an answer").status().is_success(), "there is nothing yet");
        let done = client.put(&put).body(PNG).send().await.expect("an answer");
        assert!(done.status().is_success(), "{done:?}");
        let body = client.get(&get).send().await.expect("an answer").bytes().await.expect("a body");
        assert_eq!(body, PNG);
    }
    assert!(assets.check_content(&stored.key).await.expect("readable"));
    assets.delete(&stored.key).await.expect("deleted");
}
