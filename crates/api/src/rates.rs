//! How often somebody may ask: each user, and each address that nobody has signed in from. Beyond it, they are told when to
//! come again.

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use uuid::Uuid;

use crate::error::ApiError;

/// Counts requests. Cheap to clone; all clones count together.
#[derive(Clone)]
pub struct Rates {
    users: Arc<DefaultKeyedRateLimiter<Uuid>>,
    addresses: Arc<DefaultKeyedRateLimiter<IpAddr>>,
}

/// So many a minute, as many of them at once.
#[derive(Debug, Clone, Copy)]
pub struct PerMinute(pub NonZeroU32);

impl Rates {
    /// What a user may ask for where nothing else is configured: far more than a person at a page needs.
    pub const USER: PerMinute = PerMinute(NonZeroU32::new(1200).expect("not zero"));
    /// The same of an address.
    pub const ADDRESS: PerMinute = PerMinute(NonZeroU32::new(240).expect("not zero"));

    /// What each user may ask for, and each address that nobody has signed in from.
    pub fn new(user: PerMinute, address: PerMinute) -> Self {
        Self { users: Arc::new(limiter(user)), addresses: Arc::new(limiter(address)) }
    }

    /// Counts a request of a user.
    ///
    /// # Errors
    /// When there were too many.
    pub fn check_user(&self, user: Uuid) -> Result<(), ApiError> {
        check(&self.users, &user)
    }

    /// Counts a request of an address.
    ///
    /// # Errors
    /// When there were too many.
    pub fn check_address(&self, address: IpAddr) -> Result<(), ApiError> {
        check(&self.addresses, &neighbourhood(address))
    }
}

impl Default for Rates {
    fn default() -> Self {
        Self::new(Self::USER, Self::ADDRESS)
    }
}

fn limiter<K: Hash + Eq + Clone>(rate: PerMinute) -> DefaultKeyedRateLimiter<K> {
    RateLimiter::keyed(Quota::per_minute(rate.0))
}

fn check<K: Hash + Eq + Clone>(limiter: &DefaultKeyedRateLimiter<K>, key: &K) -> Result<(), ApiError> {
    // What is full again need not be remembered; one look in a thousand is enough.
    if limiter.len() > 1_000 {
        limiter.retain_recent();
    }
    limiter.check_key(key).map_err(|early| {
        let wait = early.wait_time_from(DefaultClock::default().now());
        ApiError::TooMany { wait: wait.max(Duration::from_millis(1)) }
    })
}

/// Whoever has one IPv6 address has all of its /64.
fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_are_told_when_to_come_again() {
        let few = PerMinute(NonZeroU32::new(3).expect("not zero"));
        let rates = Rates::new(few, few);
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        for _ in 0..3 {
            rates.check_user(one).expect("there is room");
        }
        let Err(ApiError::TooMany { wait }) = rates.check_user(one) else { panic!("there is no room") };
        assert!(wait <= Duration::from_secs(20), "{wait:?}");
        rates.check_user(other).expect("others have room of their own");
    }

    #[test]
    fn a_network_counts_as_one() {
        let check = |address: &str, expected: &str| {
            assert_eq!(neighbourhood(address.parse().expect("an address")), expected.parse::<IpAddr>().expect("an address"));
        };
        check("192.0.2.7", "192.0.2.7");
        check("::ffff:192.0.2.7", "192.0.2.7");
        check("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::");
    }
}
