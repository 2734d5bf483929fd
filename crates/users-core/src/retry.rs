//! When a request is sent again, and after how long.

use crate::descriptor::Safety;
use crate::error::is_passing;
use crate::transport::{Sent, TransportError, TransportErrorKind};
use http::StatusCode;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// When to send a request again.
///
/// | | safe, idempotent | other |
/// |---|---|---|
/// | 429, or never sent | yes | yes |
/// | 500, 502, 503, 504, 408, timeout, broken connection | yes | only with [`idempotent(true)`](crate::Call::idempotent) |
/// | any other answer | no | no |
///
/// A search that Auth0 gave up on (503, "query exceeded the timeout") is tried once more. A 401 renews the access token
/// and repeats once, which is not counted here.
///
/// Between attempts it waits as long as the server asked, or else a random time below 250 ms, doubling with each attempt up
/// to 20 s. A 429 does not count as one of the attempts: the request was not carried out, and waiting is what the server
/// asks for.
///
/// # What becomes of a call
///
#[doc = include_str!("../FAULTS.md")]
#[derive(Clone)]
pub struct Retry {
    max_attempts: u32,
    base: Duration,
    cap: Duration,
    max_server_delay: Duration,
    policy: Option<Arc<Policy>>,
}

type Policy = dyn Fn(&FailedAttempt) -> Option<Duration> + Send + Sync;

/// What a [policy of one's own](Retry::by) knows when it decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailedAttempt {
    /// Attempts that failed, this one included, 429s apart.
    pub errors: u32,
    /// Attempts that were answered with 429, this one included.
    pub refusals: u32,
    /// The status of the answer; `None` if there was none.
    pub status: Option<StatusCode>,
    /// How long the server asked to wait.
    pub server_delay: Option<Duration>,
    /// A random number for jitter.
    pub random: u64,
}

/// However patient, a call gives up on a server that does nothing but refuse.
const MOST_REFUSALS: u32 = 100;

/// A reset that is now or past still waits a little: it is given in whole seconds, and others wait for it too.
const LEAST_AFTER_429: Duration = Duration::from_millis(250);

impl Default for Retry {
    /// 3 attempts, 250 ms doubling to 20 s, and a server may ask for an hour.
    fn default() -> Self {
        Self {
            max_attempts: 3,
            base: Duration::from_millis(250),
            cap: Duration::from_secs(20),
            max_server_delay: Duration::from_secs(3600),
            policy: None,
        }
    }
}

impl Retry {
    /// Sends every request once, whatever comes. (A 401 still renews the access token.)
    pub fn never() -> Self {
        Self { max_attempts: 0, ..Self::default() }
    }

    /// Decides by this closure how long to wait before a request is sent again, or with `None` that it is not.
    ///
    /// It is asked only where repeating is safe by the table above, what it says is never less than the server asked, and the
    /// client's retry budget and the call's deadline hold as ever. So it can change how often and how soon, but does no harm.
    ///
    /// ```
    /// use std::time::Duration;
    /// use users_core::Retry;
    ///
    /// // Five attempts, a second apart; a 429 ends the call.
    /// let retry = Retry::by(|failed| (failed.refusals == 0 && failed.errors < 5).then_some(Duration::from_secs(1)));
    /// # let _ = retry;
    /// ```
    pub fn by(policy: impl Fn(&FailedAttempt) -> Option<Duration> + Send + Sync + 'static) -> Self {
        Self { policy: Some(Arc::new(policy)), ..Self::default() }
    }

    /// How often a request is sent at most where errors come back, from 1 up; 429s are not counted.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// The longest first pause, and the longest pause at all; each is a random time below, doubling from the one to the other.
    #[must_use]
    pub fn backoff(mut self, base: Duration, cap: Duration) -> Self {
        self.base = base;
        self.cap = cap.max(base);
        self
    }

    /// The longest delay that a server may request, one hour unless set. A longer one ends the call at once, rate limited, and
    /// likewise every later call until what is left of the delay is short enough.
    #[must_use]
    pub fn max_server_delay(mut self, delay: Duration) -> Self {
        self.max_server_delay = delay;
        self
    }

