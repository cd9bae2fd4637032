//! Asking vendors: one after the other where that is allowed, within limits, plan and budgets.

use std::time::Instant;

use futures::future::BoxFuture;
use model::task::{Failure, FailureClass, MAX_ATTEMPTS};
use model::usage::Unit;
use providers::abilities::{Candidate, Candidates};
use providers::error::{ProviderError, unquoted};
use store::{Call, Entry, Reservation};
use tracing::Instrument;
use tracing::field::Empty;

use super::{Others, TaskError, Work};
use crate::{failure, measures};

/// What a vendor is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Order<'a> {
    vendor: &'a str,
    model: &'a str,
    own_key: bool,
    local: bool,
    unit: Unit,
    /// How many of it, as far as one can tell before.
    units: f64,
}

impl<'a> Order<'a> {
    /// So many units of a candidate.
    pub fn of<T: ?Sized>(candidate: &'a Candidate<T>, unit: Unit, units: f64) -> Self {
        let Candidate { vendor, model, own_key, local, provider: _ } = candidate;
        Self { vendor, model, own_key: *own_key, local: *local, unit, units }
    }
}

impl<'a> Work<'a> {
    /// What the first candidate makes that can. The next one is asked only if that is allowed, and only when the trouble is
    /// the vendor's own: a passing one when this is the last try, a used-up account at once.
    pub async fn first_of<'c, T: ?Sized, R>(
        self,
        candidates: &'c Candidates<T>,
        make: impl Fn(&'c Candidate<T>) -> BoxFuture<'c, Result<R, TaskError>>,
    ) -> Result<R, TaskError> {
        let candidates = candidates.as_ref().map_err(|error| TaskError::Vendor(error.clone()))?;
        let mut nobody = ProviderError::Unavailable("nobody is set up for it".to_owned());
        for (place, candidate) in candidates.iter().enumerate() {
            let error = match make(candidate).await {
                Err(TaskError::Vendor(error)) => error,
                made => return made,
            };
            let last_try = self.lease.attempt >= MAX_ATTEMPTS || !matches!(error, ProviderError::Retry { .. });
            let next = candidates.get(place + 1).filter(|_| self.abilities.fallback && error.is_vendors_own() && last_try);
            let Some(next) = next else { return Err(TaskError::Vendor(error)) };
            let reason = error.to_string();
            tracing::warn!(
                vendor = candidate.vendor,
                reason = &*unquoted(&reason),
                next = next.vendor,
                "the next vendor is asked"
            );
            self.give_up_call(&error).await?;
            nobody = error;
        }
        Err(TaskError::Vendor(nobody))
    }

    /// Asks one vendor, if its limits, the plan and the budgets have room for it.
    pub async fn ask<R>(self, order: Order<'_>, call: impl Future<Output = Result<R, ProviderError>>) -> Result<R, TaskError> {
        self.enter(order).await?;
        self.reserve(order).await?;
        // It is closed by nobody.
        let _processor = if order.local { self.engine.processors.acquire().await.ok() } else { None };
        self.reached("calling");
        let began = Instant::now();
        let span = tracing::info_span!("call", vendor = order.vendor, model = order.model, outcome = Empty);
        let answer = call.instrument(span.clone()).await;
        span.record("outcome", measures::outcome(&answer));
        measures::vendor_called(self.lease.target.kind, order.vendor, &answer, began.elapsed());
        answer.map_err(TaskError::Vendor)
    }

    /// Takes a place within the limits of the vendor. They are the server's, so a key of the user's own knows none.
    async fn enter(self, order: Order<'_>) -> Result<(), TaskError> {
        let Some(limits) = self.engine.settings.limits.get(order.vendor).filter(|_| !order.own_key) else { return Ok(()) };
        let entered = self.engine.store.enter(self.lease, order.vendor, limits, (self.engine.clock)()).await;
        match entered.map_err(|error| failure::of_store(&error))? {
            Entry::Entered => Ok(()),
            Entry::Wait { until, user_only } => {
                tracing::debug!(vendor = order.vendor, %until, "waits for a place");
                Err(TaskError::Postponed { until, others: if user_only { Others::OfUserWait } else { Others::Wait } })
            }
            Entry::Lost => Err(TaskError::Vanished),
        }
    }

    /// Reserves what the call will use.
    pub async fn reserve(self, order: Order<'_>) -> Result<(), TaskError> {
        let Order { vendor, model, own_key, local: _, unit, units } = order;
        let call = Call {
            vendor: vendor.to_owned(),
            model: model.to_owned(),
            unit,
            units,
            cost: self.engine.prices.cost(vendor, model, unit, units),
            counts: !own_key,
        };
        let reserved = self.engine.store.reserve(self.lease, &call, (self.engine.clock)()).await;
        match reserved.map_err(|error| failure::of_store(&error))? {
            Reservation::Made => Ok(()),
            Reservation::Lost => Err(TaskError::Vanished),
            Reservation::Quota(exceeded) => Err(Failure { class: FailureClass::Quota, message: exceeded.to_string() }.into()),
            Reservation::Budget(over) => Err(TaskError::OverBudget(match self.engine.prices.of() {
                Some(month) => format!("{over} (prices of {month})"),
                None => over.to_string(),
            })),
        }
    }

    /// The call that was reserved came to nothing, and the task goes on without it: what was reserved is given back.
    pub async fn give_up_call(self, error: &ProviderError) -> Result<(), TaskError> {
        let engine = self.engine;
        let refunded = engine.store.refund(self.lease, failure::of_provider(error), (engine.clock)());
        match refunded.await.map_err(|error| failure::of_store(&error))? {
            true => Ok(()),
            false => Err(TaskError::Vanished),
        }
    }
}
