//! What administrators see and do.

use std::convert::Infallible;
use std::time::Duration;

use axum::http::{HeaderName, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;

use crate::signed::SignedAdmin;
use crate::streams::OpenStream;
use crate::wire::refusal::Refusals;

const PING: Duration = Duration::from_secs(15);

/// Follow what is new
///
/// A stream of server-sent events for administrators: `connected`, then `USER_REGISTERED` and `PROJECT_CREATED` with the id of
/// who or what is new. Only what happens in this process, and only while you look.
#[utoipa::path(
    get, path = "/api/events/admin", tag = "Admin", operation_id = "followNews",
    responses((status = 200, description = "The stream; each `data` is JSON with a `type`.", body = serde_json::Value, content_type = "text/event-stream"), Refusals),
)]
pub async fn follow_news(SignedAdmin(signed): SignedAdmin) -> Response {
    let news = signed.memory.news.listen();
    let hello = stream::once(async { Ok::<_, Infallible>(Event::default().data(json!({ "type": "connected" }).to_string())) });
    let events = stream::unfold((news, signed, OpenStream::new()), |(mut news, signed, open)| async move {
        let piece = loop {
            match signed.closing.run_until_cancelled(news.recv()).await? {
                Ok(piece) => break piece,
                // Who reads slowly misses the oldest; clients only look again when they hear of something.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        };
        // Who is no administrator any more hears nothing more.
        signed.check_still_admin().await.ok()?;
        Some((Ok(Event::default().data(piece.to_json().to_string())), (news, signed, open)))
    });
    let headers = [(header::CACHE_CONTROL, "no-cache, no-transform"), (HeaderName::from_static("x-accel-buffering"), "no")];
    let events = futures::StreamExt::chain(hello, events);
    (headers, Sse::new(events).keep_alive(KeepAlive::new().interval(PING).text("ping"))).into_response()
}
