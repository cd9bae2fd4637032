//! What is over goes away by itself: kept answers of repeated requests, questions and their answers, sessions, messages of
//! webhooks. Nobody has to ask for anything; whether it works is of no concern to any request.

use std::time::Duration;

use crate::AppState;

/// The time between two sweeps of [`sweep_regularly`].
pub const SWEEP_EVERY: Duration = Duration::from_secs(600);

/// Sweeps at once and then again and again, until the server stops.
pub async fn sweep_regularly(app: AppState, every: Duration) {
    loop {
        sweep(&app).await;
        if app.closing.run_until_cancelled(tokio::time::sleep(every)).await.is_none() {
            return;
        }
    }
}

/// Forgets what is over by the clock.
pub async fn sweep(app: &AppState) {
    let now = (app.clock)();
    if let Err(error) = app.store.forget_requests(now).await {
        tracing::warn!(%error, "old answers stay for another while");
    }
    if let Err(error) = app.store.forget_sessions(now).await {
        tracing::warn!(%error, "sessions that are over stay for another while");
    }
    if let Err(error) = app.store.forget_messages(now).await {
        tracing::warn!(%error, "old messages of webhooks stay for another while");
    }
    // A picture that somebody sends just now may be the one of an old question: it is stored first and named afterwards.
    let _nobody_asks = app.memory.asking.write().await;
    match app.store.forget_questions(now).await {
        Ok(objects) => {
            for key in objects {
                if let Err(error) = app.assets.delete(&key).await {
                    tracing::warn!(%key, %error, "a file of an old question stays behind");
                }
            }
        }
        Err(error) => tracing::warn!(%error, "old questions stay for another while"),
    }
}
