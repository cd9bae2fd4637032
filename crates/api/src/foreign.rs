//! Media that a client gives by an address elsewhere: fetched when the request is taken, before anything else is done with it,
//! so that whoever asks learns at once what can't be had. From then on they are the client's own files.

use std::time::Duration;

use assets::{Kind, Place, is_address};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, stream};
use tokio::time::Instant;

use crate::error::{ApiError, Problems};
use crate::key::key_in;
use crate::signed::Signed;

/// Files that are fetched at once for one request.
const AT_ONCE: usize = 4;
/// The most files of one request.
const MOST: usize = 200;
/// How long all files of one request may take together: proxies give a request up after 100 seconds, as a rule.
const ALL_WITHIN: Duration = Duration::from_secs(75);

/// A medium that a request names.
pub struct Named<'a> {
    /// The field that names it, such as `storyboard.scenes[2].imageUrl`.
    pub field: String,
    /// Which part of the field, for the sentence; empty where the field says it all.
    pub part: String,
    /// A key, an address of ours or one elsewhere; the last is replaced by a key.
    pub text: &'a mut String,
    /// What is needed.
    pub kinds: &'static [Kind],
}

/// Fetches what lies elsewhere, and puts the keys in the place of the addresses.
pub async fn bring<'a>(app: &Signed, named: impl IntoIterator<Item = Named<'a>>) -> Result<(), ApiError> {
    let elsewhere = named.into_iter().filter(|named| is_address(named.text) && key_in(app, named.text).is_none());
    let elsewhere: Vec<Named<'a>> = elsewhere.collect();
    let mut problems = Problems::default();
    if let Some(one) = elsewhere.get(MOST) {
        problems.add(&one.field, format!("These are more than {MOST} files to fetch; upload some with POST /api/assets"));
        return problems.into_result();
    }
    let deadline = Instant::now() + ALL_WITHIN;
    let fetches = elsewhere.iter().map(|named| in_time(app.clone(), named.text.clone(), named.kinds, deadline).boxed());
    let fetches: Vec<BoxFuture<'static, Result<String, String>>> = fetches.collect();
    let fetched: Vec<Result<String, String>> = stream::iter(fetches).buffered(AT_ONCE).collect().await;
    for (Named { field, part, text, .. }, key) in elsewhere.into_iter().zip(fetched) {
        match key {
            Ok(key) => *text = key,
            Err(problem) => problems.add(&field, format!("{part}\"{text}\" can't be fetched: {problem}")),
        }
    }
    problems.into_result()
}

async fn in_time(app: Signed, url: String, kinds: &'static [Kind], deadline: Instant) -> Result<String, String> {
    let late = |_| Err(format!("all files of one request must arrive within {} s", ALL_WITHIN.as_secs()));
    tokio::time::timeout_at(deadline, fetch(&app, &url, kinds)).await.unwrap_or_else(late)
}

/// The key of the file.
async fn fetch(app: &Signed, url: &str, kinds: &[Kind]) -> Result<String, String> {
    let stored = app.fetcher.fetch(&app.assets, Place::Uploads, url, kinds).await.map_err(|error| {
        tracing::info!(%error, "an address elsewhere was not fetched");
        error.to_string()
    })?;
    let noted = app.store.note_upload(app.user.id, &stored.key, (app.clock)()).await;
    noted.map_err(|error| format!("it can't be noted: {error}"))?;
    Ok(stored.key)
}