    /// The longest delay that a server may request; zero where nothing is sent again.
    pub(crate) fn longest_server_delay(&self) -> Duration {
        if self.max_attempts == 0 { Duration::ZERO } else { self.max_server_delay }
    }

    /// Whether this is longer than a server may ask to wait.
    pub(crate) fn refuses(&self, server_delay: Duration) -> bool {
        server_delay > self.max_server_delay
    }

    /// How long to wait before sending again, or `None` to let it be.
    pub(crate) fn pause(&self, failure: &Failure, tried: &Tried, random: u64) -> Option<Duration> {
        if self.max_attempts == 0 {
            return None;
        }
        let (status, server_delay) = match *failure {
            Failure::Refused { server_delay } => (Some(StatusCode::TOO_MANY_REQUESTS), server_delay),
            Failure::NotSent => (None, None),
            Failure::Passing { status, server_delay } if tried.repeatable => (status, server_delay),
            Failure::QueryTimeout if tried.repeatable && tried.errors == 0 => {
                (Some(StatusCode::SERVICE_UNAVAILABLE), None)
            }
            Failure::Passing { .. } | Failure::QueryTimeout | Failure::Final => return None,
        };
        if server_delay.is_some_and(|delay| self.refuses(delay)) {
            return None;
        }
        let is_refused = matches!(failure, Failure::Refused { .. });
        let failed = FailedAttempt {
            errors: tried.errors + u32::from(!is_refused),
            refusals: tried.refusals + u32::from(is_refused),
            status,
            server_delay,
            random,
        };
        let pause = match &self.policy {
            Some(policy) => policy(&failed),
            None => self.backoff_after(&failed),
        }?;
        let least = if is_refused { LEAST_AFTER_429 } else { Duration::ZERO };
        Some(pause.max(server_delay.unwrap_or_default()).max(least))
    }

    fn backoff_after(&self, failed: &FailedAttempt) -> Option<Duration> {
        let may = match failed.status {
            Some(StatusCode::TOO_MANY_REQUESTS) => failed.refusals <= MOST_REFUSALS,
            _ => failed.errors < self.max_attempts,
        };
        may.then(|| self.full_jitter(failed.errors + failed.refusals - 1, failed.random))
    }

    fn full_jitter(&self, attempt: u32, random: u64) -> Duration {
        let ceiling =
            self.base.saturating_mul(1_u32.checked_shl(attempt.min(16)).unwrap_or(u32::MAX)).min(self.cap);
        let nanos = u64::try_from(ceiling.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(if nanos == 0 { 0 } else { random % nanos })
    }
}

impl fmt::Debug for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry")
            .field("max_attempts", &self.max_attempts)
            .field("base", &self.base)
            .field("cap", &self.cap)
            .field("max_server_delay", &self.max_server_delay)
            .field("by", &self.policy.as_ref().map(|_| "a closure"))
            .finish()
    }
}

/// What came of an attempt, as far as trying again is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// 429: not carried out.
    Refused { server_delay: Option<Duration> },
    /// No byte of it reached the server.
    NotSent,
    /// It may have been carried out, and may succeed another time.
    Passing { status: Option<StatusCode>, server_delay: Option<Duration> },
    /// Auth0 gave up on a search; the same search will most likely time out again.
    QueryTimeout,
    /// It would end the same way again.
    Final,
}

impl Failure {
    pub(crate) fn of_transport(error: &TransportError) -> Self {
        match (error.kind(), error.sent()) {
            (TransportErrorKind::Tls | TransportErrorKind::Invalid | TransportErrorKind::TooLarge, _) => {
                Self::Final
            }
            (_, Sent::No) => Self::NotSent,
            _ => Self::Passing { status: None, server_delay: None },
        }
    }

    pub(crate) fn of_answer(status: StatusCode, body: &[u8], server_delay: Option<Duration>) -> Self {
        match status {
            StatusCode::TOO_MANY_REQUESTS => Self::Refused { server_delay },
            StatusCode::SERVICE_UNAVAILABLE if says_query_timeout(body) => Self::QueryTimeout,
            status if is_passing(status) => Self::Passing { status: Some(status), server_delay },
            _ => Self::Final,
        }
    }
}

