//! Retry policies.

use http::StatusCode;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A retry policy: when a request is sent again, and after which delay.
///
/// | | safe, idempotent | other |
/// |---|---|---|
/// | 429, or not sent | yes | yes |
/// | 500, 502, 503, 504, 408, timeout, broken connection | yes | only with [`idempotent(true)`](crate::Call::idempotent) |
/// | any other response | no | no |
///
/// The 429 of a login that is blocked after too many wrong passwords (`too_many_attempts`) is not repeated.
/// A search that Auth0 aborts (503, "query exceeded the timeout") is retried once. A 401 renews the access token and repeats the
/// request once, which this policy neither counts nor prevents.
///
/// The delay between attempts is what the server requests, or else a random time below 250 ms, doubling with each attempt up to
/// 20 s (full jitter). A 429 does not count as an attempt: the request was not carried out.
///
/// # Retry budget
///
/// Retries after errors draw on a budget that the clones of a client share, so that an outage does not multiply the load: it
/// holds 10 retries at first and 100 at most, and each call adds a fifth of a retry. Where it is spent, a call ends after its first
/// error, and the error says so. A 429 and a renewed token cost no budget. [`without_budget`](Self::without_budget) turns it off.
///
/// # Outcomes by fault
///
#[doc = include_str!("../FAULTS.md")]
#[derive(Clone)]
pub struct Retry {
    max_attempts: u32,
    base: Duration,
    cap: Duration,
    max_server_delay: Duration,
    has_budget: bool,
    policy: Option<Arc<Policy>>,
}

type Policy = dyn Fn(&FailedAttempt) -> Option<Duration> + Send + Sync;

/// The argument of a [retry policy](Retry::by): a failed attempt.
///
/// ```
/// use std::time::Duration;
/// use users_core::{FailedAttempt, Retry};
///
/// let retry = Retry::by(|failed| (failed.errors < 5).then_some(Duration::from_secs(1)));
/// assert_eq!(retry.delay_after(&FailedAttempt::new().errors(1)), Some(Duration::from_secs(1)));
/// assert_eq!(retry.delay_after(&FailedAttempt::new().errors(5)), None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailedAttempt {
    /// The number of attempts that failed, this one included, 429s excluded.
    pub errors: u32,
    /// The number of attempts that were answered with 429, this one included.
    pub rate_limited: u32,
    /// The status of the response; `None` if there was none.
    pub status: Option<StatusCode>,
    /// The delay that the server requested.
    pub server_delay: Option<Duration>,
    /// A random number for jitter.
    pub random: u64,
}

impl FailedAttempt {
    /// Creates an attempt without a response and with counts of zero, to be completed by setters: for tests of a policy.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the number of attempts that failed, 429s excluded.
    #[must_use]
    pub fn errors(mut self, errors: u32) -> Self {
        self.errors = errors;
        self
    }

    /// Sets the number of attempts that were answered with 429.
    #[must_use]
    pub fn rate_limited(mut self, rate_limited: u32) -> Self {
        self.rate_limited = rate_limited;
        self
    }

    /// Sets the status of the response.
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = Some(status);
        self
    }

    /// Sets the delay that the server requested.
    #[must_use]
    pub fn server_delay(mut self, delay: Duration) -> Self {
        self.server_delay = Some(delay);
        self
    }

    /// Sets the random number.
    #[must_use]
    pub fn random(mut self, random: u64) -> Self {
        self.random = random;
        self
    }
}

/// The number of 429s that a call waits for by default.
const MOST_RATE_LIMITED: u32 = 100;

/// The shortest delay after a 429: a reset that is now or past still waits, since it is a whole second and others wait for it
/// too.
const LEAST_AFTER_429: Duration = Duration::from_millis(250);

impl Default for Retry {
    /// 3 attempts, 250 ms doubling to 20 s, and at most an hour of delay that the server requests.
    fn default() -> Self {
        Self {
            max_attempts: 3,
            base: Duration::from_millis(250),
            cap: Duration::from_secs(20),
            max_server_delay: Duration::from_secs(3600),
            has_budget: true,
            policy: None,
        }
    }
}

