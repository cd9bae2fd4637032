//! What a server does by itself: a backup every so often, one for all processes of a database, and old ones removed after it.

use std::path::Path;
use std::time::Duration;

use anyhow::ensure;
use assets::Assets;
use store::Store;
use tokio_util::sync::CancellationToken;

use crate::backup::create::{Taking, create};
use crate::backup::prune::{Keep, prune};
use crate::config::Config;
use crate::config::backup::Named;
use crate::data_dir::DataDir;
use crate::environment::variable;
use crate::wiring::{new_id, now};

/// The chore's name in the database.
pub const CHORE: &str = "backup";
/// How often it looks whether it is time.
const LOOK: Duration = Duration::from_secs(300);
/// How long a process may be silent that takes one.
const LEASE: chrono::Duration = chrono::Duration::minutes(15);

/// Backups that a server takes by itself.
#[derive(Clone)]
pub struct Regular {
    pub every: chrono::Duration,
    taking: Taking,
    keep: Keep,
}

impl Regular {
    /// What the configuration asks for, if it does.
    pub fn read(config: &Config, assets: &Assets, data: &DataDir) -> anyhow::Result<Option<Self>> {
        let (backup, configured) = config.backup();
        let Some(every) = backup.every(configured, variable)? else { return Ok(None) };
        let places = backup.places(&Named::default(), assets, (data.config_folder(), data.backups()), variable)?;
        let lock = backup.lock(data.config_folder(), variable)?;
        let keep = backup.keep();
        ensure!(keep.last > 0, "backup.keep_last is 0; give 1 or more");
        Ok(Some(Self { every, taking: Taking { url: data.database_url(), places, lock }, keep }))
    }
}

/// Takes them until it is stopped.
pub fn run(store: &Store, regular: &Regular, room: &Path, stop: CancellationToken) {
    let (store, regular, room) = (store.clone(), regular.clone(), room.to_owned());
    let holder = new_id().to_string();
    tokio::spawn(async move {
        let mut looks = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                _ = looks.tick() => {}
                () = stop.cancelled() => return,
            }
            // A dump that is broken off leaves a folder that goes with it, and nothing under a name that counts.
            let done = tokio::select! {
                done = take(&store, &regular, &room, &holder) => done,
                () = stop.cancelled() => return,
            };
            if let Err(error) = done {
                tracing::error!(
                    "the regular backup failed; it is tried again in five minutes: {}",
                    crate::fail::sentence(&error)
                );
            }
        }
    });
}

/// Takes one if it is time and no other process does.
async fn take(store: &Store, regular: &Regular, room: &Path, holder: &str) -> anyhow::Result<()> {
    if !store.begin_chore(CHORE, holder, (regular.every, LEASE), now()).await? {
        return Ok(());
    }
    let work = take_now(regular, room);
    tokio::pin!(work);
    let mut beats = tokio::time::interval(LOOK);
    let done = loop {
        tokio::select! {
            done = &mut work => break done,
            _ = beats.tick() => { store.keep_chore(CHORE, holder, LEASE, now()).await?; }
        }
    };
    store.end_chore(CHORE, holder, done.is_ok().then(now)).await?;
    done
}

/// Notes that a backup was taken otherwise: the next regular one counts from here.
pub async fn note(store: &Store) -> anyhow::Result<()> {
    let holder = new_id().to_string();
    if store.begin_chore(CHORE, &holder, (chrono::Duration::zero(), LEASE), now()).await? {
        store.end_chore(CHORE, &holder, Some(now())).await?;
    }
    Ok(())
}

async fn take_now(regular: &Regular, room: &Path) -> anyhow::Result<()> {
    let manifest = create(&regular.taking, room, new_id(), now()).await?;
    tracing::info!(name = manifest.name, bytes = manifest.bytes, rows = manifest.all_rows(), "a backup was taken");
    for place in &regular.taking.places {
        let removed = prune(place, regular.keep, false, now()).await?;
        if !removed.is_empty() {
            tracing::info!(removed = removed.len(), "old backups were removed {}", place.whereabouts());
        }
    }
    Ok(())
}
