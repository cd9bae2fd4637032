//! Jobs: what takes a vendor minutes (clips, songs). A job is ordered once and asked about often.
//!
//! Waiting, and remembering across crashes which job serves which task, is the engine's part.

use std::future::Future;
use std::time::Duration;

use async_trait::async_trait;

use crate::error::ProviderError;

/// A vendor that makes a `Product` out of a `Request` in its own time.
///
/// The engine stores what [`submit`](Self::submit) answers before it waits for anything. Whoever comes back after a crash
/// only polls, so a job is bought once. Neither function waits for the job itself.
#[async_trait]
pub trait JobProvider<Request, Product>: Send + Sync {
    /// Short lower-case name, such as `gemini`.
    fn vendor(&self) -> &'static str;
    /// Model and version; part of the product's content address.
    fn model(&self) -> &str;
    /// Whether an order costs; what was found in a stock may be looked for again, and elsewhere.
    fn charges(&self) -> bool {
        true
    }
    /// Orders the product and answers the vendor's own id of the job: all that [`poll`](Self::poll) needs, also in another
    /// process (an operation's name, a task id; never an address that runs out).
    ///
    /// `key` names this order for vendors that know idempotency keys: an order that a crash has cut off is sent again with
    /// the same key and must then answer the same job.
    async fn submit(&self, request: &Request, key: &str) -> Result<String, ProviderError>;
    /// Asks about a job, and fetches the product if it is done.
    ///
    /// # Errors
    /// When the question could not be asked or answered; the job goes on. A job that has ended without a product is
    /// [`Polled::Failed`].
    async fn poll(&self, job: &str) -> Result<Polled<Product>, ProviderError>;
}

/// How a vendor's job stands.
#[derive(Debug)]
pub enum Polled<Product> {
    /// It is being made.
    NotYet {
        /// When to ask again: the vendor's wish, or what is usual with it.
        ask_again_after: Duration,
    },
    /// It is made.
    Done(Product),
    /// It has ended without a product, and its id is worth nothing any more. The class says what follows: `Retry` orders a
    /// new one.
    Failed(ProviderError),
}

impl<Made> Polled<Made> {
    /// Goes on with a job that is done: `fetch` makes the product out of what the vendor told.
    ///
    /// # Errors
    /// When `fetch` met a passing trouble: the job is done and its files are still there, so it is asked about again rather
    /// than bought again. Every other trouble of `fetch` ends the job, which is paid for.
    pub async fn fetch<Product, Fetching>(self, fetch: impl FnOnce(Made) -> Fetching) -> Result<Polled<Product>, ProviderError>
    where
        Fetching: Future<Output = Result<Product, ProviderError>>,
    {
        let made = match self {
            Self::Done(made) => made,
            Self::NotYet { ask_again_after } => return Ok(Polled::NotYet { ask_again_after }),
            Self::Failed(error) => return Ok(Polled::Failed(error)),
        };
        match fetch(made).await {
            Ok(product) => Ok(Polled::Done(product)),
            Err(error @ ProviderError::Retry { .. }) => Err(error),
            Err(error) => Ok(Polled::Failed(error.after_payment())),
        }
    }
}
