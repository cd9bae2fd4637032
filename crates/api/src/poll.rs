//! Answers to those who ask again and again: a body is made once for each state of its project, and a client that has it
//! already is told so.
//!
//! The mark of a project (its owner and the number of its newest event) is looked at for every request; the body, only when
//! the mark has moved. So this stays right when another process changes the project, and nobody sees what is not theirs.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;
use store::Mark;
use uuid::Uuid;

use crate::error::ApiError;
use crate::mark::Of;
use crate::routes::own;
use crate::signed::Signed;

/// What all kept bodies may hold together, in bytes.
const MOST_BYTES: usize = 32 << 20;
/// What a kept body costs beside its bytes.
const OVERHEAD: usize = 256;
/// Browsers keep the answer, and ask each time whether it still holds.
const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("private, no-cache");

/// Which body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum View {
    /// A project with its scenes.
    Project,
    /// A project's workflow.
    State,
    /// A render.
    Render,
    /// A render as a short.
    Short,
    /// A render as a job.
    Job,
}

impl View {
    fn of(self) -> Of {
        match self {
            Self::Project | Self::State => Of::Project,
            Self::Render | Self::Short | Self::Job => Of::Render,
        }
    }
}

/// Answers a poll; `None` when there is no such thing. `load` makes the body when it is not known.
pub async fn answer<T: Serialize>(
    app: &Signed,
    headers: &HeaderMap,
    (view, id): (View, Uuid),
    load: impl AsyncFnOnce() -> Result<T, ApiError>,
) -> Result<Option<Response>, ApiError> {
    let look = || app.memory.marks.look(&app.store, view.of(), id);
    let Some(mark) = look().await? else { return Ok(None) };
    own(app, mark.owner)?;
    let tag = tag(app.version, &mark);
    if headers.get_all(header::IF_NONE_MATCH).iter().any(|known| names(known, &tag)) {
        let headers = [(header::ETAG, tag), (header::CACHE_CONTROL, CACHE_CONTROL)];
        return Ok(Some((StatusCode::NOT_MODIFIED, headers).into_response()));
    }
    if let Some(body) = app.memory.bodies.get((view, id), &mark) {
        return Ok(Some(with_tag(body, Some(tag))));
    }
    let body = load().await?;
    let body: Bytes = serde_json::to_vec(&body).map_err(|error| ApiError::Internal(format!("a body: {error}")))?.into();
    // What was read is of this mark only if the mark is still the same; otherwise it is newer, and is not kept.
    let same = look().await? == Some(mark);
    if same {
        app.memory.bodies.put((view, id), mark, body.clone());
    }
    Ok(Some(with_tag(body, same.then_some(tag))))
}

/// The name of a body. The same project looks different in another version of the program.
fn tag(version: &str, mark: &Mark) -> HeaderValue {
    let text = format!("\"{}-{:x}-{version}\"", mark.event_number, mark.updated_at.timestamp_micros());
    HeaderValue::from_str(&text).expect("digits, and a version without blanks")
}

/// Whether an `If-None-Match` names that tag.
fn names(known: &HeaderValue, tag: &HeaderValue) -> bool {
    let list = known.to_str().unwrap_or_default().split(',').map(str::trim);
    list.map(|one| one.strip_prefix("W/").unwrap_or(one)).any(|one| one == "*" || one.as_bytes() == tag.as_bytes())
}

fn with_tag(body: Bytes, tag: Option<HeaderValue>) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, CACHE_CONTROL);
    if let Some(tag) = tag {
        headers.insert(header::ETAG, tag);
    }
    response
}

/// Bodies by what they show, the newest of each; what was not asked for longest goes first when there are too many.
#[derive(Clone)]
pub struct Bodies(Arc<Mutex<Kept>>);

struct Kept {
    most: usize,
    bytes: usize,
    /// Counts up with each use.
    time: u64,
    bodies: HashMap<(View, Uuid), Body>,
    by_use: BTreeMap<u64, (View, Uuid)>,
}

struct Body {
    mark: Mark,
    bytes: Bytes,
    used: u64,
}

impl Default for Bodies {
    fn default() -> Self {
        Self::of(MOST_BYTES)
    }
}

impl Bodies {
    fn of(most: usize) -> Self {
        Self(Arc::new(Mutex::new(Kept { most, bytes: 0, time: 0, bodies: HashMap::new(), by_use: BTreeMap::new() })))
    }

    fn get(&self, what: (View, Uuid), mark: &Mark) -> Option<Bytes> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Kept { time, bodies, by_use, .. } = &mut *kept;
        let body = bodies.get_mut(&what).filter(|body| body.mark == *mark)?;
        *time += 1;
        by_use.remove(&body.used);
        by_use.insert(*time, what);
        body.used = *time;
        Some(body.bytes.clone())
    }

    fn put(&self, what: (View, Uuid), mark: Mark, bytes: Bytes) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.remove(what);
        if bytes.len() + OVERHEAD > kept.most {
            return;
        }
        kept.time += 1;
        kept.bytes += bytes.len() + OVERHEAD;
        let used = kept.time;
        kept.by_use.insert(used, what);
        kept.bodies.insert(what, Body { mark, bytes, used });
        while kept.bytes > kept.most
            && let Some((_, oldest)) = kept.by_use.first_key_value()
        {
            let oldest = *oldest;
            kept.remove(oldest);
        }
    }
}

impl Kept {
    fn remove(&mut self, what: (View, Uuid)) {
        if let Some(body) = self.bodies.remove(&what) {
            self.by_use.remove(&body.used);
            self.bytes -= body.bytes.len() + OVERHEAD;
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn mark(event_number: i64) -> Mark {
        Mark { owner: Uuid::nil(), event_number, updated_at: DateTime::UNIX_EPOCH }
    }

    #[test]
    fn tags_are_compared_as_clients_send_them() {
        let tag = tag("1.2", &mark(7));
        assert_eq!(tag, "\"7-0-1.2\"");
        let check =
            |known: &'static str, expected| assert_eq!(names(&HeaderValue::from_static(known), &tag), expected, "{known}");
        check("\"7-0-1.2\"", true);
        check("W/\"7-0-1.2\"", true);
        check("\"a\", \"7-0-1.2\"", true);
        check("*", true);
        check("\"7-0-1.3\"", false);
        check("\"8-0-1.2\"", false);
        check("7-0-1.2", false);
        check("", false);
    }

    #[test]
    fn bodies_are_bounded_and_the_least_used_goes_first() {
        let bodies = Bodies::of(3 * (100 + OVERHEAD));
        let of = |number| (View::Project, Uuid::from_u128(number));
        let put = |number| bodies.put(of(number), mark(1), vec![0; 100].into());
        let there = |number| bodies.0.lock().expect("no panic").bodies.contains_key(&of(number));
        (1..=3).for_each(put);
        assert!(bodies.get(of(1), &mark(1)).is_some());
        assert!(bodies.get(of(1), &mark(2)).is_none(), "another state is another body");
        put(4);
        assert_eq!((there(1), there(2), there(3), there(4)), (true, false, true, true));
        put(4);
        assert_eq!((there(1), there(3), there(4)), (true, true, true), "the same again takes no more room");
        bodies.put(of(5), mark(1), vec![0; 10_000].into());
        let kept = bodies.0.lock().expect("no panic");
        assert_eq!(
            (kept.bytes, kept.bodies.len(), kept.by_use.len()),
            (3 * (100 + OVERHEAD), 3, 3),
            "what is too large is not kept"
        );
    }
}
