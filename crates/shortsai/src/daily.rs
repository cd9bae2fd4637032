//! What a server does every day by itself.

use std::time::Duration;

use engine::Collecting;
use tokio_util::sync::CancellationToken;

use crate::wiring::{House, new_id, now};

/// How often it looks whether a day is over: other processes do it too.
const LOOK: Duration = Duration::from_secs(3600);

/// Collects objects that nothing names, until it is stopped.
pub fn collect(house: &House, stop: CancellationToken) {
    if !house.collecting.daily {
        return;
    }
    let (store, assets, grace) = (house.store.clone(), house.assets.clone(), house.collecting.grace);
    let collecting = Collecting { holder: new_id().to_string(), grace, every: chrono::Duration::days(1), dry_run: false };
    tokio::spawn(async move {
        let mut hours = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                _ = hours.tick() => {}
                () = stop.cancelled() => return,
            }
            // It is never in the middle of something that could not be left: what it does is done object by object.
            let done = tokio::select! {
                done = engine::collect((&store, &assets), &collecting, now, &engine::no_step) => done,
                () = stop.cancelled() => return,
            };
            match done {
                Ok(None) => {}
                Ok(Some(done)) => tracing::info!(
                    seen = done.seen,
                    put_aside = done.aside.objects,
                    removed = done.removed.objects,
                    put_back = done.back.objects,
                    "objects that nothing names were collected"
                ),
                Err(error) => tracing::warn!(%error, "collecting objects failed; it is tried again in an hour"),
            }
        }
    });
}
