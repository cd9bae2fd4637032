//! Older workers: they want addresses instead of keys, and give back a video without captions and thumbnail.

use std::time::Duration;

use assets::Assets;
use chrono::{DateTime, Utc};
use model::project::RenderOutput;
use model::storyboard::Storyboard;
use serde_json::Value;

use super::target::Trouble;
use super::{Undone, failed};
use crate::job::{WorkerOptions, finish_video};

/// How long the addresses are good: longer than a render takes.
const GOOD_FOR: Duration = Duration::from_secs(6 * 3600);
/// Where older workers put their videos.
const FOLDER: &str = "renders/";

/// Gives every medium of a payload an address that can be fetched without a key.
pub(super) async fn translate(payload: &mut Value, assets: &Assets, now: DateTime<Utc>) -> Result<(), Trouble> {
    let mut places: Vec<&mut Value> = Vec::new();
    if let Value::Object(fields) = payload {
        for (name, value) in fields {
            match (name.as_str(), value) {
                ("bgMusicUrl", value) => places.push(value),
                ("scenes", Value::Array(scenes)) => {
                    let media = scenes.iter_mut().filter_map(Value::as_object_mut).flatten();
                    places.extend(
                        media
                            .filter(|(name, _)| ["imageUrl", "videoUrl", "audioUrl"].contains(&name.as_str()))
                            .map(|(_, value)| value),
                    );
                }
                _ => {}
            }
        }
    }
    for place in places {
        if let Some(key) = place.as_str() {
            let address = assets.sign_get(key, GOOD_FOR, now).await;
            *place = address.map_err(|error| Trouble::Fatal(format!("the render worker can't be given {key}: {error}")))?.into();
        }
    }
    Ok(())
}

/// Takes over a video that an older worker has put into the bucket, and makes what belongs to it.
pub(super) async fn finish(
    url: &str,
    storyboard: &Storyboard,
    assets: &Assets,
    options: &WorkerOptions,
) -> Result<RenderOutput, Undone> {
    let Some(name) = url.split(['?', '#']).next().and_then(|path| path.rsplit_once(FOLDER)).map(|(_, name)| name) else {
        return Err(failed(format!("the render worker put its video at {url}, which is not in our bucket"), false));
    };
    let finished = finish_video(&format!("{FOLDER}{name}"), storyboard.clone(), assets, options).await;
    finished.map_err(|error| failed(format!("taking over the render worker's video: {error}"), error.may_pass()))
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn all_media_get_addresses_and_nothing_else_does() {
        let assets = Assets::memory().with_links("https://api.example", SecretString::from("secret"));
        let stored = assets
            .put(assets::Place::SceneImages, bytes::Bytes::from_static(b"\x89PNG\r\n\x1a\n0000000000000000"))
            .await
            .expect("stores");
        let key = stored.key.as_str();
        let mut payload = json!({
            "projectId": key, "bgMusicUrl": key, "title": key,
            "scenes": [{ "imageUrl": key, "videoUrl": null, "narration": key }, { "audioUrl": key }],
        });
        translate(&mut payload, &assets, DateTime::UNIX_EPOCH).await.expect("translates");
        let is_address = |value: &Value| value.as_str().is_some_and(|text| text.starts_with("https://api.example/files/"));
        for place in ["/bgMusicUrl", "/scenes/0/imageUrl", "/scenes/1/audioUrl"] {
            assert!(is_address(payload.pointer(place).expect("it is there")), "{place}: {payload}");
        }
        assert_eq!(
            (&payload["projectId"], &payload["title"], &payload["scenes"][0]["narration"]),
            (&json!(key), &json!(key), &json!(key))
        );
    }
}
