//! Bringing a backup back to life beside the database, and seeing whether all of it is there.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use store::{Contents, PostgresServer, RawDatabase};
use tempfile::TempDir;
use uuid::Uuid;

use crate::backup::manifest::Kind;
use crate::backup::place::Place;
use crate::backup::{Keys, Manifest, postgres, sealing, workshop};

/// Where it is brought back to.
#[derive(Clone)]
pub struct Ground {
    /// The database that is in use, or was. May hold a password.
    pub url: String,
    /// A folder with room for the whole database.
    pub room: PathBuf,
    pub keys: Keys,
}

/// A database out of a backup, which nobody uses yet.
pub enum Scratch {
    /// A file in a folder that goes with this.
    File(PathBuf, TempDir),
    /// A database beside the one that is in use.
    Database(PostgresServer, String),
}

/// Restores a backup into a scratch database, counts every table and throws it away.
pub async fn verify(ground: &Ground, place: &Place, manifest: &Manifest, id: Uuid) -> anyhow::Result<Contents> {
    let scratch = bring_back(ground, place, manifest, id).await?;
    let contents = Ok(manifest.contents());
    scratch.discard().await?;
    contents
}

/// Restores a backup into a scratch database, which has all that the backup's manifest tells of.
pub async fn bring_back(ground: &Ground, place: &Place, manifest: &Manifest, id: Uuid) -> anyhow::Result<Scratch> {
    let name = &manifest.name;
    if let Some(step) = manifest.contents().newer_step() {
        bail!("the backup {name} was made by a newer version of ShortsAI (it knows {step}); update ShortsAI");
    }
    let workshop = workshop(&ground.room)?;
    let file = place.fetch(&manifest.file, workshop.path()).await?;
    let plain = workshop.path().join("plain");
    let (of, keys, to) = (manifest.clone(), ground.keys.clone(), plain.clone());
    let unsealed = tokio::task::spawn_blocking(move || {
        sealing::check(&of, &file)?;
        sealing::unseal(&of, &file, &keys, &to)
    });
    unsealed.await.context("the reading thread died")??;
    let scratch = match manifest.database {
        Kind::Sqlite => Scratch::File(plain, workshop),
        Kind::Postgres => {
            if Kind::of_url(&ground.url) != Kind::Postgres {
                bail!("the backup {name} is of PostgreSQL; name a database on a server of it by DATABASE_URL");
            }
            in_postgres(ground, &plain, id).await?
        }
    };
    match scratch.differs(manifest).await {
        Ok(None) => Ok(scratch),
        Ok(Some(difference)) => {
            scratch.discard().await?;
            bail!("the backup {name} can't be trusted: {difference}; take another backup")
        }
        Err(error) => {
            // What went wrong first is the one to report.
            let _ = scratch.discard().await;
            Err(error)
        }
    }
}

async fn in_postgres(ground: &Ground, plain: &Path, id: Uuid) -> anyhow::Result<Scratch> {
    let server = PostgresServer::of(&ground.url).await?;
    let scratch = server.name_beside(&format!("restore_{}", &id.simple().to_string()[..8]));
    server.create(&scratch).await?;
    match postgres::load(&server.address_of(&scratch), plain).await {
        Ok(()) => Ok(Scratch::Database(server, scratch)),
        Err(error) => {
            let _ = server.drop(&scratch).await;
            Err(error)
        }
    }
}

impl Scratch {
    async fn differs(&self, manifest: &Manifest) -> anyhow::Result<Option<String>> {
        let url = match self {
            Self::File(path, _) => format!("sqlite://{}", path.display()),
            Self::Database(server, name) => server.address_of(name),
        };
        let database = RawDatabase::open(&url).await?;
        let damage = database.damage().await?;
        let contents = database.contents().await?;
        database.close().await?;
        ensure!(!contents.steps.is_empty(), "it is no database of ShortsAI");
        Ok(damage.or_else(|| manifest.difference(&contents)))
    }

    /// Throws it away.
    pub async fn discard(self) -> anyhow::Result<()> {
        match self {
            Self::File(..) => Ok(()),
            Self::Database(server, name) => Ok(server.drop(&name).await?),
        }
    }
}
