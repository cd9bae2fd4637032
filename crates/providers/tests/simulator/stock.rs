//! Openverse, Pexels and Pixabay.

use providers::simulator::FaultKind;
use serde_json::{Value, json};

use super::client::{get, misbehave, path_of, send, start};

#[test]
fn openverse_tells_author_licence_and_source() {
    let simulator = start();
    let search = |more: &str| get(&simulator, &format!("/openverse/v1/images/?q=deep%20sea&license_type=commercial{more}"), &[]);
    let found = search("&aspect_ratio=tall&page_size=5").json();
    let results = found["results"].as_array().cloned().unwrap_or_default();
    assert_eq!((results.len(), &found["result_count"]), (5, &json!(60)));
    for name in [
        "id",
        "title",
        "creator",
        "creator_url",
        "license",
        "license_version",
        "license_url",
        "source",
        "attribution",
        "foreign_landing_url",
    ] {
        assert!(results[0][name].as_str().is_some_and(|text| !text.is_empty()), "{name}");
    }
    assert!(results.iter().all(|image| image["height"].as_u64() > image["width"].as_u64() && image["license"] != "by-nc"));
    let file = get(&simulator, &path_of(&results[0]["thumbnail"]), &[]);
    assert!(image::load_from_memory(&file.body).is_ok_and(|picture| picture.height() > picture.width()));
    assert_eq!(search("&page_size=50").status, 401);
    let form = b"client_id=me&client_secret=secret&grant_type=client_credentials";
    assert!(send(&simulator, "POST", "/openverse/v1/auth_tokens/token/", &[], form).json()["access_token"].is_string());
    misbehave(&simulator, "openverse", "stock", FaultKind::RateLimited);
    let throttled = search("");
    assert_eq!(
        (throttled.status, throttled.json()),
        (429, json!({ "detail": "Request was throttled. Expected available in 7 seconds." }))
    );
}

#[test]
fn pexels_finds_photographs_and_clips() {
    let simulator = start();
    let search = |path: &str, key: &str| {
        get(&simulator, &format!("/pexels/v1{path}?query=bees&orientation=portrait&per_page=2"), &[("authorization", key)])
    };
    let photos = search("/search", "good-key-0123456789").json();
    let photo = &photos["photos"][0];
    assert!(photo["photographer"].is_string() && photo["photographer_url"].is_string() && photo["url"].is_string(), "{photo}");
    let file = get(&simulator, &path_of(&photo["src"]["medium"]), &[]);
    assert_eq!(file.header("content-type").as_deref(), Some("image/jpeg"));
    let videos = search("/videos/search", "good-key-0123456789").json();
    let video = &videos["videos"][0];
    let smallest = video["video_files"].as_array().and_then(|files| files.last()).cloned().unwrap_or_default();
    assert!(smallest["height"].as_u64() > smallest["width"].as_u64() && video["user"]["name"].is_string(), "{video}");
    let clip = get(&simulator, &path_of(&smallest["link"]), &[]);
    assert_eq!(clip.body.get(4..8), Some(&b"ftyp"[..]));
    assert_eq!(search("/search", "bad").status, 401);
    misbehave(&simulator, "pexels", "stock", FaultKind::Empty);
    assert_eq!(search("/search", "good-key-0123456789").json()["photos"], json!([]));
}

#[test]
fn pixabay_takes_its_key_in_the_query_and_tells_errors_as_text() {
    let simulator = start();
    let search = |path: &str, key: &str| {
        get(&simulator, &format!("/pixabay/api/{path}?key={key}&q=bees&orientation=vertical&per_page=3"), &[])
    };
    let photos: Value = search("", "good-key-0123456789").json();
    let hit = &photos["hits"][0];
    assert!(
        hit["user"].is_string() && hit["pageURL"].is_string() && hit["imageHeight"].as_u64() > hit["imageWidth"].as_u64(),
        "{hit}"
    );
    assert_eq!(get(&simulator, &path_of(&hit["webformatURL"]), &[]).status, 200);
    let videos = search("videos/", "good-key-0123456789").json();
    assert!(videos["hits"][0]["videos"]["tiny"]["url"].is_string());
    let bad = search("", "bad");
    assert!(bad.status == 400 && bad.text().starts_with("[ERROR 400] Invalid or missing API key"), "{}", bad.text());
    let ledger = get(&simulator, "/ledger", &[]).text();
    assert!(!ledger.contains("0123456789"), "{ledger}");
}