impl Retry {
    /// Creates a policy that sends every request once. A 401 still renews the access token.
    pub fn never() -> Self {
        Self { max_attempts: 0, ..Self::default() }
    }

    /// Creates a policy from a closure that returns the delay before a request is sent again; `None` ends the call.
    ///
    /// The closure is called only where the table above allows a retry. Its delay is raised to what the server requested, and the
    /// client's retry budget and the call's deadline apply. So it changes how often and how soon a request is repeated, never
    /// whether repeating is safe.
    ///
    /// ```
    /// use std::time::Duration;
    /// use users_core::Retry;
    ///
    /// // Five attempts, one second apart; a 429 ends the call.
    /// let retry = Retry::by(|failed| (failed.rate_limited == 0 && failed.errors < 5).then_some(Duration::from_secs(1)));
    /// # let _ = retry;
    /// ```
    pub fn by(policy: impl Fn(&FailedAttempt) -> Option<Duration> + Send + Sync + 'static) -> Self {
        Self { policy: Some(Arc::new(policy)), ..Self::default() }
    }

    /// Retries without regard to the client's [budget](Self#retry-budget). Retries of this policy do not draw on it either.
    #[must_use]
    pub fn without_budget(mut self) -> Self {
        self.has_budget = false;
        self
    }

    /// Whether retries draw on the client's budget.
    pub(crate) fn has_budget(&self) -> bool {
        self.has_budget
    }

    /// Sets the number of attempts, from 1; 429s are not counted. Has no effect on a policy of [`by`](Self::by).
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// Sets the ceiling of the first delay and that of all delays. Each delay is random below its ceiling, which doubles from one
    /// to the other. Has no effect on a policy of
    /// [`by`](Self::by).
    #[must_use]
    pub fn backoff(mut self, base: Duration, cap: Duration) -> Self {
        self.base = base;
        self.cap = cap.max(base);
        self
    }

    /// Sets the longest delay that a server may request, one hour unless set. A longer one ends the call at once, rate limited,
    /// and likewise every later call until the rest of the delay is short enough.
    #[must_use]
    pub fn max_server_delay(mut self, delay: Duration) -> Self {
        self.max_server_delay = delay;
        self
    }

    /// The longest delay that a server may request; zero where nothing is sent again.
    pub(crate) fn longest_server_delay(&self) -> Duration {
        if self.max_attempts == 0 { Duration::ZERO } else { self.max_server_delay }
    }

    /// Returns the delay before the next attempt, if repeating is safe; `None` if the call ends here. The jitter of the default policy
    /// comes from [`random`](FailedAttempt::random): with 0, as in [`FailedAttempt::new`], the delay is zero.
    pub fn delay_after(&self, failed: &FailedAttempt) -> Option<Duration> {
        let server_delay = failed.server_delay.unwrap_or_default();
        if self.max_attempts == 0 || server_delay > self.max_server_delay {
            return None;
        }
        let delay = match &self.policy {
            Some(policy) => policy(failed),
            None => self.backoff_after(failed),
        }?;
        let is_rate_limited = failed.status == Some(StatusCode::TOO_MANY_REQUESTS);
        let least = if is_rate_limited { LEAST_AFTER_429 } else { Duration::ZERO };
        Some(delay.max(server_delay).max(least))
    }

    fn backoff_after(&self, failed: &FailedAttempt) -> Option<Duration> {
        let may_retry = match failed.status {
            Some(StatusCode::TOO_MANY_REQUESTS) => failed.rate_limited <= MOST_RATE_LIMITED,
            _ => failed.errors < self.max_attempts,
        };
        let number = failed.errors.saturating_add(failed.rate_limited).saturating_sub(1);
        may_retry.then(|| self.full_jitter(number, failed.random))
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
            .field("has_budget", &self.has_budget)
            .field("by", &self.policy.as_ref().map(|_| "a closure"))
            .finish()
    }
}
