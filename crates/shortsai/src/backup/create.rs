//! Taking a backup while others go on writing: the database as it is at one moment, into every place.

use std::path::Path;

use anyhow::{Context, ensure};
use chrono::{DateTime, Utc};
use store::RawDatabase;
use uuid::Uuid;

use crate::backup::manifest::Kind;
use crate::backup::place::Place;
use crate::backup::sealing::{Sealed, seal};
use crate::backup::{Lock, Manifest, postgres, workshop};

/// What to take a backup of, and how.
#[derive(Clone)]
pub struct Taking {
    /// The database. May hold a password.
    pub url: String,
    pub places: Vec<Place>,
    pub lock: Lock,
}

/// Takes one. `room` is a folder with room for the whole database; `id` makes its name its own.
pub async fn create(taking: &Taking, room: &Path, id: Uuid, now: DateTime<Utc>) -> anyhow::Result<Manifest> {
    let open = taking.lock.encryption() == crate::backup::manifest::Encryption::None;
    let public = taking.places.iter().any(|place| matches!(place, Place::Bucket(assets) if assets.is_public()));
    ensure!(
        !(open && public),
        "the bucket is public, so a backup in it must be encrypted; set backup.recipients or a passphrase (docs/backup.md)"
    );
    let workshop = workshop(room)?;
    let plain = workshop.path().join("plain");
    let kind = Kind::of_url(&taking.url);
    let database = RawDatabase::open(&taking.url).await?;
    let contents = match kind {
        Kind::Sqlite => {
            database.copy_to(&plain).await?;
            let copy = RawDatabase::open(&format!("sqlite://{}", plain.display())).await?;
            let contents = copy.contents().await?;
            copy.close().await?;
            contents
        }
        Kind::Postgres => {
            let moment = database.moment().await?;
            postgres::dump(&taking.url, &moment.id, &plain).await?;
            moment.contents
        }
    };
    database.close().await?;
    ensure!(!contents.steps.is_empty(), "this is no database of ShortsAI: it has no schema; nothing was backed up");
    let mut manifest = Manifest::new(kind, contents, taking.lock.encryption(), id, now);
    let file = workshop.path().join(&manifest.file);
    let (to, lock) = (file.clone(), taking.lock.clone());
    let sealed = tokio::task::spawn_blocking(move || seal(kind, &plain, &lock, &to)).await.context("the writing thread died")?;
    let Sealed { bytes, sha256 } = sealed?;
    manifest = Manifest { bytes, sha256, ..manifest };
    for place in &taking.places {
        place.put(&manifest, &file).await.with_context(|| format!("the backup can't be kept {}", place.whereabouts()))?;
    }
    Ok(manifest)
}
