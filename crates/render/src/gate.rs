//! A budget of memory for large pictures that all threads of the process share: small ones pass freely, large ones wait.
//!
//! What the memory is used for is decided in `picture`.

use std::sync::{Condvar, Mutex, PoisonError};

/// Bytes that may be taken by large pictures at a time. One picture that needs more passes alone.
const BUDGET: u64 = 300 << 20;
/// Pictures that need less than this are not counted.
const SMALL: u64 = 24 << 20;

static FREE: Mutex<u64> = Mutex::new(BUDGET);
static GIVEN_BACK: Condvar = Condvar::new();

/// A share of the budget; dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Share(u64);

/// Waits until `bytes` are free and takes them. Never ask for a second share while holding one.
pub(crate) fn share(bytes: u64) -> Share {
    if bytes < SMALL {
        return Share(0);
    }
    let bytes = bytes.min(BUDGET);
    let free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut free = GIVEN_BACK.wait_while(free, |free| *free < bytes).unwrap_or_else(PoisonError::into_inner);
    *free -= bytes;
    Share(bytes)
}

impl Drop for Share {
    fn drop(&mut self) {
        if self.0 > 0 {
            *FREE.lock().unwrap_or_else(PoisonError::into_inner) += self.0;
            GIVEN_BACK.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn giants_take_turns_and_everybody_gets_one() {
        let (inside, most, passed) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let _share = share(2 * BUDGET);
                        most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        drop(share(SMALL - 1));
                        inside.fetch_sub(1, Ordering::SeqCst);
                        passed.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!((most.into_inner(), passed.into_inner()), (1, 400));
    }
}
