//! Keeping what was made: a request that was answered once is never sent again, whatever dies in between, and of equal requests
//! at the same moment one is sent.
//!
//! The answer is first written down under the request's address, with the key that its bytes will have, and then stored. So
//! only a crash within these two writes costs a second call; one that comes later finds both.

use std::time::Duration;

use assets::{Assets, Place, Stored};
use bytes::Bytes;
use futures::future::BoxFuture;
use model::project::{Asset, Credit};
use serde_json::Value;
use store::{Made, Making, StoreError};

use super::{Others, TaskError, Work};
use crate::abilities::Engine;
use crate::{failure, measures};

/// What was paid for is not given up while the database is away for a moment: so many seconds between the tries to write it
/// down.
const PATIENCE: [u64; 5] = [1, 1, 2, 4, 8];

/// What an earlier equal request has made, if its object is still there. Without it the request is this task's to make, as long
/// as it holds its lease; while another task makes it, this one is postponed.
pub(super) async fn made_before(work: Work<'_>, address: &str) -> Result<Option<Made>, TaskError> {
    let store = &work.engine.store;
    let making = store.begin_making(work.lease, address, (work.engine.clock)()).await;
    match making.map_err(|error| failure::of_store(&error))? {
        Making::Begun => {}
        Making::Elsewhere { until } => return Err(TaskError::Postponed { until, others: Others::Go }),
        Making::Lost => return Err(TaskError::Vanished),
    }
    let found = found(work, address).await?;
    if found.is_some() {
        measures::reused(work.lease.target.kind);
    }
    Ok(found)
}

/// The same for what belongs to a request that the task makes already.
pub(super) async fn found(work: Work<'_>, address: &str) -> Result<Option<Made>, TaskError> {
    let store = &work.engine.store;
    let made = store.made(address).await.map_err(|error| failure::of_store(&error))?;
    let Some(made) = made else { return Ok(None) };
    if made.asset.key.is_empty() {
        return Ok(Some(made));
    }
    let bytes = u64::try_from(made.asset.bytes).unwrap_or_default();
    match work.engine.assets.head(&made.asset.key).await {
        Ok(head) if head.bytes == bytes => Ok(Some(made)),
        _ => {
            store.forget(address).await.map_err(|error| failure::of_store(&error))?;
            Ok(None)
        }
    }
}

/// A new object.
pub(super) struct New {
    pub bytes: Bytes,
    /// Who made it.
    pub made_by: String,
    /// Whose work it is, where it was found.
    pub credit: Option<Credit>,
    /// What else belongs to it.
    pub detail: Value,
}

/// What of the task's calls an answer ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Ends {
    /// The last one: it is settled with the task's product.
    Task,
    /// One of several, which has used so many units: it is settled at once.
    Call(f64),
}

/// Keeps a new object.
pub(super) async fn keep(work: Work<'_>, address: &str, place: Place, new: New, ends: Ends) -> Result<Made, TaskError> {
    work.reached("answered");
    let New { bytes, made_by, credit, detail } = new;
    let Stored { key, media_type, bytes: length } =
        Assets::stored_as(place, &bytes).map_err(|error| failure::of_assets(&error))?;
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let made = Made {
        asset: Asset { key, media_type: media_type.to_owned(), bytes: length, made_by, credit: credit.map(Box::new) },
        detail,
    };
    write_down(work, address, &made, ends).await?;
    work.engine.assets.put(place, bytes).await.map_err(|error| failure::of_assets(&error))?;
    work.reached("stored");
    Ok(made)
}

/// Keeps an answer that is no object, such as a script or the words of the sound `asset`.
pub(super) async fn keep_detail(
    work: Work<'_>,
    address: &str,
    (asset, detail): (Asset, Value),
    ends: Ends,
) -> Result<Made, TaskError> {
    work.reached("answered");
    let made = Made { asset, detail };
    write_down(work, address, &made, ends).await?;
    Ok(made)
}

async fn write_down(work: Work<'_>, address: &str, made: &Made, ends: Ends) -> Result<(), TaskError> {
    let Engine { store, clock, .. } = work.engine;
    patiently(|| match ends {
        Ends::Task => Box::pin(store.remember(address, made, clock())),
        Ends::Call(units) => Box::pin(store.remember_call(work.lease, (address, made), units, clock())),
    })
    .await?;
    work.reached("remembered");
    Ok(())
}

/// Does it again for a while when the database is away.
pub(super) async fn patiently<'a, T>(write: impl Fn() -> BoxFuture<'a, Result<T, StoreError>>) -> Result<T, TaskError> {
    for pause in PATIENCE {
        match write().await {
            Ok(written) => return Ok(written),
            Err(error) => tracing::warn!(%error, "what was made can't be written down; trying again"),
        }
        tokio::time::sleep(Duration::from_secs(pause)).await;
    }
    write().await.map_err(|error| failure::of_store(&error).into())
}

/// The asset of an answer that is no object.
pub(super) fn no_object(made_by: String) -> Asset {
    Asset { key: String::new(), media_type: String::new(), bytes: 0, made_by, credit: None }
}
