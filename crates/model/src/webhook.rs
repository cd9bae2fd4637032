//! The rules of delivering webhooks: when an attempt is repeated, and what an answer means. Who sends them is `engine`.

use std::time::Duration;

use crate::notice::NoticeKind;

/// Waits after the first, second … attempt of a message; after the last one it is given up.
const WAITS: [Duration; 7] = [
    Duration::from_secs(5),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3600),
    Duration::from_secs(5 * 3600),
    Duration::from_secs(10 * 3600),
    Duration::from_secs(10 * 3600),
];
/// A receiver can ask for no longer wait than this.
const LONGEST_WAIT: Duration = Duration::from_secs(10 * 3600);
/// An endpoint that has taken nothing for so long is switched off when a message to it is given up.
pub const PATIENCE: Duration = Duration::from_secs(5 * 24 * 3600);

/// What a receiver answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Its wish for a later attempt (`Retry-After`).
    pub retry_after: Option<Duration>,
}

/// What follows from an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It was taken.
    Taken,
    /// It is sent again after that time.
    Again(Duration),
    /// It is not sent again.
    GivenUp,
    /// The receiver is gone for good: the endpoint is switched off.
    Gone,
}

/// What follows from the `tries`-th attempt (from 1) of a message; without an answer the receiver could not be reached. `jitter`
/// (0 to 1) lengthens the wait by up to a tenth, so that many messages do not come back at the same moment.
pub fn verdict(kind: NoticeKind, answer: Option<&Answer>, tries: i32, jitter: f64) -> Verdict {
    match answer.map(|answer| answer.status) {
        Some(200..=299) => return Verdict::Taken,
        Some(410) => return Verdict::Gone,
        _ => {}
    }
    // The next word about progress says more than this one. And whoever tests looks at once.
    if matches!(kind, NoticeKind::RenderProgress | NoticeKind::Test) {
        return Verdict::GivenUp;
    }
    let place = usize::try_from(tries - 1).unwrap_or_default();
    let Some(wait) = WAITS.get(place) else { return Verdict::GivenUp };
    let jitter = if jitter.is_finite() { jitter.clamp(0.0, 1.0) } else { 0.0 };
    let asked = answer.and_then(|answer| answer.retry_after).unwrap_or_default().min(LONGEST_WAIT);
    Verdict::Again(wait.mul_f64(1.0 + jitter / 10.0).max(asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_mean_what_they_say() {
        let seconds = Duration::from_secs;
        let check = |status: u16, tries, expected| {
            let answer = Answer { status, retry_after: None };
            assert_eq!(verdict(NoticeKind::RenderCompleted, Some(&answer), tries, 0.0), expected, "{status}");
        };
        check(200, 1, Verdict::Taken);
        check(204, 8, Verdict::Taken);
        check(410, 1, Verdict::Gone);
        for status in [301, 404, 429, 500] {
            check(status, 1, Verdict::Again(seconds(5)));
        }
        check(500, 2, Verdict::Again(seconds(300)));
        check(500, 7, Verdict::Again(seconds(36_000)));
        check(500, 8, Verdict::GivenUp);
        let silent = |kind, jitter| verdict(kind, None, 1, jitter);
        assert_eq!(silent(NoticeKind::RenderFailed, 1.0), Verdict::Again(Duration::from_millis(5_500)));
        assert_eq!(silent(NoticeKind::RenderProgress, 0.0), Verdict::GivenUp);
    }

    #[test]
    fn a_receivers_wish_counts_within_bounds() {
        let check = |asked, tries, expected| {
            let answer = Answer { status: 503, retry_after: Some(Duration::from_secs(asked)) };
            let verdict = verdict(NoticeKind::RenderCompleted, Some(&answer), tries, 0.0);
            assert_eq!(verdict, Verdict::Again(Duration::from_secs(expected)));
        };
        check(60, 1, 60);
        check(60, 2, 300);
        check(1_000_000, 1, 36_000);
    }
}
