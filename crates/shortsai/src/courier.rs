//! Brings messages of webhooks out, under the rules for addresses that users give.

use std::sync::Arc;
use std::time::Duration;

use assets::Fetcher;
use async_trait::async_trait;
use engine::{Courier, CourierAnswer, Deliveries};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::environment::{AUTH_URL, variable};
use crate::wiring::{House, jitter, now};

/// How long a receiver may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

struct ByFetcher(Fetcher);

#[async_trait]
impl Courier for ByFetcher {
    async fn deliver(&self, url: &str, headers: &[(&'static str, String)], body: String) -> Result<CourierAnswer, String> {
        let posted = self.0.post(url, headers, body, PATIENCE).await.map_err(|error| error.to_string())?;
        Ok(CourierAnswer { status: posted.status, retry_after: posted.retry_after })
    }
}

/// Delivers until it is stopped.
pub fn start(house: &House, stop: CancellationToken) -> JoinHandle<()> {
    let deliveries = Deliveries {
        store: house.store.clone(),
        courier: Arc::new(ByFetcher(house.fetcher.clone())),
        vault: house.office.vault.clone(),
        base: variable(AUTH_URL).map(|url| url.trim_end_matches('/').to_owned()),
        clock: now,
        jitter,
    };
    tokio::spawn(engine::deliver(Arc::new(deliveries), stop))
}
