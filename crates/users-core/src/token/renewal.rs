//! How often tokens are requested while requests for them fail, or while the server rejects them.

use crate::clock::Instant;
use crate::error::Error;
use std::sync::Arc;
use std::time::Duration;

/// The pause after a failed fetch, and the longest one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Keeps calls from repeating a fetch that has just failed: they share its error until the pause is over.
#[derive(Default)]
pub(super) struct Backoff {
    failures: u32,
    last: Option<(Arc<Error>, Instant)>,
}

impl Backoff {
    /// A fetch failed. The first transient failure has no pause, since its request was retried already.
    pub(super) fn failed(&mut self, error: &Arc<Error>, now: Instant, random: u64) {
        let doublings = if error.is_retryable() { self.failures.checked_sub(1) } else { Some(self.failures) };
        self.failures = self.failures.saturating_add(1);
        self.last = doublings.map(|doublings| {
            let pause = doubled(FIRST_PAUSE, doublings, LONGEST_PAUSE);
            // Between half of it and all of it, so that processes do not ask in step.
            let jittered = pause.mul_f64(0.5 + f64::from(u32::try_from(random % 1000).unwrap_or(0)) / 2000.0);
            (
                Arc::clone(error),
                now + jittered.max(error.retry_after().unwrap_or_default().min(LONGEST_PAUSE)),
            )
        });
    }

    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    /// The error of the last fetch, while its pause lasts.
    pub(super) fn error(&self, now: Instant) -> Option<Arc<Error>> {
        self.last.as_ref().filter(|(_, until)| now < *until).map(|(error, _)| Arc::clone(error))
    }
}

/// The time between two renewals after a 401, and the longest one.
const FIRST_INTERVAL: Duration = Duration::from_secs(10);
const LONGEST_INTERVAL: Duration = Duration::from_secs(300);

/// Keeps a 401 that lasts from costing a token per call: a server that rejects a new token is likely to reject the next one.
#[derive(Default)]
pub(super) struct Rejections {
    /// How many renewals followed each other with hardly a pause.
    in_row: u32,
    last: Option<Instant>,
}

impl Rejections {
    /// Whether a token that was rejected may be renewed now. One that was accepted before was revoked since, and always may.
    pub(super) fn may_renew(&mut self, now: Instant, was_accepted: bool) -> bool {
        if was_accepted {
            *self = Self { in_row: 0, last: Some(now) };
            return true;
        }
        let since = self.last.map(|last| now.saturating_since(last));
        let interval = doubled(FIRST_INTERVAL, self.in_row, LONGEST_INTERVAL);
        if since.is_some_and(|since| since < interval) {
            return false;
        }
        self.in_row = if since.is_some_and(|since| since < 2 * interval) { self.in_row + 1 } else { 0 };
        self.last = Some(now);
        true
    }
}

fn doubled(time: Duration, times: u32, longest: Duration) -> Duration {
    time.saturating_mul(1_u32.checked_shl(times.min(16)).unwrap_or(u32::MAX)).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::transport::TransportError;

    fn at(seconds: u64) -> Instant {
        Instant::from_start(Duration::from_secs(seconds))
    }

    #[test]
    fn rejected_tokens_are_renewed_ever_more_rarely() {
        let mut rejections = Rejections::default();
        let renewed = (0..3600).filter(|second| rejections.may_renew(at(*second), false)).count();
        assert!((10..25).contains(&renewed), "{renewed} in an hour");
        assert!(rejections.may_renew(at(10_000), false) && !rejections.may_renew(at(10_009), false));
        assert!(
            rejections.may_renew(at(10_010), false),
            "after a quiet hour the intervals start from the shortest"
        );
        assert!(rejections.may_renew(at(10_011), true), "it was accepted, so it was revoked since");
    }

    #[test]
    fn a_permanent_failure_pauses_at_once_and_a_transient_one_from_the_second() {
        let permanent = Arc::new(Error::new(ErrorKind::Status, "no"));
        let transient = Arc::new(Error::transport(TransportError::timeout("late")));
        let mut backoff = Backoff::default();
        backoff.failed(&permanent, at(0), 0);
        assert!(backoff.error(at(0)).is_some() && backoff.error(at(1)).is_none());
        backoff.reset();
        backoff.failed(&transient, at(0), 999);
        assert!(backoff.error(at(0)).is_none());
        for _ in 0..20 {
            backoff.failed(&transient, at(0), 0);
        }
        assert!(backoff.error(at(29)).is_some() && backoff.error(at(31)).is_none());
    }
}
