use super::*;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nrest";

fn stores() -> Vec<(Assets, Option<tempfile::TempDir>)> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let on_disk = Assets::folder(&folder.path().join("objects")).expect("the folder can be made");
    vec![(Assets::memory(), None), (on_disk, Some(folder))]
}

#[tokio::test]
async fn the_same_bytes_have_the_same_key_in_every_store() {
    for (assets, _folder) in stores() {
        let first = assets.put(Place::SceneImages, Bytes::from_static(PNG)).await.expect("stored");
        let second = assets.put(Place::SceneImages, Bytes::from_static(PNG)).await.expect("stored again");
        assert_eq!(first, second);
        assert!(first.key.starts_with("scenes/images/") && first.key.ends_with(".png"), "{}", first.key);
        assert_eq!(assets.get(&first.key).await.expect("there"), PNG);
        let head = assets.head(&first.key).await.expect("there");
        assert_eq!((head.bytes, head.media_type), (PNG.len() as u64, "image/png"));
        assets.delete(&first.key).await.expect("deleted");
        assets.delete(&first.key).await.expect("deleting twice is fine");
        assert!(matches!(assets.get(&first.key).await, Err(AssetError::NotFound(_))));
    }
}

#[tokio::test]
async fn files_are_streamed_in_and_parts_come_out() {
    for (assets, _folder) in stores() {
        let temp = tempfile::tempdir().expect("a temporary folder");
        let path = temp.path().join("big.png");
        let mut content = PNG.to_vec();
        content.extend((0..3_000_000u32).map(|index| (index % 251) as u8));
        std::fs::write(&path, &content).expect("written");
        let stored = assets.put_file(Place::Renders, &path).await.expect("stored");
        assert_eq!(stored.bytes, content.len() as u64);
        let parts: Vec<_> = assets.stream(&stored.key, 100..2_000_100).await.expect("a stream").collect().await;
        let joined: Vec<u8> = parts.into_iter().flat_map(|part| part.expect("a part").to_vec()).collect();
        assert_eq!(joined, content[100..2_000_100]);
        let local = assets.local_path(&stored.key, temp.path()).await.expect("a local file");
        assert_eq!(std::fs::read(local).expect("readable"), content);
    }
}

#[tokio::test]
async fn what_is_not_media_is_refused() {
    let assets = Assets::memory();
    let put = |bytes: &'static [u8]| assets.put(Place::Uploads, Bytes::from_static(bytes));
    assert!(matches!(put(b"<html>").await, Err(AssetError::UnknownMedia)));
    assert!(matches!(put(b"<svg onload=x>").await, Err(AssetError::UnknownMedia)));
    assert!(matches!(put(b"#EXTM3U\nhttp://x").await, Err(AssetError::UnknownMedia)));
    assert!(matches!(put(b"").await, Err(AssetError::Empty)));
    let missing = assets.put_file(Place::Uploads, Path::new("/nowhere/a b.png")).await.expect_err("no file");
    assert_eq!(missing.to_string(), "/nowhere/a b.png: there is no such file");
}

#[test]
fn only_own_keys_are_keys() {
    let hash = "0123456789abcdef0123456789abcdef";
    for (key, expected) in [
        (format!("scenes/images/{hash}.png"), true),
        (format!("renders/{hash}.mp4"), true),
        (format!("captions/{hash}.vtt"), true),
        (format!("captions/{hash}.ass"), true),
        (format!("scenes/images/{hash}.html"), false),
        (format!("scenes/images/../{hash}.png"), false),
        (format!("/etc/{hash}.png"), false),
        (format!("other/{hash}.png"), false),
        (format!("music/{}.wav", &hash[1..]), false),
        (format!("music/{}.wav", hash.to_uppercase()), false),
        ("shortsai.db".to_owned(), false),
        (String::new(), false),
    ] {
        assert_eq!(check_key(&key), expected, "{key}");
    }
}

#[test]
fn media_types_come_from_content() {
    let check = |head: &[u8], expected: Option<&str>| assert_eq!(sniff(head).map(|found| found.mime), expected, "{head:?}");
    check(b"\xff\xd8\xff\xe0", Some("image/jpeg"));
    check(b"RIFF\0\0\0\0WEBPVP8 ", Some("image/webp"));
    check(b"RIFF\0\0\0\0WAVEfmt ", Some("audio/wav"));
    check(b"\0\0\0\x20ftypisom", Some("video/mp4"));
    check(b"\0\0\0\x20ftypavif", Some("image/avif"));
    check(b"\0\0\0\x20ftypheic", None);
    check(b"ID3\x04", Some("audio/mpeg"));
    check(b"\xff\xfb\x90\x00", Some("audio/mpeg"));
    check(b"\xff\xff\xff\xff", None);
    check(b"ffconcat version 1.0", None);
    check(b"", None);
}
