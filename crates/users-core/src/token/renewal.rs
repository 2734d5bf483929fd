//! Limits on token requests while they fail, or while the server rejects the tokens.

use crate::clock::Instant;
use crate::error::{Error, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

/// The first pause after a failed fetch, and the longest one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Delays the next fetch after a failed one. Until then, calls share the error.
#[derive(Default)]
pub(super) struct Backoff {
    failures: u32,
    last: Option<(Arc<Error>, Instant)>,
}

impl Backoff {
    /// Records a failed fetch. The first transient failure has no pause: the next call may succeed.
    pub(super) fn failed(&mut self, error: &Arc<Error>, now: Instant, random: u64) {
        // A body that is not a token response comes from a proxy or a broken connection, not from wrong credentials.
        let is_transient = error.is_retryable() || error.kind() == ErrorKind::Decode;
        let doublings = if is_transient { self.failures.checked_sub(1) } else { Some(self.failures) };
        self.failures = self.failures.saturating_add(1);
        self.last = doublings.map(|doublings| {
            let pause = doubled(FIRST_PAUSE, doublings, LONGEST_PAUSE);
            // Between half of the pause and all of it, so that processes do not fetch at the same time.
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

    /// The error of the last fetch, during its pause.
    pub(super) fn error(&self, now: Instant) -> Option<Arc<Error>> {
        self.last.as_ref().filter(|(_, until)| now < *until).map(|(error, _)| Arc::clone(error))
    }
}

/// The first interval between renewals after a 401, and the longest one.
const FIRST_INTERVAL: Duration = Duration::from_secs(10);
const LONGEST_INTERVAL: Duration = Duration::from_secs(300);
/// The number of accepted tokens that may be renewed without an interval; one more is added per first interval.
const BURST: u32 = 30;

/// Limits renewals while 401s persist: a server that rejects a new token is likely to reject the next one.
#[derive(Default)]
pub(super) struct Rejections {
    /// The number of consecutive renewals with short intervals.
    in_row: u32,
    last: Option<Instant>,
    /// The number of accepted tokens renewed recently, and the moment up to which the refill is counted.
    accepted_renewed: u32,
    counted_to: Option<Instant>,
}

impl Rejections {
    /// Returns whether a rejected token may be renewed now. A token that was accepted before has been revoked since.
    pub(super) fn may_renew(&mut self, now: Instant, was_accepted: bool) -> bool {
        let since = self.last.map(|last| now.saturating_since(last));
        let interval = doubled(FIRST_INTERVAL, self.in_row, LONGEST_INTERVAL);
        if since.is_some_and(|since| since < interval) && !(was_accepted && self.has_left(now)) {
            return false;
        }
        let is_quick = since.is_some_and(|since| since < 2 * interval);
        self.in_row = if is_quick && !was_accepted { self.in_row + 1 } else { 0 };
        self.last = Some(now);
        true
    }

    /// Takes one of the renewals of accepted tokens that need no interval.
    fn has_left(&mut self, now: Instant) -> bool {
        let since = self.counted_to.map_or(Duration::ZERO, |counted_to| now.saturating_since(counted_to));
        let added = u32::try_from(since.as_secs() / FIRST_INTERVAL.as_secs()).unwrap_or(u32::MAX);
        self.accepted_renewed = self.accepted_renewed.saturating_sub(added);
        if added > 0 || self.counted_to.is_none() {
            self.counted_to = Some(now);
        }
        let has_left = self.accepted_renewed < BURST;
        self.accepted_renewed += u32::from(has_left);
        has_left
    }
}

fn doubled(time: Duration, times: u32, longest: Duration) -> Duration {
    time.saturating_mul(1_u32.checked_shl(times.min(16)).unwrap_or(u32::MAX)).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::TransportError;

    fn at(seconds: u64) -> Instant {
        Instant::from_start(Duration::from_secs(seconds))
    }

    #[test]
    fn rejected_tokens_are_renewed_at_growing_intervals() {
        let mut rejections = Rejections::default();
        let renewed = (0..3600).filter(|second| rejections.may_renew(at(*second), false)).count();
        assert!((10..25).contains(&renewed), "{renewed} in an hour");
        assert!(rejections.may_renew(at(10_000), false) && !rejections.may_renew(at(10_009), false));
        assert!(
            rejections.may_renew(at(10_010), false),
            "after a quiet hour the intervals start from the shortest"
        );
        let burst = (0..1000).filter(|_| rejections.may_renew(at(10_011), true)).count();
        assert_eq!(burst, 30, "accepted tokens were revoked since, or the server is inconsistent");
    }

    #[test]
    fn a_permanent_failure_pauses_at_once_and_a_transient_one_from_the_second() {
        let permanent = Arc::new(Error::new(ErrorKind::Status, "no"));
        let transient = Arc::new(Error::transport(TransportError::timeout("late")));
        let mut backoff = Backoff::default();
        backoff.failed(&permanent, at(0), 0);
        assert!(backoff.error(at(0)).is_some() && backoff.error(at(1)).is_none());
        for error in [&transient, &Arc::new(Error::new(ErrorKind::Decode, "not JSON"))] {
            backoff.reset();
            backoff.failed(error, at(0), 999);
            assert!(backoff.error(at(0)).is_none(), "{error}");
        }
        for _ in 0..20 {
            backoff.failed(&transient, at(0), 0);
        }
        assert!(backoff.error(at(29)).is_some() && backoff.error(at(31)).is_none());
    }
}
