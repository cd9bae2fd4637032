//! Waiting for a vendor's job. Its id is stored before any waiting, so that a restart asks for the job and does not buy again.

use std::time::Duration;

use futures::future::BoxFuture;
use model::task::MAX_ATTEMPTS;
use providers::error::ProviderError;
use providers::job::{JobProvider, Polled};
use tracing::Instrument;
use tracing::field::Empty;

use super::ask::Order;
use super::keep::patiently;
use super::{TaskError, Work};

/// One attempt waits at most so long. The next one goes on waiting for the same job.
const LONGEST: chrono::Duration = chrono::Duration::minutes(15);
/// Between the vendor's name and its id of the job, as they are noted.
const SEPARATOR: char = ' ';
/// The longest pause between two questions, whatever the vendor says.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The product of the task's job: the one that an earlier attempt has ordered, or a new one. `request` is only made ready
/// for a new one.
pub(super) async fn wait_for<Request: Sync, Product>(
    work: Work<'_>,
    vendor: &dyn JobProvider<Request, Product>,
    (key, order): (&str, Order<'_>),
    request: BoxFuture<'_, Result<Request, TaskError>>,
) -> Result<Product, TaskError> {
    let job = match noted(work, vendor.vendor()) {
        Some(job) => {
            // It was ordered when there was room for it. Where a failed question has given that back, it counts again.
            let _ = work.reserve(order).await;
            job.to_owned()
        }
        None => {
            let request = request.await?;
            let job = work.ask(order, vendor.submit(&request, key)).await?;
            work.reached("submitted");
            // Between the vendor's answer and the stored id lies the one gap that can't be closed: a crash just there orders
            // again, with the same key, and only a vendor that knows keys sees that it is the same order.
            note(work, &format!("{}{SEPARATOR}{job}", vendor.vendor())).await?;
            work.reached("noted");
            job
        }
    };
    let span = tracing::info_span!("wait", vendor = vendor.vendor(), outcome = Empty);
    let answer = poll(work, vendor, &job).instrument(span.clone()).await;
    span.record("outcome", if answer.is_ok() { "done" } else { "failed" });
    answer
}

/// Asks for the job until it has ended.
async fn poll<Request, Product>(
    work: Work<'_>,
    vendor: &dyn JobProvider<Request, Product>,
    job: &str,
) -> Result<Product, TaskError> {
    let clock = work.engine.clock;
    let begun = clock();
    loop {
        work.reached("polling");
        let pause = match vendor.poll(job).await.map_err(|error| unanswered(work, error, vendor.charges()))? {
            Polled::Done(product) => return Ok(product),
            Polled::Failed(error) => {
                // The next attempt, if there is one, orders a new job.
                note(work, "").await?;
                return Err(TaskError::Vendor(error));
            }
            Polled::NotYet { ask_again_after } => ask_again_after.min(LONGEST_PAUSE),
        };
        if clock() - begun > LONGEST {
            let message = format!("{} has not finished its job {job} within {} minutes", vendor.vendor(), LONGEST.num_minutes());
            return Err(unanswered(work, ProviderError::retry(message), vendor.charges()));
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = work.cancel.cancelled() => return Err(TaskError::Cancelled),
        }
    }
}

/// What follows when a job that was ordered can't be asked about. While there are tries left, it is asked about again. After
/// the last one it counts as spent, and nobody else is asked for the same: the vendor may well finish and charge it.
fn unanswered(work: Work<'_>, error: ProviderError, charges: bool) -> TaskError {
    let passing = matches!(error, ProviderError::Retry { .. }) && work.lease.attempt < MAX_ATTEMPTS;
    TaskError::Vendor(if passing || !charges { error } else { error.after_payment() })
}

/// The job that an earlier attempt has ordered from this vendor.
fn noted<'a>(work: Work<'a>, vendor: &str) -> Option<&'a str> {
    let noted = work.lease.vendor_ref.as_deref().filter(|noted| !noted.is_empty())?;
    match noted.split_once(SEPARATOR) {
        Some((of, job)) => (of == vendor).then_some(job),
        // Noted by an older version, which knew one vendor.
        None => Some(noted),
    }
}

async fn note(work: Work<'_>, job: &str) -> Result<(), TaskError> {
    if patiently(|| Box::pin(work.engine.store.set_vendor_ref(work.lease, job))).await? {
        return Ok(());
    }
    tracing::warn!(job, "the task was cancelled or taken over; nobody waits for this job of the vendor");
    Err(TaskError::Vanished)
}
