use super::*;

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
        ("scenes/images/9f1c2b3a-0000-4000-8000-0123456789ab.png".to_owned(), true),
        ("scenes/images/9f1c2b3a-0000-4000-8000-0123456789ab.jpeg".to_owned(), true),
        ("scenes/images/9f1c2b3a-0000-4000-8000-0123456789a.png".to_owned(), false),
        ("scenes/images/9f1c2b3a-0000-4000-8000-0123456789ab-1.png".to_owned(), false),
        ("renders/render_9f1c2b3a-0000-4000-8000-0123456789ab_1763900000.mp4".to_owned(), true),
        ("renders/render__1763900000.mp4".to_owned(), false),
        ("renders/render_../x_1.mp4".to_owned(), false),
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

#[test]
fn public_addresses_of_the_bucket_are_ours() {
    let assets = Assets::memory().with_public_urls(["https://media.example/".to_owned(), "https://old.example/x".to_owned()]);
    let key = "scenes/images/0123456789abcdef0123456789abcdef.jpg";
    let check = |url: &str, expected: Option<&str>| assert_eq!(assets.key_of_public_url(url).as_deref(), expected, "{url}");
    check(&format!("https://media.example/{key}"), Some(key));
    check(&format!("https://media.example/{key}?v=1#x"), Some(key));
    check(&format!("https://old.example/x/{key}"), Some(key));
    check(&format!("https://old.example/{key}"), None);
    check(&format!("https://media.example.evil.example/{key}"), None);
    check(&format!("https://media.example/x/{key}"), None);
    check(&format!("https://media.example/../{key}"), None);
    check(key, None);
}
