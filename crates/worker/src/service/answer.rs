//! The answer to `POST /render`: at once, or when the job has ended, with signs of life until then.
//!
//! A platform such as Cloud Run gives an instance its processors only while a request is open, so the usual answer comes at the
//! end. Meanwhile a line break is sent every few seconds: it is no part of the JSON for whoever waits for that, keeps the
//! connection open, and tells a caller of ours that the job lives.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde_json::json;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::job::Job;
use crate::wire::{NDJSON, News};

/// Between two signs of life.
const SIGN: Duration = Duration::from_secs(5);
/// How long the answer waits for the webhook to be told the end.
const WEBHOOK: Duration = Duration::from_secs(10);
/// Between two lines about progress.
const LINES: Duration = Duration::from_millis(250);

pub(super) fn answer(job: Arc<Job>, headers: &HeaderMap) -> Response {
    let has = |name: &str, value: &str| {
        headers.get_all(name).iter().filter_map(|found| found.to_str().ok()).any(|found| found.contains(value))
    };
    if has("prefer", "respond-async") {
        let body = Json(json!({ "status": "accepted", "id": job.id }));
        return (StatusCode::ACCEPTED, [("preference-applied", "respond-async")], body).into_response();
    }
    let lines = has("accept", NDJSON);
    let waiting = Waiting { news: job.news.subscribe(), told: job.told.clone(), lines, ended: false, first: true };
    let body = Body::from_stream(stream::unfold(waiting, next));
    let kind = if lines { NDJSON } else { "application/json" };
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")], body).into_response()
}

struct Waiting {
    news: watch::Receiver<News>,
    told: CancellationToken,
    /// Whether progress is told, in a line each.
    lines: bool,
    ended: bool,
    first: bool,
}

async fn next(mut waiting: Waiting) -> Option<(Result<Bytes, std::convert::Infallible>, Waiting)> {
    if waiting.ended {
        return None;
    }
    if !waiting.first {
        wait(&mut waiting).await;
    }
    waiting.first = false;
    let news = waiting.news.borrow_and_update().clone();
    waiting.ended = news.is_final();
    if waiting.ended {
        // With the answer the platform may take the processor away, before the webhook is out.
        let _ = tokio::time::timeout(WEBHOOK, waiting.told.cancelled()).await;
    }
    let text = match (waiting.lines, waiting.ended) {
        (true, _) => format!("{}\n", serde_json::to_string(&news).unwrap_or_default()),
        // What is asked for with plain JSON knows two ends.
        (false, true) => plain(news),
        (false, false) => "\n".to_owned(),
    };
    Some((Ok(Bytes::from(text)), waiting))
}

/// Until there is something to say.
async fn wait(waiting: &mut Waiting) {
    let ended = |news: &mut watch::Receiver<News>| {
        let mut news = news.clone();
        // An error says that the job is gone: its last news are there.
        async move {
            let _ = news.wait_for(News::is_final).await;
        }
    };
    let over = ended(&mut waiting.news);
    if !waiting.lines {
        let _ = tokio::time::timeout(SIGN, over).await;
        return;
    }
    let further = async {
        tokio::time::sleep(LINES).await;
        let _ = waiting.news.changed().await;
    };
    tokio::select! {
        () = over => {}
        () = further => {}
        () = tokio::time::sleep(SIGN) => {}
    }
}

fn plain(news: News) -> String {
    let news = match news {
        News::Cancelled => News::Failed { error: "cancelled".to_owned(), retry: false },
        news => news,
    };
    serde_json::to_string(&news).unwrap_or_default()
}
