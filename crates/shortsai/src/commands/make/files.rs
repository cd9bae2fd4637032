//! The files that settings name: music, a picture to go by, and pictures of characters. A script's stand beside it.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use assets::{Place, Stored};
use model::character::Picture;
use model::project::Asset;
use model::script::ScriptSettings;
use render::{FolderMedia, RenderError};

use crate::wiring::House;

/// The most bytes of a picture that vendors are to look at.
const MOST: u64 = 10 << 20;

/// The files as objects.
pub struct Kept {
    /// The user's own music.
    pub music: Option<Asset>,
    /// The key of the picture to go by.
    pub reference: Option<String>,
    /// The picture of each character.
    pub characters: Vec<Picture>,
}

/// All of them.
pub fn all(settings: &ScriptSettings, folder: &Path) -> Vec<PathBuf> {
    let pictures = pictures(settings).into_iter().map(|(_, file)| file);
    pictures.chain(settings.music_file.as_deref()).map(|file| folder.join(file)).collect()
}

/// The pictures with what they are, for sentences.
fn pictures(settings: &ScriptSettings) -> Vec<(String, &str)> {
    let characters = settings.characters.iter().map(|character| {
        let what = format!("line {}: the picture of {}", character.line, character.name);
        (what, character.picture.as_str())
    });
    settings.reference.iter().map(|file| ("reference".to_owned(), file.as_str())).chain(characters).collect()
}

/// Whether all of them can be used: known before anything is made. `name` is what names them, for the sentence.
pub fn check(settings: &ScriptSettings, folder: &Path, name: &str) -> anyhow::Result<()> {
    for (what, file) in pictures(settings) {
        if let Err(problem) = look(&folder.join(file)) {
            bail!("{name}: {what}: {file}: {problem}");
        }
    }
    let Some(file) = &settings.music_file else { return Ok(()) };
    match render::check_music(file, &FolderMedia::new(folder)) {
        Ok(()) => Ok(()),
        Err(RenderError::Music { file, problem }) => bail!("{name}: music: {file}: {problem}"),
        Err(error) => Err(error.into()),
    }
}

fn look(file: &Path) -> Result<(), String> {
    let unreadable = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file; check the name, it is looked for beside the script".to_owned(),
        _ => format!("it can't be read: {}", crate::fail::reason(&error)),
    };
    let meta = std::fs::metadata(file).map_err(unreadable)?;
    if meta.is_dir() {
        return Err("it is a folder, not a picture".to_owned());
    }
    if meta.len() > MOST {
        return Err(format!("it has {} bytes, and {MOST} are the most; make it smaller", meta.len()));
    }
    assets::check_picture(&std::fs::read(file).map_err(unreadable)?).map(|_| ()).map_err(|error| error.to_string())
}

/// Takes them into the object store.
pub async fn keep(house: &House, settings: &ScriptSettings, folder: &Path) -> anyhow::Result<Kept> {
    let put = async |place, file: &str| {
        let stored = house.assets.put_file(place, &folder.join(file)).await;
        stored.with_context(|| format!("{file} can't be kept"))
    };
    let music = match &settings.music_file {
        Some(file) => Some(given(put(Place::Music, file).await?)),
        None => None,
    };
    let reference = match &settings.reference {
        Some(file) => Some(put(Place::Uploads, file).await?.key),
        None => None,
    };
    let mut characters = Vec::new();
    for character in &settings.characters {
        let Stored { key, media_type, bytes: _ } = put(Place::Characters, &character.picture).await?;
        characters.push(Picture { key, media_type: media_type.to_owned() });
    }
    Ok(Kept { music, reference, characters })
}

/// What the user has brought.
pub fn given(Stored { key, media_type, bytes }: Stored) -> Asset {
    let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
    Asset { key, media_type: media_type.to_owned(), bytes, made_by: "given".to_owned(), credit: None }
}