fn says_query_timeout(body: &[u8]) -> bool {
    body.windows(26).take(4096).any(|part| part == b"query exceeded the timeout")
}

/// What was tried so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tried {
    /// Attempts that failed, 429 apart.
    pub(crate) errors: u32,
    /// Attempts that were answered with 429.
    pub(crate) refusals: u32,
    /// Whether the request may be sent again although it may have been carried out.
    pub(crate) repeatable: bool,
}

impl Tried {
    pub(crate) fn new(safety: Safety, idempotent: Option<bool>) -> Self {
        Self { errors: 0, refusals: 0, repeatable: idempotent.unwrap_or(safety != Safety::Unsafe) }
    }
}

/// Keeps retries from becoming a storm: each call puts in a fifth of a retry, each retry after an error takes a whole one.
#[derive(Debug)]
pub(crate) struct Budget(AtomicI64);

impl Budget {
    const RETRY: i64 = 5;
    const CALL: i64 = 1;
    const LEAST: i64 = 10 * Self::RETRY;
    const MOST: i64 = 100 * Self::RETRY;

    pub(crate) fn new() -> Self {
        Self(AtomicI64::new(Self::LEAST))
    }

    /// Counts a call in.
    pub(crate) fn call(&self) {
        let add = |held: i64| Some((held + Self::CALL).min(Self::MOST));
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    /// Takes a retry out, if there is one.
    pub(crate) fn take(&self) -> bool {
        let take = |held: i64| (held >= Self::RETRY).then_some(held - Self::RETRY);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF: u64 = 125_000_000;

    fn pause(failure: Failure, safety: Safety, idempotent: Option<bool>, errors: u32) -> Option<Duration> {
        let tried = Tried { errors, ..Tried::new(safety, idempotent) };
        Retry::default().pause(&failure, &tried, HALF)
    }

    #[test]
    fn the_table_of_what_is_safe_to_repeat_holds() {
        let refused = Failure::Refused { server_delay: None };
        let passing = Failure::Passing { status: None, server_delay: None };
        let (safe, idempotent, other) = (Safety::Safe, Safety::Idempotent, Safety::Unsafe);
        for (failure, safety, word, expected) in [
            (refused, safe, None, true),
            (refused, other, None, true),
            (Failure::NotSent, safe, None, true),
            (Failure::NotSent, other, None, true),
            (passing, safe, None, true),
            (passing, idempotent, None, true),
            (passing, other, None, false),
            (passing, other, Some(true), true),
            (passing, idempotent, Some(false), false),
            (Failure::QueryTimeout, safe, None, true),
            (Failure::Final, safe, None, false),
        ] {
            assert_eq!(
                pause(failure, safety, word, 0).is_some(),
                expected,
                "{failure:?} {safety:?} {word:?}"
            );
        }
        assert_eq!(pause(Failure::QueryTimeout, safe, None, 1), None);
        assert!(pause(passing, safe, None, 1).is_some());
        assert_eq!(pause(passing, safe, None, 2), None, "three attempts are all");
        assert!(pause(refused, safe, None, 7).is_some(), "a 429 is no attempt");
    }

    #[test]
    fn a_server_s_delay_is_never_shortened_and_a_hopeless_one_not_begun() {
        let asked = |seconds| Failure::Refused { server_delay: Some(Duration::from_secs(seconds)) };
        assert_eq!(pause(asked(90), Safety::Unsafe, None, 0), Some(Duration::from_secs(90)));
        assert_eq!(pause(asked(0), Safety::Unsafe, None, 0), Some(LEAST_AFTER_429));
        assert_eq!(pause(asked(3601), Safety::Unsafe, None, 0), None);
    }

    #[test]
    fn the_budget_lets_a_fifth_of_the_calls_be_repeated() {
        let budget = Budget::new();
        assert_eq!((0..50).filter(|_| budget.take()).count(), 10);
        (0..100).for_each(|_| budget.call());
        assert_eq!((0..50).filter(|_| budget.take()).count(), 20);
    }
}
