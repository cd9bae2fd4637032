//! The media of a storyboard as local files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use assets::Assets;
use model::storyboard::Storyboard;
use render::Media;

use crate::error::WorkerError;

/// Object keys and the local files behind them.
pub(crate) struct Fetched(BTreeMap<String, PathBuf>);

impl Media for Fetched {
    fn path(&self, name: &str) -> Result<PathBuf, String> {
        self.0.get(name).cloned().ok_or_else(|| "it was not fetched".to_owned())
    }
}

/// Makes every medium of the storyboard a local file, in `temp` where it is not one already.
pub(crate) async fn fetch(storyboard: &Storyboard, assets: &Assets, temp: &Path) -> Result<Fetched, WorkerError> {
    let mut files = BTreeMap::new();
    for key in keys(storyboard) {
        if !files.contains_key(key) {
            let path = assets.local_path(key, temp).await.map_err(|source| WorkerError::Fetch { key: key.to_owned(), source })?;
            files.insert(key.to_owned(), path);
        }
    }
    Ok(Fetched(files))
}

fn keys(storyboard: &Storyboard) -> impl Iterator<Item = &str> {
    let scenes = storyboard.scenes.iter().flat_map(|scene| {
        // A still behind a clip is not shown, so it is not fetched.
        let picture = scene.video_url.as_deref().or(scene.image_url.as_deref());
        [picture, scene.audio_url.as_deref()].into_iter().flatten()
    });
    scenes.chain(storyboard.bg_music_url.as_deref())
}
