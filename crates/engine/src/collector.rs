//! Collects objects that no row names any more: what failed or was stopped half-way, and what was replaced.
//!
//! An object that is older than the grace and that nobody names is put aside, not removed; after the same time again it is
//! looked at once more, and only then removed, or put back if somebody names it by then. This is why nothing is lost when an
//! object is stored again, or begins to be named, at any moment of a sweep:
//!
//! - Whoever stores content first looks whether it is in its place, and writes it there if not. A sweep that puts it aside just
//!   after that look still leaves it aside, and whoever asks for it gets it back: the key names the content, so it is the same.
//! - Whoever begins to name an object without storing it (a result that is used again, a file that is given again) asks for it
//!   first, which puts it back.
//! - A row that names the object is there long before the grace is over, and is seen by the second look.
//! - What was put back may be put aside again by the same sweep; then it lies there anew, for the whole time.
//!
//! One process sweeps at a time (a chore of the store), so that nobody removes what another is just putting aside. Objects with
//! names of older installations are left alone, and so is whatever is no object of ours.

use std::collections::HashSet;

use assets::{AssetError, Assets, Listed, names_content};
use chrono::{DateTime, Duration, Utc};
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt, TryStreamExt};
use store::{Store, StoreError};

/// The chore's name in the store.
const CHORE: &str = "collect_objects";
/// How long a dead process holds the others up.
const LEASE: Duration = Duration::minutes(10);
/// Objects that are looked at together.
const BATCH: usize = 500;
/// What workers have encoded is made again in seconds; it is kept for edits that follow soon.
const CACHED_FOR: Duration = Duration::days(30);
/// A shorter grace could meet work that stores now and names later.
pub const SHORTEST_GRACE: Duration = Duration::hours(1);

/// How to collect.
#[derive(Debug, Clone)]
pub struct Collecting {
    /// Who collects: different for every process.
    pub holder: String,
    /// Objects younger than this are left alone, and what was put aside lies there for so long.
    pub grace: Duration,
    /// Nothing unless it was done so long ago.
    pub every: Duration,
    /// Only count.
    pub dry_run: bool,
}

/// What was found and done. A dry run counts what would be done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Collected {
    /// Objects in their places.
    pub seen: u64,
    /// Of these, put aside now.
    pub aside: Count,
    /// Removed for ever: they had been put aside before.
    pub removed: Count,
    /// Put back: somebody names them again.
    pub back: Count,
}

/// Objects and their bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// How many.
    pub objects: u64,
    /// How large together.
    pub bytes: u64,
}

/// Why a sweep ended early.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// The object store fails.
    #[error(transparent)]
    Assets(#[from] AssetError),
    /// The database fails.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// This process was too slow, and another has begun.
    #[error("collecting objects took too long between two steps, and another process has taken it over")]
    TakenOver,
}

/// What happens between looking whether objects are named and putting them aside.
pub type Step<'s> = &'s (dyn Fn(Vec<String>) -> BoxFuture<'s, ()> + Sync);

/// Nothing happens then.
pub fn no_step(_: Vec<String>) -> BoxFuture<'static, ()> {
    futures::future::ready(()).boxed()
}

/// Collects once; `None` when another process does, or it was done lately. In `step` tests do what others could.
pub async fn collect(
    (store, assets): (&Store, &Assets),
    collecting: &Collecting,
    clock: fn() -> DateTime<Utc>,
    step: Step<'_>,
) -> Result<Option<Collected>, CollectError> {
    let Collecting { holder, every, .. } = collecting;
    if !store.begin_chore(CHORE, holder, (*every, LEASE), clock()).await? {
        return Ok(None);
    }
    let done = sweep((store, assets), collecting, clock, step).await;
    // A dry run is no reason to leave the next one out.
    let finished = (done.is_ok() && !collecting.dry_run).then(clock);
    store.end_chore(CHORE, holder, finished).await?;
    done.map(Some)
}

async fn sweep(
    (store, assets): (&Store, &Assets),
    collecting: &Collecting,
    clock: fn() -> DateTime<Utc>,
    step: Step<'_>,
) -> Result<Collected, CollectError> {
    let Collecting { holder, grace, dry_run, .. } = collecting;
    let mut collected = Collected::default();
    let old = clock() - *grace;
    if !dry_run {
        let forgotten = assets.forget_cached(clock() - CACHED_FOR).await?;
        tracing::info!(forgotten, "old segments of the workers' cache");
    }
    let mut aside = batches(assets.list_aside(), old);
    while let Some(batch) = aside.try_next().await? {
        let (named, unnamed) = look(store, batch.old).await?;
        collected.removed.add(&unnamed);
        collected.back.add(&named);
        if !dry_run {
            for listed in &named {
                assets.put_back(&listed.key).await?;
            }
            assets.remove_aside(&keys(named.iter().chain(&unnamed))).await?;
        }
        keep(store, holder, clock()).await?;
    }
    let mut there = batches(assets.list(), old);
    while let Some(batch) = there.try_next().await? {
        collected.seen += batch.seen;
        let (_, unnamed) = look(store, batch.old).await?;
        collected.aside.add(&unnamed);
        let keys = keys(unnamed.iter());
        step(keys.clone()).await;
        if !dry_run {
            assets.put_aside(&keys, clock()).await?;
        }
        keep(store, holder, clock()).await?;
    }
    Ok(collected)
}

async fn keep(store: &Store, holder: &str, now: DateTime<Utc>) -> Result<(), CollectError> {
    match store.keep_chore(CHORE, holder, LEASE, now).await? {
        true => Ok(()),
        false => Err(CollectError::TakenOver),
    }
}

/// Some objects of a listing.
#[derive(Default)]
struct Batch {
    seen: u64,
    /// Those that may be collected.
    old: Vec<Listed>,
}

fn batches(
    listing: BoxStream<'static, Result<Listed, AssetError>>,
    old: DateTime<Utc>,
) -> BoxStream<'static, Result<Batch, AssetError>> {
    let batches = listing.chunks(BATCH).map(move |chunk| {
        let all = chunk.into_iter().collect::<Result<Vec<_>, _>>()?;
        let seen = all.len() as u64;
        Ok(Batch { seen, old: all.into_iter().filter(|listed| listed.since <= old && names_content(&listed.key)).collect() })
    });
    batches.boxed()
}

/// Those that some row names, and the others.
async fn look(store: &Store, listed: Vec<Listed>) -> Result<(Vec<Listed>, Vec<Listed>), StoreError> {
    let unnamed: HashSet<String> = store.unnamed_objects(&keys(listed.iter())).await?.into_iter().collect();
    Ok(listed.into_iter().partition(|listed| !unnamed.contains(&listed.key)))
}

fn keys<'a>(listed: impl Iterator<Item = &'a Listed>) -> Vec<String> {
    listed.map(|listed| listed.key.clone()).collect()
}

impl Count {
    fn add(&mut self, listed: &[Listed]) {
        self.objects += listed.len() as u64;
        self.bytes += listed.iter().map(|listed| listed.bytes).sum::<u64>();
    }
}
