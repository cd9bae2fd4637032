//! What threads of a render wait for from each other.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::error::RenderError;

/// How often a waiting thread looks whether it should stop.
const TICK: Duration = Duration::from_millis(50);

/// Which of a fixed number of things are there.
pub(crate) struct Arrivals {
    there: Mutex<Vec<bool>>,
    changed: Condvar,
}

impl Arrivals {
    /// Nothing of `count` is there.
    pub(crate) fn of(count: usize) -> Self {
        Self { there: Mutex::new(vec![false; count]), changed: Condvar::new() }
    }

    /// It is there now.
    pub(crate) fn arrive(&self, index: usize) {
        self.there.lock().unwrap_or_else(PoisonError::into_inner)[index] = true;
        self.changed.notify_all();
    }

    /// Whether all of these are there.
    pub(crate) fn all(&self, range: Range<usize>) -> bool {
        self.there.lock().unwrap_or_else(PoisonError::into_inner)[range].iter().all(|there| *there)
    }

    /// Returns when it is there.
    ///
    /// # Errors
    /// [`RenderError::Stopped`] when `stop` was set meanwhile.
    pub(crate) fn wait(&self, index: usize, stop: &AtomicBool) -> Result<(), RenderError> {
        let mut there = self.there.lock().unwrap_or_else(PoisonError::into_inner);
        while !there[index] {
            if stop.load(Ordering::Relaxed) {
                return Err(RenderError::Stopped);
            }
            there = self.changed.wait_timeout(there, TICK).unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }
}
