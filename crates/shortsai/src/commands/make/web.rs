//! Pictures and clips that a script names by addresses: fetched before anything is made, so that what can't be had is known.

use std::collections::HashMap;
use std::path::Path;

use anyhow::bail;
use assets::{Kind, Place, is_address};
use model::project::Asset;
use model::script::{Script, ScriptScene};

use super::files::given;
use crate::wiring::House;

/// What was fetched, by its address.
pub type Fetched = HashMap<String, Asset>;

/// The address of the scene's picture, if it has one.
pub fn address(scene: &ScriptScene) -> Option<&str> {
    scene.picture.as_deref().filter(|picture| is_address(picture))
}

/// Fetches all of them, each once.
pub async fn fetch(house: &House, script: &Script, path: &Path) -> anyhow::Result<Fetched> {
    let mut fetched = Fetched::new();
    for (index, scene) in script.scenes.iter().enumerate() {
        let Some(url) = address(scene).filter(|url| !fetched.contains_key(*url)) else { continue };
        match house.fetcher.fetch(&house.assets, Place::Uploads, url, &[Kind::Image, Kind::Video]).await {
            Ok(stored) => fetched.insert(url.to_owned(), given(stored)),
            Err(error) => bail!("{}: line {}: scene {}: {url}: {error}", path.display(), scene.line, index + 1),
        };
    }
    Ok(fetched)
}
