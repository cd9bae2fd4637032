//! What goes on behind the API: tasks, messages of webhooks, what is done every day, backups.

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::backup;
use crate::courier;
use crate::daily;
use crate::wiring::{House, RunningEngine};

/// All of it, as it runs in this process. It stops when told to, or when the process ends.
pub struct Background {
    engine: RunningEngine,
    courier: JoinHandle<()>,
}

impl Background {
    /// Begins, until `stop` fires; then [`Self::ended`] is to be waited for.
    pub async fn start(house: &House, encoder: render::Encoder, stop: &CancellationToken) -> anyhow::Result<Self> {
        let engine = house.start_engine(None, encoder, &house.renderers).await?;
        daily::collect(house, stop.clone());
        let courier = courier::start(house, stop.clone());
        if let Some(regular) = &house.backups {
            backup::schedule::run(&house.store, regular, house.folder(), stop.clone());
        }
        Ok(Self { engine, courier })
    }

    /// Lets what runs end or gives it back, then returns.
    pub async fn ended(self) {
        self.engine.stop().await;
        // What is on its way has been let go by then, or is sent again.
        let _ = self.courier.await;
    }
}
