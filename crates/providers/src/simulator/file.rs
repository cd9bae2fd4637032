//! Files behind links: made when they are first fetched, and the server that hands them out without a key.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::json;

use super::call::{Asked, Call, Key, hash};
use super::fault::FaultKind;
use super::media::{self, ClipOrder, Media, PictureOrder, SongOrder, SpeechOrder};
use super::reply::Reply;
use super::vendor::{Trouble, Vendor};
use super::world::World;

/// How to make a file.
#[derive(Debug, Clone)]
pub(super) enum Recipe {
    Picture(PictureOrder),
    Speech(SpeechOrder),
    Song(SongOrder),
    Clip(ClipOrder),
    /// It is made already.
    Ready(Media),
}

impl Recipe {
    /// Makes it.
    ///
    /// # Errors
    /// When a program is missing that it needs.
    pub(super) fn make(&self) -> Result<Media, String> {
        match self {
            Self::Picture(order) => Ok(media::picture(order)),
            Self::Speech(order) => media::speech(order).map(|spoken| spoken.media),
            Self::Song(order) => media::song(order),
            Self::Clip(order) => media::clip(order),
            Self::Ready(media) => Ok(media.clone()),
        }
    }
}

/// All files, by their ids.
#[derive(Debug, Default)]
pub(super) struct Files {
    files: Mutex<HashMap<String, Recipe>>,
}

impl Files {
    /// Keeps a recipe under an id that follows from `name`, so that the same thing is always in the same place.
    pub(super) fn keep(&self, name: &str, recipe: Recipe) -> String {
        let id = hash(name.as_bytes())[..20].to_owned();
        self.files().entry(id.clone()).or_insert(recipe);
        id
    }

    /// The file with this id, made now if it was not. `None` when there is none.
    pub(super) fn fetch(&self, id: &str) -> Option<Result<Media, String>> {
        let recipe = self.files().get(id).cloned()?;
        if let Recipe::Ready(media) = recipe {
            return Some(Ok(media));
        }
        let made = recipe.make();
        if let Ok(media) = &made {
            self.files().insert(id.to_owned(), Recipe::Ready(media.clone()));
        }
        Some(made)
    }

    fn files(&self) -> MutexGuard<'_, HashMap<String, Recipe>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps a recipe and answers its public link, which ends with `extension`.
pub(super) fn public_link(world: &World, name: &str, recipe: Recipe, extension: &str) -> String {
    let id = world.files.keep(name, recipe);
    world.link(&format!("/files/{id}.{extension}"))
}

/// The server of public links: `/files/ID.EXTENSION`.
pub(super) struct FileServer;

impl Vendor for FileServer {
    fn name(&self) -> &'static str {
        "files"
    }

    fn key(&self, _: &Call) -> Key {
        Key::NotNeeded
    }

    fn read(&self, _: &Call) -> Asked {
        Asked::new("download", "")
    }

    fn trouble(&self, trouble: &Trouble, _: &Call, _: &Asked) -> Reply {
        let (status, message) = match trouble {
            Trouble::NoKey | Trouble::BadKey => (403, "Forbidden"),
            Trouble::NoMoney => (402, "Payment Required"),
            Trouble::NoModel | Trouble::NoRoute => (404, "Not Found"),
            Trouble::TooMany(_) => (429, "Too Many Requests"),
            Trouble::Broken => (500, "Internal Server Error"),
            Trouble::Overloaded(_) => (503, "Service Unavailable"),
        };
        let wish = match trouble {
            Trouble::TooMany(after) | Trouble::Overloaded(after) => *after,
            _ => None,
        };
        Reply::json(status, &json!({ "message": message })).retry_after(wish)
    }

    fn answer(&self, world: &World, call: &Call, asked: &Asked, bend: Option<FaultKind>) -> Reply {
        let id = call.path.split('.').next().unwrap_or_default();
        match world.files.fetch(id) {
            _ if !call.is_get() => self.trouble(&Trouble::NoRoute, call, asked),
            None => self.trouble(&Trouble::NoRoute, call, asked),
            Some(Ok(media)) => match bend {
                Some(FaultKind::Empty) => Reply::nothing(media.media_type),
                Some(FaultKind::WrongMediaType) => Reply::file(media.mislabelled()),
                _ => Reply::file(media),
            },
            Some(Err(problem)) => Reply::json(500, &json!({ "message": problem })),
        }
    }
}
