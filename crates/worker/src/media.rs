//! The media of a storyboard as local files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use assets::{Assets, Fetcher, Kind, Place, is_address};
use model::storyboard::Storyboard;
use render::Media;

use crate::error::WorkerError;

/// What a scene can show.
const SHOWN: [Kind; 2] = [Kind::Image, Kind::Video];
/// What can be heard.
const HEARD: [Kind; 1] = [Kind::Audio];

/// Names in the storyboard and the local files behind them.
pub(crate) struct Fetched(BTreeMap<String, PathBuf>);

impl Media for Fetched {
    fn path(&self, name: &str) -> Result<PathBuf, String> {
        self.0.get(name).cloned().ok_or_else(|| "it was not fetched".to_owned())
    }
}

/// Makes every medium of the storyboard a local file, in `temp` where it is not one already. With a fetcher media may also be
/// addresses.
pub(crate) async fn fetch(
    storyboard: &Storyboard,
    (assets, fetcher): (&Assets, Option<&Fetcher>),
    temp: &Path,
) -> Result<Fetched, WorkerError> {
    let mut files = BTreeMap::new();
    for (name, kinds) in media(storyboard) {
        if !files.contains_key(name) {
            let failed = |source| WorkerError::Fetch { key: name.to_owned(), source };
            let key = match (is_address(name), fetcher) {
                (false, _) | (true, None) => name.to_owned(),
                (true, Some(fetcher)) => match assets.key_of_public_url(name) {
                    Some(key) => key,
                    // It stays in the bucket until it is collected: the next render of the same storyboard finds it there.
                    None => {
                        let fetched = fetcher.fetch(assets, Place::Uploads, name, kinds).await;
                        fetched.map_err(|source| WorkerError::Address { address: name.to_owned(), source })?.key
                    }
                },
            };
            files.insert(name.to_owned(), assets.local_path(&key, temp).await.map_err(failed)?);
        }
    }
    Ok(Fetched(files))
}

fn media(storyboard: &Storyboard) -> impl Iterator<Item = (&str, &'static [Kind])> {
    let scenes = storyboard.scenes.iter().flat_map(|scene| {
        // A still behind a clip is not shown, so it is not fetched.
        let picture = scene.video_url.as_deref().or(scene.image_url.as_deref());
        [picture.map(|name| (name, &SHOWN[..])), scene.audio_url.as_deref().map(|name| (name, &HEARD[..]))].into_iter().flatten()
    });
    scenes.chain(storyboard.bg_music_url.as_deref().map(|name| (name, &HEARD[..])))
}
