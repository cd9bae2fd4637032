//! Circuit breakers: a vendor that is away is left alone for a while, instead of letting every task find out for itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::error::ProviderError;
use crate::vendor::Vendor;

/// So many calls without an answer in a row are an outage.
const OUTAGE: u32 = 5;
/// How long a vendor is left alone. After that one call tries it.
const PAUSE: Duration = Duration::from_secs(30);

/// One breaker for each vendor; clones are the same breakers.
#[derive(Debug, Clone, Default)]
pub struct Breakers(Arc<Mutex<HashMap<Vendor, Breaker>>>);

#[derive(Debug, Clone, Copy, Default)]
struct Breaker {
    failures: u32,
    open_until: Option<Instant>,
}

impl Breakers {
    /// How long the vendor is still left alone, if it is. Whoever comes first after that tries it, and the others wait for
    /// what becomes of that.
    pub fn open_for(&self, vendor: Vendor) -> Option<Duration> {
        let mut breakers = self.lock();
        let breaker = breakers.get_mut(&vendor)?;
        let left = breaker.open_until?.saturating_duration_since(Instant::now());
        if left.is_zero() {
            breaker.open_until = Some(Instant::now() + PAUSE);
            return None;
        }
        Some(left)
    }

    /// Refuses a call to a vendor that is left alone.
    ///
    /// # Errors
    /// [`ProviderError::Retry`] with the time that is left.
    pub fn check(&self, vendor: Vendor) -> Result<(), ProviderError> {
        let Some(wait) = self.open_for(vendor) else { return Ok(()) };
        let message = format!("{vendor} could not be reached several times in a row; it is asked again in a while");
        Err(ProviderError::Retry { message, after: Some(wait) })
    }

    /// The vendor has answered.
    pub fn answered(&self, vendor: Vendor) {
        self.lock().remove(&vendor);
    }

    /// The vendor has not answered.
    pub fn failed(&self, vendor: Vendor) {
        let mut breakers = self.lock();
        let breaker = breakers.entry(vendor).or_default();
        breaker.failures += 1;
        if breaker.failures >= OUTAGE {
            breaker.open_until = Some(Instant::now() + PAUSE);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Vendor, Breaker>> {
        // Counters can't be left half-changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_outage_opens_and_one_call_tries() {
        let breakers = Breakers::default();
        let vendor = Vendor::Gemini;
        for _ in 1..OUTAGE {
            breakers.failed(vendor);
            assert_eq!(breakers.open_for(vendor), None);
        }
        breakers.failed(vendor);
        assert_eq!(breakers.open_for(vendor), Some(PAUSE));
        assert_eq!(breakers.open_for(Vendor::Groq), None);
        tokio::time::advance(PAUSE).await;
        assert_eq!(breakers.open_for(vendor), None, "one tries");
        assert_eq!(breakers.open_for(vendor), Some(PAUSE), "the others wait");
        breakers.answered(vendor);
        assert_eq!(breakers.open_for(vendor), None);
    }
}
