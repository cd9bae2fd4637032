//! Orders to misbehave: which vendor, for which ability, how, and how often.
//!
//! What a fault looks like is the vendor's own matter where it has a shape for it, and the server's where bytes are cut.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

/// One order, as `POST /faults` takes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultOrder {
    /// Such as `gemini`; `*` for all.
    pub vendor: String,
    /// Only calls for this ability (as the ledger names it); all when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ability: Option<String>,
    /// What happens.
    pub fault: Fault,
    /// For how many calls; for all when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// How many fitting calls go well first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u32>,
}

/// What happens to a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Which one.
    pub kind: FaultKind,
    /// Milliseconds: how late the answer comes (`latency`), or the time between two pieces (`drip`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ms: Option<u64>,
    /// Seconds, for `rate_limited` and `unavailable`; no such header when missing.
    #[serde(default, alias = "retryAfter", skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// Another HTTP status than the vendor's own, for the kinds that have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

impl From<FaultKind> for Fault {
    fn from(kind: FaultKind) -> Self {
        Self { kind, ms: None, retry_after: None, status: None }
    }
}

/// The kinds of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The answer is good, but late. It goes together with one other fault.
    Latency,
    /// The key does not count.
    Unauthorized,
    /// No money or allowance left.
    PaymentRequired,
    /// No such model.
    ModelNotFound,
    /// Too many calls.
    RateLimited,
    /// A bug over there.
    ServerError,
    /// Overloaded.
    Unavailable,
    /// The content is declined.
    Refusal,
    /// Success with nothing in it.
    Empty,
    /// The connection ends in the middle of the body.
    Cut,
    /// The body comes slowly, in pieces.
    Drip,
    /// The media are of another kind than the answer says; JSON comes as `text/plain`.
    WrongMediaType,
    /// A page in HTML instead of an answer, with status 502 unless another is given.
    Html,
    /// JSON that ends too early: a script's own, else the answer's.
    MalformedJson,
    /// A script's JSON in a Markdown code fence.
    CodeFence,
    /// A script with half the scenes that were asked for.
    TooFewScenes,
    /// An ordered job ends without a product.
    JobFails,
    /// An ordered job ends before anything is made.
    JobNotBegun,
    /// An ordered job is never done.
    JobNeverEnds,
    /// A WAV whose header gives no sizes, as one that was streamed.
    StreamedWav,
}

impl FaultKind {
    /// As orders spell it.
    pub(super) fn name(self) -> String {
        serde_json::to_value(self).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
    }
}

/// All orders.
#[derive(Debug, Default)]
pub(super) struct Faults {
    orders: Mutex<Vec<FaultOrder>>,
}

/// What is ordered for one call.
#[derive(Debug, Default, Clone)]
pub(super) struct Ordered {
    /// Milliseconds.
    pub(super) latency: u64,
    pub(super) fault: Option<Fault>,
}

impl Ordered {
    /// For the ledger.
    pub(super) fn name(&self) -> Option<String> {
        let latency = || (self.latency > 0).then(|| FaultKind::Latency.name());
        self.fault.as_ref().map(|fault| fault.kind.name()).or_else(latency)
    }
}

impl Faults {
    pub(super) fn order(&self, order: FaultOrder) {
        self.orders().push(order);
    }

    pub(super) fn clear(&self) {
        self.orders().clear();
    }

    pub(super) fn all(&self) -> Vec<FaultOrder> {
        self.orders().clone()
    }

    /// Takes what is ordered for a call: all latencies, and the first other fault that is due.
    pub(super) fn take(&self, vendor: &str, ability: &str) -> Ordered {
        let mut taken = Ordered::default();
        for order in self.orders().iter_mut() {
            let fits = (order.vendor == "*" || order.vendor == vendor)
                && order.ability.as_deref().is_none_or(|wanted| wanted == ability);
            let late = order.fault.kind == FaultKind::Latency;
            if !fits || order.times == Some(0) || (!late && taken.fault.is_some()) {
                continue;
            }
            if let Some(after) = order.after.as_mut().filter(|after| **after > 0) {
                *after -= 1;
                continue;
            }
            if let Some(times) = order.times.as_mut() {
                *times -= 1;
            }
            if late {
                taken.latency += order.fault.ms.unwrap_or(1000);
            } else {
                taken.fault = Some(order.fault.clone());
            }
        }
        taken
    }

    fn orders(&self) -> MutexGuard<'_, Vec<FaultOrder>> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
