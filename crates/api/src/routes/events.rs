//! Live events of a project, as server-sent events.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream;
use store::ProjectRecord;
use uuid::Uuid;

use super::own_project;
use crate::error::ApiError;
use crate::extract::PathId;
use crate::follow::Moves;
use crate::signed::Signed;
use crate::streams::OpenStream;
use crate::wire::event::LiveEvent;
use crate::wire::refusal::Refusals;

const PING: Duration = Duration::from_secs(15);
/// Events read at a time. A client that missed more begins anew with the whole state.
const BATCH: u64 = 500;

/// Follow a project live
///
/// A stream of server-sent events: first `init` with the whole state, then each change, each with a number as its `id`. A
/// client that comes back with `Last-Event-ID` gets exactly what it missed; browsers do that by themselves. A comment
/// every 15 seconds keeps the connection open.
#[utoipa::path(
    get, path = "/api/events/{projectId}", tag = "Workflow", operation_id = "followProject",
    params(
        ("projectId" = Uuid, Path, description = "The project's id."),
        ("Last-Event-ID" = Option<String>, Header, description = "The number of the last event that the client has seen; anything else is as none."),
    ),
    responses((status = 200, description = "The stream; each `data` is one of these as JSON.", body = LiveEvent, content_type = "text/event-stream"), Refusals),
)]
pub async fn follow(app: Signed, id: PathId, headers: HeaderMap) -> Result<Response, ApiError> {
    let id = id.of("Project")?;
    // Following comes before reading, so that no change falls between the two.
    let moves = app.memory.followed.follow(&app.store, &app.closing, id);
    let record = own_project(&app, id).await?;
    let last = headers.get("last-event-id").and_then(|last| last.to_str().ok()?.trim().parse::<i64>().ok());
    let resumed = last.filter(|last| (0..=record.event_number).contains(last) && record.event_number - last <= BATCH as i64);
    let mut follower = Follower { app, project: id, seen: 0, moves, ready: VecDeque::new(), _open: OpenStream::new() };
    match resumed {
        Some(last) => follower.seen = last,
        None => follower.greet(&record),
    }
    let events = stream::unfold(follower, |mut follower| async move {
        let event = follower.next().await?;
        Some((Ok::<_, Infallible>(event), follower))
    });
    let headers = [
        (header::CACHE_CONTROL, "no-cache, no-transform"),
        // Proxies such as nginx would otherwise hold events back.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    let keep_alive = KeepAlive::new().interval(PING).text("ping");
    Ok((headers, Sse::new(events).keep_alive(keep_alive)).into_response())
}

/// One client's place in the project's events.
struct Follower {
    app: Signed,
    project: Uuid,
    /// Number of the last event that was put into `ready`.
    seen: i64,
    moves: Moves,
    ready: VecDeque<Event>,
    _open: OpenStream,
}

impl Follower {
    /// The next event; `None` when the stream ends.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            if let Err(error) = Box::pin(self.look()).await {
                // The client comes back by itself and says where it was.
                tracing::warn!(project = %self.project, %error, "an event stream ends early");
                return None;
            }
            if !self.ready.is_empty() {
                continue;
            }
            // Nothing is kept for a stream that has nothing to say.
            self.ready = VecDeque::new();
            tokio::select! {
                () = self.app.closing.cancelled() => return None,
                there = self.moves.next() => if !there { return None },
            }
        }
    }

    async fn look(&mut self) -> Result<(), ApiError> {
        self.app.check_still_here().await?;
        for numbered in self.app.store.events_after(self.project, self.seen, BATCH).await? {
            if numbered.number <= self.seen {
                // The whole state, sent meanwhile, holds it already.
                continue;
            }
            match LiveEvent::change(numbered.event) {
                Some(event) => self.push(numbered.number, &event),
                None => {
                    let record = own_project(&self.app, self.project).await?;
                    self.greet(&record);
                }
            }
        }
        Ok(())
    }

    fn greet(&mut self, record: &ProjectRecord) {
        self.push(record.event_number, &LiveEvent::init(record));
    }

    fn push(&mut self, number: i64, event: &LiveEvent) {
        self.seen = number;
        match serde_json::to_string(event) {
            Ok(json) => self.ready.push_back(Event::default().id(number.to_string()).data(json)),
            Err(error) => tracing::error!(%error, "an event can't be written as JSON"),
        }
    }
}
